//! Python: which files speak of a project, and requirements files.

use super::{
    Detector, FileName, Finding, Manifest, Unreadable, conda, pyproject, requirements, setup_cfg,
    setup_py, table::SHORT,
};
use crate::scanner::{model::Scope, text};

pub(super) struct Python;

const READ: [&str; 5] = ["pyproject.toml", "setup.cfg", "setup.py", "meta.yaml", "recipe.yaml"];
/// Files that only tell which tool is used.
const LOCKS: [(&str, &str); 4] =
    [("uv.lock", "uv"), ("poetry.lock", "Poetry"), ("pdm.lock", "PDM"), ("Pipfile.lock", "Pipenv")];

impl Detector for Python {
    fn kind(&self) -> &'static str {
        "python"
    }

    fn reads(&self, file: FileName<'_>) -> bool {
        READ.contains(&file.name())
            || LOCKS.iter().any(|(name, _)| *name == file.name())
            || conda::is_environment(file)
            || is_requirements(file)
    }

    fn read(&self, file: FileName<'_>, text: &str) -> Result<Finding, Unreadable> {
        match file.name() {
            "pyproject.toml" => pyproject::read(text),
            "setup.cfg" => Ok(setup_cfg::read(text)),
            "setup.py" => setup_py::read(text),
            "meta.yaml" | "recipe.yaml" => Ok(conda::recipe(text)),
            _ if conda::is_environment(file) => Ok(conda::environment(file, text)),
            name => Ok(match LOCKS.iter().find(|(lock, _)| *lock == name) {
                Some((_, tool)) => mark(tool),
                None => requirements_file(file, text),
            }),
        }
    }

    fn normal_name(&self, name: &str) -> String {
        requirements::normal(name)
    }
}

/// `requirements.txt`, `requirements-dev.txt`, `dev_requirements.txt`, `requirements/base.txt`.
fn is_requirements(file: FileName<'_>) -> bool {
    let Some(stem) = file.name().strip_suffix(".txt") else { return false };
    stem.contains("requirements") || file.directory_name() == "requirements"
}

/// `requirements.txt` makes a project; its variants, and those of a manual, only add to one.
fn requirements_file(file: FileName<'_>, text: &str) -> Finding {
    let found = requirements::parse(text);
    let mut manifest = Manifest {
        includes: found.includes.iter().map(|path| text::line(path, SHORT)).collect(),
        ..Manifest::default()
    };
    let scope = scope_of(file);
    for package in found.packages {
        manifest.depend(&package.name, package.requirement.as_deref(), scope);
    }
    let is_aside = matches!(file.directory_name(), "doc" | "docs" | "requirements" | ".github");
    if file.name() == "requirements.txt" && !is_aside {
        Finding::project(manifest)
    } else {
        Finding::addition(manifest)
    }
}

/// By the words in the file's name.
fn scope_of(file: FileName<'_>) -> Scope {
    let stem = file.name().trim_end_matches(".txt");
    let has = |words: &[&str]| words.iter().any(|word| stem.contains(word));
    if has(&["dev", "test", "lint", "doc", "typing", "style", "ci"])
        || file.directory_name() == "docs"
    {
        Scope::Development
    } else if has(&["build"]) {
        Scope::Build
    } else if stem == "requirements" || has(&["base", "main", "prod", "common", "app"]) {
        Scope::Runtime
    } else {
        Scope::Optional
    }
}

/// What a lock file tells.
fn mark(tool: &str) -> Finding {
    let mut manifest = Manifest::default();
    manifest.tool(tool);
    Finding::addition(manifest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scanner::manifest::Contribution;

    fn project(name: &str, text: &str) -> Manifest {
        match Python.read(FileName(name), text).unwrap().contribution {
            Contribution::Project(manifest) => *manifest,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn requirement_files_know_their_purpose() {
        let scope = |path| scope_of(FileName(path));

        assert_eq!(scope("requirements.txt"), Scope::Runtime);
        assert_eq!(scope("requirements-dev.txt"), Scope::Development);
        assert_eq!(scope("requirements/base.txt"), Scope::Runtime);
        assert_eq!(scope("requirements-gpu.txt"), Scope::Optional);
        assert!(is_requirements(FileName("a/test_requirements.txt")));
        assert!(!is_requirements(FileName("notes.txt")));
        assert_eq!(project("requirements.txt", "-r more.txt\na==1\n").includes, ["more.txt"]);
    }

    #[test]
    fn lock_files_tell_the_tool() {
        let finding = Python.read(FileName("uv.lock"), "version = 1\n").unwrap();

        let Contribution::Addition(manifest) = finding.contribution else { panic!("a project") };
        assert_eq!(manifest.tools, ["uv"]);
    }
}
