//! The one that watches over a running fetch: limits, time, cancellation.

use std::{
    io,
    path::Path,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
        mpsc,
    },
    time::{Duration, Instant},
};

use super::{FetchError, FetchLimits, FetchProgress, Watch, layout};

/// How often limits are looked at, which is also how late a cancellation may act.
pub(super) const TICK: Duration = Duration::from_millis(100);

/// What one branch or tag may take of the list that a server begins with: an id, a name, and what a
/// tag leads to. An average; people's come to a third of it.
const REFERENCE_BYTES: u64 = 256;
/// What it may take to say how to talk.
const GREETING_BYTES: u64 = 64 << 10;

/// Shared by the transport, the watching thread and the fetch itself.
///
/// The first failure wins: what comes after it is only its echo on the way out.
pub(super) struct Guard {
    limits: FetchLimits,
    host: String,
    started: Instant,
    bytes: AtomicU64,
    /// Until then all that comes is the list of references, which is kept in memory.
    has_references: AtomicBool,
    stop: AtomicBool,
    failure: Mutex<Option<FetchError>>,
}

impl Guard {
    pub(super) fn new(limits: FetchLimits, host: String) -> Self {
        Self {
            limits,
            host,
            started: Instant::now(),
            bytes: AtomicU64::new(0),
            has_references: AtomicBool::new(false),
            stop: AtomicBool::new(false),
            failure: Mutex::new(None),
        }
    }

    pub(super) fn host(&self) -> &str {
        &self.host
    }

    pub(super) const fn limits(&self) -> &FetchLimits {
        &self.limits
    }

    pub(super) fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    /// The flag that gix looks at while it unpacks.
    pub(super) const fn stop_flag(&self) -> &AtomicBool {
        &self.stop
    }

    /// Records why the fetch ends, and gives an error to unwind with.
    pub(super) fn fail(&self, error: FetchError) -> io::Error {
        self.stop.store(true, Ordering::Relaxed);
        let text = error.to_string();
        self.failure().get_or_insert(error);
        io::Error::other(text)
    }

    pub(super) fn take_failure(&self) -> Option<FetchError> {
        self.failure().take()
    }

    /// Fails when the fetch has to end.
    pub(super) fn check(&self) -> io::Result<()> {
        if self.stop.load(Ordering::Relaxed) {
            Err(io::Error::other("the fetch was stopped"))
        } else {
            Ok(())
        }
    }

    /// Counts bytes that came from the other side.
    pub(super) fn count(&self, bytes: usize) -> io::Result<()> {
        self.check()?;
        let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
        let found = self.bytes.fetch_add(bytes, Ordering::Relaxed).saturating_add(bytes);
        let limit = self.limits.max_pack_bytes;
        if found > limit {
            return Err(self.fail(FetchError::PackTooLarge { found, limit }));
        }
        let limit = self.max_reference_bytes();
        if found > limit && !self.has_references.load(Ordering::Relaxed) {
            return Err(self.fail(FetchError::ReferencesTooLong { limit }));
        }
        Ok(())
    }

    /// Says that the list of references has come whole.
    pub(super) fn references_have_come(&self) {
        self.has_references.store(true, Ordering::Relaxed);
    }

    fn max_reference_bytes(&self) -> u64 {
        let references = u64::try_from(self.limits.max_refs).unwrap_or(u64::MAX);
        references.saturating_mul(REFERENCE_BYTES).saturating_add(GREETING_BYTES)
    }

    pub(super) fn silent(&self) -> io::Error {
        let limit_seconds = self.limits.idle_timeout.as_secs();
        self.fail(FetchError::Silent { host: self.host.clone(), limit_seconds })
    }

    pub(super) fn broken(&self, reason: &dyn std::fmt::Display) -> io::Error {
        self.fail(FetchError::Broken { host: self.host.clone(), reason: reason.to_string() })
    }

    /// Looks at time, disk and cancellation until the sender of `finished` is dropped.
    pub(super) fn watch(&self, watch: &Watch<'_>, directory: &Path, finished: &mpsc::Receiver<()>) {
        while finished.recv_timeout(TICK) == Err(mpsc::RecvTimeoutError::Timeout) {
            (watch.progress)(FetchProgress { bytes: self.bytes() });
            if let Some(error) = self.reason_to_stop(watch, directory) {
                drop(self.fail(error));
            }
        }
    }

    fn reason_to_stop(&self, watch: &Watch<'_>, directory: &Path) -> Option<FetchError> {
        if (watch.cancelled)() {
            return Some(FetchError::Cancelled);
        }
        if self.started.elapsed() > self.limits.timeout {
            return Some(FetchError::TimedOut { limit_seconds: self.limits.timeout.as_secs() });
        }
        if let Some(error) = self.too_large(directory) {
            return Some(error);
        }
        let limit = self.limits.min_free_bytes;
        let free = free_bytes(directory)?;
        (free < limit).then_some(FetchError::DiskFull { free, limit })
    }

    /// Whether the mirror takes more of the disk than it may.
    pub(super) fn too_large(&self, directory: &Path) -> Option<FetchError> {
        let (found, limit) = (layout::size(directory), self.limits.max_mirror_bytes);
        (found > limit).then_some(FetchError::MirrorTooLarge { found, limit })
    }

    fn failure(&self) -> MutexGuard<'_, Option<FetchError>> {
        self.failure.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What an unprivileged process may still write where `directory` is.
fn free_bytes(directory: &Path) -> Option<u64> {
    let numbers = nix::sys::statvfs::statvfs(directory).ok()?;
    Some(numbers.blocks_available().saturating_mul(numbers.fragment_size()))
}
