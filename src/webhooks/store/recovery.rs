//! The SQL of hooks whose logs are read, and of what was missed.

use std::collections::HashSet;

use chrono::{DateTime, Utc};

use crate::{
    connections::ConnectionId,
    tenancy::TenantTx,
    webhooks::{
        model::HookId,
        recovery::{
            GapId,
            gaps_page::Trouble,
            missed::{Became, Found, Missed, Watched},
        },
    },
};

/// Whether a hook counted then; keeps whoever asks the same meanwhile waiting until this transaction ends.
pub(in crate::webhooks) async fn lock_any_hook(
    tx: &mut TenantTx,
    at: DateTime<Utc>,
) -> sqlx::Result<bool> {
    let found = sqlx::query_scalar!(
        "SELECT id FROM hooks WHERE revoked_at IS NULL AND created_at < $1 ORDER BY id LIMIT 1 FOR NO KEY UPDATE",
        at,
    )
    .fetch_optional(tx.connection())
    .await?;
    Ok(found.is_some())
}

/// Takes the hooks whose logs are due, and has them due again later; at a start, those as well that were
/// read before `fresh` only.
pub(in crate::webhooks) async fn take_due(
    tx: &mut TenantTx,
    (now, next): (DateTime<Utc>, DateTime<Utc>),
    fresh: Option<DateTime<Utc>>,
) -> sqlx::Result<Vec<HookId>> {
    sqlx::query_scalar!(
        r#"UPDATE hooks SET sweep_due_at = $2
           WHERE revoked_at IS NULL AND connection_id IS NOT NULL AND (app_id IS NOT NULL OR github_id IS NOT NULL)
             AND (sweep_due_at IS NULL OR sweep_due_at <= $1 OR swept_at < $3)
           RETURNING id AS "id: HookId""#,
        now,
        next,
        fresh,
    )
    .fetch_all(tx.connection())
    .await
}

/// Has a hook's log read again then; with why it could not be read, if so.
pub(in crate::webhooks) async fn set_due(
    tx: &mut TenantTx,
    hook: HookId,
    error: Option<&str>,
    due: DateTime<Utc>,
) -> sqlx::Result<()> {
    sqlx::query!(
        "UPDATE hooks SET sweep_error = $2, sweep_due_at = $3 WHERE id = $1",
        hook.as_uuid(),
        error,
        due,
    )
    .execute(tx.connection())
    .await
    .map(|_| ())
}

pub(in crate::webhooks) async fn find_watched(
    tx: &mut TenantTx,
    hook: HookId,
) -> sqlx::Result<Option<Watched>> {
    sqlx::query_as!(
        Watched,
        r#"SELECT h.id AS "hook: HookId", h.connection_id AS "connection!: ConnectionId", h.app_id IS NOT NULL AS "is_app!",
                  coalesce(r.full_name, h.full_name) AS full_name, h.github_id, h.created_at, h.heard_at, h.swept_through
           FROM hooks h
           LEFT JOIN repositories r ON r.tenant_id = h.tenant_id AND r.id = h.repository_id
           WHERE h.id = $1 AND h.revoked_at IS NULL AND h.connection_id IS NOT NULL"#,
        hook.as_uuid(),
    )
    .fetch_optional(tx.connection())
    .await
}

/// Notes how far a hook's log was read, and when.
pub(in crate::webhooks) async fn set_swept(
    tx: &mut TenantTx,
    hook: HookId,
    (through, at): (DateTime<Utc>, DateTime<Utc>),
) -> sqlx::Result<()> {
    sqlx::query!(
        "UPDATE hooks SET swept_through = $2, swept_at = $3 WHERE id = $1",
        hook.as_uuid(),
        through,
        at,
    )
    .execute(tx.connection())
    .await
    .map(|_| ())
}

/// Those of these that the inbox has.
pub(in crate::webhooks) async fn list_stored(
    tx: &mut TenantTx,
    hook: HookId,
    guids: &[String],
) -> sqlx::Result<HashSet<String>> {
    let stored = sqlx::query_scalar!(
        "SELECT guid FROM deliveries WHERE hook_id = $1 AND guid = ANY ($2)",
        hook.as_uuid(),
        guids,
    )
    .fetch_all(tx.connection())
    .await?;
    Ok(stored.into_iter().collect())
}

