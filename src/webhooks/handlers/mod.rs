//! What each family of events does, a file each.
//!
//! A handler writes in the transaction that it is given, and nothing else: what has to be fetched from
//! GitHub afterwards is a job that it enqueues. It is told of things in any order, more than once, and of
//! repositories that are not connected.

pub(super) mod authorization;
pub(super) mod installation;
pub(super) mod installation_repositories;
pub(super) mod organization;
pub(super) mod ping;
pub(super) mod push;
pub(super) mod repository;
pub(super) mod tracked;

use super::{model::HookId, store};
use crate::{
    connections::{self, Connection},
    github::model::Repository as GitHubRepository,
    repositories::{self, OnGitHub, RepositoryId},
    tenancy::TenantTx,
};

/// What is said of a delivery about a repository that is not connected.
pub(super) const NOT_CONNECTED: &str = "The repository is not connected.";

/// What is said of a delivery about an App whose hook belongs to no connection.
const NO_CONNECTION: &str = "The hook belongs to no connection to GitHub.";

/// The connection whose App's hook it is.
async fn connection_of(tx: &mut TenantTx, hook: HookId) -> sqlx::Result<Option<Connection>> {
    let hook = store::hooks::find(tx, hook).await?.filter(|hook| hook.app_id.is_some());
    match hook.and_then(|hook| hook.connection) {
        Some(connection) => connections::find_connection(tx, connection).await,
        None => Ok(None),
    }
}

/// The connected repository that GitHub means, known by its number from now on; none where there is none.
async fn find(tx: &mut TenantTx, told: &GitHubRepository) -> sqlx::Result<Option<RepositoryId>> {
    let Some(place) = place(told) else { return Ok(None) };
    repositories::find_on_github(tx, &place).await
}

/// Where GitHub has a repository, by what it says of it.
fn place(told: &GitHubRepository) -> Option<OnGitHub> {
    let page = told.html_url.as_deref().or(told.clone_url.as_deref())?;
    OnGitHub::new(page, told.id, &told.full_name)
}
