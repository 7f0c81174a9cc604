//! API tokens: made by people for themselves or at the command line, shown once, stored hashed.
//!
//! A token is of one organisation and never does more than its person may, nor more than its scope
//! says. Invariants: no token makes another one, and none revokes any but itself; the secret is in one
//! answer and in no log, address or database.

mod api;
mod everybody_page;
mod model;
mod page;
mod rows;
mod store;

use chrono::{DateTime, Duration, Utc};
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;
use uuid::Uuid;

pub use api::ApiDocument;
pub use model::{InvalidToken, Lifetime, Token, TokenFilter, TokenName, TokenState, parse_scope};
pub(super) use rows::TokenRow;

use crate::{
    organizations::audit,
    platform::crypto::{hash_secret, random_secret},
    tenancy::{AccountId, Actor, Role, Routes, SystemTx, TenantTx, TokenScope},
    web::{AppError, Result},
};

/// Starts every token, so that secret scanners can know it.
pub const PREFIX: &str = "qdk_";

/// How many of their last characters are kept to tell tokens apart.
const HINT: usize = 4;

/// How many tokens that work a person has in an organisation at most.
const MOST: i64 = 50;

/// How long tokens that ended stay in the lists.
pub const ENDED_KEPT: Duration = Duration::days(90);

pub(super) fn routes() -> Routes {
    page::routes().and(everybody_page::routes()).and(api::routes())
}

/// What is asked of a new token.
#[derive(Clone, Debug)]
pub struct NewToken<'a> {
    pub name: &'a TokenName,
    pub scope: TokenScope,
    /// What it may do at most, whatever its person becomes.
    pub role: Role,
    /// Whose it is; none of the command line.
    pub person: Option<AccountId>,
    /// It goes on for ever without one.
    pub expires_at: Option<DateTime<Utc>>,
}

/// Makes a token for the organisation of the transaction.
pub async fn create(
    tx: &mut TenantTx,
    wanted: &NewToken<'_>,
    now: DateTime<Utc>,
) -> anyhow::Result<SecretString> {
    let secret = random_secret(PREFIX)?;
    let start = secret.expose_secret().len().saturating_sub(HINT);
    let hint = secret.expose_secret().get(start..).unwrap_or_default();
    let id = store::insert(tx, wanted, (&hash_secret(&secret), hint), now).await?;
    let event = audit::Event::new("token.created", "token", id, now).detail(json!({
        "name": wanted.name.as_str(),
        "scope": wanted.scope,
        "role": wanted.role,
        "expires_at": wanted.expires_at,
    }));
    audit::record(tx, event).await?;
    Ok(secret)
}

/// Makes one for whoever acts, with their role of now.
async fn create_own(
    tx: &mut TenantTx,
    (name, scope, lifetime): (&TokenName, TokenScope, Lifetime),
    now: DateTime<Utc>,
) -> Result<SecretString> {
    let person = tx.person().ok_or(AppError::NotByToken)?;
    if store::count_active(tx, person, now).await? >= MOST {
        return Err(AppError::Conflict(format!(
            "You have {MOST} tokens that work here. Revoke one before you make another one."
        )));
    }
    let role = tx.role();
    let expires_at = Some(now + lifetime.duration());
    let wanted = NewToken { name, scope, role, person: Some(person), expires_at };
    Ok(create(tx, &wanted, now).await?)
}

/// Revokes one of the acting person's; a token only finds itself.
pub(super) async fn revoke_own(tx: &mut TenantTx, token: Uuid, now: DateTime<Utc>) -> Result<()> {
    let found = store::lock(tx, token).await?;
    let is_own = |token: &Token| match tx.actor() {
        Actor::Account { id, .. } => token.account == Some(*id),
        Actor::Token { id, .. } => token.id == *id,
        Actor::Command | Actor::Job { .. } => false,
    };
    let token = found.filter(is_own).ok_or(AppError::NotFound)?;
    revoke(tx, &token, now).await
}

/// Revokes anybody's.
async fn revoke_any(tx: &mut TenantTx, token: Uuid, now: DateTime<Utc>) -> Result<()> {
    let token = store::lock(tx, token).await?.ok_or(AppError::NotFound)?;
    revoke(tx, &token, now).await
}

/// It does not count from the next request on; revoking what has ended changes nothing.
async fn revoke(tx: &mut TenantTx, token: &Token, now: DateTime<Utc>) -> Result<()> {
    if token.revoked_at.is_some() {
        return Ok(());
    }
    store::revoke(tx, token.id, now).await?;
    let event = audit::Event::new("token.revoked", "token", token.id, now)
        .detail(json!({"name": token.name, "person": token.login}));
    audit::record(tx, event).await?;
    Ok(())
}

/// Deletes the tokens that ended so long ago that nobody looks for them.
pub async fn forget_ended(tx: &mut SystemTx, now: DateTime<Utc>) -> sqlx::Result<u64> {
    store::delete_ended(tx, now - ENDED_KEPT).await
}
