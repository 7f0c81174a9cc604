//! The SQL of what GitHub knows of repositories.

use chrono::{DateTime, Utc};

use super::{AtGitHub, GitHubState, OnGitHub, Told};
use crate::{connections::ConnectionId, repositories::RepositoryId, tenancy::TenantTx};

/// Finds the connected repository that GitHub means: by its number, or by its address where the number is
/// not known yet, which is noted then.
pub async fn find_on_github(
    tx: &mut TenantTx,
    place: &OnGitHub,
) -> sqlx::Result<Option<RepositoryId>> {
    let known = sqlx::query_scalar!(
        r#"SELECT id AS "id: RepositoryId" FROM repositories WHERE github_host = $1 AND github_id = $2"#,
        place.host,
        place.id,
    )
    .fetch_optional(tx.connection())
    .await?;
    if known.is_some() {
        return Ok(known);
    }
    sqlx::query_scalar!(
        r#"UPDATE repositories SET github_host = $1, github_id = $2, full_name = $3
           WHERE source_key = $4 AND github_id IS NULL
           RETURNING id AS "id: RepositoryId""#,
        place.host,
        place.id,
        place.full_name,
        place.source_key,
    )
    .fetch_optional(tx.connection())
    .await
}

/// Writes what a repository is on GitHub; false where something newer is known. One that was deleted is there
/// again where GitHub was asked since, or tells of a later change.
pub async fn set_on_github(
    tx: &mut TenantTx,
    id: RepositoryId,
    state: &GitHubState<'_>,
) -> sqlx::Result<bool> {
    let result = sqlx::query!(
        "UPDATE repositories
         SET full_name = $2, visibility = $3, archived = $4, github_updated_at = coalesce($5, github_updated_at),
             deleted_at = $6
         WHERE id = $1
           AND (deleted_at < $7
                OR (($5::timestamptz IS NULL OR github_updated_at IS NULL OR github_updated_at <= $5)
                    AND (deleted_at IS NULL OR $6::timestamptz IS NOT NULL OR github_updated_at < $5)))",
        id.as_uuid(),
        state.full_name,
        state.visibility,
        state.is_archived,
        state.updated_at,
        state.deleted_at,
        state.asked_at,
    )
    .execute(tx.connection())
    .await?;
    Ok(result.rows_affected() == 1)
}

/// Finds what GitHub has said of a repository; none where it is not known to be there.
pub async fn find_at_github(tx: &mut TenantTx, id: RepositoryId) -> sqlx::Result<Option<AtGitHub>> {
    sqlx::query_as!(
        AtGitHub,
        r#"SELECT r.github_host AS "host!", r.github_id AS "github_id!", r.full_name AS "full_name!", r.visibility,
                  r.archived AS is_archived, r.deleted_at, r.unreachable_at, r.connection_id AS "connection: ConnectionId",
                  c.web_url AS "web_url?"
           FROM repositories r
           LEFT JOIN connections c ON c.id = r.connection_id
           WHERE r.id = $1
             AND r.github_id IS NOT NULL"#,
        id.as_uuid(),
    )
    .fetch_optional(tx.connection())
    .await
}

/// Lists which of these repositories of a host are connected: by GitHub's numbers, or by their addresses
/// where the number is not known yet.
pub async fn list_told(
    tx: &mut TenantTx,
    host: &str,
    (ids, keys): (&[i64], &[String]),
) -> sqlx::Result<Vec<Told>> {
    sqlx::query_as!(
        Told,
        r#"SELECT id AS "id: RepositoryId", name, github_id, source_key, connection_id AS "connection: ConnectionId"
           FROM repositories
           WHERE (github_host = $1 AND github_id = ANY ($2))
              OR (github_id IS NULL AND source_key = ANY ($3))
           LIMIT 1000"#,
        host,
        ids,
        keys,
    )
    .fetch_all(tx.connection())
    .await
}

/// Says by which connection GitHub is asked about a repository, and where it has it.
pub async fn set_connection(
    tx: &mut TenantTx,
    id: RepositoryId,
    (place, connection): (&OnGitHub, Option<ConnectionId>),
) -> sqlx::Result<()> {
    sqlx::query!(
        "UPDATE repositories
         SET github_host = $2, github_id = $3, full_name = $4, connection_id = coalesce($5, connection_id),
             unreachable_at = CASE WHEN $5::uuid IS NULL THEN unreachable_at END
         WHERE id = $1",
        id.as_uuid(),
        place.host,
        place.id,
        place.full_name,
        connection.map(ConnectionId::as_uuid),
    )
    .execute(tx.connection())
    .await
    .map(|_| ())
}

/// Lists GitHub's numbers of the repositories that are asked about by a connection.
pub async fn list_of_connection(
    tx: &mut TenantTx,
    connection: ConnectionId,
) -> sqlx::Result<Vec<i64>> {
    sqlx::query_scalar!(
        r#"SELECT github_id AS "github_id!" FROM repositories WHERE connection_id = $1 AND github_id IS NOT NULL"#,
        connection.as_uuid(),
    )
    .fetch_all(tx.connection())
    .await
}

/// Takes repositories from a connection that GitHub lets it reach no longer.
pub async fn lose(
    tx: &mut TenantTx,
    connection: ConnectionId,
    ids: &[i64],
    now: DateTime<Utc>,
) -> sqlx::Result<Vec<RepositoryId>> {
    sqlx::query_scalar!(
        r#"UPDATE repositories SET connection_id = NULL, unreachable_at = $3
           WHERE connection_id = $1 AND github_id = ANY ($2)
           RETURNING id AS "id: RepositoryId""#,
        connection.as_uuid(),
        ids,
        now,
    )
    .fetch_all(tx.connection())
    .await
}
