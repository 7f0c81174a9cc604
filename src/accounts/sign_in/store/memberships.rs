//! The SQL of who belongs where, by a provider's word or an invitation's.

use chrono::{DateTime, Utc};

use crate::tenancy::{AccountId, Role, SystemTx, TenantId};

/// Whose word it is that somebody belongs: GitHub's, or an issuer's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::accounts::sign_in) enum Voucher<'a> {
    GitHub,
    Issuer(&'a str),
}

impl<'a> Voucher<'a> {
    /// Of whoever is called so among the providers.
    pub(in crate::accounts::sign_in) fn of_provider(provider: &'a str) -> Self {
        if provider.starts_with(super::GITHUB) { Self::GitHub } else { Self::Issuer(provider) }
    }

    /// What it is called in the log.
    pub(in crate::accounts::sign_in) const fn name(self) -> &'a str {
        match self {
            Self::GitHub => "GitHub",
            Self::Issuer(issuer) => issuer,
        }
    }

    const fn columns(self) -> (&'static str, Option<&'a str>) {
        match self {
            Self::GitHub => ("github", None),
            Self::Issuer(issuer) => ("oidc", Some(issuer)),
        }
    }
}

/// Lets one transaction at a time change the members of an organisation; the same row as its own pages lock.
pub(in crate::accounts::sign_in) async fn lock_members(
    tx: &mut SystemTx,
    tenant: TenantId,
) -> sqlx::Result<()> {
    sqlx::query!(
        "SELECT tenant_id FROM organizations WHERE tenant_id = $1 FOR NO KEY UPDATE",
        tenant.as_uuid()
    )
    .fetch_optional(tx.connection())
    .await
    .map(|_| ())
}

/// Makes somebody a member by a provider's word: an owner where there has never been one, else what
/// newcomers become. Where the last owner was put out, a setup link is the way back, not whoever comes next.
/// Somebody whom the same word had put out comes back as what they were; others stay as they are. The role,
/// where anything has changed.
pub(in crate::accounts::sign_in) async fn admit(
    tx: &mut SystemTx,
    tenant: TenantId,
    account: AccountId,
    (voucher, now): (Voucher<'_>, DateTime<Utc>),
) -> sqlx::Result<Option<Role>> {
    let (source, issuer) = voucher.columns();
    sqlx::query_scalar!(
        r#"INSERT INTO memberships (tenant_id, account_id, role, login, name, avatar_url, source, issuer, created_at)
           SELECT o.tenant_id, a.id,
                  CASE WHEN EXISTS (SELECT FROM memberships m
                                    WHERE m.tenant_id = o.tenant_id AND m.role = 'owner')
                       THEN o.default_role ELSE 'owner' END,
                  a.login, a.name, a.avatar_url, $3, $4, $5
           FROM organizations o, accounts a
           WHERE o.tenant_id = $1
             AND a.id = $2
           ON CONFLICT (tenant_id, account_id)
           DO UPDATE SET deactivated_at = NULL, deactivated_by_github = false
           WHERE memberships.deactivated_by_github
             AND memberships.source = excluded.source
             AND memberships.issuer IS NOT DISTINCT FROM excluded.issuer
           RETURNING role AS "role: Role""#,
        tenant.as_uuid(),
        account.as_uuid(),
        source,
        issuer,
        now,
    )
    .fetch_optional(tx.connection())
    .await
}

/// Whether somebody is in by this word alone, and then whether they are the last active owner.
pub(in crate::accounts::sign_in) async fn find_last_owner(
    tx: &mut SystemTx,
    tenant: TenantId,
    account: AccountId,
    voucher: Voucher<'_>,
) -> sqlx::Result<Option<bool>> {
    let (source, issuer) = voucher.columns();
    sqlx::query_scalar!(
        r#"SELECT m.role = 'owner' AND NOT EXISTS (
                      SELECT FROM memberships o
                      WHERE o.tenant_id = m.tenant_id
                        AND o.account_id <> m.account_id
                        AND o.role = 'owner'
                        AND o.deactivated_at IS NULL
                  ) AS "last_owner!"
           FROM memberships m
           WHERE m.tenant_id = $1
             AND m.account_id = $2
             AND m.source = $3
             AND m.issuer IS NOT DISTINCT FROM $4
             AND m.deactivated_at IS NULL"#,
        tenant.as_uuid(),
        account.as_uuid(),
        source,
        issuer,
    )
    .fetch_optional(tx.connection())
    .await
}

/// Deactivates somebody until the word that let them in is given again.
pub(in crate::accounts::sign_in) async fn put_out(
    tx: &mut SystemTx,
    tenant: TenantId,
    account: AccountId,
    now: DateTime<Utc>,
) -> sqlx::Result<()> {
    sqlx::query!(
        "UPDATE memberships SET deactivated_at = $3, deactivated_by_github = true
         WHERE tenant_id = $1
           AND account_id = $2",
        tenant.as_uuid(),
        account.as_uuid(),
        now,
    )
    .execute(tx.connection())
    .await
    .map(|_| ())
}

