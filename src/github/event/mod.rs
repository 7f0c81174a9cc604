//! A webhook's payload, read: which family it is of and what happened.
//!
//! [`Envelope`] is what every payload has around its subject and is cheap to read; [`Event`] is the
//! whole of it. An event or an action that is not known here is kept by its name and never an error;
//! a payload of a known family that lacks what the family always has is [`Undigestible`].

mod check_suite;
mod deployment;
mod envelope;
mod installation;
mod issues;
mod organization;
mod pull_request;
mod push;
mod references;
mod release;
mod repository;
mod undigestible;
mod unknown;

#[cfg(test)]
mod tests;

pub use check_suite::{CheckSuiteAction, CheckSuiteEvent, WorkflowRunAction, WorkflowRunEvent};
pub use deployment::{DeploymentEvent, DeploymentStatusEvent};
pub use envelope::{Envelope, Reference};
pub use installation::{
    GitHubAppAuthorizationEvent, InstallationAction, InstallationEvent,
    InstallationRepositoriesAction, InstallationRepositoriesEvent, Ping,
};
pub use issues::{
    CommentAction, IssueChanges, IssueCommentEvent, IssuesAction, IssuesEvent, LabelAction,
    LabelChanges, LabelEvent, MilestoneAction, MilestoneEvent,
};
pub use organization::{
    MemberAction, MemberEvent, MembershipAction, MembershipEvent, OrganizationAction,
    OrganizationChanges, OrganizationEvent, OrganizationMembership, TeamAction, TeamEvent,
};
pub use pull_request::{
    PullRequestAction, PullRequestChanges, PullRequestEvent, PullRequestReviewAction,
    PullRequestReviewCommentEvent, PullRequestReviewEvent, PullRequestReviewThreadEvent,
    ReviewThread, ThreadAction,
};
pub use push::{Push, PushCommit, PushPerson};
pub use references::{Creation, Deletion, ReferenceKind};
pub use release::{ReleaseAction, ReleaseEvent};
pub use repository::{
    PreviousOwner, RenamedRepository, RepositoryAction, RepositoryChanges, RepositoryEvent,
};
pub use undigestible::Undigestible;

use serde::Deserialize;
use undigestible::read;

/// What was there before a change.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Before<T> {
    pub from: T,
}

/// What GitHub tells of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    Push(Box<Push>),
    PullRequest(Box<PullRequestEvent>),
    PullRequestReview(Box<PullRequestReviewEvent>),
    PullRequestReviewComment(Box<PullRequestReviewCommentEvent>),
    PullRequestReviewThread(Box<PullRequestReviewThreadEvent>),
    Issues(Box<IssuesEvent>),
    IssueComment(Box<IssueCommentEvent>),
    Release(Box<ReleaseEvent>),
    Create(Box<Creation>),
    Delete(Box<Deletion>),
    Deployment(Box<DeploymentEvent>),
    DeploymentStatus(Box<DeploymentStatusEvent>),
    WorkflowRun(Box<WorkflowRunEvent>),
    CheckSuite(Box<CheckSuiteEvent>),
    Repository(Box<RepositoryEvent>),
    Label(Box<LabelEvent>),
    Milestone(Box<MilestoneEvent>),
    Member(Box<MemberEvent>),
    Membership(Box<MembershipEvent>),
    Organization(Box<OrganizationEvent>),
    Team(Box<TeamEvent>),
    Installation(Box<InstallationEvent>),
    InstallationRepositories(Box<InstallationRepositoriesEvent>),
    GitHubAppAuthorization(Box<GitHubAppAuthorizationEvent>),
    Ping(Box<Ping>),
    /// Of a family that is not known here.
    Other {
        name: String,
        action: Option<String>,
    },
}

impl Event {
    /// The names of all families that are known here, as `X-GitHub-Event` has them.
    pub const NAMES: [&'static str; 25] = [
        "push",
        "pull_request",
        "pull_request_review",
        "pull_request_review_comment",
        "pull_request_review_thread",
        "issues",
        "issue_comment",
        "release",
        "create",
        "delete",
        "deployment",
        "deployment_status",
        "workflow_run",
        "check_suite",
        "repository",
        "label",
        "milestone",
        "member",
        "membership",
        "organization",
        "team",
        "installation",
        "installation_repositories",
        "github_app_authorization",
        "ping",
    ];

    /// From the name in `X-GitHub-Event` and the JSON of the payload.
    pub fn parse(name: &str, payload: &[u8]) -> Result<Self, Undigestible> {
        Ok(match name {
            "push" => Self::Push(read(payload)?),
            "pull_request" => Self::PullRequest(read(payload)?),
            "pull_request_review" => Self::PullRequestReview(read(payload)?),
            "pull_request_review_comment" => Self::PullRequestReviewComment(read(payload)?),
            "pull_request_review_thread" => Self::PullRequestReviewThread(read(payload)?),
            "issues" => Self::Issues(read(payload)?),
            "issue_comment" => Self::IssueComment(read(payload)?),
            "release" => Self::Release(read(payload)?),
            "create" => Self::Create(read(payload)?),
            "delete" => Self::Delete(read(payload)?),
            "deployment" => Self::Deployment(read(payload)?),
            "deployment_status" => Self::DeploymentStatus(read(payload)?),
            "workflow_run" => Self::WorkflowRun(read(payload)?),
            "check_suite" => Self::CheckSuite(read(payload)?),
            "repository" => Self::Repository(read(payload)?),
            "label" => Self::Label(read(payload)?),
            "milestone" => Self::Milestone(read(payload)?),
            "member" => Self::Member(read(payload)?),
            "membership" => Self::Membership(read(payload)?),
            "organization" => Self::Organization(read(payload)?),
            "team" => Self::Team(read(payload)?),
            "installation" => Self::Installation(read(payload)?),
            "installation_repositories" => Self::InstallationRepositories(read(payload)?),
            "github_app_authorization" => Self::GitHubAppAuthorization(read(payload)?),
            "ping" => Self::Ping(read(payload)?),
            _ => Self::Other { name: name.to_owned(), action: unknown::action(payload)? },
        })
    }
}
