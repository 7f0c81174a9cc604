//! How far a scan is: written by the threads that work, read by the one that tells.

use std::sync::{Arc, Mutex, PoisonError, atomic::Ordering};

use super::model::Phase;
use crate::scanner;

/// Phase, units done, and units in all where they are known.
pub(super) type Position = (Phase, u64, Option<u64>);

/// Shared between the reading threads and the job that reports.
#[derive(Clone, Debug)]
pub(super) struct Progress {
    position: Arc<Mutex<Position>>,
    files: Arc<scanner::Watch>,
}

impl Default for Progress {
    fn default() -> Self {
        Self { position: Arc::new(Mutex::new((Phase::Fetching, 0, None))), files: Arc::default() }
    }
}

impl Progress {
    pub(super) fn set(&self, phase: Phase, done: u64, total: Option<u64>) {
        *self.position.lock().unwrap_or_else(PoisonError::into_inner) = (phase, done, total);
    }

    pub(super) fn position(&self) -> Position {
        let (phase, done, total) = *self.position.lock().unwrap_or_else(PoisonError::into_inner);
        if phase != Phase::Files {
            return (phase, done, total);
        }
        let counts = &self.files.progress;
        (phase, counts.done.load(Ordering::Relaxed), Some(counts.total.load(Ordering::Relaxed)))
    }

    /// What the scanner counts in and looks at.
    pub(super) fn files(&self) -> &scanner::Watch {
        &self.files
    }

    /// Makes the reading threads end soon.
    pub(super) fn stop(&self) {
        self.files.cancel.store(true, Ordering::Relaxed);
    }

    pub(super) fn is_stopped(&self) -> bool {
        self.files.cancel.load(Ordering::Relaxed)
    }
}
