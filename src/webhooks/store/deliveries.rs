//! The SQL that lists deliveries, shows one, and has it tried again.

use chrono::{DateTime, Utc};

use crate::{
    tenancy::TenantTx,
    web::paging::PageRequest,
    webhooks::{
        model::{Delivery, DeliveryId, DeliveryState, HookId},
        packing::unpack,
    },
};

/// Which deliveries to list.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::webhooks) struct DeliveryFilter<'a> {
    pub(in crate::webhooks) state: Option<DeliveryState>,
    pub(in crate::webhooks) event: Option<&'a str>,
    pub(in crate::webhooks) hook: Option<HookId>,
    /// The beginning of GitHub's own name of it.
    pub(in crate::webhooks) guid: Option<&'a str>,
}

/// Lists deliveries, the newest first.
pub(in crate::webhooks) async fn list(
    tx: &mut TenantTx,
    filter: &DeliveryFilter<'_>,
    page: &PageRequest<DeliveryId>,
) -> sqlx::Result<Vec<Delivery>> {
    sqlx::query_as!(
        Delivery,
        r#"SELECT d.id AS "id: DeliveryId", d.hook_id AS "hook: HookId", h.name AS "hook_name?", d.guid, d.event, d.action,
                  nullif(d.lane, 0) AS repository, d.state AS "state: DeliveryState", d.attempts, d.received_at,
                  d.finished_at, CASE WHEN d.state = 'failed' THEN d.run_at END AS run_at, d.remark, d.error,
                  d.error_path, coalesce(d.size, octet_length(d.payload))::bigint AS "bytes!"
           FROM deliveries d
           LEFT JOIN hooks h ON h.tenant_id = d.tenant_id AND h.id = d.hook_id
           WHERE ($1::text IS NULL OR d.state = $1)
             AND ($2::text IS NULL OR d.event = $2)
             AND ($3::uuid IS NULL OR d.hook_id = $3)
             AND ($4::text IS NULL OR starts_with(d.guid, $4))
             AND ($5::uuid IS NULL OR d.id < $5)
           ORDER BY d.id DESC
           LIMIT $6"#,
        filter.state.map(DeliveryState::as_str),
        filter.event,
        filter.hook.map(HookId::as_uuid),
        filter.guid,
        page.after.map(DeliveryId::as_uuid),
        page.fetch(),
    )
    .fetch_all(tx.connection())
    .await
}

pub(in crate::webhooks) async fn find(
    tx: &mut TenantTx,
    id: DeliveryId,
) -> sqlx::Result<Option<Delivery>> {
    sqlx::query_as!(
        Delivery,
        r#"SELECT d.id AS "id: DeliveryId", d.hook_id AS "hook: HookId", h.name AS "hook_name?", d.guid, d.event, d.action,
                  nullif(d.lane, 0) AS repository, d.state AS "state: DeliveryState", d.attempts, d.received_at,
                  d.finished_at, CASE WHEN d.state = 'failed' THEN d.run_at END AS run_at, d.remark, d.error,
                  d.error_path, coalesce(d.size, octet_length(d.payload))::bigint AS "bytes!"
           FROM deliveries d
           LEFT JOIN hooks h ON h.tenant_id = d.tenant_id AND h.id = d.hook_id
           WHERE d.id = $1"#,
        id.as_uuid(),
    )
    .fetch_optional(tx.connection())
    .await
}

pub(in crate::webhooks) async fn payload(
    tx: &mut TenantTx,
    id: DeliveryId,
) -> sqlx::Result<Option<Vec<u8>>> {
    let row = sqlx::query!("SELECT payload, size FROM deliveries WHERE id = $1", id.as_uuid())
        .fetch_optional(tx.connection())
        .await?;
    row.map(|row| unpack(row.payload, row.size)).transpose()
}

/// How many there are of each state; by two indexes, of what has ended and of what waits.
pub(in crate::webhooks) async fn count(
    tx: &mut TenantTx,
) -> sqlx::Result<Vec<(DeliveryState, i64)>> {
    let rows = sqlx::query!(
        r#"SELECT state AS "state!: DeliveryState", count(*) AS "count!"
           FROM deliveries
           WHERE state IN ('done', 'dead')
           GROUP BY state
           UNION ALL
           SELECT state, count(*)
           FROM deliveries
           WHERE state IN ('received', 'failed')
           GROUP BY state"#
    )
    .fetch_all(tx.connection())
    .await?;
    Ok(rows.into_iter().map(|row| (row.state, row.count)).collect())
}

/// The events that there are deliveries of, of which one has ended.
pub(in crate::webhooks) async fn list_events(tx: &mut TenantTx) -> sqlx::Result<Vec<String>> {
    sqlx::query_scalar!(
        "SELECT DISTINCT event FROM deliveries WHERE state IN ('done', 'dead') ORDER BY event LIMIT 100"
    )
    .fetch_all(tx.connection())
    .await
}

/// Has a delivery that ended, or waits for its next try, tried from the beginning. None where it is being
/// worked through, or waits for its first turn.
pub(in crate::webhooks) async fn replay(
    tx: &mut TenantTx,
    id: DeliveryId,
    now: DateTime<Utc>,
) -> sqlx::Result<Option<DeliveryId>> {
    sqlx::query_scalar!(
        r#"UPDATE deliveries
           SET state = 'received', attempts = 0, starts = 0, run_at = $2, finished_at = NULL, remark = NULL
           WHERE id = $1
             AND state <> 'received'
             AND (locked_until IS NULL OR locked_until <= $2)
           RETURNING id AS "id: DeliveryId""#,
        id.as_uuid(),
        now,
    )
    .fetch_optional(tx.connection())
    .await
}

/// The same for all that are dead, at most so many; returns how many.
pub(in crate::webhooks) async fn replay_dead(
    tx: &mut TenantTx,
    most: i64,
    now: DateTime<Utc>,
) -> sqlx::Result<u64> {
    let result = sqlx::query!(
        "UPDATE deliveries d
         SET state = 'received', attempts = 0, starts = 0, run_at = $2, finished_at = NULL, remark = NULL
         FROM (SELECT tenant_id, id FROM deliveries WHERE state = 'dead' ORDER BY id LIMIT $1 FOR UPDATE SKIP LOCKED) AS dead
         WHERE d.tenant_id = dead.tenant_id AND d.id = dead.id",
        most,
        now,
    )
    .execute(tx.connection())
    .await?;
    Ok(result.rows_affected())
}
