//! `workflow_run` and `check_suite`.

use serde::Deserialize;

use crate::github::model::{Actor, CheckSuite, Repository, WorkflowRun};

words! {
    pub enum WorkflowRunAction {
        Requested = "requested",
        InProgress = "in_progress",
        Completed = "completed",
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct WorkflowRunEvent {
    pub action: WorkflowRunAction,
    pub workflow_run: WorkflowRun,
    pub repository: Repository,
    #[serde(default)]
    pub sender: Option<Actor>,
}

words! {
    pub enum CheckSuiteAction {
        Requested = "requested",
        Rerequested = "rerequested",
        Completed = "completed",
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct CheckSuiteEvent {
    pub action: CheckSuiteAction,
    pub check_suite: CheckSuite,
    pub repository: Repository,
    #[serde(default)]
    pub sender: Option<Actor>,
}
