//! `organization`, `membership` and `team`: who belongs where at GitHub.
//!
//! None of these is believed by itself, for they come in any order: GitHub is asked how it is now.

use chrono::{DateTime, Utc};

use super::{NO_CONNECTION, connection_of};
use crate::{
    accounts::sign_in::AskAgain,
    connections::teams::ImportTeams,
    github::{
        event::{OrganizationAction, OrganizationEvent},
        model::Actor,
    },
    jobs,
    tenancy::TenantTx,
    webhooks::{
        dispatch::{Failure, Remark},
        model::HookId,
    },
};

/// Has GitHub asked about whoever is to be in the organisation no longer, and the teams read anew.
pub(in crate::webhooks) async fn handle(
    tx: &mut TenantTx,
    hook: HookId,
    event: &OrganizationEvent,
    now: DateTime<Utc>,
) -> Result<Remark, Failure> {
    let left = (event.action == OrganizationAction::MemberRemoved).then_some(&event.membership);
    let left = left.and_then(|membership| membership.as_ref()?.user.as_ref());
    ask(tx, hook, left, now).await
}

/// Has the teams read anew: somebody came into one or went, or one was made, changed or deleted.
pub(in crate::webhooks) async fn handle_teams(
    tx: &mut TenantTx,
    hook: HookId,
    now: DateTime<Utc>,
) -> Result<Remark, Failure> {
    ask(tx, hook, None, now).await
}

async fn ask(
    tx: &mut TenantTx,
    hook: HookId,
    left: Option<&Actor>,
    now: DateTime<Utc>,
) -> Result<Remark, Failure> {
    let Some(connection) = connection_of(tx, hook).await? else {
        return Ok(Some(NO_CONNECTION.to_owned()));
    };
    if let Some(person) = left {
        let job = AskAgain { host: connection.host.clone(), person: person.id };
        jobs::enqueue(tx, &job, now).await?;
    }
    jobs::enqueue(tx, &ImportTeams { connection: connection.id }, now).await?;
    Ok(None)
}
