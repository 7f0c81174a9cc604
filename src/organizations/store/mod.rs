//! The SQL of organisations and memberships.

use chrono::{DateTime, Utc};

pub(super) mod github_teams;
pub(super) mod invitations;
pub(super) mod members;
pub(super) mod teams;

use super::model::{Membership, Newcomers, OrganizationName, Slug};
use crate::tenancy::{AccountId, Role, SystemTx, TenantId, TenantTx};

/// Adds an organisation; `None` where the slug is taken.
pub async fn insert(
    tx: &mut SystemTx,
    slug: &Slug,
    name: &OrganizationName,
    now: DateTime<Utc>,
) -> sqlx::Result<Option<TenantId>> {
    let id = TenantId::new();
    let result = sqlx::query!(
        "INSERT INTO organizations (tenant_id, slug, name, created_at)
         VALUES ($1, $2, $3, $4)
         ON CONFLICT (slug) DO NOTHING",
        id.as_uuid(),
        slug.as_str(),
        name.as_str(),
        now,
    )
    .execute(tx.connection())
    .await?;
    Ok((result.rows_affected() == 1).then_some(id))
}

/// Finds the organisation that was made first.
pub async fn find_first(tx: &mut SystemTx) -> sqlx::Result<Option<TenantId>> {
    sqlx::query_scalar!(
        r#"SELECT tenant_id AS "id: TenantId" FROM organizations ORDER BY created_at, tenant_id LIMIT 1"#
    )
    .fetch_optional(tx.connection())
    .await
}

/// Finds an organisation's id by its slug.
pub async fn find_slug(tx: &mut SystemTx, slug: &str) -> sqlx::Result<Option<TenantId>> {
    sqlx::query_scalar!(
        r#"SELECT tenant_id AS "id: TenantId" FROM organizations WHERE slug = $1"#,
        slug
    )
    .fetch_optional(tx.connection())
    .await
}

/// Lists slug and name of every organisation.
pub async fn list_all(tx: &mut SystemTx) -> sqlx::Result<Vec<(String, String)>> {
    let rows = sqlx::query!("SELECT slug, name FROM organizations ORDER BY slug")
        .fetch_all(tx.connection())
        .await?;
    Ok(rows.into_iter().map(|row| (row.slug, row.name)).collect())
}

/// Adds a member by a setup link, or gives one another role; somebody deactivated is let in again.
pub async fn add_member(
    tx: &mut SystemTx,
    tenant: TenantId,
    account: AccountId,
    role: Role,
    now: DateTime<Utc>,
) -> sqlx::Result<()> {
    sqlx::query!(
        "INSERT INTO memberships (tenant_id, account_id, role, login, name, source, created_at)
         SELECT $1, id, $3, login, name, 'setup', $4 FROM accounts WHERE id = $2
         ON CONFLICT (tenant_id, account_id)
         DO UPDATE SET role = excluded.role, source = excluded.source, deactivated_at = NULL, deactivated_by_github = false",
        tenant.as_uuid(),
        account.as_uuid(),
        role.as_str(),
        now,
    )
    .execute(tx.connection())
    .await
    .map(|_| ())
}

/// Lists the organisations that a person is let into, by name.
pub async fn list_memberships(
    tx: &mut SystemTx,
    account: AccountId,
) -> sqlx::Result<Vec<Membership>> {
    sqlx::query_as!(
        Membership,
        r#"SELECT o.slug, o.name, m.role AS "role: Role"
           FROM memberships m
           JOIN organizations o ON o.tenant_id = m.tenant_id
           WHERE m.account_id = $1
             AND m.deactivated_at IS NULL
           ORDER BY lower(o.name), o.slug"#,
        account.as_uuid(),
    )
    .fetch_all(tx.connection())
    .await
}

/// Changes the organisation's name.
pub async fn rename(tx: &mut TenantTx, name: &OrganizationName) -> sqlx::Result<()> {
    sqlx::query!("UPDATE organizations SET name = $1", name.as_str())
        .execute(tx.connection())
        .await
        .map(|_| ())
}

/// Whether the organisation lets nobody in without a second factor.
pub(super) async fn is_factor_required(tx: &mut TenantTx) -> sqlx::Result<bool> {
    sqlx::query_scalar!("SELECT requires_factor FROM organizations")
        .fetch_one(tx.connection())
        .await
}

/// Says whether it does.
pub(super) async fn set_factor_required(tx: &mut TenantTx, required: bool) -> sqlx::Result<()> {
    sqlx::query!("UPDATE organizations SET requires_factor = $1", required)
        .execute(tx.connection())
        .await
        .map(|_| ())
}

/// What becomes of people who come by their own.
pub(super) async fn find_newcomers(tx: &mut TenantTx) -> sqlx::Result<Newcomers> {
    sqlx::query_as!(
        Newcomers,
        r#"SELECT github_organizations, default_role AS "default_role: Role" FROM organizations"#
    )
    .fetch_one(tx.connection())
    .await
}

pub(super) async fn set_newcomers(tx: &mut TenantTx, newcomers: &Newcomers) -> sqlx::Result<()> {
    sqlx::query!(
        "UPDATE organizations SET github_organizations = $1, default_role = $2",
        &newcomers.github_organizations,
        newcomers.default_role.as_str(),
    )
    .execute(tx.connection())
    .await
    .map(|_| ())
}
