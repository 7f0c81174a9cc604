//! Reads a repository from its source to its findings, without a database.

use std::{
    collections::{HashMap, HashSet},
    ops::ControlFlow,
    panic,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

use super::{
    life::{self, Life, LifeTask, Steps},
    limits::Excess,
    model::{Deed, Found, Phase, ScanWarning},
    progress::Progress,
    settings::ScanSettings,
};
use crate::{
    repositories::{
        Oid,
        history::{self, Commit, Event, HistoryError, Walk},
        mirror::{self, FetchError, FetchLimits, Fetched, Mirror},
        objects::{ObjectError, ObjectStore},
        source::{FetchPolicy, Source, SourceError},
    },
    scanner::{
        Attributes, BlobFacts, FactKey, Plan, Scan, ScanError, ScanReport,
        marks::MarkObserver,
        model::{Warning, WarningCode},
    },
};

/// How often limits are looked at.
pub(super) const LOOK_EVERY: Duration = Duration::from_millis(100);

/// Why a repository could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    #[error(transparent)]
    Source(#[from] SourceError),
    #[error(transparent)]
    Fetch(#[from] FetchError),
    #[error(transparent)]
    Objects(#[from] ObjectError),
    #[error(transparent)]
    History(#[from] HistoryError),
    #[error(transparent)]
    Scan(#[from] ScanError),
    #[error(transparent)]
    Excess(#[from] Excess),
}

impl ReadError {
    /// Whether another attempt may go better.
    pub(super) fn is_transient(&self) -> bool {
        match self {
            Self::Fetch(error) => error.is_worth_retrying(),
            Self::Source(_)
            | Self::Objects(_)
            | Self::History(_)
            | Self::Scan(_)
            | Self::Excess(_) => false,
        }
    }
}

impl ReadError {
    /// Whether the server wants to know who we are, or does not take what we said.
    pub(super) const fn wants_credentials(&self) -> bool {
        matches!(self, Self::Fetch(FetchError::CredentialsWanted { .. }))
    }

    /// Whether the mirror lacks what its references reach, so that making it anew may help.
    pub(super) const fn is_damage(&self) -> bool {
        match self {
            Self::History(HistoryError::MissingHead(_) | HistoryError::Unopened { .. }) => true,
            Self::Objects(error) | Self::Scan(ScanError::Objects(error)) => error.is_damage(),
            Self::Source(_)
            | Self::Fetch(_)
            | Self::History(HistoryError::Cancelled)
            | Self::Scan(ScanError::Cancelled)
            | Self::Excess(_) => false,
        }
    }
}

/// What reading a repository gave.
#[derive(Debug, Default)]
pub struct Reading {
    pub branch: Option<String>,
    pub head: Option<Oid>,
    pub report: ScanReport,
    /// What of the history could not be read.
    pub history_warnings: Vec<String>,
    /// Whether commits are missing, so that the next scan has to look for them.
    pub(super) history_cut: bool,
    /// Known facts that this commit does not need.
    pub(super) old_facts: Vec<FactKey>,
    /// Whether the mirror lacks objects, which its source may still have.
    pub(super) lacks_objects: bool,
    pub files: usize,
    pub new_facts: Vec<(FactKey, BlobFacts)>,
    /// Commits that were not known, or were counted while objects were missing.
    pub commits: Vec<Commit>,
    /// Whether commits among them were known.
    pub(super) counts_again: bool,
    /// Known commits that the branch no longer reaches.
    pub dropped: HashSet<Oid>,
    pub(super) life: Life,
    /// Bytes of the mirror on the disk.
    pub mirror_bytes: u64,
}

impl Reading {
    pub(super) const fn is_history_complete(&self) -> bool {
        !self.history_cut
    }

    /// What is counted of a scan.
    pub(super) fn found(&self) -> Found {
        let count = |number: usize| i64::try_from(number).unwrap_or(i64::MAX);
        Found {
            files: count(self.files),
            projects: count(self.report.projects.len()),
            tasks: count(self.report.tasks.len()),
            todos: count(self.report.todos.len()),
            commits: count(self.commits.len()),
        }
    }

    /// The same with warnings that do not tell where the mirror lies.
    pub(super) fn without_path(mut self, mirror: &Path) -> Self {
        let messages = self.report.warnings.iter_mut().map(|warning| &mut warning.message);
        for message in self.history_warnings.iter_mut().chain(messages) {
            *message = without_path(message, mirror);
        }
        self
    }

    /// Everything that could not be read, the history's first.
    pub fn warnings(&self) -> Vec<ScanWarning> {
        let history = self.history_warnings.iter().map(|message| ScanWarning {
            code: "history-incomplete".to_owned(),
            path: None,
            message: message.clone(),
        });
        let files = self.report.warnings.iter().map(|warning| ScanWarning {
            code: warning.code.as_str(),
            path: warning.path.clone(),
            message: warning.message.clone(),
        });
        history.chain(files).collect()
    }
}

/// A text without the place of the mirror, which is the server's own affair.
pub(super) fn without_path(text: &str, mirror: &Path) -> String {
    let place = mirror.to_string_lossy();
    if place.is_empty() { text.to_owned() } else { text.replace(&*place, "the mirror") }
}

/// What earlier scans left.
#[derive(Debug, Default)]
pub(super) struct Known {
    pub(super) head: Option<Oid>,
    pub(super) commits: HashSet<Oid>,
    /// Whether these are all there were: only then is what comes before a known one known.
    pub(super) history_complete: bool,
    pub(super) facts: HashMap<FactKey, BlobFacts>,
    pub(super) tasks: Vec<LifeTask>,
    /// What these were computed by; none where they never were.
    pub(super) life_version: Option<i32>,
    /// Who made the head, and when.
    pub(super) head_deed: Option<Deed>,
}

impl Known {
    /// Whether the life of tasks can go on from what is stored.
    fn has_life(&self) -> bool {
        // Without a head nothing of the history is known: what comes is all of it.
        self.head.is_some() && self.history_complete && self.life_version == Some(life::VERSION)
    }
}

/// Brings the mirror up to date; one that is damaged is made anew.
pub(super) fn fetch(
    mirror: &Mirror,
    source: &Source,
    policy: &FetchPolicy,
    limits: &FetchLimits,
    progress: &Progress,
) -> Result<Fetched, ReadError> {
    // No fetch of what is new brings what a clone that is whole by now lacked before.
    if mirror.is_shallow() && !source.is_shallow() {
        return remake(mirror, source, policy, limits, progress);
    }
    let fetched = watched(progress, |watch| mirror.fetch(source, policy, limits, watch));
    match fetched {
        Err(FetchError::Damaged { .. }) => remake(mirror, source, policy, limits, progress),
        fetched => Ok(fetched?),
    }
}

/// Makes the mirror anew, beside the old one.
pub(super) fn remake(
    mirror: &Mirror,
    source: &Source,
    policy: &FetchPolicy,
    limits: &FetchLimits,
    progress: &Progress,
) -> Result<Fetched, ReadError> {
    let remade = watched(progress, |watch| mirror.remake(source, policy, limits, watch));
    Ok(remade?)
}

/// Fetches while the progress is told and looked at.
fn watched(
    progress: &Progress,
    fetch: impl FnOnce(&mirror::Watch<'_>) -> Result<Fetched, FetchError>,
) -> Result<Fetched, FetchError> {
    progress.set(Phase::Fetching, 0, None);
    fetch(&mirror::Watch {
        cancelled: &|| progress.is_stopped(),
        progress: &|at| progress.set(Phase::Fetching, at.bytes, None),
    })
}

/// Reads a fetched mirror.
pub(super) struct Reader<'a> {
    pub(super) mirror: &'a Path,
    /// What a project at the root is called where it has no name of its own.
    pub(super) name: &'a str,
    pub(super) settings: &'a ScanSettings,
    pub(super) known: &'a Known,
    pub(super) progress: &'a Progress,
}

impl Reader<'_> {
    /// Reads history and files of the default branch.
    pub(super) fn read(&self, fetched: &Fetched) -> Result<Reading, ReadError> {
        let mut reading = Reading {
            branch: fetched.default_branch.clone(),
            head: fetched.head,
            mirror_bytes: Mirror::at(self.mirror).size(),
            ..Reading::default()
        };
        let mut steps = Steps::default();
        match fetched.head {
            Some(head) => self.read_head(head, &mut reading, &mut steps)?,
            None => reading.dropped.clone_from(&self.known.commits),
        }
        let start = life::Start {
            stored: self.known.tasks.clone(),
            from_scratch: !self.goes_on(&reading),
            is_cut: !reading.history_warnings.is_empty(),
            head: self.known.head_deed.clone().map(Arc::new).filter(|_| fetched.head.is_some()),
        };
        let stopped = || self.progress.is_stopped();
        reading.life =
            Life::simulate(start, steps, &reading.report, &stopped).ok_or(ScanError::Cancelled)?;
        Ok(reading)
    }

    /// Whether the branch only moved forward, from where all is known.
    fn goes_on(&self, reading: &Reading) -> bool {
        self.known.has_life() && reading.dropped.is_empty()
    }

    /// Reads the files beside the history: each has stretches that keep one core busy only.
    fn read_head(
        &self,
        head: Oid,
        reading: &mut Reading,
        steps: &mut Steps,
    ) -> Result<(), ReadError> {
        let store = ObjectStore::open(self.mirror)?;
        let plan = Plan::new(&store, head, &self.settings.options(self.name))?;
        let attributes = plan.attributes();
        let failed = AtomicBool::new(false);
        let (history, files) = thread::scope(|scope| {
            let files = scope.spawn(|| {
                let files = self.read_files(plan, &store);
                failed.store(files.is_err(), Ordering::Relaxed);
                files
            });
            let history = self.read_history(head, (reading, steps), (&attributes, &failed));
            self.progress.set(Phase::Files, 0, None);
            (history, files.join().unwrap_or_else(|cause| panic::resume_unwind(cause)))
        });
        // Where the files failed, the history was cancelled because of it.
        let files = files?;
        history?;
        let is_missing = |warning: &Warning| warning.code == WarningCode::ObjectMissing;
        reading.lacks_objects |= files.scan.report.warnings.iter().any(is_missing);
        reading.report = files.scan.report;
        reading.files = files.scan.counts.files;
        reading.new_facts = files.scan.new_facts;
        reading.old_facts = files.old_facts;
        Ok(())
    }

    /// Reads the commits that are new; all of them where the life of tasks begins anew.
    fn read_history(
        &self,
        head: Oid,
        (reading, steps): (&mut Reading, &mut Steps),
        (attributes, failed): (&Attributes, &AtomicBool),
    ) -> Result<(), ReadError> {
        let progress = self.progress;
        progress.set(Phase::History, 0, None);
        if let Some(previous) = self.known.head.filter(|previous| *previous != head) {
            reading.dropped = history::dropped(self.mirror, previous, head, &self.known.commits)?;
        }
        let goes_on = self.goes_on(reading);
        let walk = Walk {
            repository: self.mirror,
            head,
            known: &|oid| goes_on && self.known.commits.contains(oid),
            limits: self.settings.history.clone(),
        };
        let watch = history::Watch {
            cancelled: &|| progress.is_stopped() || failed.load(Ordering::Relaxed),
            progress: &|done, total| progress.set(Phase::History, wide(done), Some(wide(total))),
        };
        let max_blob_bytes = self.settings.options(self.name).max_blob_bytes;
        let observer = MarkObserver {
            max_bytes: usize::try_from(max_blob_bytes).unwrap_or(usize::MAX),
            attributes,
        };
        history::walk(&walk, &watch, &observer, &mut |event| {
            match event {
                Event::Commit(commit, marks) => {
                    steps.add(&commit, marks);
                    let is_known = self.known.commits.contains(&commit.oid);
                    if !is_known || !self.known.history_complete {
                        reading.counts_again |= is_known;
                        reading.commits.push(*commit);
                    }
                }
                Event::Warning(warning) => {
                    reading.history_cut |= warning.cuts_history();
                    reading.lacks_objects |= warning.is_damage();
                    reading.history_warnings.push(warning.to_string());
                }
            }
            ControlFlow::Continue(())
        })?;
        Ok(())
    }

    fn read_files(&self, plan: Plan, store: &ObjectStore) -> Result<Files, ReadError> {
        let options = self.settings.options(self.name);
        let old_facts = self.old_facts(&plan);
        let scan = plan.run(store, &options, &self.known.facts, self.progress.files())?;
        Ok(Files { scan, old_facts })
    }

    /// The known facts that a plan does not need.
    fn old_facts(&self, plan: &Plan) -> Vec<FactKey> {
        let needed: HashSet<&FactKey> = plan.keys().collect();
        self.known.facts.keys().filter(|key| !needed.contains(key)).cloned().collect()
    }
}

/// What the files of a commit gave.
struct Files {
    scan: Scan,
    /// Known facts that they do not need.
    old_facts: Vec<FactKey>,
}

fn wide(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}
