//! `deployment` and `deployment_status`.

use super::{Outcome, Wanted};
use crate::{
    github::{
        event::{DeploymentEvent, DeploymentStatusEvent},
        model::Deployment,
    },
    repositories::RepositoryId,
    tenancy::TenantTx,
    tracker::{
        deployments::{
            NewDeployment, NewDeploymentStatus, apply_deployment, apply_deployment_status,
        },
        error::Result,
        word::{Applied, Word},
    },
};

/// A deployment was asked for.
pub async fn handle_deployment(
    tx: &mut TenantTx,
    repository: RepositoryId,
    event: &DeploymentEvent,
) -> Result<Outcome> {
    let github_id = event.deployment.id;
    let applied = apply(tx, repository, &event.deployment).await?;
    Ok(Outcome::of(applied, Wanted::Deployment { github_id }))
}

/// A deployment has come a step further.
pub async fn handle_deployment_status(
    tx: &mut TenantTx,
    repository: RepositoryId,
    event: &DeploymentStatusEvent,
) -> Result<Outcome> {
    let deployment = event.deployment.id;
    let around = apply(tx, repository, &event.deployment).await?;
    let status = NewDeploymentStatus::from((&event.deployment_status, deployment));
    let applied = apply_deployment_status(tx, repository, &status, Word::Heard).await?;
    let github_id = status.github_id;
    let outcome = Outcome::of(applied, Wanted::DeploymentStatus { deployment, github_id });
    Ok(outcome.and(around, Wanted::Deployment { github_id: deployment }))
}

async fn apply(
    tx: &mut TenantTx,
    repository: RepositoryId,
    deployment: &Deployment,
) -> Result<Applied> {
    apply_deployment(tx, repository, &NewDeployment::try_from(deployment)?, Word::Heard).await
}
