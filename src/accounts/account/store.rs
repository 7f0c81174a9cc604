//! The SQL of a person's own account, across organisations.

use chrono::{DateTime, Utc};
use serde_json::Value;
use uuid::Uuid;

use crate::{
    accounts::tokens::Token,
    tenancy::{AccountId, Role, SystemTx, TenantId, TenantTx, TokenScope},
};

pub(super) struct Profile {
    pub(super) login: String,
    pub(super) created_at: DateTime<Utc>,
}

pub(super) async fn find_profile(
    tx: &mut SystemTx,
    account: AccountId,
) -> sqlx::Result<Option<Profile>> {
    sqlx::query_as!(
        Profile,
        "SELECT login, created_at FROM accounts WHERE id = $1",
        account.as_uuid()
    )
    .fetch_optional(tx.connection())
    .await
}

/// Gives the person another name, which no provider's word changes any more.
pub(super) async fn set_name(
    tx: &mut SystemTx,
    account: AccountId,
    name: &str,
) -> sqlx::Result<()> {
    sqlx::query!(
        "UPDATE accounts SET name = $2, has_own_name = true WHERE id = $1",
        account.as_uuid(),
        name
    )
    .execute(tx.connection())
    .await?;
    sqlx::query!("UPDATE memberships SET name = $2 WHERE account_id = $1", account.as_uuid(), name)
        .execute(tx.connection())
        .await
        .map(|_| ())
}

pub(super) struct Identity {
    pub(super) provider: String,
    pub(super) login: String,
    pub(super) created_at: DateTime<Utc>,
    pub(super) used_at: DateTime<Utc>,
}

pub(super) async fn list_identities(
    tx: &mut SystemTx,
    account: AccountId,
) -> sqlx::Result<Vec<Identity>> {
    sqlx::query_as!(
        Identity,
        "SELECT provider, login, created_at, used_at FROM identities WHERE account_id = $1 ORDER BY provider, subject",
        account.as_uuid(),
    )
    .fetch_all(tx.connection())
    .await
}

/// An organisation that lets the person in.
pub(super) struct Place {
    pub(super) tenant: TenantId,
    pub(super) slug: String,
    pub(super) name: String,
    pub(super) role: Role,
    pub(super) created_at: DateTime<Utc>,
}

