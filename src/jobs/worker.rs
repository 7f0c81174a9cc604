//! Workers: take jobs, run them bound to their tenant, and record how they ended.

use std::{
    collections::HashMap,
    future::Future,
    pin::Pin,
    sync::Arc,
    time::{Duration, Instant},
};

use chrono::TimeDelta;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tracing::{Instrument, error, info, info_span, warn};

use super::{
    Job,
    queue::{self, Claimed},
};
use crate::{
    platform::{clock::Clock, tasks::Tasks},
    tenancy::{Db, Grant, SystemReason, notify_jobs},
};

/// How often a running job gives a sign of life.
const HEARTBEAT: Duration = Duration::from_secs(5);

/// How long a worker sleeps where nothing wakes it: for jobs that wait for their time.
const NAP: Duration = Duration::from_secs(5);

/// How a job failed.
#[derive(Debug)]
pub enum Failure {
    /// It may go better later.
    Retry(anyhow::Error),
    /// Trying again would end the same.
    Final(anyhow::Error),
}

/// What a running job is given.
#[derive(Clone, Debug)]
pub struct JobContext {
    pub db: Db,
    pub grant: Grant,
    pub clock: Clock,
    /// Is cancelled when the server stops or the job is no longer this worker's.
    pub cancel: CancellationToken,
    /// Whether a failure of this attempt is the end.
    pub is_last: bool,
    /// Whether all attempts are used up: the ones before ended with their server, not with an answer.
    pub is_exhausted: bool,
}

type Outcome = Pin<Box<dyn Future<Output = Result<(), Failure>> + Send>>;
type Run = Arc<dyn Fn(JobContext, serde_json::Value) -> Outcome + Send + Sync>;

/// Which function does which kind of job.
#[derive(Clone, Default)]
pub struct Registry {
    kinds: HashMap<&'static str, Run>,
}

impl Registry {
    /// Names the function that does a job.
    #[must_use]
    pub fn with<J, F, R>(mut self, run: F) -> Self
    where
        J: Job,
        F: Fn(JobContext, J) -> R + Send + Sync + 'static,
        R: Future<Output = Result<(), Failure>> + Send + 'static,
    {
        let run = Arc::new(run);
        let boxed: Run = Arc::new(move |context, payload| {
            let run = Arc::clone(&run);
            Box::pin(async move {
                let job = serde_json::from_value(payload)
                    .map_err(|error| Failure::Final(error.into()))?;
                run(context, job).await
            })
        });
        self.kinds.insert(J::KIND, boxed);
        self
    }

    fn names(&self) -> Vec<String> {
        self.kinds.keys().map(|kind| (*kind).to_owned()).collect()
    }
}

/// Takes jobs and runs them.
#[derive(Clone)]
pub struct Worker {
    db: Db,
    clock: Clock,
    registry: Registry,
}

impl Worker {
    pub fn new(db: Db, clock: Clock, registry: Registry) -> Self {
        Self { db, clock, registry }
    }

    /// Puts back the jobs that a former process held: only where this process is the only one.
    pub async fn take_over(&self) -> anyhow::Result<()> {
        let mut tx = self.db.system(SystemReason::ClaimJob).await?;
        let released = queue::release_all(tx.connection()).await?;
        tx.commit().await?;
        if released > 0 {
            info!("{released} interrupted jobs go on");
        }
        Ok(())
    }

    /// Runs jobs until the process stops, so many at the same time.
    pub async fn work(self, parallel: usize, tasks: Tasks) {
        let permits = Arc::new(Semaphore::new(parallel));
        let stop = tasks.stopping().clone();
        while !stop.is_cancelled() {
            let woken = self.db.wake().clone();
            let Ok(permit) = Arc::clone(&permits).acquire_owned().await else { return };
            match self.claim().await {
                Ok(Some(job)) => {
                    let (worker, stop) = (self.clone(), stop.child_token());
                    tasks.spawn("job", async move {
                        worker.run(job, stop).await;
                        drop(permit);
                    });
                }
                Ok(None) => self.rest(&stop, woken.job()).await,
                Err(error) => {
                    warn!(%error, "The queue cannot be read; trying again");
                    self.rest(&stop, std::future::pending()).await;
                }
            }
        }
    }

    async fn rest(&self, stop: &CancellationToken, woken: impl Future<Output = ()>) {
        tokio::select! {
            () = stop.cancelled() => {}
            () = woken => {}
            () = tokio::time::sleep(NAP) => {}
        }
    }

    /// Runs jobs one after the other until none is ready; for tests and the command line.
    pub async fn run_until_idle(&self) -> anyhow::Result<()> {
        while let Some(job) = self.claim().await? {
            self.run(job, CancellationToken::new()).await;
        }
        Ok(())
    }