/// Writes down what was missed in a gap; returns how many were not known. Of one that is known and did not
/// come yet, the attempt that was found first stays.
pub(in crate::webhooks) async fn insert_missed(
    tx: &mut TenantTx,
    (hook, gap): (HookId, GapId),
    found: &[Found],
) -> sqlx::Result<u64> {
    let tenant = tx.tenant();
    let column =
        |of: fn(&Found) -> &String| -> Vec<String> { found.iter().map(of).cloned().collect() };
    let inserted = sqlx::query!(
        "INSERT INTO missed_deliveries (tenant_id, hook_id, guid, attempt, event, delivered_at, gap_id)
         SELECT $1, $2, guid, attempt, event, at, $3
         FROM UNNEST($4::text[], $5::bigint[], $6::text[], $7::timestamptz[]) AS new (guid, attempt, event, at)
         ON CONFLICT (tenant_id, hook_id, guid) DO NOTHING",
        tenant.as_uuid(),
        hook.as_uuid(),
        gap.as_uuid(),
        &column(|found| &found.guid),
        &found.iter().map(|found| found.attempt).collect::<Vec<_>>(),
        &column(|found| &found.event),
        &found.iter().map(|found| found.delivered_at).collect::<Vec<_>>(),
    )
    .execute(tx.connection())
    .await?;
    Ok(inserted.rows_affected())
}

/// Those that did not come back yet, the oldest first, behind one of them.
pub(in crate::webhooks) async fn list_out(
    tx: &mut TenantTx,
    hook: HookId,
    behind: Option<&Missed>,
    most: i64,
) -> sqlx::Result<Vec<Missed>> {
    sqlx::query_as!(
        Missed,
        "SELECT guid, attempt, event, delivered_at, asked_at
         FROM missed_deliveries
         WHERE hook_id = $1 AND came_at IS NULL AND lost IS NULL
           AND ($2::timestamptz IS NULL OR (delivered_at, guid) > ($2, $3))
         ORDER BY delivered_at, guid
         LIMIT $4",
        hook.as_uuid(),
        behind.map(|missed| missed.delivered_at),
        behind.map(|missed| missed.guid.as_str()),
        most,
    )
    .fetch_all(tx.connection())
    .await
}

/// Notes those as come that the inbox has by now.
pub(in crate::webhooks) async fn set_came_by_themselves(
    tx: &mut TenantTx,
    hook: HookId,
    now: DateTime<Utc>,
) -> sqlx::Result<()> {
    sqlx::query!(
        "UPDATE missed_deliveries m SET came_at = $2, way = 'redelivered'
         WHERE m.hook_id = $1 AND m.came_at IS NULL AND m.lost IS NULL
           AND EXISTS (SELECT FROM deliveries d
                       WHERE d.tenant_id = m.tenant_id AND d.hook_id = m.hook_id AND d.guid = m.guid)",
        hook.as_uuid(),
        now,
    )
    .execute(tx.connection())
    .await
    .map(|_| ())
}

/// Notes what became of one that had not come until now.
pub(in crate::webhooks) async fn set_became(
    tx: &mut TenantTx,
    (hook, guid): (HookId, &str),
    became: Became,
    now: DateTime<Utc>,
) -> sqlx::Result<()> {
    let (asked_at, came_at, lost) = match became {
        Became::Asked => (Some(now), None, None),
        Became::Read => (None, Some(now), None),
        Became::Lost(why) => (None, None, Some(why)),
    };
    sqlx::query!(
        "UPDATE missed_deliveries
         SET asked_at = coalesce($3, asked_at), came_at = $4, way = CASE WHEN $4::timestamptz IS NOT NULL THEN 'read' END,
             lost = $5
         WHERE hook_id = $1 AND guid = $2 AND came_at IS NULL",
        hook.as_uuid(),
        guid,
        asked_at,
        came_at,
        lost,
    )
    .execute(tx.connection())
    .await
    .map(|_| ())
}

/// Why logs could not be read last, by the names of their hooks; at most 20.
pub(in crate::webhooks) async fn list_troubles(tx: &mut TenantTx) -> sqlx::Result<Vec<Trouble>> {
    sqlx::query_as!(
        Trouble,
        r#"SELECT name AS hook, sweep_error AS "words!"
           FROM hooks
           WHERE revoked_at IS NULL AND sweep_error IS NOT NULL
           ORDER BY lower(name), id
           LIMIT 20"#
    )
    .fetch_all(tx.connection())
    .await
}

/// Whether there is a hook whose log cannot be read, for want of a connection.
pub(in crate::webhooks) async fn has_unwatched(tx: &mut TenantTx) -> sqlx::Result<bool> {
    sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM hooks
                          WHERE revoked_at IS NULL
                            AND (connection_id IS NULL OR (app_id IS NULL AND github_id IS NULL))) AS "has!""#
    )
    .fetch_one(tx.connection())
    .await
}
