//! What `pyproject.toml` says can be run: entry points, and the scripts of its tools.

use toml::{Table, Value};

use super::{Manifest, table::toml_table};
use crate::scanner::model::EntryKind;

/// Tables of scripts by name.
const SCRIPTS: [&[&str]; 5] = [
    &["tool", "pdm", "scripts"],
    &["tool", "poe", "tasks"],
    &["tool", "pixi", "tasks"],
    &["tool", "taskipy", "tasks"],
    &["tool", "rye", "scripts"],
];

pub(super) fn add(root: &Table, manifest: &mut Manifest) {
    for path in [
        ["project", "scripts"].as_slice(),
        &["project", "gui-scripts"],
        &["tool", "poetry", "scripts"],
    ] {
        enter(toml_table(root, path), EntryKind::Binary, manifest);
    }
    for path in [["project", "entry-points"].as_slice(), &["tool", "poetry", "plugins"]] {
        for (_, group) in toml_table(root, path).into_iter().flatten() {
            enter(group.as_table(), EntryKind::Plugin, manifest);
        }
    }
    for path in SCRIPTS {
        scripts("", toml_table(root, path), manifest);
    }
    for (environment, table) in toml_table(root, &["tool", "hatch", "envs"]).into_iter().flatten() {
        let prefix =
            if environment == "default" { String::new() } else { format!("{environment}:") };
        scripts(&prefix, table.get("scripts").and_then(Value::as_table), manifest);
    }
}

/// `name = "module:function"`, in Poetry also `name = { reference = "…" }`.
fn enter(table: Option<&Table>, kind: EntryKind, manifest: &mut Manifest) {
    for (name, value) in table.into_iter().flatten() {
        let target = value.as_str().or_else(|| value.get("reference")?.as_str());
        manifest.enter(kind, name, target.or_else(|| value.get("callable")?.as_str()));
    }
}

fn scripts(prefix: &str, table: Option<&Table>, manifest: &mut Manifest) {
    for (name, value) in table.into_iter().flatten() {
        if let Some(command) = command(value) {
            manifest.script(&format!("{prefix}{name}"), &command);
        }
    }
}

/// A command, several of them, or a table that has one.
fn command(value: &Value) -> Option<String> {
    match value {
        Value::String(command) => Some(command.clone()),
        Value::Array(all) => {
            let all: Vec<_> = all.iter().filter_map(Value::as_str).collect();
            Some(all.join(" && "))
        }
        Value::Table(table) => {
            let keys = ["cmd", "shell", "call", "composite"];
            keys.iter().find_map(|key| table.get(*key)).and_then(|one| match one {
                Value::String(command) => Some(command.clone()),
                _ => None,
            })
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_runs_is_found_in_all_tools_tables() {
        let root: Table = toml::from_str(
            "[project.scripts]\nrun = \"a:main\"\n[project.entry-points.pytest11]\np = \"a.p\"\n\
             [tool.poetry.scripts]\nold = { reference = \"b:main\" }\n\
             [tool.hatch.envs.default.scripts]\ntest = [\"one\", \"two\"]\n\
             [tool.hatch.envs.docs.scripts]\nbuild = \"make\"\n\
             [tool.pdm.scripts]\nlint = { cmd = \"ruff\" }\n",
        )
        .unwrap();
        let mut manifest = Manifest::default();

        add(&root, &mut manifest);

        let entries: Vec<_> = manifest
            .entry_points
            .iter()
            .map(|one| (one.kind, one.name.as_str(), one.target.as_deref().unwrap()))
            .collect();
        assert_eq!(
            entries,
            [
                (EntryKind::Binary, "run", "a:main"),
                (EntryKind::Binary, "old", "b:main"),
                (EntryKind::Plugin, "p", "a.p"),
            ]
        );
        let scripts: Vec<_> =
            manifest.scripts.iter().map(|one| (one.name.as_str(), one.command.as_str())).collect();
        assert_eq!(scripts, [("lint", "ruff"), ("test", "one && two"), ("docs:build", "make")]);
    }
}
