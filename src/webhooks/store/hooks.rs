//! The SQL of hooks.

use chrono::{DateTime, Utc};

use crate::{
    connections::ConnectionId,
    repositories::RepositoryId,
    tenancy::{SystemTx, TenantId, TenantTx},
    web::paging::PageRequest,
    webhooks::model::{Hook, HookId},
};

/// A hook with its sealed secrets.
pub(in crate::webhooks) struct StoredHook {
    pub(in crate::webhooks) id: HookId,
    pub(in crate::webhooks) tenant: TenantId,
    pub(in crate::webhooks) secret: String,
    pub(in crate::webhooks) previous_secret: Option<String>,
    pub(in crate::webhooks) previous_until: Option<DateTime<Utc>>,
    pub(in crate::webhooks) held_secret: Option<String>,
    pub(in crate::webhooks) heard_at: Option<DateTime<Utc>>,
}

/// Finds a hook that counts, of whatever organisation.
pub(in crate::webhooks) async fn find_any(
    tx: &mut SystemTx,
    id: HookId,
) -> sqlx::Result<Option<StoredHook>> {
    sqlx::query_as!(
        StoredHook,
        r#"SELECT id AS "id: HookId", tenant_id AS "tenant: TenantId", secret AS "secret!", previous_secret, previous_until,
                  held_secret, heard_at
           FROM hooks
           WHERE id = $1 AND revoked_at IS NULL"#,
        id.as_uuid(),
    )
    .fetch_optional(tx.connection())
    .await
}

/// Finds the hooks of an App by the host of its GitHub, with or without a port, and GitHub's number of it,
/// of whatever organisations. No organisation crowds out the others: of each, the first five are found.
pub(in crate::webhooks) async fn find_of_app(
    tx: &mut SystemTx,
    (host, app): (&str, i64),
) -> sqlx::Result<Vec<StoredHook>> {
    sqlx::query_as!(
        StoredHook,
        r#"SELECT f.id AS "id!: HookId", f.tenant_id AS "tenant!: TenantId", f.secret AS "secret!", f.previous_secret,
                  f.previous_until, f.held_secret, f.heard_at
           FROM (SELECT h.id, h.tenant_id, h.secret, h.previous_secret, h.previous_until, h.held_secret, h.heard_at,
                        row_number() OVER (PARTITION BY h.tenant_id ORDER BY h.id) AS place
                 FROM hooks h
                 JOIN connections c ON c.tenant_id = h.tenant_id AND c.id = h.connection_id
                 WHERE h.app_id = $1
                   AND h.revoked_at IS NULL
                   AND c.removed_at IS NULL
                   AND $2 IN (c.host, regexp_replace(c.host, ':[0-9]+$', ''))) f
           WHERE f.place <= 5
           ORDER BY f.id
           LIMIT 100"#,
        app,
        host,
    )
    .fetch_all(tx.connection())
    .await
}

pub(in crate::webhooks) async fn set_heard(
    tx: &mut SystemTx,
    id: HookId,
    now: DateTime<Utc>,
) -> sqlx::Result<()> {
    sqlx::query!("UPDATE hooks SET heard_at = $2 WHERE id = $1", id.as_uuid(), now)
        .execute(tx.connection())
        .await
        .map(|_| ())
}

