//! `repository`: what becomes of a repository as a whole: renamed, hidden, archived, deleted.

use chrono::{DateTime, Utc};

use super::{NOT_CONNECTED, find};
use crate::{
    github::event::{RepositoryAction, RepositoryEvent},
    repositories::{self, GitHubState},
    tenancy::TenantTx,
    webhooks::dispatch::{Failure, Remark},
};

/// Takes over what the repository is now.
pub(in crate::webhooks) async fn handle(
    tx: &mut TenantTx,
    event: &RepositoryEvent,
    now: DateTime<Utc>,
) -> Result<Remark, Failure> {
    let Some(repository) = find(tx, &event.repository).await? else {
        return Ok(Some(NOT_CONNECTED.to_owned()));
    };
    let told = &event.repository;
    let state = GitHubState {
        full_name: &told.full_name,
        visibility: told.visibility_word(),
        is_archived: told.archived,
        updated_at: told.updated_at,
        deleted_at: (event.action == RepositoryAction::Deleted).then_some(now),
        asked_at: None,
    };
    let is_written = repositories::set_on_github(tx, repository, &state).await?;
    if is_written {
        tx.announce_in(repository.as_uuid(), "repositories");
    }
    Ok((!is_written).then(|| "Something newer is known of the repository.".to_owned()))
}
