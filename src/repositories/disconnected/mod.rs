//! Repositories that were disconnected: hidden from everybody, kept for a day, and then deleted.
//!
//! They are hidden as those are that somebody may not see, by the policies of their tables, and so no list
//! can show them by mistake; what looks at them says so here.

mod store;

use chrono::{DateTime, TimeDelta, Utc};

use super::{OnGitHub, RepositoryId};
use crate::tenancy::TenantTx;

/// How long a disconnected repository can be had back.
pub const KEPT: TimeDelta = TimeDelta::hours(24);

/// A disconnected repository.
#[derive(Clone, Debug)]
pub struct Disconnected {
    pub id: RepositoryId,
    pub name: String,
    pub source: String,
    pub at: DateTime<Utc>,
    pub by: String,
}

impl Disconnected {
    /// Until when it can be had back.
    pub fn until(&self) -> DateTime<Utc> {
        self.at + KEPT
    }
}

/// Which one is meant.
#[derive(Clone, Copy, Debug)]
pub enum Meant<'a> {
    Id(RepositoryId),
    /// By the key of its source.
    Source(&'a str),
    OnGitHub(&'a OnGitHub),
}

/// Hides a repository from everybody, with all that belongs to it.
pub async fn disconnect(
    tx: &mut TenantTx,
    id: RepositoryId,
    now: DateTime<Utc>,
) -> sqlx::Result<()> {
    let by = tx.actor().name().to_owned();
    store::set_disconnected(tx, id, (now, &by)).await?;
    store::show(tx, false).await
}

/// Shows what is disconnected to the rest of a transaction: for a job that takes away what belonged to it.
pub async fn show_all(tx: &mut TenantTx) -> sqlx::Result<()> {
    store::show(tx, true).await
}

/// Lists what can be had back, what was disconnected last first.
pub async fn list(tx: &mut TenantTx, now: DateTime<Utc>) -> sqlx::Result<Vec<Disconnected>> {
    store::show(tx, true).await?;
    let found = store::list(tx, now - KEPT).await?;
    store::show(tx, false).await?;
    Ok(found)
}

/// Finds one that can be had back, the one that was disconnected last where several fit.
pub async fn find(
    tx: &mut TenantTx,
    meant: Meant<'_>,
    now: DateTime<Utc>,
) -> sqlx::Result<Option<Disconnected>> {
    store::show(tx, true).await?;
    let found = store::find(tx, meant, now - KEPT).await?;
    store::show(tx, false).await?;
    Ok(found)
}

/// Has a repository back, as it was; under another name where its own is taken. None where the address or
/// the repository itself is connected anew by now.
pub async fn reconnect(tx: &mut TenantTx, id: RepositoryId) -> sqlx::Result<Option<String>> {
    store::show(tx, true).await?;
    let name = store::reconnect(tx, id).await?;
    store::show(tx, false).await?;
    Ok(name)
}

/// Lists what was disconnected too long ago.
pub async fn list_due(tx: &mut TenantTx, now: DateTime<Utc>) -> sqlx::Result<Vec<Disconnected>> {
    store::show(tx, true).await?;
    let found = store::list_due(tx, now - KEPT).await?;
    store::show(tx, false).await?;
    Ok(found)
}

/// Deletes a repository that was disconnected too long ago, with all that belongs to it; false where somebody
/// has had it back since it was listed.
pub async fn delete(tx: &mut TenantTx, id: RepositoryId, now: DateTime<Utc>) -> sqlx::Result<bool> {
    store::show(tx, true).await?;
    let is_deleted = store::delete(tx, id, now - KEPT).await?;
    store::show(tx, false).await?;
    Ok(is_deleted)
}

/// Lists the ids of all repositories, disconnected ones among them: whose mirrors are kept.
pub async fn list_ids(tx: &mut TenantTx) -> sqlx::Result<Vec<RepositoryId>> {
    store::show(tx, true).await?;
    let found = super::store::list_ids(tx).await?;
    store::show(tx, false).await?;
    Ok(found)
}
