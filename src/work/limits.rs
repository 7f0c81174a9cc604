//! The time and memory that one reading may take.

use std::{
    collections::BTreeSet,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use super::model::Phase;
use crate::platform::memory;

/// How much the memory must have grown since a reading began: what the allocator kept from an
/// earlier one is not its fault.
const GROWTH: u64 = 32 << 20;

/// What readings of this process may take.
#[derive(Clone, Debug)]
pub struct ReadingLimits {
    /// `scanner.timeout_seconds`: everything after the fetch.
    pub timeout: Duration,
    /// `scanner.max_memory_bytes`: of the whole process; none sets no limit.
    pub max_memory_bytes: Option<u64>,
    /// Tells how much memory the process holds.
    pub memory: fn() -> Option<u64>,
    pub(super) readings: Readings,
}

impl Default for ReadingLimits {
    fn default() -> Self {
        Self {
            timeout: Duration::from_mins(30),
            max_memory_bytes: None,
            memory: memory::held,
            readings: Readings::default(),
        }
    }
}

/// The readings that this process is at.
#[derive(Clone, Debug, Default)]
pub(super) struct Readings(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    /// Numbers in the order in which they began.
    under_way: Mutex<BTreeSet<u64>>,
    next: AtomicU64,
    /// Counts the endings: what one of them held may still be with the allocator.
    ended: AtomicU64,
}

/// Why a reading has to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Excess {
    #[error("Scanning took longer than {0} seconds; raise `scanner.timeout_seconds`.")]
    Time(u64),
    #[error(
        "The server held {} MiB of memory while it read this repository, more than the {} of `scanner.max_memory_bytes`. Raise the limit if the machine has more, or lower `scanner.parallel` or `scanner.max_files`.",
        held >> 20, limit >> 20
    )]
    Memory { held: u64, limit: u64 },
}

/// Looks after one reading; it counts as under way until this is dropped.
#[derive(Debug)]
pub(super) struct Watchdog {
    limits: ReadingLimits,
    number: u64,
    /// When the fetch was over.
    began: Option<Instant>,
    held_before: u64,
    ended_before: u64,
}

impl Watchdog {
    pub(super) fn new(limits: &ReadingLimits) -> Self {
        let inner = &limits.readings.0;
        let number = inner.next.fetch_add(1, Ordering::Relaxed);
        inner.under_way.lock().unwrap_or_else(PoisonError::into_inner).insert(number);
        Self {
            number,
            began: None,
            held_before: (limits.memory)().unwrap_or(0),
            ended_before: inner.ended.load(Ordering::Relaxed),
            limits: limits.clone(),
        }
    }

    /// Why the reading has to end now, if it has to.
    pub(super) fn look(&mut self, phase: Phase) -> Option<Excess> {
        self.late(phase).or_else(|| self.too_large())
    }

    /// The fetch has a limit of its own.
    fn late(&mut self, phase: Phase) -> Option<Excess> {
        if self.began.is_none() && phase != Phase::Fetching {
            self.began = Some(Instant::now());
        }
        let timeout = self.limits.timeout;
        let late = self.began.is_some_and(|began| began.elapsed() > timeout);
        late.then_some(Excess::Time(timeout.as_secs()))
    }

    /// Only the latest reading is ended, so that the others may go on.
    fn too_large(&mut self) -> Option<Excess> {
        let limit = self.limits.max_memory_bytes?;
        let held = (self.limits.memory)()?;
        let inner = &self.limits.readings.0;
        let ended = inner.ended.load(Ordering::Relaxed);
        if ended != self.ended_before {
            self.ended_before = ended;
            self.held_before = self.held_before.max(held);
        }
        let is_mine = held > limit && held > self.held_before.saturating_add(GROWTH);
        (is_mine && self.is_latest()).then_some(Excess::Memory { held, limit })
    }

    fn is_latest(&self) -> bool {
        let readings = &self.limits.readings.0.under_way;
        readings.lock().unwrap_or_else(PoisonError::into_inner).last() == Some(&self.number)
    }
}

impl Drop for Watchdog {
    fn drop(&mut self) {
        let inner = &self.limits.readings.0;
        inner.under_way.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.number);
        inner.ended.fetch_add(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    static HELD: AtomicU64 = AtomicU64::new(0);

    fn limits() -> ReadingLimits {
        ReadingLimits {
            max_memory_bytes: Some(100 << 20),
            memory: || Some(HELD.load(Ordering::Relaxed)),
            ..ReadingLimits::default()
        }
    }

    #[test]
    fn the_latest_reading_is_ended_and_the_next_only_if_memory_still_grows() {
        let limits = limits();
        let (mut first, mut second) = (Watchdog::new(&limits), Watchdog::new(&limits));
        assert_eq!(second.look(Phase::Files), None);

        HELD.store(101 << 20, Ordering::Relaxed);
        assert_eq!(first.look(Phase::Files), None, "an older one goes on");
        let excess = second.look(Phase::Files).unwrap();
        assert!(excess.to_string().contains("held 101 MiB"), "{excess}");

        drop(second);
        assert_eq!(first.look(Phase::Files), None, "the allocator may have kept it");
        HELD.store(140 << 20, Ordering::Relaxed);
        assert!(first.look(Phase::Files).is_some());

        drop(first);
        assert_eq!(Watchdog::new(&limits).look(Phase::Files), None, "a later one starts afresh");
    }

    #[test]
    fn time_counts_from_the_end_of_the_fetch() {
        let limits = ReadingLimits { timeout: Duration::ZERO, ..ReadingLimits::default() };
        let mut watchdog = Watchdog::new(&limits);

        std::thread::sleep(Duration::from_millis(2));
        assert_eq!(watchdog.look(Phase::Fetching), None);
        watchdog.look(Phase::History);
        std::thread::sleep(Duration::from_millis(2));
        assert_eq!(watchdog.look(Phase::History), Some(Excess::Time(0)));
    }
}
