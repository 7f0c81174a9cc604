//! Releases.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{Actor, moment_or_none};

#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct Release {
    pub id: i64,
    pub tag_name: String,
    #[serde(default)]
    pub target_commitish: Option<String>,
    #[serde(default)]
    pub node_id: Option<String>,
    #[serde(default)]
    pub name: Option<String>,
    #[serde(default)]
    pub body: Option<String>,
    #[serde(default)]
    pub html_url: Option<String>,
    #[serde(default)]
    pub draft: bool,
    #[serde(default)]
    pub prerelease: bool,
    /// None for a deleted account.
    #[serde(default)]
    pub author: Option<Actor>,
    #[serde(default, deserialize_with = "moment_or_none")]
    pub created_at: Option<DateTime<Utc>>,
    /// None while it is a draft.
    #[serde(default, deserialize_with = "moment_or_none")]
    pub published_at: Option<DateTime<Utc>>,
    /// Newer than the rest: not in every answer.
    #[serde(default, deserialize_with = "moment_or_none")]
    pub updated_at: Option<DateTime<Utc>>,
}
