//! How pages write points in time, spans and numbers.
//!
//! The server writes words that need no script (`3 min ago`, UTC in the title); `app.js` then puts
//! the person's own zone and language in their place.

use std::fmt;

use chrono::{DateTime, SecondsFormat, Utc};

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// A point in time as a `<time>` element: relative in the text, absolute in the title.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moment {
    at: DateTime<Utc>,
    relative: String,
}

impl Moment {
    /// `now` is the clock's, so that a page can be rendered for any hour in a test.
    pub fn new(at: DateTime<Utc>, now: DateTime<Utc>) -> Self {
        Self { at, relative: relative(at, now) }
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            r#"<time datetime="{}" title="{}">{}</time>"#,
            self.at.to_rfc3339_opts(SecondsFormat::Secs, true),
            self.at.format("%-d %B %Y, %H:%M UTC"),
            self.relative
        )
    }
}

// Digits and fixed words only.
impl askama::filters::HtmlSafe for Moment {}

/// How long ago something was, in one unit: `3 months`, with the day in the title.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Age {
    at: DateTime<Utc>,
    words: String,
}

impl Age {
    pub fn new(at: DateTime<Utc>, now: DateTime<Utc>) -> Self {
        Self { at, words: age(at, now) }
    }
}

impl fmt::Display for Age {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (day, words) = (self.at.format("%-d %B %Y"), &self.words);
        write!(formatter, r#"<span title="Since {day}">{words}</span>"#)
    }
}

// Digits and fixed words only.
impl askama::filters::HtmlSafe for Age {}

/// Says how old something is: days up to two weeks, then weeks, months and years.
pub fn age(at: DateTime<Utc>, now: DateTime<Utc>) -> String {
    let days = (now - at).num_days();
    let counted =
        |number: i64, unit: &str| format!("{number} {unit}{}", if number == 1 { "" } else { "s" });
    match days {
        // A clock of the future is no age.
        ..=0 => "today".to_owned(),
        1..14 => counted(days, "day"),
        14..61 => counted(days / 7, "week"),
        // A month is 30.44 days.
        61..730 => counted(days * 100 / 3_044, "month"),
        _ => counted(days * 100 / 36_525, "year"),
    }
}

/// A count as a `<data>` element, its thousands apart: `12 345`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Count(pub u64);

impl Count {
    /// From a database's count, which is signed but never below zero.
    pub fn from_signed(value: i64) -> Self {
        Self(u64::try_from(value).unwrap_or(0))
    }
}

impl fmt::Display for Count {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, r#"<data value="{}">{}</data>"#, self.0, grouped(self.0))
    }
}

// Digits only.
impl askama::filters::HtmlSafe for Count {}

/// Says how long ago `at` is, or how far ahead; past a month it gives the date.
pub fn relative(at: DateTime<Utc>, now: DateTime<Utc>) -> String {
    let seconds = (now - at).num_seconds();
    let ago =
        |words: String| if seconds < 0 { format!("in {words}") } else { format!("{words} ago") };
    match seconds.abs() {
        0..45 => "just now".to_owned(),
        distance @ 45..HOUR => ago(format!("{} min", (distance + MINUTE / 2) / MINUTE)),
        distance @ HOUR..DAY => ago(format!("{} h", distance / HOUR)),
        distance if distance < 2 * DAY => ago("1 day".to_owned()),
        distance if distance < 31 * DAY => ago(format!("{} days", distance / DAY)),
        _ => at.format("%-d %b %Y").to_string(),
    }
}

/// Writes a span in its two largest units: `4.2 s`, `1 min 20 s`, `3 h 5 min`.
pub fn span(milliseconds: u64) -> String {
    let seconds = milliseconds / 1000;
    let (minutes, hours) = (seconds / 60, seconds / 3600);
    match seconds {
        0 if milliseconds == 0 => "0 s".to_owned(),
        0 => format!("{milliseconds} ms"),
        1..10 => format!("{seconds}.{} s", milliseconds % 1000 / 100),
        10..60 => format!("{seconds} s"),
        60..3600 => format!("{minutes} min {} s", seconds % 60),
        _ => format!("{hours} h {} min", minutes % 60),
    }
}

/// Writes a number with a narrow space between its thousands.
pub fn grouped(value: u64) -> String {
    let digits = value.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push('\u{202f}');
        }
        text.push(digit);
    }
    text
}

/// Writes a number of bytes in its largest unit: `4.2 MiB`.
pub fn bytes(count: u64) -> String {
    let units = ["bytes", "KiB", "MiB", "GiB"];
    let (mut unit, mut whole, mut tenths) = (0, count, 0);
    while whole >= 1024 && unit + 1 < units.len() {
        tenths = whole % 1024 * 10 / 1024;
        whole /= 1024;
        unit += 1;
    }
    let name = units.get(unit).copied().unwrap_or_default();
    if unit == 0 { format!("{whole} {name}") } else { format!("{whole}.{tenths} {name}") }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    fn noon() -> DateTime<Utc> {
        DateTime::from_timestamp(1_795_348_800, 0).unwrap()
    }

    #[test]
    fn ages_read_in_one_unit() {
        let days = |days| age(noon() - TimeDelta::days(days), noon());

        assert_eq!(days(-400), "today");
        assert_eq!(days(0), "today");
        assert_eq!(days(1), "1 day");
        assert_eq!(days(20), "2 weeks");
        assert_eq!(days(61), "2 months");
        assert_eq!(days(92), "3 months");
        assert_eq!(days(729), "23 months");
        assert_eq!(days(1_100), "3 years");
    }

    #[test]
    fn distances_read_in_the_largest_unit() {
        let before = |seconds| relative(noon() - TimeDelta::seconds(seconds), noon());

        assert_eq!(before(10), "just now");
        assert_eq!(before(100), "2 min ago");
        assert_eq!(before(3 * HOUR + 5), "3 h ago");
        assert_eq!(before(DAY + HOUR), "1 day ago");
        assert_eq!(before(9 * DAY), "9 days ago");
        assert_eq!(before(-2 * HOUR), "in 2 h");
    }

    #[test]
    fn past_a_month_the_date_is_given() {
        assert_eq!(relative(noon() - TimeDelta::days(60), noon()), "23 Sep 2026");
    }

    #[test]
    fn a_moment_carries_its_absolute_time() {
        assert_eq!(
            Moment::new(noon(), noon()).to_string(),
            r#"<time datetime="2026-11-22T12:00:00Z" title="22 November 2026, 12:00 UTC">just now</time>"#
        );
    }

    #[test]
    fn thousands_stand_apart() {
        assert_eq!(grouped(7), "7");
        assert_eq!(grouped(123), "123");
        assert_eq!(grouped(1_234_567), "1\u{202f}234\u{202f}567");
    }

    #[test]
    fn spans_show_two_units() {
        assert_eq!(span(0), "0 s");
        assert_eq!(span(420), "420 ms");
        assert_eq!(span(4_250), "4.2 s");
        assert_eq!(span(80_000), "1 min 20 s");
        assert_eq!(span(11_100_000), "3 h 5 min");
    }

    #[test]
    fn bytes_show_their_largest_unit() {
        assert_eq!(bytes(0), "0 bytes");
        assert_eq!(bytes(1_536), "1.5 KiB");
        assert_eq!(bytes(5 << 30), "5.0 GiB");
    }
}
