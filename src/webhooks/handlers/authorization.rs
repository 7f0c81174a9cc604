//! `github_app_authorization`: a person has taken back what they had allowed the App.

use chrono::{DateTime, Utc};

use super::connection_of;
use crate::{
    accounts::sign_in::ForgetAuthorization,
    github::event::GitHubAppAuthorizationEvent,
    jobs,
    tenancy::TenantTx,
    webhooks::{
        dispatch::{Failure, Remark},
        model::HookId,
    },
};

/// Has what is kept of the person forgotten, if people sign in by this App.
pub(in crate::webhooks) async fn handle(
    tx: &mut TenantTx,
    hook: HookId,
    event: &GitHubAppAuthorizationEvent,
    now: DateTime<Utc>,
) -> Result<Remark, Failure> {
    if event.action != "revoked" {
        let action = &event.action;
        return Ok(Some(format!("Nothing is done with `github_app_authorization` ({action}).")));
    }
    // People are the whole site's, and so are not of the transaction that this is given.
    match connection_of(tx, hook).await?.and_then(|known| Some((known.web_url, known.app_id?))) {
        Some((web_url, app_id)) => {
            let job = ForgetAuthorization { web_url, app_id, person: event.sender.id };
            jobs::enqueue(tx, &job, now).await?;
            Ok(None)
        }
        None => Ok(Some(super::NO_CONNECTION.to_owned())),
    }
}
