//! The SQL of storing deliveries, taking them, and writing down how they ended.

use chrono::{DateTime, Utc};
use sqlx::types::Uuid;

use crate::{
    platform::ids,
    tenancy::{SystemTx, TenantId, TenantTx},
    webhooks::{
        inbox::NewDelivery,
        model::{DeliveryId, HookId, LEASE, STARTS},
    },
};

/// Stores deliveries, each with its packed payload; those that are stored already stay as they are.
pub(in crate::webhooks) async fn insert(
    tx: &mut SystemTx,
    rows: &[(DeliveryId, &NewDelivery, DateTime<Utc>)],
    packed: &[Vec<u8>],
) -> sqlx::Result<()> {
    let column = |of: fn(&NewDelivery) -> &str| -> Vec<&str> {
        rows.iter().map(|(_, delivery, _)| of(delivery)).collect()
    };
    let tenants: Vec<Uuid> = rows.iter().map(|(_, new, _)| new.tenant.as_uuid()).collect();
    let ids: Vec<Uuid> = rows.iter().map(|(id, ..)| id.as_uuid()).collect();
    let hooks: Vec<Uuid> = rows.iter().map(|(_, new, _)| new.hook.as_uuid()).collect();
    let (guids, events) = (column(|new| &new.guid), column(|new| &new.event));
    // None is an empty word here, for arrays of the driver have no gaps.
    let actions = column(|new| new.glance.action.as_deref().unwrap_or_default());
    let lanes: Vec<i64> = rows.iter().map(|(_, new, _)| new.glance.repository).collect();
    let size = |new: &NewDelivery| i32::try_from(new.payload.len()).unwrap_or(i32::MAX);
    let sizes: Vec<i32> = rows.iter().map(|(_, new, _)| size(new)).collect();
    let times: Vec<DateTime<Utc>> = rows.iter().map(|(_, _, at)| *at).collect();
    sqlx::query(
        "INSERT INTO deliveries (tenant_id, id, hook_id, guid, event, action, lane, payload, size, received_at, run_at)
         SELECT tenant, id, hook, guid, event, nullif(action, ''), lane, payload, size, at, at
         FROM UNNEST($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::text[], $7::bigint[], $8::bytea[],
                     $9::int[], $10::timestamptz[])
              AS new (tenant, id, hook, guid, event, action, lane, payload, size, at)
         ON CONFLICT (tenant_id, hook_id, guid) DO NOTHING",
    )
    .bind(tenants)
    .bind(ids)
    .bind(hooks)
    .bind(guids)
    .bind(events)
    .bind(actions)
    .bind(lanes)
    .bind(packed)
    .bind(sizes)
    .bind(times)
    .execute(tx.connection())
    .await
    .map(|_| ())
}

/// What waits in the whole inbox.
pub(in crate::webhooks) struct Backlog {
    pub(in crate::webhooks) waiting: i64,
    /// When the first of them should have begun.
    pub(in crate::webhooks) oldest: Option<DateTime<Utc>>,
}

pub(in crate::webhooks) async fn backlog(tx: &mut SystemTx) -> sqlx::Result<Backlog> {
    sqlx::query_as!(
        Backlog,
        r#"SELECT count(*) AS "waiting!", min(run_at) AS oldest FROM deliveries WHERE state IN ('received', 'failed')"#
    )
    .fetch_one(tx.connection())
    .await
}

/// Deliveries of one lane that a worker has for itself, until its lease ends.
#[derive(Clone, Debug)]
pub(in crate::webhooks) struct Claim {
    pub(in crate::webhooks) id: Uuid,
    pub(in crate::webhooks) tenant: TenantId,
    pub(in crate::webhooks) lane: i64,
}

