//! The SQL of API tokens.
#![expect(
    clippy::as_conversions,
    reason = "`as` in a query's arguments is how sqlx is told their type; it converts nothing"
)]

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::{NewToken, Token, TokenFilter};
use crate::{
    platform::{crypto::SecretHash, ids},
    tenancy::{AccountId, Role, SystemTx, TenantTx, TokenScope},
    web::paging::PageRequest,
};

pub(super) async fn insert(
    tx: &mut TenantTx,
    token: &NewToken<'_>,
    (hash, hint): (&SecretHash, &str),
    now: DateTime<Utc>,
) -> sqlx::Result<Uuid> {
    let (id, tenant) = (ids::new(), tx.tenant());
    sqlx::query!(
        "INSERT INTO api_tokens (tenant_id, id, name, role, scope, account_id, token_hash, hint, created_at, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        tenant.as_uuid(),
        id,
        token.name.as_str(),
        token.role.as_str(),
        token.scope.as_str(),
        token.person.map(AccountId::as_uuid),
        hash,
        hint,
        now,
        token.expires_at,
    )
    .execute(tx.connection())
    .await?;
    Ok(id)
}

/// Lists tokens, the newest first.
pub(super) async fn list(
    tx: &mut TenantTx,
    filter: &TokenFilter<'_>,
    now: DateTime<Utc>,
    page: &PageRequest<Uuid>,
) -> sqlx::Result<Vec<Token>> {
    sqlx::query_as!(
        Token,
        r#"SELECT t.id, t.name, t.hint, t.scope AS "scope: TokenScope", t.role AS "role: Role",
                  t.account_id AS "account: AccountId", m.login AS "login?", m.name AS "person?", t.created_at,
                  t.last_used_at, t.expires_at, t.revoked_at
           FROM api_tokens t
           LEFT JOIN memberships m ON m.tenant_id = t.tenant_id AND m.account_id = t.account_id
           WHERE ($1::uuid IS NULL OR t.account_id = $1)
             AND ($2::text IS NULL OR strpos(lower(concat_ws(' ', t.name, m.login, m.name)), lower($2)) > 0 OR t.hint = $2)
             AND ($3::boolean IS NULL OR (t.revoked_at IS NULL AND coalesce(t.expires_at > $4, true)) = $3)
             AND ($5::uuid IS NULL OR t.id < $5)
           ORDER BY t.id DESC
           LIMIT $6"#,
        filter.account.map(AccountId::as_uuid) as Option<Uuid>,
        filter.text,
        filter.is_active,
        now,
        page.after,
        page.fetch(),
    )
    .fetch_all(tx.connection())
    .await
}

pub(super) async fn find(tx: &mut TenantTx, id: Uuid) -> sqlx::Result<Option<Token>> {
    sqlx::query_as!(
        Token,
        r#"SELECT t.id, t.name, t.hint, t.scope AS "scope: TokenScope", t.role AS "role: Role",
                  t.account_id AS "account: AccountId", m.login AS "login?", m.name AS "person?", t.created_at,
                  t.last_used_at, t.expires_at, t.revoked_at
           FROM api_tokens t
           LEFT JOIN memberships m ON m.tenant_id = t.tenant_id AND m.account_id = t.account_id
           WHERE t.id = $1"#,
        id,
    )
    .fetch_optional(tx.connection())
    .await
}

/// A token, kept from other changes until the transaction ends.
pub(super) async fn lock(tx: &mut TenantTx, id: Uuid) -> sqlx::Result<Option<Token>> {
    sqlx::query_as!(
        Token,
        r#"SELECT t.id, t.name, t.hint, t.scope AS "scope: TokenScope", t.role AS "role: Role",
                  t.account_id AS "account: AccountId", m.login AS "login?", m.name AS "person?", t.created_at,
                  t.last_used_at, t.expires_at, t.revoked_at
           FROM api_tokens t
           LEFT JOIN memberships m ON m.tenant_id = t.tenant_id AND m.account_id = t.account_id
           WHERE t.id = $1
           FOR UPDATE OF t"#,
        id,
    )
    .fetch_optional(tx.connection())
    .await
}

/// Counts the tokens of a person that work.
pub(super) async fn count_active(
    tx: &mut TenantTx,
    person: AccountId,
    now: DateTime<Utc>,
) -> sqlx::Result<i64> {
    sqlx::query_scalar!(
        r#"SELECT count(*) AS "count!"
           FROM api_tokens
           WHERE account_id = $1
             AND revoked_at IS NULL
             AND (expires_at IS NULL OR expires_at > $2)"#,
        person.as_uuid(),
        now,
    )
    .fetch_one(tx.connection())
    .await
}

pub(super) async fn revoke(tx: &mut TenantTx, id: Uuid, now: DateTime<Utc>) -> sqlx::Result<()> {
    sqlx::query!("UPDATE api_tokens SET revoked_at = $2 WHERE id = $1", id, now)
        .execute(tx.connection())
        .await
        .map(|_| ())
}

/// Deletes the tokens that were revoked or expired before a time.
pub(super) async fn delete_ended(tx: &mut SystemTx, before: DateTime<Utc>) -> sqlx::Result<u64> {
    let result =
        sqlx::query!("DELETE FROM api_tokens WHERE least(revoked_at, expires_at) < $1", before)
            .execute(tx.connection())
            .await?;
    Ok(result.rows_affected())
}
