//! Releases, deployments and runs of workflows: each list comes newest first.

use chrono::{DateTime, SecondsFormat, Utc};

use super::Cursor;
use crate::github::{
    FullName,
    model::{Deployment, DeploymentStatus, Release, WorkflowRun},
};

impl Cursor<Release> {
    pub fn releases(of: &FullName) -> Self {
        Self::to(format!("/repos/{of}/releases?per_page=100"))
    }
}

impl Cursor<Deployment> {
    pub fn deployments(of: &FullName) -> Self {
        Self::to(format!("/repos/{of}/deployments?per_page=100"))
    }
}

impl Cursor<DeploymentStatus> {
    pub fn deployment_statuses(of: &FullName, deployment: i64) -> Self {
        Self::to(format!("/repos/{of}/deployments/{deployment}/statuses?per_page=100"))
    }
}

impl Cursor<WorkflowRun> {
    /// Those made since some time; GitHub lists a thousand at most where it is asked so.
    pub fn workflow_runs(of: &FullName, since: Option<DateTime<Utc>>) -> Self {
        let since = since.map(|since| since.to_rfc3339_opts(SecondsFormat::Secs, true));
        let since = since.map(|since| format!("&created=%3E%3D{since}")).unwrap_or_default();
        Self::to(format!("/repos/{of}/actions/runs?per_page=100{since}"))
    }
}
