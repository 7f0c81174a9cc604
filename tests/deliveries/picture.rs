//! What the tables of an organisation say, so that two databases can be compared row by row.
//!
//! All tables of organisations and all of their columns are compared, but for those that are named here. Where a
//! row refers to another one by an id that each database makes for itself, the other row's natural key stands.

use std::collections::BTreeMap;

use serde_json::Value;
use sqlx::{AssertSqlSafe, PgConnection};

/// The tables that are not compared, and why.
const NO_TABLES: [(&str, &str); 16] = [
    (
        "changes",
        "what open pages are told: one row for several deliveries that share a transaction",
    ),
    (
        "scans",
        "pushes that come while a scan waits share it: how many there are depends on when they came",
    ),
    ("scan_changes", "they belong to scans"),
    ("scan_warnings", "they belong to scans"),
    ("jobs", "they belong to scans"),
    ("job_turns", "they belong to scans"),
    ("audit_log", "written as the organisation was founded, not by deliveries; with our own times"),
    ("audit_chains", "made of the audit log"),
    ("organizations", "founded before the deliveries, at our own time"),
    ("hooks", "made before the deliveries, with a secret by chance"),
    ("protected_tables", "of the database, not of the organisation"),
    ("rate_limits", "counts of the last minute"),
    ("receiver_beats", "when the server was there"),
    ("gaps", "when the server was not there"),
    ("imports", "when GitHub is asked, which is not by deliveries"),
    ("syncs", "the same"),
];

/// The columns that are not compared, and why; `*` is every table.
const NO_COLUMNS: [(&str, &str, &str); 18] = [
    ("*", "tenant_id", "made by chance"),
    ("contributors", "id", "made by chance"),
    ("contributors", "told_at", "written once an hour, by whichever word comes first"),
    ("tasks", "id", "made by chance"),
    ("repositories", "id", "made by chance"),
    ("repositories", "created_at", "our own time of connecting it"),
    ("tombstones", "buried_at", "our own time of hearing of it"),
    ("deliveries", "id", "in the order of arrival"),
    ("deliveries", "hook_id", "made by chance"),
    ("deliveries", "received_at", "our own time"),
    ("deliveries", "run_at", "our own time"),
    ("deliveries", "finished_at", "our own time"),
    ("deliveries", "starts", "how often a worker began it is what kills change"),
    ("deliveries", "attempts", "a database that goes away may cost a try"),
    ("deliveries", "claim", "of the worker that had it last"),
    ("deliveries", "locked_until", "our own time"),
    ("deliveries", "remark", "it tells what was known already, which follows from the order"),
    ("repositories", "deleted_at", "our own time of hearing of it; compared is whether it is set"),
];

/// Whose ids stand in other rows, and what stands for them.
const NATURAL_KEYS: [&str; 3] = [
    "SELECT id::text, 'repository ' || github_id FROM repositories",
    "SELECT id::text, 'contributor ' || github_id FROM contributors",
    "SELECT t.id::text, 'task ' || r.github_id || ' ' || coalesce(t.number::text, t.title)
     FROM tasks t JOIN repositories r ON r.id = t.repository_id",
];

/// The rows of each table, as sorted texts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    pub tables: BTreeMap<String, Vec<String>>,
}

impl Picture {
    /// Of all that a connection sees.
    pub async fn take(connection: &mut PgConnection) -> Self {
        let mut keys = BTreeMap::new();
        for sql in NATURAL_KEYS {
            let rows: Vec<(String, String)> =
                sqlx::query_as(sql).fetch_all(&mut *connection).await.unwrap();
            keys.extend(rows);
        }
        let mut tables = BTreeMap::new();
        for (table, columns) in columns(connection).await {
            let sql = format!(
                "SELECT to_jsonb(t) FROM (SELECT {} FROM {table}) AS t",
                columns.join(", ")
            );
            let rows: Vec<Value> =
                sqlx::query_scalar(AssertSqlSafe(sql)).fetch_all(&mut *connection).await.unwrap();
            let mut rows: Vec<String> =
                rows.into_iter().map(|row| with_keys(row, &keys).to_string()).collect();
            rows.sort_unstable();
            tables.insert(table, rows);
        }
        assert!(
            tables.contains_key("issues") && tables.contains_key("deliveries"),
            "no tables were found"
        );
        Self { tables }
    }

