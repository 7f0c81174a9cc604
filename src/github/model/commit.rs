//! Commits as the API gives them, and what lies between two of them.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{Actor, actor_or_none, list, moment_or_none};

#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct Commit {
    pub sha: String,
    pub commit: CommitDetail,
    #[serde(default)]
    pub node_id: Option<String>,
    #[serde(default)]
    pub html_url: Option<String>,
    /// The account behind the author's address, where GitHub knows one.
    #[serde(default, deserialize_with = "actor_or_none")]
    pub author: Option<Actor>,
    #[serde(default, deserialize_with = "actor_or_none")]
    pub committer: Option<Actor>,
    #[serde(default, deserialize_with = "list")]
    pub parents: Vec<Parent>,
}

/// What git itself holds of a commit.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct CommitDetail {
    pub message: String,
    #[serde(default)]
    pub author: Option<CommitPerson>,
    #[serde(default)]
    pub committer: Option<CommitPerson>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
pub struct CommitPerson {
    #[serde(default)]
    pub name: Option<String>,
    #[serde(default)]
    pub email: Option<String>,
    #[serde(default, deserialize_with = "moment_or_none")]
    pub date: Option<DateTime<Utc>>,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct Parent {
    pub sha: String,
}

/// A branch and the commit that it is at.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct BranchHead {
    pub name: String,
    pub commit: Parent,
    #[serde(default)]
    pub protected: bool,
}

words! {
    pub enum ComparisonStatus {
        Ahead = "ahead",
        Behind = "behind",
        Diverged = "diverged",
        Identical = "identical",
    }
}

/// What lies between two commits; `commits` holds one page of them.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct Comparison {
    pub status: ComparisonStatus,
    pub ahead_by: i64,
    pub behind_by: i64,
    pub total_commits: i64,
    pub merge_base_commit: Commit,
    pub commits: Vec<Commit>,
    /// 300 at most, with the first page alone.
    #[serde(default, deserialize_with = "list")]
    pub files: Vec<FileChange>,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct FileChange {
    pub filename: String,
    #[serde(default)]
    pub previous_filename: Option<String>,
    pub status: String,
    #[serde(default)]
    pub additions: i64,
    #[serde(default)]
    pub deletions: i64,
}
