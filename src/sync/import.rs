//! The job that reads a repository, a few pages at a time.

use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    ask::{Asking, Settings, Stop},
    model::{self, Import, Resource},
    people,
    read::{self, Leaf},
    requests::TOPIC,
    state,
    store::imports::{self, Step},
    wanted,
};
use crate::{
    connections::ConnectionId,
    jobs::{self, Failure, Job, JobContext},
    repositories::RepositoryId,
    tenancy::TenantTx,
};

/// How many pages a job reads at most, and for how long, before others of the connection have their turn.
const PAGES: u32 = 10;
const SLICE: Duration = Duration::from_secs(5);

/// When a reading goes on that was interrupted by some trouble.
const AFTER_TROUBLE: TimeDelta = TimeDelta::seconds(5);

/// What is said where the fault is the server's.
const BROKEN: &str = "What was read could not be stored; the server's log says why.";

/// What is said where reading ended the server each time.
const EXHAUSTED: &str =
    "The server ended while it read this repository, again and again. Its log says why.";

/// Reads a few pages of a repository, and asks for itself again.
///
/// Idempotent: what a page says and where the next one is are written in one transaction, which only the
/// first to come from that page commits.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct ImportRepository {
    pub(super) connection: ConnectionId,
    pub(super) repository: RepositoryId,
    /// The reading that it belongs to; of another one it has nothing to do.
    pub(super) pass: Uuid,
}

impl Job for ImportRepository {
    const KIND: &'static str = "import_repository";
    const ATTEMPTS: u16 = 8;

    fn lane(&self) -> String {
        lane(self.connection)
    }
}

/// GitHub wants to be asked one thing after the other by one installation.
pub(super) fn lane(connection: ConnectionId) -> String {
    format!("connection:{connection}")
}

/// One slice of a reading.
pub(super) struct Run {
    pub(super) context: JobContext,
    pub(super) settings: Settings,
    pub(super) job: ImportRepository,
}

impl Run {
    pub(super) async fn run(self) -> Result<(), Failure> {
        let mut pages = 0;
        let stop = match self.slice(&mut pages).await {
            Ok(()) => return Ok(()),
            Err(stop) => stop,
        };
        // An attempt counts where it has brought nothing.
        if pages > 0 && matches!(stop, Stop::Trouble(_) | Stop::Unexpected(_) | Stop::Database(_)) {
            tracing::warn!("A reading is interrupted and goes on: {:#}", stop.into_error());
            return self.go_on_later().await.map_err(Failure::Retry);
        }
        self.end(stop).await.map_err(Failure::Retry)?
    }

    pub(super) async fn begin(&self) -> sqlx::Result<TenantTx> {
        self.context.db.begin_granted(&self.context.grant).await
    }

    /// Reads pages until it is somebody else's turn.
    async fn slice(&self, pages: &mut u32) -> Result<(), Stop> {
        let mut imports = self.list().await?;
        if model::next(&imports).is_none() {
            return Ok(());
        }
        if self.context.is_exhausted {
            return Err(Stop::Nothing(EXHAUSTED.to_owned()));
        }
        let asking = self.ask(&imports).await?;
        let begun = Instant::now();
        while let Some(import) = model::next(&imports) {
            if self.context.cancel.is_cancelled() {
                return Err(Stop::Interrupted);
            }
            if *pages == PAGES || begun.elapsed() > SLICE {
                return Ok(self.go_on(&asking).await?);
            }
            if !self.page(&asking, import).await? {
                return Ok(());
            }
            *pages += 1;
            imports = self.list().await?;
        }
        people::link(&self.context, &asking.host).await?;
        Ok(())
    }

    /// How far each resource is; nothing of another pass than the job's.
    async fn list(&self) -> sqlx::Result<Vec<Import>> {
        let mut tx = self.begin().await?;
        let mut imports = imports::list(&mut tx, self.job.repository).await?;
        imports.retain(|import| import.pass == self.job.pass);
        Ok(imports)
    }

