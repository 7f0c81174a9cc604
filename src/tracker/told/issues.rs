//! Issues.

use super::{People, filled, labelled, number};
use crate::{
    github::model::{Issue, StateReason},
    tracker::{
        error::{Result, TrackerError},
        issues::NewIssue,
        milestones::NewMilestone,
    },
};

/// Of an issue that is no pull request.
impl TryFrom<&Issue> for NewIssue {
    type Error = TrackerError;

    fn try_from(issue: &Issue) -> Result<Self> {
        let mut people = People::default();
        let (labels, labelled) = labelled(&issue.labels);
        Ok(Self {
            github_id: issue.id,
            node_id: filled(issue.node_id.as_ref()),
            number: number("issue.number", issue.number)?,
            title: issue.title.clone(),
            body: filled(issue.body.as_ref()),
            is_open: issue.is_open(),
            state_reason: issue.state_reason.as_ref().map(StateReason::as_str).map(str::to_owned),
            url: filled(issue.html_url.as_ref()),
            author: people.note(issue.user.as_ref()),
            closed_by: people.note(issue.closed_by.as_ref()),
            assignees: people.note_all(&issue.assignees),
            labels,
            milestone: issue.milestone.as_ref().map(|milestone| milestone.id),
            locked: issue.locked,
            comments: issue.comments,
            created_at: issue.created_at,
            closed_at: issue.closed_at,
            updated_at: issue.updated_at,
            people: people.0,
            labelled,
            in_milestone: issue.milestone.as_ref().map(NewMilestone::from),
        })
    }
}
