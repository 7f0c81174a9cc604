//! npm and its relatives: `package.json`, and the workspace file of pnpm.

use serde::Deserialize;
use serde_json::Value;

use super::{
    Detector, FileName, Finding, Manifest, Unreadable,
    table::{LONG, SHORT, json_line, json_strings},
};
use crate::scanner::{manifest::Workspace, model::Scope, text, yaml};

pub(super) struct Npm;

const TABLES: [(&str, Scope); 4] = [
    ("dependencies", Scope::Runtime),
    ("peerDependencies", Scope::Runtime),
    ("optionalDependencies", Scope::Optional),
    ("devDependencies", Scope::Development),
];

impl Detector for Npm {
    fn kind(&self) -> &'static str {
        "npm"
    }

    fn reads(&self, file: FileName<'_>) -> bool {
        matches!(file.name(), "package.json" | "pnpm-workspace.yaml")
    }

    fn read(&self, file: FileName<'_>, text: &str) -> Result<Finding, Unreadable> {
        if file.name() == "pnpm-workspace.yaml" { pnpm(text) } else { package(text) }
    }
}

fn package(text: &str) -> Result<Finding, Unreadable> {
    let root: Value = serde_json::from_str(text).map_err(|error| Unreadable::new(&error))?;
    if !root.is_object() {
        return Err(Unreadable::new(&"it is no JSON object"));
    }
    let mut manifest = Manifest {
        name: json_line(&root, "name", SHORT),
        version: json_line(&root, "version", SHORT),
        description: json_line(&root, "description", LONG),
        licence: licence(&root),
        private: root.get("private").and_then(Value::as_bool) == Some(true),
        workspace: root.get("workspaces").and_then(workspace),
        ..Manifest::default()
    };
    for (key, scope) in TABLES {
        for (name, requirement) in root.get(key).and_then(Value::as_object).into_iter().flatten() {
            manifest.depend(name, requirement.as_str(), peer_scope(&root, key, name, scope));
        }
    }
    Ok(Finding::project(manifest))
}

/// A peer that `peerDependenciesMeta` calls optional is optional.
fn peer_scope(root: &Value, key: &str, name: &str, scope: Scope) -> Scope {
    let optional = || root.get("peerDependenciesMeta")?.get(name)?.get("optional")?.as_bool();
    if key == "peerDependencies" && optional() == Some(true) { Scope::Optional } else { scope }
}

/// A string today; an object or a list of objects in old packages.
fn licence(root: &Value) -> Option<String> {
    let kind = |value: &Value| json_line(value, "type", SHORT);
    match root.get("license").or_else(|| root.get("licenses"))? {
        Value::String(name) => text::some_line(name, SHORT),
        Value::Array(all) => {
            let names: Vec<_> = all.iter().filter_map(kind).collect();
            text::some_line(&names.join(" OR "), SHORT)
        }
        object => kind(object),
    }
}

/// A list of globs, or an object with one under `packages`.
fn workspace(value: &Value) -> Option<Workspace> {
    let globs = value.get("packages").unwrap_or(value);
    globs.as_array()?;
    let members = json_strings(globs).map(|glob| text::line(glob, SHORT)).collect();
    Some(Workspace { members, ..Workspace::default() })
}

fn pnpm(text: &str) -> Result<Finding, Unreadable> {
    #[derive(Deserialize)]
    struct File {
        packages: Option<Vec<String>>,
    }
    let file: File = yaml::read(text).map_err(|error| Unreadable::new(&error))?;
    let Some(packages) = file.packages else {
        // Without packages it only holds pnpm's settings.
        return Ok(Finding::addition(Manifest::default()));
    };
    let members = packages.iter().map(|glob| text::line(glob, SHORT)).collect();
    let workspace = Some(Workspace { members, ..Workspace::default() });
    Ok(Finding::project(Manifest { workspace, ..Manifest::default() }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scanner::manifest::Contribution;

    fn manifest(name: &str, text: &str) -> Manifest {
        match Npm.read(FileName(name), text).unwrap().contribution {
            Contribution::Project(manifest) => *manifest,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_package_tells_all_of_itself() {
        let manifest = manifest(
            "package.json",
            r#"{"name": "@team/web", "version": "1.0.0", "description": "Web", "license": "MIT",
                "private": true, "dependencies": {"a": "^1"}, "devDependencies": {"b": "~2"},
                "optionalDependencies": {"c": "*"}, "peerDependencies": {"d": ">=3", "e": "4"},
                "peerDependenciesMeta": {"e": {"optional": true}}}"#,
        );

        let found: Vec<_> =
            manifest.dependencies.iter().map(|one| (one.name.as_str(), one.scope)).collect();
        assert_eq!(
            found,
            [
                ("a", Scope::Runtime),
                ("d", Scope::Runtime),
                ("e", Scope::Optional),
                ("c", Scope::Optional),
                ("b", Scope::Development),
            ]
        );
        assert_eq!(manifest.name.as_deref(), Some("@team/web"));
        assert_eq!(manifest.licence.as_deref(), Some("MIT"));
        assert!(manifest.private);
    }

    #[test]
    fn workspaces_are_a_list_or_an_object() {
        for text in [r#"{"workspaces": ["a/*"]}"#, r#"{"workspaces": {"packages": ["a/*"]}}"#] {
            assert_eq!(manifest("package.json", text).workspace.unwrap().members, ["a/*"]);
        }
        let pnpm = manifest("pnpm-workspace.yaml", "packages:\n  - 'a/*'\n  - '!a/old'\n");
        assert_eq!(pnpm.workspace.unwrap().members, ["a/*", "!a/old"]);
    }

    #[test]
    fn old_licences_are_read() {
        let text = r#"{"name": "a", "licenses": [{"type": "MIT"}, {"type": "BSD"}]}"#;

        assert_eq!(manifest("package.json", text).licence.as_deref(), Some("MIT OR BSD"));
    }

    #[test]
    fn pnpm_settings_alone_make_no_project() {
        let finding = Npm.read(FileName("pnpm-workspace.yaml"), "onlyBuiltDependencies: []\n");

        assert!(matches!(finding.unwrap().contribution, Contribution::Addition(_)));
    }

    #[test]
    fn a_list_or_half_a_file_is_unreadable() {
        assert!(Npm.read(FileName("package.json"), "[]").is_err());
        assert!(Npm.read(FileName("package.json"), "{\"name\": ").is_err());
    }
}
