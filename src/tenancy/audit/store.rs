//! The SQL of writing the audit log, and of the retention of it.

use sqlx::PgConnection;
use uuid::Uuid;

use super::Draft;
use crate::{
    platform::ids,
    tenancy::{
        db::Isolation,
        grant::{AccountId, TenantId},
    },
};

/// Adds entries of the organisation that the transaction is in; the database hangs them on its chain.
pub(super) async fn insert(
    connection: &mut PgConnection,
    drafts: &mut [Draft],
) -> sqlx::Result<()> {
    for draft in drafts {
        let (id, name) = draft.by.person.clone().unzip();
        sqlx::query!(
            "INSERT INTO audit_log (tenant_id, id, at, actor_kind, actor_id, actor_name, person_id, person_name,
                                    action, subject_kind, subject_id, detail, before, after,
                                    address, user_agent, request_id, ordinal, hash)
             VALUES ($1, $2, $3, $4, $5, $6, $7,
                     coalesce(nullif($8, ''), (SELECT name FROM memberships WHERE account_id = $7)),
                     $9, $10, $11, $12, $13, $14, $15, $16, $17, 0, '')",
            draft.tenant.as_uuid(),
            ids::new(),
            draft.at,
            draft.by.kind,
            draft.by.id,
            draft.by.name,
            id,
            name,
            draft.action,
            draft.subject_kind,
            draft.subject_id,
            draft.detail,
            draft.before,
            draft.after,
            draft.origin.address,
            draft.origin.user_agent,
            draft.origin.request_id,
        )
        .execute(&mut *connection)
        .await?;
    }
    Ok(())
}

/// The organisations in the order in which their chains are locked, each once.
pub(super) async fn in_lock_order(
    connection: &mut PgConnection,
    tenants: &[Uuid],
) -> sqlx::Result<Vec<TenantId>> {
    sqlx::query_scalar!(
        r#"SELECT tenant AS "tenant!: TenantId"
           FROM (SELECT DISTINCT tenant FROM unnest($1::uuid[]) AS tenant) AS each
           ORDER BY hashtext(tenant::text), tenant"#,
        tenants,
    )
    .fetch_all(connection)
    .await
}

/// Acts for an organisation without being anybody in it: enough to add to its log.
pub(super) async fn visit(
    connection: &mut PgConnection,
    isolation: Isolation,
    tenant: TenantId,
) -> sqlx::Result<()> {
    sqlx::query!(
        "SELECT set_config('role', $1, true) AS role,
                set_config('app.system', '', true) AS system,
                set_config('app.tenant_id', $2, true) AS tenant",
        isolation.tenant_role(),
        tenant.to_string(),
    )
    .fetch_one(connection)
    .await
    .map(|_| ())
}

/// The organisations that a person belongs to, with the name they have there.
pub(in crate::tenancy) async fn find_members(
    connection: &mut PgConnection,
    account: AccountId,
) -> sqlx::Result<Vec<(TenantId, Option<String>)>> {
    let rows = sqlx::query!(
        r#"SELECT tenant_id AS "tenant: TenantId", name FROM memberships WHERE account_id = $1 AND deactivated_at IS NULL"#,
        account.as_uuid(),
    )
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(|row| (row.tenant, Some(row.name))).collect())
}

/// What a person is called.
pub(in crate::tenancy) async fn find_name(
    connection: &mut PgConnection,
    account: AccountId,
) -> sqlx::Result<Option<String>> {
    sqlx::query_scalar!("SELECT name FROM accounts WHERE id = $1", account.as_uuid())
        .fetch_optional(connection)
        .await
}

/// The server's organisation, where it has exactly one.
pub(in crate::tenancy) async fn find_only(
    connection: &mut PgConnection,
) -> sqlx::Result<Option<TenantId>> {
    let found =
        sqlx::query_scalar!(r#"SELECT tenant_id AS "tenant: TenantId" FROM organizations LIMIT 2"#)
            .fetch_all(connection)
            .await?;
    Ok(<[TenantId; 1]>::try_from(found).ok().map(|[only]| only))
}

/// Moves the beginning of the chain of the organisation that the transaction is in past all that is
/// older than it is kept, and deletes that as the system role. Returns how many entries, up to which.
pub(in crate::tenancy) async fn forget(
    connection: &mut PgConnection,
    isolation: Isolation,
    tenant: TenantId,
) -> sqlx::Result<Option<(u64, i64)>> {
    sqlx::query!("SELECT pg_advisory_xact_lock(20805, hashtext($1))", tenant.to_string())
        .execute(&mut *connection)
        .await?;
    // Only what all before it is too old for goes, so that what stays is one chain.
    let moved = sqlx::query_scalar!(
        "UPDATE audit_chains c
         SET forgotten = l.ordinal, forgotten_hash = l.hash
         FROM audit_log l
         WHERE l.ordinal = (
                 SELECT coalesce(
                     (SELECT min(kept.ordinal) - 1 FROM audit_log kept WHERE kept.at >= now() - make_interval(days => o.audit_keep_days)),
                     (SELECT max(gone.ordinal) FROM audit_log gone)
                 )
                 FROM organizations o
                 WHERE o.audit_keep_days IS NOT NULL
             )
           AND l.ordinal > c.forgotten
         RETURNING c.forgotten"
    )
    .fetch_optional(&mut *connection)
    .await?;
    let Some(through) = moved else { return Ok(None) };
    sqlx::query!(
        "SELECT set_config('role', $1, true) AS role, set_config('app.system', 'on', true) AS system",
        isolation.system_role(),
    )
    .fetch_one(&mut *connection)
    .await?;
    // Which rows these are is the policy's to say: system_forget.
    let gone = sqlx::query!("DELETE FROM audit_log").execute(&mut *connection).await?;
    visit(connection, isolation, tenant).await?;
    Ok(Some((gone.rows_affected(), through)))
}