/// An invitation that made somebody a member by their login.
pub(in crate::accounts::sign_in) struct AcceptedInvitation {
    pub(in crate::accounts::sign_in) id: uuid::Uuid,
    pub(in crate::accounts::sign_in) tenant: TenantId,
    pub(in crate::accounts::sign_in) role: Role,
}

/// Accepts the invitations of a login; each makes a member, or leaves one as they are.
pub(in crate::accounts::sign_in) async fn accept_invitations(
    tx: &mut SystemTx,
    account: AccountId,
    login: &str,
    now: DateTime<Utc>,
) -> sqlx::Result<Vec<AcceptedInvitation>> {
    sqlx::query_as!(
        AcceptedInvitation,
        r#"WITH accepted AS (
             UPDATE invitations SET accepted_at = $3, accepted_by = $1
             WHERE lower(login) = lower($2)
               AND accepted_at IS NULL
               AND revoked_at IS NULL
               AND expires_at > $3
               AND app_invitation_stands(tenant_id, invited_by_id, role)
               AND NOT EXISTS (SELECT FROM memberships m
                               WHERE m.tenant_id = invitations.tenant_id AND m.account_id = $1 AND m.deactivated_at IS NOT NULL)
             RETURNING id, tenant_id, role
         ), joined AS (
             INSERT INTO memberships (tenant_id, account_id, role, login, name, avatar_url, source, created_at)
             SELECT i.tenant_id, a.id, (array_agg(i.role ORDER BY app_rank(i.role) DESC))[1], a.login, a.name, a.avatar_url, 'owner', $3
             FROM accepted i, accounts a
             WHERE a.id = $1
             GROUP BY i.tenant_id, a.id
             ON CONFLICT (tenant_id, account_id) DO NOTHING
             RETURNING tenant_id, role
         )
         SELECT DISTINCT ON (tenant_id) id, tenant_id AS "tenant: TenantId", role AS "role: Role"
         FROM accepted JOIN joined USING (tenant_id, role)
         ORDER BY tenant_id, id"#,
        account.as_uuid(),
        login,
        now,
    )
    .fetch_all(tx.connection())
    .await
}

/// The organisations that somebody is let into, the oldest first.
pub(in crate::accounts::sign_in) async fn list_tenants(
    tx: &mut SystemTx,
    account: AccountId,
) -> sqlx::Result<Vec<TenantId>> {
    sqlx::query_scalar!(
        r#"SELECT m.tenant_id AS "tenant: TenantId"
           FROM memberships m
           JOIN organizations o ON o.tenant_id = m.tenant_id
           WHERE m.account_id = $1
             AND m.deactivated_at IS NULL
           ORDER BY o.created_at, o.tenant_id"#,
        account.as_uuid(),
    )
    .fetch_all(tx.connection())
    .await
}

/// The organisations that somebody is let into by this word.
pub(in crate::accounts::sign_in) async fn list_vouched_for(
    tx: &mut SystemTx,
    account: AccountId,
    voucher: Voucher<'_>,
) -> sqlx::Result<Vec<TenantId>> {
    let (source, issuer) = voucher.columns();
    sqlx::query_scalar!(
        r#"SELECT tenant_id AS "tenant: TenantId"
           FROM memberships
           WHERE account_id = $1
             AND source = $2
             AND issuer IS NOT DISTINCT FROM $3
             AND deactivated_at IS NULL
           ORDER BY tenant_id"#,
        account.as_uuid(),
        source,
        issuer,
    )
    .fetch_all(tx.connection())
    .await
}

/// Ends all of somebody's sessions.
pub(in crate::accounts::sign_in) async fn end_sessions(
    tx: &mut SystemTx,
    account: AccountId,
) -> sqlx::Result<u64> {
    let result = sqlx::query!("DELETE FROM sessions WHERE account_id = $1", account.as_uuid())
        .execute(tx.connection())
        .await?;
    Ok(result.rows_affected())
}

/// Whether somebody belongs anywhere by this word.
pub(in crate::accounts::sign_in) async fn is_vouched_for(
    tx: &mut SystemTx,
    account: AccountId,
    voucher: Voucher<'_>,
) -> sqlx::Result<bool> {
    let (source, issuer) = voucher.columns();
    sqlx::query_scalar!(
        r#"SELECT EXISTS (
               SELECT FROM memberships
               WHERE account_id = $1
                 AND source = $2
                 AND issuer IS NOT DISTINCT FROM $3
                 AND deactivated_at IS NULL
           ) AS "is_vouched_for!""#,
        account.as_uuid(),
        source,
        issuer,
    )
    .fetch_one(tx.connection())
    .await
}
