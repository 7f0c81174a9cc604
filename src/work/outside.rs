//! Tasks that come from GitHub: an issue is one, and a pull request.
//!
//! Whoever keeps GitHub's objects calls this in the transaction that writes them; scans never touch these
//! tasks. A task is the same by its number, which issues and pull requests of a repository share.

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;

use super::{
    model::{TaskSource, TaskState},
    store,
};
use crate::{repositories::RepositoryId, tenancy::TenantTx};

/// An issue or a pull request as a task.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OutsideTask {
    pub number: i64,
    /// [`TaskSource::Issue`] or [`TaskSource::Pull`].
    pub source: TaskSource,
    pub title: String,
    pub state: TaskState,
    /// The login of who opened it; none where the account is gone.
    pub author: Option<String>,
    /// `status` (how it ended), `labels`, `assignees`, `milestone`, as far as it has them.
    pub attributes: Value,
    /// Its page, `https://…` or `http://…`.
    pub url: String,
    pub opened_at: DateTime<Utc>,
    pub closed_at: Option<DateTime<Utc>>,
    pub updated_at: DateTime<Utc>,
}

/// What a change does to the numbers of its repository.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Delta {
    /// How many rows are other ones than before.
    pub(super) rows: i64,
    pub(super) open_tasks: i64,
    pub(super) done_tasks: i64,
    pub(super) open_pulls: i64,
}

/// Writes tasks, each number once, one transaction of a repository at a time, and tells open pages where one is new or changed.
pub async fn put_outside_tasks(
    tx: &mut TenantTx,
    repository: RepositoryId,
    tasks: &[OutsideTask],
) -> sqlx::Result<()> {
    if tasks.is_empty() {
        return Ok(());
    }
    let delta = store::upsert_outside(tx, repository, tasks).await?;
    settle(tx, repository, &delta).await
}

/// Deletes the tasks with these numbers, with their links.
pub async fn delete_outside_tasks(
    tx: &mut TenantTx,
    repository: RepositoryId,
    numbers: &[i64],
) -> sqlx::Result<()> {
    let delta = store::delete_outside(tx, repository, numbers).await?;
    settle(tx, repository, &delta).await
}

/// Says which issues these pull requests close, in place of all that was said before.
///
/// `pairs` are numbers of a pull request and of an issue. One that is not there yet is passed over:
/// whoever writes it says [`link_closings`] then.
pub async fn relink_closings(
    tx: &mut TenantTx,
    repository: RepositoryId,
    pulls: &[i64],
    pairs: &[(i64, i64)],
) -> sqlx::Result<()> {
    store::replace_closings(tx, repository, pulls, pairs).await
}

/// Says which pull requests close which issues, besides what was said before.
pub async fn link_closings(
    tx: &mut TenantTx,
    repository: RepositoryId,
    pairs: &[(i64, i64)],
) -> sqlx::Result<()> {
    if pairs.is_empty() {
        return Ok(());
    }
    store::insert_closings(tx, repository, pairs).await
}

async fn settle(tx: &mut TenantTx, repository: RepositoryId, delta: &Delta) -> sqlx::Result<()> {
    if (delta.open_tasks, delta.done_tasks, delta.open_pulls) != (0, 0, 0) {
        store::add_numbers(tx, repository, delta).await?;
        tx.announce_in(repository.as_uuid(), "repositories");
    }
    if delta.rows > 0 {
        tx.announce_in(repository.as_uuid(), "tasks");
    }
    Ok(())
}
