//! The SQL of connections.

pub(super) mod teams;

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use sqlx::types::Json;
use uuid::Uuid;

use super::model::{Connection, ConnectionId, ConnectionKind};
use crate::{
    platform::ids,
    tenancy::{SystemTx, TenantTx},
};

/// A connection with its sealed secrets.
pub(super) struct Stored {
    pub(super) connection: Connection,
    pub(super) version: Uuid,
    pub(super) private_key: Option<String>,
    pub(super) token: Option<String>,
}

struct Record {
    id: ConnectionId,
    kind: ConnectionKind,
    web_url: String,
    api_url: Option<String>,
    host: String,
    owner: Option<String>,
    account: Option<String>,
    account_id: Option<i64>,
    app_id: Option<i64>,
    app_slug: Option<String>,
    app_name: Option<String>,
    installation_id: Option<i64>,
    suspended_at: Option<DateTime<Utc>>,
    permissions: Option<Json<BTreeMap<String, String>>>,
    removed_at: Option<DateTime<Utc>>,
    token_hint: Option<String>,
    created_by: String,
    created_at: DateTime<Utc>,
    version: Uuid,
    private_key: Option<String>,
    token: Option<String>,
    repositories: i64,
}

/// A connection in a list.
#[derive(Clone, Debug)]
pub struct Listed {
    pub connection: Connection,
    /// How many repositories are asked about by it.
    pub repositories: i64,
}

impl From<Record> for Stored {
    fn from(row: Record) -> Self {
        let (version, private_key, token) = (row.version, row.private_key, row.token);
        let connection = Connection {
            id: row.id,
            kind: row.kind,
            web_url: row.web_url,
            api_url: row.api_url,
            host: row.host,
            owner: row.owner,
            account: row.account,
            account_id: row.account_id,
            app_id: row.app_id,
            app_slug: row.app_slug,
            app_name: row.app_name,
            installation_id: row.installation_id,
            suspended_at: row.suspended_at,
            permissions: row.permissions.map(|Json(permissions)| permissions),
            removed_at: row.removed_at,
            token_hint: row.token_hint,
            created_by: row.created_by,
            created_at: row.created_at,
        };
        Self { connection, version, private_key, token }
    }
}

pub(super) async fn find(tx: &mut TenantTx, id: ConnectionId) -> sqlx::Result<Option<Stored>> {
    Ok(records(tx, Some(id)).await?.pop().map(Stored::from))
}

/// Finds a connection without its secrets.
pub async fn find_connection(
    tx: &mut TenantTx,
    id: ConnectionId,
) -> sqlx::Result<Option<Connection>> {
    Ok(find(tx, id).await?.map(|stored| stored.connection))
}

/// Lists the connections, the oldest first; there are 100 at most.
pub async fn list(tx: &mut TenantTx) -> sqlx::Result<Vec<Listed>> {
    let records = records(tx, None).await?;
    let listed = records.into_iter().map(|row| {
        let repositories = row.repositories;
        Listed { repositories, connection: Stored::from(row).connection }
    });
    Ok(listed.collect())
}

async fn records(tx: &mut TenantTx, id: Option<ConnectionId>) -> sqlx::Result<Vec<Record>> {
    sqlx::query_as!(
        Record,
        r#"SELECT id AS "id: ConnectionId", kind AS "kind: ConnectionKind", web_url, api_url, host, owner, account, account_id,
                  app_id, app_slug, app_name, installation_id, suspended_at,
                  permissions AS "permissions: Json<BTreeMap<String, String>>", removed_at, token_hint, created_by,
                  created_at, version, private_key, token,
                  (SELECT count(*) FROM repositories r WHERE r.connection_id = c.id) AS "repositories!"
           FROM connections c
           WHERE $1::uuid IS NULL OR id = $1
           ORDER BY id
           LIMIT 100"#,
        id.map(ConnectionId::as_uuid),
    )
    .fetch_all(tx.connection())
    .await
}

