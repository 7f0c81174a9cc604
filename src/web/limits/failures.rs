//! Who has given secrets that are none, and how long they have to wait for their next try.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use super::LimitKey;

/// The longest wait.
const LONGEST: Duration = Duration::from_mins(15);
/// How long after the last failure all of them are forgotten.
const KEPT: Duration = Duration::from_hours(1);
/// The most keys that are kept.
const MOST: usize = 50_000;

#[derive(Clone, Copy, Debug)]
struct Entry {
    count: u32,
    last: Duration,
    until: Duration,
}

/// The failures of each key.
#[derive(Debug)]
pub(super) struct Failures {
    /// How many are free of a wait; 0 where nobody ever waits.
    free: u32,
    entries: Mutex<HashMap<LimitKey, Entry>>,
}

impl Failures {
    pub(super) fn new(free: u32) -> Self {
        Self { free, entries: Mutex::default() }
    }

    /// Counts one; past the free ones each doubles the wait: 1 second, 2, 4, up to a quarter of an hour.
    pub(super) fn note(&self, key: LimitKey, now: Duration) {
        if self.free == 0 {
            return;
        }
        let mut entries = self.entries();
        if entries.len() >= MOST && !entries.contains_key(&key) {
            make_room(&mut entries, now);
        }
        let before = entries.get(&key).filter(|entry| !entry.is_old(now));
        let count = before.map_or(0, |entry| entry.count).saturating_add(1);
        let wait = count.checked_sub(self.free + 1).map_or(Duration::ZERO, delay);
        entries.insert(key, Entry { count, last: now, until: now + wait });
    }

    pub(super) fn forget(&self, key: LimitKey) {
        self.entries().remove(&key);
    }

    pub(super) fn wait(&self, key: LimitKey, now: Duration) -> Option<Duration> {
        let until = self.entries().get(&key)?.until;
        until.checked_sub(now).filter(|wait| !wait.is_zero())
    }

    pub(super) fn tidy(&self, now: Duration) {
        let mut entries = self.entries();
        entries.retain(|_, entry| !entry.is_old(now));
        entries.shrink_to_fit();
    }

    fn entries(&self) -> MutexGuard<'_, HashMap<LimitKey, Entry>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Entry {
    fn is_old(&self, now: Duration) -> bool {
        self.last + KEPT < now
    }
}

/// Keeps those who wait; where all of them do, half of them have to be let go.
fn make_room(entries: &mut HashMap<LimitKey, Entry>, now: Duration) {
    entries.retain(|_, entry| entry.until > now);
    if entries.len() >= MOST {
        let mut keep = false;
        entries.retain(|_, _| {
            keep = !keep;
            keep
        });
    }
}

fn delay(past: u32) -> Duration {
    Duration::from_secs(1_u64.checked_shl(past).unwrap_or(u64::MAX)).min(LONGEST)
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    fn key(number: u32) -> LimitKey {
        LimitKey::of_address(Ipv4Addr::from_bits(number).into())
    }

    const NOW: Duration = Duration::from_secs(1_000_000);

    #[test]
    fn the_wait_grows_from_the_first_that_is_not_free() {
        let failures = Failures::new(2);

        let waits: Vec<u64> = (0..16)
            .map(|_| {
                failures.note(key(1), NOW);
                failures.wait(key(1), NOW).map_or(0, |wait| wait.as_secs())
            })
            .collect();

        assert_eq!(waits, [0, 0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900, 900]);
        assert_eq!(failures.wait(key(2), NOW), None, "others do not wait");
        assert_eq!(failures.wait(key(1), NOW + LONGEST), None, "it has waited");
    }

    #[test]
    fn success_and_an_hour_make_it_forgotten() {
        let failures = Failures::new(1);
        let fail_twice = |now| {
            failures.note(key(1), now);
            failures.note(key(1), now);
        };

        fail_twice(NOW);
        failures.forget(key(1));
        assert_eq!(failures.wait(key(1), NOW), None);
        failures.note(key(1), NOW);
        assert_eq!(failures.wait(key(1), NOW), None, "it is counted from the beginning");

        let later = NOW + KEPT + Duration::from_secs(1);
        failures.note(key(1), later);
        assert_eq!(failures.wait(key(1), later), None);
        failures.tidy(later + KEPT + Duration::from_secs(1));
        assert!(failures.entries().is_empty());
    }

    #[test]
    fn a_crowd_does_not_fill_the_memory() {
        let failures = Failures::new(1);
        let most: u32 = MOST.try_into().unwrap();

        for number in 0..(most * 3) {
            failures.note(key(number), NOW);
            failures.note(key(number), NOW);
        }

        assert!(failures.entries().len() <= MOST);
        assert!(failures.wait(key(most * 3 - 1), NOW).is_some());
    }

    #[test]
    fn nobody_waits_where_it_is_switched_off() {
        let failures = Failures::new(0);
        for _ in 0..100 {
            failures.note(key(1), NOW);
        }
        assert_eq!(failures.wait(key(1), NOW), None);
    }
}