/// How many hooks count.
pub(in crate::webhooks) async fn count(tx: &mut TenantTx) -> sqlx::Result<i64> {
    sqlx::query_scalar!(r#"SELECT count(*) AS "count!" FROM hooks WHERE revoked_at IS NULL"#)
        .fetch_one(tx.connection())
        .await
}

/// What a hook is for, besides being made by hand.
#[derive(Clone, Copy, Default)]
pub(in crate::webhooks) struct HookOf<'a> {
    pub(in crate::webhooks) connection: Option<ConnectionId>,
    /// GitHub's number of the App whose it is.
    pub(in crate::webhooks) app: Option<i64>,
    /// The repository that it is made in, and its name there.
    pub(in crate::webhooks) repository: Option<(RepositoryId, &'a str)>,
}

pub(in crate::webhooks) async fn insert(
    tx: &mut TenantTx,
    (id, name, secret): (HookId, &str, &str),
    of: HookOf<'_>,
    now: DateTime<Utc>,
) -> sqlx::Result<()> {
    let (tenant, by) = (tx.tenant(), tx.actor().name().to_owned());
    sqlx::query!(
        "INSERT INTO hooks (tenant_id, id, name, secret, created_by, created_at, connection_id, app_id, repository_id, full_name)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        tenant.as_uuid(),
        id.as_uuid(),
        name,
        secret,
        by,
        now,
        of.connection.map(ConnectionId::as_uuid),
        of.app,
        of.repository.map(|(id, _)| id.as_uuid()),
        of.repository.map(|(_, name)| name),
    )
    .execute(tx.connection())
    .await
    .map(|_| ())
}

/// Finds a hook and keeps it from other changes until the transaction ends.
pub(in crate::webhooks) async fn lock(tx: &mut TenantTx, id: HookId) -> sqlx::Result<Option<Hook>> {
    sqlx::query_as!(
        Hook,
        r#"SELECT id AS "id: HookId", name, created_by, created_at, pinged_at, heard_at, previous_until, revoked_at,
                  connection_id AS "connection: ConnectionId", app_id, repository_id AS "repository: RepositoryId", full_name,
                  github_id, trouble
           FROM hooks
           WHERE id = $1
           FOR UPDATE"#,
        id.as_uuid(),
    )
    .fetch_optional(tx.connection())
    .await
}

/// The newest secret of a hook, and the one that GitHub holds where that may be another.
pub(in crate::webhooks) struct SealedSecrets {
    pub(in crate::webhooks) secret: String,
    pub(in crate::webhooks) held: Option<String>,
}

pub(in crate::webhooks) async fn sealed_secrets(
    tx: &mut TenantTx,
    id: HookId,
) -> sqlx::Result<Option<SealedSecrets>> {
    sqlx::query_as!(
        SealedSecrets,
        r#"SELECT secret AS "secret!", held_secret AS held FROM hooks WHERE id = $1 AND secret IS NOT NULL"#,
        id.as_uuid()
    )
    .fetch_optional(tx.connection())
    .await
}

/// What counts beside the newest secret, until when: the one before, and the one that GitHub holds.
pub(in crate::webhooks) struct Earlier<'a> {
    pub(in crate::webhooks) previous: &'a str,
    pub(in crate::webhooks) held: &'a str,
    pub(in crate::webhooks) until: DateTime<Utc>,
}

pub(in crate::webhooks) async fn set_secret(
    tx: &mut TenantTx,
    id: HookId,
    secret: &str,
    earlier: Option<&Earlier<'_>>,
) -> sqlx::Result<()> {
    sqlx::query!(
        "UPDATE hooks SET secret = $2, previous_secret = $3, held_secret = $4, previous_until = $5 WHERE id = $1",
        id.as_uuid(),
        secret,
        earlier.map(|earlier| earlier.previous),
        earlier.map(|earlier| earlier.held),
        earlier.map(|earlier| earlier.until),
    )
    .execute(tx.connection())
    .await
    .map(|_| ())
}

/// Notes what GitHub holds where it is not the newest secret.
pub(in crate::webhooks) async fn set_held(
    tx: &mut TenantTx,
    id: HookId,
    held: Option<&str>,
) -> sqlx::Result<()> {
    sqlx::query!("UPDATE hooks SET held_secret = $2 WHERE id = $1", id.as_uuid(), held)
        .execute(tx.connection())
        .await
        .map(|_| ())
}

/// Ends a hook and forgets its secrets.
pub(in crate::webhooks) async fn revoke(
    tx: &mut TenantTx,
    id: HookId,
    now: DateTime<Utc>,
) -> sqlx::Result<()> {
    sqlx::query!(
        "UPDATE hooks
         SET revoked_at = $2, secret = NULL, previous_secret = NULL, held_secret = NULL, previous_until = NULL
         WHERE id = $1",
        id.as_uuid(),
        now,
    )
    .execute(tx.connection())
    .await
    .map(|_| ())
}