pub(super) async fn list_places(tx: &mut SystemTx, account: AccountId) -> sqlx::Result<Vec<Place>> {
    sqlx::query_as!(
        Place,
        r#"SELECT o.tenant_id AS "tenant: TenantId", o.slug, o.name, m.role AS "role: Role", m.created_at
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

/// A token with the name of its organisation.
pub(super) struct PlacedToken {
    pub(super) organization: String,
    id: Uuid,
    name: String,
    hint: String,
    scope: TokenScope,
    role: Role,
    account: Option<AccountId>,
    created_at: DateTime<Utc>,
    last_used_at: Option<DateTime<Utc>>,
    expires_at: Option<DateTime<Utc>>,
    revoked_at: Option<DateTime<Utc>>,
}

impl PlacedToken {
    pub(super) fn into_token(self) -> Token {
        Token {
            id: self.id,
            name: self.name,
            hint: self.hint,
            scope: self.scope,
            role: self.role,
            account: self.account,
            login: None,
            person: None,
            created_at: self.created_at,
            last_used_at: self.last_used_at,
            expires_at: self.expires_at,
            revoked_at: self.revoked_at,
        }
    }
}

/// Lists the person's tokens where they are let in, the newest first; at most 500.
pub(super) async fn list_tokens(
    tx: &mut SystemTx,
    account: AccountId,
) -> sqlx::Result<Vec<PlacedToken>> {
    sqlx::query_as!(
        PlacedToken,
        r#"SELECT o.name AS organization, t.id, t.name, t.hint, t.scope AS "scope: TokenScope", t.role AS "role: Role",
                  t.account_id AS "account: AccountId", t.created_at, t.last_used_at, t.expires_at, t.revoked_at
           FROM api_tokens t
           JOIN memberships m ON m.tenant_id = t.tenant_id AND m.account_id = t.account_id AND m.deactivated_at IS NULL
           JOIN organizations o ON o.tenant_id = t.tenant_id
           WHERE t.account_id = $1
           ORDER BY t.id DESC
           LIMIT 500"#,
        account.as_uuid(),
    )
    .fetch_all(tx.connection())
    .await
}

pub(super) async fn find_tenant_of_token(
    tx: &mut SystemTx,
    account: AccountId,
    token: Uuid,
) -> sqlx::Result<Option<TenantId>> {
    sqlx::query_scalar!(
        r#"SELECT tenant_id AS "tenant: TenantId" FROM api_tokens WHERE id = $1 AND account_id = $2"#,
        token,
        account.as_uuid(),
    )
    .fetch_optional(tx.connection())
    .await
}

/// Lets one transaction at a time change the members of the person's organisations.
pub(super) async fn lock_organizations(tx: &mut SystemTx, account: AccountId) -> sqlx::Result<()> {
    sqlx::query!(
        "SELECT tenant_id FROM organizations
         WHERE tenant_id IN (SELECT tenant_id FROM memberships WHERE account_id = $1)
         ORDER BY tenant_id
         FOR NO KEY UPDATE",
        account.as_uuid(),
    )
    .fetch_all(tx.connection())
    .await
    .map(|_| ())
}

/// Slug and name of the organisations that nobody but the person owns.
pub(super) async fn list_owned_alone(
    tx: &mut SystemTx,
    account: AccountId,
) -> sqlx::Result<Vec<(String, String)>> {
    let rows = sqlx::query!(
        "SELECT o.slug, o.name
         FROM memberships m
         JOIN organizations o ON o.tenant_id = m.tenant_id
         WHERE m.account_id = $1
           AND m.role = 'owner'
           AND m.deactivated_at IS NULL
           AND NOT EXISTS (SELECT FROM memberships other
                           WHERE other.tenant_id = m.tenant_id
                             AND other.account_id <> m.account_id
                             AND other.role = 'owner'
                             AND other.deactivated_at IS NULL)
         ORDER BY lower(o.name), o.slug",
        account.as_uuid(),
    )
    .fetch_all(tx.connection())
    .await?;
    Ok(rows.into_iter().map(|row| (row.slug, row.name)).collect())
}

/// Leaves of the invitations that the person accepted that there were such.
pub(super) async fn forget_invitations(tx: &mut SystemTx, account: AccountId) -> sqlx::Result<()> {
    sqlx::query!(
        "UPDATE invitations SET login = NULL, email = NULL WHERE accepted_by = $1",
        account.as_uuid()
    )
    .execute(tx.connection())
    .await
    .map(|_| ())
}

/// Deletes the person, and by its references all that is theirs in every organisation.
pub(super) async fn delete_account(tx: &mut SystemTx, account: AccountId) -> sqlx::Result<()> {
    sqlx::query!("DELETE FROM accounts WHERE id = $1", account.as_uuid())
        .execute(tx.connection())
        .await
        .map(|_| ())
}

/// All that is kept about a person outside of organisations, without secrets and their hashes.
pub(super) async fn describe_person(tx: &mut SystemTx, account: AccountId) -> sqlx::Result<Value> {
    sqlx::query_scalar!(
        r#"SELECT jsonb_build_object(
               'account', (SELECT to_jsonb(a) FROM accounts a WHERE a.id = $1),
               'identities', (SELECT coalesce(jsonb_agg(to_jsonb(i) - 'token' - 'refresh_token' || jsonb_build_object('has_token', i.token IS NOT NULL)
                                                        ORDER BY i.provider, i.subject), '[]')
                              FROM identities i WHERE i.account_id = $1),
               'sessions', (SELECT coalesce(jsonb_agg(to_jsonb(s) - 'refresh_hash' - 'successor' ORDER BY s.id), '[]')
                            FROM sessions s WHERE s.account_id = $1),
               'second_factor', (SELECT to_jsonb(f) - 'sealed'
                                        || jsonb_build_object('recovery_codes_left', (SELECT count(*) FROM recovery_codes c
                                                                                      WHERE c.account_id = $1 AND c.used_at IS NULL))
                                 FROM factors f WHERE f.account_id = $1),
               'sign_ins_begun', (SELECT coalesce(jsonb_agg(to_jsonb(s) - 'state_hash' - 'browser_hash' - 'sealed'), '[]')
                                  FROM sign_in_attempts s WHERE s.account_id = $1),
               'memberships', (SELECT coalesce(jsonb_agg(to_jsonb(m) || jsonb_build_object('organization', o.slug)
                                                         ORDER BY m.created_at), '[]')
                               FROM memberships m JOIN organizations o ON o.tenant_id = m.tenant_id WHERE m.account_id = $1),
               'tokens', (SELECT coalesce(jsonb_agg(to_jsonb(t) - 'token_hash' ORDER BY t.id), '[]')
                          FROM api_tokens t WHERE t.account_id = $1),
               'invitations', (SELECT coalesce(jsonb_agg(to_jsonb(i) - 'secret_hash' ORDER BY i.id), '[]')
                               FROM invitations i WHERE i.accepted_by = $1)
           ) AS "all!""#,
        account.as_uuid(),
    )
    .fetch_one(tx.connection())
    .await
}

/// What is kept about a person in the organisation of the transaction besides.
pub(super) async fn describe_member(tx: &mut TenantTx, account: AccountId) -> sqlx::Result<Value> {
    sqlx::query_scalar!(
        r#"SELECT jsonb_build_object(
               'teams', (SELECT coalesce(jsonb_agg(jsonb_build_object('team', t.slug, 'is_lead', m.is_lead, 'since', m.created_at)
                                                   ORDER BY t.slug), '[]')
                         FROM team_members m JOIN teams t ON t.id = m.team_id WHERE m.account_id = $1),
               'repositories', (SELECT coalesce(jsonb_agg(jsonb_build_object('repository', r.name, 'level', p.level, 'since', p.created_at)
                                                          ORDER BY r.name), '[]')
                                FROM repository_people p JOIN repositories r ON r.id = p.repository_id WHERE p.account_id = $1),
               'at_github', (SELECT coalesce(jsonb_agg(to_jsonb(c) ORDER BY c.id), '[]') FROM contributors c WHERE c.account_id = $1)
           ) AS "all!""#,
        account.as_uuid(),
    )
    .fetch_one(tx.connection())
    .await
}
