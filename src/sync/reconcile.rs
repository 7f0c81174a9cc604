//! The job that compares a repository with GitHub, by the clock: what was changed, what is open, where
//! branches stand.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{
    ask::{Asking, Settings, Stop},
    batch::Batch,
    import::{self, NOT_SHOWN, NOT_THERE},
    model::{Import, ImportState, Reason, Resource},
    people, read,
    requests::TOPIC,
    state::{self, Told},
    store::{imports, known, syncs},
    wanted,
};
use crate::{
    connections::ConnectionId,
    github::{Cursor, model::Issue},
    jobs::{Failure, Job, JobContext},
    repositories::RepositoryId,
    tenancy::TenantTx,
    tracker::{NewIssue, Wanted, list_open_issues, list_open_pulls},
};

/// What is said where more was changed than a comparison is made of.
const CUT: &str = "More was changed than a comparison reads; so everything is read once more.";

/// Up to how many open issues and pull requests are listed hourly, and whenever their count differs.
const LISTED_HOURLY: i64 = 5_000;
const LISTED_ALWAYS: i64 = 1_000;

/// Compares a repository with GitHub.
///
/// Idempotent: a second run finds the same, and writes nothing new.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Reconcile {
    pub(super) connection: ConnectionId,
    pub(super) repository: RepositoryId,
    /// Whether also what is compared once an hour.
    pub(super) hourly: bool,
}

impl Job for Reconcile {
    const KIND: &'static str = "reconcile_repository";
    const ATTEMPTS: u16 = 3;

    fn lane(&self) -> String {
        import::lane(self.connection)
    }
}

pub(super) struct Comparison {
    pub(super) context: JobContext,
    pub(super) settings: Settings,
    pub(super) job: Reconcile,
}

/// Something that is open here.
enum Open {
    Issue(DateTime<Utc>),
    Pull(DateTime<Utc>),
}

impl Comparison {
    pub(super) async fn run(self) -> Result<(), Failure> {
        let begun_at = self.context.clock.now();
        match self.compare().await {
            Ok(is_whole) => {
                let written =
                    if is_whole { self.succeed(begun_at).await } else { self.cut().await };
                written.map_err(|error| Failure::Retry(error.into()))
            }
            // It comes again by the clock; what is known stays.
            Err(Stop::Wait(_) | Stop::Removed) => Ok(()),
            Err(stop @ (Stop::Interrupted | Stop::Database(_) | Stop::Broken(_))) => {
                Err(Failure::Retry(stop.into_error()))
            }
            Err(Stop::Absent) => self.fail(NOT_THERE).await,
            Err(
                Stop::Trouble(words)
                | Stop::Unexpected(words)
                | Stop::Nothing(words)
                | Stop::Refused(words),
            ) => self.fail(&words).await,
        }
    }

    pub(super) async fn begin(&self) -> sqlx::Result<TenantTx> {
        self.context.db.begin_granted(&self.context.grant).await
    }

    /// Compares; whether all that was changed is here now.
    async fn compare(&self) -> Result<bool, Stop> {
        if self.context.is_exhausted {
            return Err(Stop::Nothing("The server ended each time it was compared.".to_owned()));
        }
        let asking = Asking::begin(&self.settings, &self.context, self.job.repository).await?;
        let told = state::bring_up_to_date(&asking, &self.context, self.job.repository).await?;
        let asking = Asking { name: told.name.clone(), ..asking };
        let is_whole = self.changes(&asking, &told).await?;
        self.open(&asking, &told).await?;
        if self.job.hourly {
            self.hourly(&asking).await?;
        }
        people::link(&self.context, &asking.host).await?;
        Ok(is_whole)
    }

    pub(super) async fn write(&self, asking: &Asking, batch: &Batch) -> Result<(), Stop> {
        let asked_at = self.context.clock.now();
        let mut tx = self.begin().await?;
        let doubts = batch.apply(&mut tx, self.job.repository, asked_at).await?;
        self.ask_for(&mut tx, asking, doubts).await?;
        tx.commit().await?;
        Ok(())
    }

    pub(super) async fn ask_for(
        &self,
        tx: &mut TenantTx,
        asking: &Asking,
        wanted: Vec<Wanted>,
    ) -> anyhow::Result<()> {
        let of = (self.job.repository, asking.connection);
        wanted::enqueue(tx, of, wanted, self.context.clock.now()).await
    }

    /// Compares what is open both ways, where the count differs or an hour has passed.
    async fn open(&self, asking: &Asking, told: &Told) -> Result<(), Stop> {
        if self.is_being_read().await? {
            return Ok(());
        }
        let mut tx = self.begin().await?;
        let here = known::count_open(&mut tx, self.job.repository).await?;
        drop(tx);
        let there = told.open.unwrap_or(here);
        let differs = told.open != Some(here);
        let is_hourly = self.job.hourly && (differs || there <= LISTED_HOURLY);
        if is_hourly || (differs && there <= LISTED_ALWAYS) {
            self.compare_open(asking, told).await?;
        }
        Ok(())
    }

