//! The SQL of when and by what GitHub's teams are read.

use chrono::{DateTime, Utc};

use crate::{
    connections::{ConnectionId, teams::TeamsRead},
    tenancy::TenantTx,
};

/// Lets nobody take a connection out of use before the transaction ends; false where it does not act for
/// that account any longer.
pub(in crate::connections) async fn lock_working(
    tx: &mut TenantTx,
    id: ConnectionId,
    account: i64,
) -> sqlx::Result<bool> {
    let found = sqlx::query_scalar!(
        "SELECT id
         FROM connections
         WHERE id = $1
           AND account_id = $2
           AND suspended_at IS NULL
           AND removed_at IS NULL
         FOR SHARE",
        id.as_uuid(),
        account,
    )
    .fetch_optional(tx.connection())
    .await?;
    Ok(found.is_some())
}

/// Finds when GitHub's teams were asked for last, and why they could not be read.
pub(in crate::connections) async fn find_teams_read(
    tx: &mut TenantTx,
    id: ConnectionId,
) -> sqlx::Result<Option<TeamsRead>> {
    sqlx::query_as!(
        TeamsRead,
        r#"SELECT teams_read_at AS "at!", teams_error AS error
           FROM connections
           WHERE id = $1
             AND teams_read_at IS NOT NULL"#,
        id.as_uuid(),
    )
    .fetch_optional(tx.connection())
    .await
}

/// Notes that GitHub's teams were read, or why they could not be.
pub(in crate::connections) async fn set_teams_read(
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

/// Takes the connections to organisations whose teams were not read since, and notes that they are. Tokens
/// are of people, who have no teams.
pub(in crate::connections) async fn take_teams_due(
    tx: &mut TenantTx,
    since: DateTime<Utc>,
    now: DateTime<Utc>,
) -> sqlx::Result<Vec<ConnectionId>> {
    sqlx::query_scalar!(
        r#"UPDATE connections SET teams_read_at = $2
           WHERE installation_id IS NOT NULL
             AND suspended_at IS NULL
             AND removed_at IS NULL
             AND (teams_read_at IS NULL OR teams_read_at < $1)
           RETURNING id AS "id: ConnectionId""#,
        since,
        now,
    )
    .fetch_all(tx.connection())
    .await
}
