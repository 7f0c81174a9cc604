//! The SQL of the kernel.

use chrono::{DateTime, Duration, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{
    db::Isolation,
    grant::{AccountId, Actor, Grant, Organization, TenantId},
    permission::Role,
    session::SessionId,
};
use crate::platform::crypto::SecretHash;

/// How stale `last_seen_at` and `last_used_at` may get before a request writes them again.
const SEEN_EVERY: Duration = Duration::minutes(5);

/// Binds the transaction to the grant's tenant, person and role.
pub(super) async fn enter_tenant(
    connection: &mut PgConnection,
    isolation: Isolation,
    grant: &Grant,
    read_only: bool,
) -> sqlx::Result<()> {
    let account = grant.actor.id().map(|id| id.to_string()).unwrap_or_default();
    sqlx::query!(
        "SELECT set_config('role', $1, true) AS role,
                set_config('app.tenant_id', $2, true) AS tenant,
                set_config('app.user_id', $3, true) AS person,
                set_config('app.system', '', true) AS system,
                -- Lists have optional filters, which a generic plan cannot use an index for.
                set_config('plan_cache_mode', 'force_custom_plan', true) AS plans,
                -- A page looks up 50 rows by key, in memory or on a disk without heads; at Postgres' price
                -- of 4 for each, it would rather read a whole table for the last page.
                set_config('random_page_cost', '1.1', true) AS page_cost,
                set_config('transaction_read_only', $4, true) AS read_only",
        isolation.tenant_role(),
        grant.organization.id.to_string(),
        account,
        if read_only { "on" } else { "off" },
    )
    .fetch_one(connection)
    .await
    .map(|_| ())
}

/// Makes the transaction one across tenants.
pub(super) async fn enter_system(
    connection: &mut PgConnection,
    isolation: Isolation,
) -> sqlx::Result<()> {
    sqlx::query!(
        "SELECT set_config('role', $1, true) AS role,
                set_config('app.tenant_id', '', true) AS tenant,
                set_config('app.system', 'on', true) AS system",
        isolation.system_role(),
    )
    .fetch_one(connection)
    .await
    .map(|_| ())
}

pub(super) async fn find_organization(
    connection: &mut PgConnection,
    id: TenantId,
) -> sqlx::Result<Option<Organization>> {
    sqlx::query_as!(
        Organization,
        r#"SELECT tenant_id AS "id: TenantId", slug, name FROM organizations WHERE tenant_id = $1"#,
        id.as_uuid(),
    )
    .fetch_optional(connection)
    .await
}

pub(super) async fn list_organizations(
    connection: &mut PgConnection,
) -> sqlx::Result<Vec<Organization>> {
    sqlx::query_as!(
        Organization,
        r#"SELECT tenant_id AS "id: TenantId", slug, name FROM organizations ORDER BY tenant_id"#,
    )
    .fetch_all(connection)
    .await
}

pub(super) async fn find_organization_by_slug(
    connection: &mut PgConnection,
    slug: &str,
) -> sqlx::Result<Option<Organization>> {
    sqlx::query_as!(
        Organization,
        r#"SELECT tenant_id AS "id: TenantId", slug, name FROM organizations WHERE slug = $1"#,
        slug,
    )
    .fetch_optional(connection)
    .await
}

pub(super) async fn find_grant_of_member(
    connection: &mut PgConnection,
    tenant: TenantId,
    account: AccountId,
) -> sqlx::Result<Option<Grant>> {
    let row = sqlx::query!(
        r#"SELECT o.slug, o.name AS organization_name, m.role AS "role: Role", m.login, m.name
           FROM memberships m
           JOIN organizations o ON o.tenant_id = m.tenant_id
           WHERE m.tenant_id = $1
             AND m.account_id = $2"#,
        tenant.as_uuid(),
        account.as_uuid(),
    )
    .fetch_optional(connection)
    .await?;
    Ok(row.map(|row| Grant {
        organization: Organization { id: tenant, slug: row.slug, name: row.organization_name },
        actor: Actor::Account { id: account, login: row.login, name: row.name },
        role: row.role,
    }))
}

/// A session that has not ended, and who it belongs to.
pub(super) struct FoundSession {
    pub(super) id: SessionId,
    pub(super) account: AccountId,
    pub(super) login: String,
    pub(super) name: String,
    /// Whether it is time to note that the session is in use.
    pub(super) is_stale: bool,
}

pub(super) async fn find_session(
    connection: &mut PgConnection,
    token: &SecretHash,
    now: DateTime<Utc>,
) -> sqlx::Result<Option<FoundSession>> {
    sqlx::query_as!(
        FoundSession,
        r#"SELECT s.id AS "id: SessionId", a.id AS "account: AccountId", a.login, a.name,
                  s.last_seen_at < $3 AS "is_stale!"
           FROM sessions s
           JOIN accounts a ON a.id = s.account_id
           WHERE s.token_hash = $1
             AND s.expires_at > $2"#,
        token,
        now,
        now - SEEN_EVERY,
    )
    .fetch_optional(connection)
    .await
}

/// A session that has not ended, and the grant that it is for an organisation.
pub(super) struct SessionGrant {
    pub(super) session: SessionId,
    /// `None` where the person is no member.
    pub(super) grant: Option<Grant>,
    /// Whether it is time to note that the session is in use.
    pub(super) is_stale: bool,
}

/// Finds the grant of a session for the organisation of this slug, in one round trip.
///
/// `None` where the session has ended.
pub(super) async fn find_grant_of_session(
    connection: &mut PgConnection,
    token: &SecretHash,
    slug: &str,
    now: DateTime<Utc>,
) -> sqlx::Result<Option<SessionGrant>> {
    let row = sqlx::query!(
        r#"SELECT s.id AS "session: SessionId", a.id AS "account: AccountId", a.login, a.name,
                  o.tenant_id AS "tenant?: TenantId", o.slug AS "slug?", o.name AS "organization_name?",
                  m.role AS "role?: Role", s.last_seen_at < $4 AS "is_stale!"
           FROM sessions s
           JOIN accounts a ON a.id = s.account_id
           LEFT JOIN (memberships m JOIN organizations o ON o.tenant_id = m.tenant_id AND o.slug = $2)
                  ON m.account_id = a.id
           WHERE s.token_hash = $1
             AND s.expires_at > $3"#,
        token,
        slug,
        now,
        now - SEEN_EVERY,
    )
    .fetch_optional(connection)
    .await?;
    Ok(row.map(|row| {
        let organization = match (row.tenant, row.slug, row.organization_name) {
            (Some(id), Some(slug), Some(name)) => Some(Organization { id, slug, name }),
            _ => None,
        };
        let actor = Actor::Account { id: row.account, login: row.login, name: row.name };
        let grant = organization.zip(row.role).map(|(organization, role)| Grant {
            organization,
            actor,
            role,
        });
        SessionGrant { session: row.session, grant, is_stale: row.is_stale }
    }))
}

/// Notes that a session is in use.
pub(super) async fn touch_session(
    connection: &mut PgConnection,
    id: SessionId,
    now: DateTime<Utc>,
) -> sqlx::Result<()> {
    sqlx::query!(
        "UPDATE sessions SET last_seen_at = $2 WHERE id = $1 AND last_seen_at < $2",
        id.as_uuid(),
        now,
    )
    .execute(connection)
    .await
    .map(|_| ())
}

/// Finds the grant of an API token that is neither expired nor revoked, and whether it is time to
/// note that the token is used.
pub(super) async fn find_grant_of_token(
    connection: &mut PgConnection,
    token: &SecretHash,
    now: DateTime<Utc>,
) -> sqlx::Result<Option<(Grant, bool)>> {
    let row = sqlx::query!(
        r#"SELECT t.id, t.name, t.role AS "role: Role", o.tenant_id AS "tenant: TenantId", o.slug,
                  o.name AS organization_name, coalesce(t.last_used_at < $3, true) AS "is_stale!"
           FROM api_tokens t
           JOIN organizations o ON o.tenant_id = t.tenant_id
           WHERE t.token_hash = $1
             AND t.revoked_at IS NULL
             AND (t.expires_at IS NULL OR t.expires_at > $2)"#,
        token,
        now,
        now - SEEN_EVERY,
    )
    .fetch_optional(connection)
    .await?;
    Ok(row.map(|row| {
        let organization =
            Organization { id: row.tenant, slug: row.slug, name: row.organization_name };
        let actor = Actor::Token { id: row.id, name: row.name };
        (Grant { organization, actor, role: row.role }, row.is_stale)
    }))
}

/// Notes that a token was used.
pub(super) async fn touch_token(
    connection: &mut PgConnection,
    id: Uuid,
    now: DateTime<Utc>,
) -> sqlx::Result<()> {
    sqlx::query!(
        "UPDATE api_tokens
         SET last_used_at = $2
         WHERE id = $1
           AND (last_used_at IS NULL OR last_used_at < $2)",
        id,
        now,
    )
    .execute(connection)
    .await
    .map(|_| ())
}
