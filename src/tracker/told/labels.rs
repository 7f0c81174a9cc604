//! Labels and milestones.

use super::{People, filled};
use crate::{
    github::model::{IssueState, Label, Milestone},
    tracker::{labels::NewLabel, milestones::NewMilestone},
};

impl From<&Label> for NewLabel {
    fn from(label: &Label) -> Self {
        Self {
            github_id: label.id,
            node_id: filled(label.node_id.as_ref()),
            name: label.name.clone(),
            color: filled(label.color.as_ref()),
            description: filled(label.description.as_ref()),
        }
    }
}

impl From<&Milestone> for NewMilestone {
    fn from(milestone: &Milestone) -> Self {
        let mut people = People::default();
        Self {
            github_id: milestone.id,
            node_id: filled(milestone.node_id.as_ref()),
            number: milestone.number,
            title: milestone.title.clone(),
            description: filled(milestone.description.as_ref()),
            is_open: milestone.state != IssueState::Closed,
            url: filled(milestone.html_url.as_ref()),
            creator: people.note(milestone.creator.as_ref()),
            due_on: milestone.due_on,
            created_at: milestone.created_at,
            closed_at: milestone.closed_at,
            updated_at: milestone.updated_at,
            people: people.0,
        }
    }
}
