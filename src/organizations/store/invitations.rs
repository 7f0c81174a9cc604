//! The SQL of invitations: an organisation's own, and those of whoever opens a link.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::{
    organizations::invitations::{Found, Invitation, State, Wish},
    platform::{crypto::SecretHash, ids},
    tenancy::{AccountId, Organization, Role, SystemTx, TenantId, TenantTx},
    web::paging::PageRequest,
};

pub(in crate::organizations) struct NewInvitation<'a> {
    pub(in crate::organizations) wish: &'a Wish,
    pub(in crate::organizations) secret_hash: SecretHash,
    pub(in crate::organizations) invited_by: &'a str,
    pub(in crate::organizations) now: DateTime<Utc>,
    pub(in crate::organizations) expires_at: DateTime<Utc>,
}

pub(in crate::organizations) async fn insert(
    tx: &mut TenantTx,
    new: NewInvitation<'_>,
) -> sqlx::Result<Uuid> {
    let (id, tenant, wish) = (ids::new(), tx.tenant(), new.wish);
    let inviter = tx.person().map(AccountId::as_uuid);
    sqlx::query!(
        "INSERT INTO invitations (tenant_id, id, login, email, role, secret_hash, invited_by, invited_by_id, created_at, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $10, $8, $9)",
        tenant.as_uuid(),
        id,
        wish.login.as_ref().map(crate::github::Login::as_str),
        wish.email,
        wish.role.as_str(),
        new.secret_hash,
        new.invited_by,
        new.now,
        new.expires_at,
        inviter,
    )
    .execute(tx.connection())
    .await?;
    Ok(id)
}

/// Lists invitations, the newest first.
pub(in crate::organizations) async fn list(
    tx: &mut TenantTx,
    page: &PageRequest<Uuid>,
) -> sqlx::Result<Vec<Invitation>> {
    sqlx::query_as!(
        Invitation,
        r#"SELECT id, login, email, role AS "role: Role", invited_by, created_at, expires_at, accepted_at, revoked_at,
                  app_invitation_stands(tenant_id, invited_by_id, role) AS "stands!"
           FROM invitations
           WHERE $1::uuid IS NULL OR id < $1
           ORDER BY id DESC
           LIMIT $2"#,
        page.after,
        page.fetch(),
    )
    .fetch_all(tx.connection())
    .await
}

/// Finds an invitation, for this transaction alone.
pub(in crate::organizations) async fn find(
    tx: &mut TenantTx,
    id: Uuid,
) -> sqlx::Result<Option<Invitation>> {
    sqlx::query_as!(
        Invitation,
        r#"SELECT id, login, email, role AS "role: Role", invited_by, created_at, expires_at, accepted_at, revoked_at,
                  app_invitation_stands(tenant_id, invited_by_id, role) AS "stands!"
           FROM invitations
           WHERE id = $1
           FOR UPDATE"#,
        id,
    )
    .fetch_optional(tx.connection())
    .await
}

pub(in crate::organizations) async fn revoke(
    tx: &mut TenantTx,
    id: Uuid,
    now: DateTime<Utc>,
) -> sqlx::Result<()> {
    sqlx::query!("UPDATE invitations SET revoked_at = $2 WHERE id = $1", id, now)
        .execute(tx.connection())
        .await
        .map(|_| ())
}

pub(in crate::organizations) async fn renew(
    tx: &mut TenantTx,
    id: Uuid,
    secret: &SecretHash,
    (now, expires_at): (DateTime<Utc>, DateTime<Utc>),
) -> sqlx::Result<()> {
    let (name, inviter) = (tx.actor().name().to_owned(), tx.person().map(AccountId::as_uuid));
    sqlx::query!(
        "UPDATE invitations
         SET secret_hash = $2, created_at = $3, expires_at = $4, invited_by = $5, invited_by_id = $6
         WHERE id = $1",
        id,
        secret,
        now,
        expires_at,
        name,
        inviter,
    )
    .execute(tx.connection())
    .await
    .map(|_| ())
}