/// The one by which a repository without its own is asked about: at that host one that works, the oldest.
pub(super) async fn find_at(tx: &mut TenantTx, host: &str) -> sqlx::Result<Option<ConnectionId>> {
    sqlx::query_scalar!(
        r#"SELECT id AS "id: ConnectionId"
           FROM connections
           WHERE host = $1
             AND suspended_at IS NULL
             AND removed_at IS NULL
             AND (kind = 'token' OR installation_id IS NOT NULL)
           ORDER BY id
           LIMIT 1"#,
        host,
    )
    .fetch_optional(tx.connection())
    .await
}

pub(super) async fn count(tx: &mut TenantTx) -> sqlx::Result<i64> {
    sqlx::query_scalar!(r#"SELECT count(*) AS "count!" FROM connections"#)
        .fetch_one(tx.connection())
        .await
}

/// A connection to be stored; what is secret in it is sealed.
#[derive(Default)]
pub(super) struct NewRow<'a> {
    pub(super) kind: &'static str,
    pub(super) web_url: &'a str,
    pub(super) host: &'a str,
    pub(super) owner: Option<&'a str>,
    pub(super) account: Option<(&'a str, i64)>,
    /// Number, short name and name.
    pub(super) app: Option<(i64, &'a str, &'a str)>,
    pub(super) private_key: Option<String>,
    pub(super) client_id: Option<&'a str>,
    pub(super) client_secret: Option<String>,
    pub(super) token: Option<String>,
    pub(super) token_hint: Option<String>,
}

/// Stores a connection; false where the App is connected already.
pub(super) async fn insert(
    tx: &mut TenantTx,
    id: ConnectionId,
    new: NewRow<'_>,
    now: DateTime<Utc>,
) -> sqlx::Result<bool> {
    let (tenant, by) = (tx.tenant(), tx.actor().name().to_owned());
    let result = sqlx::query!(
        "INSERT INTO connections (tenant_id, id, kind, web_url, host, owner, account, account_id, app_id, app_slug, app_name,
                                  private_key, client_id, client_secret, token, token_hint, version, created_by, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)
         ON CONFLICT DO NOTHING",
        tenant.as_uuid(),
        id.as_uuid(),
        new.kind,
        new.web_url,
        new.host,
        new.owner,
        new.account.map(|(login, _)| login),
        new.account.map(|(_, id)| id),
        new.app.map(|(id, _, _)| id),
        new.app.map(|(_, slug, _)| slug),
        new.app.map(|(_, _, name)| name),
        new.private_key,
        new.client_id,
        new.client_secret,
        new.token,
        new.token_hint,
        ids::new(),
        by,
        now,
    )
    .execute(tx.connection())
    .await?;
    Ok(result.rows_affected() == 1)
}

/// Where an App is installed.
pub(super) struct InstalledRow<'a> {
    pub(super) installation_id: i64,
    pub(super) account: &'a str,
    pub(super) account_id: i64,
    pub(super) suspended_at: Option<DateTime<Utc>>,
    pub(super) permissions: &'a BTreeMap<String, String>,
    pub(super) updated_at: Option<DateTime<Utc>>,
}

/// Notes an installation; false where something newer is known.
pub(super) async fn set_installed(
    tx: &mut TenantTx,
    id: ConnectionId,
    row: &InstalledRow<'_>,
) -> sqlx::Result<bool> {
    let result = sqlx::query!(
        "UPDATE connections
         SET installation_id = $2, account = $3, account_id = $4, suspended_at = $5, permissions = $6, version = $7,
             installation_updated_at = coalesce($8, installation_updated_at),
             -- What kept teams from being read may be repaired, and while it was suspended they were everybody's.
             teams_read_at = CASE WHEN teams_error IS NULL AND suspended_at IS NULL THEN teams_read_at END
         WHERE id = $1
           AND uninstalled IS DISTINCT FROM $2
           AND (installation_id IS DISTINCT FROM $2 OR installation_updated_at IS NULL OR $8::timestamptz IS NULL
                OR installation_updated_at <= $8)",
        id.as_uuid(),
        row.installation_id,
        row.account,
        row.account_id,
        row.suspended_at,
        Json(row.permissions) as _,
        ids::new(),
        row.updated_at,
    )
    .execute(tx.connection())
    .await?;
    Ok(result.rows_affected() == 1)
}

