//! The way back from a provider: who came, and whether they are let in.

use actix_web::{
    FromRequest, HttpRequest, HttpResponse,
    dev::Payload,
    http::StatusCode,
    web::{Data, Query},
};
use askama::Template;
use secrecy::SecretString;
use serde_json::json;

use super::{
    attempts::{self, NoReturn, Returned},
    people::{self, Arrival, Outcome},
    providers::Providers,
    refusal::Refusal,
    store,
    word::{self, Back, Word},
};
use crate::{
    accounts::sessions::{self, SignIn},
    organizations::{
        audit::Event,
        invitations::{self, Accepted, Attempt},
    },
    platform::clock::Clock,
    tenancy::{
        AccountId, Committed, Db, Origin, Saved, Sessions, SignedIn, SystemReason, SystemTx,
        TenantId, origin,
    },
    web::{
        AppError, Result,
        html::{Link, Shell, render},
        icon::Icon,
        limits,
    },
};

/// What signing in needs of the server.
pub(super) type Server = (Data<Db>, Data<Clock>, Data<Sessions>, Data<Providers>);

/// Where somebody comes back to who has added a way of signing in.
pub(super) const IDENTITIES: &str = "/account/identities";

#[derive(Template)]
#[template(path = "accounts/refused.html")]
struct RefusedPage {
    shell: Shell,
    title: &'static str,
    reason: String,
    /// Where the person can mend it.
    mend: Option<Link>,
    again: Link,
}

/// Why nobody was signed in.
enum Ended {
    NoReturn(NoReturn),
    /// And whether somebody signed in was adding it.
    Refused(Refusal, Option<AccountId>),
    Failed(AppError),
}

