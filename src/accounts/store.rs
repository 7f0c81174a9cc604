//! The SQL of accounts, sessions and setup links.

use chrono::{DateTime, Utc};
use serde::Serialize;
use uuid::Uuid;

use crate::{
    platform::{crypto::SecretHash, ids},
    tenancy::{AccountId, Organization, Origin, SessionId, SystemTx, TenantId},
};

/// A sign-in as its owner sees it.
#[derive(Clone, Debug, Serialize)]
pub struct Session {
    pub id: SessionId,
    pub created_at: DateTime<Utc>,
    pub last_seen_at: DateTime<Utc>,
    pub expires_at: DateTime<Utc>,
    pub user_agent: String,
    pub address: String,
}

pub(super) struct NewSession<'a> {
    pub(super) account: AccountId,
    pub(super) secret_hash: SecretHash,
    pub(super) origin: &'a Origin,
    pub(super) now: DateTime<Utc>,
    pub(super) expires_at: DateTime<Utc>,
}

pub(super) async fn insert_session(tx: &mut SystemTx, session: NewSession<'_>) -> sqlx::Result<()> {
    sqlx::query!(
        "INSERT INTO sessions (id, account_id, refresh_hash, created_at, last_seen_at, expires_at, user_agent, address)
         VALUES ($1, $2, $3, $4, $4, $5, left($6, 300), left($7, 100))",
        SessionId::new().as_uuid(),
        session.account.as_uuid(),
        session.secret_hash,
        session.now,
        session.expires_at,
        session.origin.user_agent,
        session.origin.address,
    )
    .execute(tx.connection())
    .await
    .map(|_| ())
}

pub(super) async fn list_sessions(
    tx: &mut SystemTx,
    account: AccountId,
    now: DateTime<Utc>,
) -> sqlx::Result<Vec<Session>> {
    sqlx::query_as!(
        Session,
        r#"SELECT id AS "id: SessionId", created_at, last_seen_at, expires_at, user_agent, address
           FROM sessions
           WHERE account_id = $1
             AND expires_at > $2
           ORDER BY last_seen_at DESC, id DESC"#,
        account.as_uuid(),
        now,
    )
    .fetch_all(tx.connection())
    .await
}

pub(super) async fn delete_oldest_sessions(
    tx: &mut SystemTx,
    account: AccountId,
    keep: i64,
) -> sqlx::Result<()> {
    sqlx::query!(
        "DELETE FROM sessions
         WHERE id IN (SELECT id FROM sessions WHERE account_id = $1 ORDER BY created_at DESC, id DESC OFFSET $2)",
        account.as_uuid(),
        keep,
    )
    .execute(tx.connection())
    .await
    .map(|_| ())
}

pub(super) async fn delete_session(
    tx: &mut SystemTx,
    account: AccountId,
    id: SessionId,
) -> sqlx::Result<bool> {
    let result = sqlx::query!(
        "DELETE FROM sessions WHERE id = $1 AND account_id = $2",
        id.as_uuid(),
        account.as_uuid()
    )
    .execute(tx.connection())
    .await?;
    Ok(result.rows_affected() == 1)
}

pub(super) async fn delete_other_sessions(
    tx: &mut SystemTx,
    account: AccountId,
    keep: SessionId,
) -> sqlx::Result<u64> {
    let result = sqlx::query!(
        "DELETE FROM sessions WHERE account_id = $1 AND id <> $2",
        account.as_uuid(),
        keep.as_uuid()
    )
    .execute(tx.connection())
    .await?;
    Ok(result.rows_affected())
}

pub(super) async fn delete_expired_sessions(
    tx: &mut SystemTx,
    now: DateTime<Utc>,
) -> sqlx::Result<u64> {
    let result = sqlx::query!("DELETE FROM sessions WHERE expires_at <= $1", now)
        .execute(tx.connection())
        .await?;
    Ok(result.rows_affected())
}

