//! The job that fetches and scans a repository.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::Context;
use tracing::info;

use super::{
    attempt::{self, Work, sentence},
    credential::{self, Token},
    findings,
    limits::Watchdog,
    model::{Deed, Phase, ScanId},
    progress::{Position, Progress},
    reading::{Known, LOOK_EVERY, ReadError, Reading},
    saving,
    settings::ScanSettings,
    store::{self, ScanRun},
};
use crate::{
    connections::Connections,
    jobs::{self, Failure, JobContext, Registry},
    organizations::audit,
    repositories::{
        self, Repository, RepositoryId, ScanReason, ScanRepository, source::Credential,
    },
    tenancy::{Allowed, RequestScan, TenantTx},
};

/// At how many looks a running scan tells how far it is, and asks whether it may go on.
const TELL_AT: u32 = 4;

/// Names the function that scans.
pub fn register_jobs(
    registry: Registry,
    settings: ScanSettings,
    connections: Connections,
) -> Registry {
    let registry = super::connect::register(registry, settings.mirrors.clone());
    let settings = Arc::new(settings);
    registry.with(move |context, job: ScanRepository| {
        let (settings, connections) = (Arc::clone(&settings), connections.clone());
        async move { Run { context, job, settings, connections }.run().await }
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
    tx.announce_in(repository.as_uuid(), "scans");
    Ok(scan)
}

/// Asks for a scan in the name of whoever acts, and records that.
pub(super) async fn ask_for_scan(
    tx: &mut TenantTx,
    allowed: &Allowed<RequestScan>,
    now: chrono::DateTime<chrono::Utc>,
) -> anyhow::Result<ScanId> {
    let repository = RepositoryId::from_uuid(allowed.repository());
    let scan = request_scan(tx, repository, ScanReason::Requested, now).await?;
    let event = audit::Event::new("scan.requested", "repository", repository, now)
        .detail(serde_json::json!({"scan": scan}));
    audit::record(tx, event).await?;
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
    connections: Connections,
}

/// Why an attempt ended without a result.
enum Ended {
    /// The server stops: another attempt goes on.
    Interrupted,
    /// It was cancelled or overtaken, or its repository is gone: there is nothing to write down.
    Overtaken,
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
            Ended::Overtaken => return Ok(()),
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
            (None, false) => Ok(false),
        };
        // Where nothing was written, the scan was cancelled meanwhile.
        match written.map_err(|error| Failure::Retry(error.into()))? {
            false => Ok(()),
            true if again => Err(Failure::Retry(error)),
            true => Err(Failure::Final(error)),
        }
    }

    async fn attempt(&self, run: ScanRun, repository: &Repository) -> Result<(), Ended> {
        let begun = Instant::now();
        let (reading, fetching) = self.read(run, repository).await?;
        let read = begun.elapsed();
        if !self.tell(run, (Phase::Saving, 0, None)).await? {
            return Err(Ended::Overtaken);
        }
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
        // Whoever deletes mirrors that nobody uses holds this lock too.
        repositories::lock(&mut tx, self.job.repository).await?;
        let Some(repository) = repositories::find(&mut tx, self.job.repository).await? else {
            return Ok(None);
        };
        let id = ScanId::from_uuid(self.job.scan);
        let Some(run) = store::start_scan(&mut tx, id, self.context.clock.now()).await? else {
            return Ok(None);
        };
        self.announce(&mut tx, "scans");
        tx.commit().await?;
        Ok(Some((run, repository)))
    }

    /// Looks up what earlier scans left.
    async fn known(&self, repository: &Repository) -> sqlx::Result<Known> {
        let mut tx = self.begin().await?;
        let head = match repository.head {
            Some(head) => store::find_commit(&mut tx, repository.id, head).await?,
            None => None,
        };
        Ok(Known {
            head: repository.head,
            head_deed: head.map(Deed::from),
            tasks: store::list_life_tasks(&mut tx, repository.id).await?,
            life_version: store::find_life_version(&mut tx, repository.id).await?,
            commits: store::list_known_commits(&mut tx, repository.id).await?,
            history_complete: repository.history_complete,
            facts: store::list_facts(&mut tx, repository.id).await?,
        })
    }

    /// Reads on threads of its own, telling how far it is, within what there is for it.
    ///
    /// Also says how long the fetch took.
    async fn read(
        &self,
        run: ScanRun,
        repository: &Repository,
    ) -> Result<(Reading, Duration), Ended> {
        let progress = Progress::default();
        let token = credential::find(&self.context, &self.connections, repository).await?;
        let credential = token.as_ref().and_then(Token::credential);
        let work = Arc::new(self.work(repository, credential, &progress));
        let mirror = work.mirror.clone();
        let reading = self.fetch_and_read((work, token), repository);
        tokio::pin!(reading);
        let mut look = Look::new(Watchdog::new(&self.settings.reading));
        let mut stopped = None;
        let ended = loop {
            tokio::select! {
                ended = &mut reading => break ended,
                () = self.context.cancel.cancelled(), if stopped.is_none() => {
                    stopped = Some(Ended::Interrupted);
                    progress.stop();
                }
                () = tokio::time::sleep(LOOK_EVERY), if stopped.is_none() => {
                    stopped = self.reason_to_stop(run, &progress, &mut look).await;
                    if stopped.is_some() {
                        progress.stop();
                    }
                }
            }
        };
        let ended = ended?;
        match stopped {
            Some(reason) => Err(reason),
            None => ended.map_err(|error| Ended::Failed {
                message: sentence(&error, &mirror),
                transient: error.is_transient(),
            }),
        }
    }

    fn work(
        &self,
        repository: &Repository,
        credential: Option<Credential>,
        progress: &Progress,
    ) -> Work {
        Work {
            mirror: Repository::mirror_path(
                &self.settings.mirrors,
                self.context.grant.organization().id,
                repository.id,
            ),
            source: repository.source.clone(),
            name: repository.name.clone(),
            trusted_roots: repository.trusted_roots.clone(),
            credential,
            settings: Arc::clone(&self.settings),
            progress: progress.clone(),
        }
    }

    /// Fetches, and meanwhile looks up what is known, and then reads what is not.
    async fn fetch_and_read(
        &self,
        (work, token): (Arc<Work>, Option<Token>),
        repository: &Repository,
    ) -> anyhow::Result<Result<(Reading, Duration), ReadError>> {
        let fetching = async {
            let begun = Instant::now();
            (attempt::fetch(work, token).await, begun.elapsed())
        };
        // Waited for even where the other failed: two fetches at once would be in each other's way.
        let ((fetched, took), known) = tokio::join!(fetching, self.known(repository));
        let (work, fetched) = fetched?;
        let (known, fetched) = match (known?, fetched) {
            (known, Ok(fetched)) => (known, fetched),
            (_, Err(error)) => return Ok(Err(error)),
        };
        let reading = tokio::task::spawn_blocking(move || work.read(&fetched, &known));
        let reading = reading.await.context("read the repository")?;
        Ok(reading.map(|reading| (reading, took)))
    }

    /// Looks at the limits each time and, every few times, at the scan's row: whoever cancels it
    /// may do so on another server.
    async fn reason_to_stop(
        &self,
        run: ScanRun,
        progress: &Progress,
        look: &mut Look,
    ) -> Option<Ended> {
        let position = progress.position();
        if let Some(excess) = look.watchdog.look(position.0) {
            return Some(Ended::Failed { message: excess.to_string(), transient: false });
        }
        look.times = look.times.wrapping_add(1);
        if !look.times.is_multiple_of(TELL_AT) {
            return None;
        }
        let goes_on = if look.told.replace(position) == Some(position) {
            self.is_current(run).await
        } else {
            self.tell(run, position).await
        };
        // A database that does not answer is no reason to throw the work away.
        (!goes_on.unwrap_or(true)).then_some(Ended::Overtaken)
    }

    async fn is_current(&self, run: ScanRun) -> sqlx::Result<bool> {
        store::is_current(&mut self.begin().await?, run).await
    }

    async fn tell(&self, run: ScanRun, (phase, done, total): Position) -> sqlx::Result<bool> {
        let number = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
        let mut tx = self.begin().await?;
        let goes_on =
            store::set_progress(&mut tx, run, phase, number(done), total.map(number)).await?;
        if goes_on {
            self.announce(&mut tx, "scans");
        }
        tx.commit().await?;
        Ok(goes_on)
    }

    /// Writes all that was found, and the end of the scan, in one transaction.
    async fn save(
        &self,
        run: ScanRun,
        repository: &Repository,
        reading: Reading,
    ) -> Result<(), Ended> {
        // Before the transaction, which others may wait for.
        let tasks = findings::tasks(&reading.report, &reading.life);
        let mut tx = self.begin().await?;
        let found = (&reading, &tasks);
        if !saving::save(&mut tx, run, repository, found, self.context.clock.now()).await? {
            return Err(Ended::Overtaken);
        }
        for topic in ["scans", "repositories", "tasks"] {
            self.announce(&mut tx, topic);
        }
        tx.commit().await?;
        Ok(())
    }

    /// Tells the pages of those who may see the repository.
    fn announce(&self, tx: &mut TenantTx, topic: &str) {
        tx.announce_in(self.job.repository.as_uuid(), topic);
    }

    async fn requeue(&self, run: ScanRun, error: Option<&str>) -> sqlx::Result<bool> {
        let mut tx = self.begin().await?;
        let was_running = store::requeue_scan(&mut tx, run, error).await?;
        self.announce(&mut tx, "scans");
        tx.commit().await?;
        Ok(was_running)
    }

    async fn fail(&self, run: ScanRun, message: &str) -> sqlx::Result<bool> {
        let mut tx = self.begin().await?;
        let was_running = store::fail_scan(&mut tx, run, message, self.context.clock.now()).await?;
        self.announce(&mut tx, "scans");
        tx.commit().await?;
        Ok(was_running)
    }
}

/// What a running scan remembers from look to look.
struct Look {
    watchdog: Watchdog,
    times: u32,
    told: Option<Position>,
}

impl Look {
    const fn new(watchdog: Watchdog) -> Self {
        Self { watchdog, times: 0, told: None }
    }
}

fn milliseconds(took: Duration) -> u64 {
    u64::try_from(took.as_millis()).unwrap_or(u64::MAX)
}
