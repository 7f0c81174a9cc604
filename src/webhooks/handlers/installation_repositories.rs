//! `installation_repositories`: which repositories an App reaches.

use chrono::{DateTime, Utc};

use super::connection_of;
use crate::{
    github::event::{InstallationRepositoriesAction, InstallationRepositoriesEvent},
    repositories,
    tenancy::TenantTx,
    webhooks::{
        dispatch::{Failure, Remark},
        model::HookId,
    },
};

/// Takes repositories from the connection that it reaches no longer. What was added is offered where
/// repositories are chosen, and connected by nobody but a person.
pub(in crate::webhooks) async fn handle(
    tx: &mut TenantTx,
    hook: HookId,
    event: &InstallationRepositoriesEvent,
    now: DateTime<Utc>,
) -> Result<Remark, Failure> {
    let Some(connection) = connection_of(tx, hook).await? else {
        return Ok(Some(super::NO_CONNECTION.to_owned()));
    };
    if event.action != InstallationRepositoriesAction::Removed {
        return Ok(None);
    }
    let ids: Vec<i64> = event.repositories_removed.iter().map(|one| one.id).collect();
    for lost in repositories::lose(tx, connection.id, &ids, now).await? {
        tx.announce_in(lost.as_uuid(), "repositories");
    }
    tx.announce("connections");
    Ok(None)
}
