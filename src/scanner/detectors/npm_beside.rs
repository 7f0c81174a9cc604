//! Files beside `package.json`: of pnpm, Lerna, Nx and Turborepo, and lock files.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::{
    FileName, Finding, Manifest, Unreadable,
    table::{SHORT, json_line, json_strings},
};
use crate::scanner::{
    manifest::{Shared, Workspace},
    text, yaml,
};

/// Files that only tell which tool is used.
const MARKS: [(&str, &str); 8] = [
    ("bun.lock", "bun"),
    ("bunfig.toml", "bun"),
    ("npm-shrinkwrap.json", "npm"),
    ("nx.json", "Nx"),
    ("package-lock.json", "npm"),
    ("pnpm-lock.yaml", "pnpm"),
    ("turbo.json", "Turborepo"),
    ("yarn.lock", "yarn"),
];

pub(super) fn reads(name: &str) -> bool {
    matches!(name, "pnpm-workspace.yaml" | "lerna.json" | "project.json" | "rush.json")
        || MARKS.iter().any(|(mark, _)| *mark == name)
}

pub(super) fn read(file: FileName<'_>, text: &str) -> Result<Finding, Unreadable> {
    match file.name() {
        "pnpm-workspace.yaml" => pnpm(text),
        "lerna.json" => Ok(lerna(text)),
        "project.json" => Ok(nx_project(text)),
        "rush.json" => Ok(Finding::addition(tool("Rush"))),
        name => {
            let mark = MARKS.iter().find(|(mark, _)| *mark == name);
            Ok(Finding::addition(mark.map(|(_, name)| tool(name)).unwrap_or_default()))
        }
    }
}

fn tool(name: &str) -> Manifest {
    Manifest { tools: vec![name.to_owned()], ..Manifest::default() }
}

fn members<'g>(globs: impl Iterator<Item = &'g str>) -> Workspace {
    let members = globs.map(|glob| text::line(glob, SHORT)).collect();
    Workspace { members, ..Workspace::default() }
}

type Catalog = BTreeMap<String, String>;

#[derive(Deserialize)]
struct PnpmWorkspace {
    packages: Option<Vec<String>>,
    catalog: Option<Catalog>,
    catalogs: Option<BTreeMap<String, Catalog>>,
}

fn pnpm(text: &str) -> Result<Finding, Unreadable> {
    let file: PnpmWorkspace = yaml::read(text).map_err(|error| Unreadable::new(&error))?;
    let mut manifest = tool("pnpm");
    let mut shared = Shared::default();
    for (name, catalog) in file
        .catalog
        .map(|it| (String::new(), it))
        .into_iter()
        .chain(file.catalogs.into_iter().flatten())
    {
        for (package, version) in &catalog {
            add_version(&mut shared, &name, package, Some(version));
        }
    }
    manifest.shared = (shared != Shared::default()).then(|| Box::new(shared));
    let Some(packages) = file.packages else {
        // Without packages it only holds pnpm's settings.
        return Ok(Finding::addition(manifest));
    };
    manifest.workspace = Some(members(packages.iter().map(String::as_str)));
    Ok(Finding::project(manifest))
}

/// A version as dependents ask for it: `catalog:` is the unnamed catalogue's.
pub(super) fn add_version(
    shared: &mut Shared,
    catalog: &str,
    package: &str,
    version: Option<&str>,
) {
    let catalog = if catalog == "default" { "" } else { catalog };
    let version = version.and_then(|version| text::some_line(version, SHORT));
    if let Some(version) = version {
        shared
            .dependencies
            .insert(text::line(&format!("{package} catalog:{catalog}"), SHORT), version);
    }
}

/// Its packages are the workspace where the package manager knows none.
fn lerna(text: &str) -> Finding {
    let root: Value = match serde_json::from_str(text) {
        Ok(root) => root,
        Err(error) => return Unreadable::new(&error).beside("lerna.json"),
    };
    let workspace = root.get("packages").map(|globs| members(json_strings(globs)));
    let manifest = Manifest { workspace, ..tool("Lerna") };
    Finding::addition(manifest)
}

/// Other tools have files of this name too; Nx's has targets, or says what kind of project it is.
fn nx_project(text: &str) -> Finding {
    let root: Value = serde_json::from_str(text).unwrap_or_default();
    let is_nx = root.get("targets").is_some_and(Value::is_object)
        || root.get("projectType").is_some_and(Value::is_string)
        || json_line(&root, "$schema", SHORT).is_some_and(|schema| schema.contains("nx/schemas"));
    if !is_nx {
        return Finding::addition(Manifest::default());
    }
    let mut manifest = Manifest { name: json_line(&root, "name", SHORT), ..tool("Nx") };
    let targets = root.get("targets").and_then(Value::as_object);
    for (name, target) in targets.into_iter().flatten() {
        let command = target.get("command").or_else(|| target.get("options")?.get("command"));
        let runs = command.or_else(|| target.get("executor")).and_then(Value::as_str);
        manifest.script(name, runs.unwrap_or("nx"));
    }
    Finding::project(manifest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scanner::manifest::Contribution;

    fn finding(name: &str, text: &str) -> (bool, Manifest) {
        match read(FileName(name), text).unwrap().contribution {
            Contribution::Project(manifest) => (true, *manifest),
            Contribution::Addition(manifest) => (false, *manifest),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn pnpms_catalogues_are_shared() {
        let text = "packages: ['a/*']\ncatalog:\n  react: ^19\ncatalogs:\n  old:\n    react: ^18\n";
        let (_, manifest) = finding("pnpm-workspace.yaml", text);

        let shared = manifest.shared.unwrap();
        assert_eq!(shared.dependencies["react catalog:"], "^19");
        assert_eq!(shared.dependencies["react catalog:old"], "^18");
        assert_eq!(manifest.workspace.unwrap().members, ["a/*"]);
    }

    #[test]
    fn an_nx_project_is_told_from_other_files_of_its_name() {
        let (is_project, manifest) = finding(
            "project.json",
            r#"{"name": "cart", "targets": {"build": {"executor": "@nx/vite:build"}, "x": {"command": "echo"}}}"#,
        );

        assert!(is_project);
        assert_eq!(manifest.name.as_deref(), Some("cart"));
        assert_eq!(
            (manifest.scripts[0].command.as_str(), manifest.scripts[1].command.as_str()),
            ("@nx/vite:build", "echo")
        );
        assert!(!finding("project.json", r#"{"name": "a game"}"#).0);
        assert!(!finding("project.json", "{").0);
    }

    #[test]
    fn marks_tell_tools_and_make_no_project() {
        assert_eq!(finding("turbo.json", "{}"), (false, tool("Turborepo")));
        let (_, lerna) = finding("lerna.json", r#"{"packages": ["modules/*"]}"#);
        assert_eq!(lerna.workspace.unwrap().members, ["modules/*"]);
    }
}
