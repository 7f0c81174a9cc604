//! What changed, for open pages: rows that a stream reads from the last one it saw; NOTIFY only wakes.

use std::{sync::Arc, time::Duration};

use chrono::{DateTime, Utc};
use sqlx::{
    PgConnection,
    postgres::{PgConnectOptions, PgListener, PgPoolOptions},
};
use tokio::{
    sync::{Notify, broadcast},
    time::Instant,
};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};
use uuid::Uuid;

use super::{
    db::Db,
    grant::{Grant, TenantId},
    tx::Topic,
};
use crate::{platform::clock::Clock, web::Result};

const CHANNEL: &str = "quarterdeck";
const JOBS: &str = "jobs";
const PEOPLE: &str = "people";

/// The lock under which changes are written, so that their ids become visible in order.
const LOCK: i32 = 0x5144;

/// How long a stream gathers after it has told something: pages fetch anew once nothing was told for 100 ms,
/// which must come while changes never stop.
const GATHER: Duration = Duration::from_millis(150);

/// Wakes this process' workers and open pages.
#[derive(Clone, Debug)]
pub struct Wake {
    jobs: Arc<Notify>,
    /// `None` wakes every tenant's streams: notifications may have been missed.
    changes: broadcast::Sender<Option<TenantId>>,
}

impl Default for Wake {
    fn default() -> Self {
        Self { jobs: Arc::default(), changes: broadcast::channel(256).0 }
    }
}

impl Wake {
    /// Waits until a job may be ready.
    pub async fn job(&self) {
        self.jobs.notified().await;
    }

    fn all(&self) {
        self.jobs.notify_one();
        drop(self.changes.send(None));
    }

    fn of_payload(&self, payload: &str) {
        if payload == JOBS {
            self.jobs.notify_one();
        } else if payload == PEOPLE {
            drop(self.changes.send(None));
        } else if let Ok(tenant) = payload.parse() {
            drop(self.changes.send(Some(tenant)));
        }
    }
}

/// One thing that changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    pub id: i64,
    pub topic: String,
}

/// The changes of one tenant as they are committed.
#[derive(Debug)]
pub struct ChangeStream {
    db: Db,
    grant: Grant,
    clock: Clock,
    wake: broadcast::Receiver<Option<TenantId>>,
    last: i64,
    /// Until when it gathers, after it has told something.
    gathers_until: Option<Instant>,
}

/// What a stream has to tell its page.
#[derive(Debug, PartialEq, Eq)]
pub enum News {
    Changes(Vec<Change>),
    /// The page was away for longer than changes are kept.
    Refetch,
}

impl ChangeStream {
    /// Goes on after the change that the page saw last, or from now.
    pub(super) async fn open(
        db: &Db,
        grant: &Grant,
        clock: &Clock,
        after: Option<i64>,
    ) -> Result<(Self, Option<News>)> {
        let wake = db.wake().changes.subscribe();
        let mut tx = db.begin_as(grant, true, clock.now()).await?;
        let (oldest, newest) = span(tx.connection()).await?;
        let missed = after
            .is_some_and(|after| after > newest || oldest.is_some_and(|oldest| after < oldest - 1));
        let last = after.filter(|_| !missed).unwrap_or(newest);
        let (db, grant, clock) = (db.clone(), grant.clone(), clock.clone());
        let stream = Self { db, grant, clock, wake, last, gathers_until: None };
        Ok((stream, missed.then_some(News::Refetch)))
    }

    /// The id a page that reconnects goes on after.
    pub const fn position(&self) -> i64 {
        self.last
    }

    /// Waits for changes; they come in the order in which they were committed.
    ///
    /// An error where the person may not listen any longer, or the database is gone.
    pub async fn next(&mut self) -> Result<News> {
        if let Some(until) = self.gathers_until.take() {
            tokio::time::sleep_until(until).await;
        }
        loop {
            let changes = self.read().await?;
            if let Some(last) = changes.last() {
                self.last = last.id;
                self.gathers_until = Some(Instant::now() + GATHER);
                return Ok(News::Changes(changes));
            }
            self.woken().await;
        }
    }

    async fn read(&self) -> Result<Vec<Change>> {
        let mut tx = self.db.begin_as(&self.grant, true, self.clock.now()).await?;
        Ok(sqlx::query_as!(
            Change,
            "SELECT id, topic FROM changes WHERE id > $1 ORDER BY id LIMIT 200",
            self.last
        )
        .fetch_all(tx.connection())
        .await?)
    }

