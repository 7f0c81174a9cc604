//! The ledger of gaps: opened where something was missed, closed once all of it is here again.

use chrono::{DateTime, Utc};

use super::{
    GapId,
    missed::{Found, GapReason},
    presence::Absence,
};
use crate::{
    tenancy::TenantTx,
    webhooks::{
        model::HookId,
        store::{gaps as store, recovery},
    },
};

/// Writes down that the server took nothing for a time, for an organisation that has hooks.
///
/// Idempotent: what a process that ended had written down of that time grows. Two that find it at once wait
/// for each other.
pub(super) async fn note_absence(tx: &mut TenantTx, absence: Absence) -> sqlx::Result<()> {
    let Absence { reason, since, until } = absence;
    if !recovery::lock_any_hook(tx, until).await? {
        return Ok(());
    }
    match store::find_of_server(tx, reason, (since, until)).await? {
        Some(known) => store::widen(tx, known, (since, until)).await?,
        None => store::insert(tx, (GapId::new(), None), reason, (since, until)).await?,
    }
    tx.announce("deliveries");
    Ok(())
}

/// Writes down what was missed, in the gap in which that was: one of the server's, else the hook's own that
/// is open, else a new one.
pub(super) async fn note_missed(
    tx: &mut TenantTx,
    hook: HookId,
    found: &[Found],
) -> sqlx::Result<u64> {
    let times = || found.iter().map(|found| found.delivered_at);
    let (Some(first), Some(last)) = (times().min(), times().max()) else { return Ok(0) };
    let gap = if let Some(gap) = store::find_around(tx, hook, (first, last)).await? {
        store::widen(tx, gap, (first, last)).await?;
        gap
    } else {
        let gap = GapId::new();
        store::insert(tx, (gap, Some(hook)), GapReason::Missed, (first, last)).await?;
        gap
    };
    let new = recovery::insert_missed(tx, (hook, gap), found).await?;
    if new > 0 {
        tx.announce("deliveries");
    }
    Ok(new)
}

/// Closes the gaps of which nothing is out any more.
pub(super) async fn settle(tx: &mut TenantTx, now: DateTime<Utc>) -> sqlx::Result<()> {
    if store::close(tx, now).await? > 0 {
        tx.announce("deliveries");
    }
    Ok(())
}
