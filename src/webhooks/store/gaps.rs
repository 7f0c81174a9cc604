//! The SQL of the ledger of gaps.

use chrono::{DateTime, Utc};

use crate::{
    tenancy::{SystemTx, TenantTx},
    web::paging::PageRequest,
    webhooks::{
        model::HookId,
        recovery::{
            GapId,
            missed::{Gap, GapReason},
        },
    },
};

/// When it was noted last that the server is there, by whichever process.
pub(in crate::webhooks) async fn find_beat(
    tx: &mut SystemTx,
) -> sqlx::Result<Option<DateTime<Utc>>> {
    sqlx::query_scalar!("SELECT at FROM receiver_beats WHERE receiver = 'webhooks'")
        .fetch_optional(tx.connection())
        .await
}

/// Notes that the server is there. Another process may have been there since.
pub(in crate::webhooks) async fn beat(tx: &mut SystemTx, now: DateTime<Utc>) -> sqlx::Result<()> {
    sqlx::query!(
        "INSERT INTO receiver_beats (receiver, at) VALUES ('webhooks', $1)
         ON CONFLICT (receiver) DO UPDATE SET at = greatest(receiver_beats.at, excluded.at)",
        now,
    )
    .execute(tx.connection())
    .await
    .map(|_| ())
}

/// Opens a gap: of a hook, or of the server.
pub(in crate::webhooks) async fn insert(
    tx: &mut TenantTx,
    (id, hook): (GapId, Option<HookId>),
    reason: GapReason,
    (began_at, ended_at): (DateTime<Utc>, DateTime<Utc>),
) -> sqlx::Result<()> {
    let tenant = tx.tenant();
    sqlx::query!(
        "INSERT INTO gaps (tenant_id, id, hook_id, reason, began_at, ended_at)
         VALUES ($1, $2, $3, $4, $5, $6)",
        tenant.as_uuid(),
        id.as_uuid(),
        hook.map(HookId::as_uuid),
        reason.as_str(),
        began_at,
        ended_at,
    )
    .execute(tx.connection())
    .await
    .map(|_| ())
}

/// The gap of one of the server's reasons that has a part of a time in it.
pub(in crate::webhooks) async fn find_of_server(
    tx: &mut TenantTx,
    reason: GapReason,
    (since, until): (DateTime<Utc>, DateTime<Utc>),
) -> sqlx::Result<Option<GapId>> {
    sqlx::query_scalar!(
        r#"SELECT id AS "id: GapId"
           FROM gaps
           WHERE reason = $1
             AND began_at < $3
             AND ended_at > $2
           ORDER BY id DESC
           LIMIT 1"#,
        reason.as_str(),
        since,
        until,
    )
    .fetch_optional(tx.connection())
    .await
}

/// The gap that something falls into which a hook missed: a time in which the server took nothing, with five
/// minutes about it, else one of the hook's that is open or so near.
pub(in crate::webhooks) async fn find_around(
    tx: &mut TenantTx,
    hook: HookId,
    (first, last): (DateTime<Utc>, DateTime<Utc>),
) -> sqlx::Result<Option<GapId>> {
    sqlx::query_scalar!(
        r#"SELECT id AS "id: GapId"
           FROM gaps
           WHERE (hook_id IS NULL OR hook_id = $1)
             AND ((began_at <= $3::timestamptz + interval '5 minutes' AND ended_at >= $2::timestamptz - interval '5 minutes')
                  OR (hook_id = $1 AND whole_at IS NULL))
           ORDER BY hook_id IS NOT NULL, id DESC
           LIMIT 1
           FOR UPDATE"#,
        hook.as_uuid(),
        first,
        last,
    )
    .fetch_optional(tx.connection())
    .await
}

