//! What GitHub says, as types: one shape for its API and for its webhooks, a file per family.
//!
//! Ids have 64 bits and stay; names are for display. Whoever did something may be gone: actors are
//! options. What GitHub leaves out in one place or another is an option too, and a word that is not
//! known here is kept as text, so that nothing that GitHub adds is an error.

mod actor;
mod comment;
mod commit;
mod deployment;
mod hook;
mod installation;
mod issue;
mod label;
mod list;
mod person;
mod pull_request;
mod release;
mod repository;
mod review;
mod team;
mod time;
mod workflow;

pub use actor::{Account, Actor, ActorKind, Organization};
pub use comment::IssueComment;
pub use commit::{
    BranchHead, Commit, CommitDetail, CommitPerson, Comparison, ComparisonStatus, FileChange,
    Parent,
};
pub use deployment::{Deployment, DeploymentState, DeploymentStatus};
pub use hook::{DeliveryDetail, DeliveryRequest, Hook, HookConfig, HookDelivery, HookResponse};
pub use installation::{Installation, RepositorySelection};
pub use issue::{Issue, IssueState, PullRequestMark, StateReason};
pub use label::{Label, Milestone};
pub use person::{App, EmailAddress, GitHubUser, Membership, MembershipRole, MembershipState};
pub use pull_request::{Branch, PullRequest};
pub use release::Release;
pub use repository::{Repository, RepositoryReference, Visibility};
pub use review::{Review, ReviewComment, ReviewState};
pub use team::{Team, TeamReference};
pub use workflow::{CheckSuite, RunConclusion, RunStatus, WorkflowRun};

use actor::{actor_or_none, actors};
pub(super) use list::list;
pub(super) use time::{moment, moment_or_none};
