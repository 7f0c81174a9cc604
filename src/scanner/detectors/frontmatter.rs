//! What a task list says about its tasks beside the checkboxes.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::scanner::{model::Attributes, text, yaml};

const SHORT: usize = 100;
const MAX_LABELS: usize = 20;

/// The YAML between the `---` lines, what follows, and the number of lines before that.
pub(super) fn split(text: &str) -> (Option<&str>, &str, u32) {
    let mut lines = text.split_inclusive('\n');
    let Some(first) = lines.next().filter(|line| line.trim_end() == "---") else {
        return (None, text, 0);
    };
    let start = first.len();
    let mut at = start;
    for (number, line) in (2_u32..).zip(lines) {
        if matches!(line.trim_end(), "---" | "...") {
            let front = text.get(start..at);
            return (front, text.get(at + line.len()..).unwrap_or_default(), number);
        }
        at += line.len();
    }
    (None, text, 0)
}

/// Reads the keys that say something of every task in the file.
pub(super) fn attributes(front: &str) -> Result<Attributes, String> {
    if front.trim().is_empty() {
        return Ok(Attributes::default());
    }
    let keys: BTreeMap<String, Value> =
        yaml::read(front).map_err(|error| text::line(&error.to_string(), 300))?;
    let mut attributes = Attributes::default();
    for (key, value) in &keys {
        let words: Vec<String> = match value {
            Value::Array(all) => all.iter().filter_map(scalar).take(MAX_LABELS).collect(),
            one => scalar(one).into_iter().collect(),
        };
        set(&mut attributes, key, &words);
    }
    Ok(attributes)
}

/// Splits `title (priority: high, due: 2026-03-01)`; parentheses that are no attributes stay.
pub(super) fn trailing_attributes(title: &str) -> (&str, Attributes) {
    let trimmed = title.trim_end();
    let group = trimmed.strip_suffix(')').and_then(|rest| rest.rsplit_once('('));
    let Some((before, group)) = group else { return (title, Attributes::default()) };
    let mut attributes = Attributes::default();
    for pair in group.split(',') {
        let Some((key, value)) = pair.split_once(':') else {
            return (title, Attributes::default());
        };
        let words: Vec<String> = value.split_whitespace().map(str::to_owned).collect();
        if words.is_empty() || !set(&mut attributes, key, &words) {
            return (title, Attributes::default());
        }
    }
    (before, attributes)
}

/// Whether the key is one we know.
fn set(attributes: &mut Attributes, key: &str, words: &[String]) -> bool {
    let joined = || text::some_line(&words.join(" "), SHORT);
    let login = || {
        let first = words.first()?;
        text::some_line(first.trim_start_matches('@'), SHORT)
    };
    match key.trim().to_lowercase().as_str() {
        "status" | "state" => attributes.status = joined(),
        "priority" => attributes.priority = joined(),
        "assignee" | "assignees" | "assigned" | "owner" => attributes.assignee = login(),
        "due" | "due_date" | "deadline" => attributes.due = joined(),
        "milestone" => attributes.milestone = joined(),
        "labels" | "label" | "tags" => {
            attributes.labels = words
                .iter()
                .filter_map(|word| text::some_line(word.trim_start_matches('#'), SHORT))
                .take(MAX_LABELS)
                .collect();
        }
        _ => return false,
    }
    true
}

fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => text::some_line(text, SHORT),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}
