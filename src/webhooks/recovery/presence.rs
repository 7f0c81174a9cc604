//! Since when this process has been there, by its own word: it tells a server that was down from one that
//! was there and did not reach its database.

use chrono::{DateTime, TimeDelta, Utc};

use super::missed::GapReason;

/// Without a note for so long, the server was not there.
pub(super) const DOWN: TimeDelta = TimeDelta::minutes(3);

/// Since when a process has been there without a pause.
#[derive(Clone, Copy, Debug)]
pub struct Presence {
    since: DateTime<Utc>,
    last: DateTime<Utc>,
    has_looked: bool,
}

/// A time in which the server took nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Absence {
    pub(super) reason: GapReason,
    pub(super) since: DateTime<Utc>,
    pub(super) until: DateTime<Utc>,
}

impl Presence {
    /// Of a process that begins.
    pub const fn begun(now: DateTime<Utc>) -> Self {
        Self { since: now, last: now, has_looked: false }
    }

    /// Notes that it is there. A machine that sleeps was not there meanwhile.
    pub fn note(&mut self, now: DateTime<Utc>) {
        if now - self.last > DOWN {
            self.since = now;
        }
        self.last = now;
    }

    /// Has looked after what was missed since its start.
    #[must_use]
    pub const fn looked(self) -> Self {
        Self { has_looked: true, ..self }
    }

    pub(super) const fn is_start(&self) -> bool {
        !self.has_looked
    }

    /// What a time was in which nobody could note down that the server was there.
    pub(super) fn absences(&self, beat: DateTime<Utc>, now: DateTime<Utc>) -> Vec<Absence> {
        let absence = |reason, since, until| Absence { reason, since, until };
        let begun = self.since.min(now);
        if now - beat <= DOWN {
            Vec::new()
        } else if begun - beat <= DOWN {
            vec![absence(GapReason::Database, beat, now)]
        } else if now - begun <= DOWN {
            vec![absence(GapReason::Down, beat, now)]
        } else {
            vec![absence(GapReason::Down, beat, begun), absence(GapReason::Database, begun, now)]
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minute: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(minute * 60, 0).unwrap()
    }

    /// There from one minute to another, with a note each minute.
    fn there(from: i64, to: i64) -> Presence {
        let mut presence = Presence::begun(at(from));
        for minute in from..=to {
            presence.note(at(minute));
        }
        presence
    }

    fn reasons(presence: Presence, beat: i64, now: i64) -> Vec<(GapReason, i64, i64)> {
        let absences = presence.absences(at(beat), at(now)).into_iter();
        let minute = |time: DateTime<Utc>| time.timestamp() / 60;
        absences.map(|one| (one.reason, minute(one.since), minute(one.until))).collect()
    }

    #[test]
    fn who_was_there_all_the_time_could_not_store() {
        assert_eq!(reasons(there(0, 20), 10, 20), [(GapReason::Database, 10, 20)]);
        assert_eq!(reasons(there(12, 20), 10, 20), [(GapReason::Database, 10, 20)]);
    }

    #[test]
    fn who_has_just_begun_was_down_and_may_then_not_have_been_able_to_store() {
        assert_eq!(reasons(there(20, 20), 10, 20), [(GapReason::Down, 10, 20)]);
        assert_eq!(reasons(there(19, 20), 10, 20), [(GapReason::Down, 10, 20)]);
        let both = [(GapReason::Down, 10, 15), (GapReason::Database, 15, 20)];
        assert_eq!(reasons(there(15, 20), 10, 20), both);
    }

    #[test]
    fn who_has_slept_was_not_there() {
        let mut asleep = there(0, 10);
        asleep.note(at(20));

        assert_eq!(reasons(asleep, 10, 20), [(GapReason::Down, 10, 20)]);
    }

    #[test]
    fn a_note_that_is_late_is_no_absence() {
        assert_eq!(reasons(there(0, 13), 10, 13), []);
    }
}
