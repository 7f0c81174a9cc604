//! GitHub Actions: workflows, and actions that others use.

use serde_json::Value;

use super::{
    Detector, FileName, Finding, Manifest, Unreadable,
    table::{LONG, SHORT, json_line},
};
use crate::scanner::{
    manifest::Requirement,
    model::{EntryKind, Pipeline, Scope},
    text, yaml,
};

pub(super) struct Actions;

/// Jobs and triggers kept of one workflow.
const MAX_NAMES: usize = 100;

impl Detector for Actions {
    fn kind(&self) -> &'static str {
        "github-actions"
    }

    fn reads(&self, file: FileName<'_>) -> bool {
        matches!(file.name(), "action.yml" | "action.yaml") || is_workflow(file)
    }

    fn read(&self, file: FileName<'_>, text: &str) -> Result<Finding, Unreadable> {
        let is_action = matches!(file.name(), "action.yml" | "action.yaml");
        // A workflow may have an action's name: what is in it tells.
        if is_action && (file.directory_name() != "workflows" || text.contains("\nruns:")) {
            return action(text);
        }
        let name = file.name();
        workflow(name, text).or_else(|Unreadable(reason)| {
            let message =
                format!("The workflow `{name}` cannot be parsed: {reason}. Repair the file.");
            Ok(Finding::remark(Manifest::default())
                .with_problem(crate::scanner::model::WarningCode::BrokenManifest, message))
        })
    }
}

/// GitHub looks for workflows at the root only.
fn is_workflow(file: FileName<'_>) -> bool {
    file.directory() == ".github/workflows"
        && [".yml", ".yaml"].iter().any(|end| file.name().ends_with(end))
}

fn action(text: &str) -> Result<Finding, Unreadable> {
    let root: Value = yaml::read(text).map_err(|error| Unreadable::new(&error))?;
    let Some(runs) = root.get("runs").filter(|runs| runs.is_object()) else {
        return Err(Unreadable::new(&"it has no `runs`"));
    };
    let mut manifest = Manifest {
        name: json_line(&root, "name", SHORT),
        description: json_line(&root, "description", LONG),
        tools: vec!["GitHub Actions".to_owned()],
        ..Manifest::default()
    };
    let using = json_line(runs, "using", SHORT).unwrap_or_else(|| "action".to_owned());
    let target = json_line(runs, "main", SHORT).or_else(|| json_line(runs, "image", SHORT));
    manifest.enter(EntryKind::Plugin, &using, target.as_deref());
    for step in steps(runs) {
        // A composite action finds `./x` in the repository that uses it, which may be another one.
        if let Some(used) =
            step.get("uses").and_then(Value::as_str).filter(|used| !used.starts_with('.'))
        {
            depend(&mut manifest, used, Scope::Runtime);
        }
    }
    Ok(Finding::project(manifest))
}

fn workflow(file: &str, text: &str) -> Result<Finding, Unreadable> {
    let root: Value = yaml::read(text).map_err(|error| Unreadable::new(&error))?;
    let Some(jobs) = root.get("jobs").and_then(Value::as_object) else {
        return Err(Unreadable::new(&"it has no `jobs`"));
    };
    let mut manifest = Manifest::default();
    for job in jobs.values() {
        let called = job.get("uses").into_iter();
        for used in called.chain(steps(job).filter_map(|step| step.get("uses"))) {
            if let Some(used) = used.as_str() {
                depend(&mut manifest, used, Scope::Development);
            }
        }
    }
    manifest.pipelines.push(Pipeline {
        system: "GitHub Actions".to_owned(),
        name: json_line(&root, "name", SHORT).unwrap_or_else(|| text::line(file, SHORT)),
        // YAML 1.1 takes the key `on` for a truth value, and so do some writers.
        triggers: root.get("on").or_else(|| root.get("true")).map(names).unwrap_or_default(),
        jobs: jobs.keys().take(MAX_NAMES).map(|name| text::line(name, SHORT)).collect(),
        file: None,
    });
    Ok(Finding::remark(manifest))
}

