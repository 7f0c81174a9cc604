//! What `package.json` says can be run or imported.

use serde_json::Value;

use super::{
    Manifest,
    table::{SHORT, json_line},
};
use crate::scanner::model::EntryKind;

/// Subpaths of one package that are listed.
const MAX_EXPORTS: usize = 50;
/// Conditions of an export, the most telling first.
const CONDITIONS: [&str; 6] = ["import", "default", "module", "node", "require", "types"];

pub(super) fn add(root: &Value, manifest: &mut Manifest) {
    let name = json_line(root, "name", SHORT).unwrap_or_default();
    match root.get("bin") {
        Some(Value::String(path)) => {
            let unscoped = name.rsplit('/').next().unwrap_or(&name).to_owned();
            manifest.enter(EntryKind::Binary, &unscoped, Some(path));
        }
        Some(Value::Object(all)) => {
            for (name, path) in all {
                manifest.enter(EntryKind::Binary, name, path.as_str());
            }
        }
        _ => {}
    }
    library(root, &name, manifest);
    let scripts = root.get("scripts").and_then(Value::as_object);
    for (name, command) in scripts.into_iter().flatten() {
        manifest.script(name, command.as_str().unwrap_or_default());
    }
    if root.get("engines").is_some_and(|engines| engines.get("vscode").is_some()) {
        manifest.enter(
            EntryKind::Plugin,
            "Visual Studio Code",
            root.get("main").and_then(Value::as_str),
        );
    }
}

/// `exports` hides `main` and `module`, so those count only without it.
fn library(root: &Value, name: &str, manifest: &mut Manifest) {
    let Some(exports) = root.get("exports") else {
        let main = ["module", "main", "types"].iter().find_map(|key| root.get(*key)?.as_str());
        if let Some(main) = main {
            manifest.enter(
                EntryKind::Library,
                if name.is_empty() { "." } else { name },
                Some(main),
            );
        }
        return;
    };
    let paths = exports.as_object().filter(|all| all.keys().any(|key| key.starts_with('.')));
    let Some(paths) = paths else {
        return manifest.enter(
            EntryKind::Library,
            if name.is_empty() { "." } else { name },
            target(exports, 0),
        );
    };
    for (path, value) in paths.iter().take(MAX_EXPORTS) {
        let path = path.trim_start_matches('.');
        if path != "/package.json" {
            let full = format!("{name}{path}");
            manifest.enter(
                EntryKind::Library,
                if full.is_empty() { "." } else { &full },
                target(value, 0),
            );
        }
    }
}

fn target(value: &Value, depth: usize) -> Option<&str> {
    match value {
        Value::String(path) => Some(path),
        Value::Object(conditions) if depth < 8 => {
            CONDITIONS.iter().find_map(|key| target(conditions.get(*key)?, depth + 1))
        }
        Value::Array(all) if depth < 8 => all.iter().find_map(|one| target(one, depth + 1)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entries(text: &str) -> Vec<(EntryKind, String, Option<String>)> {
        let mut manifest = Manifest::default();
        add(&serde_json::from_str(text).unwrap(), &mut manifest);
        manifest.entry_points.into_iter().map(|one| (one.kind, one.name, one.target)).collect()
    }

    fn entry(kind: EntryKind, name: &str, target: &str) -> (EntryKind, String, Option<String>) {
        (kind, name.to_owned(), Some(target.to_owned()))
    }

    #[test]
    fn programs_and_modules_are_told_apart() {
        assert_eq!(
            entries(
                r#"{"name": "@team/tool", "bin": "cli.js", "main": "a.js", "module": "a.mjs"}"#
            ),
            [
                entry(EntryKind::Binary, "tool", "cli.js"),
                entry(EntryKind::Library, "@team/tool", "a.mjs"),
            ]
        );
        assert_eq!(
            entries(
                r#"{"name": "a", "main": "no.js", "bin": {"x": "x.js"}, "exports": {
                    ".": {"types": "a.d.ts", "import": {"default": "a.mjs"}}, "./b": "b.js",
                    "./package.json": "./package.json"}}"#
            ),
            [
                entry(EntryKind::Binary, "x", "x.js"),
                entry(EntryKind::Library, "a", "a.mjs"),
                entry(EntryKind::Library, "a/b", "b.js"),
            ]
        );
    }
}
