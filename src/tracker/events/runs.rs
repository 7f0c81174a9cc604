//! `workflow_run` and `check_suite`.

use super::{Outcome, Wanted};
use crate::{
    github::event::{CheckSuiteEvent, WorkflowRunEvent},
    repositories::RepositoryId,
    tenancy::TenantTx,
    tracker::{
        checks::{NewCheckSuite, apply_check_suite},
        error::Result,
        runs::{NewRun, apply_run},
        word::Word,
    },
};

/// A run of a workflow was asked for, began or ended.
pub async fn handle_workflow_run(
    tx: &mut TenantTx,
    repository: RepositoryId,
    event: &WorkflowRunEvent,
) -> Result<Outcome> {
    let run = NewRun::try_from(&event.workflow_run)?;
    let applied = apply_run(tx, repository, &run, Word::Heard).await?;
    Ok(Outcome::of(applied, Wanted::WorkflowRun { github_id: run.github_id }))
}

/// A suite of checks was asked for, or ended.
pub async fn handle_check_suite(
    tx: &mut TenantTx,
    repository: RepositoryId,
    event: &CheckSuiteEvent,
) -> Result<Outcome> {
    let suite = NewCheckSuite::try_from(&event.check_suite)?;
    let applied = apply_check_suite(tx, repository, &suite, Word::Heard).await?;
    Ok(Outcome::of(applied, Wanted::CheckSuite { github_id: suite.github_id }))
}
