//! The SQL of ending scans: cancelling them, and finding what is kept no longer.

use chrono::{DateTime, Utc};

use super::scans::ScanRun;
use crate::{repositories::RepositoryId, tenancy::TenantTx, work::model::ScanId};

/// Cancels a scan that has not ended; false where it has. Its run finds out by [`is_current`].
pub(crate) async fn cancel_scan(
    tx: &mut TenantTx,
    id: ScanId,
    reason: &str,
    now: DateTime<Utc>,
) -> sqlx::Result<bool> {
    let result = sqlx::query!(
        "UPDATE scans
         SET state = 'cancelled', error = $2, finished_at = $3
         WHERE id = $1
           AND state IN ('queued', 'running')",
        id.as_uuid(),
        reason,
        now,
    )
    .execute(tx.connection())
    .await?;
    Ok(result.rows_affected() == 1)
}

/// Cancels the scans of a repository that have not ended.
pub(crate) async fn cancel_scans(
    tx: &mut TenantTx,
    repository: RepositoryId,
    now: DateTime<Utc>,
) -> sqlx::Result<()> {
    sqlx::query!(
        "UPDATE scans
         SET state = 'cancelled', error = 'The repository was disconnected.', finished_at = $2
         WHERE repository_id = $1
           AND state IN ('queued', 'running')",
        repository.as_uuid(),
        now,
    )
    .execute(tx.connection())
    .await
    .map(|_| ())
}

/// Whether a run may go on: it was neither cancelled nor overtaken, and its repository is there.
pub(crate) async fn is_current(tx: &mut TenantTx, run: ScanRun) -> sqlx::Result<bool> {
    sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM scans WHERE id = $1 AND attempt = $2 AND state = 'running') AS "current!""#,
        run.id.as_uuid(),
        run.attempt,
    )
    .fetch_one(tx.connection())
    .await
}

/// Deletes the scans before the newest so many of each repository, and what belongs to them; never
/// one that has not ended, nor the last that succeeded. Returns how many.
pub(crate) async fn delete_old_scans(tx: &mut TenantTx, keep: i64) -> sqlx::Result<u64> {
    tx.plan_anew().await?;
    let result = sqlx::query!(
        "DELETE FROM scans s
         USING (SELECT id, state, row_number() OVER (PARTITION BY repository_id ORDER BY id DESC) AS place,
                       row_number() OVER (PARTITION BY repository_id, state ORDER BY id DESC) AS place_in_state
                FROM scans) old
         WHERE s.id = old.id
           AND old.place > $1
           AND old.state NOT IN ('queued', 'running')
           AND NOT (old.state = 'succeeded' AND old.place_in_state = 1)",
        keep,
    )
    .execute(tx.connection())
    .await?;
    Ok(result.rows_affected())
}

/// Lists the repositories for whose scan nobody has asked since a time.
pub(crate) async fn list_idle_repositories(
    tx: &mut TenantTx,
    since: DateTime<Utc>,
) -> sqlx::Result<Vec<RepositoryId>> {
    sqlx::query_scalar!(
        r#"SELECT r.id AS "id: RepositoryId"
           FROM repositories r
           WHERE coalesce((SELECT max(s.queued_at) FROM scans s WHERE s.repository_id = r.id), r.created_at) < $1"#,
        since,
    )
    .fetch_all(tx.connection())
    .await
}

/// Whether a scan of a repository runs.
pub(crate) async fn is_being_scanned(
    tx: &mut TenantTx,
    repository: RepositoryId,
) -> sqlx::Result<bool> {
    sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM scans WHERE repository_id = $1 AND state = 'running') AS "running!""#,
        repository.as_uuid(),
    )
    .fetch_one(tx.connection())
    .await
}
