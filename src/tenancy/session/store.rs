//! The SQL of renewing sessions and of the keys that sign passes.

use chrono::{DateTime, Utc};

use super::{PublicKey, SessionId, SigningKeyState};
use crate::{
    platform::crypto::SecretHash,
    tenancy::{grant::AccountId, tx::SystemTx},
};

/// What the seeds of signing keys are sealed for.
pub(super) const KEY_PLACE: &str = "signing_keys.sealed";

pub(super) struct LockedSession {
    pub(super) id: SessionId,
    pub(super) account: AccountId,
    pub(super) created_at: DateTime<Utc>,
}

/// The session whose secret this is, kept from other renewals until the transaction ends.
pub(super) async fn lock_session(
    tx: &mut SystemTx,
    hash: &SecretHash,
    now: DateTime<Utc>,
) -> sqlx::Result<Option<LockedSession>> {
    sqlx::query_as!(
        LockedSession,
        r#"SELECT id AS "id: SessionId", account_id AS "account: AccountId", created_at
           FROM sessions
           WHERE refresh_hash = $1
             AND expires_at > $2
           FOR UPDATE"#,
        hash,
        now,
    )
    .fetch_optional(tx.connection())
    .await
}

pub(super) struct Rotation {
    pub(super) id: SessionId,
    pub(super) spent: SecretHash,
    pub(super) new: SecretHash,
    pub(super) sealed: String,
    pub(super) now: DateTime<Utc>,
    pub(super) ends: DateTime<Utc>,
}

pub(super) async fn rotate_session(tx: &mut SystemTx, rotation: Rotation) -> sqlx::Result<()> {
    sqlx::query!(
        "UPDATE sessions SET refresh_hash = $2, successor = $3, rotated_at = $4, last_seen_at = $4, expires_at = $5 WHERE id = $1",
        rotation.id.as_uuid(),
        rotation.new,
        rotation.sealed,
        rotation.now,
        rotation.ends,
    )
    .execute(tx.connection())
    .await?;
    sqlx::query!(
        "INSERT INTO spent_secrets (hash, session_id, spent_at) VALUES ($1, $2, $3)",
        rotation.spent,
        rotation.id.as_uuid(),
        rotation.now,
    )
    .execute(tx.connection())
    .await
    .map(|_| ())
}

pub(super) struct SpentSecret {
    pub(super) id: SessionId,
    pub(super) account: AccountId,
    pub(super) rotated_at: DateTime<Utc>,
    pub(super) successor: Option<String>,
    /// Whether it was the session's last one before the one of now.
    pub(super) is_last: bool,
}

pub(super) async fn find_spent(
    tx: &mut SystemTx,
    hash: &SecretHash,
    now: DateTime<Utc>,
) -> sqlx::Result<Option<SpentSecret>> {
    sqlx::query_as!(
        SpentSecret,
        r#"SELECT s.id AS "id: SessionId", s.account_id AS "account: AccountId", p.spent_at AS rotated_at, s.successor,
                  p.spent_at = s.rotated_at AS "is_last!"
           FROM spent_secrets p
           JOIN sessions s ON s.id = p.session_id
           WHERE p.hash = $1
             AND s.expires_at > $2"#,
        hash,
        now,
    )
    .fetch_optional(tx.connection())
    .await
}

pub(super) async fn end_session(tx: &mut SystemTx, id: SessionId) -> sqlx::Result<()> {
    sqlx::query!("DELETE FROM sessions WHERE id = $1", id.as_uuid())
        .execute(tx.connection())
        .await
        .map(|_| ())
}

/// Lets one process at a time make a key.
pub(super) async fn lock_keys(tx: &mut SystemTx) -> sqlx::Result<()> {
    sqlx::query!("SELECT pg_advisory_xact_lock(hashtext('quarterdeck signing keys'))")
        .fetch_one(tx.connection())
        .await
        .map(|_| ())
}

pub(super) struct StoredKey {
    pub(super) sealed: String,
    pub(super) created_at: DateTime<Utc>,
}

pub(super) async fn current_key(tx: &mut SystemTx) -> sqlx::Result<Option<StoredKey>> {
    sqlx::query_as!(
        StoredKey,
        "SELECT sealed, created_at FROM signing_keys WHERE retired_at IS NULL ORDER BY created_at DESC, id LIMIT 1"
    )
    .fetch_optional(tx.connection())
    .await
}

/// The keys that count, the one that signs first; without those retired before the time.
pub(super) async fn list_keys(
    tx: &mut SystemTx,
    retired_after: DateTime<Utc>,
) -> sqlx::Result<Vec<PublicKey>> {
    sqlx::query_as!(
        PublicKey,
        "SELECT id, public_key AS bytes
         FROM signing_keys
         WHERE retired_at IS NULL OR retired_at > $1
         ORDER BY retired_at DESC NULLS FIRST, created_at DESC, id",
        retired_after,
    )
    .fetch_all(tx.connection())
    .await
}

/// The same with their times.
pub(super) async fn describe_keys(
    tx: &mut SystemTx,
    retired_after: DateTime<Utc>,
) -> sqlx::Result<Vec<SigningKeyState>> {
    sqlx::query_as!(
        SigningKeyState,
        "SELECT id, created_at, retired_at
         FROM signing_keys
         WHERE retired_at IS NULL OR retired_at > $1
         ORDER BY retired_at DESC NULLS FIRST, created_at DESC, id",
        retired_after,
    )
    .fetch_all(tx.connection())
    .await
}

pub(super) async fn insert_key(
    tx: &mut SystemTx,
    key: &PublicKey,
    sealed: &str,
    now: DateTime<Utc>,
) -> sqlx::Result<()> {
    sqlx::query!(
        "INSERT INTO signing_keys (id, public_key, sealed, created_at) VALUES ($1, $2, $3, $4)",
        key.id,
        key.bytes,
        sealed,
        now,
    )
    .execute(tx.connection())
    .await
    .map(|_| ())
}

/// Has no key sign any more.
pub(super) async fn retire_keys(tx: &mut SystemTx, now: DateTime<Utc>) -> sqlx::Result<()> {
    sqlx::query!("UPDATE signing_keys SET retired_at = $1 WHERE retired_at IS NULL", now)
        .execute(tx.connection())
        .await
        .map(|_| ())
}

/// Deletes the keys that were retired before the time.
pub(super) async fn forget_keys(tx: &mut SystemTx, before: DateTime<Utc>) -> sqlx::Result<()> {
    sqlx::query!("DELETE FROM signing_keys WHERE retired_at < $1", before)
        .execute(tx.connection())
        .await
        .map(|_| ())
}
