//! Runs of workflows and suites of checks.

use super::{People, filled};
use crate::{
    github::model::{CheckSuite, RunConclusion, RunStatus, WorkflowRun},
    tracker::{
        checks::NewCheckSuite,
        error::{Result, TrackerError},
        oid::HexOid,
        runs::NewRun,
    },
};

impl TryFrom<&WorkflowRun> for NewRun {
    type Error = TrackerError;

    fn try_from(run: &WorkflowRun) -> Result<Self> {
        let mut people = People::default();
        Ok(Self {
            github_id: run.id,
            node_id: filled(run.node_id.as_ref()),
            workflow: run.workflow_id,
            name: filled(run.name.as_ref()),
            title: filled(run.display_title.as_ref()),
            path: filled(run.path.as_ref()),
            event: run.event.clone(),
            branch: filled(run.head_branch.as_ref()),
            oid: HexOid::parse("workflow_run.head_sha", &run.head_sha)?,
            number: run.run_number,
            attempt: run.run_attempt.unwrap_or(1),
            status: run.status.as_ref().map(RunStatus::as_str).map(str::to_owned),
            conclusion: run.conclusion.as_ref().map(RunConclusion::as_str).map(str::to_owned),
            check_suite: run.check_suite_id,
            url: filled(run.html_url.as_ref()),
            actor: people.note(run.triggering_actor.as_ref().or(run.actor.as_ref())),
            started_at: run.run_started_at,
            created_at: run.created_at,
            updated_at: run.updated_at,
            people: people.0,
        })
    }
}

impl TryFrom<&CheckSuite> for NewCheckSuite {
    type Error = TrackerError;

    fn try_from(suite: &CheckSuite) -> Result<Self> {
        Ok(Self {
            github_id: suite.id,
            node_id: filled(suite.node_id.as_ref()),
            branch: filled(suite.head_branch.as_ref()),
            oid: HexOid::parse("check_suite.head_sha", &suite.head_sha)?,
            status: suite.status.as_ref().map(RunStatus::as_str).map(str::to_owned),
            conclusion: suite.conclusion.as_ref().map(RunConclusion::as_str).map(str::to_owned),
            created_at: suite.created_at,
            updated_at: suite.updated_at,
        })
    }
}
