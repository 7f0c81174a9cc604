//! What a scan reports: the shape that `scan --json` prints and that `work` stores.

use serde::{Deserialize, Serialize};

/// All that was found in one commit, sorted so that equal trees give equal reports.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScanReport {
    /// By path, the root first.
    pub projects: Vec<Project>,
    /// By path, then line.
    pub tasks: Vec<Task>,
    /// By path, then line.
    pub todos: Vec<Todo>,
    /// Most code first.
    pub languages: Vec<Language>,
    pub warnings: Vec<Warning>,
}

/// A report together with the history, which another module reads.
#[derive(Debug, Serialize)]
pub struct FullReport<'a, Commits> {
    projects: &'a [Project],
    tasks: &'a [Task],
    todos: &'a [Todo],
    languages: &'a [Language],
    commits: Commits,
    warnings: &'a [Warning],
}

impl ScanReport {
    /// The object that `scan --json` prints.
    pub fn with_commits<Commits: Serialize>(&self, commits: Commits) -> FullReport<'_, Commits> {
        FullReport {
            projects: &self.projects,
            tasks: &self.tasks,
            todos: &self.todos,
            languages: &self.languages,
            commits,
            warnings: &self.warnings,
        }
    }
}

/// A directory with a manifest, or the whole repository where there is none.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Project {
    /// `.` for the root, else `a/b`.
    pub path: String,
    pub name: String,
    /// The detector that claimed the directory first: `npm`, `python`, `rust`, `go`, `generic`.
    pub kind: String,
    /// The kinds of further manifests in the same directory.
    pub also: Vec<String>,
    pub version: Option<String>,
    pub description: Option<String>,
    pub licence: Option<String>,
    /// Path of the manifest; none for a generic project.
    pub manifest: Option<String>,
    /// Path of the nearest project around this one.
    pub parent: Option<String>,
    pub workspace_root: bool,
    /// Path of the workspace this project is a member of.
    pub workspace: Option<String>,
    /// Not meant for a registry.
    pub private: bool,
    /// Lies under test fixtures: material for tests, not something the team ships.
    pub fixture: bool,
    /// Direct ones, in the manifest's order.
    pub dependencies: Vec<Dependency>,
    /// What manages and builds it, as people call it: `pnpm`, `Turborepo`, `Poetry`.
    pub tools: Vec<String>,
    /// What it is built upon: `React`, `Django`, `Spring Boot`.
    pub frameworks: Vec<String>,
    /// What it is tested with: `pytest`, `Vitest`.
    pub test_tools: Vec<String>,
    pub entry_points: Vec<EntryPoint>,
    pub scripts: Vec<Script>,
    pub pipelines: Vec<Pipeline>,
    /// Files that belong to this project and to none inside it.
    pub languages: Vec<Language>,
}

/// Something a project asks for directly.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dependency {
    pub name: String,
    /// As the manifest writes it: `^1.2`, `>=3,<4`, `path:../core`.
    pub requirement: Option<String>,
    pub scope: Scope,
    /// Path of the repository's own project that it means.
    pub internal: Option<String>,
}

/// Something that runs, or that others build upon.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EntryPoint {
    pub kind: EntryKind,
    pub name: String,
    /// File, module or class, as the manifest writes it.
    pub target: Option<String>,
}

/// What an entry point is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EntryKind {
    /// A program to start.
    Binary,
    /// What others import.
    Library,
    /// Hooked into another program: a pytest plugin, an editor extension.
    Plugin,
    /// Started and kept running by a container or an orchestrator.
    Service,
    Example,
}

/// A command that people run by its name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Script {
    pub name: String,
    pub command: String,
}

/// Something that runs in continuous integration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pipeline {
    /// `GitHub Actions`, `GitLab CI`.
    pub system: String,
    pub name: String,
    /// What starts it: `push`, `pull_request`, `schedule`.
    pub triggers: Vec<String>,
    pub jobs: Vec<String>,
    /// Path of its file.
    pub file: Option<String>,
}

/// What a dependency is needed for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    Runtime,
    Development,
    Optional,
    Build,
}

/// A checkbox of a task list.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Task {
    /// `TASK-{SHORT}-{NUMBER}`, where it is given.
    pub id: Option<String>,
    pub title: String,
    pub done: bool,
    /// The headings above it, outermost first.
    pub section: Vec<String>,
    /// How many tasks it stands inside.
    pub depth: u32,
    /// Index of the task around it in the report's `tasks`.
    pub parent: Option<usize>,
    pub path: String,
    /// From 1.
    pub line: u32,
    /// Path of the nearest project around it; none outside all projects.
    pub project: Option<String>,
    /// Lies among test fixtures.
    pub fixture: bool,
    #[serde(flatten)]
    pub attributes: Attributes,
}

/// What a task list says of its tasks: inline for one, in its frontmatter for all.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Attributes {
    pub status: Option<String>,
    pub priority: Option<String>,
    pub assignee: Option<String>,
    pub due: Option<String>,
    pub milestone: Option<String>,
    pub labels: Vec<String>,
}

impl Attributes {
    /// Takes from `defaults` what is not said here.
    #[must_use]
    pub fn or(self, defaults: &Self) -> Self {
        let either = |own: Option<String>, other: &Option<String>| own.or_else(|| other.clone());
        Self {
            status: either(self.status, &defaults.status),
            priority: either(self.priority, &defaults.priority),
            assignee: either(self.assignee, &defaults.assignee),
            due: either(self.due, &defaults.due),
            milestone: either(self.milestone, &defaults.milestone),
            labels: if self.labels.is_empty() { defaults.labels.clone() } else { self.labels },
        }
    }
}

/// A marker in a comment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Todo {
    pub marker: Marker,
    pub text: String,
    /// `name` of `TODO(name)`.
    pub author: Option<String>,
    pub path: String,
    /// From 1.
    pub line: u32,
    /// Path of the nearest project around it; none outside all projects.
    pub project: Option<String>,
    /// Lies among test fixtures.
    pub fixture: bool,
}

/// The word that makes a comment a note to come back to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Marker {
    Todo,
    Fixme,
    Hack,
    Xxx,
}

/// Lines of one language.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Language {
    pub name: String,
    pub files: u64,
    pub code: u64,
    pub comments: u64,
    pub blanks: u64,
}

/// Something that could not be read, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Warning {
    pub code: WarningCode,
    /// None where the whole repository is meant.
    pub path: Option<String>,
    pub message: String,
}

/// A stable name for a kind of warning, kebab-case in JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WarningCode {
    BrokenManifest,
    BrokenFrontmatter,
    DuplicateTaskId,
    FileTooLarge,
    IncludeNotFound,
    LargeFilePointer,
    ListTruncated,
    ObjectMissing,
    SubmoduleNotFollowed,
    WorkspacePattern,
}
