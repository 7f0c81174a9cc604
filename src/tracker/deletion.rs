//! What was deleted at GitHub.

use chrono::{DateTime, Utc};

use super::{
    apply::{self, Home},
    error::Result,
    store, tasks,
    word::Kind,
};
use crate::{repositories::RepositoryId, tenancy::TenantTx, work};

/// An object that was deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deleted {
    pub kind: Kind,
    pub github_id: i64,
    /// Of an issue or a pull request: what stands under it goes with it.
    pub number: Option<i64>,
}

/// Deletes an object with what belongs to it, and buries it: late words about it bring nothing back. Also one
/// that nothing was heard of yet; twice is as once.
///
/// An issue that was transferred is deleted where it was: elsewhere it has another id.
pub async fn delete(
    tx: &mut TenantTx,
    repository: RepositoryId,
    deleted: Deleted,
    now: DateTime<Utc>,
) -> Result<()> {
    let home = apply::enter(tx, repository).await?;
    store::bury(tx, &home, &deleted, now).await?;
    let was_there = store::delete_object(tx, &home, deleted.kind, deleted.github_id).await?;
    if was_there {
        tx.announce_in(repository.as_uuid(), deleted.kind.topic());
    }
    match deleted.kind {
        Kind::Issue | Kind::Pull => take_along(tx, &home, deleted.number).await,
        Kind::Label => {
            let numbers = store::list_numbers_labelled(tx, &home, &[deleted.github_id]).await?;
            tasks::put(tx, &home, &numbers).await
        }
        Kind::Milestone => {
            let numbers =
                store::list_numbers_in_milestones(tx, &home, &[deleted.github_id]).await?;
            tasks::put(tx, &home, &numbers).await
        }
        Kind::IssueComment
        | Kind::ReviewComment
        | Kind::Review
        | Kind::Release
        | Kind::Deployment
        | Kind::DeploymentStatus
        | Kind::WorkflowRun
        | Kind::CheckSuite => Ok(()),
    }
}

async fn take_along(tx: &mut TenantTx, home: &Home, number: Option<i64>) -> Result<()> {
    let Some(number) = number else { return Ok(()) };
    if store::delete_under(tx, home, number).await? {
        tx.announce_in(home.repository.as_uuid(), Kind::IssueComment.topic());
    }
    Ok(work::delete_outside_tasks(tx, home.repository, &[number]).await?)
}
