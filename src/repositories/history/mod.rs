//! The commits of a mirror: who, when, what, and how many lines in which files.
//!
//! [`walk`] gives every commit from a head down to those the caller knows, newest first, counted
//! as `git log --numstat --no-renames` counts: a merge has no files of its own, a binary file has
//! no lines, a submodule has one. `.gitattributes` are not looked at, so a file that they call
//! binary, or text, is what its content says. What cannot be read becomes a [`Warning`] beside
//! the rest.

use std::{
    collections::HashSet,
    hash::BuildHasher,
    ops::ControlFlow,
    path::{Path, PathBuf},
};

use chrono::{DateTime, Utc};

use super::Oid;

mod changes;
mod decode;
mod observer;
mod order;
mod workers;

pub use observer::{Observer, Unobserved, Versions};

/// One commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Commit {
    pub oid: Oid,
    pub parents: Vec<Oid>,
    /// With the mailmap of the head applied, like the committer.
    pub author: Person,
    pub committer: Person,
    pub authored_at: Moment,
    pub committed_at: Moment,
    /// The first paragraph of the message on one line.
    pub subject: String,
    /// The message after its first paragraph; empty if there is no more.
    pub body: String,
    /// At most [`Limits::max_files`] of them, by path; none for a merge.
    pub files: Vec<FileChange>,
    /// How many files were changed, listed or not.
    pub files_changed: u32,
    pub insertions: u64,
    pub deletions: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Person {
    pub name: String,
    pub email: String,
}

/// A time with the offset of the clock that wrote it.
///
/// Between the years 1 and 9999: git takes any number, and some clocks are very wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment {
    pub at: DateTime<Utc>,
    /// Minutes east of Greenwich.
    pub offset_minutes: i16,
}

/// A file that a commit changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileChange {
    /// From the root of the repository; bytes that are no UTF-8 are replaced.
    pub path: String,
    /// Lines added; none for a binary file or one above [`Limits::max_blob_bytes`].
    pub added: Option<u32>,
    /// Lines deleted, likewise.
    pub deleted: Option<u32>,
}

/// What a walk gives out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event<Seen = ()> {
    /// With what the observer saw in its files, by path.
    Commit(Box<Commit>, Vec<Seen>),
    Warning(Warning),
}

/// Something that could not be read; the walk went on without it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Warning {
    #[error("The commit {0} is missing; what came before it is not shown.")]
    MissingCommit(Oid),
    #[error("History ends at {0}: the source is a shallow clone.")]
    Shallow(Oid),
    #[error(
        "The commit {0} cannot be understood ({1}) and is not shown; what came before it may be missing."
    )]
    UnreadableCommit(Oid, String),
    #[error("The changes of commit {commit} are not counted: {reason}.")]
    UncountedChanges { commit: Oid, reason: String },
    #[error("Only the newest {0} commits are read; raise `repositories.max_commits` for more.")]
    TooManyCommits(usize),
}

impl Warning {
    /// Whether the mirror lacks something that its source should have.
    pub const fn is_damage(&self) -> bool {
        match self {
            Self::MissingCommit(_) | Self::UnreadableCommit(..) => true,
            Self::Shallow(_) | Self::UncountedChanges { .. } | Self::TooManyCommits(_) => false,
        }
    }

    /// Whether commits are missing because of it, rather than their counts.
    pub const fn cuts_history(&self) -> bool {
        match self {
            Self::MissingCommit(_)
            | Self::Shallow(_)
            | Self::UnreadableCommit(..)
            | Self::TooManyCommits(_) => true,
            Self::UncountedChanges { .. } => false,
        }
    }
}

/// How much of a history is read; the keys are those of the section `repositories`.
#[derive(Debug, Clone)]
pub struct Limits {
    /// `max_commits`: the most that one walk gives out, newest first.
    pub max_commits: usize,
    /// `max_files_per_commit`: paths listed; lines are summed over all.
    pub max_files: usize,
    /// `max_diff_bytes`: a larger file counts as binary.
    pub max_blob_bytes: usize,
    /// Threads that count lines; all cores by default.
    pub threads: usize,
}

