//! The SQL of the kernel.

use std::sync::Arc;

use chrono::{DateTime, Duration, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{
    db::Isolation,
    grant::{AccountId, Actor, Credential, Grant, Organization, Origin, TenantId},
    permission::{Level, Role},
    session::SessionId,
    tx::TenantTx,
};

/// How stale `last_seen_at` and `last_used_at` may get before a request writes them again.
const SEEN_EVERY: Duration = Duration::minutes(5);

/// Binds the transaction to the grant's tenant, person and role, without looking them up.
pub(super) async fn enter_tenant(
    connection: &mut PgConnection,
    isolation: Isolation,
    grant: &Grant,
    read_only: bool,
) -> sqlx::Result<()> {
    sqlx::query!(
        "SELECT app_enter($1, $2, $3, $4, $5)",
        isolation.tenant_role(),
        grant.organization.id.as_uuid(),
        grant.person.map(AccountId::as_uuid),
        grant.role.as_str(),
        read_only,
    )
    .fetch_one(connection)
    .await
    .map(|_| ())
}

/// What a session or token stands for at this moment.
pub(super) struct Context {
    /// `None` where the person is no member of the organisation.
    pub(super) grant: Option<Grant>,
    /// The session's or token's own id.
    pub(super) id: Uuid,
    /// Whether it is time to note that it is in use.
    pub(super) is_stale: bool,
}

/// Who is asked for, and in which organisation.
pub(super) struct Wanted<'a> {
    pub(super) credential: &'a Credential,
    /// The organisation that a session is wanted for; a token has its own.
    pub(super) slug: &'a str,
    pub(super) origin: &'a Arc<Origin>,
    pub(super) now: DateTime<Utc>,
    pub(super) read_only: bool,
}

/// Looks up who acts and binds the transaction to them, in one round trip.
///
/// `None` where the session or token does not count any more; the transaction then sees nothing.
pub(super) async fn enter_context(
    connection: &mut PgConnection,
    isolation: Isolation,
    wanted: &Wanted<'_>,
) -> sqlx::Result<Option<Context>> {
    let (session, token) = match wanted.credential {
        Credential::Session(id) => (Some(id.as_uuid()), None),
        Credential::Token(hash) => (None, Some(hash)),
        Credential::Own => return Ok(None),
    };
    let row = sqlx::query!(
        r#"SELECT credential AS "credential!", seen_at, account AS "account: AccountId", login, name, token_name,
                  tenant AS "tenant: TenantId", slug, organization_name, role AS "role: Role"
           FROM app_context($1, $2, $3, $4, $5, $6, $7)"#,
        isolation.tenant_role(),
        isolation.system_role(),
        session,
        token,
        wanted.slug,
        wanted.now,
        wanted.read_only,
    )
    .fetch_optional(connection)
    .await?;
    Ok(row.map(|row| {
        let organization = match (row.tenant, row.slug, row.organization_name) {
            (Some(id), Some(slug), Some(name)) => Some(Organization { id, slug, name }),
            _ => None,
        };
        let actor = match (row.token_name, row.account, row.login, row.name) {
            (Some(name), ..) => Some(Actor::Token { id: row.credential, name }),
            (None, Some(id), Some(login), Some(name)) => Some(Actor::Account { id, login, name }),
            _ => None,
        };
        let (credential, origin) = (wanted.credential.clone(), Arc::clone(wanted.origin));
        let grant = match (organization, actor, row.role) {
            (Some(organization), Some(actor), Some(role)) => {
                Some(Grant { organization, actor, role, person: row.account, credential, origin })
            }
            _ => None,
        };
        let is_stale = row.seen_at.is_none_or(|at| at < wanted.now - SEEN_EVERY);
        Context { grant, id: row.credential, is_stale }
    }))
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
             AND m.account_id = $2
             AND m.deactivated_at IS NULL"#,
        tenant.as_uuid(),
        account.as_uuid(),
    )
    .fetch_optional(connection)
    .await?;
    Ok(row.map(|row| {
        let organization = Organization { id: tenant, slug: row.slug, name: row.organization_name };
        let actor = Actor::Account { id: account, login: row.login, name: row.name };
        Grant::own(organization, actor, row.role)
    }))
}

pub(super) async fn find_grant_of_guest(
    connection: &mut PgConnection,
    tenant: TenantId,
    account: AccountId,
) -> sqlx::Result<Option<Grant>> {
    let row = sqlx::query!(
        "SELECT o.slug, o.name AS organization_name, a.login, a.name
         FROM organizations o, accounts a
         WHERE o.tenant_id = $1
           AND a.id = $2",
        tenant.as_uuid(),
        account.as_uuid(),
    )
    .fetch_optional(connection)
    .await?;
    Ok(row.map(|row| {
        let organization = Organization { id: tenant, slug: row.slug, name: row.organization_name };
        let actor = Actor::Account { id: account, login: row.login, name: row.name };
        Grant::own(organization, actor, Role::Viewer)
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
    id: SessionId,
    now: DateTime<Utc>,
) -> sqlx::Result<Option<FoundSession>> {
    sqlx::query_as!(
        FoundSession,
        r#"SELECT s.id AS "id: SessionId", a.id AS "account: AccountId", a.login, a.name,
                  s.last_seen_at < $3 AS "is_stale!"
           FROM sessions s
           JOIN accounts a ON a.id = s.account_id
           WHERE s.id = $1
             AND s.expires_at > $2"#,
        id.as_uuid(),
        now,
        now - SEEN_EVERY,
    )
    .fetch_optional(connection)
    .await
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

/// The level that whoever acts has in a repository; none where they do not get to see it.
pub(super) async fn find_level(tx: &mut TenantTx, repository: Uuid) -> sqlx::Result<Option<Level>> {
    let (person, role) = (tx.person().map(AccountId::as_uuid), tx.role().as_str());
    sqlx::query_scalar!(
        r#"SELECT app_level_of($1, $2, id, restricted) AS "level!: Level" FROM repositories WHERE id = $3"#,
        person,
        role,
        repository,
    )
    .fetch_optional(tx.connection())
    .await
}
