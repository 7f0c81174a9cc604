//! Where the deliveries of GitHub Apps come in: an App has one address for all, so that it is found by its
//! number, and whose it is follows from the secret that signed.

use actix_web::{
    FromRequest, HttpRequest, HttpResponse,
    dev::Payload,
    http::Method,
    web::{self, Data},
};
use futures_util::future::LocalBoxFuture;
use serde_json::json;
use tracing::warn;

use super::{
    hooks::Hooks,
    inbox::{Inbox, NewDelivery},
    receive::{Refused, collect, read, text, unavailable},
};
use crate::{
    github::BadSignature,
    platform::clock::Clock,
    tenancy::Routes,
    web::{AppError, Result},
};

pub(super) fn routes() -> Routes {
    Routes::default().open_to_anyone(Method::POST, "/api/v2/webhooks/github", receive)
}

/// A delivery of an App whose signature was made with the secret of its hook; once for each organisation
/// that has the App and its secret.
struct SignedByApp(Vec<NewDelivery>);

impl FromRequest for SignedByApp {
    type Error = AppError;
    type Future = LocalBoxFuture<'static, Result<Self>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, body) = (request.clone(), web::Payload::from_request(request, payload));
        Box::pin(async move {
            let hooks = request.app_data::<Data<Hooks>>().cloned();
            let hooks =
                hooks.ok_or_else(|| AppError::Internal(anyhow::anyhow!("no hooks are wired")))?;
            let Some(app) = app_of(&request) else {
                warn!("A delivery came that names neither a hook nor an App");
                return Err(AppError::NotFound);
            };
            let found = hooks.find_of_app(app).await?;
            if found.is_empty() {
                warn!(app, "A delivery came for an App that there is not");
                return Err(AppError::NotFound);
            }
            let body = collect(body.await).await;
            let read_all = body.and_then(|body| {
                let mut signed = Vec::new();
                for hook in &found {
                    match read(&request, hook, &body) {
                        Ok(delivery) => signed.push(delivery),
                        Err(Refused::Signature(_)) => {}
                        Err(refused) => return Err(refused),
                    }
                }
                if signed.is_empty() {
                    Err(Refused::Signature(BadSignature::Wrong))
                } else {
                    Ok(signed)
                }
            });
            read_all.map(Self).map_err(|refused| {
                warn!(app, "A delivery of an App was refused: {refused}");
                refused.into()
            })
        })
    }
}

/// GitHub's number of the App that a delivery says it is for. It proves nothing; the signature does.
fn app_of(request: &HttpRequest) -> Option<i64> {
    let kind = text(request, "x-github-hook-installation-target-type")?;
    let id = text(request, "x-github-hook-installation-target-id")?;
    id.parse().ok().filter(|id| kind == "integration" && *id > 0)
}

/// Stores a delivery. 202 means that it is committed; 503 that GitHub has to keep it.
async fn receive(
    signed: SignedByApp,
    (inbox, hooks, clock): (Data<Inbox>, Data<Hooks>, Data<Clock>),
) -> Result<HttpResponse> {
    let now = clock.now();
    let mut last = None;
    for delivery in signed.0 {
        let (hook, guid) = (delivery.hook, delivery.guid.clone());
        if let Err(error) = inbox.accept(delivery, now).await {
            warn!(%hook, %guid, "A delivery was not stored: {error}");
            return Err(unavailable(error));
        }
        hooks.heard(hook, now);
        last = Some(guid);
    }
    Ok(HttpResponse::Accepted().json(json!({"delivery": last})))
}