impl Default for Limits {
    fn default() -> Self {
        let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        Self { max_commits: 1_000_000, max_files: 10_000, max_blob_bytes: 64 << 20, threads }
    }
}

/// Why no history can be read at all.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HistoryError {
    #[error("`{path}` cannot be opened as a repository: {reason}.")]
    Unopened { path: PathBuf, reason: String },
    #[error("The head {0} is missing; the mirror has to be made again.")]
    MissingHead(Oid),
    #[error("Reading the history was cancelled.")]
    Cancelled,
}

/// How a caller stops a walk and follows it.
pub struct Watch<'a> {
    pub cancelled: &'a (dyn Fn() -> bool + Sync),
    /// Commits given out, and commits in all.
    pub progress: &'a dyn Fn(usize, usize),
}

impl Watch<'static> {
    pub const fn none() -> Self {
        Self { cancelled: &|| false, progress: &|_, _| () }
    }
}

/// Where a walk starts and where it need not go.
pub struct Walk<'a> {
    pub repository: &'a Path,
    pub head: Oid,
    /// Whether the caller has this commit, and with it all before it.
    pub known: &'a dyn Fn(&Oid) -> bool,
    pub limits: Limits,
}

/// Gives out the commits that are not known, newest first by commit time.
///
/// `each` runs on the calling thread and may end the walk. Answers how many commits were given.
pub fn walk<O: Observer>(
    walk: &Walk<'_>,
    watch: &Watch<'_>,
    observer: &O,
    each: &mut dyn FnMut(Event<O::Seen>) -> ControlFlow<()>,
) -> Result<usize, HistoryError> {
    let repository = open(walk.repository, walk.limits.max_blob_bytes)?;
    let found = order::list(&repository.to_thread_local(), walk, watch)?;
    for warning in found.warnings {
        if each(Event::Warning(warning)).is_break() {
            return Err(HistoryError::Cancelled);
        }
    }
    workers::count(&repository, &found.commits, walk, (watch, observer), each)?;
    Ok(found.commits.len())
}

/// The known commits that the new head does not reach: what a force push threw away.
///
/// `known` has to be what `previous_head` reached. As long as the new head is built upon the
/// previous one, only the commits between them are read.
pub fn dropped<S: BuildHasher>(
    repository: &Path,
    previous_head: Oid,
    head: Oid,
    known: &HashSet<Oid, S>,
) -> Result<HashSet<Oid>, HistoryError> {
    let repository = open(repository, Limits::default().max_blob_bytes)?.to_thread_local();
    Ok(match order::reach(&repository, head, previous_head)? {
        order::Reach::Found => HashSet::new(),
        order::Reach::All(reached) => {
            known.iter().filter(|oid| !reached.contains(oid)).copied().collect()
        }
    })
}

/// A commit of these bytes, as a walk gives it out, but for its files.
#[cfg(feature = "fuzzing")]
pub(super) fn decoded(bytes: &[u8], mailmap: &[u8]) -> Option<Commit> {
    let raw = gix::objs::CommitRef::from_bytes(bytes, gix::hash::Kind::Sha1).ok()?;
    let mailmap = gix::mailmap::Snapshot::from_bytes(mailmap);
    Some(decode::commit(Oid::from_bytes([0; 20]), &raw, &mailmap))
}

/// Opens without anything from outside the repository, and with memory bounded.
fn open(path: &Path, max_blob_bytes: usize) -> Result<gix::ThreadSafeRepository, HistoryError> {
    let options = gix::open::Options::isolated()
        .with(gix::sec::Trust::Full)
        .open_path_as_is(true)
        .config_overrides([format!("gitoxide.objects.allocLimit={max_blob_bytes}")]);
    options.open(path).map_err(|error| HistoryError::Unopened {
        path: path.to_owned(),
        reason: error.to_string(),
    })
}
