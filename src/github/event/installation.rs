//! `installation`, `installation_repositories`, `github_app_authorization` and `ping`.

use serde::Deserialize;

use crate::github::model::{
    Actor, Hook, Installation, RepositoryReference, RepositorySelection, list,
};

words! {
    pub enum InstallationAction {
        Created = "created",
        Deleted = "deleted",
        Suspend = "suspend",
        Unsuspend = "unsuspend",
        NewPermissionsAccepted = "new_permissions_accepted",
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct InstallationEvent {
    pub action: InstallationAction,
    pub installation: Installation,
    #[serde(default, deserialize_with = "list")]
    pub repositories: Vec<RepositoryReference>,
    #[serde(default)]
    pub sender: Option<Actor>,
}

words! {
    pub enum InstallationRepositoriesAction { Added = "added", Removed = "removed" }
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct InstallationRepositoriesEvent {
    pub action: InstallationRepositoriesAction,
    pub installation: Installation,
    #[serde(default)]
    pub repository_selection: Option<RepositorySelection>,
    #[serde(default, deserialize_with = "list")]
    pub repositories_added: Vec<RepositoryReference>,
    #[serde(default, deserialize_with = "list")]
    pub repositories_removed: Vec<RepositoryReference>,
    #[serde(default)]
    pub sender: Option<Actor>,
}

/// A person has taken back what it had allowed the App: `sender` is who.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct GitHubAppAuthorizationEvent {
    /// `revoked`, so far.
    pub action: String,
    pub sender: Actor,
}

/// The first delivery of every hook, and the answer to a wish for one.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Ping {
    #[serde(default)]
    pub hook_id: Option<i64>,
    #[serde(default)]
    pub hook: Option<Hook>,
    #[serde(default)]
    pub sender: Option<Actor>,
}