    /// Opens the connection; at the beginning of a pass it is asked whether GitHub still has the repository.
    async fn ask(&self, imports: &[Import]) -> Result<Asking, Stop> {
        let repository = self.job.repository;
        let asking = Asking::begin(&self.settings, &self.context, repository).await?;
        if imports.iter().any(|import| import.begun_at.is_some()) {
            return Ok(asking);
        }
        let name = state::bring_up_to_date(&asking, &self.context, repository).await?.name;
        Ok(Asking { name, ..asking })
    }

    /// Reads a page and writes it; false where this job has nothing to do any longer.
    async fn page(&self, asking: &Asking, import: &Import) -> Result<bool, Stop> {
        let asked_at = self.context.clock.now();
        let leaf = match self.read(asking, import, asked_at).await {
            Ok(leaf) => leaf,
            Err(Stop::Absent) => match self.absent(asking, import).await? {
                Ok(remark) => Leaf { remark: Some(remark), ..Leaf::nothing() },
                Err(words) => return self.fail(import.resource, words).await,
            },
            Err(Stop::Refused(words)) => return self.fail(import.resource, &words).await,
            Err(Stop::Unexpected(words)) if self.context.is_last => {
                return self.fail(import.resource, &words).await;
            }
            Err(other) => return Err(other),
        };
        let mut tx = self.begin().await?;
        let step = Step {
            pass: self.job.pass,
            resource: import.resource,
            from: import.cursor.as_deref(),
            to: leaf.next.as_deref(),
            items: leaf.items,
            total: leaf.total,
            remark: leaf.remark,
            asked_at,
            now: self.context.clock.now(),
        };
        if !imports::advance(&mut tx, self.job.repository, &step).await? {
            return Ok(false);
        }
        let doubts = leaf.batch.apply(&mut tx, self.job.repository, asked_at).await?;
        wanted::enqueue(&mut tx, (self.job.repository, asking.connection), doubts, asked_at)
            .await?;
        tx.announce_in(self.job.repository.as_uuid(), TOPIC);
        tx.commit().await?;
        Ok(true)
    }

    async fn read(
        &self,
        asking: &Asking,
        import: &Import,
        now: DateTime<Utc>,
    ) -> Result<Leaf, Stop> {
        match import.resource {
            Resource::Reviews => self.reviews(asking, import).await,
            Resource::DeploymentStatuses => self.statuses(asking, import, now).await,
            Resource::Labels
            | Resource::Milestones
            | Resource::Branches
            | Resource::Issues
            | Resource::PullRequests
            | Resource::Comments
            | Resource::ReviewComments
            | Resource::Releases
            | Resource::Deployments
            | Resource::WorkflowRuns => read::page(asking, import, now).await,
        }
    }

    /// What it says that a page is not there: that there is nothing to read, or else why it cannot be read.
    /// Where the repository itself is not there, that is what stops.
    async fn absent(
        &self,
        asking: &Asking,
        import: &Import,
    ) -> Result<Result<&'static str, &'static str>, Stop> {
        let told = asking.api().repository_by_id(asking.github_id).await?;
        if import.cursor.is_some() {
            return Ok(Err(BROKEN_OFF));
        }
        Ok(match import.resource {
            Resource::Issues | Resource::Comments | Resource::Labels | Resource::Milestones
                if told.has_issues == Some(false) =>
            {
                Ok("Issues are switched off at GitHub.")
            }
            Resource::WorkflowRuns => Ok("Actions are switched off at GitHub."),
            Resource::Issues
            | Resource::Comments
            | Resource::Labels
            | Resource::Milestones
            | Resource::Branches
            | Resource::PullRequests
            | Resource::ReviewComments
            | Resource::Reviews
            | Resource::Releases
            | Resource::Deployments
            | Resource::DeploymentStatuses => Err(NOT_SHOWN),
        })
    }

