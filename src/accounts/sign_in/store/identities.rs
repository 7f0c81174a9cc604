//! The SQL of identities: who somebody is to a provider.

use chrono::{DateTime, Utc};

use crate::tenancy::{AccountId, SystemTx, TenantId};

pub(in crate::accounts::sign_in) async fn find_identity(
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

pub(in crate::accounts::sign_in) struct NewIdentity<'a> {
    pub(in crate::accounts::sign_in) provider: &'a str,
    pub(in crate::accounts::sign_in) subject: &'a str,
    pub(in crate::accounts::sign_in) account: AccountId,
    pub(in crate::accounts::sign_in) login: &'a str,
    /// Sealed, as the one that the next is got by.
    pub(in crate::accounts::sign_in) token: Option<String>,
    pub(in crate::accounts::sign_in) refresh_token: Option<String>,
    pub(in crate::accounts::sign_in) token_expires_at: Option<DateTime<Utc>>,
    pub(in crate::accounts::sign_in) now: DateTime<Utc>,
}

/// Adds an identity, or notes that it was used again.
pub(in crate::accounts::sign_in) async fn put_identity(
    tx: &mut SystemTx,
    identity: NewIdentity<'_>,
) -> sqlx::Result<()> {
    sqlx::query!(
        "INSERT INTO identities (provider, subject, account_id, login, token, refresh_token, token_expires_at,
                                 created_at, used_at, checked_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8, $8)
         ON CONFLICT (provider, subject)
         DO UPDATE SET login = excluded.login, token = excluded.token, refresh_token = excluded.refresh_token,
                       token_expires_at = excluded.token_expires_at, used_at = excluded.used_at,
                       checked_at = excluded.checked_at",
        identity.provider,
        identity.subject,
        identity.account.as_uuid(),
        identity.login,
        identity.token,
        identity.refresh_token,
        identity.token_expires_at,
        identity.now,
    )
    .execute(tx.connection())
    .await
    .map(|_| ())
}

/// Whether an account other than the given one has a login.
pub(in crate::accounts::sign_in) async fn is_login_taken(
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
pub(in crate::accounts::sign_in) async fn set_profile(
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

/// An identity that it is time to ask about again.
pub(in crate::accounts::sign_in) struct DueIdentity {
    pub(in crate::accounts::sign_in) provider: String,
    pub(in crate::accounts::sign_in) subject: String,
    pub(in crate::accounts::sign_in) login: String,
    pub(in crate::accounts::sign_in) token: Option<String>,
    pub(in crate::accounts::sign_in) refresh_token: Option<String>,
    pub(in crate::accounts::sign_in) token_expires_at: Option<DateTime<Utc>>,
    /// When it was asked about last.
    pub(in crate::accounts::sign_in) checked_at: DateTime<Utc>,
}

/// The person's GitHub identity where it was last asked about before the time, at another GitHub only where
/// they have none at this one. Its row is locked, and of two processes that look at once one finds none.
pub(in crate::accounts::sign_in) async fn find_due(
    tx: &mut SystemTx,
    account: AccountId,
    (github, checked_before): (&str, DateTime<Utc>),
) -> sqlx::Result<Option<DueIdentity>> {
    sqlx::query_as!(
        DueIdentity,
        "SELECT provider, subject, login, token, refresh_token, token_expires_at, checked_at
         FROM identities
         WHERE account_id = $1
           AND provider LIKE 'github%'
           AND checked_at <= $2
           AND (provider = $3 OR NOT EXISTS (SELECT FROM identities own WHERE own.account_id = $1 AND own.provider = $3))
           AND EXISTS (SELECT FROM memberships m WHERE m.account_id = $1 AND m.source = 'github' AND m.deactivated_at IS NULL)
         LIMIT 1
         FOR UPDATE SKIP LOCKED",
        account.as_uuid(),
        checked_before,
        github,
    )
    .fetch_optional(tx.connection())
    .await
}

pub(in crate::accounts::sign_in) async fn set_checked(
    tx: &mut SystemTx,
    account: AccountId,
    now: DateTime<Utc>,
) -> sqlx::Result<()> {
    sqlx::query!(
        "UPDATE identities SET checked_at = $2 WHERE account_id = $1 AND provider LIKE 'github%'",
        account.as_uuid(),
        now
    )
    .execute(tx.connection())
    .await
    .map(|_| ())
}

/// Whether anybody signs in by GitHub, wherever it is.
pub(in crate::accounts::sign_in) async fn has_github_identities(
    tx: &mut SystemTx,
) -> sqlx::Result<bool> {
    sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM identities WHERE provider LIKE 'github%') AS "has_some!""#
    )
    .fetch_one(tx.connection())
    .await
}

/// Takes away what people gave GitHub's word by: it is asked for no other one.
pub(in crate::accounts::sign_in) async fn forget_tokens(tx: &mut SystemTx) -> sqlx::Result<()> {
    sqlx::query!(
        "UPDATE identities SET token = NULL, refresh_token = NULL, token_expires_at = NULL WHERE provider LIKE 'github%'"
    )
    .execute(tx.connection())
    .await
    .map(|_| ())
}

