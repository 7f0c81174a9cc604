//! Tasks as pages and the API show them, and the filter of their list.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Commit, ProjectId};
use crate::repositories::{Oid, RepositoryId};

crate::id! {
    /// A checkbox of a task list, a note in a comment, an issue or a pull request.
    TaskId
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
#[derive(Clone, Debug, Default, PartialEq, Eq)]
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
