//! npm and its relatives: `package.json`; what stands beside it is read in its own files.

use serde_json::Value;

use super::{
    Detector, FileName, Finding, Manifest, Unreadable, npm_beside, npm_runs,
    table::{LONG, SHORT, json_line, json_strings},
};
use crate::scanner::{
    manifest::{Requirement, Shared, Workspace},
    model::Scope,
    text,
};

pub(super) struct Npm;

const TABLES: [(&str, Scope); 4] = [
    ("dependencies", Scope::Runtime),
    ("peerDependencies", Scope::Runtime),
    ("optionalDependencies", Scope::Optional),
    ("devDependencies", Scope::Development),
];

/// Of which a file has one that speaks of a package.
const MAKERS: [&str; 9] = [
    "name",
    "version",
    "workspaces",
    "scripts",
    "bin",
    "dependencies",
    "devDependencies",
    "peerDependencies",
    "optionalDependencies",
];

impl Detector for Npm {
    fn kind(&self) -> &'static str {
        "npm"
    }

    fn reads(&self, file: FileName<'_>) -> bool {
        file.name() == "package.json" || npm_beside::reads(file.name())
    }

    fn read(&self, file: FileName<'_>, text: &str) -> Result<Finding, Unreadable> {
        if file.name() == "package.json" { package(text) } else { npm_beside::read(file, text) }
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
        shared: root.get("workspaces").and_then(catalogs).map(Box::new),
        ..Manifest::default()
    };
    if let Some(manager) = json_line(&root, "packageManager", SHORT) {
        manifest.tool(manager.split('@').next().unwrap_or(&manager));
    }
    npm_runs::add(&root, &mut manifest);
    for (key, scope) in TABLES {
        for (name, requirement) in root.get(key).and_then(Value::as_object).into_iter().flatten() {
            let scope = peer_scope(&root, key, name, scope);
            manifest.require(dependency(name, requirement.as_str(), scope));
        }
    }
    // A file that only says how its directory's modules are loaded names no package.
    let makes_project = MAKERS.iter().any(|key| root.get(key).is_some());
    Ok(if makes_project { Finding::project(manifest) } else { Finding::component(manifest) })
}

/// `catalog:` takes the version from the workspace; `file:../x` tells the directory.
fn dependency(name: &str, requirement: Option<&str>, scope: Scope) -> Requirement {
    let requirement = requirement.and_then(|text| text::some_line(text, SHORT));
    let path = requirement.as_deref().and_then(|text| {
        let starts = ["file:", "link:", "portal:", "workspace:"];
        let path = starts.iter().find_map(|start| text.strip_prefix(start))?;
        path.starts_with('.').then(|| path.to_owned())
    });
    let inherited = requirement.as_deref().is_some_and(|text| text.starts_with("catalog:"));
    let requirement = requirement.map(|text| match text.as_str() {
        "catalog:default" => "catalog:".to_owned(),
        _ => text,
    });
    Requirement { name: text::line(name, SHORT), requirement, scope, path, inherited }
}

/// What bun and yarn keep beside the globs: versions, by the name of the catalogue.
fn catalogs(workspaces: &Value) -> Option<Shared> {
    let mut shared = Shared::default();
    let named = workspaces.get("catalogs").and_then(Value::as_object).into_iter().flatten();
    let named = named.map(|(name, catalog)| (name.as_str(), catalog));
    for (name, catalog) in workspaces.get("catalog").map(|it| ("", it)).into_iter().chain(named) {
        for (package, version) in catalog.as_object().into_iter().flatten() {
            npm_beside::add_version(&mut shared, name, package, version.as_str());
        }
    }
    (shared != Shared::default()).then_some(shared)
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
    fn directories_and_catalogues_are_told_from_versions() {
        let manifest = manifest(
            "package.json",
            r#"{"dependencies": {"a": "file:../a", "b": "catalog:", "c": "catalog:old", "d": "^1",
                "e": "workspace:*"}, "workspaces": {"packages": [], "catalog": {"b": "^2"},
                "catalogs": {"old": {"c": "^0"}}}}"#,
        );

        let found: Vec<_> = manifest
            .dependencies
            .iter()
            .map(|one| (one.name.as_str(), one.path.as_deref(), one.inherited))
            .collect();
        assert_eq!(
            found,
            [
                ("a", Some("../a"), false),
                ("b", None, true),
                ("c", None, true),
                ("d", None, false),
                ("e", None, false),
            ]
        );
        let shared = manifest.shared.unwrap();
        assert_eq!(shared.dependencies["b catalog:"], "^2");
        assert_eq!(shared.dependencies["c catalog:old"], "^0");
    }

    #[test]
    fn a_file_that_only_sets_the_module_type_makes_no_package() {
        let finding = Npm.read(FileName("dist/package.json"), r#"{"type": "commonjs"}"#).unwrap();

        assert!(matches!(finding.contribution, Contribution::Component(_)));
    }

    #[test]
    fn a_list_or_half_a_file_is_unreadable() {
        assert!(Npm.read(FileName("package.json"), "[]").is_err());
        assert!(Npm.read(FileName("package.json"), "{\"name\": ").is_err());
    }
}
