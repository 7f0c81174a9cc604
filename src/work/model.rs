//! Projects, tasks, commits and scans as pages and the API show them, and the filters of lists.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::changes::ChangeCounts;
use crate::repositories::{Oid, RepositoryId, ScanReason};

pub(super) mod details;

pub use details::{
    Contributor, GraphEdge, GraphNode, LastChange, ProjectDetails, ProjectFacts, RepositoryDetails,
    Submodule, SubmoduleUse,
};

crate::id! {
    /// A directory of a repository that has a manifest.
    ProjectId
}

crate::id! {
    /// A checkbox of a task list, a note in a comment, an issue or a pull request.
    TaskId
}

crate::id! {
    /// One reading of a repository.
    ScanId
}

/// How a scan is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, sqlx::Type, ToSchema)]
#[serde(rename_all = "lowercase")]
#[sqlx(type_name = "text", rename_all = "lowercase")]
pub enum ScanState {
    Queued,
    Running,
    Succeeded,
    Failed,
    /// Somebody ended it before it had a result.
    Cancelled,
}

impl ScanState {
    /// Whether nothing more comes of it.
    pub const fn is_over(self) -> bool {
        match self {
            Self::Queued | Self::Running => false,
            Self::Succeeded | Self::Failed | Self::Cancelled => true,
        }
    }

    /// How it ended or stands, in a sentence: "It has …".
    pub(super) const fn in_words(self) -> &'static str {
        match self {
            Self::Queued => "it waits",
            Self::Running => "it runs",
            Self::Succeeded => "it has succeeded",
            Self::Failed => "it has failed",
            Self::Cancelled => "it was cancelled",
        }
    }
}

/// What a running scan is at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, sqlx::Type, ToSchema)]
#[serde(rename_all = "lowercase")]
#[sqlx(type_name = "text", rename_all = "lowercase")]
pub enum Phase {
    Waiting,
    /// `done` counts bytes.
    Fetching,
    /// `done` counts commits.
    History,
    /// `done` counts files.
    Files,
    Saving,
    Finished,
}

impl Phase {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Fetching => "fetching",
            Self::History => "history",
            Self::Files => "files",
            Self::Saving => "saving",
            Self::Finished => "finished",
        }
    }
}

/// One reading of a repository: how far it is, or what it found.
#[derive(Clone, Debug, Serialize)]
pub struct Scan {
    pub id: ScanId,
    pub repository_id: RepositoryId,
    pub repository: String,
    pub state: ScanState,
    pub reason: ScanReason,
    pub phase: Phase,
    /// In the phase's unit.
    pub done: i64,
    /// In the phase's unit, where it is known.
    pub total: Option<i64>,
    pub queued_at: DateTime<Utc>,
    pub started_at: Option<DateTime<Utc>>,
    pub finished_at: Option<DateTime<Utc>>,
    pub branch: Option<String>,
    pub head: Option<Oid>,
    pub error: Option<String>,
    pub found: Option<Found>,
    pub warnings: i64,
    /// While it waits: how many of the organisation's scans come before it.
    pub ahead: Option<i64>,
    /// What became different since the scan before; none where there was no scan before.
    pub changes: Option<ChangeCounts>,
}

/// What a whole scan counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Found {
    pub files: i64,
    pub projects: i64,
    pub tasks: i64,
    pub todos: i64,
    /// Commits that no scan had seen before.
    pub commits: i64,
}

/// Something a scan could not read.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ScanWarning {
    pub code: String,
    pub path: Option<String>,
    pub message: String,
}

/// A directory of a repository that has a manifest.
#[derive(Clone, Debug, Serialize)]
pub struct Project {
    pub id: ProjectId,
    pub repository_id: RepositoryId,
    pub repository: String,
    /// `.` for the root.
    pub path: String,
    pub name: String,
    pub kind: String,
    pub also: Vec<String>,
    pub version: Option<String>,
    pub description: Option<String>,
    pub licence: Option<String>,
    pub manifest: Option<String>,
    pub parent_id: Option<ProjectId>,
    pub workspace_root: bool,
    pub private: bool,
    pub fixture: bool,
    pub open_tasks: i64,
    pub done_tasks: i64,
    pub dependencies: i64,
}

/// Something that a project asks for.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Dependency {
    pub name: String,
    /// `runtime`, `optional`, `build` or `development`.
    pub scope: String,
    pub requirement: String,
    /// The project of the same repository that it means.
    #[schema(value_type = Option<uuid::Uuid>)]
    pub project_id: Option<ProjectId>,
}

/// Lines of one language.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Language {
    pub name: String,
    pub files: i64,
    pub code: i64,
    pub comments: i64,
    pub blanks: i64,
}

/// What a task is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, sqlx::Type, ToSchema)]
#[serde(rename_all = "lowercase")]
#[sqlx(type_name = "text", rename_all = "lowercase")]
pub enum TaskSource {
    /// A box of a task list.
    Tasklist,
    /// A note in a comment.
    Todo,
    /// An issue at GitHub.
    Issue,
    /// A pull request at GitHub.
    Pull,
}

impl TaskSource {
    pub const ALL: [Self; 4] = [Self::Tasklist, Self::Todo, Self::Issue, Self::Pull];

    /// What somebody means to do, as the numbers of open and done tasks count it: a note in a comment
    /// remarks, and a pull request is under way.
    pub const PLANNED: [Self; 2] = [Self::Tasklist, Self::Issue];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Tasklist => "tasklist",
            Self::Todo => "todo",
            Self::Issue => "issue",
            Self::Pull => "pull",
        }
    }
}