/// Notes that GitHub has pinged a hook, as it does with each new one.
pub(in crate::webhooks) async fn set_pinged(
    tx: &mut TenantTx,
    id: HookId,
    now: DateTime<Utc>,
) -> sqlx::Result<()> {
    sqlx::query!("UPDATE hooks SET pinged_at = $2 WHERE id = $1", id.as_uuid(), now)
        .execute(tx.connection())
        .await
        .map(|_| ())
}

/// Lists the hooks that count, and those that were revoked last; the newest first.
pub(in crate::webhooks) async fn list(
    tx: &mut TenantTx,
    page: &PageRequest<HookId>,
) -> sqlx::Result<Vec<Hook>> {
    sqlx::query_as!(
        Hook,
        r#"SELECT id AS "id: HookId", name, created_by, created_at, pinged_at, heard_at, previous_until, revoked_at,
                  connection_id AS "connection: ConnectionId", app_id, repository_id AS "repository: RepositoryId", full_name,
                  github_id, trouble
           FROM hooks
           WHERE $1::uuid IS NULL OR id < $1
           ORDER BY id DESC
           LIMIT $2"#,
        page.after.map(HookId::as_uuid),
        page.fetch(),
    )
    .fetch_all(tx.connection())
    .await
}

/// Finds the hook that counts of a repository.
pub(in crate::webhooks) async fn find_of_repository(
    tx: &mut TenantTx,
    repository: RepositoryId,
) -> sqlx::Result<Option<HookId>> {
    sqlx::query_scalar!(
        r#"SELECT id AS "id: HookId" FROM hooks WHERE repository_id = $1 AND revoked_at IS NULL"#,
        repository.as_uuid(),
    )
    .fetch_optional(tx.connection())
    .await
}

/// Lists the hooks of a repository or of a connection that count, or that are still at GitHub.
pub(in crate::webhooks) async fn list_left(
    tx: &mut TenantTx,
    repository: Option<RepositoryId>,
    connection: Option<ConnectionId>,
) -> sqlx::Result<Vec<Hook>> {
    sqlx::query_as!(
        Hook,
        r#"SELECT id AS "id: HookId", name, created_by, created_at, pinged_at, heard_at, previous_until, revoked_at,
                  connection_id AS "connection: ConnectionId", app_id, repository_id AS "repository: RepositoryId", full_name,
                  github_id, trouble
           FROM hooks
           WHERE (repository_id = $1 OR connection_id = $2)
             AND (revoked_at IS NULL OR github_id IS NOT NULL)
           ORDER BY id
           LIMIT 1000"#,
        repository.map(RepositoryId::as_uuid),
        connection.map(ConnectionId::as_uuid),
    )
    .fetch_all(tx.connection())
    .await
}

/// Notes which hook at GitHub it is, and that nothing is wrong with it.
pub(in crate::webhooks) async fn set_at_github(
    tx: &mut TenantTx,
    id: HookId,
    github_id: Option<i64>,
) -> sqlx::Result<()> {
    sqlx::query!(
        "UPDATE hooks SET github_id = $2, trouble = NULL WHERE id = $1",
        id.as_uuid(),
        github_id,
    )
    .execute(tx.connection())
    .await
    .map(|_| ())
}

/// Notes why a hook is not at GitHub as it should be.
pub(in crate::webhooks) async fn set_trouble(
    tx: &mut TenantTx,
    id: HookId,
    words: &str,
) -> sqlx::Result<()> {
    sqlx::query!("UPDATE hooks SET trouble = $2 WHERE id = $1", id.as_uuid(), words)
        .execute(tx.connection())
        .await
        .map(|_| ())
}

/// Finds a hook, as it is or was.
pub(in crate::webhooks) async fn find(tx: &mut TenantTx, id: HookId) -> sqlx::Result<Option<Hook>> {
    sqlx::query_as!(
        Hook,
        r#"SELECT id AS "id: HookId", name, created_by, created_at, pinged_at, heard_at, previous_until, revoked_at,
                  connection_id AS "connection: ConnectionId", app_id, repository_id AS "repository: RepositoryId", full_name,
                  github_id, trouble
           FROM hooks
           WHERE id = $1"#,
        id.as_uuid(),
    )
    .fetch_optional(tx.connection())
    .await
}
