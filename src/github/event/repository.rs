//! `repository`: what becomes of a repository as a whole.

use serde::Deserialize;

use super::Before;
use crate::github::model::{Actor, Organization, Repository};

words! {
    pub enum RepositoryAction {
        Created = "created",
        Edited = "edited",
        Deleted = "deleted",
        Renamed = "renamed",
        Transferred = "transferred",
        Privatized = "privatized",
        Publicized = "publicized",
        Archived = "archived",
        Unarchived = "unarchived",
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct RepositoryEvent {
    pub action: RepositoryAction,
    /// As it is after the change.
    pub repository: Repository,
    #[serde(default)]
    pub changes: Option<RepositoryChanges>,
    #[serde(default)]
    pub sender: Option<Actor>,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct RepositoryChanges {
    /// Of a new name.
    #[serde(default)]
    pub repository: Option<RenamedRepository>,
    /// Of a transfer.
    #[serde(default)]
    pub owner: Option<Before<PreviousOwner>>,
    #[serde(default)]
    pub default_branch: Option<Before<String>>,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct RenamedRepository {
    #[serde(default)]
    pub name: Option<Before<String>>,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct PreviousOwner {
    #[serde(default)]
    pub user: Option<Actor>,
    #[serde(default)]
    pub organization: Option<Organization>,
}

impl RepositoryEvent {
    /// The name before it was renamed, without the owner's.
    pub fn previous_name(&self) -> Option<&str> {
        let renamed = self.changes.as_ref()?.repository.as_ref()?;
        Some(&renamed.name.as_ref()?.from)
    }

    /// Who owned it before it was transferred.
    pub fn previous_owner(&self) -> Option<&str> {
        let owner = &self.changes.as_ref()?.owner.as_ref()?.from;
        let user = owner.user.as_ref().map(|user| user.login.as_str());
        user.or(owner.organization.as_ref().map(|organization| organization.login.as_str()))
    }
}
