//! Reads a repository from its source to its findings, without a database.

use std::{
    collections::{HashMap, HashSet},
    ops::ControlFlow,
    path::Path,
};

use super::{
    model::{Phase, ScanWarning},
    progress::Progress,
    settings::ScanSettings,
};
use crate::{
    repositories::{
        Oid,
        history::{self, Commit, Event, HistoryError, Walk},
        mirror::{self, FetchError, Fetched, Mirror},
        objects::{ObjectError, ObjectStore},
        source::{Source, SourceError},
    },
    scanner::{BlobFacts, FactKey, Plan, ScanError, ScanReport},
};

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
}

impl ReadError {
    /// Whether another attempt may go better.
    pub(super) fn is_transient(&self) -> bool {
        match self {
            Self::Fetch(error) => error.is_worth_retrying(),
            Self::Source(_) | Self::Objects(_) | Self::History(_) | Self::Scan(_) => false,
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
    pub files: usize,
    pub new_facts: Vec<(FactKey, BlobFacts)>,
    /// Commits that were not known.
    pub commits: Vec<Commit>,
    /// Known commits that the branch no longer reaches.
    pub dropped: HashSet<Oid>,
}

impl Reading {
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

/// What earlier scans left.
#[derive(Debug, Default)]
pub(super) struct Known {
    pub(super) head: Option<Oid>,
    pub(super) commits: HashSet<Oid>,
    pub(super) facts: HashMap<FactKey, BlobFacts>,
}

/// Brings the mirror up to date; one that is damaged is made anew.
pub(super) fn fetch(
    mirror: &Mirror,
    source: &Source,
    settings: &ScanSettings,
    any_path: bool,
    progress: &Progress,
) -> Result<Fetched, ReadError> {
    progress.set(Phase::Fetching, 0, None);
    let policy = settings.policy(any_path);
    let watch = mirror::Watch {
        cancelled: &|| progress.is_stopped(),
        progress: &|at| progress.set(Phase::Fetching, at.bytes, None),
    };
    match mirror.fetch(source, &policy, &settings.fetch, &watch) {
        Err(FetchError::Damaged { .. }) => {
            Ok(mirror.remake(source, &policy, &settings.fetch, &watch)?)
        }
        fetched => Ok(fetched?),
    }
}

/// Reads history and files of a mirror's default branch.
pub(super) fn read(
    path: &Path,
    fetched: &Fetched,
    name: &str,
    settings: &ScanSettings,
    known: &Known,
    progress: &Progress,
) -> Result<Reading, ReadError> {
    let mut reading = Reading {
        branch: fetched.default_branch.clone(),
        head: fetched.head,
        ..Reading::default()
    };
    let Some(head) = fetched.head else {
        reading.dropped.clone_from(&known.commits);
        return Ok(reading);
    };
    read_history(path, head, settings, known, progress, &mut reading)?;
    read_files(path, head, name, settings, known, progress, &mut reading)?;
    Ok(reading)
}

fn read_history(
    path: &Path,
    head: Oid,
    settings: &ScanSettings,
    known: &Known,
    progress: &Progress,
    reading: &mut Reading,
) -> Result<(), ReadError> {
    progress.set(Phase::History, 0, None);
    let walk = Walk {
        repository: path,
        head,
        known: &|oid| known.commits.contains(oid),
        limits: settings.history.clone(),
    };
    let watch = history::Watch {
        cancelled: &|| progress.is_stopped(),
        progress: &|done, total| progress.set(Phase::History, wide(done), Some(wide(total))),
    };
    history::walk(&walk, &watch, &mut |event| {
        match event {
            Event::Commit(commit) => reading.commits.push(*commit),
            Event::Warning(warning) => reading.history_warnings.push(warning.to_string()),
        }
        ControlFlow::Continue(())
    })?;
    if let Some(previous) = known.head.filter(|previous| *previous != head) {
        reading.dropped = history::dropped(path, previous, head, &known.commits)?;
    }
    Ok(())
}

fn read_files(
    path: &Path,
    head: Oid,
    name: &str,
    settings: &ScanSettings,
    known: &Known,
    progress: &Progress,
    reading: &mut Reading,
) -> Result<(), ReadError> {
    progress.set(Phase::Files, 0, None);
    let store = ObjectStore::open(path)?;
    let options = settings.options(name);
    let plan = Plan::new(&store, head, &options)?;
    let scan = plan.run(&store, &options, &known.facts, progress.files())?;
    reading.report = scan.report;
    reading.files = scan.counts.files;
    reading.new_facts = scan.new_facts;
    Ok(())
}

fn wide(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}

/// Fetches into a directory and reads everything, as if for the first time.
pub fn read_once(
    directory: &Path,
    source: &Source,
    settings: &ScanSettings,
) -> Result<Reading, ReadError> {
    let progress = Progress::default();
    let mirror = Mirror::at(directory);
    let fetched = fetch(&mirror, source, settings, true, &progress)?;
    read(mirror.path(), &fetched, &source.display_name(), settings, &Known::default(), &progress)
}
