//! The SQL of pull requests.

use serde_json::Value;

use crate::{
    tenancy::TenantTx,
    tracker::apply::{Home, Known},
};

pub(in crate::tracker) async fn list_known_pulls(
    tx: &mut TenantTx,
    home: &Home,
    ids: &[i64],
) -> sqlx::Result<Vec<Known>> {
    sqlx::query_as!(
        Known,
        r#"SELECT github_id, updated_at AS "updated_at?", rank, digest
           FROM pull_requests
           WHERE repository_id = $1
             AND github_id = ANY ($2)"#,
        home.repository.as_uuid(),
        ids,
    )
    .fetch_all(tx.connection())
    .await
}

pub(in crate::tracker) async fn upsert_pulls(
    tx: &mut TenantTx,
    home: &Home,
    rows: &Value,
) -> sqlx::Result<()> {
    let tenant = tx.tenant();
    sqlx::query!(
        r#"INSERT INTO pull_requests (tenant_id, repository_id, github_id, node_id, number, title, body, state, draft,
                                    url, author_id, merged_at, merge_commit, head_ref, head, head_repository, base_ref,
                                    base, labels, assignees, requested_reviewers, requested_teams, milestone, locked,
                                    created_at, closed_at, updated_at, rank, digest)
         SELECT $1, $2, n.github_id, n.node_id, n.number, n.title, n.body,
                CASE WHEN n.is_open THEN 'open' ELSE 'closed' END, n.draft,
                CASE WHEN n.url ~ '^https?://' THEN n.url ELSE 'https://' || $4 || '/' || $5 || '/pull/' || n.number END,
                (SELECT id FROM contributors WHERE host = $4 AND github_id = n.author), n.merged_at, n.merge_commit, n.head_ref,
                n.head, n.head_repository, n.base_ref, n.base, n.labels,
                ARRAY(SELECT id FROM contributors WHERE host = $4 AND github_id = ANY (n.assignees) ORDER BY github_id),
                ARRAY(SELECT id FROM contributors WHERE host = $4 AND github_id = ANY (n.requested_reviewers) ORDER BY github_id),
                n.requested_teams, n.milestone, n.locked, n.created_at, n.closed_at, n.updated_at, n.rank, n.digest
         FROM jsonb_to_recordset($3) AS n (github_id bigint, node_id text, number bigint, title text, body text,
                                            is_open boolean, draft boolean, url text, author bigint,
                                            merged_at timestamptz, merge_commit bytea,
                                            head_ref text, head bytea, head_repository bigint, base_ref text,
                                            base bytea, labels bigint[], assignees bigint[],
                                            requested_reviewers bigint[], requested_teams bigint[], milestone bigint,
                                            locked boolean, created_at timestamptz, closed_at timestamptz, updated_at timestamptz,
                                            rank bigint, digest bytea)
         ON CONFLICT (tenant_id, repository_id, github_id) DO UPDATE
         SET node_id = coalesce(excluded.node_id, pull_requests.node_id), number = excluded.number,
             title = excluded.title, body = excluded.body, state = excluded.state, draft = excluded.draft,
             url = excluded.url, author_id = excluded.author_id, merged_at = excluded.merged_at,
             merge_commit = excluded.merge_commit, head_ref = excluded.head_ref, head = excluded.head,
             head_repository = excluded.head_repository, base_ref = excluded.base_ref, base = excluded.base,
             labels = excluded.labels, assignees = excluded.assignees,
             requested_reviewers = excluded.requested_reviewers, requested_teams = excluded.requested_teams,
             milestone = excluded.milestone, locked = excluded.locked,
             created_at = excluded.created_at, closed_at = excluded.closed_at, updated_at = excluded.updated_at,
             rank = excluded.rank, digest = excluded.digest"#,
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

/// Writes what is counted of pull requests, and who merged them, where these words say so and are not older than
/// what is known of that.
pub(in crate::tracker) async fn count_pulls(
    tx: &mut TenantTx,
    home: &Home,
    rows: &Value,
) -> sqlx::Result<()> {
    sqlx::query!(
        r#"UPDATE pull_requests p
           SET counted_at = n.updated_at, comments = n.comments, review_comments = n.review_comments,
               commits = n.commits, additions = n.additions, deletions = n.deletions,
               changed_files = n.changed_files,
               merged_by_id = (SELECT id FROM contributors WHERE host = $3 AND github_id = n.merged_by)
           FROM jsonb_to_recordset($2) AS n (github_id bigint, merged_by bigint, comments bigint,
                                             review_comments bigint, commits bigint, additions bigint,
                                             deletions bigint, changed_files bigint, updated_at timestamptz)
           WHERE p.repository_id = $1
             AND p.github_id = n.github_id
             AND num_nonnulls(n.comments, n.review_comments, n.commits, n.additions, n.deletions, n.changed_files) > 0
             AND (p.counted_at IS NULL OR p.counted_at <= n.updated_at)"#,
        home.repository.as_uuid(),
        rows,
        home.host,
    )
    .execute(tx.connection())
    .await
    .map(|_| ())
}

/// Replaces what these pull requests say they close; `closings` are pairs of the numbers of a pull request and
/// of an issue.
pub(in crate::tracker) async fn replace_closings(
    tx: &mut TenantTx,
    home: &Home,
    pulls: &[i64],
    closings: &[(i64, i64)],
) -> sqlx::Result<()> {
    let tenant = tx.tenant();
    let closing: Vec<i64> = closings.iter().map(|pair| pair.0).collect();
    let closed: Vec<i64> = closings.iter().map(|pair| pair.1).collect();
    sqlx::query!(
        "DELETE FROM pull_request_closings c
         WHERE c.repository_id = $1
           AND c.pull = ANY ($2)
           AND NOT EXISTS (SELECT FROM UNNEST($3::bigint[], $4::bigint[]) AS kept (pull, issue)
                           WHERE kept.pull = c.pull AND kept.issue = c.issue)",
        home.repository.as_uuid(),
        pulls,
        &closing,
        &closed,
    )
    .execute(tx.connection())
    .await?;
    sqlx::query!(
        "INSERT INTO pull_request_closings (tenant_id, repository_id, pull, issue)
         SELECT $1, $2, pair.pull, pair.issue
         FROM UNNEST($3::bigint[], $4::bigint[]) AS pair (pull, issue)
         ON CONFLICT DO NOTHING",
        tenant.as_uuid(),
        home.repository.as_uuid(),
        &closing,
        &closed,
    )
    .execute(tx.connection())
    .await
    .map(|_| ())
}

/// The head of a pull request, in hexadecimal digits.
pub(in crate::tracker) async fn find_pull_head(
    tx: &mut TenantTx,
    home: &Home,
    id: i64,
) -> sqlx::Result<Option<String>> {
    sqlx::query_scalar!(
        r#"SELECT encode(head, 'hex') AS "head!"
           FROM pull_requests
           WHERE repository_id = $1
             AND github_id = $2"#,
        home.repository.as_uuid(),
        id,
    )
    .fetch_optional(tx.connection())
    .await
}

/// Lists a pull request's commits in their order, in hexadecimal digits.
pub(in crate::tracker) async fn list_pull_commit_oids(
    tx: &mut TenantTx,
    home: &Home,
    id: i64,
) -> sqlx::Result<Vec<String>> {
    sqlx::query_scalar!(
        r#"SELECT encode(oid, 'hex') AS "oid!"
           FROM pull_request_commits
           WHERE repository_id = $1
             AND github_id = $2
           ORDER BY ordinal"#,
        home.repository.as_uuid(),
        id,
    )
    .fetch_all(tx.connection())
    .await
}

/// Replaces a pull request's commits by these rows, in their order.
pub(in crate::tracker) async fn replace_pull_commits(
    tx: &mut TenantTx,
    home: &Home,
    id: i64,
    rows: &Value,
) -> sqlx::Result<()> {
    let tenant = tx.tenant();
    sqlx::query!(
        "DELETE FROM pull_request_commits WHERE repository_id = $1 AND github_id = $2",
        home.repository.as_uuid(),
        id,
    )
    .execute(tx.connection())
    .await?;
    sqlx::query!(
        "INSERT INTO pull_request_commits (tenant_id, repository_id, github_id, ordinal, oid, authored_at, committed_at,
                                           author_id, author_name, subject)
         SELECT $1, $2, $3, n.ordinal, n.oid, n.authored_at, n.committed_at,
                (SELECT id FROM contributors WHERE host = $5 AND github_id = n.author), n.author_name, n.subject
         FROM ROWS FROM (
             jsonb_to_recordset($4) AS (oid bytea, authored_at timestamptz, committed_at timestamptz, author bigint,
                                        author_name text, subject text)
         ) WITH ORDINALITY AS n (oid, authored_at, committed_at, author, author_name, subject, ordinal)",
        tenant.as_uuid(),
        home.repository.as_uuid(),
        id,
        rows,
        home.host,
    )
    .execute(tx.connection())
    .await
    .map(|_| ())
}
