//! `pyproject.toml`: PEP 621, and what Poetry, uv and others add to it.

use std::collections::HashMap;

use toml::{Table, Value};

use super::{
    Finding, Manifest, Unreadable, pyproject_runs, requirements,
    table::{LONG, SHORT, toml_at, toml_line, toml_strings, toml_table},
};
use crate::scanner::{manifest::Workspace, model::Scope, text};

/// Tables of which one makes a project.
const MAKERS: [&[&str]; 6] = [
    &["project"],
    &["build-system"],
    &["dependency-groups"],
    &["tool", "poetry"],
    &["tool", "uv", "workspace"],
    &["tool", "flit"],
];

const BACKENDS: [(&str, &str); 9] = [
    ("flit", "Flit"),
    ("hatchling", "Hatch"),
    ("maturin", "Maturin"),
    ("mesonpy", "Meson"),
    ("pdm", "PDM"),
    ("poetry", "Poetry"),
    ("scikit_build_core", "scikit-build-core"),
    ("setuptools", "setuptools"),
    ("uv_build", "uv"),
];

const TABLES: [(&str, &str); 5] =
    [("hatch", "Hatch"), ("pdm", "PDM"), ("pixi", "Pixi"), ("poetry", "Poetry"), ("uv", "uv")];

pub(super) fn read(text: &str) -> Result<Finding, Unreadable> {
    let root: Table = toml::from_str(text).map_err(|error| Unreadable::new(&error))?;
    let field = |key, limit| {
        toml_line(&root, &["project", key], limit)
            .or_else(|| toml_line(&root, &["tool", "poetry", key], limit))
    };
    let mut manifest = Manifest {
        name: field("name", SHORT),
        version: field("version", SHORT),
        description: field("description", LONG),
        licence: field("license", SHORT)
            .or_else(|| toml_line(&root, &["project", "license", "text"], SHORT)),
        private: is_private(&root),
        workspace: toml_table(&root, &["tool", "uv", "workspace"]).map(workspace),
        includes: dynamic_files(&root),
        ..Manifest::default()
    };
    tools(&root, &mut manifest);
    pyproject_runs::add(&root, &mut manifest);
    standard_dependencies(&root, &mut manifest);
    if let Some(poetry) = toml_table(&root, &["tool", "poetry"]) {
        poetry_dependencies(poetry, &mut manifest);
    }
    add_paths(&root, &mut manifest);
    // Settings of tools alone make a project only where there is no other.
    let makes_project = MAKERS.iter().any(|path| toml_at(&root, path).is_some());
    Ok(if makes_project { Finding::project(manifest) } else { Finding::component(manifest) })
}

/// What managers and build backends are called, by what they write into the file.
fn tools(root: &Table, manifest: &mut Manifest) {
    let backend = toml_line(root, &["build-system", "build-backend"], SHORT).unwrap_or_default();
    for (start, tool) in BACKENDS {
        if backend.starts_with(start) {
            manifest.tool(tool);
        }
    }
    for (key, tool) in TABLES {
        if toml_at(root, &["tool", key]).is_some() {
            manifest.tool(tool);
        }
    }
    if toml_at(root, &["tool", "pytest"]).is_some() {
        manifest.test_tools.push("pytest".to_owned());
    }
}

/// The directories that `tool.uv.sources` and Poetry take dependencies from.
fn add_paths(root: &Table, manifest: &mut Manifest) {
    let sources = toml_table(root, &["tool", "uv", "sources"]).into_iter().flatten();
    let sources: HashMap<String, &str> = sources
        .filter_map(|(name, source)| {
            Some((requirements::normal(name), source.get("path")?.as_str()?))
        })
        .collect();
    for one in &mut manifest.dependencies {
        let path = sources.get(&requirements::normal(&one.name)).copied();
        let own = one.requirement.as_deref().and_then(|text| text.strip_prefix("path:"));
        one.path = path.or(own).and_then(|path| text::some_line(path, SHORT));
    }
}

/// The classifier that the package index refuses uploads for.
fn is_private(root: &Table) -> bool {
    toml_strings(root, &["project", "classifiers"]).any(|one| one.starts_with("Private ::"))
        || toml_at(root, &["tool", "poetry", "package-mode"]).and_then(Value::as_bool)
            == Some(false)
}

fn workspace(table: &Table) -> Workspace {
    let globs = |key| toml_strings(table, &[key]).map(|glob| text::line(glob, SHORT)).collect();
    Workspace { members: globs("members"), exclude: globs("exclude"), presumed: false }
}

/// Where setuptools takes the dependencies out of files.
fn dynamic_files(root: &Table) -> Vec<String> {
    let path = ["tool", "setuptools", "dynamic", "dependencies", "file"];
    let single = toml_line(root, &path, SHORT);
    single
        .into_iter()
        .chain(toml_strings(root, &path).map(|file| text::line(file, SHORT)))
        .collect()
}

