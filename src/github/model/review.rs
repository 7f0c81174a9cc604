//! Reviews of pull requests and the comments on their lines.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{Actor, moment, moment_or_none};

words! {
    pub enum ReviewState {
        Approved = "approved",
        ChangesRequested = "changes_requested",
        Commented = "commented",
        Dismissed = "dismissed",
        /// Written and not sent yet.
        Pending = "pending",
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct Review {
    pub id: i64,
    pub state: ReviewState,
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
    pub commit_id: Option<String>,
    /// None while it is pending.
    #[serde(default, deserialize_with = "moment_or_none")]
    pub submitted_at: Option<DateTime<Utc>>,
    /// In webhooks alone, and not in all.
    #[serde(default, deserialize_with = "moment_or_none")]
    pub updated_at: Option<DateTime<Utc>>,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct ReviewComment {
    pub id: i64,
    #[serde(deserialize_with = "moment")]
    pub created_at: DateTime<Utc>,
    #[serde(deserialize_with = "moment")]
    pub updated_at: DateTime<Utc>,
    #[serde(default)]
    pub pull_request_review_id: Option<i64>,
    #[serde(default)]
    pub in_reply_to_id: Option<i64>,
    #[serde(default)]
    pub node_id: Option<String>,
    #[serde(default)]
    pub body: Option<String>,
    #[serde(default)]
    pub html_url: Option<String>,
    #[serde(default)]
    pub user: Option<Actor>,
    #[serde(default)]
    pub path: Option<String>,
    /// None for a comment on a whole file or on lines that are gone.
    #[serde(default)]
    pub line: Option<i64>,
    #[serde(default)]
    pub commit_id: Option<String>,
    /// The API's address of the pull request, which ends in its number.
    #[serde(default)]
    pub pull_request_url: Option<String>,
}
