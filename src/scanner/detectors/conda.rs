//! conda: environments (`environment.yml`) and recipes (`meta.yaml`, `recipe.yaml`).

use std::collections::HashMap;

use serde::Deserialize;
use serde_json::Value;

use super::{
    FileName, Finding, Manifest, Unreadable, requirements,
    table::{LONG, SHORT, json_line, json_strings},
};
use crate::scanner::{model::Scope, text, yaml};

pub(super) fn is_environment(file: FileName<'_>) -> bool {
    let Some((stem, end)) = file.name().rsplit_once('.') else { return false };
    matches!(end, "yml" | "yaml") && (stem == "environment" || stem.starts_with("environment-"))
}

/// A file of that name that asks for nothing is something else.
pub(super) fn environment(file: FileName<'_>, text: &str) -> Finding {
    let root: Value = match yaml::read(text) {
        Ok(root) => root,
        Err(error) => return Unreadable::new(&error).beside(file.name()),
    };
    let Some(dependencies) = root.get("dependencies").filter(|all| all.is_array()) else {
        return Finding::addition(Manifest::default());
    };
    let scope = match file.name().split_once('-') {
        None => Scope::Runtime,
        Some(_) => Scope::Development,
    };
    let mut manifest = empty(json_line(&root, "name", SHORT));
    for one in json_strings(dependencies) {
        add(one, scope, &mut manifest);
    }
    let groups = dependencies.as_array().into_iter().flatten();
    for pip in groups.filter_map(|one| one.get("pip")).flat_map(json_strings) {
        let found = requirements::parse(pip);
        manifest.includes.extend(found.includes.iter().map(|path| text::line(path, SHORT)));
        for package in found.packages {
            manifest.depend(&package.name, package.requirement.as_deref(), scope);
        }
    }
    Finding::component(manifest)
}

fn empty(name: Option<String>) -> Manifest {
    Manifest { name, tools: vec!["conda".to_owned()], ..Manifest::default() }
}

/// `name`, `name>=1`, `name 1.2 build`, `channel::name=1`.
fn add(spec: &str, scope: Scope, manifest: &mut Manifest) {
    let spec = spec.rsplit("::").next().unwrap_or(spec).trim();
    let end = spec.find([' ', '=', '<', '>', '!', '~', '[']).unwrap_or(spec.len());
    let (name, version) = spec.split_at_checked(end).unwrap_or((spec, ""));
    let is_package = name.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_');
    if is_package && name != "python" {
        manifest.depend(name, Some(version.trim()), scope);
    }
}

/// The part of a recipe that is read; what is not named is passed over.
#[derive(Deserialize)]
struct Recipe {
    package: Option<Package>,
    about: Option<Value>,
    requirements: Option<Value>,
}

/// Texts, so that `1.10` stays what it is.
#[derive(Deserialize)]
struct Package {
    name: Option<String>,
    version: Option<String>,
}

/// A `meta.yaml` without a package is no recipe, and is passed over.
pub(super) fn recipe(text: &str) -> Finding {
    let plain = without_templates(text);
    let Ok(recipe) = yaml::read_last_wins::<Recipe>(&plain) else { return nothing(text) };
    let Some(package) = recipe.package.filter(|package| package.name.is_some()) else {
        return Finding::addition(Manifest::default());
    };
    let mut manifest = empty(package.name.and_then(|name| text::some_line(&name, SHORT)));
    manifest.version = package.version.and_then(|version| text::some_line(&version, SHORT));
    if let Some(about) = &recipe.about {
        manifest.description = json_line(about, "summary", LONG);
        manifest.licence = json_line(about, "license", SHORT);
    }
    for (section, scope) in
        [("run", Scope::Runtime), ("host", Scope::Build), ("build", Scope::Build)]
    {
        let list = recipe.requirements.as_ref().and_then(|all| all.get(section));
        for one in list.into_iter().flat_map(json_strings) {
            add(one, scope, &mut manifest);
        }
    }
    Finding::component(manifest)
}

fn nothing(text: &str) -> Finding {
    let is_recipe = text.contains("\nrequirements:") && text.contains("package:");
    if is_recipe {
        return Unreadable::new(&"it is no YAML once its templates are resolved")
            .beside("the recipe");
    }
    Finding::addition(Manifest::default())
}

/// What templates may name.
type Names = HashMap<String, String>;

