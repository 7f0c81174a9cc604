//! Comments on issues and on pull requests as a whole.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{Actor, moment};

#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct IssueComment {
    pub id: i64,
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
    /// The API's address of the issue, which ends in its number.
    #[serde(default)]
    pub issue_url: Option<String>,
    /// None for a deleted account.
    #[serde(default)]
    pub user: Option<Actor>,
    #[serde(default)]
    pub author_association: Option<String>,
}

impl IssueComment {
    /// The number of the issue that it stands under: lists of a whole repository say it so alone.
    pub fn issue_number(&self) -> Option<i64> {
        self.issue_url.as_deref()?.rsplit('/').next()?.parse().ok()
    }
}
