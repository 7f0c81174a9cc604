//! Where GitHub's deliveries come in: signed, they are stored and answered 202.

use std::{
    borrow::Cow,
    sync::{Arc, LazyLock},
    thread,
    time::Duration,
};

use actix_web::{
    FromRequest, HttpRequest, HttpResponse,
    dev::Payload,
    http::{Method, header},
    web::{self, Bytes, Data},
};
use chrono::TimeDelta;
use futures_util::future::LocalBoxFuture;
use serde::Serialize;
use serde_json::json;
use tokio::sync::Semaphore;
use tracing::warn;

use super::{
    body::{self, MOST_BODY},
    hooks::{Hooks, KnownHook},
    inbox::{Inbox, NewDelivery, NotStored},
    model::{Glance, HookId},
    store,
};
use crate::{
    github::{self, BadSignature, Signature, Unreadable},
    platform::clock::Clock,
    tenancy::{Db, Routes, SystemReason},
    web::{AppError, Result},
};

/// How many bytes are hashed between two requests of a thread, counted once for each secret: some tenth of a
/// millisecond.
const MOST_HASHED: usize = 128 * 1024;

/// Who hashes much takes one of these: as many do at once as there are cores, and the others wait.
static HASHING: LazyLock<Arc<Semaphore>> = LazyLock::new(|| {
    let cores = thread::available_parallelism().map_or(1, usize::from);
    Arc::new(Semaphore::new(cores))
});

const GUID: &str = "X-GitHub-Delivery";
const EVENT: &str = "X-GitHub-Event";

/// From when on deliveries that wait are called late, and the health is not well.
const LATE: TimeDelta = TimeDelta::minutes(5);

pub(super) fn routes() -> Routes {
    Routes::default()
        .open_to_anyone(Method::POST, "/api/v2/webhooks/github/{hook}", receive)
        .open_to_anyone(Method::GET, "/api/webhooks/health", health)
}

/// A delivery whose signature was made with the secret of its hook; there is no other way to one.
#[derive(Debug)]
pub struct SignedDelivery(NewDelivery);

impl FromRequest for SignedDelivery {
    type Error = AppError;
    type Future = LocalBoxFuture<'static, Result<Self>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, body) = (request.clone(), web::Payload::from_request(request, payload));
        Box::pin(async move {
            let hooks = request.app_data::<Data<Hooks>>().cloned();
            let hooks =
                hooks.ok_or_else(|| AppError::Internal(anyhow::anyhow!("no hooks are wired")))?;
            let id: Option<HookId> =
                request.match_info().get("hook").and_then(|id| id.parse().ok());
            let Some(id) = id else { return Err(AppError::NotFound) };
            let refuse = |refused: Refused| {
                warn!(hook = %id, "A delivery was refused: {refused}");
                AppError::from(refused)
            };
            let heading = Heading::of(&request).map_err(refuse)?;
            let Some(hook) = hooks.find(id).await? else {
                warn!(hook = %id, "A delivery came for a hook that there is not");
                return Err(AppError::NotFound);
            };
            let body = body::collect(body.await).await.map_err(refuse)?;
            let signed = judge(heading, vec![hook], body.bytes.clone()).await;
            let mut signed = signed.map_err(refuse)?;
            signed.pop().map(Self).ok_or(AppError::BadSignature)
        })
    }
}

/// Why a delivery is not taken.
#[derive(Debug, thiserror::Error)]
pub(super) enum Refused {
    #[error("its body could not be read to its end: {0}")]
    Body(String),
    #[error("it is larger than GitHub's are")]
    Size,
    #[error("{0}")]
    Signature(BadSignature),
    #[error("{0}")]
    Unreadable(Unreadable),
    #[error("the header {0} is missing, or nothing that GitHub sends")]
    Header(&'static str),
    #[error("too much is being received at once")]
    Full,
    #[error("the server is ending")]
    Ending,
}

impl From<Refused> for AppError {
    fn from(refused: Refused) -> Self {
        let words = format!("The delivery cannot be taken: {refused}.");
        match refused {
            Refused::Body(_) | Refused::Header(_) | Refused::Unreadable(Unreadable::NoPayload) => {
                Self::BadRequest(words)
            }
            Refused::Size => Self::TooLarge { most: MOST_BODY },
            Refused::Signature(_) => Self::BadSignature,
            Refused::Full => unavailable(NotStored::Full),
            Refused::Ending => unavailable(NotStored::Ending),
            Refused::Unreadable(Unreadable::ContentType) => {
                Self::UnsupportedMediaType { wanted: "application/json" }
            }
        }
    }
}

/// What the headers of a delivery say. It is looked at before the body is read.
#[derive(Clone, Debug)]
pub(super) struct Heading {
    signature: Signature,
    content_type: Option<String>,
    guid: Option<String>,
    event: Option<String>,
}

impl Heading {
    /// Of a request that has what can be a signature: the body of no other is read.
    pub(super) fn of(request: &HttpRequest) -> Result<Self, Refused> {
        let signature = Signature::parse(text(request, "x-hub-signature-256"));
        let said = |name: &str| text(request, name).map(str::to_owned);
        Ok(Self {
            signature: signature.map_err(Refused::Signature)?,
            content_type: said(header::CONTENT_TYPE.as_str()),
            guid: said(GUID),
            event: said(EVENT),
        })
    }

