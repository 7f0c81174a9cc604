//! Repositories, whole and as a reference.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{Actor, list, moment_or_none};

words! {
    pub enum Visibility { Public = "public", Private = "private", Internal = "internal" }
}

/// A repository. The id is what stays when it is renamed or transferred.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[expect(clippy::struct_excessive_bools, reason = "they are GitHub's")]
pub struct Repository {
    pub id: i64,
    pub name: String,
    /// `owner/name`.
    pub full_name: String,
    pub private: bool,
    #[serde(default)]
    pub node_id: Option<String>,
    #[serde(default)]
    pub owner: Option<Actor>,
    #[serde(default)]
    pub visibility: Option<Visibility>,
    #[serde(default)]
    pub description: Option<String>,
    #[serde(default)]
    pub html_url: Option<String>,
    #[serde(default)]
    pub clone_url: Option<String>,
    #[serde(default)]
    pub default_branch: Option<String>,
    #[serde(default)]
    pub language: Option<String>,
    #[serde(default)]
    pub fork: bool,
    #[serde(default)]
    pub archived: bool,
    #[serde(default)]
    pub disabled: bool,
    #[serde(default, deserialize_with = "list")]
    pub topics: Vec<String>,
    /// False where issues are switched off.
    #[serde(default)]
    pub has_issues: Option<bool>,
    #[serde(default)]
    pub stargazers_count: Option<i64>,
    #[serde(default)]
    pub open_issues_count: Option<i64>,
    #[serde(default, deserialize_with = "moment_or_none")]
    pub created_at: Option<DateTime<Utc>>,
    #[serde(default, deserialize_with = "moment_or_none")]
    pub updated_at: Option<DateTime<Utc>>,
    #[serde(default, deserialize_with = "moment_or_none")]
    pub pushed_at: Option<DateTime<Utc>>,
}

/// A repository where little is said of it: in installations and inside other things.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct RepositoryReference {
    pub id: i64,
    #[serde(default)]
    pub node_id: Option<String>,
    #[serde(default)]
    pub name: Option<String>,
    #[serde(default)]
    pub full_name: Option<String>,
    #[serde(default)]
    pub private: Option<bool>,
}

impl Repository {
    /// `public`, `private` or `internal`.
    pub fn visibility_word(&self) -> &'static str {
        match (&self.visibility, self.private) {
            (Some(Visibility::Internal), _) => "internal",
            (Some(Visibility::Private), _) | (_, true) => "private",
            (Some(Visibility::Public | Visibility::Other(_)) | None, false) => "public",
        }
    }

    /// Whether not everybody on the internet may see it.
    pub fn is_hidden(&self) -> bool {
        self.private || matches!(self.visibility, Some(Visibility::Private | Visibility::Internal))
    }
}