    async fn woken(&mut self) {
        let tenant = self.grant.organization().id;
        loop {
            match self.wake.recv().await {
                Ok(Some(other)) if other != tenant => {}
                Ok(_) | Err(broadcast::error::RecvError::Lagged(_)) => return,
                // The pool is gone as well; the next read says so.
                Err(broadcast::error::RecvError::Closed) => {
                    return tokio::time::sleep(Duration::from_secs(1)).await;
                }
            }
        }
    }
}

/// The oldest kept change, and the newest id there has been.
async fn span(connection: &mut PgConnection) -> sqlx::Result<(Option<i64>, i64)> {
    let row =
        sqlx::query!(r#"SELECT min(id) AS oldest, coalesce(max(id), 0) AS "newest!" FROM changes"#)
            .fetch_one(connection)
            .await?;
    Ok((row.oldest, row.newest))
}

/// Writes a transaction's changes right before its commit, under a short lock a tenant.
///
/// Without the lock, a greater id could become visible before a smaller one, and a stream that had
/// read up to the greater one would never see the smaller.
pub(super) async fn record(
    connection: &mut PgConnection,
    tenant: TenantId,
    topics: &[Topic],
) -> sqlx::Result<()> {
    if topics.is_empty() {
        return Ok(());
    }
    let names: Vec<String> = topics.iter().map(|topic| topic.name.clone()).collect();
    // None is a nil id here, for arrays of the driver have no gaps.
    let repositories: Vec<Uuid> =
        topics.iter().map(|topic| topic.repository.unwrap_or(Uuid::nil())).collect();
    sqlx::query!("SELECT pg_advisory_xact_lock($1, hashtext($2))", LOCK, tenant.to_string())
        .execute(&mut *connection)
        .await?;
    sqlx::query!(
        "WITH added AS (
             INSERT INTO changes (tenant_id, topic, repository_id, at)
             SELECT $1, topic, nullif(repository_id, '00000000-0000-0000-0000-000000000000'), clock_timestamp()
             FROM UNNEST($2::text[], $5::uuid[]) AS told (topic, repository_id)
         )
         SELECT pg_notify($3, $4)",
        tenant.as_uuid(),
        &names,
        CHANNEL,
        tenant.to_string(),
        &repositories,
    )
    .execute(connection)
    .await
    .map(|_| ())
}

/// Wakes the workers of all processes once the current transaction is committed.
pub(crate) async fn notify_jobs(connection: &mut PgConnection) -> sqlx::Result<()> {
    sqlx::query!("SELECT pg_notify($1, $2)", CHANNEL, JOBS).execute(connection).await.map(|_| ())
}

/// Has every open page of all processes look whether its person is still signed in, once the current
/// transaction is committed.
pub(super) async fn notify_people(connection: &mut PgConnection) -> sqlx::Result<()> {
    sqlx::query!("SELECT pg_notify($1, $2)", CHANNEL, PEOPLE).execute(connection).await.map(|_| ())
}

/// Deletes the changes before a time; returns how many.
pub(crate) async fn forget(
    connection: &mut PgConnection,
    before: DateTime<Utc>,
) -> sqlx::Result<u64> {
    let result =
        sqlx::query!("DELETE FROM changes WHERE at < $1", before).execute(connection).await?;
    Ok(result.rows_affected())
}

/// Passes notifications on until the process stops, connecting again where the database went away.
pub(super) async fn listen(options: PgConnectOptions, wake: Wake, stop: CancellationToken) {
    while !stop.is_cancelled() {
        tokio::select! {
            () = stop.cancelled() => return,
            ended = listen_once(options.clone(), &wake) => {
                if let Err(error) = ended {
                    warn!(%error, "Notifications of the database are interrupted; trying again in a second");
                }
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        }
    }
}

async fn listen_once(options: PgConnectOptions, wake: &Wake) -> sqlx::Result<()> {
    let pool = PgPoolOptions::new().max_connections(1).connect_with(options).await?;
    let mut listener = PgListener::connect_with(&pool).await?;
    listener.listen(CHANNEL).await?;
    // What was notified while nobody listened is lost: look once.
    wake.all();
    loop {
        if let Some(notification) = listener.try_recv().await? {
            wake.of_payload(notification.payload());
        } else {
            info!("Listening to the database again");
            wake.all();
        }
    }
}