/// Takes the lane whose first delivery has waited longest, and up to `most` of its deliveries. One that was begun
/// before and did not end is taken alone: it may be what ends servers.
///
/// It goes from lane to lane through the index and looks at the first of each, so that what it costs grows with
/// the lanes that wait, and not with what waits in one that somebody works on.
#[expect(clippy::too_many_lines, reason = "it is one query")]
pub(in crate::webhooks) async fn claim(
    tx: &mut SystemTx,
    most: i64,
    now: DateTime<Utc>,
) -> sqlx::Result<Option<Claim>> {
    let claim = ids::new();
    let row = sqlx::query!(
        r#"WITH RECURSIVE lanes AS (
               (SELECT tenant_id, lane FROM deliveries
                WHERE state IN ('received', 'failed')
                ORDER BY tenant_id, lane LIMIT 1)
               UNION ALL
               SELECT following.tenant_id, following.lane
               FROM lanes
               CROSS JOIN LATERAL (
                   SELECT d.tenant_id, d.lane
                   FROM deliveries d
                   WHERE d.state IN ('received', 'failed') AND (d.tenant_id, d.lane) > (lanes.tenant_id, lanes.lane)
                   ORDER BY d.tenant_id, d.lane
                   LIMIT 1
               ) following
           ), heads AS MATERIALIZED (
               SELECT head.tenant_id, head.id, head.run_at
               FROM lanes
               CROSS JOIN LATERAL (
                   SELECT d.tenant_id, d.id, d.run_at
                   FROM deliveries d
                   WHERE d.tenant_id = lanes.tenant_id
                     AND d.lane = lanes.lane
                     AND d.state IN ('received', 'failed')
                     AND d.run_at <= $1
                     AND (d.locked_until IS NULL OR d.locked_until <= $1)
                   ORDER BY d.id
                   LIMIT 1
               ) head
               WHERE NOT EXISTS (
                   SELECT FROM deliveries other
                   WHERE other.tenant_id = lanes.tenant_id
                     AND other.lane = lanes.lane
                     AND other.locked_until > $1
               )
           ), next AS MATERIALIZED (
               SELECT d.tenant_id, d.lane, d.id, d.starts
               FROM heads
               JOIN deliveries d ON d.tenant_id = heads.tenant_id AND d.id = heads.id
               WHERE d.state IN ('received', 'failed')
                 AND d.run_at <= $1
                 AND (d.locked_until IS NULL OR d.locked_until <= $1)
               ORDER BY heads.run_at, heads.id
               LIMIT 1
               FOR UPDATE OF d SKIP LOCKED
           ), mine AS (
               SELECT d.tenant_id, d.id
               FROM deliveries d
               WHERE d.tenant_id = (SELECT next.tenant_id FROM next)
                 AND d.lane = (SELECT next.lane FROM next)
                 AND d.state IN ('received', 'failed')
                 AND d.run_at <= $1
                 AND (d.locked_until IS NULL OR d.locked_until <= $1)
                 AND (d.id = (SELECT next.id FROM next) OR (d.starts = 0 AND (SELECT next.starts FROM next) = 0))
               ORDER BY d.id
               LIMIT $2
               FOR UPDATE OF d SKIP LOCKED
           )
           UPDATE deliveries d
           SET claim = $3, locked_until = $4, starts = d.starts + 1
           FROM mine
           WHERE d.tenant_id = mine.tenant_id AND d.id = mine.id
           RETURNING d.tenant_id AS "tenant: TenantId", d.lane"#,
        now,
        most,
        claim,
        now + LEASE,
    )
    .fetch_all(tx.connection())
    .await?;
    Ok(row.first().map(|row| Claim { id: claim, tenant: row.tenant, lane: row.lane }))
}

/// Puts back what workers of a former process held: only where this process is the only one.
pub(in crate::webhooks) async fn release_all(tx: &mut SystemTx) -> sqlx::Result<u64> {
    let result = sqlx::query!(
        "UPDATE deliveries SET claim = NULL, locked_until = NULL
         WHERE state IN ('received', 'failed') AND claim IS NOT NULL"
    )
    .execute(tx.connection())
    .await?;
    Ok(result.rows_affected())
}

/// Puts a claim's deliveries back, which could not be worked through. Each is begun alone from now on, for one
/// of them may be at fault; but where others were in the way, they are as if they had not been begun.
pub(in crate::webhooks) async fn release(
    tx: &mut SystemTx,
    claim: &Claim,
    is_contention: bool,
    now: DateTime<Utc>,
) -> sqlx::Result<()> {
    sqlx::query!(
        "UPDATE deliveries SET claim = NULL, locked_until = NULL, run_at = $3,
                starts = CASE WHEN $4 THEN greatest(starts - 1, 0) ELSE starts END
         WHERE tenant_id = $1 AND claim = $2 AND state IN ('received', 'failed')",
        claim.tenant.as_uuid(),
        claim.id,
        if is_contention { now } else { now + chrono::TimeDelta::seconds(1) },
        is_contention,
    )
    .execute(tx.connection())
    .await
    .map(|_| ())
}

