//! The SQL of branches and tags.

use chrono::{DateTime, Utc};
use sqlx::types::Json;

use crate::{
    tenancy::TenantTx,
    tracker::{
        apply::Home,
        oid::HexOid,
        refs::{NewRef, Push, RefKind, Stand},
    },
};

/// Where a reference stands.
pub(in crate::tracker) async fn find_ref(
    tx: &mut TenantTx,
    home: &Home,
    (kind, name): (RefKind, &str),
) -> sqlx::Result<Option<Stand>> {
    sqlx::query_as!(
        Stand,
        "SELECT encode(head, 'hex') AS head, encode(was, 'hex') AS was, told_at
         FROM refs
         WHERE repository_id = $1 AND kind = $2 AND name = $3",
        home.repository.as_uuid(),
        kind.as_str(),
        name,
    )
    .fetch_optional(tx.connection())
    .await
}

/// Writes where a push brought its reference.
pub(in crate::tracker) async fn set_ref(
    tx: &mut TenantTx,
    home: &Home,
    push: &Push,
) -> sqlx::Result<()> {
    let tenant = tx.tenant();
    sqlx::query!(
        "INSERT INTO refs (tenant_id, repository_id, kind, name, was, head, told_at)
         VALUES ($1, $2, $3, $4, decode($5, 'hex'), decode($6, 'hex'), $7)
         ON CONFLICT (tenant_id, repository_id, kind, name) DO UPDATE
         SET was = excluded.was, head = excluded.head, told_at = excluded.told_at",
        tenant.as_uuid(),
        home.repository.as_uuid(),
        push.kind.as_str(),
        push.name,
        push.before.as_ref().map(HexOid::hex),
        push.after.as_ref().map(HexOid::hex),
        push.at,
    )
    .execute(tx.connection())
    .await
    .map(|_| ())
}

/// Writes where references stood when GitHub was asked, but for what was pushed after; whether one stands
/// elsewhere than before.
pub(in crate::tracker) async fn upsert_refs(
    tx: &mut TenantTx,
    home: &Home,
    refs: &[NewRef],
    asked_at: DateTime<Utc>,
) -> sqlx::Result<bool> {
    let tenant = tx.tenant();
    // What was known is read as it stood before the statement.
    sqlx::query_scalar!(
        r#"WITH new AS (
               SELECT kind, name, head FROM jsonb_to_recordset($3) AS n (kind text, name text, head bytea)
           ),
           written AS (
               INSERT INTO refs (tenant_id, repository_id, kind, name, head, told_at)
               SELECT $1, $2, kind, name, head, $4 FROM new
               ON CONFLICT (tenant_id, repository_id, kind, name) DO UPDATE
               SET head = excluded.head, was = NULL, told_at = excluded.told_at
               WHERE refs.told_at IS NULL OR refs.told_at <= excluded.told_at
               RETURNING kind, name, head
           )
           SELECT EXISTS (
               SELECT FROM written w
               LEFT JOIN refs k ON k.repository_id = $2 AND k.kind = w.kind AND k.name = w.name
               WHERE k.head IS DISTINCT FROM w.head
           ) AS "moved!""#,
        tenant.as_uuid(),
        home.repository.as_uuid(),
        Json(refs) as _,
        asked_at,
    )
    .fetch_one(tx.connection())
    .await
}

/// Writes that the references of a kind but those with these names were gone when GitHub was asked; whether
/// there was one.
pub(in crate::tracker) async fn end_other_refs(
    tx: &mut TenantTx,
    home: &Home,
    (kind, names): (RefKind, &[String]),
    asked_at: DateTime<Utc>,
) -> sqlx::Result<bool> {
    let result = sqlx::query!(
        "UPDATE refs r
         SET head = NULL, was = NULL, told_at = $4
         WHERE r.repository_id = $1
           AND r.kind = $2
           AND r.head IS NOT NULL
           AND (r.told_at IS NULL OR r.told_at <= $4)
           AND NOT EXISTS (SELECT FROM UNNEST($3::text[]) AS kept (name) WHERE kept.name = r.name)",
        home.repository.as_uuid(),
        kind.as_str(),
        names,
        asked_at,
    )
    .execute(tx.connection())
    .await?;
    Ok(result.rows_affected() > 0)
}
