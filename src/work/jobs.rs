//! The job that fetches and scans a repository.

use std::{
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::Context;
use tracing::info;

use super::{
    findings,
    model::{Phase, ScanId},
    progress::{Position, Progress},
    reading::{self, Known, ReadError, Reading},
    settings::ScanSettings,
    store::{self, ScanRun},
};
use crate::{
    jobs::{self, Failure, JobContext, Registry},
    repositories::{
        self, Repository, RepositoryId, RepositoryState, ScanReason, ScanRepository,
        mirror::{Fetched, Mirror},
        source::Source,
    },
    tenancy::TenantTx,
};

/// How often a running scan tells how far it is.
const TELL_EVERY: Duration = Duration::from_millis(400);

/// Names the function that scans.
pub fn register_jobs(registry: Registry, settings: ScanSettings) -> Registry {
    let registry = super::connect::register(registry, settings.mirrors.clone());
    let settings = Arc::new(settings);
    registry.with(move |context, job: ScanRepository| {
        let settings = Arc::clone(&settings);
        async move { Run { context, job, settings }.run().await }
    })
}

/// Asks for a scan of a repository, in the transaction of what causes it.
pub async fn request_scan(
    tx: &mut TenantTx,
    repository: RepositoryId,
    reason: ScanReason,
    now: chrono::DateTime<chrono::Utc>,
) -> anyhow::Result<ScanId> {
    repositories::lock(tx, repository).await?;
    let scan = store::insert_scan(tx, repository, reason, now).await?;
    let job = ScanRepository { repository, scan: scan.as_uuid() };
    jobs::enqueue(tx, &job, now).await?;
    tx.announce("scans");
    Ok(scan)
}

/// What people are told where the fault is the server's.
const BROKEN: &str = "The result could not be stored; the server's log says why.";

/// What people are told where scanning ended the server each time.
const EXHAUSTED: &str = "The server ended while it scanned this repository, again and again. Its log and its memory \
     limit say why; scan again once that is mended.";

/// One attempt at one scan.
struct Run {
    context: JobContext,
    job: ScanRepository,
    settings: Arc<ScanSettings>,
}

/// Why an attempt ended without a result.
enum Ended {
    /// The server stops: another attempt goes on.
    Interrupted,
    Failed {
        message: String,
        transient: bool,
    },
    Broken(anyhow::Error),
}

impl From<sqlx::Error> for Ended {
    fn from(error: sqlx::Error) -> Self {
        Self::Broken(error.into())
    }
}

impl From<anyhow::Error> for Ended {
    fn from(error: anyhow::Error) -> Self {
        Self::Broken(error)
    }
}

impl Run {
    async fn begin(&self) -> sqlx::Result<TenantTx> {
        self.context.db.begin_granted(&self.context.grant).await
    }

    async fn run(self) -> Result<(), Failure> {
        let started = self.start().await.map_err(|error| Failure::Retry(error.into()))?;
        let Some((run, repository)) = started else { return Ok(()) };
        if self.context.is_exhausted {
            let ended = Ended::Failed { message: EXHAUSTED.to_owned(), transient: false };
            return self.end(run, ended).await;
        }
        let Err(ended) = self.attempt(run, &repository).await else { return Ok(()) };
        self.end(run, ended).await
    }

    /// Writes down why an attempt ended, and says whether another one follows.
    async fn end(&self, run: ScanRun, ended: Ended) -> Result<(), Failure> {
        let (message, error, again) = match ended {
            Ended::Interrupted => (None, anyhow::anyhow!("the attempt was interrupted"), true),
            Ended::Failed { message, transient } => (
                Some(message.clone()),
                anyhow::anyhow!(message),
                transient && !self.context.is_last,
            ),
            Ended::Broken(error) => (Some(BROKEN.to_owned()), error, !self.context.is_last),
        };
        let written = match (&message, again) {
            (message, true) => self.requeue(run, message.as_deref()).await,
            (Some(message), false) => self.fail(run, message).await,
            (None, false) => Ok(()),
        };
        written.map_err(|error| Failure::Retry(error.into()))?;
        Err(if again { Failure::Retry(error) } else { Failure::Final(error) })
    }

    async fn attempt(&self, run: ScanRun, repository: &Repository) -> Result<(), Ended> {
        let begun = Instant::now();
        let (reading, fetching) = self.read(run, repository).await?;
        let read = begun.elapsed();
        self.tell(run, (Phase::Saving, 0, None)).await?;
        self.save(run, repository, reading).await?;
        info!(
            fetch_ms = milliseconds(fetching),
            read_ms = milliseconds(read.saturating_sub(fetching)),
            save_ms = milliseconds(begun.elapsed().saturating_sub(read)),
            "Scanned `{}`",
            repository.name
        );
        Ok(())
    }

    /// Marks the scan as running; none where it ended already.
    async fn start(&self) -> sqlx::Result<Option<(ScanRun, Repository)>> {
        let mut tx = self.begin().await?;
        let Some(repository) = repositories::find(&mut tx, self.job.repository).await? else {
            return Ok(None);
        };
        let id = ScanId::from_uuid(self.job.scan);
        let Some(run) = store::start_scan(&mut tx, id, self.context.clock.now()).await? else {
            return Ok(None);
        };
        tx.announce("scans");
        tx.commit().await?;
        Ok(Some((run, repository)))
    }

    /// Looks up what earlier scans left.
    async fn known(&self, repository: &Repository) -> sqlx::Result<Known> {
        let mut tx = self.begin().await?;
        Ok(Known {
            head: repository.head,
            commits: store::list_known_commits(&mut tx, repository.id).await?,
            history_complete: repository.history_complete,
            facts: store::list_facts(&mut tx, repository.id).await?,
        })
    }

    /// Reads on threads of its own, telling how far it is, within the time there is for it.
    ///
    /// Also says how long the fetch took.
    async fn read(
        &self,
        run: ScanRun,
        repository: &Repository,
    ) -> Result<(Reading, Duration), Ended> {
        let progress = Progress::default();
        let work = Arc::new(Work {
            mirror: Repository::mirror_path(
                &self.settings.mirrors,
                self.context.grant.organization().id,
                repository.id,
            ),
            source: repository.source.clone(),
            name: repository.name.clone(),
            any_path: repository.any_path,
            settings: Arc::clone(&self.settings),
            progress: progress.clone(),
        });
        let reading = self.fetch_and_read(work, repository);
        tokio::pin!(reading);
        let deadline = tokio::time::sleep(self.settings.fetch.timeout + self.settings.timeout);
        tokio::pin!(deadline);
        let mut late = false;
        let mut told = None;
        let ended = loop {
            tokio::select! {
                ended = &mut reading => break ended,
                () = self.context.cancel.cancelled(), if !progress.is_stopped() => progress.stop(),
                () = &mut deadline, if !late => { late = true; progress.stop(); }
                () = tokio::time::sleep(TELL_EVERY) => {
                    let position = progress.position();
                    if told != Some(position) {
                        told = Some(position);
                        drop(self.tell(run, position).await);
                    }
                }
            }
        };
        let ended = ended?;
        if late {
            let limit = self.settings.timeout.as_secs();
            let message = format!(
                "Scanning took longer than {limit} seconds; raise `scanner.timeout_seconds`."
            );
            return Err(Ended::Failed { message, transient: false });
        }
        if self.context.cancel.is_cancelled() {
            return Err(Ended::Interrupted);
        }
        ended.map_err(|error| Ended::Failed {
            message: sentence(&error),
            transient: error.is_transient(),
        })
    }

    /// Fetches, and meanwhile looks up what is known, and then reads what is not.
    async fn fetch_and_read(
        &self,
        work: Arc<Work>,
        repository: &Repository,
    ) -> anyhow::Result<Result<(Reading, Duration), ReadError>> {
        let begun = Instant::now();
        let fetching = Arc::clone(&work);
        let fetching = tokio::task::spawn_blocking(move || {
            let fetched = fetching.fetch();
            (fetched, begun.elapsed())
        });
        let known = self.known(repository).await;
        // Waited for even where that failed: two fetches at once would be in each other's way.
        let (fetched, took) = fetching.await.context("fetch the repository")?;
        let (known, fetched) = match (known?, fetched) {
            (known, Ok(fetched)) => (known, fetched),
            (_, Err(error)) => return Ok(Err(error)),
        };
        let reading = tokio::task::spawn_blocking(move || work.read(&fetched, &known));
        let reading = reading.await.context("read the repository")?;
        Ok(reading.map(|reading| (reading, took)))
    }

    async fn tell(&self, run: ScanRun, (phase, done, total): Position) -> sqlx::Result<()> {
        let number = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
        let mut tx = self.begin().await?;
        store::set_progress(&mut tx, run, phase, number(done), total.map(number)).await?;
        tx.announce("scans");
        tx.commit().await.map(|_| ())
    }

    /// Writes all that was found, and the end of the scan, in one transaction.
    ///
    /// The end comes first: it waits for whoever else writes this scan, and where a later run has
    /// overtaken this one, nothing is written.
    async fn save(
        &self,
        run: ScanRun,
        repository: &Repository,
        reading: Reading,
    ) -> Result<(), Ended> {
        let now = self.context.clock.now();
        let tasks = findings::tasks(&reading.report);
        let mut tx = self.begin().await?;
        let (branch, head) = (reading.branch.as_deref(), reading.head);
        let end = store::ScanEnd { branch, head, found: reading.found() };
        if !store::finish_scan(&mut tx, run, &end, now).await? {
            return Err(Ended::Interrupted);
        }
        store::insert_facts(&mut tx, repository.id, &reading.new_facts).await?;
        store::delete_facts(&mut tx, repository.id, &reading.old_facts).await?;
        store::replace_languages(&mut tx, repository.id, &reading.report.languages).await?;
        store::save_projects(&mut tx, repository.id, &reading.report.projects, now).await?;
        store::save_dependencies(&mut tx, repository.id, &reading.report.projects).await?;
        store::save_project_languages(&mut tx, repository.id, &reading.report.projects).await?;
        store::save_tasks(&mut tx, repository.id, &tasks, now).await?;
        store::delete_commits(&mut tx, repository.id, &reading.dropped).await?;
        store::insert_commits(&mut tx, repository.id, &reading.commits).await?;
        store::insert_warnings(&mut tx, run.id, &reading.warnings()).await?;
        let state =
            RepositoryState { branch, head, history_complete: reading.is_history_complete() };
        repositories::set_scanned(&mut tx, repository.id, &state, now).await?;
        tx.announce("scans");
        tx.announce("repositories");
        tx.commit().await?;
        Ok(())
    }

    async fn requeue(&self, run: ScanRun, error: Option<&str>) -> sqlx::Result<()> {
        let mut tx = self.begin().await?;
        store::requeue_scan(&mut tx, run, error).await?;
        tx.announce("scans");
        tx.commit().await.map(|_| ())
    }

    async fn fail(&self, run: ScanRun, message: &str) -> sqlx::Result<()> {
        let mut tx = self.begin().await?;
        store::fail_scan(&mut tx, run, message, self.context.clock.now()).await?;
        tx.announce("scans");
        tx.commit().await.map(|_| ())
    }
}

/// What the reading threads are given.
struct Work {
    mirror: PathBuf,
    source: String,
    name: String,
    any_path: bool,
    settings: Arc<ScanSettings>,
    progress: Progress,
}

impl Work {
    fn source(&self) -> Result<Source, ReadError> {
        Ok(Source::parse(&self.source, &self.settings.policy(self.any_path))?)
    }

    fn fetch(&self) -> Result<Fetched, ReadError> {
        let (source, mirror) = (self.source()?, Mirror::at(&self.mirror));
        reading::fetch(&mirror, &source, &self.settings, self.any_path, &self.progress)
    }

    fn read(&self, fetched: &Fetched, known: &Known) -> Result<Reading, ReadError> {
        let mirror = Mirror::at(&self.mirror);
        match self.reader(&mirror, known).read(fetched) {
            // An object below the references is missing or broken: the source still has it.
            Err(error) if error.is_damage() && !self.progress.is_stopped() => {
                let source = self.source()?;
                let fetched = reading::remake(
                    &mirror,
                    &source,
                    &self.settings,
                    self.any_path,
                    &self.progress,
                )?;
                self.reader(&mirror, known).read(&fetched)
            }
            read => read,
        }
    }

    fn reader<'a>(&'a self, mirror: &'a Mirror, known: &'a Known) -> reading::Reader<'a> {
        let (settings, progress) = (&self.settings, &self.progress);
        reading::Reader { mirror: mirror.path(), name: &self.name, settings, known, progress }
    }
}

fn milliseconds(took: Duration) -> u64 {
    u64::try_from(took.as_millis()).unwrap_or(u64::MAX)
}

fn sentence(error: &ReadError) -> String {
    let text = error.to_string();
    let mut characters = text.chars();
    characters
        .next()
        .map(|first| first.to_uppercase().chain(characters).collect())
        .unwrap_or_default()
}
