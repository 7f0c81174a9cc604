//! The SQL of teams.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::{
    organizations::teams::{Naming, Team, TeamMember, TeamRepository},
    platform::ids,
    tenancy::{AccountId, Level, TenantTx},
    web::paging::PageRequest,
};

/// Lists teams by their address.
pub(in crate::organizations) async fn list(
    tx: &mut TenantTx,
    page: &PageRequest<String>,
) -> sqlx::Result<Vec<Team>> {
    sqlx::query_as!(
        Team,
        r#"SELECT t.id, t.slug, t.name, t.description, t.created_at,
                  EXISTS (SELECT FROM connections c
                          WHERE c.host = t.github_host
                            AND c.account_id = t.github_account
                            AND c.installation_id IS NOT NULL
                            AND c.suspended_at IS NULL
                            AND c.removed_at IS NULL) AS "is_githubs!",
                  (SELECT count(*) FROM team_members m WHERE m.team_id = t.id) AS "members!"
           FROM teams t
           WHERE $1::text IS NULL OR t.slug > $1
           ORDER BY t.slug
           LIMIT $2"#,
        page.after.as_deref(),
        page.fetch(),
    )
    .fetch_all(tx.connection())
    .await
}

pub(in crate::organizations) async fn find(
    tx: &mut TenantTx,
    slug: &str,
) -> sqlx::Result<Option<Team>> {
    sqlx::query_as!(
        Team,
        r#"SELECT t.id, t.slug, t.name, t.description, t.created_at,
                  EXISTS (SELECT FROM connections c
                          WHERE c.host = t.github_host
                            AND c.account_id = t.github_account
                            AND c.installation_id IS NOT NULL
                            AND c.suspended_at IS NULL
                            AND c.removed_at IS NULL) AS "is_githubs!",
                  (SELECT count(*) FROM team_members m WHERE m.team_id = t.id) AS "members!"
           FROM teams t
           WHERE t.slug = $1"#,
        slug,
    )
    .fetch_optional(tx.connection())
    .await
}

/// Whether a team other than the given one is called so, in any case.
pub(in crate::organizations) async fn is_name_taken(
    tx: &mut TenantTx,
    name: &str,
    by_other_than: Option<Uuid>,
) -> sqlx::Result<bool> {
    sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM teams WHERE lower(name) = lower($1) AND id IS DISTINCT FROM $2) AS "taken!""#,
        name,
        by_other_than,
    )
    .fetch_one(tx.connection())
    .await
}

pub(in crate::organizations) async fn insert(
    tx: &mut TenantTx,
    slug: &str,
    naming: &Naming,
    now: DateTime<Utc>,
) -> sqlx::Result<Uuid> {
    let (id, tenant) = (ids::new(), tx.tenant());
    sqlx::query!(
        "INSERT INTO teams (tenant_id, id, slug, name, description, created_at) VALUES ($1, $2, $3, $4, $5, $6)",
        tenant.as_uuid(),
        id,
        slug,
        naming.name,
        naming.description,
        now,
    )
    .execute(tx.connection())
    .await?;
    Ok(id)
}

pub(in crate::organizations) async fn rename(
    tx: &mut TenantTx,
    id: Uuid,
    naming: &Naming,
) -> sqlx::Result<()> {
    sqlx::query!(
        "UPDATE teams SET name = $2, description = $3 WHERE id = $1",
        id,
        naming.name,
        naming.description,
    )
    .execute(tx.connection())
    .await
    .map(|_| ())
}

pub(in crate::organizations) async fn delete(tx: &mut TenantTx, id: Uuid) -> sqlx::Result<()> {
    sqlx::query!("DELETE FROM teams WHERE id = $1", id).execute(tx.connection()).await.map(|_| ())
}

/// Lists who is in a team, leads first.
pub(in crate::organizations) async fn list_members(
    tx: &mut TenantTx,
    team: Uuid,
) -> sqlx::Result<Vec<TeamMember>> {
    sqlx::query_as!(
        TeamMember,
        r#"SELECT t.account_id AS "account: AccountId", m.login, m.name, t.is_lead, m.deactivated_at IS NULL AS "is_active!"
           FROM team_members t
           JOIN memberships m ON m.account_id = t.account_id
           WHERE t.team_id = $1
           ORDER BY t.is_lead DESC, lower(m.name), m.account_id
           LIMIT 500"#,
        team,
    )
    .fetch_all(tx.connection())
    .await
}

/// Lists the repositories that a team was given, without those that are hidden from whoever acts.
pub(in crate::organizations) async fn list_repositories(
    tx: &mut TenantTx,
    team: Uuid,
) -> sqlx::Result<Vec<TeamRepository>> {
    sqlx::query_as!(
        TeamRepository,
        r#"SELECT r.name, g.level AS "level: Level"
           FROM repository_teams g
           JOIN repositories r ON r.id = g.repository_id
           WHERE g.team_id = $1
           ORDER BY r.name
           LIMIT 500"#,
        team,
    )
    .fetch_all(tx.connection())
    .await
}

pub(in crate::organizations) async fn is_lead(
    tx: &mut TenantTx,
    team: Uuid,
    account: AccountId,
) -> sqlx::Result<bool> {
    sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM team_members WHERE team_id = $1 AND account_id = $2 AND is_lead) AS "leads!""#,
        team,
        account.as_uuid(),
    )
    .fetch_one(tx.connection())
    .await
}

/// Whether a team was given more in a repository than whoever acts has there, seen by them or not.
pub(in crate::organizations) async fn exceeds(tx: &mut TenantTx, team: Uuid) -> sqlx::Result<bool> {
    sqlx::query_scalar!(r#"SELECT app_team_exceeds($1) AS "exceeds!""#, team)
        .fetch_one(tx.connection())
        .await
}

/// Whether a team says less of a repository than is said of all, to somebody who does not administer it.
pub(in crate::organizations) async fn limits(tx: &mut TenantTx, team: Uuid) -> sqlx::Result<bool> {
    sqlx::query_scalar!(r#"SELECT app_team_limits($1) AS "limits!""#, team)
        .fetch_one(tx.connection())
        .await
}

/// Puts somebody into a team; false where they are in it already, as just that.
pub(in crate::organizations) async fn put_member(
    tx: &mut TenantTx,
    team: Uuid,
    account: AccountId,
    is_lead: bool,
    now: DateTime<Utc>,
) -> sqlx::Result<bool> {
    let tenant = tx.tenant();
    let result = sqlx::query!(
        "INSERT INTO team_members (tenant_id, team_id, account_id, is_lead, created_at)
         VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (tenant_id, team_id, account_id)
         DO UPDATE SET is_lead = excluded.is_lead WHERE team_members.is_lead <> excluded.is_lead",
        tenant.as_uuid(),
        team,
        account.as_uuid(),
        is_lead,
        now,
    )
    .execute(tx.connection())
    .await?;
    Ok(result.rows_affected() == 1)
}

pub(in crate::organizations) async fn delete_member(
    tx: &mut TenantTx,
    team: Uuid,
    account: AccountId,
) -> sqlx::Result<bool> {
    let result = sqlx::query!(
        "DELETE FROM team_members WHERE team_id = $1 AND account_id = $2",
        team,
        account.as_uuid(),
    )
    .execute(tx.connection())
    .await?;
    Ok(result.rows_affected() == 1)
}
