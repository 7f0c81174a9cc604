//! The SQL of ending scans: cancelling them, and deleting those that are kept no longer.

use chrono::{DateTime, Utc};

use super::scans::ScanRun;
use crate::{tenancy::TenantTx, work::model::ScanId};

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
