//! What each family of GitHub's events does to a repository's rows: a file per family.
//!
//! A handler writes in the transaction that it is given and nothing else. It is told of things in any order and
//! more than once; where that leaves a doubt, or where an event says less than is kept, it names in
//! [`Outcome::wanted`] what is to be asked of GitHub afterwards. Of an action that is not known here, what it
//! tells of the object counts all the same.

mod deployments;
mod issues;
mod labels;
mod pulls;
mod references;
mod releases;
mod runs;

use serde::{Deserialize, Serialize};

pub use deployments::{handle_deployment, handle_deployment_status};
pub use issues::{handle_issue_comment, handle_issues};
pub use labels::{handle_label, handle_milestone};
pub use pulls::{
    handle_pull_request, handle_pull_request_review, handle_pull_request_review_comment,
    handle_pull_request_review_thread,
};
pub use references::{handle_create, handle_delete, handle_push};
pub use releases::handle_release;
pub use runs::{handle_check_suite, handle_workflow_run};

use super::{refs::RefKind, word::Applied};

/// What became of an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// Of the object that the event is about.
    pub applied: Applied,
    /// What to ask GitHub for, and to apply as [`super::Word::Fetched`].
    pub wanted: Vec<Wanted>,
}

/// Something that GitHub is to be asked for, by what its API knows it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Wanted {
    Issue { number: i64 },
    Pull { number: i64 },
    PullCommits { number: i64 },
    IssueComment { github_id: i64 },
    ReviewComment { github_id: i64 },
    Review { number: i64, github_id: i64 },
    Label { github_id: i64, name: String },
    Milestone { number: i64 },
    Release { github_id: i64 },
    Deployment { github_id: i64 },
    DeploymentStatus { deployment: i64, github_id: i64 },
    WorkflowRun { github_id: i64 },
    CheckSuite { github_id: i64 },
    Reference { reference: RefKind, name: String },
}

impl Outcome {
    /// Of one object, which is wanted where it is in doubt.
    fn of(applied: Applied, object: Wanted) -> Self {
        Self { applied, wanted: Vec::new() }.and(applied, object)
    }

    /// Of an object that was deleted.
    const fn deleted() -> Self {
        Self { applied: Applied::Written, wanted: Vec::new() }
    }

    /// With what became of another object that the event tells of.
    fn and(mut self, applied: Applied, object: Wanted) -> Self {
        if applied == Applied::Doubtful {
            self.wanted.push(object);
        }
        self
    }

    fn and_want(mut self, object: Wanted) -> Self {
        self.wanted.push(object);
        self
    }
}