/// Lines of statements go; `{{ name }}` and `${{ name }}` become what `{% set name = "x" %}` or the
/// section `context` says, or nothing.
fn without_templates(text: &str) -> String {
    let mut names = Names::new();
    let mut plain = String::with_capacity(text.len());
    let mut in_context = false;
    for line in text.lines() {
        if let Some(statement) = line.trim_start().strip_prefix("{%") {
            names.extend(set(statement));
            continue;
        }
        let replaced = replaced(line, &names);
        if !line.starts_with([' ', '#']) {
            in_context = line.starts_with("context:");
        } else if let Some((name, value)) = replaced.split_once(':').filter(|_| in_context) {
            names.insert(name.trim().to_owned(), bare(value));
        }
        plain.push_str(&replaced);
        plain.push('\n');
    }
    plain
}

fn set(statement: &str) -> Option<(String, String)> {
    let set = statement.trim_start_matches('-').trim().strip_prefix("set ")?;
    let (name, value) = set.split_once('=')?;
    let value = value.rsplit_once("%}").map_or(value, |(value, _)| value);
    Some((name.trim().to_owned(), bare(value.trim_end_matches('-'))))
}

/// Without quotes, and bounded: values may hold other values.
fn bare(value: &str) -> String {
    text::line(value.trim().trim_matches(['"', '\'']), SHORT)
}

fn replaced(line: &str, names: &Names) -> String {
    let mut plain = String::new();
    let mut rest = line;
    while let Some((before, after)) = rest.split_once("{{") {
        let Some((name, left)) = after.split_once("}}") else { break };
        plain.push_str(before.strip_suffix('$').unwrap_or(before));
        let name = name.split('|').next().unwrap_or(name).trim();
        plain.push_str(names.get(name).map_or("", String::as_str));
        rest = left;
    }
    plain.push_str(rest);
    plain
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scanner::manifest::Contribution;

    fn manifest(finding: Finding) -> Manifest {
        match finding.contribution {
            Contribution::Component(manifest) => *manifest,
            other => panic!("{other:?}"),
        }
    }

    fn dependencies(manifest: &Manifest) -> Vec<(&str, Option<&str>)> {
        let all = manifest.dependencies.iter();
        all.map(|one| (one.name.as_str(), one.requirement.as_deref())).collect()
    }

    #[test]
    fn an_environment_asks_for_packages_of_conda_and_pip() {
        let text =
            "name: lab\nchannels: [conda-forge]\ndependencies:\n  - python=3.12\n  - numpy>=2\n\
            - conda-forge::scipy=1.14\n  - pip:\n    - flask==3\n    - -r more.txt\n"
                .replace("\n- conda", "\n  - conda");
        let manifest = manifest(environment(FileName("environment.yml"), &text));

        assert_eq!(manifest.name.as_deref(), Some("lab"));
        assert_eq!(manifest.includes, ["more.txt"]);
        assert_eq!(
            dependencies(&manifest),
            [("numpy", Some(">=2")), ("scipy", Some("=1.14")), ("flask", Some("==3"))]
        );
    }

    #[test]
    fn a_recipe_is_read_through_its_templates() {
        let manifest = manifest(recipe(
            "{% set name = \"Tool\" %}\n{% set version = \"1.10\" %}\npackage:\n  name: {{ name|lower }}\n\
             \x20 version: {{ version }}\nbuild:\n  script: a  # [win]\n  script: b  # [unix]\n\
             requirements:\n  build:\n    - {{ compiler('c') }}\n  run:\n    - numpy >=2\n\
             about:\n  license: MIT\n",
        ));

        assert_eq!(manifest.name.as_deref(), Some("Tool"));
        assert_eq!(manifest.version.as_deref(), Some("1.10"));
        assert_eq!(manifest.licence.as_deref(), Some("MIT"));
        assert_eq!(dependencies(&manifest), [("numpy", Some(">=2"))]);
    }

    #[test]
    fn a_recipe_of_the_newer_form_has_a_context() {
        let manifest = manifest(recipe(
            "context:\n  version: \"2.50\"\n  full: ${{ version }}${{ \"rc\" if rc }}\n\
             package:\n  name: tool\n  version: ${{ full }}\n\
             requirements:\n  run:\n    - python\n    - if: win\n      then: x\n    - attrs >=1\n",
        ));

        assert_eq!(manifest.version.as_deref(), Some("2.50"));
        assert_eq!(dependencies(&manifest), [("attrs", Some(">=1"))]);
    }

    #[test]
    fn other_files_of_these_names_tell_nothing() {
        for finding in [
            environment(FileName("environment.yml"), "stage: production\n"),
            recipe("title: Page\n"),
            recipe("{% if x %}\n: : :\n"),
        ] {
            assert!(matches!(finding.contribution, Contribution::Addition(_)));
            assert_eq!(finding.problems, []);
        }
    }
}