    /// Writes down why one resource cannot be read; the others go on.
    async fn fail(&self, resource: Resource, words: &str) -> Result<bool, Stop> {
        let mut tx = self.begin().await?;
        let (which, now) = ((self.job.pass, Some(resource)), self.context.clock.now());
        imports::set_failed(&mut tx, self.job.repository, which, (words, now)).await?;
        tx.announce_in(self.job.repository.as_uuid(), TOPIC);
        tx.commit().await?;
        Ok(true)
    }

    /// Leaves the rest to another job, behind those that wait.
    async fn go_on(&self, asking: &Asking) -> anyhow::Result<()> {
        let mut tx = self.begin().await?;
        let job = ImportRepository { connection: asking.connection, ..self.job.clone() };
        jobs::enqueue(&mut tx, &job, self.context.clock.now()).await?;
        tx.commit().await?;
        Ok(())
    }

    /// The same after a while.
    async fn go_on_later(&self) -> anyhow::Result<()> {
        let now = self.context.clock.now();
        let mut tx = self.begin().await?;
        jobs::enqueue_at(&mut tx, &self.job, (now, now + AFTER_TROUBLE)).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Writes down why a slice has stopped, and says whether the job is tried again.
    async fn end(&self, stop: Stop) -> anyhow::Result<Result<(), Failure>> {
        let words = match stop {
            Stop::Removed => return Ok(Ok(())),
            Stop::Wait(until) => return self.wait(until).await.map(Ok),
            Stop::Interrupted => return Ok(Err(Failure::Retry(stop.into_error()))),
            Stop::Database(_) | Stop::Broken(_) if !self.context.is_last => {
                return Ok(Err(Failure::Retry(stop.into_error())));
            }
            Stop::Database(_) | Stop::Broken(_) => {
                tracing::error!("What was read could not be stored: {:#}", stop.into_error());
                BROKEN.to_owned()
            }
            Stop::Trouble(words) | Stop::Unexpected(words) if !self.context.is_last => {
                let mut tx = self.begin().await?;
                imports::set_trouble(&mut tx, self.job.repository, self.job.pass, &words).await?;
                tx.announce_in(self.job.repository.as_uuid(), TOPIC);
                tx.commit().await?;
                return Ok(Err(Failure::Retry(anyhow::anyhow!(words))));
            }
            Stop::Absent => NOT_THERE.to_owned(),
            Stop::Trouble(words)
            | Stop::Unexpected(words)
            | Stop::Nothing(words)
            | Stop::Refused(words) => words,
        };
        let mut tx = self.begin().await?;
        let (which, now) = ((self.job.pass, None), self.context.clock.now());
        imports::set_failed(&mut tx, self.job.repository, which, (&words, now)).await?;
        tx.announce_in(self.job.repository.as_uuid(), TOPIC);
        tx.commit().await?;
        Ok(Ok(()))
    }

    /// Goes on when GitHub answers again; no attempt is lost, and no worker waits.
    async fn wait(&self, until: DateTime<Utc>) -> anyhow::Result<()> {
        let mut tx = self.begin().await?;
        if imports::set_waiting(&mut tx, self.job.repository, self.job.pass, until).await? {
            jobs::enqueue_at(&mut tx, &self.job, (self.context.clock.now(), until)).await?;
            tx.announce_in(self.job.repository.as_uuid(), TOPIC);
        }
        tx.commit().await?;
        Ok(())
    }
}

/// What is said where GitHub does not know the repository.
pub(super) const NOT_THERE: &str =
    "GitHub does not have the repository any longer, or does not let this connection see it.";

/// What is said where a list is not there, though the repository is, and nothing is switched off.
pub(super) const NOT_SHOWN: &str = "GitHub does not let this connection see what should be there.";

/// What is said where the first pages of a list were there, and the next one is not.
const BROKEN_OFF: &str =
    "GitHub's list broke off in the middle: the next page is not there. What was read stays.";
