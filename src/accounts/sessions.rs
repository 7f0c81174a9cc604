//! Sign-ins: started by a way of proving who somebody is, listed and ended by the person.

use chrono::{DateTime, Utc};
use secrecy::SecretString;

use super::store;
pub use super::store::Session;
use crate::{
    platform::crypto::random_secret,
    tenancy::{AccountId, Origin, SessionId, Sessions, SystemTx},
};

/// How many sessions a person has at most; the oldest goes for the next.
const MOST: i64 = 50;

/// A browser signs in now, by this server's rules.
#[derive(Clone, Copy, Debug)]
pub struct SignIn<'a> {
    pub origin: &'a Origin,
    pub now: DateTime<Utc>,
    pub sessions: &'a Sessions,
}

/// The seam of signing in: whatever proved the person, this starts the session and gives its secret.
pub async fn start(
    tx: &mut SystemTx,
    account: AccountId,
    sign_in: &SignIn<'_>,
) -> anyhow::Result<SecretString> {
    let SignIn { origin, now, sessions } = *sign_in;
    let secret = random_secret("")?;
    let (secret_hash, expires_at) = (sessions.hash(&secret), sessions.rules.end(now, now));
    let row = store::NewSession { account, secret_hash, origin, now, expires_at };
    store::insert_session(tx, row).await?;
    store::delete_oldest_sessions(tx, account, MOST).await?;
    Ok(secret)
}

/// Lists a person's sessions that have not ended, the latest used first.
pub async fn list(
    tx: &mut SystemTx,
    account: AccountId,
    now: DateTime<Utc>,
) -> sqlx::Result<Vec<Session>> {
    store::list_sessions(tx, account, now).await
}

/// Ends one of a person's sessions; false where it is not theirs.
pub async fn end(tx: &mut SystemTx, account: AccountId, session: SessionId) -> sqlx::Result<bool> {
    let ended = store::delete_session(tx, account, session).await?;
    tx.wake_people().await?;
    Ok(ended)
}

/// Ends all of a person's sessions but the one in use.
pub async fn end_others(
    tx: &mut SystemTx,
    account: AccountId,
    keep: SessionId,
) -> sqlx::Result<u64> {
    let ended = store::delete_other_sessions(tx, account, keep).await?;
    tx.wake_people().await?;
    Ok(ended)
}

/// Deletes the sessions that have ended by time.
pub async fn forget_expired(tx: &mut SystemTx, now: DateTime<Utc>) -> sqlx::Result<u64> {
    store::delete_expired_sessions(tx, now).await
}