/// How a task stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, sqlx::Type, ToSchema)]
#[serde(rename_all = "lowercase")]
#[sqlx(type_name = "text", rename_all = "lowercase")]
pub enum TaskState {
    Open,
    Done,
    /// Its line is no longer in the default branch.
    Removed,
}

impl TaskState {
    pub const ALL: [Self; 3] = [Self::Open, Self::Done, Self::Removed];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Done => "done",
            Self::Removed => "removed",
        }
    }
}

/// What happened to a task in a commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, sqlx::Type, ToSchema)]
#[serde(rename_all = "lowercase")]
#[sqlx(type_name = "text", rename_all = "lowercase")]
pub enum EventKind {
    Created,
    /// To another file, or below another heading.
    Moved,
    Reworded,
    /// Its box was ticked.
    Done,
    Reopened,
    /// Its line was taken away.
    Removed,
    /// Its line was brought back.
    Returned,
}

impl EventKind {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Moved => "moved",
            Self::Reworded => "reworded",
            Self::Done => "done",
            Self::Reopened => "reopened",
            Self::Removed => "removed",
            Self::Returned => "returned",
        }
    }
}

/// The commit that opened or closed a task.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Deed {
    pub commit: Oid,
    pub name: String,
    pub email: String,
    /// When its author wrote it.
    pub at: DateTime<Utc>,
}

impl From<Commit> for Deed {
    fn from(commit: Commit) -> Self {
        Self {
            commit: commit.oid,
            name: commit.author_name,
            email: commit.author_email,
            at: commit.authored_at,
        }
    }
}

/// Something that happened to a task.
#[derive(Clone, Debug, Serialize)]
pub struct TaskEvent {
    pub kind: EventKind,
    pub deed: Deed,
    /// The file, heading or words before, where these changed.
    pub from: Option<String>,
    pub to: Option<String>,
}

/// Where a task stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub enum TaskPlace {
    /// In a file of the repository; lines count from 1.
    File { path: String, line: i32 },
    /// On a page of GitHub, under the number that the repository's issues and pull requests share.
    GitHub { number: i64, url: String },
}

/// A checkbox of a task list, a note in a comment, an issue or a pull request.
#[derive(Clone, Debug, Serialize)]
pub struct Task {
    pub id: TaskId,
    pub repository_id: RepositoryId,
    pub repository: String,
    pub project_id: Option<ProjectId>,
    pub project: Option<String>,
    pub parent_id: Option<TaskId>,
    pub source: TaskSource,
    /// `TASK-API-7`, where the list gives one.
    pub key: Option<String>,
    /// `TODO`, `FIXME`, `HACK` or `XXX`.
    pub marker: Option<String>,
    pub title: String,
    pub state: TaskState,
    pub section: Option<String>,
    /// Whom a note names, or GitHub's login of who opened it.
    pub author: Option<String>,
    pub depth: i32,
    pub attributes: serde_json::Value,
    pub place: TaskPlace,
    /// Lies among test fixtures: material for tests, not the team's work.
    pub fixture: bool,
    /// Whether its line is in the default branch.
    pub present: bool,
    /// None where it is older than what is known of the history, or GitHub's.
    pub opened: Option<Deed>,
    /// What ticked it, or took it away while it was open.
    pub closed: Option<Deed>,
    /// When it was opened, by a commit or at GitHub.
    pub opened_at: Option<DateTime<Utc>>,
    pub closed_at: Option<DateTime<Utc>>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// The other end of a link between tasks that come from GitHub.
#[derive(Clone, Debug, Serialize)]
pub struct LinkedTask {
    pub id: TaskId,
    pub title: String,
    pub state: TaskState,
    pub number: i64,
    /// Whether it is closed by the task at hand; else it closes that one.
    pub closes: bool,
}

/// Which tasks to list.
#[derive(Clone, Debug, Default)]
pub struct TaskFilter {
    pub state: Option<TaskState>,
    /// Those of any of these sources; of all where there is none.
    pub sources: Vec<TaskSource>,
    pub repository: Option<RepositoryId>,
    pub project: Option<ProjectId>,
    /// Part of the title or key, in any case.
    pub text: Option<String>,
    /// Opened before this time.
    pub opened_before: Option<DateTime<Utc>>,
    /// Also those that lie among test fixtures.
    pub with_fixtures: bool,
}

/// Where a list in the order of ids goes on.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct IdKey {
    pub id: uuid::Uuid,
}

/// Where a list of numbered rows goes on.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct OrdinalKey {
    pub ordinal: i32,
}

/// Which projects to list.
#[derive(Clone, Debug, Default)]
pub struct ProjectFilter {
    pub repository: Option<RepositoryId>,
    pub kind: Option<String>,
    pub text: Option<String>,
}

/// Where a list of projects goes on: after this path of this repository.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ProjectKey {
    pub repository: String,
    pub path: String,
}

/// A commit of the default branch.
#[derive(Clone, Debug, Serialize)]
pub struct Commit {
    pub oid: Oid,
    pub repository_id: RepositoryId,
    pub repository: String,
    pub parents: Vec<Oid>,
    pub author_name: String,
    pub author_email: String,
    pub authored_at: DateTime<Utc>,
    pub committer_name: String,
    pub committer_email: String,
    pub committed_at: DateTime<Utc>,
    pub subject: String,
    pub body: String,
    pub files_changed: i64,
    pub insertions: i64,
    pub deletions: i64,
}

/// Which commits to list.
#[derive(Clone, Debug, Default)]
pub struct CommitFilter {
    pub repository: Option<RepositoryId>,
    /// Part of the subject or the author's name, in any case.
    pub text: Option<String>,
}

/// Where a list of commits goes on: before this one.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CommitKey {
    pub committed_at: DateTime<Utc>,
    pub oid: Oid,
    pub repository: RepositoryId,
}
