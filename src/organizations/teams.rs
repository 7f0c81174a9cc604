//! Teams: people who are given repositories together, and who may say which people.

use chrono::{DateTime, Utc};
use serde_json::json;
use uuid::Uuid;

use super::{
    InvalidName, OrganizationName, Slug, audit,
    store::{members, teams as store},
};
use crate::{
    tenancy::{AccountId, Level, ManageTeams, Permission, TenantTx},
    web::{AppError, Result},
};

/// The most characters of a description.
const MOST_DESCRIPTION: usize = 500;

/// Why somebody may not put people into a team.
const MORE_THAN_OWN: &str = "This team was given more in a repository than you have there. \
    An admin, or somebody who has as much, puts people into it.";

/// Why somebody may not change who is in a team that limits its people.
const KEEPS_FROM: &str = "This team keeps its people from something in a repository that you do not \
    administer. An admin, or whoever administers the repository, says who is in it.";

/// Why nobody here changes a team of GitHub's.
const GITHUBS: &str =
    "This team is GitHub's: its name and who is in it are said there, and follow here.";

/// A team in a list.
#[derive(Clone, Debug)]
pub struct Team {
    pub id: Uuid,
    pub slug: String,
    pub name: String,
    pub description: String,
    pub members: i64,
    /// Whether its name and its people are said at GitHub: it came from there, and a connection that works
    /// brings it. Without one it is ours.
    pub is_githubs: bool,
    pub created_at: DateTime<Utc>,
}

impl Team {
    /// 409 where it is GitHub's.
    fn be_ours(&self) -> Result<()> {
        if self.is_githubs { Err(AppError::Conflict(GITHUBS.to_owned())) } else { Ok(()) }
    }
}

/// Somebody in a team.
#[derive(Clone, Debug)]
pub struct TeamMember {
    pub account: AccountId,
    pub login: String,
    pub name: String,
    pub is_lead: bool,
    pub is_active: bool,
}

/// A repository that a team was given a level in, as far as whoever looks may see it.
#[derive(Clone, Debug)]
pub struct TeamRepository {
    pub name: String,
    pub level: Level,
}

/// What a team is called and what it is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Naming {
    pub name: String,
    pub description: String,
}

/// Why a team cannot be called so.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("A name has 1 to 100 characters.")]
    Name,
    #[error("Another team is called so.")]
    NameTaken,
    #[error("A description has at most 500 characters.")]
    Description,
}

impl Naming {
    pub fn parse(name: &str, description: &str) -> Result<Self, Refusal> {
        let name: OrganizationName = name.parse().map_err(|_wrong: InvalidName| Refusal::Name)?;
        let description = description.trim();
        if description.chars().count() > MOST_DESCRIPTION {
            return Err(Refusal::Description);
        }
        Ok(Self { name: name.as_str().to_owned(), description: description.to_owned() })
    }
}

/// Makes a team and gives its address.
pub async fn create(
    tx: &mut TenantTx,
    naming: &Naming,
    now: DateTime<Utc>,
) -> Result<Result<String, Refusal>> {
    // Two of the same name at once would else both find it free.
    members::lock(tx).await?;
    if store::is_name_taken(tx, &naming.name, None).await? {
        return Ok(Err(Refusal::NameTaken));
    }
    let slug = free_slug(tx, &naming.name).await?;
    let id = store::insert(tx, &slug, naming, now).await?;
    record(tx, "team.created", id, json!({"name": naming.name}), now).await?;
    Ok(Ok(slug))
}

/// The address that a name suggests; unlike an organisation's, no word is reserved in it.
fn address_of(name: &str) -> String {
    let slug = Slug::of_name(name);
    let suffixed = Slug::of_name(&format!("{name}-x"));
    suffixed.as_str().strip_suffix("-x").unwrap_or(slug.as_str()).to_owned()
}

/// The address of a name, with a number behind it where another team has it.
pub(super) async fn free_slug(tx: &mut TenantTx, name: &str) -> Result<String> {
    let wanted = address_of(name);
    let mut slug = wanted.clone();
    for number in 2_u32.. {
        if store::find(tx, &slug).await?.is_none() {
            break;
        }
        slug = format!("{wanted}-{number}");
    }
    Ok(slug)
}

