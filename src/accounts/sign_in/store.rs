//! The SQL of signing in by a provider's word.

use chrono::{DateTime, Utc};

use super::providers::GitHub;
use crate::{
    github::Login,
    platform::crypto::SecretHash,
    tenancy::{AccountId, Role, SystemTx, TenantId},
};

/// The one provider there is so far.
pub(super) const GITHUB: &str = "github";

pub(super) struct NewAttempt<'a> {
    pub(super) state: SecretHash,
    pub(super) browser: SecretHash,
    pub(super) provider: &'a str,
    pub(super) sealed: String,
    pub(super) next: &'a str,
    pub(super) account: Option<AccountId>,
    pub(super) now: DateTime<Utc>,
    pub(super) expires_at: DateTime<Utc>,
}

pub(super) async fn insert_attempt(tx: &mut SystemTx, attempt: NewAttempt<'_>) -> sqlx::Result<()> {
    sqlx::query!(
        "INSERT INTO sign_in_attempts (state_hash, browser_hash, provider, sealed, next, account_id, created_at, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        attempt.state,
        attempt.browser,
        attempt.provider,
        attempt.sealed,
        attempt.next,
        attempt.account.map(AccountId::as_uuid),
        attempt.now,
        attempt.expires_at,
    )
    .execute(tx.connection())
    .await
    .map(|_| ())
}

pub(super) struct UsedAttempt {
    pub(super) browser_hash: Vec<u8>,
    pub(super) sealed: String,
    pub(super) next: String,
    pub(super) account: Option<AccountId>,
    pub(super) expires_at: DateTime<Utc>,
}

/// Uses an attempt up; none where there is none, or it has been used.
pub(super) async fn use_attempt(
    tx: &mut SystemTx,
    state: &SecretHash,
    now: DateTime<Utc>,
) -> sqlx::Result<Option<UsedAttempt>> {
    sqlx::query_as!(
        UsedAttempt,
        r#"UPDATE sign_in_attempts SET used_at = $2
           WHERE state_hash = $1
             AND used_at IS NULL
           RETURNING browser_hash, sealed, next, account_id AS "account: AccountId", expires_at"#,
        state,
        now,
    )
    .fetch_optional(tx.connection())
    .await
}

pub(super) async fn delete_old_attempts(
    tx: &mut SystemTx,
    now: DateTime<Utc>,
) -> sqlx::Result<u64> {
    let result = sqlx::query!("DELETE FROM sign_in_attempts WHERE expires_at <= $1", now)
        .execute(tx.connection())
        .await?;
    Ok(result.rows_affected())
}

/// An organisation that GitHub's word may open.
#[derive(Clone, Debug)]
pub(super) struct Door {
    pub(super) tenant: TenantId,
    /// Of its own settings.
    own: Vec<String>,
    /// Whether those of the configuration count here too.
    is_first: bool,
}

impl Door {
    pub(super) fn github_organizations(&self, github: &GitHub) -> Vec<Login> {
        let configured = github.allowed.iter().filter(|_| self.is_first).cloned();
        let mut all: Vec<Login> = configured.collect();
        for name in self.own.iter().filter_map(|name| Login::parse(name).ok()) {
            if !all.contains(&name) {
                all.push(name);
            }
        }
        all
    }
}

/// The organisations by age; at most 100 are asked for.
pub(super) async fn list_doors(tx: &mut SystemTx) -> sqlx::Result<Vec<Door>> {
    sqlx::query_as!(
        Door,
        r#"SELECT tenant_id AS "tenant: TenantId", github_organizations AS own,
                  row_number() OVER (ORDER BY created_at, tenant_id) = 1 AS "is_first!"
           FROM organizations
           ORDER BY created_at, tenant_id
           LIMIT 100"#,
    )
    .fetch_all(tx.connection())
    .await
}

pub(super) async fn find_identity(
    tx: &mut SystemTx,
    provider: &str,
    subject: &str,
) -> sqlx::Result<Option<AccountId>> {
    sqlx::query_scalar!(
        r#"SELECT account_id AS "account: AccountId" FROM identities WHERE provider = $1 AND subject = $2"#,
        provider,
        subject,
    )
    .fetch_optional(tx.connection())
    .await
}

pub(super) struct NewIdentity<'a> {
    pub(super) provider: &'a str,
    pub(super) subject: &'a str,
    pub(super) account: AccountId,
    pub(super) login: &'a str,
    /// Sealed.
    pub(super) token: Option<String>,
    pub(super) now: DateTime<Utc>,
}

/// Adds an identity, or notes that it was used again.
pub(super) async fn put_identity(tx: &mut SystemTx, identity: NewIdentity<'_>) -> sqlx::Result<()> {
    sqlx::query!(
        "INSERT INTO identities (provider, subject, account_id, login, token, created_at, used_at, checked_at)
         VALUES ($1, $2, $3, $4, $5, $6, $6, $6)
         ON CONFLICT (provider, subject)
         DO UPDATE SET login = excluded.login, token = excluded.token, used_at = excluded.used_at, checked_at = excluded.checked_at",
        identity.provider,
        identity.subject,
        identity.account.as_uuid(),
        identity.login,
        identity.token,
        identity.now,
    )
    .execute(tx.connection())
    .await
    .map(|_| ())
}

/// Whether an account other than the given one has a login.
pub(super) async fn is_login_taken(
    tx: &mut SystemTx,
    login: &str,
    by_other_than: Option<AccountId>,
) -> sqlx::Result<bool> {
    sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM accounts WHERE lower(login) = lower($1) AND id IS DISTINCT FROM $2) AS "taken!""#,
        login,
        by_other_than.map(AccountId::as_uuid),
    )
    .fetch_one(tx.connection())
    .await
}