pub(super) async fn has_members(tx: &mut SystemTx) -> sqlx::Result<bool> {
    sqlx::query_scalar!(r#"SELECT EXISTS (SELECT FROM memberships) AS "any!""#)
        .fetch_one(tx.connection())
        .await
}

pub(super) async fn find_organization(
    tx: &mut SystemTx,
    id: TenantId,
) -> sqlx::Result<Option<Organization>> {
    sqlx::query_as!(
        Organization,
        r#"SELECT tenant_id AS "id: TenantId", slug, name FROM organizations WHERE tenant_id = $1"#,
        id.as_uuid(),
    )
    .fetch_optional(tx.connection())
    .await
}

/// An account found by its login, and whether it belongs to organisations other than the given one.
pub(super) struct FoundAccount {
    pub(super) id: AccountId,
    pub(super) elsewhere: bool,
}

pub(super) async fn find_account(
    tx: &mut SystemTx,
    login: &str,
    tenant: TenantId,
) -> sqlx::Result<Option<FoundAccount>> {
    sqlx::query_as!(
        FoundAccount,
        r#"SELECT a.id AS "id: AccountId",
                  EXISTS (SELECT FROM memberships m
                          WHERE m.account_id = a.id AND m.tenant_id <> $2) AS "elsewhere!"
           FROM accounts a
           WHERE lower(a.login) = lower($1)"#,
        login,
        tenant.as_uuid(),
    )
    .fetch_optional(tx.connection())
    .await
}

/// Finds a person by login, in any case.
pub async fn find_account_id(tx: &mut SystemTx, login: &str) -> sqlx::Result<Option<AccountId>> {
    sqlx::query_scalar!(
        r#"SELECT id AS "id: AccountId" FROM accounts WHERE lower(login) = lower($1)"#,
        login
    )
    .fetch_optional(tx.connection())
    .await
}

/// Adds a person.
pub async fn insert_account(
    tx: &mut SystemTx,
    login: &str,
    name: &str,
    now: DateTime<Utc>,
) -> sqlx::Result<AccountId> {
    let id = AccountId::new();
    sqlx::query!(
        "INSERT INTO accounts (id, login, name, created_at) VALUES ($1, $2, $3, $4)",
        id.as_uuid(),
        login,
        name,
        now,
    )
    .execute(tx.connection())
    .await?;
    Ok(id)
}

/// A link that still works; without an organisation it opens the first one.
pub(super) struct SetupLink {
    pub(super) organization: Option<TenantId>,
}

pub(super) async fn insert_setup_link(
    tx: &mut SystemTx,
    token: &SecretHash,
    organization: Option<TenantId>,
    now: DateTime<Utc>,
    expires_at: DateTime<Utc>,
) -> sqlx::Result<()> {
    sqlx::query!(
        "INSERT INTO setup_links (id, token_hash, organization_id, created_at, expires_at) VALUES ($1, $2, $3, $4, $5)",
        ids::new(),
        token,
        organization.map(TenantId::as_uuid),
        now,
        expires_at,
    )
    .execute(tx.connection())
    .await
    .map(|_| ())
}

pub(super) async fn find_setup_link(
    tx: &mut SystemTx,
    token: &SecretHash,
    now: DateTime<Utc>,
) -> sqlx::Result<Option<SetupLink>> {
    sqlx::query_as!(
        SetupLink,
        r#"SELECT organization_id AS "organization: TenantId"
           FROM setup_links
           WHERE token_hash = $1
             AND used_at IS NULL
             AND expires_at > $2"#,
        token,
        now,
    )
    .fetch_optional(tx.connection())
    .await
}

/// A link, whether it works or not.
pub(super) struct AnyLink {
    pub(super) id: Uuid,
    pub(super) organization: Option<TenantId>,
    pub(super) was_used: bool,
}

pub(super) async fn find_any_link(
    tx: &mut SystemTx,
    token: &SecretHash,
) -> sqlx::Result<Option<AnyLink>> {
    sqlx::query_as!(
        AnyLink,
        r#"SELECT id, organization_id AS "organization: TenantId", used_at IS NOT NULL AS "was_used!"
           FROM setup_links
           WHERE token_hash = $1"#,
        token,
    )
    .fetch_optional(tx.connection())
    .await
}

/// Lets one transaction at a time set up an organisation.
pub(super) async fn lock_setup(tx: &mut SystemTx) -> sqlx::Result<()> {
    sqlx::query!("SELECT pg_advisory_xact_lock(hashtext('quarterdeck setup'))")
        .fetch_one(tx.connection())
        .await
        .map(|_| ())
}

/// Marks all links that are for no particular organisation as used.
pub(super) async fn use_other_links(tx: &mut SystemTx, now: DateTime<Utc>) -> sqlx::Result<()> {
    sqlx::query!(
        "UPDATE setup_links SET used_at = $1 WHERE used_at IS NULL AND organization_id IS NULL",
        now
    )
    .execute(tx.connection())
    .await
    .map(|_| ())
}

pub(super) async fn delete_spent_links(
    tx: &mut SystemTx,
    before: DateTime<Utc>,
) -> sqlx::Result<u64> {
    let result = sqlx::query!("DELETE FROM setup_links WHERE expires_at <= $1", before)
        .execute(tx.connection())
        .await?;
    Ok(result.rows_affected())
}

/// Marks a link as used; false where somebody was faster or it is too old.
pub(super) async fn use_setup_link(
    tx: &mut SystemTx,
    token: &SecretHash,
    now: DateTime<Utc>,
) -> sqlx::Result<bool> {
    let result = sqlx::query!(
        "UPDATE setup_links SET used_at = $2 WHERE token_hash = $1 AND used_at IS NULL AND expires_at > $2",
        token,
        now,
    )
    .execute(tx.connection())
    .await?;
    Ok(result.rows_affected() == 1)
}

/// Notes that somebody has to sign in with GitHub again; false where that was noted before.
pub(super) async fn ask_reconnection(
    tx: &mut SystemTx,
    account: AccountId,
    now: DateTime<Utc>,
) -> sqlx::Result<bool> {
    let result = sqlx::query!(
        "UPDATE accounts SET reconnect_since = $2 WHERE id = $1 AND reconnect_since IS NULL",
        account.as_uuid(),
        now,
    )
    .execute(tx.connection())
    .await?;
    Ok(result.rows_affected() == 1)
}

/// Takes that back.
pub(super) async fn end_reconnection(tx: &mut SystemTx, account: AccountId) -> sqlx::Result<()> {
    sqlx::query!("UPDATE accounts SET reconnect_since = NULL WHERE id = $1", account.as_uuid())
        .execute(tx.connection())
        .await
        .map(|_| ())
}
