//! `push`: a branch or tag moved. The default branch is scanned anew, which brings its commits.

use chrono::{DateTime, Utc};

use super::{NOT_CONNECTED, find};
use crate::{
    github::event::Push,
    repositories::ScanReason,
    tenancy::TenantTx,
    webhooks::dispatch::{Failure, Remark},
    work,
};

/// Asks for a scan where the default branch moved; one that waits already will see it as well.
pub(in crate::webhooks) async fn handle(
    tx: &mut TenantTx,
    push: &Push,
    now: DateTime<Utc>,
) -> Result<Remark, Failure> {
    let Some(repository) = find(tx, &push.repository).await? else {
        return Ok(Some(NOT_CONNECTED.to_owned()));
    };
    let default = push.repository.default_branch.as_deref();
    // Where GitHub does not say which is the default branch, any may be.
    let is_default = default.is_none_or(|default| push.branch() == Some(default));
    if push.branch().is_none() || !is_default || push.deleted {
        return Ok(None);
    }
    work::request_scan(tx, repository, ScanReason::Push, now).await?;
    Ok(None)
}
