//! The SQL of imports.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::{
    repositories::RepositoryId,
    sync::model::{Import, ImportState, Reason, Resource},
    tenancy::TenantTx,
};

/// Lists how far each resource of a repository is read.
pub(in crate::sync) async fn list(
    tx: &mut TenantTx,
    repository: RepositoryId,
) -> sqlx::Result<Vec<Import>> {
    sqlx::query_as!(
        Import,
        r#"SELECT resource AS "resource: Resource", pass, reason AS "reason: Reason", state AS "state: ImportState",
                  cursor, items, total, requested_at, begun_at, advanced_at, finished_at, resume_at, complete_through,
                  remark, error
           FROM imports
           WHERE repository_id = $1"#,
        repository.as_uuid(),
    )
    .fetch_all(tx.connection())
    .await
}

/// Begins a pass over everything, in place of one that may be under way; what is known to be whole stays so.
pub(in crate::sync) async fn begin_pass(
    tx: &mut TenantTx,
    repository: RepositoryId,
    (pass, reason): (Uuid, Reason),
    now: DateTime<Utc>,
) -> sqlx::Result<()> {
    let tenant = tx.tenant();
    let resources: Vec<String> =
        Resource::ALL.into_iter().map(|resource| resource.as_str().to_owned()).collect();
    sqlx::query!(
        "INSERT INTO imports (tenant_id, repository_id, resource, pass, reason, state, requested_at)
         SELECT $1, $2, resource, $4, $5, 'waiting', $6
         FROM UNNEST($3::text[]) AS r (resource)
         ON CONFLICT (tenant_id, repository_id, resource) DO UPDATE
         SET pass = excluded.pass, reason = excluded.reason, state = 'waiting', cursor = NULL, items = 0, total = NULL,
             requested_at = excluded.requested_at, begun_at = NULL, advanced_at = NULL, finished_at = NULL,
             resume_at = NULL, remark = NULL, error = NULL",
        tenant.as_uuid(),
        repository.as_uuid(),
        &resources,
        pass,
        reason.as_str(),
        now,
    )
    .execute(tx.connection())
    .await
    .map(|_| ())
}

/// Has what was cancelled or failed go on where it stopped, as a pass of its own; how many there are.
pub(in crate::sync) async fn resume(
    tx: &mut TenantTx,
    repository: RepositoryId,
    pass: Uuid,
) -> sqlx::Result<u64> {
    let resumed = sqlx::query!(
        "UPDATE imports
         SET pass = $2,
             state = CASE WHEN state IN ('cancelled', 'failed') THEN 'waiting' ELSE state END,
             finished_at = CASE WHEN state IN ('cancelled', 'failed') THEN NULL ELSE finished_at END,
             error = CASE WHEN state IN ('cancelled', 'failed') THEN NULL ELSE error END,
             resume_at = NULL
         WHERE repository_id = $1
           AND EXISTS (SELECT FROM imports WHERE repository_id = $1 AND state IN ('cancelled', 'failed'))",
        repository.as_uuid(),
        pass,
    )
    .execute(tx.connection())
    .await?;
    Ok(resumed.rows_affected())
}

/// Cancels what is not over; how many there are.
pub(in crate::sync) async fn cancel(
    tx: &mut TenantTx,
    repository: RepositoryId,
    now: DateTime<Utc>,
) -> sqlx::Result<u64> {
    let cancelled = sqlx::query!(
        "UPDATE imports
         SET state = 'cancelled', finished_at = $2, resume_at = NULL
         WHERE repository_id = $1
           AND state IN ('waiting', 'running', 'quota')",
        repository.as_uuid(),
        now,
    )
    .execute(tx.connection())
    .await?;
    Ok(cancelled.rows_affected())
}

/// What became of one page.
pub(in crate::sync) struct Step<'a> {
    pub(in crate::sync) pass: Uuid,
    pub(in crate::sync) resource: Resource,
    /// Where the page was.
    pub(in crate::sync) from: Option<&'a str>,
    /// Where the next one is; none after the last.
    pub(in crate::sync) to: Option<&'a str>,
    pub(in crate::sync) items: i64,
    pub(in crate::sync) total: Option<i64>,
    pub(in crate::sync) remark: Option<&'a str>,
    pub(in crate::sync) asked_at: DateTime<Utc>,
    pub(in crate::sync) now: DateTime<Utc>,
}

/// Notes that a page is written; false where somebody else has written it, or it was cancelled.
pub(in crate::sync) async fn advance(
    tx: &mut TenantTx,
    repository: RepositoryId,
    step: &Step<'_>,
) -> sqlx::Result<bool> {
    let advanced = sqlx::query!(
        "UPDATE imports
         SET state = CASE WHEN $5::text IS NULL THEN 'done' ELSE 'running' END, cursor = $5, items = items + $6,
             total = coalesce($7, total), remark = coalesce($8, remark), begun_at = coalesce(begun_at, $9),
             advanced_at = $10, resume_at = NULL, error = NULL,
             finished_at = CASE WHEN $5::text IS NULL THEN $10::timestamptz END,
             complete_through = CASE WHEN $5::text IS NULL THEN coalesce(begun_at, $9) ELSE complete_through END
         WHERE repository_id = $1
           AND resource = $2
           AND pass = $3
           AND cursor IS NOT DISTINCT FROM $4
           AND state IN ('waiting', 'running', 'quota')",
        repository.as_uuid(),
        step.resource.as_str(),
        step.pass,
        step.from,
        step.to,
        step.items,
        step.total,
        step.remark,
        step.asked_at,
        step.now,
    )
    .execute(tx.connection())
    .await?;
    Ok(advanced.rows_affected() == 1)
}

/// Notes that nothing may be asked before then.
pub(in crate::sync) async fn set_waiting(
    tx: &mut TenantTx,
    repository: RepositoryId,
    pass: Uuid,
    until: DateTime<Utc>,
) -> sqlx::Result<bool> {
    let waiting = sqlx::query!(
        "UPDATE imports
         SET state = 'quota', resume_at = $3
         WHERE repository_id = $1
           AND pass = $2
           AND state IN ('waiting', 'running', 'quota')",
        repository.as_uuid(),
        pass,
        until,
    )
    .execute(tx.connection())
    .await?;
    Ok(waiting.rows_affected() > 0)
}

/// Notes why one resource, or without one all that is not over, cannot be read.
pub(in crate::sync) async fn set_failed(
    tx: &mut TenantTx,
    repository: RepositoryId,
    (pass, resource): (Uuid, Option<Resource>),
    (error, now): (&str, DateTime<Utc>),
) -> sqlx::Result<()> {
    sqlx::query!(
        "UPDATE imports
         SET state = 'failed', error = $4, finished_at = $5, resume_at = NULL
         WHERE repository_id = $1
           AND pass = $2
           AND ($3::text IS NULL OR resource = $3)
           AND state IN ('waiting', 'running', 'quota')",
        repository.as_uuid(),
        pass,
        resource.map(Resource::as_str),
        error,
        now,
    )
    .execute(tx.connection())
    .await
    .map(|_| ())
}

/// Notes why the last attempt failed, while there will be another one.
pub(in crate::sync) async fn set_trouble(
    tx: &mut TenantTx,
    repository: RepositoryId,
    pass: Uuid,
    error: &str,
) -> sqlx::Result<()> {
    sqlx::query!(
        "UPDATE imports
         SET error = $3
         WHERE repository_id = $1
           AND pass = $2
           AND state IN ('waiting', 'running', 'quota')",
        repository.as_uuid(),
        pass,
        error,
    )
    .execute(tx.connection())
    .await
    .map(|_| ())
}
