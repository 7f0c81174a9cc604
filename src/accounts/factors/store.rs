//! The SQL of second factors.

use chrono::{DateTime, Utc};

use crate::{
    platform::crypto::SecretHash,
    tenancy::{AccountId, SessionId, SystemTx, TenantId},
};

/// A factor, kept from other tries until the transaction ends.
pub(super) struct LockedFactor {
    pub(super) sealed: String,
    pub(super) confirmed_at: Option<DateTime<Utc>>,
    pub(super) last_step: i64,
    pub(super) failures: i32,
    pub(super) failing_since: Option<DateTime<Utc>>,
}

pub(super) async fn lock_factor(
    tx: &mut SystemTx,
    account: AccountId,
) -> sqlx::Result<Option<LockedFactor>> {
    sqlx::query_as!(
        LockedFactor,
        "SELECT sealed, confirmed_at, last_step, failures, failing_since FROM factors WHERE account_id = $1 FOR UPDATE",
        account.as_uuid(),
    )
    .fetch_optional(tx.connection())
    .await
}

/// Begins a factor, in place of one that was begun; one that counts stays.
pub(super) async fn put_factor(
    tx: &mut SystemTx,
    account: AccountId,
    sealed: &str,
    now: DateTime<Utc>,
) -> sqlx::Result<()> {
    sqlx::query!(
        "INSERT INTO factors (account_id, sealed, created_at)
         VALUES ($1, $2, $3)
         ON CONFLICT (account_id)
         DO UPDATE SET sealed = excluded.sealed, created_at = excluded.created_at, last_step = 0
         WHERE factors.confirmed_at IS NULL",
        account.as_uuid(),
        sealed,
        now,
    )
    .execute(tx.connection())
    .await
    .map(|_| ())
}

pub(super) async fn take_step(
    tx: &mut SystemTx,
    account: AccountId,
    step: i64,
) -> sqlx::Result<()> {
    sqlx::query!(
        "UPDATE factors SET last_step = $2, failures = 0, failing_since = NULL WHERE account_id = $1",
        account.as_uuid(),
        step
    )
    .execute(tx.connection())
    .await
    .map(|_| ())
}

pub(super) async fn count_failure(
    tx: &mut SystemTx,
    account: AccountId,
    is_first: bool,
    now: DateTime<Utc>,
) -> sqlx::Result<()> {
    sqlx::query!(
        "UPDATE factors
         SET failures = CASE WHEN $2 THEN 1 ELSE failures + 1 END,
             failing_since = CASE WHEN $2 THEN $3 ELSE failing_since END
         WHERE account_id = $1",
        account.as_uuid(),
        is_first,
        now,
    )
    .execute(tx.connection())
    .await
    .map(|_| ())
}

pub(super) async fn use_recovery_code(
    tx: &mut SystemTx,
    account: AccountId,
    hash: &SecretHash,
    now: DateTime<Utc>,
) -> sqlx::Result<bool> {
    let result = sqlx::query!(
        "UPDATE recovery_codes SET used_at = $3 WHERE account_id = $1 AND hash = $2 AND used_at IS NULL",
        account.as_uuid(),
        hash,
        now,
    )
    .execute(tx.connection())
    .await?;
    Ok(result.rows_affected() == 1)
}

/// How many recovery codes are left.
pub(super) async fn count_recovery_codes(
    tx: &mut SystemTx,
    account: AccountId,
) -> sqlx::Result<i64> {
    sqlx::query_scalar!(
        r#"SELECT count(*) AS "left!" FROM recovery_codes WHERE account_id = $1 AND used_at IS NULL"#,
        account.as_uuid()
    )
    .fetch_one(tx.connection())
    .await
}

/// Puts new recovery codes in the place of the old ones.
pub(super) async fn put_recovery_codes(
    tx: &mut SystemTx,
    account: AccountId,
    hashes: &[SecretHash],
) -> sqlx::Result<()> {
    sqlx::query!("DELETE FROM recovery_codes WHERE account_id = $1", account.as_uuid())
        .execute(tx.connection())
        .await?;
    sqlx::query!(
        "INSERT INTO recovery_codes (account_id, hash) SELECT $1, hash FROM UNNEST($2::bytea[]) AS hash",
        account.as_uuid(),
        hashes,
    )
    .execute(tx.connection())
    .await
    .map(|_| ())
}

pub(super) async fn confirm_factor(
    tx: &mut SystemTx,
    account: AccountId,
    now: DateTime<Utc>,
) -> sqlx::Result<()> {
    sqlx::query!(
        "UPDATE factors SET confirmed_at = coalesce(confirmed_at, $2) WHERE account_id = $1",
        account.as_uuid(),
        now
    )
    .execute(tx.connection())
    .await?;
    sqlx::query!(
        "UPDATE accounts SET factor_since = coalesce(factor_since, $2) WHERE id = $1",
        account.as_uuid(),
        now
    )
    .execute(tx.connection())
    .await
    .map(|_| ())
}

/// Notes that a session has given a code.
pub(super) async fn confirm_session(
    tx: &mut SystemTx,
    session: SessionId,
    now: DateTime<Utc>,
) -> sqlx::Result<()> {
    sqlx::query!("UPDATE sessions SET confirmed_at = $2 WHERE id = $1", session.as_uuid(), now)
        .execute(tx.connection())
        .await
        .map(|_| ())
}

pub(super) async fn delete_factor(tx: &mut SystemTx, account: AccountId) -> sqlx::Result<()> {
    sqlx::query!("DELETE FROM factors WHERE account_id = $1", account.as_uuid())
        .execute(tx.connection())
        .await?;
    sqlx::query!("UPDATE accounts SET factor_since = NULL WHERE id = $1", account.as_uuid())
        .execute(tx.connection())
        .await
        .map(|_| ())
}

/// The organisations that somebody belongs to, let in or not.
pub(super) async fn list_tenants(
    tx: &mut SystemTx,
    account: AccountId,
) -> sqlx::Result<Vec<TenantId>> {
    sqlx::query_scalar!(
        r#"SELECT tenant_id AS "tenant: TenantId" FROM memberships WHERE account_id = $1 ORDER BY tenant_id"#,
        account.as_uuid(),
    )
    .fetch_all(tx.connection())
    .await
}
