//! The SQL of locks, and of what was deleted.

use std::collections::HashSet;

use chrono::{DateTime, Utc};

use crate::{
    repositories::RepositoryId,
    tenancy::TenantTx,
    tracker::{apply::Home, deletion::Deleted, word::Kind},
};

/// The locks under which words about a repository are judged and written.
const LOCK: i32 = 0x5452;

/// Waits for whoever writes words about the same repository, and has the others wait until this transaction ends.
///
/// An advisory lock, for a scan updates the repository's row and then goes on for a while.
pub(in crate::tracker) async fn lock_repository(
    tx: &mut TenantTx,
    repository: RepositoryId,
) -> sqlx::Result<()> {
    sqlx::query!("SELECT pg_advisory_xact_lock($1, hashtext($2))", LOCK, repository.to_string())
        .execute(tx.connection())
        .await
        .map(|_| ())
}

/// Which of GitHub's repositories one is.
pub(in crate::tracker) async fn find_home(
    tx: &mut TenantTx,
    repository: RepositoryId,
) -> sqlx::Result<Option<Home>> {
    sqlx::query_as!(
        Home,
        r#"SELECT id AS "repository: RepositoryId", github_host AS "host!", full_name AS "full_name!"
           FROM repositories
           WHERE id = $1
             AND github_id IS NOT NULL"#,
        repository.as_uuid(),
    )
    .fetch_optional(tx.connection())
    .await
}

/// Which of these objects were deleted, and which of these numbers are of a deleted issue.
pub(in crate::tracker) async fn list_buried(
    tx: &mut TenantTx,
    home: &Home,
    kind: Kind,
    (ids, numbers): (&[i64], &[i64]),
) -> sqlx::Result<(HashSet<i64>, HashSet<i64>)> {
    let rows = sqlx::query!(
        "SELECT kind, github_id, number
         FROM tombstones
         WHERE repository_id = $1
           AND (kind = $2 AND github_id = ANY ($3) OR number = ANY ($4))",
        home.repository.as_uuid(),
        kind.as_str(),
        ids,
        numbers,
    )
    .fetch_all(tx.connection())
    .await?;
    let own = rows.iter().filter(|row| row.kind == kind.as_str()).map(|row| row.github_id);
    Ok((own.collect(), rows.iter().filter_map(|row| row.number).collect()))
}

/// Writes down that an object was deleted.
pub(in crate::tracker) async fn bury(
    tx: &mut TenantTx,
    home: &Home,
    deleted: &Deleted,
    now: DateTime<Utc>,
) -> sqlx::Result<()> {
    let tenant = tx.tenant();
    sqlx::query!(
        "INSERT INTO tombstones (tenant_id, repository_id, kind, github_id, number, buried_at)
         VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (tenant_id, repository_id, kind, github_id) DO UPDATE
         SET number = coalesce(tombstones.number, excluded.number)",
        tenant.as_uuid(),
        home.repository.as_uuid(),
        deleted.kind.as_str(),
        deleted.github_id,
        deleted.number,
        now,
    )
    .execute(tx.connection())
    .await
    .map(|_| ())
}

/// Deletes an object's row; whether it was there.
#[expect(clippy::too_many_lines, reason = "it is one query for each kind")]
pub(in crate::tracker) async fn delete_object(
    tx: &mut TenantTx,
    home: &Home,
    kind: Kind,
    id: i64,
) -> sqlx::Result<bool> {
    let repository = home.repository.as_uuid();
    let query = match kind {
        Kind::Issue => sqlx::query!(
            "DELETE FROM issues WHERE repository_id = $1 AND github_id = $2",
            repository,
            id
        ),
        Kind::Pull => sqlx::query!(
            "DELETE FROM pull_requests WHERE repository_id = $1 AND github_id = $2",
            repository,
            id
        ),
        Kind::IssueComment => sqlx::query!(
            "DELETE FROM comments WHERE repository_id = $1 AND github_id = $2 AND kind = 'issue_comment'",
            repository,
            id
        ),
        Kind::ReviewComment => sqlx::query!(
            "DELETE FROM comments WHERE repository_id = $1 AND github_id = $2 AND kind = 'review_comment'",
            repository,
            id
        ),
        Kind::Review => sqlx::query!(
            "DELETE FROM reviews WHERE repository_id = $1 AND github_id = $2",
            repository,
            id
        ),
        Kind::Label => sqlx::query!(
            "DELETE FROM labels WHERE repository_id = $1 AND github_id = $2",
            repository,
            id
        ),
        Kind::Milestone => sqlx::query!(
            "DELETE FROM milestones WHERE repository_id = $1 AND github_id = $2",
            repository,
            id
        ),
        Kind::Release => sqlx::query!(
            "DELETE FROM releases WHERE repository_id = $1 AND github_id = $2",
            repository,
            id
        ),
        Kind::Deployment => sqlx::query!(
            "DELETE FROM deployments WHERE repository_id = $1 AND github_id = $2",
            repository,
            id
        ),
        Kind::DeploymentStatus => sqlx::query!(
            "DELETE FROM deployment_statuses WHERE repository_id = $1 AND github_id = $2",
            repository,
            id
        ),
        Kind::WorkflowRun => sqlx::query!(
            "DELETE FROM workflow_runs WHERE repository_id = $1 AND github_id = $2",
            repository,
            id
        ),
        Kind::CheckSuite => sqlx::query!(
            "DELETE FROM check_suites WHERE repository_id = $1 AND github_id = $2",
            repository,
            id
        ),
    };
    Ok(query.execute(tx.connection()).await?.rows_affected() > 0)
}

/// Deletes what stands under an issue or a pull request, and what is said of closing it; whether there was a comment.
pub(in crate::tracker) async fn delete_under(
    tx: &mut TenantTx,
    home: &Home,
    number: i64,
) -> sqlx::Result<bool> {
    let repository = home.repository.as_uuid();
    sqlx::query!(
        "DELETE FROM pull_request_closings WHERE repository_id = $1 AND pull = $2",
        repository,
        number,
    )
    .execute(tx.connection())
    .await?;
    sqlx::query!(
        "DELETE FROM reviews WHERE repository_id = $1 AND number = $2",
        repository,
        number
    )
    .execute(tx.connection())
    .await?;
    let comments = sqlx::query!(
        "DELETE FROM comments WHERE repository_id = $1 AND number = $2",
        repository,
        number,
    )
    .execute(tx.connection())
    .await?;
    Ok(comments.rows_affected() > 0)
}
