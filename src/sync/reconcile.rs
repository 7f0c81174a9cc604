//! The job that compares a repository with GitHub, by the clock: what was changed, what is open, where
//! branches stand.

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::{
    ask::{Asking, Settings, Stop},
    batch::Batch,
    import::{self, NOT_THERE},
    model::{Import, ImportState, Reason, Resource},
    people, read,
    requests::TOPIC,
    state::{self, Told},
    store::{imports, known, syncs},
    wanted,
};
use crate::{
    connections::ConnectionId,
    github::{
        Cursor,
        api::Newest,
        model::{Issue, IssueComment, PullRequest, ReviewComment},
    },
    jobs::{Failure, Job, JobContext},
    repositories::RepositoryId,
    tenancy::TenantTx,
    tracker::{self, Applied, NewIssue, NewPull, Wanted, Word, list_open_issues, list_open_pulls},
};

/// GitHub's clock and ours may differ by so much, and its lists may lag behind.
const MARGIN: TimeDelta = TimeDelta::minutes(5);

/// Of how many pages of changes a comparison is made; beyond, all is read once more, which can be resumed.
const MOST_PAGES: usize = 20;

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
            Ok(()) => self.succeed(begun_at).await.map_err(|error| Failure::Retry(error.into())),
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

    async fn begin(&self) -> sqlx::Result<TenantTx> {
        self.context.db.begin_granted(&self.context.grant).await
    }

    async fn compare(&self) -> Result<(), Stop> {
        if self.context.is_exhausted {
            return Err(Stop::Nothing("The server ended each time it was compared.".to_owned()));
        }
        let asking = Asking::begin(&self.settings, &self.context, self.job.repository).await?;
        let told = state::bring_up_to_date(&asking, &self.context, self.job.repository).await?;
        let asking = Asking { name: told.name.clone(), ..asking };
        self.changes(&asking).await?;
        self.open(&asking, &told).await?;
        if self.job.hourly {
            self.hourly(&asking).await?;
        }
        people::link(&self.context, &asking.host).await
    }

    /// Reads what was changed since the last comparison, the latest change first.
    async fn changes(&self, asking: &Asking) -> Result<(), Stop> {
        let mut tx = self.begin().await?;
        let sync = syncs::find(&mut tx, self.job.repository).await?;
        drop(tx);
        let Some(since) = sync.and_then(|sync| sync.through) else { return Ok(()) };
        let since = since - MARGIN;
        let are_pulls_changed = self.changed_issues(asking, since).await?;
        if are_pulls_changed {
            self.changed_pulls(asking, since).await?;
        }
        let first = Cursor::<IssueComment>::comments(&asking.name, Newest::Changed, Some(since));
        self.changed(asking, first, |all| Batch::Comments(read::comments(all))).await?;
        if are_pulls_changed {
            let first = Cursor::<ReviewComment>::review_comments(
                &asking.name,
                Newest::Changed,
                Some(since),
            );
            self.changed(asking, first, |all| Batch::ReviewComments(read::review_comments(all)))
                .await?;
        }
        Ok(())
    }

    /// Whether a pull request is among the changed, or may be.
    async fn changed_issues(&self, asking: &Asking, since: DateTime<Utc>) -> Result<bool, Stop> {
        let mut is_pull_changed = false;
        let first = Cursor::<Issue>::issues(&asking.name, Newest::Changed, Some(since));
        let batch = |all: &[Issue]| {
            is_pull_changed |= all.iter().any(Issue::is_pull_request);
            let issues: Vec<&Issue> = all.iter().filter(|one| !one.is_pull_request()).collect();
            Batch::Issues(read::digested(&issues, |issue| NewIssue::try_from(*issue)))
        };
        let is_there = self.changed(asking, first, batch).await?;
        Ok(is_pull_changed || !is_there)
    }

    /// Reads a list that says itself what was changed since; false where there is none.
    async fn changed<T: serde::de::DeserializeOwned>(
        &self,
        asking: &Asking,
        first: Cursor<T>,
        mut batch: impl FnMut(&[T]) -> Batch,
    ) -> Result<bool, Stop> {
        let (mut next, mut pages) = (Some(first), 0);
        while let Some(cursor) = next {
            let page = match asking.api().page(&cursor).await.map_err(Stop::from) {
                Err(Stop::Absent) => return Ok(false),
                page => page?,
            };
            self.write(asking, &batch(&page.items)).await?;
            pages += 1;
            if pages == MOST_PAGES && page.next.is_some() {
                self.read_all_once_more().await?;
                return Ok(true);
            }
            next = page.next;
        }
        Ok(true)
    }

    /// Of a pull request that had another state here, reviews and commits are asked for as well.
    async fn changed_pulls(&self, asking: &Asking, since: DateTime<Utc>) -> Result<(), Stop> {
        let mut next = Some(Cursor::<PullRequest>::pull_requests(&asking.name, Newest::Changed));
        let mut pages = 0;
        while let Some(cursor) = next {
            let page = asking.api().page(&cursor).await?;
            let is_end = page.items.iter().any(|pull| pull.updated_at < since);
            let changed: Vec<&PullRequest> =
                page.items.iter().filter(|pull| pull.updated_at >= since).collect();
            let pulls = read::digested(&changed, |pull| NewPull::try_from(*pull));
            self.write_pulls(asking, &pulls).await?;
            pages += 1;
            if pages == MOST_PAGES && !is_end && page.next.is_some() {
                return self.read_all_once_more().await;
            }
            next = page.next.filter(|_| !is_end);
        }
        Ok(())
    }

    async fn write_pulls(&self, asking: &Asking, pulls: &[NewPull]) -> Result<(), Stop> {
        let mut tx = self.begin().await?;
        let repository = self.job.repository;
        let applied = tracker::apply_pulls(&mut tx, repository, pulls, Word::Heard).await?;
        let wanted = pulls.iter().zip(applied).filter_map(|(pull, applied)| match applied {
            Applied::Written | Applied::Doubtful => {
                Some(Wanted::PullCommits { number: pull.number })
            }
            Applied::Unchanged | Applied::Stale | Applied::Buried => None,
        });
        self.ask_for(&mut tx, asking, wanted.collect()).await?;
        tx.commit().await?;
        Ok(())
    }

    async fn write(&self, asking: &Asking, batch: &Batch) -> Result<(), Stop> {
        let asked_at = self.context.clock.now();
        let mut tx = self.begin().await?;
        let doubts = batch.apply(&mut tx, self.job.repository, asked_at).await?;
        self.ask_for(&mut tx, asking, doubts).await?;
        tx.commit().await?;
        Ok(())
    }

    async fn ask_for(
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
            self.compare_open(asking).await?;
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

    async fn compare_open(&self, asking: &Asking) -> Result<(), Stop> {
        let mut here = self.list_open().await?;
        let mut next = Some(Cursor::<Issue>::open_issues(&asking.name));
        while let Some(cursor) = next {
            let page = match asking.api().page(&cursor).await.map_err(Stop::from) {
                Err(Stop::Absent) => return Ok(()),
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

    /// More was changed than a comparison is made of.
    async fn read_all_once_more(&self) -> Result<(), Stop> {
        let mut tx = self.begin().await?;
        syncs::set_sweep_due(&mut tx, self.job.repository, self.context.clock.now()).await?;
        tx.commit().await?;
        Ok(())
    }

    async fn succeed(&self, begun_at: DateTime<Utc>) -> sqlx::Result<()> {
        let mut tx = self.begin().await?;
        syncs::set_through(&mut tx, self.job.repository, begun_at).await?;
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
