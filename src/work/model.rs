//! Projects, commits and scans as pages and the API show them, and the filters of lists.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::changes::ChangeCounts;
use crate::repositories::{Oid, RepositoryId, ScanReason};

pub(super) mod details;
mod tasks;

pub use details::{
    Contributor, GraphEdge, GraphNode, LastChange, ProjectDetails, ProjectFacts, RepositoryDetails,
    Submodule, SubmoduleUse,
};
pub use tasks::{
    Deed, EventKind, LinkedTask, Task, TaskEvent, TaskFilter, TaskId, TaskPlace, TaskSource,
    TaskState,
};

crate::id! {
    /// A directory of a repository that has a manifest.
    ProjectId
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
