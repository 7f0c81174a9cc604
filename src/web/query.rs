//! What queries of the API hold, read strictly: what cannot be read is a 400 that says why.

use std::fmt::Display;

use chrono::{DateTime, Datelike, NaiveDate, NaiveTime, Utc};
use serde::de::DeserializeOwned;

use super::{
    AppError, Result,
    paging::{PageQuery, PageRequest},
};

/// Parses `cursor` and `limit`. An empty cursor is refused: it would start the list again, for ever.
pub fn page<K: DeserializeOwned>(
    cursor: Option<&String>,
    limit: Option<&String>,
) -> Result<PageRequest<K>> {
    if cursor.is_some_and(String::is_empty) || limit.is_some_and(String::is_empty) {
        return wrong("Leave `cursor` and `limit` out rather than empty.");
    }
    PageQuery { cursor: cursor.cloned(), limit: limit.cloned() }.parse()
}

/// Finds the value that a filter names among those it may have.
pub fn choice<T: Copy>(
    parameter: &str,
    text: Option<&str>,
    values: &[T],
    name: fn(T) -> &'static str,
) -> Result<Option<T>> {
    let Some(text) = text else { return Ok(None) };
    let found = values.iter().copied().find(|value| name(*value) == text);
    found.map_or_else(
        || wrong(&not_among(parameter, text, values.iter().map(|value| name(*value)))),
        |value| Ok(Some(value)),
    )
}

fn not_among(parameter: &str, text: &str, values: impl Iterator<Item = impl Display>) -> String {
    let values: Vec<String> = values.map(|value| format!("`{value}`")).collect();
    format!("`{parameter}` is one of {}, not `{text}`.", values.join(", "))
}

/// The text that a list is searched for; an empty one searches for nothing.
pub fn text(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.is_empty())
}

/// Parses a point in time, or a day for its beginning.
pub fn time(parameter: &str, text: Option<&str>) -> Result<Option<DateTime<Utc>>> {
    let Some(text) = text else { return Ok(None) };
    let time = DateTime::parse_from_rfc3339(text).map(|time| time.to_utc());
    let day = || Some(text.parse::<NaiveDate>().ok()?.and_time(NaiveTime::MIN).and_utc());
    // Four digits of a year: what is far away the database does not take.
    let found = time.ok().or_else(day).filter(|time| (0..=9_999).contains(&time.year()));
    found.map_or_else(
        || wrong(&format!("`{parameter}` is a time such as `2026-01-31T00:00:00Z` or a day such as `2026-01-31`, not `{text}`.")),
        |time| Ok(Some(time)),
    )
}

/// Refuses a request in words.
pub fn wrong<T>(detail: &str) -> Result<T> {
    Err(AppError::BadRequest(detail.to_owned()))
}
