//! What a scan reports: the shape that `scan --json` prints and that `work` stores.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::repositories::Oid;

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
    pub size: TreeSize,
    /// By path.
    pub submodules: Vec<Submodule>,
    pub owners_file: Option<OwnersFile>,
    pub warnings: Vec<Warning>,
}

/// How much there is in a commit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TreeSize {
    /// Without other people's code.
    pub files: u64,
    /// Of these files.
    pub bytes: u64,
    /// Other people's code, by its directory or by `.gitattributes`.
    pub vendored_files: u64,
    /// Files whose content is kept in Git LFS.
    pub large_files: u64,
    /// Of these contents.
    pub large_bytes: u64,
}

/// Another repository's commit at a path of this one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Submodule {
    pub path: String,
    /// As `.gitmodules` writes it; none where it does not tell.
    pub url: Option<String>,
    pub branch: Option<String>,
    /// The commit it is pinned to.
    pub commit: Oid,
}

/// The CODEOWNERS file that counts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct OwnersFile {
    pub path: String,
    /// Lines that say something.
    pub rules: u64,
    /// Who owns what no other line speaks of.
    pub owners: Vec<String>,
}

/// A report together with the history, which another module reads.
#[derive(Debug, Serialize)]
pub struct FullReport<'a, Commits> {
    projects: &'a [Project],
    tasks: &'a [Task],
    todos: &'a [Todo],
    languages: &'a [Language],
    size: TreeSize,
    submodules: &'a [Submodule],
    owners_file: Option<&'a OwnersFile>,
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
            size: self.size,
            submodules: &self.submodules,
            owners_file: self.owners_file.as_ref(),
            commits,
            warnings: &self.warnings,
        }
    }
}

/// A directory with a manifest, or the whole repository where there is none.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[expect(clippy::struct_excessive_bools, reason = "independent facts, each with a name in reports")]
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
    /// How many such files there are.
    pub files: u64,
    pub bytes: u64,
    /// Those of them that are tests by their names.
    pub test_files: u64,
    pub readme: Option<Readme>,
    /// Who owns its directory, by CODEOWNERS.
    pub owners: Vec<String>,
    /// The texts in its directory, else in the nearest one above that has any.
    pub licence_texts: Vec<LicenceText>,
    /// Whether the manifest declares another licence than those of the texts.
    pub licence_disagrees: bool,
}

impl Project {
    /// What its manifest declares, or else what the texts are.
    pub fn known_licence(&self) -> Option<String> {
        let texts = || {
            let ids: Vec<&str> = self.licence_texts.iter().map(|text| text.id.as_str()).collect();
            (!ids.is_empty()).then(|| ids.join(", "))
        };
        self.licence.clone().or_else(texts)
    }
}

/// How the README of a project's directory opens.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Readme {
    pub path: String,
    pub title: Option<String>,
    pub paragraph: Option<String>,
}

/// A file that holds a known licence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LicenceText {
    /// By SPDX.
    pub id: String,
    pub path: String,
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
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct EntryPoint {
    pub kind: EntryKind,
    pub name: String,
    /// File, module or class, as the manifest writes it.
    pub target: Option<String>,
}

/// What an entry point is.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema,
)]
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
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Script {
    pub name: String,
    pub command: String,
}

/// Something that runs in continuous integration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
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
    BrokenOwners,
    DuplicateTaskId,
    FileTooLarge,
    IncludeNotFound,
    LargeFilePointer,
    ListTruncated,
    ObjectMissing,
    PathTooLong,
    SubmoduleNotFollowed,
    TooDeep,
    WorkspacePattern,
}
