//! Repositories that an App reaches no longer: GitHub is asked which those are.
//!
//! What an event says of it is not believed, for events come in any order and may be sent again by whoever
//! has kept one.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use tracing::warn;

use crate::{
    connections::{ConnectionId, Connections, Opened, Unusable},
    github::{Api, ApiError, Cursor, Urgency, model::Repository},
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

/// What GitHub has said of a connection's repositories.
#[derive(Default)]
struct Found {
    /// GitHub's numbers of those that the connection does not reach.
    lost: Vec<i64>,
    /// Why there may be more of them.
    trouble: Option<ApiError>,
}

impl From<ApiError> for Found {
    fn from(error: ApiError) -> Self {
        Self { lost: Vec::new(), trouble: Some(error) }
    }
}

async fn run(
    context: &JobContext,
    connections: &Connections,
    job: &FindLost,
) -> Result<(), Failure> {
    let found = find(context, connections, job.connection).await.map_err(again)?;
    write(context, job.connection, &found.lost).await.map_err(again)?;
    match found.trouble {
        None => Ok(()),
        Some(ApiError::Wait { until }) => ask_later(context, job, until).await,
        // An installation that is gone or suspended is told of by an event of its own.
        Some(error) if context.is_last && !error.may_pass() => {
            warn!(connection = %job.connection, "Which repositories are lost cannot be asked: {error}");
            Ok(())
        }
        // Also what only somebody can mend: an address that is off limits may be let in meanwhile.
        Some(error) => Err(again(error)),
    }
}

async fn ask_later(
    context: &JobContext,
    job: &FindLost,
    until: DateTime<Utc>,
) -> Result<(), Failure> {
    let mut tx = context.db.begin_granted(&context.grant).await.map_err(again)?;
    let later = (context.clock.now(), until);
    jobs::enqueue_at(&mut tx, job, later).await.map_err(Failure::Retry)?;
    tx.commit().await.map(|_| ()).map_err(again)
}

fn again(error: impl Into<anyhow::Error>) -> Failure {
    Failure::Retry(error.into())
}

async fn find(
    context: &JobContext,
    connections: &Connections,
    id: ConnectionId,
) -> sqlx::Result<Found> {
    let mut tx = context.db.begin_granted(&context.grant).await?;
    // Before GitHub is asked: what is connected meanwhile is none of this.
    let known = repositories::list_of_connection(&mut tx, id).await?;
    let opened = connections.open(&mut tx, id).await?;
    drop(tx);
    let Some(Ok(opened)) = opened.filter(|_| !known.is_empty()) else {
        return Ok(Found::default());
    };
    Ok(ask(&opened, known).await)
}

async fn ask(opened: &Opened, known: Vec<i64>) -> Found {
    let access = match opened.access(Urgency::Background).await {
        Ok(access) => access,
        Err(Unusable::GitHub(error)) => return ApiError::from(error).into(),
        // Nothing is known then of what it will reach.
        Err(
            Unusable::NotInstalled | Unusable::Suspended | Unusable::Removed | Unusable::Sealed(_),
        ) => return Found::default(),
    };
    let api = opened.client().by(&access);
    match missing(api, known).await {
        Ok(missing) => unreadable(api, missing).await,
        Err(error) => error.into(),
    }
}

/// GitHub's numbers of those that the installation does not list.
async fn missing(api: Api<'_>, known: Vec<i64>) -> Result<HashSet<i64>, ApiError> {
    let mut missing: HashSet<i64> = known.into_iter().collect();
    // A list that changes while it is read may leave one out: what is lost is missing twice.
    for _ in 0..2 {
        if !missing.is_empty() {
            remove_listed(api, &mut missing).await?;
        }
    }
    Ok(missing)
}

async fn remove_listed(api: Api<'_>, missing: &mut HashSet<i64>) -> Result<(), ApiError> {
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

/// Those of the missing that GitHub does not let the App read: a public repository can be connected, and
/// read, though no installation lists it.
async fn unreadable(api: Api<'_>, missing: HashSet<i64>) -> Found {
    let mut found = Found::default();
    for id in missing {
        match api.repository_by_id(id).await {
            Ok(_) => {}
            Err(ApiError::NotFound | ApiError::Gone) => found.lost.push(id),
            // The others are not asked for either; what is known by now counts.
            Err(error) if error.may_pass() => return Found { trouble: Some(error), ..found },
            // Of this one nothing is known, so that it is kept.
            Err(error) => found.trouble = Some(error),
        }
    }
    found
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
