//! What a person does about a repository's reading, and what is written down of it.

use chrono::{DateTime, Utc};
use serde_json::json;

use super::requests::{self, Requested};
use crate::{
    organizations::audit,
    repositories::{Repository, RepositoryId},
    tenancy::{Allowed, ManageRepositories, TenantTx},
    web::{AppError, Result},
};

/// What a person wants.
#[derive(Clone, Copy, Debug)]
pub(super) enum Action {
    /// Read everything, again where it was read.
    Import,
    /// Go on with what failed or was cancelled.
    Resume,
    /// End what is under way.
    Cancel,
}

/// Whether the person may, in this repository.
pub(super) async fn may(tx: &mut TenantTx, repository: RepositoryId) -> Result<bool> {
    match Allowed::<ManageRepositories>::find(tx, repository.as_uuid()).await {
        Ok(_) => Ok(true),
        Err(AppError::LevelTooLow { .. }) => Ok(false),
        Err(other) => Err(other),
    }
}

/// Does it, and writes down that it was done; [`Requested::Nothing`] where there was nothing to do.
pub(super) async fn act(
    tx: &mut TenantTx,
    repository: &Repository,
    action: Action,
    now: DateTime<Utc>,
) -> Result<Requested> {
    Allowed::<ManageRepositories>::find(tx, repository.id.as_uuid()).await?;
    let became = match action {
        Action::Import => requests::request_import(tx, repository.id, now).await?,
        Action::Resume => requests::resume(tx, repository.id, now).await?,
        Action::Cancel if requests::cancel(tx, repository.id, now).await? => Requested::Begun,
        Action::Cancel => Requested::Nothing,
    };
    if became == Requested::Begun {
        let id = repository.id;
        let event = match action {
            Action::Import => audit::Event::new("sync.requested", "repository", id, now),
            Action::Resume => audit::Event::new("sync.resumed", "repository", id, now),
            Action::Cancel => audit::Event::new("sync.cancelled", "repository", id, now),
        };
        audit::record(tx, event.detail(json!({"name": repository.name}))).await?;
    }
    Ok(became)
}
