//! Where an App is installed, and what it may do there.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{Account, Actor, list, moment_or_none};

words! {
    pub enum RepositorySelection { All = "all", Selected = "selected" }
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct Installation {
    pub id: i64,
    pub account: Option<Account>,
    pub app_id: i64,
    #[serde(default)]
    pub app_slug: Option<String>,
    #[serde(default)]
    pub target_id: Option<i64>,
    #[serde(default)]
    pub target_type: Option<String>,
    #[serde(default)]
    pub repository_selection: Option<RepositorySelection>,
    /// `read`, `write` or `admin` by the name of a permission.
    #[serde(default)]
    pub permissions: BTreeMap<String, String>,
    #[serde(default, deserialize_with = "list")]
    pub events: Vec<String>,
    #[serde(default)]
    pub html_url: Option<String>,
    #[serde(default, deserialize_with = "moment_or_none")]
    pub created_at: Option<DateTime<Utc>>,
    #[serde(default, deserialize_with = "moment_or_none")]
    pub updated_at: Option<DateTime<Utc>>,
    #[serde(default, deserialize_with = "moment_or_none")]
    pub suspended_at: Option<DateTime<Utc>>,
    #[serde(default)]
    pub suspended_by: Option<Actor>,
}