    /// How many tables have rows, and how many rows those are.
    pub fn size(&self) -> (usize, usize) {
        let filled = self.tables.values().filter(|rows| !rows.is_empty());
        (filled.count(), self.tables.values().map(Vec::len).sum())
    }

    /// What only one of the two has, a few rows of each table.
    pub fn differences(&self, other: &Self) -> Vec<String> {
        let mut found = Vec::new();
        for table in self
            .tables
            .keys()
            .chain(other.tables.keys().filter(|name| !self.tables.contains_key(*name)))
        {
            let (here, there) = (self.rows(table), other.rows(table));
            for (whose, few) in [("here", less(here, there)), ("there", less(there, here))] {
                let count = few.len();
                found.extend(
                    few.into_iter()
                        .take(3)
                        .map(|row| format!("{table}, {count} only {whose}: {row}")),
                );
            }
        }
        found
    }

    fn rows(&self, table: &str) -> &[String] {
        self.tables.get(table).map_or(&[], Vec::as_slice)
    }
}

/// The rows of one list that the other has not, each as often as it is missing.
fn less<'a>(rows: &'a [String], others: &[String]) -> Vec<&'a str> {
    let mut counts = BTreeMap::<&str, usize>::new();
    for row in others {
        *counts.entry(row).or_default() += 1;
    }
    let is_missing = |row: &&'a String| match counts.get_mut(row.as_str()) {
        Some(count) if *count > 0 => {
            *count -= 1;
            false
        }
        _ => true,
    };
    rows.iter().filter(is_missing).map(String::as_str).collect()
}

/// The tables that are compared, with what is selected of each.
async fn columns(connection: &mut PgConnection) -> BTreeMap<String, Vec<String>> {
    let all: Vec<(String, String, String)> = sqlx::query_as(
        "SELECT c.table_name::text, c.column_name::text, c.data_type::text
         FROM information_schema.columns c
         JOIN information_schema.columns t
           ON t.table_schema = c.table_schema AND t.table_name = c.table_name AND t.column_name = 'tenant_id'
         WHERE c.table_schema = 'public'
         ORDER BY c.table_name, c.ordinal_position",
    )
    .fetch_all(connection)
    .await
    .unwrap();
    for (of, name, _) in NO_COLUMNS {
        let is_there =
            all.iter().any(|(table, column, _)| (of == "*" || of == table) && name == column);
        assert!(is_there, "{of} has no column {name} to leave out");
    }
    let mut tables = BTreeMap::<String, Vec<String>>::new();
    for (table, column, kind) in all {
        if NO_TABLES.iter().any(|(name, _)| *name == table) {
            continue;
        }
        let is_left_out =
            NO_COLUMNS.iter().any(|(of, name, _)| (*of == "*" || *of == table) && *name == column);
        let selected = match (column.as_str(), kind.as_str()) {
            ("deleted_at", _) => "deleted_at IS NOT NULL AS deleted_at".to_owned(),
            _ if is_left_out => continue,
            // Payloads and digests are compared by a hash.
            (name, "bytea") => format!("encode(sha256({name}), 'hex') AS {name}"),
            (name, _) => name.to_owned(),
        };
        tables.entry(table).or_default().push(selected);
    }
    tables
}

fn with_keys(value: Value, keys: &BTreeMap<String, String>) -> Value {
    match value {
        Value::String(text) => keys.get(&text).cloned().unwrap_or(text).into(),
        Value::Array(values) => values.into_iter().map(|value| with_keys(value, keys)).collect(),
        Value::Object(fields) => {
            fields.into_iter().map(|(name, value)| (name, with_keys(value, keys))).collect()
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => value,
    }
}
