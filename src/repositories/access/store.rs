//! The SQL of who was given which level in a repository.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::{
    repositories::RepositoryId,
    tenancy::{AccountId, Allowed, Level, ManageAccess, Role, TenantTx},
};

/// Everything that was said about a repository's access.
#[derive(Clone, Debug)]
pub struct Grants {
    pub restricted: bool,
}

pub async fn find(tx: &mut TenantTx, repository: RepositoryId) -> sqlx::Result<Option<Grants>> {
    sqlx::query_as!(
        Grants,
        "SELECT restricted FROM repositories WHERE id = $1",
        repository.as_uuid(),
    )
    .fetch_optional(tx.connection())
    .await
}

/// A member with what was said of them.
#[derive(Clone, Debug)]
pub struct Person {
    pub account: AccountId,
    pub login: String,
    pub name: String,
    pub role: Role,
    pub named: Option<Level>,
    /// The names of their teams that were given a level, and which; in the same order.
    pub teams: Vec<String>,
    pub levels: Vec<Level>,
}

impl Person {
    /// The teams with their levels.
    pub fn team_levels(&self) -> Vec<(&str, Level)> {
        self.teams.iter().map(String::as_str).zip(self.levels.iter().copied()).collect()
    }
}

/// Lists the active members with what was said of them and of their teams, by name; at most 500.
pub async fn list_people(tx: &mut TenantTx, repository: RepositoryId) -> sqlx::Result<Vec<Person>> {
    sqlx::query_as!(
        Person,
        r#"SELECT m.account_id AS "account: AccountId", m.login, m.name, m.role AS "role: Role",
                  p.level AS "named?: Level",
                  array(SELECT t.name FROM repository_teams g
                        JOIN teams t ON t.id = g.team_id
                        JOIN team_members b ON b.team_id = g.team_id AND b.account_id = m.account_id
                        WHERE g.repository_id = $1 ORDER BY t.slug) AS "teams!",
                  array(SELECT g.level FROM repository_teams g
                        JOIN teams t ON t.id = g.team_id
                        JOIN team_members b ON b.team_id = g.team_id AND b.account_id = m.account_id
                        WHERE g.repository_id = $1 ORDER BY t.slug) AS "levels!: Vec<Level>"
           FROM memberships m
           LEFT JOIN repository_people p ON p.repository_id = $1 AND p.account_id = m.account_id
           WHERE m.deactivated_at IS NULL
           ORDER BY lower(m.name), m.account_id
           LIMIT 500"#,
        repository.as_uuid(),
    )
    .fetch_all(tx.connection())
    .await
}

/// A team with the level that it was given, if any.
#[derive(Clone, Debug)]
pub struct TeamGrant {
    pub id: Uuid,
    pub slug: String,
    pub name: String,
    pub level: Option<Level>,
}

/// Lists the teams with what was said of them, by their address; at most 500.
pub async fn list_teams(
    tx: &mut TenantTx,
    repository: RepositoryId,
) -> sqlx::Result<Vec<TeamGrant>> {
    sqlx::query_as!(
        TeamGrant,
        r#"SELECT t.id, t.slug, t.name, g.level AS "level?: Level"
           FROM teams t
           LEFT JOIN repository_teams g ON g.repository_id = $1 AND g.team_id = t.id
           ORDER BY t.slug
           LIMIT 500"#,
        repository.as_uuid(),
    )
    .fetch_all(tx.connection())
    .await
}

/// Says whether the repository is only for those who were named.
pub async fn set_restricted(
    tx: &mut TenantTx,
    allowed: &Allowed<ManageAccess>,
    restricted: bool,
) -> sqlx::Result<()> {
    let repository = allowed.repository();
    sqlx::query!("UPDATE repositories SET restricted = $2 WHERE id = $1", repository, restricted,)
        .execute(tx.connection())
        .await
        .map(|_| ())
}

/// Gives a person a level, another one, or none at all any more.
pub async fn put_person(
    tx: &mut TenantTx,
    allowed: &Allowed<ManageAccess>,
    (account, level): (AccountId, Option<Level>),
    now: DateTime<Utc>,
) -> sqlx::Result<()> {
    let (tenant, repository) = (tx.tenant(), allowed.repository());
    let Some(level) = level else {
        return sqlx::query!(
            "DELETE FROM repository_people WHERE repository_id = $1 AND account_id = $2",
            repository,
            account.as_uuid(),
        )
        .execute(tx.connection())
        .await
        .map(|_| ());
    };
    sqlx::query!(
        "INSERT INTO repository_people (tenant_id, repository_id, account_id, level, created_at)
         VALUES ($1, $2, $3, $4::text::access_level, $5)
         ON CONFLICT (tenant_id, repository_id, account_id) DO UPDATE SET level = excluded.level",
        tenant.as_uuid(),
        repository,
        account.as_uuid(),
        level.as_str(),
        now,
    )
    .execute(tx.connection())
    .await
    .map(|_| ())
}

/// Gives a team a level, another one, or none at all any more.
pub async fn put_team(
    tx: &mut TenantTx,
    allowed: &Allowed<ManageAccess>,
    (team, level): (Uuid, Option<Level>),
    now: DateTime<Utc>,
) -> sqlx::Result<()> {
    let (tenant, repository) = (tx.tenant(), allowed.repository());
    let Some(level) = level else {
        return sqlx::query!(
            "DELETE FROM repository_teams WHERE repository_id = $1 AND team_id = $2",
            repository,
            team,
        )
        .execute(tx.connection())
        .await
        .map(|_| ());
    };
    sqlx::query!(
        "INSERT INTO repository_teams (tenant_id, repository_id, team_id, level, created_at)
         VALUES ($1, $2, $3, $4::text::access_level, $5)
         ON CONFLICT (tenant_id, repository_id, team_id) DO UPDATE SET level = excluded.level",
        tenant.as_uuid(),
        repository,
        team,
        level.as_str(),
        now,
    )
    .execute(tx.connection())
    .await
    .map(|_| ())
}