fn steps(job: &Value) -> impl Iterator<Item = &Value> {
    job.get("steps").and_then(Value::as_array).into_iter().flatten()
}

/// `push`, `[push, pull_request]` or an object with them as keys.
fn names(value: &Value) -> Vec<String> {
    let all: Vec<&str> = match value {
        Value::String(name) => vec![name],
        Value::Array(names) => names.iter().filter_map(Value::as_str).collect(),
        Value::Object(names) => names.keys().map(String::as_str).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) => Vec::new(),
    };
    all.into_iter().take(MAX_NAMES).map(|name| text::line(name, SHORT)).collect()
}

/// `owner/name@v4`, `./.github/actions/setup` seen from the root, `docker://image:tag`.
fn depend(manifest: &mut Manifest, used: &str, scope: Scope) {
    let (name, version) =
        used.split_once('@').map_or((used, None), |(name, version)| (name, Some(version)));
    let local = name
        .strip_prefix("./")
        .filter(|path| !matches!(FileName(path).extension(), "yml" | "yaml"));
    if name.starts_with("./") && local.is_none() {
        return;
    }
    manifest.require(Requirement {
        name: text::line(name, SHORT),
        requirement: version.and_then(|version| text::some_line(version, SHORT)),
        scope,
        path: local.map(|path| text::line(&format!("../../{path}"), SHORT)),
        inherited: false,
    });
}

#[cfg(test)]
mod tests {
    use crate::scanner::{
        model::WarningCode,
        scan_testing::{codes, outline, project, report},
    };

    const WORKFLOW: &str = "name: CI\non:\n  push: {}\n  pull_request: {}\njobs:\n  test:\n    runs-on: x\n    steps:\n    \
                            - uses: actions/checkout@v5\n    - uses: ./.github/actions/setup\n    - run: make\n";

    #[test]
    fn workflows_belong_to_the_project_and_actions_are_projects() {
        let report = report(&[
            ("package.json", "{\"name\": \"web\"}"),
            (".github/workflows/ci.yml", WORKFLOW),
            ("docs/workflows/ci.yml", WORKFLOW),
            (
                ".github/actions/setup/action.yml",
                "name: Set up\nruns:\n  using: composite\n  steps:\n  - uses: actions/setup-node@v4\n",
            ),
        ]);

        assert_eq!(
            outline(&report),
            [(".", "web", "npm"), (".github/actions/setup", "Set up", "github-actions")]
        );
        let root = project(&report, ".");
        assert_eq!(root.pipelines.len(), 1);
        assert_eq!(root.pipelines[0].triggers, ["pull_request", "push"]);
        assert_eq!(root.pipelines[0].jobs, ["test"]);
        assert_eq!(root.pipelines[0].file.as_deref(), Some(".github/workflows/ci.yml"));
        let setup = root.dependencies.iter().find(|one| one.internal.is_some()).unwrap();
        assert_eq!(setup.internal.as_deref(), Some(".github/actions/setup"));
        assert_eq!(report.warnings, []);
    }

    #[test]
    fn a_repository_with_workflows_alone_is_generic() {
        let report = report(&[(".github/workflows/ci.yml", WORKFLOW)]);

        assert_eq!(outline(&report), [(".", "demo", "generic")]);
        assert_eq!(project(&report, ".").pipelines.len(), 1);
        assert_eq!(project(&report, ".").manifest, None);
    }

    #[test]
    fn a_broken_workflow_is_a_warning_and_no_project() {
        let report = report(&[("a/package.json", "{}"), (".github/workflows/ci.yml", "jobs: [\n")]);

        assert_eq!(outline(&report), [("a", "a", "npm")]);
        assert_eq!(
            codes(&report),
            [(WarningCode::BrokenManifest, Some(".github/workflows/ci.yml"))]
        );
    }
}
