//! The SQL of teams that are GitHub's.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::{
    organizations::{github_teams::Home, teams::Naming},
    tenancy::{AccountId, TenantTx},
};

/// A team that is known to be GitHub's.
pub(in crate::organizations) struct Known {
    pub(in crate::organizations) id: Uuid,
    pub(in crate::organizations) naming: Naming,
}

pub(in crate::organizations) async fn find(
    tx: &mut TenantTx,
    host: &str,
    github_id: i64,
) -> sqlx::Result<Option<Known>> {
    let row = sqlx::query!(
        "SELECT id, name, description FROM teams WHERE github_host = $1 AND github_id = $2",
        host,
        github_id,
    )
    .fetch_optional(tx.connection())
    .await?;
    Ok(row.map(|row| Known {
        id: row.id,
        naming: Naming { name: row.name, description: row.description },
    }))
}

/// Counts the teams of an organisation at GitHub.
pub(in crate::organizations) async fn count(
    tx: &mut TenantTx,
    home: Home<'_>,
) -> sqlx::Result<i64> {
    sqlx::query_scalar!(
        r#"SELECT count(*) AS "count!" FROM teams WHERE github_host = $1 AND github_account = $2"#,
        home.host,
        home.account,
    )
    .fetch_one(tx.connection())
    .await
}

/// Notes which team of GitHub's one is.
pub(in crate::organizations) async fn set_home(
    tx: &mut TenantTx,
    id: Uuid,
    home: Home<'_>,
    github_id: i64,
) -> sqlx::Result<()> {
    sqlx::query!(
        "UPDATE teams SET github_host = $2, github_account = $3, github_id = $4 WHERE id = $1",
        id,
        home.host,
        home.account,
        github_id,
    )
    .execute(tx.connection())
    .await
    .map(|_| ())
}

/// Deletes the teams of an organisation at GitHub but for these; their ids and names.
pub(in crate::organizations) async fn delete_others(
    tx: &mut TenantTx,
    home: Home<'_>,
    kept: &[i64],
) -> sqlx::Result<Vec<(Uuid, String)>> {
    let rows = sqlx::query!(
        "DELETE FROM teams WHERE github_host = $1 AND github_account = $2 AND github_id <> ALL ($3) RETURNING id, name",
        home.host,
        home.account,
        kept,
    )
    .fetch_all(tx.connection())
    .await?;
    Ok(rows.into_iter().map(|row| (row.id, row.name)).collect())
}

/// Puts those of these into a team who are active members and are not in it yet; their logins.
pub(in crate::organizations) async fn insert_members(
    tx: &mut TenantTx,
    team: Uuid,
    people: &[AccountId],
    now: DateTime<Utc>,
) -> sqlx::Result<Vec<String>> {
    let people: Vec<Uuid> = people.iter().map(|account| account.as_uuid()).collect();
    sqlx::query_scalar!(
        r#"WITH came AS (
               INSERT INTO team_members (tenant_id, team_id, account_id, is_lead, created_at)
               SELECT m.tenant_id, $1, m.account_id, false, $3
               FROM memberships m
               WHERE m.account_id = ANY ($2) AND m.deactivated_at IS NULL
               ON CONFLICT (tenant_id, team_id, account_id) DO NOTHING
               RETURNING account_id
           )
           SELECT m.login FROM came JOIN memberships m ON m.account_id = came.account_id ORDER BY 1"#,
        team,
        &people,
        now,
    )
    .fetch_all(tx.connection())
    .await
}

/// Takes everybody else out of a team; their logins.
pub(in crate::organizations) async fn delete_other_members(
    tx: &mut TenantTx,
    team: Uuid,
    people: &[AccountId],
) -> sqlx::Result<Vec<String>> {
    let people: Vec<Uuid> = people.iter().map(|account| account.as_uuid()).collect();
    sqlx::query_scalar!(
        "WITH went AS (
             DELETE FROM team_members WHERE team_id = $1 AND account_id <> ALL ($2) RETURNING account_id
         )
         SELECT m.login FROM went JOIN memberships m ON m.account_id = went.account_id ORDER BY 1",
        team,
        &people,
    )
    .fetch_all(tx.connection())
    .await
}
