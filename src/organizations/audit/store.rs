//! The SQL of the audit log.

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

use crate::{platform::ids, tenancy::TenantTx};

/// What was done to what.
#[derive(Clone, Debug)]
pub struct Event<'a> {
    /// Noun and verb: `repository.added`.
    pub action: &'static str,
    pub subject_kind: &'static str,
    pub subject_id: String,
    pub detail: Value,
    pub at: DateTime<Utc>,
    /// In whose name, where it is not the transaction's actor.
    pub actor_name: Option<&'a str>,
}

/// A line of the log.
#[derive(Clone, Debug, Serialize)]
pub struct Entry {
    pub id: Uuid,
    pub at: DateTime<Utc>,
    pub actor_kind: String,
    pub actor_name: String,
    pub action: String,
    pub subject_kind: String,
    pub subject_id: String,
    pub detail: Value,
}

/// Adds a line, in the name of the transaction's actor.
pub async fn record(tx: &mut TenantTx, event: Event<'_>) -> sqlx::Result<()> {
    let (tenant, actor) = (tx.tenant(), tx.actor().clone());
    sqlx::query!(
        "INSERT INTO audit_log (tenant_id, id, at, actor_kind, actor_id, actor_name, action, subject_kind, subject_id, detail)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        tenant.as_uuid(),
        ids::new(),
        event.at,
        actor.kind(),
        actor.id(),
        event.actor_name.unwrap_or_else(|| actor.name()),
        event.action,
        event.subject_kind,
        event.subject_id,
        event.detail,
    )
    .execute(tx.connection())
    .await
    .map(|_| ())
}

/// Lists the latest lines, newest first, at most so many.
pub async fn list(tx: &mut TenantTx, limit: i64) -> sqlx::Result<Vec<Entry>> {
    sqlx::query_as!(
        Entry,
        "SELECT id, at, actor_kind, actor_name, action, subject_kind, subject_id, detail
         FROM audit_log
         ORDER BY id DESC
         LIMIT $1",
        limit,
    )
    .fetch_all(tx.connection())
    .await
}
