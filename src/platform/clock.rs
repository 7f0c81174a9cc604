//! The clock: every time in the product is asked of it, so that tests can set it.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Instant,
};

use chrono::{DateTime, Duration, DurationRound, Utc};

/// Tells the time: the system's, or in tests a fixed one that is moved by hand.
#[derive(Clone, Debug)]
pub struct Clock {
    fixed: Option<Arc<Mutex<DateTime<Utc>>>>,
    started: Instant,
}

/// The system's.
impl Default for Clock {
    fn default() -> Self {
        Self { fixed: None, started: Instant::now() }
    }
}

impl Clock {
    pub fn system() -> Self {
        Self::default()
    }

    /// A clock that stands still until [`Clock::advance`] moves it.
    pub fn fixed(at: DateTime<Utc>) -> Self {
        Self { fixed: Some(Arc::new(Mutex::new(at))), ..Self::default() }
    }

    /// Now, in whole microseconds, which is what Postgres keeps.
    #[expect(clippy::disallowed_methods, reason = "this is the one place that asks the system")]
    pub fn now(&self) -> DateTime<Utc> {
        let now = match &self.fixed {
            Some(fixed) => *fixed.lock().unwrap_or_else(PoisonError::into_inner),
            None => Utc::now(),
        };
        now.duration_trunc(Duration::microseconds(1)).unwrap_or(now)
    }

    /// How long the clock has been running: for waits, which must not end when somebody sets the time.
    pub fn running(&self) -> std::time::Duration {
        match &self.fixed {
            Some(_) => (self.now() - DateTime::UNIX_EPOCH).to_std().unwrap_or_default(),
            None => self.started.elapsed(),
        }
    }

    /// Moves a fixed clock; the system's clock stays as it is.
    pub fn advance(&self, by: Duration) {
        if let Some(fixed) = &self.fixed {
            *fixed.lock().unwrap_or_else(PoisonError::into_inner) += by;
        }
    }
}

/// What the process has computed since then, for tests of how long something takes: other programs on
/// the machine do not count.
#[cfg(test)]
#[derive(Clone, Copy, Debug)]
pub(crate) struct CpuTime(std::time::Duration);

#[cfg(test)]
impl CpuTime {
    pub(crate) fn start() -> Self {
        Self(Self::so_far())
    }

    pub(crate) fn elapsed(self) -> std::time::Duration {
        Self::so_far().saturating_sub(self.0)
    }

    fn so_far() -> std::time::Duration {
        use nix::time::{ClockId, clock_gettime};
        clock_gettime(ClockId::CLOCK_PROCESS_CPUTIME_ID).unwrap().into()
    }
}
