//! The addresses of signing in: `/api/auth/login`, `callback`, `me` and `logout`.

use actix_web::{
    HttpRequest, HttpResponse,
    http::{Method, StatusCode, header},
    web::{Data, Query},
};
use askama::Template;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{
    attempts::{self, NoReturn, Purpose, Returned},
    gate,
    people::{self, Arrival, Outcome, Refusal},
    providers::{GitHub, Providers, SCOPES},
    store::{self, GITHUB},
};
use crate::{
    accounts::sessions::{self, SignIn},
    github::{self, GitHubUser, OAuthRefusal, Pkce, UserToken},
    organizations::{
        self, Membership,
        audit::Event,
        invitations::{self, Accepted, Attempt},
    },
    platform::clock::Clock,
    tenancy::{
        AccountId, Arriving, Committed, Db, Origin, Routes, Saved, Sessions, SignedIn,
        SystemReason, SystemTx, TenantId, origin,
    },
    web::{
        AppError, Next, Result,
        html::{Link, Shell, render},
        icon::Icon,
        limits,
    },
};

pub fn routes() -> Routes {
    Routes::default()
        .open_to_anyone(Method::GET, "/api/auth/login", login)
        .open_to_anyone(Method::GET, "/api/auth/callback", callback)
        .read("/api/auth/me", me)
        .post("/api/auth/logout", logout)
}

/// What signing in needs of the server.
type Server = (Data<Db>, Data<Clock>, Data<Sessions>, Data<Providers>);

#[derive(Deserialize)]
struct Wish {
    /// Where to go afterwards, on this site.
    #[serde(default)]
    next: String,
}

/// Sends a person to GitHub, which sends them back to the callback.
async fn login(wish: Query<Wish>, server: Server) -> Result<HttpResponse> {
    let (db, clock, sessions, providers) = server;
    let github = providers.github.as_deref().ok_or(AppError::NotFound)?;
    let pkce = Pkce::random();
    let verifier = pkce.verifier();
    let next = Next::parse(&wish.next);
    let next = next.as_ref().map_or("/", Next::as_str);
    let purpose = Purpose { provider: GITHUB, verifier: &verifier, next, account: None };
    let mut tx = db.system(SystemReason::Login).await?;
    let keys = (&sessions.keyring, sessions.cookie.https);
    let begun = attempts::begin(&mut tx, keys, &purpose, clock.now()).await?;
    tx.commit().await?;
    let to = github.oauth.authorize_url(&begun.state, &pkce, &github.callback, &SCOPES);
    let mut answer = HttpResponse::SeeOther();
    answer.insert_header((header::LOCATION, to.as_str())).cookie(begun.cookie);
    Ok(answer.finish())
}

#[derive(Deserialize)]
struct Back {
    state: Option<String>,
    code: Option<String>,
    error: Option<String>,
}

#[derive(Template)]
#[template(path = "accounts/refused.html")]
struct RefusedPage {
    shell: Shell,
    reason: String,
    /// Where the person can mend it.
    mend: Option<Link>,
    again: &'static str,
}

/// Why nobody was signed in.
enum Ended {
    NoReturn(NoReturn),
    Refused(Refusal),
    Failed(AppError),
}

