//! Deployments and their statuses.

use super::{People, filled};
use crate::{
    github::model::{Deployment, DeploymentStatus},
    tracker::{
        deployments::{NewDeployment, NewDeploymentStatus},
        error::{Result, TrackerError},
        oid::HexOid,
    },
};

impl TryFrom<&Deployment> for NewDeployment {
    type Error = TrackerError;

    fn try_from(deployment: &Deployment) -> Result<Self> {
        let mut people = People::default();
        Ok(Self {
            github_id: deployment.id,
            node_id: filled(deployment.node_id.as_ref()),
            oid: HexOid::parse("deployment.sha", &deployment.sha)?,
            reference: deployment.reference.clone(),
            environment: deployment.environment.clone(),
            task: filled(deployment.task.as_ref()),
            description: filled(deployment.description.as_ref()),
            creator: people.note(deployment.creator.as_ref()),
            production: deployment.production_environment,
            transient: deployment.transient_environment,
            created_at: deployment.created_at,
            updated_at: deployment.updated_at,
            people: people.0,
        })
    }
}

/// With the deployment's id.
impl From<(&DeploymentStatus, i64)> for NewDeploymentStatus {
    fn from((status, deployment): (&DeploymentStatus, i64)) -> Self {
        let mut people = People::default();
        Self {
            github_id: status.id,
            node_id: filled(status.node_id.as_ref()),
            deployment,
            state: status.state.as_str().to_owned(),
            environment: filled(status.environment.as_ref()),
            environment_url: filled(status.environment_url.as_ref()),
            // The older name of the same.
            log_url: filled(status.log_url.as_ref()).or_else(|| filled(status.target_url.as_ref())),
            description: filled(status.description.as_ref()),
            creator: people.note(status.creator.as_ref()),
            created_at: status.created_at,
            updated_at: status.updated_at,
            people: people.0,
        }
    }
}
