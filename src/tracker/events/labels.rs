//! `label` and `milestone`.

use chrono::{DateTime, Utc};

use super::{Outcome, Wanted};
use crate::{
    github::event::{LabelAction, LabelEvent, MilestoneAction, MilestoneEvent},
    repositories::RepositoryId,
    tenancy::TenantTx,
    tracker::{
        deletion::{Deleted, delete},
        error::Result,
        labels::{NewLabel, apply_label},
        milestones::{NewMilestone, apply_milestone},
        word::{Kind, Word},
    },
};

/// A label was made, changed or taken away. GitHub gives no time of it: one that changed is asked for.
pub async fn handle_label(
    tx: &mut TenantTx,
    repository: RepositoryId,
    event: &LabelEvent,
    now: DateTime<Utc>,
) -> Result<Outcome> {
    let github_id = event.label.id;
    if event.action == LabelAction::Deleted {
        let gone = Deleted { kind: Kind::Label, github_id, number: None };
        delete(tx, repository, gone, now).await?;
        return Ok(Outcome::deleted());
    }
    let label = NewLabel::from(&event.label);
    let applied = apply_label(tx, repository, &label, Word::Heard).await?;
    Ok(Outcome::of(applied, Wanted::Label { github_id, name: label.name }))
}

/// A milestone was made, changed, closed or taken away.
pub async fn handle_milestone(
    tx: &mut TenantTx,
    repository: RepositoryId,
    event: &MilestoneEvent,
    now: DateTime<Utc>,
) -> Result<Outcome> {
    if event.action == MilestoneAction::Deleted {
        let gone = Deleted { kind: Kind::Milestone, github_id: event.milestone.id, number: None };
        delete(tx, repository, gone, now).await?;
        return Ok(Outcome::deleted());
    }
    let milestone = NewMilestone::from(&event.milestone);
    let applied = apply_milestone(tx, repository, &milestone, Word::Heard).await?;
    Ok(Outcome::of(applied, Wanted::Milestone { number: milestone.number }))
}
