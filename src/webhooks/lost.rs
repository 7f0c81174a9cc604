//! Repositories that an App reaches no longer: GitHub is asked which those are.
//!
//! What an event says of it is not believed, for events come in any order and may be sent again by whoever
//! has kept one.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};
use tracing::warn;

use crate::{
    connections::{ConnectionId, Connections, Opened, Unusable},
    github::{ApiError, Cursor, Urgency, model::Repository},
    jobs::{self, Failure, Job, JobContext, Registry},
    repositories,
};

/// Takes repositories from a connection that GitHub lets it reach no longer. Idempotent: what counts is what
/// GitHub says now.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct FindLost {
    pub(super) connection: ConnectionId,
}

impl Job for FindLost {
    const KIND: &'static str = "find_lost";
    const ATTEMPTS: u16 = 8;

    fn lane(&self) -> String {
        format!("lost:{}", self.connection)
    }
}

/// Names the function that asks.
pub(super) fn register_jobs(registry: Registry, connections: Connections) -> Registry {
    registry.with(move |context: JobContext, job: FindLost| {
        let connections = connections.clone();
        async move { run(&context, &connections, &job).await }
    })
}

async fn run(
    context: &JobContext,
    connections: &Connections,
    job: &FindLost,
) -> Result<(), Failure> {
    match find(context, connections, job.connection).await {
        Ok(Ok(lost)) => write(context, job.connection, &lost).await.map_err(again),
        Ok(Err(ApiError::Wait { until })) => {
            let mut tx = context.db.begin_granted(&context.grant).await.map_err(again)?;
            let later = (context.clock.now(), until);
            jobs::enqueue_at(&mut tx, job, later).await.map_err(Failure::Retry)?;
            tx.commit().await.map(|_| ()).map_err(again)
        }
        Ok(Err(error)) if error.may_pass() => Err(again(error)),
        // An installation that is gone or suspended is told of by an event of its own.
        Ok(Err(error)) => {
            warn!(connection = %job.connection, "Which repositories are lost cannot be asked: {error}");
            Ok(())
        }
        Err(error) => Err(again(error)),
    }
}

fn again(error: impl Into<anyhow::Error>) -> Failure {
    Failure::Retry(error.into())
}

/// GitHub's numbers of the connection's repositories that it does not reach.
async fn find(
    context: &JobContext,
    connections: &Connections,
    id: ConnectionId,
) -> sqlx::Result<Result<Vec<i64>, ApiError>> {
    let mut tx = context.db.begin_granted(&context.grant).await?;
    // Before GitHub is asked: what is connected meanwhile is none of this.
    let known = repositories::list_of_connection(&mut tx, id).await?;
    let opened = connections.open(&mut tx, id).await?;
    drop(tx);
    let Some(Ok(opened)) = opened.filter(|_| !known.is_empty()) else { return Ok(Ok(Vec::new())) };
    Ok(missing(&opened, known).await)
}

async fn missing(opened: &Opened, known: Vec<i64>) -> Result<Vec<i64>, ApiError> {
    let mut missing: HashSet<i64> = known.into_iter().collect();
    // A list that changes while it is read may leave one out: what is lost is missing twice.
    for _ in 0..2 {
        if !missing.is_empty() {
            remove_reached(opened, &mut missing).await?;
        }
    }
    Ok(missing.into_iter().collect())
}

async fn remove_reached(opened: &Opened, missing: &mut HashSet<i64>) -> Result<(), ApiError> {
    let access = match opened.access(Urgency::Background).await {
        Ok(access) => access,
        Err(Unusable::GitHub(error)) => return Err(error.into()),
        // Nothing is known then of what it will reach.
        Err(
            Unusable::NotInstalled | Unusable::Suspended | Unusable::Removed | Unusable::Sealed(_),
        ) => {
            missing.clear();
            return Ok(());
        }
    };
    let api = opened.client().by(&access);
    let mut next = Some(Cursor::<Repository>::of_installation());
    while let Some(cursor) = next {
        let page = api.page(&cursor).await?;
        for repository in page.items {
            missing.remove(&repository.id);
        }
        next = page.next;
    }
    Ok(())
}

async fn write(context: &JobContext, id: ConnectionId, lost: &[i64]) -> sqlx::Result<()> {
    if lost.is_empty() {
        return Ok(());
    }
    let mut tx = context.db.begin_granted(&context.grant).await?;
    for repository in repositories::lose(&mut tx, id, lost, context.clock.now()).await? {
        tx.announce_in(repository.as_uuid(), "repositories");
    }
    tx.announce("connections");
    tx.commit().await.map(|_| ())
}