/// The same of one identity.
pub(in crate::accounts::sign_in) async fn forget_tokens_of(
    tx: &mut SystemTx,
    provider: &str,
    subject: &str,
) -> sqlx::Result<()> {
    sqlx::query!(
        "UPDATE identities SET token = NULL, refresh_token = NULL, token_expires_at = NULL
         WHERE provider = $1 AND subject = $2",
        provider,
        subject,
    )
    .execute(tx.connection())
    .await
    .map(|_| ())
}

/// The sealed tokens of an identity, as they are by now.
pub(in crate::accounts::sign_in) struct Tokens {
    pub(in crate::accounts::sign_in) token: Option<String>,
    pub(in crate::accounts::sign_in) refresh_token: Option<String>,
}

pub(in crate::accounts::sign_in) async fn find_tokens(
    tx: &mut SystemTx,
    provider: &str,
    subject: &str,
) -> sqlx::Result<Option<Tokens>> {
    sqlx::query_as!(
        Tokens,
        "SELECT token, refresh_token FROM identities WHERE provider = $1 AND subject = $2",
        provider,
        subject,
    )
    .fetch_optional(tx.connection())
    .await
}

/// The sealed successor of a token, with what the next one is got by.
pub(in crate::accounts::sign_in) struct Successor<'a> {
    pub(in crate::accounts::sign_in) provider: &'a str,
    pub(in crate::accounts::sign_in) subject: &'a str,
    /// When the one before ended; where another end is stored by now, somebody has signed in meanwhile.
    pub(in crate::accounts::sign_in) spent_at: Option<DateTime<Utc>>,
    pub(in crate::accounts::sign_in) token: String,
    pub(in crate::accounts::sign_in) refresh_token: Option<String>,
    pub(in crate::accounts::sign_in) token_expires_at: Option<DateTime<Utc>>,
}

pub(in crate::accounts::sign_in) async fn replace_token(
    tx: &mut SystemTx,
    successor: Successor<'_>,
) -> sqlx::Result<()> {
    sqlx::query!(
        "UPDATE identities SET token = $3, refresh_token = $4, token_expires_at = $5
         WHERE provider = $6
           AND subject = $1
           AND token_expires_at IS NOT DISTINCT FROM $2",
        successor.subject,
        successor.spent_at,
        successor.token,
        successor.refresh_token,
        successor.token_expires_at,
        successor.provider,
    )
    .execute(tx.connection())
    .await
    .map(|_| ())
}

/// An identity as its person sees it.
pub(in crate::accounts::sign_in) struct Identity {
    pub(in crate::accounts::sign_in) provider: String,
    pub(in crate::accounts::sign_in) subject: String,
    pub(in crate::accounts::sign_in) login: String,
    pub(in crate::accounts::sign_in) created_at: DateTime<Utc>,
    pub(in crate::accounts::sign_in) used_at: DateTime<Utc>,
}

/// Lists a person's identities, the oldest first; kept from other changes until the transaction ends.
pub(in crate::accounts::sign_in) async fn lock_identities(
    tx: &mut SystemTx,
    account: AccountId,
) -> sqlx::Result<Vec<Identity>> {
    sqlx::query_as!(
        Identity,
        "SELECT provider, subject, login, created_at, used_at
         FROM identities
         WHERE account_id = $1
         ORDER BY created_at, provider, subject
         FOR UPDATE",
        account.as_uuid(),
    )
    .fetch_all(tx.connection())
    .await
}

pub(in crate::accounts::sign_in) async fn delete_identity(
    tx: &mut SystemTx,
    account: AccountId,
    (provider, subject): (&str, &str),
) -> sqlx::Result<()> {
    sqlx::query!(
        "DELETE FROM identities WHERE account_id = $1 AND provider = $2 AND subject = $3",
        account.as_uuid(),
        provider,
        subject,
    )
    .execute(tx.connection())
    .await
    .map(|_| ())
}

/// Lists whose accounts have these identities at a GitHub, by its ids. `host` is as repositories have it.
pub async fn list_accounts_at_github(
    tx: &mut SystemTx,
    host: &str,
    ids: &[i64],
) -> sqlx::Result<Vec<(i64, AccountId)>> {
    let subjects: Vec<String> = ids.iter().map(ToString::to_string).collect();
    let rows = sqlx::query!(
        r#"SELECT subject, account_id AS "account: AccountId"
           FROM identities
           WHERE provider = $1
             AND subject = ANY ($2)"#,
        super::github_of_host(host),
        &subjects,
    )
    .fetch_all(tx.connection())
    .await?;
    Ok(rows.into_iter().filter_map(|row| Some((row.subject.parse().ok()?, row.account))).collect())
}

/// Lists who of an organisation's members is who at a GitHub, by its ids. `host` is as repositories have it.
pub async fn list_members_at_github(
    tx: &mut SystemTx,
    tenant: TenantId,
    host: &str,
) -> sqlx::Result<Vec<(i64, AccountId)>> {
    let rows = sqlx::query!(
        r#"SELECT i.subject, i.account_id AS "account: AccountId"
           FROM memberships m
           JOIN identities i ON i.account_id = m.account_id
           WHERE m.tenant_id = $1
             AND i.provider = $2"#,
        tenant.as_uuid(),
        super::github_of_host(host),
    )
    .fetch_all(tx.connection())
    .await?;
    Ok(rows.into_iter().filter_map(|row| Some((row.subject.parse().ok()?, row.account))).collect())
}
