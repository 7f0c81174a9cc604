//! Teams that are GitHub's: made, renamed, filled and deleted as they are there.
//!
//! What such a team is given in repositories is said here, who is in it is said at GitHub. It is so as long as
//! a connection to that organisation works; then the team is one of ours, which keeps GitHub's number of it, and
//! by that is GitHub's again when there is such a connection again.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use serde_json::json;
use uuid::Uuid;

use super::{
    audit,
    store::{github_teams as store, members, teams as team_store},
    teams::{self, Naming},
};
use crate::{
    tenancy::{AccountId, TenantTx},
    web::Result,
};

/// An organisation at a GitHub.
#[derive(Clone, Copy, Debug)]
pub struct Home<'a> {
    /// `github.com`, or an Enterprise Server's host with its port.
    pub host: &'a str,
    /// GitHub's number of the organisation.
    pub account: i64,
}

/// A team as GitHub has it.
#[derive(Clone, Debug)]
pub struct GitHubTeam {
    pub id: i64,
    pub name: String,
    pub description: String,
    /// Those in it who have an account here; who is no active member of this organisation is passed over.
    pub people: Vec<AccountId>,
}

/// Counts the teams that come from an organisation at GitHub.
pub async fn count(tx: &mut TenantTx, home: Home<'_>) -> sqlx::Result<i64> {
    store::count(tx, home).await
}

/// Makes the teams that are of an organisation at GitHub just these; other teams stay as they are.
pub async fn keep_in_step(
    tx: &mut TenantTx,
    home: Home<'_>,
    teams: &[GitHubTeam],
    now: DateTime<Utc>,
) -> Result<()> {
    // As making teams by hand does: of two with one name at once, both would find it free.
    members::lock(tx).await?;
    for team in teams {
        let id = make_or_rename(tx, home, team, now).await?;
        fill(tx, id, team, now).await?;
    }
    let kept: Vec<i64> = teams.iter().map(|team| team.id).collect();
    for (id, name) in store::delete_others(tx, home, &kept).await? {
        record(tx, "team.deleted", id, json!({"name": name, "at": "GitHub"}), now).await?;
    }
    Ok(())
}

async fn make_or_rename(
    tx: &mut TenantTx,
    home: Home<'_>,
    team: &GitHubTeam,
    now: DateTime<Utc>,
) -> Result<Uuid> {
    let Some(known) = store::find(tx, home.host, team.id).await? else {
        let naming = free_naming(tx, team, None).await?;
        let slug = teams::free_slug(tx, &naming.name).await?;
        let id = team_store::insert(tx, &slug, &naming, now).await?;
        store::set_home(tx, id, home, team.id).await?;
        record(tx, "team.created", id, json!({"name": naming.name, "at": "GitHub"}), now).await?;
        return Ok(id);
    };
    let naming = free_naming(tx, team, Some(known.id)).await?;
    if naming != known.naming {
        team_store::rename(tx, known.id, &naming).await?;
        let event = audit::Event::new("team.changed", "team", known.id, now).changed(
            json!({"name": known.naming.name, "description": known.naming.description}),
            json!({"name": naming.name, "description": naming.description}),
        );
        audit::record(tx, event).await?;
        tx.announce("teams");
    }
    Ok(known.id)
}

/// What the team is called here: as at GitHub, or with a word or a number behind it where a team of ours is
/// called so.
async fn free_naming(tx: &mut TenantTx, team: &GitHubTeam, known: Option<Uuid>) -> Result<Naming> {
    let description: String = team.description.trim().chars().take(500).collect();
    let plain: String = team.name.chars().filter(|letter| !letter.is_control()).collect();
    let plain = plain.trim();
    let base: String = if plain.is_empty() { "Team" } else { plain }.chars().take(80).collect();
    let mut name = base.clone();
    for number in 1_u32.. {
        if !team_store::is_name_taken(tx, &name, known).await? {
            break;
        }
        name = match number {
            1 => format!("{base} (GitHub)"),
            number => format!("{base} (GitHub {number})"),
        };
    }
    Ok(Naming { name, description })
}

/// Has just these people in the team.
async fn fill(tx: &mut TenantTx, id: Uuid, team: &GitHubTeam, now: DateTime<Utc>) -> Result<()> {
    let wanted: HashSet<AccountId> = team.people.iter().copied().collect();
    let wanted: Vec<AccountId> = wanted.into_iter().collect();
    let came = store::insert_members(tx, id, &wanted, now).await?;
    let went = store::delete_other_members(tx, id, &wanted).await?;
    for (action, people) in [("team.member_put", came), ("team.member_taken", went)] {
        for login in people {
            record(tx, action, id, json!({"login": login, "team": team.name, "at": "GitHub"}), now)
                .await?;
        }
    }
    Ok(())
}

async fn record(
    tx: &mut TenantTx,
    action: &'static str,
    id: Uuid,
    detail: serde_json::Value,
    now: DateTime<Utc>,
) -> Result<()> {
    audit::record(tx, super::event(action, "team", id.to_string(), detail, now)).await?;
    tx.announce("teams");
    tx.announce("members");
    Ok(())
}
