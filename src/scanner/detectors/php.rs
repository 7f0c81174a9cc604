//! PHP: Composer's `composer.json`.

use serde_json::Value;

use super::{
    Detector, FileName, Finding, Manifest, Unreadable,
    table::{LONG, SHORT, json_line, json_strings},
};
use crate::scanner::{
    manifest::Workspace,
    model::{EntryKind, Scope},
    text,
};

pub(super) struct Php;

impl Detector for Php {
    fn kind(&self) -> &'static str {
        "php"
    }

    fn reads(&self, file: FileName<'_>) -> bool {
        file.name() == "composer.json"
    }

    fn read(&self, _: FileName<'_>, text: &str) -> Result<Finding, Unreadable> {
        let root: Value = serde_json::from_str(text).map_err(|error| Unreadable::new(&error))?;
        if !root.is_object() {
            return Err(Unreadable::new(&"it is no JSON object"));
        }
        let mut manifest = Manifest {
            name: json_line(&root, "name", SHORT),
            version: json_line(&root, "version", SHORT),
            description: json_line(&root, "description", LONG),
            licence: licence(&root),
            private: licence(&root).as_deref() == Some("proprietary"),
            workspace: workspace(&root),
            tools: vec!["Composer".to_owned()],
            ..Manifest::default()
        };
        for (key, scope) in [("require", Scope::Runtime), ("require-dev", Scope::Development)] {
            let entries = root.get(key).and_then(Value::as_object).into_iter().flatten();
            for (name, range) in entries.filter(|(name, _)| is_package(name)) {
                manifest.depend(name, range.as_str(), scope);
            }
        }
        add_scripts(&root, &mut manifest);
        enter(&root, &mut manifest);
        Ok(Finding::project(manifest))
    }

    fn normal_name(&self, name: &str) -> String {
        name.to_lowercase()
    }
}

/// Packages have a vendor; `php`, `ext-json` and `composer-plugin-api` are the platform.
fn is_package(name: &str) -> bool {
    name.contains('/')
}

fn licence(root: &Value) -> Option<String> {
    let value = root.get("license")?;
    let all: Vec<&str> = json_strings(value).collect();
    value.as_str().map_or_else(
        || text::some_line(&all.join(" OR "), SHORT),
        |one| text::some_line(one, SHORT),
    )
}

/// Repositories of the type `path`, by which the packages of one repository find each other.
fn workspace(root: &Value) -> Option<Workspace> {
    let repositories = match root.get("repositories")? {
        Value::Array(list) => list.iter().collect::<Vec<_>>(),
        Value::Object(named) => named.values().collect(),
        _ => return None,
    };
    let paths = repositories
        .into_iter()
        .filter(|one| one.get("type").and_then(Value::as_str) == Some("path"))
        .filter_map(|one| json_line(one, "url", SHORT));
    // Of those outside the repository nothing is known.
    let members: Vec<_> =
        paths.filter(|path| !path.starts_with(['/', '~']) && !path.starts_with("..")).collect();
    (!members.is_empty()).then(|| Workspace { members, ..Workspace::default() })
}

/// A command, several, or the names of others (`@test`).
fn add_scripts(root: &Value, manifest: &mut Manifest) {
    for (name, command) in root.get("scripts").and_then(Value::as_object).into_iter().flatten() {
        let steps: Vec<&str> = json_strings(command).collect();
        let command = command.as_str().map_or_else(|| steps.join(" && "), str::to_owned);
        if !command.is_empty() {
            manifest.script(name, &command);
        }
    }
}

fn enter(root: &Value, manifest: &mut Manifest) {
    let programs = root.get("bin");
    let one = programs.and_then(Value::as_str);
    for program in one.into_iter().chain(programs.into_iter().flat_map(json_strings)) {
        let name = program.rsplit('/').next().unwrap_or(program);
        manifest.enter(EntryKind::Binary, name, Some(program));
    }
    let kind = match root.get("type").and_then(Value::as_str) {
        Some("project") => return,
        Some("composer-plugin") => EntryKind::Plugin,
        _ => EntryKind::Library,
    };
    let spaces = root.get("autoload").and_then(|autoload| autoload.get("psr-4"));
    for (space, directory) in spaces.and_then(Value::as_object).into_iter().flatten() {
        let directory = directory.as_str().filter(|directory| !directory.is_empty());
        manifest.enter(kind, space.trim_end_matches('\\'), directory);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scanner::manifest::Contribution;

    fn manifest(text: &str) -> Manifest {
        match Php.read(FileName("composer.json"), text).unwrap().contribution {
            Contribution::Project(manifest) => *manifest,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_package_tells_all_of_itself() {
        let manifest = manifest(
            r#"{"name": "Team/Web", "version": "1.0", "description": "Web", "license": ["MIT", "GPL-2.0"],
                "require": {"php": ">=8.1", "ext-json": "*", "team/core": "^1 || ^2"},
                "require-dev": {"phpunit/phpunit": "^10"}, "bin": ["bin/web"],
                "autoload": {"psr-4": {"Team\\Web\\": "src/"}},
                "scripts": {"test": "phpunit", "all": ["@test", "lint"]},
                "repositories": [{"type": "path", "url": "packages/*"}, {"type": "vcs", "url": "https://x"}]}"#,
        );

        let found: Vec<_> = manifest
            .dependencies
            .iter()
            .map(|one| (one.name.as_str(), one.requirement.as_deref().unwrap(), one.scope))
            .collect();
        assert_eq!(
            found,
            [
                ("team/core", "^1 || ^2", Scope::Runtime),
                ("phpunit/phpunit", "^10", Scope::Development),
            ]
        );
        assert_eq!(manifest.licence.as_deref(), Some("MIT OR GPL-2.0"));
        assert_eq!(manifest.workspace.unwrap().members, ["packages/*"]);
        let scripts: Vec<_> =
            manifest.scripts.iter().map(|one| (one.name.as_str(), one.command.as_str())).collect();
        assert_eq!(scripts, [("all", "@test && lint"), ("test", "phpunit")]);
        let entries: Vec<_> =
            manifest.entry_points.iter().map(|one| (one.kind, one.name.as_str())).collect();
        assert_eq!(entries, [(EntryKind::Binary, "web"), (EntryKind::Library, "Team\\Web")]);
    }

    #[test]
    fn names_are_the_same_in_any_case() {
        assert_eq!(Php.normal_name("Team/Web"), "team/web");
    }

    #[test]
    fn a_list_or_half_a_file_is_unreadable() {
        assert!(Php.read(FileName("composer.json"), "[]").is_err());
        assert!(Php.read(FileName("composer.json"), "{\"name\":").is_err());
    }
}