/// A delivery to be worked through, without what it says: that may be large.
#[derive(Clone, Debug)]
pub(in crate::webhooks) struct Taken {
    pub(in crate::webhooks) id: DeliveryId,
    pub(in crate::webhooks) hook: HookId,
    pub(in crate::webhooks) event: String,
    pub(in crate::webhooks) attempts: i32,
    /// Whether it was begun too often without an end.
    pub(in crate::webhooks) is_exhausted: bool,
}

/// The deliveries of a claim, in the order in which they came; locked, so that nobody who takes them after
/// the lease can begin before this transaction ends. Fewer, where the lease has ended meanwhile.
pub(in crate::webhooks) async fn take(tx: &mut TenantTx, claim: Uuid) -> sqlx::Result<Vec<Taken>> {
    sqlx::query_as!(
        Taken,
        r#"SELECT id AS "id: DeliveryId", hook_id AS "hook: HookId", event, attempts,
                  starts > $2 AS "is_exhausted!"
           FROM deliveries
           WHERE claim = $1 AND state IN ('received', 'failed')
           ORDER BY id
           FOR UPDATE"#,
        claim,
        STARTS,
    )
    .fetch_all(tx.connection())
    .await
}

/// Makes the workers of one lane wait for each other, until the transaction ends.
pub(in crate::webhooks) async fn lock_lane(tx: &mut TenantTx, lane: i64) -> sqlx::Result<()> {
    let key = format!("{} {lane}", tx.tenant());
    sqlx::query!("SELECT pg_advisory_xact_lock(hashtextextended($1, 7))", key)
        .execute(tx.connection())
        .await
        .map(|_| ())
}

pub(in crate::webhooks) async fn set_done(
    tx: &mut TenantTx,
    id: DeliveryId,
    remark: Option<&str>,
    now: DateTime<Utc>,
) -> sqlx::Result<()> {
    sqlx::query!(
        "UPDATE deliveries
         SET state = 'done', remark = $2, finished_at = $3, error = NULL, error_path = NULL, claim = NULL, locked_until = NULL
         WHERE id = $1",
        id.as_uuid(),
        remark,
        now,
    )
    .execute(tx.connection())
    .await
    .map(|_| ())
}

/// Why a delivery failed, and where in the payload.
pub(in crate::webhooks) struct Reason<'a> {
    pub(in crate::webhooks) error: &'a str,
    pub(in crate::webhooks) path: Option<&'a str>,
}

/// Puts a delivery that failed back until its next try, or aside where there is none.
pub(in crate::webhooks) async fn set_failed(
    tx: &mut TenantTx,
    id: DeliveryId,
    reason: &Reason<'_>,
    (next_try, now): (Option<DateTime<Utc>>, DateTime<Utc>),
) -> sqlx::Result<()> {
    sqlx::query!(
        "UPDATE deliveries
         SET state = CASE WHEN $4::timestamptz IS NULL THEN 'dead' ELSE 'failed' END,
             attempts = attempts + 1, starts = 0, error = $2, error_path = $3, run_at = coalesce($4, run_at),
             finished_at = CASE WHEN $4 IS NULL THEN $5::timestamptz END, claim = NULL, locked_until = NULL
         WHERE id = $1",
        id.as_uuid(),
        reason.error,
        reason.path,
        next_try,
        now,
    )
    .execute(tx.connection())
    .await
    .map(|_| ())
}

/// Deletes what ended before a time; returns how many.
pub(in crate::webhooks) async fn delete_finished(
    tx: &mut SystemTx,
    (done_before, dead_before): (DateTime<Utc>, DateTime<Utc>),
) -> sqlx::Result<u64> {
    let result = sqlx::query!(
        "DELETE FROM deliveries
         WHERE (state = 'done' AND finished_at < $1) OR (state = 'dead' AND finished_at < $2)",
        done_before,
        dead_before,
    )
    .execute(tx.connection())
    .await?;
    Ok(result.rows_affected())
}
