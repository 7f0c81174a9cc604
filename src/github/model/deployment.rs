//! Deployments and what became of them.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{Actor, moment};

#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct Deployment {
    pub id: i64,
    pub sha: String,
    #[serde(rename = "ref")]
    pub reference: String,
    pub environment: String,
    #[serde(deserialize_with = "moment")]
    pub created_at: DateTime<Utc>,
    #[serde(deserialize_with = "moment")]
    pub updated_at: DateTime<Utc>,
    #[serde(default)]
    pub node_id: Option<String>,
    #[serde(default)]
    pub task: Option<String>,
    #[serde(default)]
    pub description: Option<String>,
    #[serde(default)]
    pub creator: Option<Actor>,
    #[serde(default)]
    pub production_environment: Option<bool>,
    #[serde(default)]
    pub transient_environment: Option<bool>,
}

words! {
    pub enum DeploymentState {
        Error = "error",
        Failure = "failure",
        Inactive = "inactive",
        InProgress = "in_progress",
        Queued = "queued",
        Pending = "pending",
        Success = "success",
        Waiting = "waiting",
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct DeploymentStatus {
    pub id: i64,
    pub state: DeploymentState,
    #[serde(deserialize_with = "moment")]
    pub created_at: DateTime<Utc>,
    #[serde(deserialize_with = "moment")]
    pub updated_at: DateTime<Utc>,
    #[serde(default)]
    pub node_id: Option<String>,
    #[serde(default)]
    pub description: Option<String>,
    #[serde(default)]
    pub environment: Option<String>,
    #[serde(default)]
    pub environment_url: Option<String>,
    #[serde(default)]
    pub target_url: Option<String>,
    #[serde(default)]
    pub log_url: Option<String>,
    #[serde(default)]
    pub creator: Option<Actor>,
}
