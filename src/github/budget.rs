//! How much GitHub lets one token ask, and until when a caller has to wait.

use std::{
    collections::VecDeque,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use chrono::{DateTime, Duration, Utc};

use super::answer::{Answer, Limited};
use crate::platform::clock::Clock;

/// Of the hour's requests, one in so many stays for people who wait.
const KEPT_FOR_PEOPLE: i64 = 5;
/// GitHub's documented limits below the hourly one: points a minute, and things written an hour.
const POINTS_A_MINUTE: u32 = 900;
const WRITES_AN_HOUR: usize = 500;
/// Between two requests that write while nobody waits.
const WRITE_PAUSE: Duration = Duration::seconds(1);

/// What one token may still ask, as GitHub's answers have said; shared by all who use the token.
///
/// Nobody sleeps in here: who may not ask now is told until when.
#[derive(Clone)]
pub struct Budget {
    clock: Clock,
    known: Arc<Mutex<Known>>,
}

/// Who waits for an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Urgency {
    /// A person, who may use all that is left.
    Person,
    /// Nobody: a fifth of the hour is left to people.
    Background,
}

/// The hour's requests. An Enterprise Server without limits says nothing of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quota {
    pub limit: i64,
    pub remaining: i64,
    pub reset: DateTime<Utc>,
}

/// What a request does, as far as it counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Read,
    Write,
    /// Has GitHub do something that makes nothing: a ping, another attempt. It costs as a write and is not
    /// paced as one.
    Trigger,
}

#[derive(Default)]
struct Known {
    quota: Option<Quota>,
    /// GitHub wants to be left alone until then.
    quiet_until: Option<DateTime<Utc>>,
    /// How often in a row it has said so without a time.
    refusals: u32,
    minute: Option<(DateTime<Utc>, u32)>,
    writes: VecDeque<DateTime<Utc>>,
}

impl Budget {
    pub fn new(clock: Clock) -> Self {
        Self { clock, known: Arc::default() }
    }

    /// What GitHub has said last of the hour, unless the hour is over.
    pub fn quota(&self) -> Option<Quota> {
        let now = self.clock.now();
        self.known().quota.filter(|quota| now < quota.reset)
    }

    /// Until when no request may be made.
    pub fn wait(&self, urgency: Urgency) -> Option<DateTime<Utc>> {
        self.known().wait(self.clock.now(), (Kind::Read, urgency))
    }

    /// Takes one request out of it, or says until when there is none.
    pub(super) fn take(&self, kind: Kind, urgency: Urgency) -> Result<(), DateTime<Utc>> {
        let (now, mut known) = (self.clock.now(), self.known());
        if let Some(until) = known.wait(now, (kind, urgency)) {
            return Err(until);
        }
        known.spend(now, kind);
        Ok(())
    }

    pub(super) fn note(&self, answer: &Answer) {
        let now = self.clock.now();
        self.known().note(answer, now);
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Budget {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Budget").field("quota", &self.quota()).finish_non_exhaustive()
    }
}

impl Kind {
    fn points(self) -> u32 {
        match self {
            Self::Read => 1,
            Self::Write | Self::Trigger => 5,
        }
    }
}

impl Known {
    fn wait(&self, now: DateTime<Utc>, (kind, urgency): (Kind, Urgency)) -> Option<DateTime<Utc>> {
        let ends = [
            self.quiet_until,
            self.hour(urgency),
            self.minute(kind),
            if kind == Kind::Write { self.pause(urgency) } else { None },
        ];
        ends.into_iter().flatten().filter(|&end| now < end).max()
    }

    fn hour(&self, urgency: Urgency) -> Option<DateTime<Utc>> {
        let quota = self.quota?;
        let kept = match urgency {
            Urgency::Person => 0,
            Urgency::Background => quota.limit / KEPT_FOR_PEOPLE,
        };
        (quota.remaining <= kept).then_some(quota.reset)
    }

    fn minute(&self, kind: Kind) -> Option<DateTime<Utc>> {
        // An Enterprise Server that has no limits an hour has none a minute either.
        let (_, (begun, points)) = (self.quota?, self.minute?);
        (points + kind.points() > POINTS_A_MINUTE).then(|| begun + Duration::minutes(1))
    }

    fn pause(&self, urgency: Urgency) -> Option<DateTime<Utc>> {
        let paced = urgency == Urgency::Background;
        let after_last = self.writes.back().filter(|_| paced).map(|&last| last + WRITE_PAUSE);
        let full = self.writes.len() >= WRITES_AN_HOUR;
        let after_first = self.writes.front().filter(|_| full).map(|&at| at + Duration::hours(1));
        after_last.max(after_first)
    }

    /// What is under way counts before its answer has come.
    fn spend(&mut self, now: DateTime<Utc>, kind: Kind) {
        if let Some(quota) = &mut self.quota {
            quota.remaining -= 1;
        }
        let (begun, points) = self
            .minute
            .filter(|&(begun, _)| now < begun + Duration::minutes(1))
            .unwrap_or((now, 0));
        self.minute = Some((begun, points + kind.points()));
        if kind == Kind::Write {
            self.writes.retain(|&at| now < at + Duration::hours(1));
            self.writes.push_back(now);
        }
    }

    fn note(&mut self, answer: &Answer, now: DateTime<Utc>) {
        if let Some(told) = answer.quota() {
            // Answers overtake each other: within one hour only less can be left.
            let same = self.quota.filter(|known| known.reset == told.reset);
            let is_stale = same.is_some_and(|known| known.remaining < told.remaining);
            // But one answer without cost gives back what was taken for it.
            let is_free = answer.status == 304;
            if is_free || !is_stale {
                self.quota = Some(told);
            }
        }
        match answer.limited() {
            None => self.refusals = 0,
            Some(Limited::For(time)) => self.quiet_until = Some(now + time),
            Some(Limited::Until(end)) => self.quiet_until = Some(end),
            Some(Limited::Unsaid) => {
                let minutes = 1_i64 << self.refusals.min(5);
                self.refusals += 1;
                self.quiet_until = Some(now + Duration::minutes(minutes));
            }
        }
    }
}
