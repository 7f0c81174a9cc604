//! `setup.cfg`, the declarative form of setuptools.

use std::collections::BTreeMap;

use super::{
    Finding, Manifest, requirements,
    table::{LONG, SHORT},
};
use crate::scanner::{model::Scope, text};

/// Sections, their keys in the file's order, and the lines of each value.
type Sections<'a> = BTreeMap<&'a str, Vec<(&'a str, Vec<&'a str>)>>;

/// A file without metadata and options only configures tools, and makes no project.
pub(super) fn read(text: &str) -> Finding {
    let sections = sections(text);
    let metadata = |key, limit| {
        let first = values(&sections, "metadata", key).next()?;
        text::some_line(first, limit).filter(|value| !is_reference(value))
    };
    let mut manifest = Manifest {
        name: metadata("name", SHORT),
        version: metadata("version", SHORT),
        description: metadata("description", LONG),
        licence: metadata("license", SHORT),
        includes: included(&sections),
        ..Manifest::default()
    };
    add(&mut manifest, values(&sections, "options", "install_requires"), Scope::Runtime);
    for (_, lines) in sections.get("options.extras_require").into_iter().flatten() {
        add(&mut manifest, lines.iter().copied(), Scope::Optional);
    }
    add(&mut manifest, values(&sections, "options", "setup_requires"), Scope::Build);
    let is_project = manifest.name.is_some() || sections.contains_key("options");
    if is_project { Finding::project(manifest) } else { Finding::addition(manifest) }
}

fn add<'a>(manifest: &mut Manifest, lines: impl Iterator<Item = &'a str>, scope: Scope) {
    for package in lines.filter(|line| !is_reference(line)).filter_map(requirements::package) {
        manifest.depend(&package.name, package.requirement.as_deref(), scope);
    }
}

/// `install_requires = file: requirements.txt, more.txt`
fn included(sections: &Sections<'_>) -> Vec<String> {
    values(sections, "options", "install_requires")
        .filter_map(|line| line.strip_prefix("file:"))
        .flat_map(|files| files.split(','))
        .filter_map(|file| text::some_line(file, SHORT))
        .collect()
}

/// Values that setuptools takes from somewhere else.
fn is_reference(value: &str) -> bool {
    value.starts_with("attr:") || value.starts_with("file:")
}

fn values<'a>(sections: &Sections<'a>, section: &str, key: &str) -> impl Iterator<Item = &'a str> {
    let found = sections.get(section).and_then(|keys| keys.iter().find(|(name, _)| *name == key));
    found.map(|(_, lines)| lines.clone()).unwrap_or_default().into_iter()
}

fn sections(text: &str) -> Sections<'_> {
    let mut sections = Sections::new();
    let mut section = "";
    for line in text.lines() {
        let value = line.trim();
        if value.is_empty() || value.starts_with(['#', ';']) {
            continue;
        }
        let keys = sections.entry(section).or_default();
        if line.starts_with([' ', '\t'])
            && let Some((_, lines)) = keys.last_mut()
        {
            lines.push(value);
        } else if let Some(name) = value.strip_prefix('[').and_then(|name| name.strip_suffix(']')) {
            section = name.trim();
            sections.entry(section).or_default();
        } else if let Some((key, first)) = value.split_once(['=', ':']) {
            let first = first.trim();
            keys.push((
                key.trim(),
                Some(first).filter(|text| !text.is_empty()).into_iter().collect(),
            ));
        }
    }
    sections
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scanner::manifest::Contribution;

    #[test]
    fn a_declared_package_tells_all_of_itself() {
        let finding = read(
            "[metadata]\nname = tool\nversion = attr: tool.__version__\ndescription = A tool\n\
             license = MIT\n# note\n[options]\ninstall_requires =\n    click>=8\n    # why\n    \
             rich\n[options.extras_require]\ndev =\n    pytest\n[flake8]\nmax = 1\n",
        );

        let Contribution::Project(manifest) = finding.contribution else { panic!("no project") };
        let names: Vec<_> = manifest.dependencies.iter().map(|one| one.name.as_str()).collect();
        assert_eq!(manifest.name.as_deref(), Some("tool"));
        assert_eq!(manifest.version, None);
        assert_eq!(manifest.licence.as_deref(), Some("MIT"));
        assert_eq!(names, ["click", "rich", "pytest"]);
    }

    #[test]
    fn dependencies_may_stand_in_a_file() {
        let finding = read("[options]\ninstall_requires = file: requirements.txt, more.txt\n");

        let Contribution::Project(manifest) = finding.contribution else { panic!("no project") };
        assert_eq!(manifest.includes, ["requirements.txt", "more.txt"]);
        assert!(manifest.dependencies.is_empty());
    }

    #[test]
    fn settings_of_tools_make_no_project() {
        let finding = read("[flake8]\nmax-line-length = 100\n");

        assert!(matches!(finding.contribution, Contribution::Addition(_)));
    }
}
