//! Dart and Flutter: `pubspec.yaml` with pub's workspaces, and Melos.

use serde_json::Value;

use super::{
    Detector, FileName, Finding, Manifest, Unreadable,
    partly::{is_template, requirement},
    table::{LONG, SHORT, json_line, json_strings},
};
use crate::scanner::{
    manifest::{Requirement, Workspace},
    model::{EntryKind, Scope},
    text, yaml,
};

pub(super) struct Dart;

impl Detector for Dart {
    fn kind(&self) -> &'static str {
        "dart"
    }

    fn reads(&self, file: FileName<'_>) -> bool {
        matches!(file.name(), "pubspec.yaml" | "melos.yaml")
    }

    fn read(&self, file: FileName<'_>, text: &str) -> Result<Finding, Unreadable> {
        if is_template(text) {
            return Ok(Finding::addition(Manifest::default()));
        }
        let root: Value = yaml::read(text).map_err(|error| Unreadable::new(&error))?;
        if !root.is_object() {
            return Err(Unreadable::new(&"it is no YAML mapping"));
        }
        if file.name() == "melos.yaml" {
            let name = json_line(&root, "name", SHORT);
            let mut manifest = Manifest { name, ..Manifest::default() };
            melos(&root, &mut manifest);
            return Ok(Finding::project(manifest));
        }
        Ok(Finding::project(package(&root)))
    }
}

fn package(root: &Value) -> Manifest {
    let mut manifest = Manifest {
        name: json_line(root, "name", SHORT),
        version: json_line(root, "version", SHORT),
        description: json_line(root, "description", LONG),
        private: root.get("publish_to").and_then(Value::as_str) == Some("none"),
        workspace: root.get("workspace").map(|members| workspace(json_strings(members))),
        tools: vec!["pub".to_owned()],
        ..Manifest::default()
    };
    for (key, scope) in [("dependencies", Scope::Runtime), ("dev_dependencies", Scope::Development)]
    {
        for (name, value) in root.get(key).and_then(Value::as_object).into_iter().flatten() {
            manifest.local.extend(
                value
                    .get("path")
                    .and_then(Value::as_str)
                    .and_then(|path| text::some_line(path, SHORT)),
            );
            manifest.require(dependency(name, value, scope));
        }
    }
    for (name, script) in root.get("executables").and_then(Value::as_object).into_iter().flatten() {
        manifest.enter(EntryKind::Binary, name, script.as_str());
    }
    if let Some(settings) = root.get("melos") {
        melos(settings, &mut manifest);
    }
    manifest
}

/// `^1.0`, or a map that says where it comes from; `sdk: flutter` is a version of Flutter.
fn dependency(name: &str, value: &Value, scope: Scope) -> Requirement {
    let text_of = |key: &str| value.get(key).and_then(Value::as_str);
    let git = value.get("git").map(|git| git.get("url").unwrap_or(git)).and_then(Value::as_str);
    let range = value.as_str().or_else(|| text_of("version")).map(str::to_owned);
    let source =
        git.map(|git| format!("git:{git}")).or_else(|| Some(format!("sdk:{}", text_of("sdk")?)));
    requirement(name, range.or(source).as_deref(), scope, text_of("path"))
}

fn workspace<'a>(members: impl Iterator<Item = &'a str>) -> Workspace {
    let members = members.map(|glob| text::line(glob, SHORT)).collect();
    Workspace { members, ..Workspace::default() }
}

/// In a file of its own, or since Melos 7 under `melos` in the root's `pubspec.yaml`.
fn melos(settings: &Value, manifest: &mut Manifest) {
    manifest.tools.push("Melos".to_owned());
    if let Some(packages) = settings.get("packages") {
        let ignored = settings.get("ignore").into_iter().flat_map(json_strings);
        let exclude = ignored.map(|glob| text::line(glob, SHORT)).collect();
        manifest.workspace = Some(Workspace { exclude, ..workspace(json_strings(packages)) });
    }
    for (name, script) in settings.get("scripts").and_then(Value::as_object).into_iter().flatten() {
        let steps = || Some(json_strings(script.get("steps")?).collect::<Vec<_>>().join(" && "));
        let run = || script.get("run").or_else(|| script.get("exec"))?.as_str().map(str::to_owned);
        let command = script.as_str().map(str::to_owned).or_else(run).or_else(steps);
        manifest.script(name, &command.unwrap_or_else(|| format!("melos run {name}")));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scanner::manifest::Contribution;

    fn manifest(name: &str, text: &str) -> Manifest {
        match Dart.read(FileName(name), text).unwrap().contribution {
            Contribution::Project(manifest) => *manifest,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_package_tells_all_of_itself() {
        let manifest = manifest(
            "pubspec.yaml",
            "name: app\nversion: 1.2.0+3\ndescription: >-\n  An\n  app\npublish_to: none\n\
             environment:\n  sdk: ^3.0.0\ndependencies:\n  flutter:\n    sdk: flutter\n  core:\n    path: ../core\n\
             \x20 tool:\n    git:\n      url: https://example.org/tool\n  meta: ^1.9.0\n  any_one:\n\
             dev_dependencies:\n  test: '>=1 <2'\nexecutables:\n  app: main\n  other:\n",
        );

        let found: Vec<_> = manifest
            .dependencies
            .iter()
            .map(|one| {
                (one.name.as_str(), one.requirement.as_deref(), one.scope, one.path.as_deref())
            })
            .collect();
        assert_eq!(
            found,
            [
                ("any_one", None, Scope::Runtime, None),
                ("core", Some("path:../core"), Scope::Runtime, Some("../core")),
                ("flutter", Some("sdk:flutter"), Scope::Runtime, None),
                ("meta", Some("^1.9.0"), Scope::Runtime, None),
                ("tool", Some("git:https://example.org/tool"), Scope::Runtime, None),
                ("test", Some(">=1 <2"), Scope::Development, None),
            ]
        );
        assert_eq!(manifest.description.as_deref(), Some("An app"));
        assert!(manifest.private);
        assert_eq!(manifest.entry_points.len(), 2);
    }

    #[test]
    fn pub_and_melos_have_workspaces() {
        let root =
            manifest("pubspec.yaml", "name: root\nworkspace:\n  - packages/a\n  - packages/b\n");
        let melos = manifest(
            "melos.yaml",
            "name: all\npackages:\n  - packages/**\nignore:\n  - packages/old\nscripts:\n  test: flutter test\n  lint:\n    run: dart analyze\n",
        );

        assert_eq!(root.workspace.unwrap().members, ["packages/a", "packages/b"]);
        let workspace = melos.workspace.unwrap();
        assert_eq!(
            (workspace.members, workspace.exclude),
            (vec!["packages/**".to_owned()], vec!["packages/old".to_owned()])
        );
        let commands: Vec<_> = melos.scripts.iter().map(|one| one.command.as_str()).collect();
        assert_eq!(commands, ["dart analyze", "flutter test"]);
    }

    #[test]
    fn a_template_makes_no_project() {
        let finding = Dart.read(FileName("pubspec.yaml"), "name: {{name.snakeCase()}}\n").unwrap();

        assert_eq!(finding, Finding::addition(Manifest::default()));
    }

    #[test]
    fn what_is_no_mapping_is_unreadable() {
        for text in ["- a\n", "a: b: c\n"] {
            assert!(Dart.read(FileName("pubspec.yaml"), text).is_err(), "{text}");
        }
    }
}
