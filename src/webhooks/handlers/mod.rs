//! What each family of events does, a file each.
//!
//! A handler writes in the transaction that it is given, and nothing else: what has to be fetched from
//! GitHub afterwards is a job that it enqueues. It is told of things in any order, more than once, and of
//! repositories that are not connected.

pub(super) mod ping;
pub(super) mod push;
pub(super) mod repository;
pub(super) mod tracked;

use crate::{
    github::model::Repository as GitHubRepository,
    repositories::{self, OnGitHub, RepositoryId},
    tenancy::TenantTx,
};

/// What is said of a delivery about a repository that is not connected.
pub(super) const NOT_CONNECTED: &str = "The repository is not connected.";

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
