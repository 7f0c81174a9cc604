//! Labels and milestones, by which issues and pull requests are sorted.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{Actor, IssueState, moment_or_none};

#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct Label {
    pub id: i64,
    pub name: String,
    /// Six hexadecimal digits without a number sign.
    #[serde(default)]
    pub color: Option<String>,
    #[serde(default)]
    pub description: Option<String>,
    #[serde(default)]
    pub node_id: Option<String>,
    #[serde(default)]
    pub default: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct Milestone {
    pub id: i64,
    pub number: i64,
    pub title: String,
    pub state: IssueState,
    #[serde(default)]
    pub node_id: Option<String>,
    #[serde(default)]
    pub description: Option<String>,
    #[serde(default)]
    pub creator: Option<Actor>,
    #[serde(default)]
    pub html_url: Option<String>,
    #[serde(default)]
    pub open_issues: i64,
    #[serde(default)]
    pub closed_issues: i64,
    #[serde(default, deserialize_with = "moment_or_none")]
    pub due_on: Option<DateTime<Utc>>,
    #[serde(default, deserialize_with = "moment_or_none")]
    pub closed_at: Option<DateTime<Utc>>,
    #[serde(default, deserialize_with = "moment_or_none")]
    pub created_at: Option<DateTime<Utc>>,
    #[serde(default, deserialize_with = "moment_or_none")]
    pub updated_at: Option<DateTime<Utc>>,
}
