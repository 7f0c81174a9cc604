//! The job that asks GitHub for one thing that is in doubt.

use anyhow::Context;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{
    ask::{Asking, Settings, Stop},
    fetch, import,
    store::known,
};
use crate::{
    connections::ConnectionId,
    jobs::{self, Failure, Job, JobContext},
    repositories::RepositoryId,
    tenancy::TenantTx,
    tracker::Wanted,
};

/// Fetches one thing and writes what it is.
///
/// Idempotent: what is fetched twice is written once.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct FetchWanted {
    pub(super) connection: ConnectionId,
    pub(super) repository: RepositoryId,
    pub(super) wanted: Wanted,
}

impl Job for FetchWanted {
    const KIND: &'static str = "fetch_wanted";
    const ATTEMPTS: u16 = 8;

    fn lane(&self) -> String {
        import::lane(self.connection)
    }
}

/// Has what an event left in doubt fetched from GitHub, in the transaction of the event; false where there
/// is nothing to ask by. What waits to be fetched already is not fetched twice.
pub async fn request_wanted(
    tx: &mut TenantTx,
    repository: RepositoryId,
    wanted: Vec<Wanted>,
    now: DateTime<Utc>,
) -> anyhow::Result<bool> {
    if wanted.is_empty() {
        return Ok(true);
    }
    let place = known::find_place(tx, repository).await.context("find where GitHub has it")?;
    let Some(connection) = place.and_then(|place| place.connection) else { return Ok(false) };
    enqueue(tx, (repository, connection), wanted, now).await?;
    Ok(true)
}

/// The same where it is known by what to ask.
pub(super) async fn enqueue(
    tx: &mut TenantTx,
    (repository, connection): (RepositoryId, ConnectionId),
    wanted: Vec<Wanted>,
    now: DateTime<Utc>,
) -> anyhow::Result<()> {
    let fetch = |wanted| FetchWanted { connection, repository, wanted };
    let all: Vec<_> = wanted.into_iter().map(fetch).collect();
    jobs::enqueue_all(tx, &all, now).await
}

pub(super) async fn run(
    context: JobContext,
    settings: Settings,
    job: FetchWanted,
) -> Result<(), Failure> {
    let stop = match fetch_one(&context, &settings, &job).await {
        Ok(()) => return Ok(()),
        Err(stop) => stop,
    };
    match stop {
        Stop::Removed => Ok(()),
        Stop::Wait(until) => {
            let later = wait(&context, &job, until).await;
            later.map_err(Failure::Retry)
        }
        Stop::Trouble(_)
        | Stop::Unexpected(_)
        | Stop::Interrupted
        | Stop::Database(_)
        | Stop::Broken(_) => Err(Failure::Retry(stop.into_error())),
        // What is in doubt stays as it is known; the daily comparison asks again.
        Stop::Nothing(_) | Stop::Refused(_) | Stop::Absent => {
            tracing::warn!("Something in doubt could not be fetched: {:#}", stop.into_error());
            Ok(())
        }
    }
}

async fn fetch_one(
    context: &JobContext,
    settings: &Settings,
    job: &FetchWanted,
) -> Result<(), Stop> {
    if context.is_exhausted {
        return Err(Stop::Nothing("the server ended each time".to_owned()));
    }
    let asking = Asking::begin(settings, context, job.repository).await?;
    fetch::fetch(context, &asking, job.repository, &job.wanted).await
}

async fn wait(context: &JobContext, job: &FetchWanted, until: DateTime<Utc>) -> anyhow::Result<()> {
    let mut tx = context.db.begin_granted(&context.grant).await?;
    jobs::enqueue_at(&mut tx, job, (context.clock.now(), until)).await?;
    tx.commit().await?;
    Ok(())
}
