//! The addresses of signing in: `/api/auth/login`, `me` and `logout`; [`callback`] is one of its own.

use actix_web::{
    HttpResponse,
    http::{Method, header},
    web::{Data, Query},
};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use super::{
    attempts::{self, Begun, Purpose},
    callback::{self, Server},
    identities_page,
    oidc::{Provider, Question},
    providers::{Asked, SCOPES},
    settings,
    store::GITHUB,
};
use crate::{
    accounts::sessions,
    github::Pkce,
    organizations::{self, Membership, audit::Event},
    platform::clock::Clock,
    tenancy::{AccountId, Arriving, Db, Routes, Saved, Sessions, SignedIn, SystemReason},
    web::{AppError, Next, Result},
};

pub fn routes() -> Routes {
    Routes::default()
        .open_to_anyone(Method::GET, "/api/auth/login", login)
        .open_to_anyone(Method::GET, "/api/auth/callback", callback::callback)
        .read("/api/auth/me", me)
        .post("/api/auth/logout", logout)
        .and(identities_page::routes())
        .and(settings::routes())
}

#[derive(Deserialize)]
struct Wish {
    /// Where to go afterwards, on this site.
    #[serde(default)]
    next: String,
    /// By whose word: GitHub's, or that of an issuer of the configuration, by its name.
    #[serde(default)]
    provider: String,
}

/// Sends a person to a provider, which sends them back to the callback.
async fn login(wish: Query<Wish>, server: Server) -> Result<HttpResponse> {
    let name = if wish.provider.is_empty() { GITHUB } else { &wish.provider };
    let asked = find(&server, name).await?.ok_or(AppError::NotFound)?;
    let next = Next::parse(&wish.next);
    let next = next.as_ref().map_or("/", Next::as_str);
    match set_out(&server, &asked, (next, None)).await? {
        Ok((to, begun)) => {
            let mut answer = HttpResponse::SeeOther();
            answer.insert_header((header::LOCATION, to)).cookie(begun.cookie);
            Ok(answer.finish())
        }
        Err(refusal) => Ok(callback::cannot_begin(&refusal)),
    }
}

/// The provider of a name in addresses.
pub(super) async fn find(server: &Server, name: &str) -> Result<Option<Asked>> {
    let mut tx = server.0.system(SystemReason::Login).await?;
    let all = server.3.list(&mut tx).await?;
    Ok(all.into_iter().find(|asked| asked.name() == name))
}

/// Notes where somebody sets out, and gives the address that they are sent to.
pub(super) async fn set_out(
    server: &Server,
    asked: &Asked,
    (next, account): (&str, Option<AccountId>),
) -> Result<std::result::Result<(String, Begun), super::refusal::Refusal>> {
    let (db, clock, sessions, _) = server;
    let pkce = Pkce::random();
    let verifier = match asked {
        Asked::GitHub(_) => pkce.verifier(),
        Asked::Oidc(_) => Provider::verifier(),
    };
    let purpose = Purpose { provider: asked.id(), verifier: &verifier, next, account };
    let mut tx = db.system(SystemReason::Login).await?;
    let keys = (&sessions.keyring, sessions.cookie.https);
    let begun = attempts::begin(&mut tx, keys, &purpose, clock.now()).await?;
    tx.commit().await?;
    let to = match asked {
        Asked::GitHub(github) => {
            github.oauth.authorize_url(&begun.state, &pkce, &github.callback, &SCOPES)
        }
        Asked::Oidc(provider) => {
            match provider.authorize_url(&question(&begun.state, &verifier)).await {
                Ok(to) => to,
                Err(error) => return Ok(Err(error.into())),
            }
        }
    };
    Ok(Ok((to.into(), begun)))
}

const fn question<'a>(state: &'a SecretString, verifier: &'a SecretString) -> Question<'a> {
    Question { state, verifier }
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
