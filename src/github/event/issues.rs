//! `issues`, `issue_comment`, `label` and `milestone`.

use serde::Deserialize;

use super::Before;
use crate::github::model::{Actor, Issue, IssueComment, Label, Milestone, Repository};

words! {
    pub enum IssuesAction {
        Opened = "opened",
        Edited = "edited",
        Deleted = "deleted",
        Transferred = "transferred",
        Closed = "closed",
        Reopened = "reopened",
        Assigned = "assigned",
        Unassigned = "unassigned",
        Labeled = "labeled",
        Unlabeled = "unlabeled",
        Milestoned = "milestoned",
        Demilestoned = "demilestoned",
        Locked = "locked",
        Unlocked = "unlocked",
        Pinned = "pinned",
        Unpinned = "unpinned",
        Typed = "typed",
        Untyped = "untyped",
        FieldAdded = "field_added",
        FieldRemoved = "field_removed",
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct IssuesEvent {
    pub action: IssuesAction,
    pub issue: Issue,
    pub repository: Repository,
    #[serde(default)]
    pub label: Option<Label>,
    #[serde(default)]
    pub milestone: Option<Milestone>,
    #[serde(default)]
    pub assignee: Option<Actor>,
    #[serde(default)]
    pub changes: Option<IssueChanges>,
    #[serde(default)]
    pub sender: Option<Actor>,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct IssueChanges {
    #[serde(default)]
    pub title: Option<Before<String>>,
    #[serde(default)]
    pub body: Option<Before<Option<String>>>,
    /// Of a transfer: the issue that it became, and where.
    #[serde(default)]
    pub new_issue: Option<Box<Issue>>,
    #[serde(default)]
    pub new_repository: Option<Box<Repository>>,
}

words! {
    pub enum CommentAction {
        Created = "created",
        Edited = "edited",
        Deleted = "deleted",
        Pinned = "pinned",
        Unpinned = "unpinned",
    }
}

/// A comment on an issue or on a pull request as a whole.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct IssueCommentEvent {
    pub action: CommentAction,
    pub comment: IssueComment,
    pub issue: Issue,
    pub repository: Repository,
    #[serde(default)]
    pub sender: Option<Actor>,
}

words! {
    pub enum LabelAction { Created = "created", Edited = "edited", Deleted = "deleted" }
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct LabelEvent {
    pub action: LabelAction,
    pub label: Label,
    pub repository: Repository,
    #[serde(default)]
    pub changes: Option<LabelChanges>,
    #[serde(default)]
    pub sender: Option<Actor>,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct LabelChanges {
    #[serde(default)]
    pub name: Option<Before<String>>,
    #[serde(default)]
    pub color: Option<Before<String>>,
}

words! {
    pub enum MilestoneAction {
        Created = "created",
        Edited = "edited",
        Opened = "opened",
        Closed = "closed",
        Deleted = "deleted",
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct MilestoneEvent {
    pub action: MilestoneAction,
    pub milestone: Milestone,
    pub repository: Repository,
    #[serde(default)]
    pub sender: Option<Actor>,
}
