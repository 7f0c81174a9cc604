//! The SQL of what is known of a repository and of what is in it, as far as it says what to ask GitHub.

use chrono::{DateTime, Utc};

use crate::{
    connections::ConnectionId, repositories::RepositoryId, tenancy::TenantTx, tracker::Kind,
};

/// Where GitHub has a repository, and by what it is asked about it.
#[derive(Clone, Debug)]
pub(in crate::sync) struct Place {
    pub(in crate::sync) host: Option<String>,
    pub(in crate::sync) github_id: Option<i64>,
    pub(in crate::sync) full_name: Option<String>,
    /// Its own, or of those at the host that work the oldest, as `connections` opens it; none that is being
    /// removed.
    pub(in crate::sync) connection: Option<ConnectionId>,
}

pub(in crate::sync) async fn find_place(
    tx: &mut TenantTx,
    repository: RepositoryId,
) -> sqlx::Result<Option<Place>> {
    sqlx::query_as!(
        Place,
        r#"SELECT r.github_host AS host, r.github_id, r.full_name,
                  coalesce((
                      SELECT c.id
                      FROM connections c
                      WHERE c.id = r.connection_id
                        AND c.removed_at IS NULL
                  ), (
                      SELECT c.id
                      FROM connections c
                      WHERE c.host = r.github_host
                        AND c.removed_at IS NULL
                        AND c.suspended_at IS NULL
                        AND (c.kind = 'token' OR c.installation_id IS NOT NULL)
                      ORDER BY c.id
                      LIMIT 1
                  )) AS "connection: ConnectionId"
           FROM repositories r
           WHERE r.id = $1"#,
        repository.as_uuid(),
    )
    .fetch_optional(tx.connection())
    .await
}

/// Lists the numbers of the pull requests below a number, the newest first, that were changed since a time.
pub(in crate::sync) async fn list_pulls_below(
    tx: &mut TenantTx,
    repository: RepositoryId,
    (below, since): (i64, Option<DateTime<Utc>>),
    most: i64,
) -> sqlx::Result<Vec<i64>> {
    sqlx::query_scalar!(
        "SELECT number
         FROM pull_requests
         WHERE repository_id = $1
           AND number < $2
           AND ($3::timestamptz IS NULL OR updated_at >= $3)
         ORDER BY number DESC
         LIMIT $4",
        repository.as_uuid(),
        below,
        since,
        most,
    )
    .fetch_all(tx.connection())
    .await
}

/// Lists the ids of deployments below one, the newest first, that were made or changed since a time.
pub(in crate::sync) async fn list_deployments_below(
    tx: &mut TenantTx,
    repository: RepositoryId,
    (below, since): (i64, DateTime<Utc>),
    most: i64,
) -> sqlx::Result<Vec<i64>> {
    sqlx::query_scalar!(
        "SELECT github_id
         FROM deployments
         WHERE repository_id = $1
           AND github_id < $2
           AND updated_at >= $3
         ORDER BY github_id DESC
         LIMIT $4",
        repository.as_uuid(),
        below,
        since,
        most,
    )
    .fetch_all(tx.connection())
    .await
}

/// The id of an issue, a pull request or a milestone by its number; none of what has no number.
pub(in crate::sync) async fn find_numbered(
    tx: &mut TenantTx,
    repository: RepositoryId,
    kind: Kind,
    number: i64,
) -> sqlx::Result<Option<i64>> {
    sqlx::query_scalar!(
        r#"SELECT github_id AS "github_id!"
           FROM (
               SELECT 'issue' AS kind, github_id FROM issues WHERE repository_id = $1 AND number = $3
               UNION ALL
               SELECT 'pull', github_id FROM pull_requests WHERE repository_id = $1 AND number = $3
               UNION ALL
               SELECT 'milestone', github_id FROM milestones WHERE repository_id = $1 AND number = $3
           ) AS numbered
           WHERE kind = $2"#,
        repository.as_uuid(),
        kind.as_str(),
        number,
    )
    .fetch_optional(tx.connection())
    .await
}

/// How many issues and pull requests are open.
pub(in crate::sync) async fn count_open(
    tx: &mut TenantTx,
    repository: RepositoryId,
) -> sqlx::Result<i64> {
    sqlx::query_scalar!(
        r#"SELECT (SELECT count(*) FROM issues WHERE repository_id = $1 AND state = 'open')
                + (SELECT count(*) FROM pull_requests WHERE repository_id = $1 AND state = 'open') AS "count!""#,
        repository.as_uuid(),
    )
    .fetch_one(tx.connection())
    .await
}
