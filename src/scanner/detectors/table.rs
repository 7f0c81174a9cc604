//! Short ways into the loosely typed tables that TOML and JSON manifests are.

use serde_json::Value as Json;
use toml::{Table, Value};

use crate::scanner::text;

/// Longest name, version or licence kept, in characters.
pub(super) const SHORT: usize = 256;
/// Longest description kept, in characters.
pub(super) const LONG: usize = 1_000;

/// A string at a path of keys, cleaned.
pub(super) fn toml_line(table: &Table, path: &[&str], limit: usize) -> Option<String> {
    text::some_line(toml_at(table, path)?.as_str()?, limit)
}

pub(super) fn toml_table<'a>(table: &'a Table, path: &[&str]) -> Option<&'a Table> {
    toml_at(table, path)?.as_table()
}

/// The strings of an array; none where there is no array.
pub(super) fn toml_strings<'a>(table: &'a Table, path: &[&str]) -> impl Iterator<Item = &'a str> {
    toml_at(table, path).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str)
}

pub(super) fn toml_at<'a>(table: &'a Table, path: &[&str]) -> Option<&'a Value> {
    let (last, parents) = path.split_last()?;
    parents.iter().try_fold(table, |table, key| table.get(*key)?.as_table())?.get(*last)
}

/// A string under a key, cleaned.
pub(super) fn json_line(value: &Json, key: &str, limit: usize) -> Option<String> {
    text::some_line(value.get(key)?.as_str()?, limit)
}

/// The strings of an array.
pub(super) fn json_strings(value: &Json) -> impl Iterator<Item = &str> {
    value.as_array().into_iter().flatten().filter_map(Json::as_str)
}
