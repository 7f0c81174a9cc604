//! `release`.

use chrono::{DateTime, Utc};

use super::{Outcome, Wanted};
use crate::{
    github::event::{ReleaseAction, ReleaseEvent},
    repositories::RepositoryId,
    tenancy::TenantTx,
    tracker::{
        deletion::{Deleted, delete},
        error::Result,
        releases::{NewRelease, apply_release},
        word::{Kind, Word},
    },
};

/// A release was drafted, published, changed or taken away.
pub async fn handle_release(
    tx: &mut TenantTx,
    repository: RepositoryId,
    event: &ReleaseEvent,
    now: DateTime<Utc>,
) -> Result<Outcome> {
    let github_id = event.release.id;
    if event.action == ReleaseAction::Deleted {
        let gone = Deleted { kind: Kind::Release, github_id, number: None };
        delete(tx, repository, gone, now).await?;
        return Ok(Outcome::deleted());
    }
    let release = NewRelease::from(&event.release);
    let applied = apply_release(tx, repository, &release, Word::Heard).await?;
    Ok(Outcome::of(applied, Wanted::Release { github_id }))
}
