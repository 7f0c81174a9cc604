//! `installation`: where an App is installed, whether it may work there, and what it may do.

use chrono::{DateTime, Utc};

use super::connection_of;
use crate::{
    connections,
    github::event::{InstallationAction, InstallationEvent},
    tenancy::TenantTx,
    webhooks::{
        dispatch::{Failure, Remark},
        model::HookId,
    },
};

/// Takes over what the installation is now.
pub(in crate::webhooks) async fn handle(
    tx: &mut TenantTx,
    hook: HookId,
    event: &InstallationEvent,
    now: DateTime<Utc>,
) -> Result<Remark, Failure> {
    let Some(connection) = connection_of(tx, hook).await? else {
        return Ok(Some(super::NO_CONNECTION.to_owned()));
    };
    let told = &event.installation;
    if event.action == InstallationAction::Deleted {
        let is_known = connections::forget_installation(tx, connection.id, told.id).await?;
        return Ok((!is_known).then(|| "The connection has another installation.".to_owned()));
    }
    if connection.installation_id.is_some_and(|known| known != told.id) {
        return Ok(Some("The connection has another installation.".to_owned()));
    }
    let owner = connection.owner.as_deref();
    let is_taken = connections::set_installed(tx, connection.id, (owner, told), now).await?;
    Ok((!is_taken).then(|| {
        "It is nothing newer, or of an account that the connection is not made for.".to_owned()
    }))
}
