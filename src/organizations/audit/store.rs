//! The SQL of reading the audit log.
#![expect(
    clippy::as_conversions,
    reason = "`as` in a query's arguments is how sqlx is told their type; it converts nothing"
)]

use uuid::Uuid;

use super::model::{AuditFilter, Entry, EntryKey};
use crate::{tenancy::TenantTx, web::paging::PageRequest};

/// Lists the latest lines, newest first, at most so many.
pub async fn list(tx: &mut TenantTx, limit: i64) -> sqlx::Result<Vec<Entry>> {
    read(tx, &AuditFilter::default(), None, limit).await
}

/// Lists the lines that a filter leaves, newest first, a page at a time.
pub async fn list_page(
    tx: &mut TenantTx,
    filter: &AuditFilter,
    page: &PageRequest<EntryKey>,
) -> sqlx::Result<Vec<Entry>> {
    read(tx, filter, page.after, page.fetch()).await
}

/// Lists lines older than one, newest first.
pub(super) async fn read(
    tx: &mut TenantTx,
    filter: &AuditFilter,
    after: Option<EntryKey>,
    limit: i64,
) -> sqlx::Result<Vec<Entry>> {
    sqlx::query_as!(
        Entry,
        "SELECT id, ordinal, at, actor_kind, actor_id, actor_name, person_id, person_name, action, subject_kind,
                subject_id, detail, before, after, address, user_agent, request_id
         FROM audit_log
         WHERE ($1::bigint IS NULL OR ordinal < $1)
           AND ($2::uuid IS NULL OR actor_id = $2 OR person_id = $2)
           AND ($3::text IS NULL OR actor_kind = $3)
           AND ($4::text IS NULL OR action = $4)
           AND ($5::text IS NULL OR subject_kind = $5)
           AND ($6::text IS NULL
                OR strpos(lower(concat_ws(' ', actor_name, person_name, action, subject_id, detail, before, after,
                                          address, user_agent, request_id)), lower($6)) > 0)
           AND ($7::timestamptz IS NULL OR at >= $7)
           AND ($8::timestamptz IS NULL OR at < $8)
         ORDER BY ordinal DESC
         LIMIT $9",
        after.map(|key| key.ordinal),
        filter.actor as Option<Uuid>,
        filter.actor_kind.as_deref(),
        filter.action.as_deref(),
        filter.subject_kind.as_deref(),
        filter.text.as_deref(),
        filter.from,
        filter.until,
        limit,
    )
    .fetch_all(tx.connection())
    .await
}

/// Lists the tokens by name, at most 200.
pub(super) async fn list_tokens(tx: &mut TenantTx) -> sqlx::Result<Vec<(Uuid, String)>> {
    let rows = sqlx::query!("SELECT id, name FROM api_tokens ORDER BY lower(name), id LIMIT 200")
        .fetch_all(tx.connection())
        .await?;
    Ok(rows.into_iter().map(|row| (row.id, row.name)).collect())
}

/// After how many days entries are deleted; none where they are kept for ever.
pub(super) async fn find_keep_days(tx: &mut TenantTx) -> sqlx::Result<Option<i32>> {
    sqlx::query_scalar!("SELECT audit_keep_days FROM organizations")
        .fetch_one(tx.connection())
        .await
}

pub(super) async fn set_keep_days(tx: &mut TenantTx, days: Option<i32>) -> sqlx::Result<()> {
    sqlx::query!("UPDATE organizations SET audit_keep_days = $1", days)
        .execute(tx.connection())
        .await
        .map(|_| ())
}