pub(super) async fn unset_installed(
    tx: &mut TenantTx,
    id: ConnectionId,
    installation: i64,
) -> sqlx::Result<bool> {
    let result = sqlx::query!(
        "UPDATE connections
         SET installation_id = NULL, account = NULL, account_id = NULL, suspended_at = NULL, permissions = NULL,
             installation_updated_at = NULL, uninstalled = $2, version = $3, teams_read_at = NULL, teams_error = NULL
         WHERE id = $1
           AND (installation_id IS NULL OR installation_id = $2)",
        id.as_uuid(),
        installation,
        ids::new(),
    )
    .execute(tx.connection())
    .await?;
    Ok(result.rows_affected() == 1)
}

/// Takes a connection out of use, and its repositories from it; false where that was done before.
pub async fn set_removed(
    tx: &mut TenantTx,
    id: ConnectionId,
    now: DateTime<Utc>,
) -> sqlx::Result<bool> {
    let result = sqlx::query!(
        "UPDATE connections SET removed_at = $2, version = $3 WHERE id = $1 AND removed_at IS NULL",
        id.as_uuid(),
        now,
        ids::new(),
    )
    .execute(tx.connection())
    .await?;
    sqlx::query!(
        "UPDATE repositories SET connection_id = NULL WHERE connection_id = $1",
        id.as_uuid()
    )
    .execute(tx.connection())
    .await?;
    Ok(result.rows_affected() == 1)
}

/// Deletes a connection with its secrets.
pub async fn delete(tx: &mut TenantTx, id: ConnectionId) -> sqlx::Result<()> {
    sqlx::query!("DELETE FROM connections WHERE id = $1", id.as_uuid())
        .execute(tx.connection())
        .await
        .map(|_| ())
}

pub(super) async fn insert_attempt(
    tx: &mut TenantTx,
    (id, state_hash, sealed): (Uuid, &[u8], &str),
    (now, expires_at): (DateTime<Utc>, DateTime<Utc>),
) -> sqlx::Result<()> {
    let tenant = tx.tenant();
    sqlx::query!(
        "INSERT INTO connection_attempts (tenant_id, id, state_hash, sealed, created_at, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6)",
        tenant.as_uuid(),
        id,
        state_hash,
        sealed,
        now,
        expires_at,
    )
    .execute(tx.connection())
    .await
    .map(|_| ())
}

pub(super) struct UsedAttempt {
    pub(super) id: Uuid,
    pub(super) sealed: String,
    pub(super) expires_at: DateTime<Utc>,
}

/// Uses an attempt up, with what was sealed for it; none where there is none, or it has been used.
pub(super) async fn use_attempt(
    tx: &mut TenantTx,
    state_hash: &[u8],
) -> sqlx::Result<Option<UsedAttempt>> {
    sqlx::query_as!(
        UsedAttempt,
        "DELETE FROM connection_attempts WHERE state_hash = $1 AND used_at IS NULL RETURNING id, sealed, expires_at",
        state_hash,
    )
    .fetch_optional(tx.connection())
    .await
}

pub(super) async fn delete_old_attempts(
    tx: &mut SystemTx,
    now: DateTime<Utc>,
) -> sqlx::Result<u64> {
    let result = sqlx::query!("DELETE FROM connection_attempts WHERE expires_at <= $1", now)
        .execute(tx.connection())
        .await?;
    Ok(result.rows_affected())
}