/// Gives a team another name or description; its address stays.
pub async fn rename(
    tx: &mut TenantTx,
    team: &Team,
    naming: &Naming,
    now: DateTime<Utc>,
) -> Result<Result<(), Refusal>> {
    team.be_ours()?;
    members::lock(tx).await?;
    if store::is_name_taken(tx, &naming.name, Some(team.id)).await? {
        return Ok(Err(Refusal::NameTaken));
    }
    store::rename(tx, team.id, naming).await?;
    let event = audit::Event::new("team.changed", "team", team.id, now).changed(
        json!({"name": team.name, "description": team.description}),
        json!({"name": naming.name, "description": naming.description}),
    );
    audit::record(tx, event).await?;
    tx.announce("teams");
    Ok(Ok(()))
}

/// Deletes a team, and with it what its members could do through it.
///
/// 409 where the team keeps its members from a repository that the acting person does not administer.
pub async fn delete(tx: &mut TenantTx, team: &Team, now: DateTime<Utc>) -> Result<()> {
    team.be_ours()?;
    allow_change(tx, team.id).await?;
    store::delete(tx, team.id).await?;
    let detail = json!({"name": team.name, "members": team.members});
    record(tx, "team.deleted", team.id, detail, now).await
}

/// Whether the acting person may change who is in a team, be it to nobody.
async fn allow_change(tx: &mut TenantTx, team: Uuid) -> Result<()> {
    if store::limits(tx, team).await? {
        return Err(AppError::Conflict(KEEPS_FROM.to_owned()));
    }
    Ok(())
}

/// A team whose members the acting person may manage: looked up for it, as nobody else's.
///
/// 404 where there is no such team, 403 for whoever neither manages teams nor leads this one.
#[derive(Debug)]
pub struct LedTeam(Team);

impl LedTeam {
    pub async fn find(tx: &mut TenantTx, slug: &str) -> Result<Self> {
        let team = store::find(tx, slug).await?.ok_or(AppError::NotFound)?;
        if tx.role() >= ManageTeams::MINIMUM || leads(tx, &team).await? {
            return Ok(Self(team));
        }
        Err(AppError::Forbidden { minimum: ManageTeams::MINIMUM.as_str() })
    }

    pub const fn team(&self) -> &Team {
        &self.0
    }

    /// Puts somebody into the team, or makes one of it a lead or no lead.
    ///
    /// 409 where the team was given what the acting person has not: nobody gives that, be it to
    /// themselves.
    pub async fn put(
        &self,
        tx: &mut TenantTx,
        account: AccountId,
        is_lead: bool,
        now: DateTime<Utc>,
    ) -> Result<()> {
        self.0.be_ours()?;
        let member = members::find(tx, account).await?.ok_or(AppError::NotFound)?;
        if store::exceeds(tx, self.0.id).await? {
            return Err(AppError::Conflict(MORE_THAN_OWN.to_owned()));
        }
        allow_change(tx, self.0.id).await?;
        if !store::put_member(tx, self.0.id, account, is_lead, now).await? {
            return Ok(());
        }
        let detail = json!({"login": member.login, "is_lead": is_lead, "team": self.0.name});
        record(tx, "team.member_put", self.0.id, detail, now).await
    }

    /// Takes somebody out of the team; 409 as for [`delete`].
    pub async fn take(
        &self,
        tx: &mut TenantTx,
        account: AccountId,
        now: DateTime<Utc>,
    ) -> Result<()> {
        self.0.be_ours()?;
        let member = members::find(tx, account).await?.ok_or(AppError::NotFound)?;
        allow_change(tx, self.0.id).await?;
        if !store::delete_member(tx, self.0.id, account).await? {
            return Err(AppError::NotFound);
        }
        let detail = json!({"login": member.login, "team": self.0.name});
        record(tx, "team.member_taken", self.0.id, detail, now).await
    }
}

async fn leads(tx: &mut TenantTx, team: &Team) -> Result<bool> {
    let Some(person) = tx.person() else { return Ok(false) };
    Ok(store::is_lead(tx, team.id, person).await?)
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
    // What the members may see has changed too.
    tx.announce("members");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_team_has_a_name_and_may_have_a_description() {
        let naming = Naming::parse(" Core ", " Keeps it running ").unwrap();
        assert_eq!(
            (naming.name.as_str(), naming.description.as_str()),
            ("Core", "Keeps it running")
        );
        assert_eq!(Naming::parse(" ", ""), Err(Refusal::Name));
        assert_eq!(Naming::parse("a", &"b".repeat(501)), Err(Refusal::Description));
    }
}
