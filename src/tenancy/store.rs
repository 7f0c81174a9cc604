//! The SQL of the kernel.

use std::sync::Arc;

use chrono::{DateTime, Duration, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{
    confirmation::Confirmation,
    db::Isolation,
    grant::{AccountId, Actor, Credential, Grant, Organization, Origin, TenantId},
    permission::{Level, Role, TokenScope},
    session::SessionId,
    tx::TenantTx,
};
use crate::platform::crypto::SecretHash;

/// How stale `last_seen_at` and `last_used_at` may get before a request writes them again.
const SEEN_EVERY: Duration = Duration::minutes(5);

/// How often the use of a token is written into the audit log at most.
const TOLD_EVERY: Duration = Duration::hours(1);

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
                  tenant AS "tenant: TenantId", slug, organization_name, role AS "role: Role",
                  scope AS "scope!: TokenScope", requires_factor AS "requires_factor!", factor_since, confirmed_at,
                  must_reconnect AS "must_reconnect!"
           FROM app_context($1, $2, $3, $4, $5, $6, $7, $8)"#,
        isolation.tenant_role(),
        isolation.system_role(),
        session,
        token,
        wanted.slug,
        wanted.now,
        wanted.read_only,
        wanted.origin.address,
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
                let confirmation = Confirmation {
                    is_required: row.requires_factor,
                    has_factor: row.factor_since.is_some(),
                    at: row.confirmed_at,
                    must_reconnect: row.must_reconnect,
                };
                let (person, scope) = (row.account, row.scope);
                Some(Grant {
                    organization,
                    actor,
                    role,
                    person,
                    credential,
                    origin,
                    scope,
                    confirmation,
                })
            }
            _ => None,
        };
        let is_stale = row.seen_at.is_none_or(|at| at < wanted.now - SEEN_EVERY);
        Context { grant, id: row.credential, is_stale }
    }))
}

/// Makes the transaction one across tenants, whose queries are planned as `plan_cache_mode` says.
pub(super) async fn enter_system(
    connection: &mut PgConnection,
    isolation: Isolation,
    plans: &str,
) -> sqlx::Result<()> {
    sqlx::query!(
        "SELECT set_config('role', $1, true) AS role,
                set_config('app.tenant_id', '', true) AS tenant,
                set_config('app.system', 'on', true) AS system,
                set_config('plan_cache_mode', $2, true) AS plans",
        isolation.system_role(),
        plans,
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

/// A session that has not ended, and who it belongs to.
pub(super) struct FoundSession {
    pub(super) id: SessionId,
    pub(super) account: AccountId,
    pub(super) login: String,
    pub(super) name: String,
    /// Whether it is time to note that the session is in use.
    pub(super) is_stale: bool,
    factor_since: Option<DateTime<Utc>>,
    confirmed_at: Option<DateTime<Utc>>,
    reconnect_since: Option<DateTime<Utc>>,
}

impl FoundSession {
    pub(super) const fn confirmation(&self) -> Confirmation {
        Confirmation {
            is_required: false,
            has_factor: self.factor_since.is_some(),
            at: self.confirmed_at,
            must_reconnect: self.reconnect_since.is_some(),
        }
    }
}

pub(super) async fn find_session(
    connection: &mut PgConnection,
    id: SessionId,
    now: DateTime<Utc>,
) -> sqlx::Result<Option<FoundSession>> {
    sqlx::query_as!(
        FoundSession,
        r#"SELECT s.id AS "id: SessionId", a.id AS "account: AccountId", a.login, a.name,
                  s.last_seen_at < $3 AS "is_stale!", a.factor_since, s.confirmed_at,
                  a.reconnect_since
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

/// Notes that a token was used; whether it is time to write that into the audit log: once an hour, and
/// from each address that it was not used from in that hour.
pub(super) async fn touch_token(
    connection: &mut PgConnection,
    id: Uuid,
    address: &str,
    now: DateTime<Utc>,
) -> sqlx::Result<bool> {
    let told = sqlx::query_scalar!(
        r#"UPDATE api_tokens
           SET last_used_at = $2,
               audited_at = CASE WHEN audited_at > $3 AND $4 = ANY (told_addresses) THEN audited_at ELSE $2 END,
               told_addresses = CASE WHEN (audited_at > $3) IS NOT TRUE THEN ARRAY[$4]
                                     WHEN $4 = ANY (told_addresses) THEN told_addresses
                                     ELSE told_addresses || $4 END
           WHERE id = $1
             AND (last_used_at IS NULL OR last_used_at < $2 OR NOT $4 = ANY (told_addresses))
           RETURNING audited_at = $2 AS "told!""#,
        id,
        now,
        now - TOLD_EVERY,
        address,
    )
    .fetch_optional(connection)
    .await?;
    Ok(told.unwrap_or_default())
}

/// Why a token does not count any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TokenEnd {
    Revoked,
    Expired,
    /// Its person is let in no more.
    Deactivated,
}

impl TokenEnd {
    pub(super) const fn words(self) -> &'static str {
        match self {
            Self::Revoked => "This token was revoked. Make another one on the page of your tokens.",
            Self::Expired => "This token has expired. Make another one on the page of your tokens.",
            Self::Deactivated => {
                "The person whose token this is is not let into the organisation any more."
            }
        }
    }
}

/// Says how a token ended, to whoever has it; none where there was never one, or it was forgotten.
pub(super) async fn find_token_end(
    connection: &mut PgConnection,
    token: &SecretHash,
    now: DateTime<Utc>,
) -> sqlx::Result<Option<TokenEnd>> {
    let row = sqlx::query!(
        r#"SELECT revoked_at IS NOT NULL AS "is_revoked!", coalesce(expires_at <= $2, false) AS "is_expired!"
           FROM api_tokens
           WHERE token_hash = $1"#,
        token,
        now,
    )
    .fetch_optional(connection)
    .await?;
    Ok(row.map(|row| match (row.is_revoked, row.is_expired) {
        (true, _) => TokenEnd::Revoked,
        (false, true) => TokenEnd::Expired,
        (false, false) => TokenEnd::Deactivated,
    }))
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
