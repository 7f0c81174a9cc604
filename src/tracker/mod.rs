//! GitHub's issues, pull requests, releases, deployments and what belongs to them, as rows of a tenant.
//!
//! Whoever hears from GitHub calls this: handlers of webhooks with an event (`handle_…`), imports and
//! reconciliation with many objects (`apply_…`). It is entered with the transaction that is to hold the effect,
//! the repository, and the event or `New…` structs, which are made of GitHub's types by `From`, and answers by
//! [`Applied`] what became of it. Nothing here calls GitHub: where the answer is [`Applied::Doubtful`], the
//! caller has the object fetched, and applies that as [`Word::Fetched`].
//!
//! Invariant: what rows say depends on what was heard, not on its order nor on how often. Of each object the
//! newest word counts, by GitHub's own time; what was deleted stays so (`tombstones`). An issue and a pull
//! request have their task (`work`) in the same transaction. Per repository, one transaction writes at a time.
//!
//! ```text
//! word          which of two words counts              (rules)
//! apply         one or many words of any family        lock → people → what is known → judge → write
//! issues, …     a family: what is kept, and what follows from a change of it
//! tasks         issues and pull requests as tasks; which pull request closes which issue
//! refs          branches and tags, and where they stand
//! told/         GitHub's types as words
//! events/       what a webhook does, a file per family; what it leaves to be asked of GitHub
//! store/        the SQL, a file per family
//! ```

mod apply;
mod checks;
mod closing;
mod comments;
mod contributors;
mod deletion;
mod deployments;
mod error;
mod events;
mod issues;
mod labels;
mod milestones;
mod oid;
mod pull_commits;
mod pulls;
mod refs;
mod releases;
mod reviews;
mod runs;
mod store;
mod tasks;
mod told;
mod word;

pub use checks::{NewCheckSuite, apply_check_suite, apply_check_suites};
pub use comments::{
    NewComment, NewReviewComment, apply_comment, apply_comments, apply_review_comment,
    apply_review_comments,
};
pub use contributors::{Person, link_accounts};
pub use deletion::{Deleted, delete};
pub use deployments::{
    NewDeployment, NewDeploymentStatus, apply_deployment, apply_deployment_status,
    apply_deployment_statuses, apply_deployments,
};
pub use error::{Result, TrackerError};
pub use events::{
    Outcome, Wanted, handle_check_suite, handle_create, handle_delete, handle_deployment,
    handle_deployment_status, handle_issue_comment, handle_issues, handle_label, handle_milestone,
    handle_pull_request, handle_pull_request_review, handle_pull_request_review_comment,
    handle_pull_request_review_thread, handle_push, handle_release, handle_workflow_run,
};
pub use issues::{NewIssue, apply_issue, apply_issues};
pub use labels::{NewLabel, apply_label, apply_labels};
pub use milestones::{NewMilestone, apply_milestone, apply_milestones};
pub use oid::HexOid;
pub use pull_commits::{NewPullCommit, replace_pull_commits};
pub use pulls::{NewPull, PullCounts, apply_pull, apply_pulls, count_pulls};
pub use refs::{
    NewRef, Push, RefKind, apply_deletion, apply_push, put_refs, remove_ref, replace_refs,
};
pub use releases::{NewRelease, apply_release, apply_releases};
pub use reviews::{NewReview, apply_review, apply_reviews};
pub use runs::{NewRun, apply_run, apply_runs};
pub use store::{OpenObject, list_open_issues, list_open_pulls};
pub use word::{Applied, Kind, Word};
