//! Where the deliveries of GitHub Apps come in: an App has one address for all, so that it is found by its
//! GitHub and its number there, and whose it is follows from the secret that signed.

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
    body,
    hooks::Hooks,
    inbox::{Inbox, NewDelivery},
    receive::{Heading, Refused, judge, text, unavailable},
};
use crate::{
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
            let refuse = |refused: Refused| {
                warn!(app, "A delivery of an App was refused: {refused}");
                AppError::from(refused)
            };
            let heading = Heading::of(&request).map_err(refuse)?;
            let host = host_of(&request);
            let found = hooks.find_of_app(&host, app).await?;
            if found.is_empty() {
                warn!(app, host, "A delivery came for an App that there is not");
                return Err(AppError::NotFound);
            }
            let body = body::collect(body.await).await.map_err(refuse)?;
            judge(heading, found, body.bytes.clone()).await.map(Self).map_err(refuse)
        })
    }
}

/// GitHub's number of the App that a delivery says it is for. It proves nothing; the signature does.
fn app_of(request: &HttpRequest) -> Option<i64> {
    let kind = text(request, "x-github-hook-installation-target-type")?;
    let id = text(request, "x-github-hook-installation-target-id")?;
    id.parse().ok().filter(|id| kind == "integration" && *id > 0)
}

/// The host of the GitHub that a delivery says it comes from, as connections have it. It proves nothing
/// either: it keeps those who have an App of the same number elsewhere out of the way.
fn host_of(request: &HttpRequest) -> String {
    let told = |name: &str| {
        let told = text(request, name).map(|told| told.trim().to_ascii_lowercase());
        told.filter(|told| (1..=255).contains(&told.len()))
    };
    // An Enterprise Server says its host; a company's own part of github.com says the company.
    let elsewhere = || told("x-github-tenant").map(|tenant| format!("{tenant}.ghe.com"));
    told("x-github-enterprise-host").or_else(elsewhere).unwrap_or_else(|| "github.com".to_owned())
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
