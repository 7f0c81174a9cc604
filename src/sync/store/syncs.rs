//! The SQL of comparisons by the clock.

use chrono::{DateTime, Utc};

use crate::{repositories::RepositoryId, sync::model::Sync, tenancy::TenantTx};

/// What of a repository is due.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::struct_field_names, clippy::struct_excessive_bools, reason = "they are questions")]
pub(in crate::sync) struct Due {
    pub(in crate::sync) repository: RepositoryId,
    pub(in crate::sync) is_hourly_due: bool,
    pub(in crate::sync) is_sweep_due: bool,
    /// Whether nothing of it was ever asked for.
    pub(in crate::sync) is_new: bool,
    /// Whether GitHub does not have it, as far as is known.
    pub(in crate::sync) is_deleted: bool,
}

/// Adds a row for each repository that is on GitHub, can be asked about and has none.
pub(in crate::sync) async fn insert_missing(
    tx: &mut TenantTx,
    now: DateTime<Utc>,
) -> sqlx::Result<()> {
    let tenant = tx.tenant();
    sqlx::query!(
        "INSERT INTO syncs (tenant_id, repository_id, due_at, hourly_due_at, sweep_due_at)
         SELECT $1, r.id, $2, $2, $2::timestamptz + interval '1 day'
         FROM repositories r
         WHERE r.github_id IS NOT NULL
           AND r.deleted_at IS NULL
           AND EXISTS (SELECT FROM connections c
                       WHERE c.removed_at IS NULL
                         AND (c.id = r.connection_id
                              OR (c.host = r.github_host
                                  AND c.suspended_at IS NULL
                                  AND (c.kind = 'token' OR c.installation_id IS NOT NULL))))
           AND NOT EXISTS (SELECT FROM syncs s WHERE s.repository_id = r.id)
         ON CONFLICT DO NOTHING",
        tenant.as_uuid(),
        now,
    )
    .execute(tx.connection())
    .await
    .map(|_| ())
}

/// Takes what is due, each for one who asks, and says when it will be next: after 15 minutes and an hour, a
/// little apart from each other. Reading everything stays due until it is begun; what is deleted at GitHub may be
/// had back there, and is due once a day.
pub(in crate::sync) async fn take_due(
    tx: &mut TenantTx,
    now: DateTime<Utc>,
    most: i64,
) -> sqlx::Result<Vec<Due>> {
    sqlx::query_as!(
        Due,
        r#"WITH due AS (
               SELECT s.repository_id, s.hourly_due_at <= $1 AS is_hourly_due, s.sweep_due_at <= $1 AS is_sweep_due,
                      NOT EXISTS (SELECT FROM imports i WHERE i.repository_id = s.repository_id) AS is_new,
                      r.deleted_at IS NOT NULL AS is_deleted
               FROM syncs s
               JOIN repositories r ON r.id = s.repository_id
               WHERE s.due_at <= $1
                 AND (r.deleted_at IS NULL OR s.sweep_due_at <= $1)
               ORDER BY s.due_at
               LIMIT $2
               FOR UPDATE OF s SKIP LOCKED
           )
           UPDATE syncs s
           SET due_at = $1::timestamptz + interval '15 minutes' * (0.95 + random() * 0.1),
               hourly_due_at = CASE WHEN due.is_hourly_due THEN $1::timestamptz + interval '55 minutes' ELSE s.hourly_due_at END,
               sweep_due_at = CASE WHEN due.is_deleted THEN $1::timestamptz + interval '1 day' ELSE s.sweep_due_at END
           FROM due
           WHERE s.repository_id = due.repository_id
           RETURNING s.repository_id AS "repository: RepositoryId", due.is_hourly_due AS "is_hourly_due!",
                     due.is_sweep_due AS "is_sweep_due!", due.is_new AS "is_new!",
                     due.is_deleted AS "is_deleted!""#,
        now,
        most,
    )
    .fetch_all(tx.connection())
    .await
}

/// Has a repository compared from now on, first after 15 minutes, and all of it read once more after a day, a
/// little apart from others: for one that is read from its beginning.
pub(in crate::sync) async fn put(
    tx: &mut TenantTx,
    repository: RepositoryId,
    now: DateTime<Utc>,
) -> sqlx::Result<()> {
    let tenant = tx.tenant();
    sqlx::query!(
        "INSERT INTO syncs (tenant_id, repository_id, due_at, hourly_due_at, sweep_due_at, through)
         VALUES ($1, $2, $3::timestamptz + interval '15 minutes', $3::timestamptz + interval '15 minutes',
                 $3::timestamptz + interval '1 day' * (0.95 + random() * 0.1), $3)
         ON CONFLICT (tenant_id, repository_id) DO UPDATE
         SET sweep_due_at = excluded.sweep_due_at, through = coalesce(syncs.through, excluded.through)",
        tenant.as_uuid(),
        repository.as_uuid(),
        now,
    )
    .execute(tx.connection())
    .await
    .map(|_| ())
}

pub(in crate::sync) async fn find(
    tx: &mut TenantTx,
    repository: RepositoryId,
) -> sqlx::Result<Option<Sync>> {
    sqlx::query_as!(
        Sync,
        "SELECT due_at, through, error FROM syncs WHERE repository_id = $1",
        repository.as_uuid(),
    )
    .fetch_optional(tx.connection())
    .await
}

/// Notes that all that GitHub had changed until a time is here.
pub(in crate::sync) async fn set_through(
    tx: &mut TenantTx,
    repository: RepositoryId,
    through: DateTime<Utc>,
) -> sqlx::Result<()> {
    sqlx::query!(
        "UPDATE syncs SET through = greatest(through, $2), error = NULL WHERE repository_id = $1",
        repository.as_uuid(),
        through,
    )
    .execute(tx.connection())
    .await
    .map(|_| ())
}

/// Notes why a comparison failed; what is known stays.
pub(in crate::sync) async fn set_error(
    tx: &mut TenantTx,
    repository: RepositoryId,
    error: &str,
) -> sqlx::Result<()> {
    sqlx::query!(
        "UPDATE syncs SET error = $2 WHERE repository_id = $1",
        repository.as_uuid(),
        error
    )
    .execute(tx.connection())
    .await
    .map(|_| ())
}

/// Has everything read once more as soon as somebody looks, but an hour after it was begun last at the
/// earliest.
pub(in crate::sync) async fn set_sweep_due(
    tx: &mut TenantTx,
    repository: RepositoryId,
    now: DateTime<Utc>,
) -> sqlx::Result<()> {
    sqlx::query!(
        "UPDATE syncs s
         SET sweep_due_at = least(s.sweep_due_at, soon.at), due_at = least(s.due_at, soon.at)
         FROM (SELECT greatest($2::timestamptz, max(requested_at) + interval '1 hour') AS at
               FROM imports WHERE repository_id = $1) AS soon
         WHERE s.repository_id = $1",
        repository.as_uuid(),
        now,
    )
    .execute(tx.connection())
    .await
    .map(|_| ())
}
