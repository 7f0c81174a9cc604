//! Bare copies of other people's repositories, kept up to date.
//!
//! A mirror holds the branches, tags and HEAD of its source and the objects they reach. Objects
//! come in packs, each written aside and renamed; references live in one `packed-refs` file that
//! is replaced in one rename after them, and HEAD follows in another. So whatever stops a fetch,
//! the mirror shows the state of the last one that ended well; should the power fail before the
//! disk has a pack, the next fetch finds its objects missing and calls the mirror damaged. Nothing is checked out, and neither hooks nor filters,
//! credential helpers, submodules or the configuration of a user or of the source are looked at.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, mpsc},
    thread,
    time::Duration,
};

use super::{
    Oid,
    source::{FetchPolicy, Source},
};

mod compact;
mod ending;
mod error;
mod git;
mod guard;
mod http;
mod layout;
mod local;
mod names;
mod receive;

pub use error::FetchError;
use guard::Guard;

/// A bare copy of a repository in a directory of its own.
#[derive(Debug, Clone)]
pub struct Mirror {
    path: PathBuf,
}

/// How much a fetch may take; the keys are those of the section `repositories`.
#[derive(Debug, Clone)]
pub struct FetchLimits {
    /// `max_pack_bytes`: bytes received in one fetch.
    pub max_pack_bytes: u64,
    /// `max_object_bytes`: the unpacked size of one object; also bounds what is reserved in memory.
    pub max_object_bytes: u64,
    /// `max_refs`: branches and tags together.
    pub max_refs: usize,
    /// `max_mirror_bytes`: of the whole mirror on the disk.
    pub max_mirror_bytes: u64,
    /// `min_free_bytes`: what has to stay free on the disk.
    pub min_free_bytes: u64,
    /// `fetch_timeout_seconds`: the whole fetch.
    pub timeout: Duration,
    /// `connect_timeout_seconds`: finding and reaching the server.
    pub connect_timeout: Duration,
    /// `idle_timeout_seconds`: a silence of the server.
    pub idle_timeout: Duration,
}

impl Default for FetchLimits {
    fn default() -> Self {
        Self {
            max_pack_bytes: 2 << 30,
            max_object_bytes: 512 << 20,
            max_refs: 200_000,
            max_mirror_bytes: 8 << 30,
            min_free_bytes: 512 << 20,
            timeout: Duration::from_mins(15),
            connect_timeout: Duration::from_secs(20),
            idle_timeout: Duration::from_mins(1),
        }
    }
}

/// How far a fetch is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FetchProgress {
    /// Bytes received so far; it stands still while the pack is being indexed.
    pub bytes: u64,
}

/// How a caller follows a fetch and stops it; both are called ten times a second.
pub struct Watch<'a> {
    pub cancelled: &'a (dyn Fn() -> bool + Sync),
    pub progress: &'a (dyn Fn(FetchProgress) + Sync),
}

impl Watch<'static> {
    /// For callers that neither look nor stop.
    pub const fn none() -> Self {
        Self { cancelled: &|| false, progress: &|_| () }
    }
}

/// The state of a mirror after a fetch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fetched {
    /// The branch that the source calls its default, without `refs/heads/`.
    pub default_branch: Option<String>,
    /// The commit of the default branch; none in an empty repository.
    pub head: Option<Oid>,
    /// Bytes received.
    pub bytes: u64,
    /// Whether any branch, tag or the default branch differs from before.
    pub changed: bool,
}

impl Mirror {
    /// The mirror in this directory, which the first fetch creates.
    pub fn at(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Brings the mirror to the state of its source.
    ///
    /// Blocks until done. A mirror that is [`FetchError::Damaged`] needs [`Mirror::remake`].
    pub fn fetch(
        &self,
        source: &Source,
        policy: &FetchPolicy,
        limits: &FetchLimits,
        watch: &Watch<'_>,
    ) -> Result<Fetched, FetchError> {
        layout::create(&self.path)?;
        let _lock = layout::lock(&self.path)?;
        layout::clean(&self.path)?;
        let has_packs = self.size() > 0;
        let guard = Arc::new(Guard::new(limits.clone(), receive::name_of(source)));
        let (running, finished) = mpsc::channel();
        let fetched = thread::scope(|scope| {
            let watching = &guard;
            let path = &self.path;
            scope.spawn(move || watching.watch(watch, path, &finished));
            let fetched = receive::receive(path, source, policy, &guard);
            if fetched.is_ok() {
                compact::compact(path, &guard);
            }
            drop(running);
            fetched
        });
        // What the guard knows is the cause; what gix says is how it came out. A fetch that has
        // ended well stays so if the guard stops what is tidied up after it.
        fetched.map_err(|error| guard.take_failure().unwrap_or_else(|| suspect(error, has_packs)))
    }

    /// Fetches everything anew beside the mirror, and puts it in its place when that went well.
    pub fn remake(
        &self,
        source: &Source,
        policy: &FetchPolicy,
        limits: &FetchLimits,
        watch: &Watch<'_>,
    ) -> Result<Fetched, FetchError> {
        let fresh = Self::at(layout::beside(&self.path, "fresh"));
        let old = layout::beside(&self.path, "old");
        layout::remove(&fresh.path)?;
        let fetched = fresh.fetch(source, policy, limits, watch)?;
        layout::remove(&old)?;
        if self.path.exists() {
            layout::rename(&self.path, &old)?;
        }
        layout::rename(&fresh.path, &self.path)?;
        layout::remove(&old)?;
        Ok(Fetched { changed: true, ..fetched })
    }

    /// Removes the mirror from the disk.
    pub fn remove(&self) -> Result<(), FetchError> {
        layout::remove(&layout::beside(&self.path, "fresh"))?;
        layout::remove(&layout::beside(&self.path, "old"))?;
        layout::remove(&self.path)
    }

    /// Whether its history ends where that of a shallow clone did.
    pub fn is_shallow(&self) -> bool {
        self.path.join("shallow").exists()
    }

    /// Bytes on the disk.
    pub fn size(&self) -> u64 {
        layout::size(&self.path)
    }
}

/// A pack that came whole and makes no sense may build on objects that are broken here.
fn suspect(error: FetchError, has_packs: bool) -> FetchError {
    match error {
        FetchError::Broken { reason, .. } if has_packs => FetchError::Damaged { reason },
        other => other,
    }
}

/// A fetch from a server whose answers are at hand, with limits that keep a fuzzer quick.
#[cfg(feature = "fuzzing")]
pub(super) fn receive_from(directory: &Path, answers: &[u8]) -> Result<Fetched, FetchError> {
    let limits = FetchLimits {
        max_object_bytes: 4 << 20,
        max_refs: 1_000,
        min_free_bytes: 0,
        ..FetchLimits::default()
    };
    layout::create(directory)?;
    layout::clean(directory)?;
    receive::from_answers(directory, answers, &Arc::new(Guard::new(limits, "fuzz".to_owned())))
}