/// Takes back what is open for a login, and gives the ids.
pub(in crate::organizations) async fn revoke_of_login(
    tx: &mut TenantTx,
    login: &str,
    now: DateTime<Utc>,
) -> sqlx::Result<Vec<Uuid>> {
    sqlx::query_scalar!(
        "UPDATE invitations SET revoked_at = $2
         WHERE lower(login) = lower($1)
           AND accepted_at IS NULL
           AND revoked_at IS NULL
         RETURNING id",
        login,
        now,
    )
    .fetch_all(tx.connection())
    .await
}

/// Lets one transaction at a time try the link with this secret.
pub(in crate::organizations) async fn lock(
    tx: &mut SystemTx,
    secret: &SecretHash,
) -> sqlx::Result<()> {
    sqlx::query!("SELECT id FROM invitations WHERE secret_hash = $1 FOR UPDATE", secret)
        .fetch_optional(tx.connection())
        .await
        .map(|_| ())
}

pub(in crate::organizations) async fn find_by_secret(
    tx: &mut SystemTx,
    secret: &SecretHash,
    now: DateTime<Utc>,
) -> sqlx::Result<Option<Found>> {
    let row = sqlx::query!(
        r#"SELECT i.id, i.tenant_id AS "tenant: TenantId", o.slug, o.name, i.login, i.role AS "role: Role", i.invited_by,
                  i.expires_at, i.accepted_at, i.accepted_by AS "accepted_by: AccountId", i.revoked_at,
                  app_invitation_stands(i.tenant_id, i.invited_by_id, i.role) AS "stands!"
           FROM invitations i
           JOIN organizations o ON o.tenant_id = i.tenant_id
           WHERE i.secret_hash = $1"#,
        secret,
    )
    .fetch_optional(tx.connection())
    .await?;
    Ok(row.map(|row| Found {
        id: row.id,
        organization: Organization { id: row.tenant, slug: row.slug, name: row.name },
        login: row.login,
        role: row.role,
        invited_by: row.invited_by,
        state: State::of((row.accepted_at, row.revoked_at, row.expires_at), row.stands, now),
        accepted_by: row.accepted_by,
    }))
}

/// Whether somebody is let into an organisation; none where they do not belong to it.
pub(in crate::organizations) async fn is_active(
    tx: &mut SystemTx,
    tenant: TenantId,
    account: AccountId,
) -> sqlx::Result<Option<bool>> {
    sqlx::query_scalar!(
        r#"SELECT deactivated_at IS NULL AS "active!" FROM memberships WHERE tenant_id = $1 AND account_id = $2"#,
        tenant.as_uuid(),
        account.as_uuid(),
    )
    .fetch_optional(tx.connection())
    .await
}

/// Uses an invitation up and makes a member by it; false where they belonged before.
pub(in crate::organizations) async fn accept(
    tx: &mut SystemTx,
    found: &Found,
    account: AccountId,
    now: DateTime<Utc>,
) -> sqlx::Result<bool> {
    let tenant = found.organization.id;
    sqlx::query!(
        "UPDATE invitations SET accepted_at = $3, accepted_by = $4 WHERE tenant_id = $1 AND id = $2",
        tenant.as_uuid(),
        found.id,
        now,
        account.as_uuid(),
    )
    .execute(tx.connection())
    .await?;
    let result = sqlx::query!(
        "INSERT INTO memberships (tenant_id, account_id, role, login, name, avatar_url, source, created_at)
         SELECT $1, id, $3, login, name, avatar_url, 'owner', $4 FROM accounts WHERE id = $2
         ON CONFLICT (tenant_id, account_id) DO NOTHING",
        tenant.as_uuid(),
        account.as_uuid(),
        found.role.as_str(),
        now,
    )
    .execute(tx.connection())
    .await?;
    Ok(result.rows_affected() == 1)
}

pub(in crate::organizations) async fn github_logins(
    tx: &mut SystemTx,
    account: AccountId,
) -> sqlx::Result<Vec<String>> {
    sqlx::query_scalar!(
        "SELECT login FROM identities WHERE account_id = $1 AND provider LIKE 'github%'",
        account.as_uuid(),
    )
    .fetch_all(tx.connection())
    .await
}
