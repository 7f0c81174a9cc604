//! `pull_request` and what belongs to its reviews.

use serde::Deserialize;

use super::{Before, CommentAction};
use crate::github::model::{
    Actor, Label, Milestone, PullRequest, Repository, Review, ReviewComment, TeamReference, list,
};

words! {
    pub enum PullRequestAction {
        Opened = "opened",
        Edited = "edited",
        Closed = "closed",
        Reopened = "reopened",
        Synchronize = "synchronize",
        ConvertedToDraft = "converted_to_draft",
        ReadyForReview = "ready_for_review",
        Assigned = "assigned",
        Unassigned = "unassigned",
        Labeled = "labeled",
        Unlabeled = "unlabeled",
        Milestoned = "milestoned",
        Demilestoned = "demilestoned",
        Locked = "locked",
        Unlocked = "unlocked",
        ReviewRequested = "review_requested",
        ReviewRequestRemoved = "review_request_removed",
        AutoMergeEnabled = "auto_merge_enabled",
        AutoMergeDisabled = "auto_merge_disabled",
        Enqueued = "enqueued",
        Dequeued = "dequeued",
        Stacked = "stacked",
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct PullRequestEvent {
    pub action: PullRequestAction,
    pub pull_request: PullRequest,
    pub repository: Repository,
    #[serde(default)]
    pub label: Option<Label>,
    #[serde(default)]
    pub milestone: Option<Milestone>,
    #[serde(default)]
    pub assignee: Option<Actor>,
    #[serde(default)]
    pub requested_reviewer: Option<Actor>,
    #[serde(default)]
    pub requested_team: Option<TeamReference>,
    /// Of a synchronisation: the head before and after.
    #[serde(default)]
    pub before: Option<String>,
    #[serde(default)]
    pub after: Option<String>,
    #[serde(default)]
    pub changes: Option<PullRequestChanges>,
    #[serde(default)]
    pub sender: Option<Actor>,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct PullRequestChanges {
    #[serde(default)]
    pub title: Option<Before<String>>,
    #[serde(default)]
    pub body: Option<Before<Option<String>>>,
}

words! {
    pub enum PullRequestReviewAction {
        Submitted = "submitted",
        Edited = "edited",
        Dismissed = "dismissed",
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct PullRequestReviewEvent {
    pub action: PullRequestReviewAction,
    pub review: Review,
    pub pull_request: PullRequest,
    pub repository: Repository,
    #[serde(default)]
    pub sender: Option<Actor>,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct PullRequestReviewCommentEvent {
    pub action: CommentAction,
    pub comment: ReviewComment,
    pub pull_request: PullRequest,
    pub repository: Repository,
    #[serde(default)]
    pub sender: Option<Actor>,
}

words! {
    pub enum ThreadAction { Resolved = "resolved", Unresolved = "unresolved" }
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct PullRequestReviewThreadEvent {
    pub action: ThreadAction,
    pub thread: ReviewThread,
    pub pull_request: PullRequest,
    pub repository: Repository,
    #[serde(default)]
    pub sender: Option<Actor>,
}

/// A conversation about lines, which has no number but its node id.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct ReviewThread {
    pub node_id: String,
    #[serde(default, deserialize_with = "list")]
    pub comments: Vec<ReviewComment>,
}
