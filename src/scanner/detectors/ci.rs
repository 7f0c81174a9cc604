//! Continuous integration other than GitHub's: what runs, and in which jobs.

use serde_json::{Map, Value};

use super::{Detector, FileName, Finding, Manifest, Unreadable, table::SHORT};
use crate::scanner::{
    model::{Pipeline, WarningCode},
    text, yaml,
};

pub(super) struct Ci;

/// Jobs kept of one pipeline.
const MAX_JOBS: usize = 100;

/// Each system's file, seen from the root.
const FILES: [(&str, &str); 8] = [
    (".gitlab-ci.yml", "GitLab CI"),
    (".circleci/config.yml", "CircleCI"),
    ("azure-pipelines.yml", "Azure Pipelines"),
    (".travis.yml", "Travis CI"),
    ("bitbucket-pipelines.yml", "Bitbucket Pipelines"),
    (".drone.yml", "Drone"),
    (".woodpecker.yml", "Woodpecker"),
    ("Jenkinsfile", "Jenkins"),
];

/// Keys of a `.gitlab-ci.yml` that are no jobs.
const GITLAB_KEYWORDS: [&str; 12] = [
    "after_script",
    "before_script",
    "cache",
    "default",
    "image",
    "include",
    "pages",
    "services",
    "spec",
    "stages",
    "variables",
    "workflow",
];

impl Detector for Ci {
    fn kind(&self) -> &'static str {
        "ci"
    }

    fn reads(&self, file: FileName<'_>) -> bool {
        FILES.iter().any(|(path, _)| *path == file.0)
    }

    fn read(&self, file: FileName<'_>, text: &str) -> Result<Finding, Unreadable> {
        let found = FILES.iter().find(|(path, _)| path.rsplit('/').next() == Some(file.name()));
        let system = found.map_or("", |(_, system)| *system);
        // A Jenkinsfile is a program: that it is there is all that can be read.
        let root = match system {
            "Jenkins" => Ok(Value::Null),
            _ => yaml::read::<Value>(text),
        };
        let pipeline = |root: &Value| Pipeline {
            system: system.to_owned(),
            name: text::line(file.name(), SHORT),
            triggers: Vec::new(),
            jobs: jobs(system, root),
            file: None,
        };
        Ok(match root {
            Ok(root) => Finding::remark(Manifest {
                pipelines: vec![pipeline(&root)],
                ..Manifest::default()
            }),
            Err(error) => {
                let Unreadable(reason) = Unreadable::new(&error);
                let message = format!(
                    "`{}` cannot be parsed, so its jobs are not listed: {reason}. Repair the file.",
                    file.name()
                );
                let pipelines = vec![pipeline(&Value::Null)];
                Finding::remark(Manifest { pipelines, ..Manifest::default() })
                    .with_problem(WarningCode::BrokenManifest, message)
            }
        })
    }
}

fn jobs(system: &str, root: &Value) -> Vec<String> {
    let empty = Map::new();
    let table = |key: &str| root.get(key).and_then(Value::as_object);
    let names: Vec<&str> = match system {
        "GitLab CI" => {
            let all = root.as_object().unwrap_or(&empty).keys().map(String::as_str);
            all.filter(|name| !name.starts_with('.') && !GITLAB_KEYWORDS.contains(name)).collect()
        }
        "CircleCI" => table("jobs").unwrap_or(&empty).keys().map(String::as_str).collect(),
        "Azure Pipelines" => named(root, &["stages", "jobs"], &["stage", "job"]),
        "Drone" | "Woodpecker" => named(root, &["steps"], &["name"]),
        _ => Vec::new(),
    };
    names.into_iter().take(MAX_JOBS).map(|name| text::line(name, SHORT)).collect()
}

/// The names of a list's items, under whichever keys there are.
fn named<'v>(root: &'v Value, lists: &[&str], keys: &[&str]) -> Vec<&'v str> {
    let items = lists.iter().filter_map(|list| root.get(list)?.as_array()).flatten();
    items.filter_map(|item| keys.iter().find_map(|key| item.get(key)?.as_str())).collect()
}

#[cfg(test)]
mod tests {
    use crate::scanner::scan_testing::{codes, project, report};

    #[test]
    fn pipelines_of_other_systems_are_told() {
        let report = report(&[
            (".gitlab-ci.yml", "stages: [a]\n.base: {}\ntest:\n  script: make\n"),
            (".circleci/config.yml", "jobs: {build: {}}\n"),
            ("azure-pipelines.yml", "jobs:\n- job: Linux\n"),
            ("Jenkinsfile", "pipeline { agent any }\n"),
        ]);

        let found: Vec<_> = project(&report, ".")
            .pipelines
            .iter()
            .map(|one| (one.system.as_str(), one.jobs.join(",")))
            .collect();
        assert_eq!(
            found,
            [
                ("CircleCI", "build".to_owned()),
                ("GitLab CI", "test".to_owned()),
                ("Jenkins", String::new()),
                ("Azure Pipelines", "Linux".to_owned()),
            ]
        );
    }

    #[test]
    fn a_broken_one_is_told_with_a_warning() {
        let report = report(&[(".gitlab-ci.yml", "a: [\n")]);

        assert_eq!(project(&report, ".").pipelines.len(), 1);
        assert_eq!(codes(&report).len(), 1);
    }
}
