//! The job that fetches and scans a repository.

use std::{path::PathBuf, sync::Arc, time::Duration};

use anyhow::Context;
use tracing::info;

use super::{
    findings,
    model::{Found, Phase, ScanId},
    progress::Progress,
    reading::{self, Known, ReadError, Reading},
    settings::ScanSettings,
    store,
};
use crate::{
    jobs::{self, Failure, JobContext, Registry},
    repositories::{
        self, Repository, RepositoryId, ScanReason, ScanRepository,
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
    let scan = store::insert_scan(tx, repository, reason, now).await?;
    let job = ScanRepository { repository, scan: scan.as_uuid() };
    jobs::enqueue(tx, &job, now).await?;
    tx.announce("scans");
    Ok(scan)
}

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
    const fn id(&self) -> ScanId {
        ScanId::from_uuid(self.job.scan)
    }

    async fn begin(&self) -> sqlx::Result<TenantTx> {
        self.context.db.begin_granted(&self.context.grant).await
    }

    async fn run(self) -> Result<(), Failure> {
        match self.attempt().await {
            Ok(()) => Ok(()),
            Err(Ended::Interrupted) => {
                self.requeue(None).await.map_err(|error| Failure::Retry(error.into()))?;
                Err(Failure::Retry(anyhow::anyhow!("the server was stopped")))
            }
            Err(Ended::Failed { message, transient: true }) => {
                self.requeue(Some(&message)).await.map_err(|error| Failure::Retry(error.into()))?;
                Err(Failure::Retry(anyhow::anyhow!(message)))
            }
            Err(Ended::Failed { message, transient: false }) => {
                self.fail(&message).await.map_err(|error| Failure::Retry(error.into()))
            }
            Err(Ended::Broken(error)) => {
                let message =
                    "The result could not be stored; it is tried again, and the log says why.";
                drop(self.requeue(Some(message)).await);
                Err(Failure::Retry(error))
            }
        }
    }

    async fn attempt(&self) -> Result<(), Ended> {
        let Some((repository, known)) = self.start().await? else { return Ok(()) };
        let reading = self.read(&repository, known).await?;
        self.tell(Phase::Saving, 0, None).await?;
        self.save(&repository, reading).await?;
        info!("Scanned `{}`", repository.name);
        Ok(())
    }

    /// Marks the scan as running, and looks up what earlier ones left; none where it ended already.
    async fn start(&self) -> Result<Option<(Repository, Known)>, Ended> {
        let mut tx = self.begin().await?;
        let Some(repository) = repositories::find(&mut tx, self.job.repository).await? else {
            return Ok(None);
        };
        if !store::start_scan(&mut tx, self.id(), self.context.clock.now()).await? {
            return Ok(None);
        }
        tx.announce("scans");
        let known = Known {
            head: repository.head,
            commits: store::list_known_commits(&mut tx, repository.id).await?,
            facts: store::list_facts(&mut tx, repository.id).await?,
        };
        tx.commit().await?;
        Ok(Some((repository, known)))
    }

    /// Reads on threads of its own, telling how far it is, within the time there is for it.
    async fn read(&self, repository: &Repository, known: Known) -> Result<Reading, Ended> {
        let progress = Progress::default();
        let work = Work {
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
        };
        let mut reading = tokio::task::spawn_blocking(move || work.read(&known));
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
                        let (phase, done, total) = position;
                        drop(self.tell(phase, done, total).await);
                    }
                }
            }
        };
        let ended = ended.context("read the repository")?;
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

    async fn tell(&self, phase: Phase, done: u64, total: Option<u64>) -> sqlx::Result<()> {
        let number = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
        let mut tx = self.begin().await?;
        store::set_progress(&mut tx, self.id(), phase, number(done), total.map(number)).await?;
        tx.announce("scans");
        tx.commit().await.map(|_| ())
    }

    /// Writes all that was found, and the end of the scan, in one transaction.
    async fn save(&self, repository: &Repository, reading: Reading) -> Result<(), Ended> {
        let now = self.context.clock.now();
        let tasks = findings::tasks(&reading.report);
        let mut tx = self.begin().await?;
        store::insert_facts(&mut tx, repository.id, &reading.new_facts).await?;
        store::replace_languages(&mut tx, repository.id, &reading.report.languages).await?;
        store::save_projects(&mut tx, repository.id, &reading.report.projects, now).await?;
        store::save_dependencies(&mut tx, repository.id, &reading.report.projects).await?;
        store::save_project_languages(&mut tx, repository.id, &reading.report.projects).await?;
        store::save_tasks(&mut tx, repository.id, &tasks, now).await?;
        store::delete_commits(&mut tx, repository.id, &reading.dropped).await?;
        store::insert_commits(&mut tx, repository.id, &reading.commits).await?;
        store::insert_warnings(&mut tx, self.id(), &reading.warnings()).await?;
        let count = |number: usize| i64::try_from(number).unwrap_or(i64::MAX);
        let found = Found {
            files: count(reading.files),
            projects: count(reading.report.projects.len()),
            tasks: count(reading.report.tasks.len()),
            todos: count(reading.report.todos.len()),
            commits: count(reading.commits.len()),
        };
        let end = store::ScanEnd { branch: reading.branch.as_deref(), head: reading.head, found };
        store::finish_scan(&mut tx, self.id(), &end, now).await?;
        repositories::set_scanned(
            &mut tx,
            repository.id,
            reading.branch.as_deref(),
            reading.head,
            now,
        )
        .await?;
        tx.announce("scans");
        tx.announce("repositories");
        tx.commit().await?;
        Ok(())
    }

    async fn requeue(&self, error: Option<&str>) -> sqlx::Result<()> {
        let mut tx = self.begin().await?;
        store::requeue_scan(&mut tx, self.id(), error).await?;
        tx.announce("scans");
        tx.commit().await.map(|_| ())
    }

    async fn fail(&self, message: &str) -> sqlx::Result<()> {
        let mut tx = self.begin().await?;
        store::fail_scan(&mut tx, self.id(), message, self.context.clock.now()).await?;
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
    fn read(&self, known: &Known) -> Result<Reading, ReadError> {
        let source = Source::parse(&self.source, &self.settings.policy(self.any_path))?;
        let mirror = Mirror::at(&self.mirror);
        let fetched: Fetched =
            reading::fetch(&mirror, &source, &self.settings, self.any_path, &self.progress)?;
        let (settings, progress) = (&self.settings, &self.progress);
        reading::Reader { mirror: mirror.path(), name: &self.name, settings, known, progress }
            .read(&fetched)
    }
}

fn sentence(error: &ReadError) -> String {
    let text = error.to_string();
    let mut characters = text.chars();
    characters
        .next()
        .map(|first| first.to_uppercase().chain(characters).collect())
        .unwrap_or_default()
}