/// Takes login, picture and, where the person chose no other one, name over, and into the copies that
/// member pages read.
pub(super) async fn set_profile(
    tx: &mut SystemTx,
    account: AccountId,
    (login, name, avatar_url): (&str, &str, &str),
) -> sqlx::Result<()> {
    sqlx::query!(
        "UPDATE accounts
         SET login = $2, name = CASE WHEN has_own_name THEN name ELSE $3 END, avatar_url = $4, reconnect_since = NULL
         WHERE id = $1",
        account.as_uuid(),
        login,
        name,
        avatar_url,
    )
    .execute(tx.connection())
    .await?;
    sqlx::query!(
        "UPDATE memberships m SET login = a.login, name = a.name, avatar_url = a.avatar_url
         FROM accounts a
         WHERE a.id = $1
           AND m.account_id = a.id",
        account.as_uuid(),
    )
    .execute(tx.connection())
    .await
    .map(|_| ())
}

/// Makes somebody a member by GitHub's word: an owner where there has never been one, else what
/// newcomers become. Where the last owner was put out, a setup link is the way back, not whoever comes next.
/// Somebody whom GitHub's word had put out comes back as what they were; others stay as they are.
pub(super) async fn admit(
    tx: &mut SystemTx,
    tenant: TenantId,
    account: AccountId,
    now: DateTime<Utc>,
) -> sqlx::Result<()> {
    sqlx::query!(
        "INSERT INTO memberships (tenant_id, account_id, role, login, name, avatar_url, source, created_at)
         SELECT o.tenant_id, a.id,
                CASE WHEN EXISTS (SELECT FROM memberships m
                                  WHERE m.tenant_id = o.tenant_id AND m.role = 'owner')
                     THEN o.default_role ELSE 'owner' END,
                a.login, a.name, a.avatar_url, 'github', $3
         FROM organizations o, accounts a
         WHERE o.tenant_id = $1
           AND a.id = $2
         ON CONFLICT (tenant_id, account_id)
         DO UPDATE SET deactivated_at = NULL, deactivated_by_github = false
         WHERE memberships.deactivated_by_github",
        tenant.as_uuid(),
        account.as_uuid(),
        now,
    )
    .execute(tx.connection())
    .await
    .map(|_| ())
}

/// Puts somebody out whom only GitHub's word had let in; false where they were in by another's.
pub(super) async fn put_out(
    tx: &mut SystemTx,
    tenant: TenantId,
    account: AccountId,
    now: DateTime<Utc>,
) -> sqlx::Result<bool> {
    let result = sqlx::query!(
        "UPDATE memberships SET deactivated_at = $3, deactivated_by_github = true
         WHERE tenant_id = $1
           AND account_id = $2
           AND source = 'github'
           AND deactivated_at IS NULL",
        tenant.as_uuid(),
        account.as_uuid(),
        now,
    )
    .execute(tx.connection())
    .await?;
    Ok(result.rows_affected() == 1)
}

/// An invitation that somebody's login accepted.
pub(super) struct AcceptedInvitation {
    pub(super) id: uuid::Uuid,
    pub(super) tenant: TenantId,
    pub(super) role: Role,
}

/// Accepts the invitations of a login; each makes a member, or leaves one as they are.
pub(super) async fn accept_invitations(
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
             RETURNING id, tenant_id, role
         ), joined AS (
             INSERT INTO memberships (tenant_id, account_id, role, login, name, avatar_url, source, created_at)
             SELECT i.tenant_id, a.id, (array_agg(i.role ORDER BY app_rank(i.role) DESC))[1], a.login, a.name, a.avatar_url, 'owner', $3
             FROM accepted i, accounts a
             WHERE a.id = $1
             GROUP BY i.tenant_id, a.id
             ON CONFLICT (tenant_id, account_id) DO NOTHING
         )
         SELECT id, tenant_id AS "tenant: TenantId", role AS "role: Role" FROM accepted"#,
        account.as_uuid(),
        login,
        now,
    )
    .fetch_all(tx.connection())
    .await
}

/// The organisations that somebody is let into, the oldest first.
pub(super) async fn list_tenants(
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

/// An identity that it is time to ask about again.
pub(super) struct DueIdentity {
    pub(super) subject: String,
    pub(super) login: String,
    pub(super) token: Option<String>,
}

pub(super) async fn find_due(
    tx: &mut SystemTx,
    account: AccountId,
    checked_before: DateTime<Utc>,
) -> sqlx::Result<Option<DueIdentity>> {
    sqlx::query_as!(
        DueIdentity,
        "SELECT subject, login, token
         FROM identities
         WHERE account_id = $1
           AND provider = 'github'
           AND checked_at <= $2
           AND EXISTS (SELECT FROM memberships m WHERE m.account_id = $1 AND m.source = 'github' AND m.deactivated_at IS NULL)
         LIMIT 1",
        account.as_uuid(),
        checked_before,
    )
    .fetch_optional(tx.connection())
    .await
}

pub(super) async fn set_checked(
    tx: &mut SystemTx,
    account: AccountId,
    now: DateTime<Utc>,
) -> sqlx::Result<()> {
    sqlx::query!(
        "UPDATE identities SET checked_at = $2 WHERE account_id = $1 AND provider = 'github'",
        account.as_uuid(),
        now
    )
    .execute(tx.connection())
    .await
    .map(|_| ())
}

/// Ends all of somebody's sessions.
pub(super) async fn end_sessions(tx: &mut SystemTx, account: AccountId) -> sqlx::Result<u64> {
    let result = sqlx::query!("DELETE FROM sessions WHERE account_id = $1", account.as_uuid())
        .execute(tx.connection())
        .await?;
    Ok(result.rows_affected())
}
