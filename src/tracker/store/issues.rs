//! The SQL of issues.

use chrono::{DateTime, Utc};
use serde_json::Value;

use crate::{
    repositories::RepositoryId,
    tenancy::TenantTx,
    tracker::apply::{Home, Known},
};

pub(in crate::tracker) async fn list_known_issues(
    tx: &mut TenantTx,
    home: &Home,
    ids: &[i64],
) -> sqlx::Result<Vec<Known>> {
    sqlx::query_as!(
        Known,
        r#"SELECT github_id, updated_at AS "updated_at?", rank, digest
           FROM issues
           WHERE repository_id = $1
             AND github_id = ANY ($2)"#,
        home.repository.as_uuid(),
        ids,
    )
    .fetch_all(tx.connection())
    .await
}

pub(in crate::tracker) async fn upsert_issues(
    tx: &mut TenantTx,
    home: &Home,
    rows: &Value,
) -> sqlx::Result<()> {
    let tenant = tx.tenant();
    sqlx::query!(
        r#"INSERT INTO issues (tenant_id, repository_id, github_id, node_id, number, title, body, state, state_reason,
                             url, author_id, closed_by_id, labels, assignees, milestone, locked, comments, created_at,
                             closed_at, updated_at, rank, digest)
         SELECT $1, $2, n.github_id, n.node_id, n.number, n.title, n.body,
                CASE WHEN n.is_open THEN 'open' ELSE 'closed' END, n.state_reason,
                CASE WHEN n.url ~ '^https?://' THEN n.url ELSE 'https://' || $4 || '/' || $5 || '/issues/' || n.number END,
                (SELECT id FROM contributors WHERE host = $4 AND github_id = n.author),
                (SELECT id FROM contributors WHERE host = $4 AND github_id = n.closed_by), n.labels,
                ARRAY(SELECT id FROM contributors WHERE host = $4 AND github_id = ANY (n.assignees) ORDER BY github_id),
                n.milestone, n.locked, n.comments, n.created_at, n.closed_at, n.updated_at, n.rank, n.digest
         FROM jsonb_to_recordset($3) AS n (github_id bigint, node_id text, number bigint, title text, body text,
                                            is_open boolean, state_reason text, url text, author bigint,
                                            closed_by bigint, labels bigint[], assignees bigint[], milestone bigint,
                                            locked boolean, comments bigint, created_at timestamptz,
                                            closed_at timestamptz, updated_at timestamptz, rank bigint, digest bytea)
         ON CONFLICT (tenant_id, repository_id, github_id) DO UPDATE
         SET node_id = coalesce(excluded.node_id, issues.node_id), number = excluded.number, title = excluded.title,
             body = excluded.body, state = excluded.state, state_reason = excluded.state_reason, url = excluded.url,
             author_id = excluded.author_id, closed_by_id = coalesce(excluded.closed_by_id, issues.closed_by_id),
             labels = excluded.labels, assignees = excluded.assignees, milestone = excluded.milestone,
             locked = excluded.locked, comments = excluded.comments, created_at = excluded.created_at,
             closed_at = excluded.closed_at, updated_at = excluded.updated_at, rank = excluded.rank,
             digest = excluded.digest"#,
        tenant.as_uuid(),
        home.repository.as_uuid(),
        rows,
        home.host,
        home.full_name,
    )
    .execute(tx.connection())
    .await
    .map(|_| ())
}

/// Lists what is closed by which pull request, as pairs of the numbers of a pull request and of an issue.
pub(in crate::tracker) async fn list_closings_of_issues(
    tx: &mut TenantTx,
    home: &Home,
    issues: &[i64],
) -> sqlx::Result<Vec<(i64, i64)>> {
    let rows = sqlx::query!(
        "SELECT pull, issue FROM pull_request_closings WHERE repository_id = $1 AND issue = ANY ($2)",
        home.repository.as_uuid(),
        issues,
    )
    .fetch_all(tx.connection())
    .await?;
    Ok(rows.into_iter().map(|row| (row.pull, row.issue)).collect())
}

/// An object that is open here, for comparing with what GitHub lists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenObject {
    pub github_id: i64,
    pub number: i64,
    pub updated_at: DateTime<Utc>,
}

/// Lists the open issues of a repository in the order of their ids, those after one: 500 at most.
pub async fn list_open_issues(
    tx: &mut TenantTx,
    repository: RepositoryId,
    after: i64,
) -> sqlx::Result<Vec<OpenObject>> {
    sqlx::query_as!(
        OpenObject,
        r#"SELECT github_id, number, updated_at
           FROM issues
           WHERE repository_id = $1
             AND state = 'open'
             AND github_id > $2
           ORDER BY github_id
           LIMIT 500"#,
        repository.as_uuid(),
        after,
    )
    .fetch_all(tx.connection())
    .await
}

/// The same of pull requests.
pub async fn list_open_pulls(
    tx: &mut TenantTx,
    repository: RepositoryId,
    after: i64,
) -> sqlx::Result<Vec<OpenObject>> {
    sqlx::query_as!(
        OpenObject,
        r#"SELECT github_id, number, updated_at
           FROM pull_requests
           WHERE repository_id = $1
             AND state = 'open'
             AND github_id > $2
           ORDER BY github_id
           LIMIT 500"#,
        repository.as_uuid(),
        after,
    )
    .fetch_all(tx.connection())
    .await
}