/// Has a gap reach so far, and opens it again.
pub(in crate::webhooks) async fn widen(
    tx: &mut TenantTx,
    id: GapId,
    (first, last): (DateTime<Utc>, DateTime<Utc>),
) -> sqlx::Result<()> {
    sqlx::query!(
        "UPDATE gaps SET began_at = least(began_at, $2), ended_at = greatest(ended_at, $3), whole_at = NULL WHERE id = $1",
        id.as_uuid(),
        first,
        last,
    )
    .execute(tx.connection())
    .await
    .map(|_| ())
}

/// Closes the gaps of which nothing is out: a time in which the server took nothing only once the logs of all
/// hooks have been read past it, of which there has to be one.
pub(in crate::webhooks) async fn close(tx: &mut TenantTx, now: DateTime<Utc>) -> sqlx::Result<u64> {
    let closed = sqlx::query!(
        "WITH watched AS (
             SELECT created_at, swept_through FROM hooks
             WHERE revoked_at IS NULL AND connection_id IS NOT NULL AND (app_id IS NOT NULL OR github_id IS NOT NULL)
         )
         UPDATE gaps g SET whole_at = $1
         WHERE g.whole_at IS NULL
           AND NOT EXISTS (SELECT FROM missed_deliveries m
                           WHERE m.tenant_id = g.tenant_id AND m.gap_id = g.id AND m.came_at IS NULL AND m.lost IS NULL)
           AND (g.reason = 'missed'
                OR (EXISTS (SELECT FROM watched)
                    AND NOT EXISTS (SELECT FROM watched w
                                    WHERE w.created_at < g.ended_at AND (w.swept_through IS NULL OR w.swept_through < g.ended_at))))",
        now,
    )
    .execute(tx.connection())
    .await?;
    Ok(closed.rows_affected())
}

/// Lists the gaps with what became of what was missed in them; the newest first.
pub(in crate::webhooks) async fn list(
    tx: &mut TenantTx,
    page: &PageRequest<GapId>,
) -> sqlx::Result<Vec<Gap>> {
    sqlx::query_as!(
        Gap,
        r#"SELECT g.id AS "id: GapId", h.name AS "hook_name?", g.reason AS "reason: GapReason",
                  g.began_at, g.ended_at, g.whole_at, m.missed AS "missed!", m.redelivered AS "redelivered!",
                  m.read AS "read!", m.lost AS "lost!"
           FROM gaps g
           LEFT JOIN hooks h ON h.tenant_id = g.tenant_id AND h.id = g.hook_id
           CROSS JOIN LATERAL (
               SELECT count(*) AS missed, count(*) FILTER (WHERE way = 'redelivered') AS redelivered,
                      count(*) FILTER (WHERE way = 'read') AS read, count(*) FILTER (WHERE lost IS NOT NULL) AS lost
               FROM missed_deliveries d
               WHERE d.tenant_id = g.tenant_id AND d.gap_id = g.id
           ) m
           WHERE $1::uuid IS NULL OR g.id < $1
           ORDER BY g.id DESC
           LIMIT $2"#,
        page.after.map(GapId::as_uuid),
        page.fetch(),
    )
    .fetch_all(tx.connection())
    .await
}

/// Deletes the gaps that have been whole since before the one time, with what was missed in them; before the
/// other time, also those of which something is lost or still out. Returns how many.
pub(in crate::webhooks) async fn delete_old(
    tx: &mut TenantTx,
    (whole_before, ended_before): (DateTime<Utc>, DateTime<Utc>),
) -> sqlx::Result<u64> {
    let deleted = sqlx::query!(
        "DELETE FROM gaps g
         WHERE g.ended_at < $2
            OR (g.whole_at < $1
                AND NOT EXISTS (SELECT FROM missed_deliveries m
                                WHERE m.tenant_id = g.tenant_id AND m.gap_id = g.id AND m.lost IS NOT NULL))",
        whole_before,
        ended_before,
    )
    .execute(tx.connection())
    .await?;
    Ok(deleted.rows_affected())
}