impl<E: Into<AppError>> From<E> for Ended {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

/// Takes a person back from a provider and signs them in, or says why not.
pub(super) async fn callback(
    request: HttpRequest,
    back: Query<Back>,
    server: Server,
) -> Result<HttpResponse> {
    let https = server.2.cookie.https;
    let mut answer = match arrive(&request, &back, &server).await {
        Ok(saved) => {
            limits::succeeded(&request);
            saved.into_response()
        }
        Err(Ended::NoReturn(reason)) => {
            limits::failed(&request);
            record_refusal(&request, &server, (None, &reason.to_string())).await?;
            refused(StatusCode::BAD_REQUEST, (&reason.to_string(), None), None)
        }
        Err(Ended::Refused(refusal, account)) => {
            limits::failed(&request);
            let reason = refusal.to_string();
            record_refusal(&request, &server, (account, &reason)).await?;
            refused(StatusCode::FORBIDDEN, (&reason, refusal.mend()), account)
        }
        Err(Ended::Failed(error)) => return Err(error),
    };
    answer
        .add_cookie(&attempts::no_cookie(https))
        .map_err(|error| anyhow::anyhow!("take the cookie away: {error}"))?;
    Ok(answer)
}

/// Says that a provider cannot be set out for.
pub(super) fn cannot_begin(refusal: &Refusal) -> HttpResponse {
    refused(StatusCode::BAD_GATEWAY, (&refusal.to_string(), None), None)
}

fn refused(
    status: StatusCode,
    (reason, mend): (&str, Option<Link>),
    account: Option<AccountId>,
) -> HttpResponse {
    tracing::info!("A sign-in was refused: {reason}");
    let (title, again) = match account {
        Some(_) => ("Not added", Link::new("Back to your account", IDENTITIES)),
        None => ("Not signed in", Link::new("Sign in again", "/sign-in")),
    };
    let reason = format!("{reason}.");
    render(status, &RefusedPage { shell: Shell::bare(title), title, reason, mend, again })
}

async fn arrive(request: &HttpRequest, back: &Back, server: &Server) -> Result<Saved, Ended> {
    let (db, clock, sessions, providers) = server;
    let state = SecretString::from(back.state.clone().unwrap_or_default());
    let mut tx = db.system(SystemReason::Login).await?;
    let keys = (&sessions.keyring, sessions.cookie.https);
    let returned = attempts::take_up(&mut tx, keys, (request, &state), clock.now()).await?;
    let doors = store::list_doors(&mut tx, &providers.named()).await?;
    let providers = providers.list(&mut tx).await?;
    // Used up whatever comes of it.
    tx.commit().await?;
    let returned = returned.map_err(Ended::NoReturn)?;
    let refuse = |refusal| Ended::Refused(refusal, returned.account);

    still_signed_in(request, &returned).await.map_err(refuse)?;
    let asked = providers.iter().find(|asked| asked.id() == returned.provider);
    let asked = asked.ok_or(AppError::NotFound)?;
    let word = word::ask(asked, (back, &returned.verifier), &doors).await.map_err(refuse)?;
    enter(request, server, &returned, &word).await
}

/// Whoever adds a way of signing in is still who began: the browser may be somebody else's by now.
async fn still_signed_in(request: &HttpRequest, returned: &Returned) -> Result<(), Refusal> {
    let Some(account) = returned.account else { return Ok(()) };
    match SignedIn::from_request(request, &mut Payload::None).await {
        Ok(person) if person.account == account => Ok(()),
        Ok(_) | Err(_) => Err(Refusal::SignedOut),
    }
}

/// Writes down who came, and lets them in.
async fn enter(
    request: &HttpRequest,
    server: &Server,
    returned: &Returned,
    word: &Word,
) -> Result<Saved, Ended> {
    let (db, clock, sessions, _) = server;
    let (origin, now) = (origin(request), clock.now());
    let arrival =
        Arrival { word, account: returned.account, next: &returned.next, origin: &origin };
    let mut tx = db.system(SystemReason::Login).await?;
    let outcome = people::receive(&mut tx, &sessions.keyring, &arrival, now).await?;
    // Whoever comes in may have been put out of another organisation, whose pages they have open.
    tx.wake_people().await?;
    match outcome {
        Outcome::Refused(refusal) => {
            // Rolled back with the account that it would have been written down for.
            if let Refusal::Invitation { tenant, id, why } = &refusal {
                let event = invitations::refused(*id, why, now);
                record_invitation(db, &origin, *tenant, event).await?;
            }
            Err(Ended::Refused(refusal, returned.account))
        }
        Outcome::PutOut(refusal) => {
            tx.commit().await?;
            Err(Ended::Refused(refusal, returned.account))
        }
        Outcome::In(account, _) if returned.account.is_some() => {
            let event = Event::new("identity.added", "account", account, now)
                .detail(json!({"provider": word.provider, "login": word.shown}));
            tx.record(Some(account), &origin, &event).await?;
            Ok(tx.commit().await?.see_other(IDENTITIES))
        }
        Outcome::In(account, attempt) => {
            let sign_in = SignIn { origin: &origin, now, sessions };
            let (session, committed) = start(tx, account, (&sign_in, word)).await?;
            let saved = committed.see_other(landing(&returned.next, attempt.as_ref()));
            Ok(sessions.begin(saved, &session)?)
        }
    }
}

/// Where somebody goes who is let in: to the organisation whose invitation did it, else where they wanted.
fn landing(next: &str, attempt: Option<&Attempt>) -> String {
    match attempt {
        Some(Attempt { found, result: Ok(Accepted::ByIt | Accepted::Already) }) => {
            format!("/{}", found.organization.slug)
        }
        Some(_) | None => next.to_owned(),
    }
}

/// Starts the session, and writes that into the log of each of the person's organisations.
async fn start(
    mut tx: SystemTx,
    account: AccountId,
    (sign_in, word): (&SignIn<'_>, &Word),
) -> Result<(SecretString, Committed)> {
    let session = sessions::start(&mut tx, account, sign_in).await?;
    let event = Event::new("account.signed_in", "account", account, sign_in.now)
        .detail(json!({"provider": word.provider}));
    tx.record(Some(account), sign_in.origin, &event).await?;
    Ok((session, tx.commit().await?))
}

/// Writes down, in the organisation that invited, that somebody unknown was not let in.
async fn record_invitation(
    db: &Db,
    origin: &Origin,
    tenant: TenantId,
    event: Event<'static>,
) -> Result<()> {
    let mut tx = db.system(SystemReason::Login).await?;
    tx.record_in(tenant, origin, &event);
    tx.commit().await?;
    Ok(())
}

/// Writes down that somebody came back and was not let in, or got no other way of signing in.
async fn record_refusal(
    request: &HttpRequest,
    server: &Server,
    (account, reason): (Option<AccountId>, &str),
) -> Result<()> {
    let (db, clock, ..) = server;
    let mut tx = db.system(SystemReason::Login).await?;
    let event = match account {
        Some(account) => Event::new("identity.refused", "account", account, clock.now()),
        None => Event::new("sign_in.refused", "account", "", clock.now()),
    };
    let event = event.detail(json!({"why": reason}));
    tx.record(account, &origin(request), &event).await?;
    tx.commit().await?;
    Ok(())
}
