//! `deployment` and `deployment_status`.

use serde::Deserialize;

use crate::github::model::{Actor, Deployment, DeploymentStatus, Repository};

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct DeploymentEvent {
    /// `created`, so far.
    #[serde(default)]
    pub action: Option<String>,
    pub deployment: Deployment,
    pub repository: Repository,
    #[serde(default)]
    pub sender: Option<Actor>,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct DeploymentStatusEvent {
    /// `created`, so far.
    #[serde(default)]
    pub action: Option<String>,
    pub deployment_status: DeploymentStatus,
    pub deployment: Deployment,
    pub repository: Repository,
    #[serde(default)]
    pub sender: Option<Actor>,
}