/// PEP 621, dependency groups (PEP 735) and the build system (PEP 518).
fn standard_dependencies(root: &Table, manifest: &mut Manifest) {
    let mut add = |lines: &mut dyn Iterator<Item = &str>, scope| {
        for package in lines.filter_map(requirements::package) {
            manifest.depend(&package.name, package.requirement.as_deref(), scope);
        }
    };
    add(&mut toml_strings(root, &["project", "dependencies"]), Scope::Runtime);
    for (path, scope) in [
        (["project", "optional-dependencies"].as_slice(), Scope::Optional),
        (["dependency-groups"].as_slice(), Scope::Development),
    ] {
        for (_, group) in toml_table(root, path).into_iter().flatten() {
            let lines = group.as_array().into_iter().flatten().filter_map(Value::as_str);
            add(&mut { lines }, scope);
        }
    }
    add(&mut toml_strings(root, &["tool", "uv", "dev-dependencies"]), Scope::Development);
    add(&mut toml_strings(root, &["build-system", "requires"]), Scope::Build);
}

fn poetry_dependencies(poetry: &Table, manifest: &mut Manifest) {
    let mut add = |table: Option<&Table>, scope| {
        for (name, value) in table.into_iter().flatten().filter(|(name, _)| *name != "python") {
            let is_optional = value.get("optional").and_then(Value::as_bool) == Some(true);
            let scope = if is_optional { Scope::Optional } else { scope };
            manifest.depend(name, poetry_requirement(value).as_deref(), scope);
        }
    };
    add(toml_table(poetry, &["dependencies"]), Scope::Runtime);
    add(toml_table(poetry, &["dev-dependencies"]), Scope::Development);
    for (_, group) in toml_table(poetry, &["group"]).into_iter().flatten() {
        let table = group.get("dependencies").and_then(Value::as_table);
        add(table, Scope::Development);
    }
}

fn poetry_requirement(value: &Value) -> Option<String> {
    let source = |key: &str| value.get(key).and_then(Value::as_str);
    match value {
        Value::String(version) => Some(version.clone()),
        // Several constraints for several platforms: the first one.
        Value::Array(all) => poetry_requirement(all.first().filter(|one| !one.is_array())?),
        _ => source("version")
            .map(str::to_owned)
            .or_else(|| source("path").map(|path| format!("path:{path}")))
            .or_else(|| source("git").map(|git| format!("git:{git}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scanner::manifest::{Contribution, Requirement};

    fn project(text: &str) -> Manifest {
        match read(text).unwrap().contribution {
            Contribution::Project(manifest) => *manifest,
            other => panic!("{other:?}"),
        }
    }

    fn dependencies<'m>(manifest: &'m Manifest) -> Vec<(&'m str, &'m str, Scope)> {
        let one = |one: &'m Requirement| {
            (one.name.as_str(), one.requirement.as_deref().unwrap_or_default(), one.scope)
        };
        manifest.dependencies.iter().map(one).collect()
    }

    #[test]
    fn a_standard_project_tells_all_of_itself() {
        let manifest = project(
            r#"
            [build-system]
            requires = ["hatchling>=1"]
            [project]
            name = "api"
            version = "0.3"
            description = "The API"
            license = { text = "MIT" }
            classifiers = ["Private :: Do Not Upload"]
            dependencies = ["flask>=2", "uvloop ; sys_platform != 'win32'"]
            [project.optional-dependencies]
            pdf = ["reportlab[pycairo]~=4.0"]
            [dependency-groups]
            dev = ["pytest", {include-group = "lint"}]
            "#,
        );

        assert_eq!(manifest.name.as_deref(), Some("api"));
        assert_eq!(manifest.licence.as_deref(), Some("MIT"));
        assert!(manifest.private);
        assert_eq!(
            dependencies(&manifest),
            [
                ("flask", ">=2", Scope::Runtime),
                ("uvloop", "", Scope::Runtime),
                ("reportlab", "~=4.0", Scope::Optional),
                ("pytest", "", Scope::Development),
                ("hatchling", ">=1", Scope::Build),
            ]
        );
    }

    #[test]
    fn a_poetry_project_tells_all_of_itself() {
        let manifest = project(
            r#"
            [tool.poetry]
            name = "worker"
            version = "1.0"
            license = "MIT"
            [tool.poetry.dependencies]
            python = "^3.11"
            django = "^5"
            redis = { version = "^4", optional = true }
            core = { path = "../core" }
            [tool.poetry.group.dev.dependencies]
            mypy = "*"
            "#,
        );

        assert_eq!(manifest.name.as_deref(), Some("worker"));
        assert_eq!(
            dependencies(&manifest),
            [
                ("core", "path:../core", Scope::Runtime),
                ("django", "^5", Scope::Runtime),
                ("redis", "^4", Scope::Optional),
                ("mypy", "*", Scope::Development),
            ]
        );
    }

    #[test]
    fn a_workspace_of_uv_is_one() {
        let text = "[tool.uv.workspace]\nmembers = [\"packages/*\"]\n";

        assert_eq!(project(text).workspace.unwrap().members, ["packages/*"]);
    }
}
