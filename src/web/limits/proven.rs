//! Credentials that were good a moment ago.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use super::LimitKey;

/// How long a credential counts as good without having been shown again.
const KEPT: Duration = Duration::from_mins(10);
/// The most that are kept.
const MOST: usize = 50_000;

/// The credentials that have a budget of their own.
///
/// Anybody can make up a new token for each request. It is the address that pays, until an answer
/// has shown that a credential is good; so making them up gains nothing.
#[derive(Debug, Default)]
pub(super) struct Proven(Mutex<HashMap<LimitKey, Duration>>);

impl Proven {
    pub(super) fn has(&self, credential: LimitKey, now: Duration) -> bool {
        self.entries().get(&credential).is_some_and(|shown| *shown + KEPT > now)
    }

    pub(super) fn note(&self, credential: LimitKey, now: Duration) {
        let mut entries = self.entries();
        if entries.len() >= MOST {
            // Their next requests draw on their addresses once.
            entries.clear();
        }
        entries.insert(credential, now);
    }

    pub(super) fn tidy(&self, now: Duration) {
        let mut entries = self.entries();
        entries.retain(|_, shown| *shown + KEPT > now);
        entries.shrink_to_fit();
    }

    fn entries(&self) -> MutexGuard<'_, HashMap<LimitKey, Duration>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_forgotten_unless_it_is_shown_again() {
        let (proven, now) = (Proven::default(), Duration::from_hours(1));
        let credential = LimitKey::of_credential(&"a token".to_owned().into());

        assert!(!proven.has(credential, now));
        proven.note(credential, now);
        assert!(proven.has(credential, now + KEPT / 2));
        assert!(!proven.has(credential, now + KEPT));
        proven.tidy(now + KEPT);
        assert!(proven.entries().is_empty());
    }
}
