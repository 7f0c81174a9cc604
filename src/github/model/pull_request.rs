//! Pull requests.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{
    Actor, IssueState, Label, Milestone, Repository, TeamReference, actors, list, moment,
    moment_or_none,
};

/// A pull request. Lists leave out the counts and whether it is merged: see [`Self::is_merged`].
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct PullRequest {
    pub id: i64,
    pub number: i64,
    pub title: String,
    pub state: IssueState,
    pub head: Branch,
    pub base: Branch,
    #[serde(deserialize_with = "moment")]
    pub created_at: DateTime<Utc>,
    #[serde(deserialize_with = "moment")]
    pub updated_at: DateTime<Utc>,
    #[serde(default)]
    pub node_id: Option<String>,
    #[serde(default)]
    pub body: Option<String>,
    #[serde(default)]
    pub html_url: Option<String>,
    /// None for a deleted account.
    #[serde(default)]
    pub user: Option<Actor>,
    #[serde(default)]
    pub draft: bool,
    #[serde(default)]
    pub locked: bool,
    #[serde(default)]
    pub merged: Option<bool>,
    #[serde(default, deserialize_with = "moment_or_none")]
    pub merged_at: Option<DateTime<Utc>>,
    #[serde(default)]
    pub merged_by: Option<Actor>,
    #[serde(default)]
    pub merge_commit_sha: Option<String>,
    #[serde(default, deserialize_with = "moment_or_none")]
    pub closed_at: Option<DateTime<Utc>>,
    #[serde(default, deserialize_with = "list")]
    pub labels: Vec<Label>,
    #[serde(default, deserialize_with = "list")]
    pub assignees: Vec<Actor>,
    /// Without teams, which are below.
    #[serde(default, deserialize_with = "actors")]
    pub requested_reviewers: Vec<Actor>,
    #[serde(default, deserialize_with = "list")]
    pub requested_teams: Vec<TeamReference>,
    #[serde(default)]
    pub milestone: Option<Milestone>,
    #[serde(default)]
    pub comments: Option<i64>,
    #[serde(default)]
    pub review_comments: Option<i64>,
    #[serde(default)]
    pub commits: Option<i64>,
    #[serde(default)]
    pub additions: Option<i64>,
    #[serde(default)]
    pub deletions: Option<i64>,
    #[serde(default)]
    pub changed_files: Option<i64>,
}

/// One side of a pull request.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct Branch {
    #[serde(rename = "ref")]
    pub name: String,
    pub sha: String,
    /// None where the fork is gone.
    #[serde(default)]
    pub repo: Option<Repository>,
    #[serde(default)]
    pub user: Option<Actor>,
}

impl PullRequest {
    pub fn is_merged(&self) -> bool {
        self.merged_at.is_some() || self.merged == Some(true)
    }

    pub fn is_open(&self) -> bool {
        self.state == IssueState::Open
    }
}