    /// The delivery to a hook, whose signature is looked at before anything else that it says.
    fn read(&self, hook: &KnownHook, body: &Bytes) -> Result<NewDelivery, Refused> {
        self.signature.check(&hook.secrets, body).map_err(Refused::Signature)?;
        let payload = github::payload(self.content_type.as_deref(), body);
        let payload = match payload.map_err(Refused::Unreadable)? {
            Cow::Borrowed(_) => body.clone(),
            Cow::Owned(payload) => Bytes::from(payload),
        };
        Ok(NewDelivery {
            tenant: hook.tenant,
            hook: hook.id,
            guid: named(self.guid.as_deref(), GUID)?,
            event: named(self.event.as_deref(), EVENT)?,
            glance: Glance::of(&payload),
            payload,
        })
    }
}

/// The delivery, once for each of the hooks whose secret signed it; at least for one.
///
/// Much is hashed on a thread for that: whoever else this one serves would wait meanwhile.
pub(super) async fn judge(
    heading: Heading,
    hooks: Vec<Arc<KnownHook>>,
    body: Bytes,
) -> Result<Vec<NewDelivery>, Refused> {
    let secrets: usize = hooks.iter().map(|hook| hook.secrets.len()).sum();
    if body.len().saturating_mul(secrets) <= MOST_HASHED {
        return signed(&heading, &hooks, &body);
    }
    let turn = Arc::clone(&HASHING).acquire_owned().await.or(Err(Refused::Ending))?;
    let judged = web::block(move || {
        let judged = signed(&heading, &hooks, &body);
        // Not before: it is hashed to the end even where the sender has gone.
        drop(turn);
        judged
    });
    judged.await.unwrap_or(Err(Refused::Ending))
}

fn signed(
    heading: &Heading,
    hooks: &[Arc<KnownHook>],
    body: &Bytes,
) -> Result<Vec<NewDelivery>, Refused> {
    let mut signed = Vec::new();
    for hook in hooks {
        match heading.read(hook, body) {
            Ok(delivery) => signed.push(delivery),
            Err(Refused::Signature(_)) => {}
            Err(refused) => return Err(refused),
        }
    }
    if signed.is_empty() { Err(Refused::Signature(BadSignature::Wrong)) } else { Ok(signed) }
}

/// A header that a delivery has to have: 1 to 100 visible letters.
fn named(value: Option<&str>, name: &'static str) -> Result<String, Refused> {
    let value = value.map(str::trim).filter(|value| {
        (1..=100).contains(&value.len()) && value.bytes().all(|byte| byte.is_ascii_graphic())
    });
    value.map(str::to_owned).ok_or(Refused::Header(name))
}

pub(super) fn text<'a>(request: &'a HttpRequest, name: &str) -> Option<&'a str> {
    request.headers().get(name)?.to_str().ok()
}

/// Stores a delivery. 202 means that it is committed; 503 that GitHub has to keep it.
async fn receive(
    delivery: SignedDelivery,
    (inbox, hooks, clock): (Data<Inbox>, Data<Hooks>, Data<Clock>),
) -> Result<HttpResponse> {
    let SignedDelivery(delivery) = delivery;
    let (hook, guid, now) = (delivery.hook, delivery.guid.clone(), clock.now());
    match inbox.accept(delivery, now).await {
        Ok(()) => {
            hooks.heard(hook, now);
            Ok(HttpResponse::Accepted().json(json!({"delivery": guid})))
        }
        Err(error) => {
            warn!(%hook, %guid, "A delivery was not stored: {error}");
            Err(unavailable(error))
        }
    }
}

pub(super) fn unavailable(error: NotStored) -> AppError {
    let wait = Duration::from_secs(30);
    match error {
        NotStored::Full | NotStored::Ending => AppError::Busy { retry_after: wait },
        NotStored::Database(source) => {
            AppError::Unavailable(sqlx::Error::Protocol(source.to_string()))
        }
    }
}

#[derive(Serialize)]
struct Health {
    status: &'static str,
    /// How many deliveries wait for their turn.
    waiting: i64,
    /// How long the first of them has been overdue, in seconds.
    oldest_seconds: i64,
}

/// Whether deliveries can be taken and are worked through: 200, or 503 where one is overdue for more than
/// five minutes or the database does not answer.
async fn health(db: Data<Db>, clock: Data<Clock>) -> Result<HttpResponse> {
    let mut tx = db.system(SystemReason::TakeDelivery).await?;
    let backlog = store::inbox::backlog(&mut tx).await?;
    let age = backlog.oldest.map_or(TimeDelta::zero(), |oldest| clock.now() - oldest);
    let is_well = age < LATE;
    let mut answer = if is_well { HttpResponse::Ok() } else { HttpResponse::ServiceUnavailable() };
    Ok(answer.json(Health {
        status: if is_well { "ok" } else { "late" },
        waiting: backlog.waiting,
        oldest_seconds: age.num_seconds().max(0),
    }))
}
