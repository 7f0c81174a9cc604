//! `installation_repositories`: which repositories an App reaches.
//!
//! It is not believed by itself, for it comes in any order and may come again: GitHub is asked how it is now.

use chrono::{DateTime, Utc};

use super::connection_of;
use crate::{
    github::event::{InstallationRepositoriesAction, InstallationRepositoriesEvent},
    jobs,
    tenancy::TenantTx,
    webhooks::{
        dispatch::{Failure, Remark},
        lost::FindLost,
        model::HookId,
    },
};

/// Has GitHub asked what the connection reaches no longer. What was added is offered where repositories are
/// chosen, and connected by nobody but a person.
pub(in crate::webhooks) async fn handle(
    tx: &mut TenantTx,
    hook: HookId,
    event: &InstallationRepositoriesEvent,
    now: DateTime<Utc>,
) -> Result<Remark, Failure> {
    let Some(connection) = connection_of(tx, hook).await? else {
        return Ok(Some(super::NO_CONNECTION.to_owned()));
    };
    if event.action == InstallationRepositoriesAction::Removed {
        jobs::enqueue(tx, &FindLost { connection: connection.id }, now).await?;
    }
    Ok(None)
}
