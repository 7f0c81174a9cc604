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
        self, Membership, audit,
        invitations::{self, Attempt},
    },
    platform::clock::Clock,
    tenancy::{
        AccountId, Committed, Db, Origin, Routes, Saved, Sessions, SignedIn, SystemReason,
        SystemTx, origin,
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
            refused(StatusCode::BAD_REQUEST, reason.to_string(), None)
        }
        Err(Ended::Refused(refusal)) => {
            limits::failed(&request);
            let mend = mend(&refusal);
            refused(StatusCode::FORBIDDEN, refusal.to_string(), mend)
        }
        Err(Ended::Failed(error)) => return Err(error),
    };
    answer
        .add_cookie(&attempts::no_cookie(https))
        .map_err(|error| anyhow::anyhow!("take the cookie away: {error}"))?;
    Ok(answer)
}

fn refused(status: StatusCode, reason: String, mend: Option<Link>) -> HttpResponse {
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
    let arrival = Arrival {
        user: &user,
        token: &token.access,
        answers: &answers,
        account: returned.account,
        next: &returned.next,
    };

    let mut tx = db.system(SystemReason::Login).await?;
    match people::receive(&mut tx, &sessions.keyring, &arrival, clock.now()).await? {
        Outcome::Refused(refusal) => Err(Ended::Refused(refusal)),
        Outcome::In(account, attempt) => {
            let origin = origin(request);
            let sign_in = SignIn { origin: &origin, now: clock.now(), sessions };
            let (session, committed) = match attempt {
                Some(attempt) => start_by_link(tx, account, &attempt, &sign_in).await?,
                None => start(tx, account, &sign_in).await?,
            };
            let saved = committed.see_other(returned.next);
            let cookie = sessions.issue(&session);
            Ok(saved
                .with_cookie(&cookie)
                .map_err(|error| anyhow::anyhow!("set the session's cookie: {error}"))?)
        }
    }
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

/// Starts the session of somebody who followed an invitation's link, and records what came of it.
async fn start_by_link(
    mut tx: SystemTx,
    account: AccountId,
    attempt: &Attempt,
    sign_in: &SignIn<'_>,
) -> Result<(SecretString, Committed)> {
    let session = sessions::start(&mut tx, account, sign_in).await?;
    let mut tx = invitations::note(tx, attempt, account, sign_in.now).await?;
    if attempt.result.is_ok() {
        audit::record(&mut tx, signed_in(account, sign_in)).await?;
    }
    Ok((session, tx.commit().await?))
}

/// Starts the session and records it where the person will land.
async fn start(
    mut tx: SystemTx,
    account: AccountId,
    sign_in: &SignIn<'_>,
) -> Result<(SecretString, Committed)> {
    let session = sessions::start(&mut tx, account, sign_in).await?;
    let Some(tenant) = store::list_tenants(&mut tx, account).await?.first().copied() else {
        return Ok((session, tx.commit().await?));
    };
    let grant = tx.grant_of_member(tenant, account).await?.ok_or(AppError::NotFound)?;
    let mut tx = tx.enter(grant).await?;
    audit::record(&mut tx, signed_in(account, sign_in)).await?;
    Ok((session, tx.commit().await?))
}

fn signed_in(account: AccountId, sign_in: &SignIn<'_>) -> audit::Event<'static> {
    let Origin { address, .. } = sign_in.origin;
    audit::Event {
        action: "account.signed_in",
        subject_kind: "account",
        subject_id: account.to_string(),
        detail: json!({"provider": GITHUB, "address": address}),
        at: sign_in.now,
        actor_name: None,
    }
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
async fn logout(person: SignedIn, db: Data<Db>, sessions: Data<Sessions>) -> Result<Saved> {
    let mut tx = db.system(SystemReason::Login).await?;
    sessions::end(&mut tx, person.account, person.session).await?;
    Ok(sessions.signed_out(tx.commit().await?.no_content())?)
}