    /// How many jobs wait or run.
    pub async fn backlog(&self) -> anyhow::Result<i64> {
        let mut tx = self.db.system(SystemReason::ClaimJob).await?;
        Ok(queue::count_ready(tx.connection(), self.clock.now()).await?)
    }

    async fn claim(&self) -> sqlx::Result<Option<Claimed>> {
        let mut tx = self.db.system(SystemReason::ClaimJob).await?;
        let claimed = queue::claim(tx.connection(), &self.registry.names(), self.clock.now()).await;
        match claimed {
            Ok(claimed) => {
                tx.commit().await?;
                Ok(claimed)
            }
            // Another worker took a job of the same lane in the same moment.
            Err(sqlx::Error::Database(error)) if error.is_unique_violation() => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn run(&self, job: Claimed, cancel: CancellationToken) {
        let span = info_span!("job", kind = %job.kind, id = %job.id, attempt = job.attempts);
        async {
            let outcome = tokio::select! {
                outcome = self.attempt(&job, cancel.clone()) => outcome,
                () = self.keep_alive(&job, &cancel) => Ok(()),
            };
            if let Err(error) = self.record(&job, outcome, &cancel).await {
                error!(%error, "How the job ended could not be recorded; it will run again");
            }
        }
        .instrument(span)
        .await;
    }

    async fn attempt(&self, job: &Claimed, cancel: CancellationToken) -> Result<(), Failure> {
        let retry = |error: sqlx::Error| Failure::Retry(error.into());
        let mut tx = self.db.system(SystemReason::ClaimJob).await.map_err(retry)?;
        let grant = tx.grant_of_job(job.tenant, &job.kind).await.map_err(retry)?;
        drop(tx);
        let Some(grant) = grant else { return Ok(()) };
        let Some(run) = self.registry.kinds.get(job.kind.as_str()) else {
            return Err(Failure::Final(anyhow::anyhow!("no function does `{}`", job.kind)));
        };
        let is_last = job.attempts >= job.max_attempts;
        let is_exhausted = job.attempts > job.max_attempts;
        let (db, clock) = (self.db.clone(), self.clock.clone());
        let context = JobContext { db, grant, clock, cancel, is_last, is_exhausted };
        run(context, job.payload.clone()).await
    }

    /// Renews the lease, and tells the job to stop once it is lost; what the job would still write is
    /// refused by its claim.
    async fn keep_alive(&self, job: &Claimed, cancel: &CancellationToken) {
        let mut held_until = Instant::now() + lease();
        while Instant::now() < held_until {
            tokio::time::sleep(HEARTBEAT).await;
            match self.renew(job).await {
                Ok(true) => held_until = Instant::now() + lease(),
                Ok(false) => break,
                Err(error) => warn!(%error, "The job's lease could not be renewed"),
            }
        }
        warn!("The job's lease was lost; it is stopped, and another worker goes on");
        cancel.cancel();
        std::future::pending::<()>().await;
    }

    async fn renew(&self, job: &Claimed) -> sqlx::Result<bool> {
        let mut tx = self.db.system(SystemReason::ClaimJob).await?;
        let renewed = queue::renew(tx.connection(), job, self.clock.now()).await?;
        tx.commit().await?;
        Ok(renewed)
    }

    async fn record(
        &self,
        job: &Claimed,
        outcome: Result<(), Failure>,
        cancel: &CancellationToken,
    ) -> sqlx::Result<()> {
        let mut tx = self.db.system(SystemReason::ClaimJob).await?;
        let connection = tx.connection();
        match outcome {
            Ok(()) => queue::delete(connection, job).await?,
            Err(Failure::Retry(_)) if cancel.is_cancelled() => {
                queue::hand_back(connection, job, self.clock.now()).await?;
            }
            Err(Failure::Retry(error)) if job.attempts < job.max_attempts => {
                warn!("The job failed and is tried again: {error:#}");
                let run_at = self.clock.now() + backoff(job.attempts);
                queue::put_back(connection, job, Some(run_at), &format!("{error:#}")).await?;
            }
            Err(Failure::Retry(error) | Failure::Final(error)) => {
                warn!("The job failed for good: {error:#}");
                queue::put_back(connection, job, None, &format!("{error:#}")).await?;
            }
        }
        // A lane is free now, and another job may wait for it.
        notify_jobs(tx.connection()).await?;
        tx.commit().await.map(|_| ())
    }
}

fn lease() -> Duration {
    queue::LEASE.to_std().unwrap_or_default()
}

/// 5 s after the first attempt, then twice as long each time, an hour at most.
fn backoff(attempts: i32) -> TimeDelta {
    let doublings = u32::try_from(attempts.saturating_sub(1)).unwrap_or(0).min(10);
    TimeDelta::seconds((5_i64 << doublings).min(3600))
}
