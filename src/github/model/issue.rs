//! Issues, among which GitHub's API counts pull requests.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{Actor, Label, Milestone, list, moment, moment_or_none};

words! {
    pub enum IssueState { Open = "open", Closed = "closed" }
}

words! {
    pub enum StateReason {
        Completed = "completed",
        NotPlanned = "not_planned",
        Duplicate = "duplicate",
        Reopened = "reopened",
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct Issue {
    pub id: i64,
    pub number: i64,
    pub title: String,
    #[serde(deserialize_with = "moment")]
    pub created_at: DateTime<Utc>,
    #[serde(deserialize_with = "moment")]
    pub updated_at: DateTime<Utc>,
    /// Some old payloads have none.
    #[serde(default)]
    pub state: Option<IssueState>,
    #[serde(default)]
    pub state_reason: Option<StateReason>,
    #[serde(default)]
    pub node_id: Option<String>,
    #[serde(default)]
    pub body: Option<String>,
    #[serde(default)]
    pub html_url: Option<String>,
    /// None for a deleted account.
    #[serde(default)]
    pub user: Option<Actor>,
    #[serde(default, deserialize_with = "list")]
    pub labels: Vec<Label>,
    #[serde(default, deserialize_with = "list")]
    pub assignees: Vec<Actor>,
    #[serde(default)]
    pub milestone: Option<Milestone>,
    #[serde(default)]
    pub locked: bool,
    #[serde(default)]
    pub comments: i64,
    #[serde(default, deserialize_with = "moment_or_none")]
    pub closed_at: Option<DateTime<Utc>>,
    #[serde(default)]
    pub closed_by: Option<Actor>,
    /// There where the issue is a pull request.
    #[serde(default)]
    pub pull_request: Option<PullRequestMark>,
}

/// What marks an issue as a pull request.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct PullRequestMark {
    #[serde(default)]
    pub html_url: Option<String>,
    #[serde(default, deserialize_with = "moment_or_none")]
    pub merged_at: Option<DateTime<Utc>>,
}

impl Issue {
    pub fn is_open(&self) -> bool {
        self.state != Some(IssueState::Closed)
    }

    pub fn is_pull_request(&self) -> bool {
        self.pull_request.is_some()
    }
}
