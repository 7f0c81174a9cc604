//! `push`, `create` and `delete`: where branches and tags stand. The commits come with the scan.

use super::{Outcome, Wanted};
use crate::{
    github::event::{Creation, Deletion, Push as Pushed, ReferenceKind},
    repositories::RepositoryId,
    tenancy::TenantTx,
    tracker::{
        error::Result,
        refs::{self, Push, RefKind, apply_deletion, apply_push},
        word::Applied,
    },
};

/// Of something that is neither a branch nor a tag.
const NOTHING: Outcome = Outcome { applied: Applied::Unchanged, wanted: Vec::new() };

/// A branch or a tag was pushed, which also says that it came or went.
pub async fn handle_push(
    tx: &mut TenantTx,
    repository: RepositoryId,
    event: &Pushed,
) -> Result<Outcome> {
    let Some(push) = Push::told(event)? else { return Ok(NOTHING) };
    let applied = apply_push(tx, repository, &push).await?;
    Ok(Outcome::of(applied, Wanted::Reference { reference: push.kind, name: push.name }))
}

/// A branch or a tag came. The event does not say where it stands: that is asked for, unless a push told it.
pub async fn handle_create(
    tx: &mut TenantTx,
    repository: RepositoryId,
    event: &Creation,
) -> Result<Outcome> {
    let Some(reference) = kind(&event.ref_type) else { return Ok(NOTHING) };
    let which = (reference, event.name.as_str());
    let is_known = refs::is_known(tx, repository, which, event.repository.pushed_at).await?;
    let applied = if is_known { Applied::Unchanged } else { Applied::Doubtful };
    Ok(Outcome::of(applied, Wanted::Reference { reference, name: event.name.clone() }))
}

/// A branch or a tag went.
pub async fn handle_delete(
    tx: &mut TenantTx,
    repository: RepositoryId,
    event: &Deletion,
) -> Result<Outcome> {
    let Some(reference) = kind(&event.ref_type) else { return Ok(NOTHING) };
    let which = (reference, event.name.as_str());
    let applied = apply_deletion(tx, repository, which, event.repository.pushed_at).await?;
    Ok(Outcome::of(applied, Wanted::Reference { reference, name: event.name.clone() }))
}

fn kind(told: &ReferenceKind) -> Option<RefKind> {
    match told {
        ReferenceKind::Branch => Some(RefKind::Branch),
        ReferenceKind::Tag => Some(RefKind::Tag),
        ReferenceKind::Other(_) => None,
    }
}
