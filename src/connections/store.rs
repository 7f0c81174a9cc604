//! The SQL of connections.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::model::{Connection, ConnectionId, ConnectionKind};
use crate::tenancy::TenantTx;

/// A connection with its sealed secrets.
pub(super) struct Stored {
    pub(super) connection: Connection,
    pub(super) version: Uuid,
    pub(super) private_key: Option<String>,
    pub(super) token: Option<String>,
}

pub(super) async fn find(tx: &mut TenantTx, id: ConnectionId) -> sqlx::Result<Option<Stored>> {
    let row = sqlx::query!(
        r#"SELECT kind AS "kind: ConnectionKind", web_url, api_url, host, account, account_id, app_id, app_slug, app_name,
                  installation_id, suspended_at, token_hint, created_by, created_at, version, private_key, token
           FROM connections
           WHERE id = $1"#,
        id.as_uuid(),
    )
    .fetch_optional(tx.connection())
    .await?;
    Ok(row.map(|row| Stored {
        connection: Connection {
            id,
            kind: row.kind,
            web_url: row.web_url,
            api_url: row.api_url,
            host: row.host,
            account: row.account,
            account_id: row.account_id,
            app_id: row.app_id,
            app_slug: row.app_slug,
            app_name: row.app_name,
            installation_id: row.installation_id,
            suspended_at: row.suspended_at,
            token_hint: row.token_hint,
            created_by: row.created_by,
            created_at: row.created_at,
        },
        version: row.version,
        private_key: row.private_key,
        token: row.token,
    }))
}

/// The one by which a repository without its own is asked about: at that host one that works, the oldest.
pub(super) async fn find_at(tx: &mut TenantTx, host: &str) -> sqlx::Result<Option<ConnectionId>> {
    sqlx::query_scalar!(
        r#"SELECT id AS "id: ConnectionId"
           FROM connections
           WHERE host = $1 AND suspended_at IS NULL AND (kind = 'token' OR installation_id IS NOT NULL)
           ORDER BY id
           LIMIT 1"#,
        host,
    )
    .fetch_optional(tx.connection())
    .await
}

/// Notes that GitHub's teams were read, or why they could not be.
pub(super) async fn set_teams_read(
    tx: &mut TenantTx,
    id: ConnectionId,
    error: Option<&str>,
    now: DateTime<Utc>,
) -> sqlx::Result<()> {
    sqlx::query!(
        "UPDATE connections SET teams_read_at = $3, teams_error = $2 WHERE id = $1",
        id.as_uuid(),
        error,
        now,
    )
    .execute(tx.connection())
    .await
    .map(|_| ())
}

/// Takes the connections to organisations whose teams were not read since, and notes that they are.
pub(super) async fn take_teams_due(
    tx: &mut TenantTx,
    since: DateTime<Utc>,
    now: DateTime<Utc>,
) -> sqlx::Result<Vec<ConnectionId>> {
    sqlx::query_scalar!(
        r#"UPDATE connections SET teams_read_at = $2
           WHERE suspended_at IS NULL AND (kind = 'token' OR installation_id IS NOT NULL)
             AND (teams_read_at IS NULL OR teams_read_at < $1)
           RETURNING id AS "id: ConnectionId""#,
        since,
        now,
    )
    .fetch_all(tx.connection())
    .await
}
