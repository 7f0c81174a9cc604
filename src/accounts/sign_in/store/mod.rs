//! The SQL of signing in by a provider's word.

mod credentials;
mod identities;
mod memberships;

use chrono::{DateTime, Utc};

pub(super) use credentials::{
    Stored, delete_credentials, find_credentials, is_first, put_credentials,
};
pub(super) use identities::{
    DueIdentity, Identity, NewIdentity, Successor, delete_identity, find_due, find_identity,
    find_tokens, forget_tokens, forget_tokens_of, has_github_identities, is_login_taken,
    lock_identities, put_identity, replace_token, set_checked, set_profile,
};
pub use identities::{list_accounts_at_github, list_members_at_github};
pub(super) use memberships::{
    Voucher, accept_invitations, admit, end_sessions, find_last_owner, is_vouched_for,
    list_tenants, list_vouched_for, lock_members, put_out,
};

use url::Url;

use super::providers::GitHub;
use crate::{
    github::Login,
    platform::crypto::SecretHash,
    tenancy::{AccountId, SystemTx, TenantId},
};

/// What github.com is called among the providers, and with its host behind it another GitHub: each counts its
/// people by itself. Issuers are called by their addresses, none of which begins so.
pub(super) const GITHUB: &str = "github";

/// What the GitHub at an address is called among the providers.
pub(super) fn github_at(web: &Url) -> String {
    match (web.host_str().unwrap_or_default(), web.port()) {
        (host, None) => github_of_host(host),
        (host, Some(port)) => github_of_host(&format!("{host}:{port}")),
    }
}

/// The same of a host with its port, where it is not the usual one.
fn github_of_host(host: &str) -> String {
    if host == "github.com" { GITHUB.to_owned() } else { format!("{GITHUB}:{host}") }
}

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
    pub(super) provider: String,
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
           RETURNING browser_hash, provider, sealed, next, account_id AS "account: AccountId", expires_at"#,
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

/// An organisation that a provider's word may open.
#[derive(Clone, Debug)]
pub(super) struct Door {
    pub(super) tenant: TenantId,
    slug: String,
    /// Of its own settings.
    own: Vec<String>,
    /// Whether those of the configuration count here too.
    is_first: bool,
}

impl Door {
    /// Whether it is the one that an issuer's people are let into.
    pub(super) fn is_called(&self, slug: Option<&str>) -> bool {
        slug.map_or(self.is_first, |slug| self.slug == slug)
    }

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

/// The organisations by age: at most the first 100, and those that are called so.
pub(super) async fn list_doors(tx: &mut SystemTx, slugs: &[String]) -> sqlx::Result<Vec<Door>> {
    sqlx::query_as!(
        Door,
        r#"SELECT tenant_id AS "tenant: TenantId", slug, github_organizations AS own, age = 1 AS "is_first!"
           FROM (SELECT *, row_number() OVER (ORDER BY created_at, tenant_id) AS age FROM organizations) o
           WHERE age <= 100
              OR slug = ANY ($1)
           ORDER BY age"#,
        slugs,
    )
    .fetch_all(tx.connection())
    .await
}