impl<E: Into<AppError>> From<E> for Ended {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

/// Takes a person back from GitHub and signs them in, or says why not.
async fn callback(request: HttpRequest, back: Query<Back>, server: Server) -> Result<HttpResponse> {
    let https = server.2.cookie.https;
    let mut answer = match arrive(&request, &back, &server).await {
        Ok(saved) => {
            limits::succeeded(&request);
            saved.into_response()
        }
        Err(Ended::NoReturn(reason)) => {
            limits::failed(&request);
            record_refusal(&request, &server, &reason.to_string()).await?;
            refused(StatusCode::BAD_REQUEST, &reason.to_string(), None)
        }
        Err(Ended::Refused(refusal)) => {
            limits::failed(&request);
            record_refusal(&request, &server, &refusal.to_string()).await?;
            let mend = mend(&refusal);
            refused(StatusCode::FORBIDDEN, &refusal.to_string(), mend)
        }
        Err(Ended::Failed(error)) => return Err(error),
    };
    answer
        .add_cookie(&attempts::no_cookie(https))
        .map_err(|error| anyhow::anyhow!("take the cookie away: {error}"))?;
    Ok(answer)
}

fn refused(status: StatusCode, reason: &str, mend: Option<Link>) -> HttpResponse {
    let shell = Shell::bare("Not signed in");
    tracing::info!("A sign-in was refused: {reason}");
    let reason = format!("{reason}.");
    render(status, &RefusedPage { shell, reason, mend, again: "/sign-in" })
}

fn mend(refusal: &Refusal) -> Option<Link> {
    let Refusal::GitHub(error) = refusal else { return None };
    match error {
        github::Error::Pending { url, .. } => Some(Link::new("Accept the invitation", url)),
        github::Error::ThirdPartyRestricted { url, .. } => {
            Some(Link::new("Approve the application", url))
        }
        github::Error::SsoRequired { url, .. } => {
            Some(Link::new("Sign on to the organisation", url))
        }
        github::Error::NotMember { .. }
        | github::Error::TokenRejected
        | github::Error::RateLimited { .. }
        | github::Error::MissingPermission { .. }
        | github::Error::NotInstalled { .. }
        | github::Error::AppRejected
        | github::Error::OAuth(_)
        | github::Error::Unreachable { .. }
        | github::Error::Unexpected { .. } => None,
    }
}

async fn arrive(request: &HttpRequest, back: &Back, server: &Server) -> Result<Saved, Ended> {
    let (db, clock, sessions, providers) = server;
    let github = providers.github.as_deref().ok_or(AppError::NotFound)?;
    let state = SecretString::from(back.state.clone().unwrap_or_default());
    let mut tx = db.system(SystemReason::Login).await?;
    let keys = (&sessions.keyring, sessions.cookie.https);
    let returned = attempts::take_up(&mut tx, keys, (request, &state), clock.now()).await?;
    let doors = store::list_doors(&mut tx).await?;
    // Used up whatever comes of it.
    tx.commit().await?;
    let returned = returned.map_err(Ended::NoReturn)?;

    let (user, token) = ask_who(github, back, &returned).await?;
    let answers = gate::ask(github, &doors, &user.login, &token.access).await;
    let origin = origin(request);
    let arrival = Arrival {
        user: &user,
        token: &token.access,
        answers: &answers,
        account: returned.account,
        next: &returned.next,
        origin: &origin,
    };

    let mut tx = db.system(SystemReason::Login).await?;
    match people::receive(&mut tx, &sessions.keyring, &arrival, clock.now()).await? {
        Outcome::Refused(refusal) => {
            // Rolled back with the account that it would have been written down for.
            if let Refusal::Invitation { tenant, id, why } = &refusal {
                record_invitation(
                    db,
                    &origin,
                    *tenant,
                    invitations::refused(*id, why, clock.now()),
                )
                .await?;
            }
            Err(Ended::Refused(refusal))
        }
        Outcome::PutOut(refusal) => {
            tx.wake_people().await?;
            tx.commit().await?;
            Err(Ended::Refused(refusal))
        }
        Outcome::In(account, attempt) => {
            let sign_in = SignIn { origin: &origin, now: clock.now(), sessions };
            let (session, committed) = start(tx, account, &sign_in).await?;
            let saved = committed.see_other(landing(returned.next, attempt.as_ref()));
            let cookie = sessions.issue(&session);
            Ok(saved
                .with_cookie(&cookie)
                .map_err(|error| anyhow::anyhow!("set the session's cookie: {error}"))?)
        }
    }
}

/// Where somebody goes who is let in: to the organisation whose invitation did it, else where they wanted.
fn landing(next: String, attempt: Option<&Attempt>) -> String {
    match attempt {
        Some(Attempt { found, result: Ok(Accepted::ByIt | Accepted::Already) }) => {
            format!("/{}", found.organization.slug)
        }
        Some(_) | None => next,
    }
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

/// Who came back, by the code that only GitHub can have given them.
async fn ask_who(
    github: &GitHub,
    back: &Back,
    returned: &Returned,
) -> Result<(GitHubUser, UserToken), Ended> {
    let refuse = |error: github::Error| Ended::Refused(Refusal::GitHub(error));
    if let Some(error) = &back.error {
        return Err(refuse(OAuthRefusal::of_code(error).into()));
    }
    let code = back.code.clone().map(SecretString::from);
    let code = code.ok_or_else(|| refuse(OAuthRefusal::CodeRejected.into()))?;
    let pkce = Pkce::of_verifier(&returned.verifier);
    let token = github.oauth.exchange(&code, pkce, &github.callback).await.map_err(refuse)?;
    let user = github.client.user(&token.access).await.map_err(refuse)?;
    Ok((user, token))
}

/// Starts the session, and writes that into the log of each of the person's organisations.
async fn start(
    mut tx: SystemTx,
    account: AccountId,
    sign_in: &SignIn<'_>,
) -> Result<(SecretString, Committed)> {
    let session = sessions::start(&mut tx, account, sign_in).await?;
    let event = Event::new("account.signed_in", "account", account, sign_in.now)
        .detail(json!({"provider": GITHUB}));
    tx.record(Some(account), sign_in.origin, &event).await?;
    Ok((session, tx.commit().await?))
}

/// Writes down that somebody came back and was not let in.
async fn record_refusal(request: &HttpRequest, server: &Server, reason: &str) -> Result<()> {
    let (db, clock, ..) = server;
    let mut tx = db.system(SystemReason::Login).await?;
    let event = Event::new("sign_in.refused", "account", "", clock.now())
        .detail(json!({"provider": GITHUB, "why": reason}));
    tx.record(None, &origin(request), &event).await?;
    tx.commit().await?;
    Ok(())
}

/// Who is signed in.
#[derive(Serialize)]
struct Me {
    id: AccountId,
    login: String,
    name: String,
    organizations: Vec<Membership>,
}

/// Tells who is signed in, and the organisations they belong to.
async fn me(person: SignedIn, db: Data<Db>) -> Result<HttpResponse> {
    let mut tx = db.system(SystemReason::Login).await?;
    let organizations = organizations::list_memberships(&mut tx, person.account).await?;
    let SignedIn { account, login, name, .. } = person;
    Ok(HttpResponse::Ok().json(Me { id: account, login, name, organizations }))
}

/// Ends the session and takes its cookies away.
async fn logout(
    person: Arriving,
    db: Data<Db>,
    clock: Data<Clock>,
    sessions: Data<Sessions>,
) -> Result<Saved> {
    let Arriving(person) = person;
    let mut tx = db.system(SystemReason::Login).await?;
    sessions::end(&mut tx, person.account, person.session).await?;
    let event = Event::new("session.signed_out", "session", person.session, clock.now());
    tx.record(Some(person.account), &person.origin, &event).await?;
    sessions.signed_out(tx.commit().await?.no_content())
}
