//! Having a repository read from GitHub, cancelling that, and going on with it.

use anyhow::Context;
use chrono::{DateTime, TimeDelta, Utc};

use super::{
    import::ImportRepository,
    model::{Import, Reason},
    store::{
        imports,
        known::{self, Place},
        syncs,
    },
};
use crate::{
    connections::ConnectionId, jobs, platform::ids, repositories::RepositoryId, tenancy::TenantTx,
};

/// What open pages are told of.
pub(super) const TOPIC: &str = "sync";

/// What came of asking for a repository to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Requested {
    Begun,
    /// It is not known to be one of GitHub's.
    NotOnGitHub,
    /// There is nothing to ask that GitHub by.
    NotConnected,
    /// There was nothing to do: it is not there, or all of it is read or being read.
    Nothing,
}

/// Has all that GitHub has of a repository read, the newest first, in the transaction of what causes it.
///
/// What is under way is begun anew; what is there stays, and is brought up to date.
pub async fn request_import(
    tx: &mut TenantTx,
    repository: RepositoryId,
    now: DateTime<Utc>,
) -> anyhow::Result<Requested> {
    begin(tx, repository, (Reason::Import, now)).await
}

/// A reading that has brought nothing for so long has lost its job, and is begun anew.
const STUCK: TimeDelta = TimeDelta::hours(12);

/// The same once a day, to find what nothing has told of. What is under way is left to go on, and the daily
/// reading stays due until that has ended.
pub(super) async fn request_sweep(
    tx: &mut TenantTx,
    repository: RepositoryId,
    now: DateTime<Utc>,
) -> anyhow::Result<Requested> {
    let imports = imports::list(tx, repository).await?;
    let moves = |import: &Import| {
        let last = import.advanced_at.max(import.resume_at).unwrap_or(import.requested_at);
        !import.state.is_over() && now - last < STUCK
    };
    if imports.iter().any(moves) {
        return Ok(Requested::Nothing);
    }
    begin(tx, repository, (Reason::Sweep, now)).await
}

async fn begin(
    tx: &mut TenantTx,
    repository: RepositoryId,
    (reason, now): (Reason, DateTime<Utc>),
) -> anyhow::Result<Requested> {
    let connection = match connection(tx, repository).await? {
        Ok(connection) => connection,
        Err(refusal) => return Ok(refusal),
    };
    let pass = ids::new();
    imports::begin_pass(tx, repository, (pass, reason), now).await?;
    syncs::put(tx, repository, now).await?;
    jobs::enqueue(tx, &ImportRepository { connection, repository, pass }, now).await?;
    tx.announce_in(repository.as_uuid(), TOPIC);
    Ok(Requested::Begun)
}

/// Has what was cancelled or failed go on where it stopped.
pub(super) async fn resume(
    tx: &mut TenantTx,
    repository: RepositoryId,
    now: DateTime<Utc>,
) -> anyhow::Result<Requested> {
    let connection = match connection(tx, repository).await? {
        Ok(connection) => connection,
        Err(refusal) => return Ok(refusal),
    };
    let pass = ids::new();
    if imports::resume(tx, repository, pass).await? == 0 {
        return Ok(Requested::Nothing);
    }
    jobs::enqueue(tx, &ImportRepository { connection, repository, pass }, now).await?;
    tx.announce_in(repository.as_uuid(), TOPIC);
    Ok(Requested::Begun)
}

/// Ends what is under way; what is read so far stays. False where nothing is.
pub(super) async fn cancel(
    tx: &mut TenantTx,
    repository: RepositoryId,
    now: DateTime<Utc>,
) -> sqlx::Result<bool> {
    let is_cancelled = imports::cancel(tx, repository, now).await? > 0;
    if is_cancelled {
        tx.announce_in(repository.as_uuid(), TOPIC);
    }
    Ok(is_cancelled)
}

/// By what GitHub is asked about a repository.
async fn connection(
    tx: &mut TenantTx,
    repository: RepositoryId,
) -> anyhow::Result<Result<ConnectionId, Requested>> {
    let place = known::find_place(tx, repository).await.context("find where GitHub has it")?;
    let Some(Place { github_id, connection, .. }) = place else {
        return Ok(Err(Requested::Nothing));
    };
    if github_id.is_none() {
        return Ok(Err(Requested::NotOnGitHub));
    }
    Ok(connection.ok_or(Requested::NotConnected))
}