    /// While issues and pull requests are read for the first time, most of them are not here yet.
    async fn is_being_read(&self) -> sqlx::Result<bool> {
        let mut tx = self.begin().await?;
        let imports = imports::list(&mut tx, self.job.repository).await?;
        let is_new = |import: &Import| {
            let is_of_open = matches!(import.resource, Resource::Issues | Resource::PullRequests);
            let is_first = import.reason == Reason::Import && import.state != ImportState::Failed;
            is_of_open && is_first && !import.state.is_over()
        };
        Ok(imports.iter().any(is_new))
    }

    async fn compare_open(&self, asking: &Asking, told: &Told) -> Result<(), Stop> {
        let mut here = self.list_open().await?;
        let mut next = Some(Cursor::<Issue>::open_issues(&asking.name));
        while let Some(cursor) = next {
            let page = match asking.api().page(&cursor).await.map_err(Stop::from) {
                Err(Stop::Absent) if !told.has_issues => return Ok(()),
                Err(Stop::Absent) => return Err(Stop::Refused(NOT_SHOWN.to_owned())),
                page => page?,
            };
            let (mut issues, mut wanted) = (Vec::new(), Vec::new());
            for listed in &page.items {
                match here.remove(&listed.number) {
                    Some(Open::Issue(at) | Open::Pull(at)) if at >= listed.updated_at => {}
                    _ if listed.is_pull_request() => {
                        wanted.push(Wanted::PullCommits { number: listed.number });
                    }
                    _ => issues.push(listed),
                }
            }
            let issues = read::digested(&issues, |issue| NewIssue::try_from(*issue));
            self.write(asking, &Batch::Issues(issues)).await?;
            let mut tx = self.begin().await?;
            self.ask_for(&mut tx, asking, wanted).await?;
            tx.commit().await?;
            next = page.next;
        }
        let left = here.into_iter().map(|(number, open)| match open {
            Open::Issue(_) => Wanted::Issue { number },
            Open::Pull(_) => Wanted::Pull { number },
        });
        let mut tx = self.begin().await?;
        self.ask_for(&mut tx, asking, left.collect()).await?;
        tx.commit().await?;
        Ok(())
    }

    /// What is open here by its number, which is all that is kept of it in memory.
    async fn list_open(&self) -> sqlx::Result<HashMap<i64, Open>> {
        let (mut open, repository) = (HashMap::new(), self.job.repository);
        let mut tx = self.begin().await?;
        let mut after = i64::MIN;
        loop {
            let some = list_open_issues(&mut tx, repository, after).await?;
            let Some(last) = some.last() else { break };
            after = last.github_id;
            open.extend(some.iter().map(|one| (one.number, Open::Issue(one.updated_at))));
        }
        after = i64::MIN;
        loop {
            let some = list_open_pulls(&mut tx, repository, after).await?;
            let Some(last) = some.last() else { break };
            after = last.github_id;
            open.extend(some.iter().map(|one| (one.number, Open::Pull(one.updated_at))));
        }
        Ok(open)
    }

    /// Branches, and the newest of what has no list of its changes.
    async fn hourly(&self, asking: &Asking) -> Result<(), Stop> {
        let asked_at = self.context.clock.now();
        for resource in [
            Resource::Branches,
            Resource::Releases,
            Resource::Deployments,
            Resource::WorkflowRuns,
            Resource::Labels,
            Resource::Milestones,
        ] {
            let first = first_page(resource, asked_at);
            match read::page(asking, &first, asked_at).await {
                Ok(leaf) => self.write(asking, &leaf.batch).await?,
                Err(Stop::Absent | Stop::Refused(_)) => {}
                Err(other) => return Err(other),
            }
        }
        Ok(())
    }

    async fn succeed(&self, begun_at: DateTime<Utc>) -> sqlx::Result<()> {
        let mut tx = self.begin().await?;
        syncs::set_through(&mut tx, self.job.repository, begun_at).await?;
        tx.announce_in(self.job.repository.as_uuid(), TOPIC);
        tx.commit().await.map(|_| ())
    }

    /// What was not read is not said to be here: until when all is known stays as it was, until all has been
    /// read once more.
    async fn cut(&self) -> sqlx::Result<()> {
        let mut tx = self.begin().await?;
        let now = self.context.clock.now();
        syncs::set_error(&mut tx, self.job.repository, CUT).await?;
        syncs::set_sweep_due(&mut tx, self.job.repository, now).await?;
        tx.announce_in(self.job.repository.as_uuid(), TOPIC);
        tx.commit().await.map(|_| ())
    }

    /// What is known stays, and it is compared again by the clock.
    async fn fail(&self, words: &str) -> Result<(), Failure> {
        let written = async {
            let mut tx = self.begin().await?;
            syncs::set_error(&mut tx, self.job.repository, words).await?;
            tx.announce_in(self.job.repository.as_uuid(), TOPIC);
            tx.commit().await.map(|_| ())
        };
        written.await.map_err(|error: sqlx::Error| Failure::Retry(error.into()))
    }
}

/// A reading that has not begun: of the first page.
fn first_page(resource: Resource, now: DateTime<Utc>) -> Import {
    Import {
        resource,
        pass: uuid::Uuid::nil(),
        reason: Reason::Sweep,
        state: ImportState::Waiting,
        cursor: None,
        items: 0,
        total: None,
        requested_at: now,
        begun_at: None,
        advanced_at: None,
        finished_at: None,
        resume_at: None,
        complete_through: None,
        remark: None,
        error: None,
    }
}
