//! `member`, `membership`, `organization` and `team`: who belongs where.

use serde::Deserialize;

use super::Before;
use crate::github::model::{Actor, Organization, Repository, TeamReference};

words! {
    pub enum MemberAction { Added = "added", Edited = "edited", Removed = "removed" }
}

/// Somebody's access to one repository.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct MemberEvent {
    pub action: MemberAction,
    /// None for a deleted account.
    pub member: Option<Actor>,
    pub repository: Repository,
    #[serde(default)]
    pub sender: Option<Actor>,
}

words! {
    pub enum MembershipAction { Added = "added", Removed = "removed" }
}

/// Somebody's place in a team.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct MembershipEvent {
    pub action: MembershipAction,
    /// None for a deleted account.
    pub member: Option<Actor>,
    pub team: TeamReference,
    pub organization: Organization,
    #[serde(default)]
    pub sender: Option<Actor>,
}

words! {
    pub enum OrganizationAction {
        MemberAdded = "member_added",
        MemberRemoved = "member_removed",
        MemberInvited = "member_invited",
        Renamed = "renamed",
        Deleted = "deleted",
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct OrganizationEvent {
    pub action: OrganizationAction,
    pub organization: Organization,
    #[serde(default)]
    pub membership: Option<OrganizationMembership>,
    #[serde(default)]
    pub changes: Option<OrganizationChanges>,
    #[serde(default)]
    pub sender: Option<Actor>,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct OrganizationMembership {
    /// None for a deleted account.
    #[serde(default)]
    pub user: Option<Actor>,
    #[serde(default)]
    pub role: Option<String>,
    #[serde(default)]
    pub state: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct OrganizationChanges {
    #[serde(default)]
    pub login: Option<Before<String>>,
}

words! {
    pub enum TeamAction {
        Created = "created",
        Edited = "edited",
        Deleted = "deleted",
        AddedToRepository = "added_to_repository",
        RemovedFromRepository = "removed_from_repository",
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct TeamEvent {
    pub action: TeamAction,
    pub team: TeamReference,
    pub organization: Organization,
    /// Where the team's access to one has changed.
    #[serde(default)]
    pub repository: Option<Repository>,
    #[serde(default)]
    pub sender: Option<Actor>,
}
