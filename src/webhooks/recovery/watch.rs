//! The loop of recovery: notes that the server is there, and has logs read when they are due.

use std::{pin::pin, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};
use tracing::{info, warn};

use super::{EVERY, Presence, gaps, sweep::SweepDeliveries};
use crate::{
    connections, jobs,
    platform::{clock::Clock, tasks::Tasks},
    tenancy::{Db, Grant, SystemReason},
    webhooks::store::{gaps as gap_store, recovery as store},
};

/// How often the server notes that it is there, and looks what is due.
const BEAT: Duration = Duration::from_mins(1);

/// A log that was read so short before a start is not read again for it.
const FRESH: TimeDelta = TimeDelta::seconds(30);

/// Looks after what was missed until the process stops.
pub async fn watch(db: Db, clock: Clock, tasks: Tasks) {
    let mut presence = Presence::begun(clock.now());
    loop {
        presence.note(clock.now());
        match look_and_stay(&db, &clock, &mut presence).await {
            Ok(()) => presence = presence.looked(),
            Err(error) => {
                warn!(
                    "What was missed of what GitHub told cannot be looked after; it is tried again: {error:#}"
                );
            }
        }
        tokio::select! {
            () = tasks.stopping().cancelled() => return,
            () = tokio::time::sleep(BEAT) => {}
        }
    }
}

/// Looks, and knows that the process is there however long the database lets it wait.
async fn look_and_stay(db: &Db, clock: &Clock, presence: &mut Presence) -> anyhow::Result<()> {
    let mut looking = pin!(look(db, clock.now(), *presence));
    loop {
        tokio::select! {
            looked = &mut looking => return looked,
            () = tokio::time::sleep(BEAT) => presence.note(clock.now()),
        }
    }
}

/// Writes down since when the server took nothing, notes that it is there, and has logs read that are due.
///
/// Several processes may do so at once: the first to find a time without a note writes it down. The note comes
/// last, so that a process that ends in the middle leaves the time to be found.
pub async fn look(db: &Db, now: DateTime<Utc>, presence: Presence) -> anyhow::Result<()> {
    let grants = db.system(SystemReason::Retention).await?.grants_of_retention().await?;
    let last = gap_store::find_beat(&mut db.system(SystemReason::TakeDelivery).await?).await?;
    for absence in last.map(|last| presence.absences(last, now)).unwrap_or_default() {
        for grant in &grants {
            let mut tx = db.begin_granted(grant).await?;
            gaps::note_absence(&mut tx, absence).await?;
            tx.commit().await?;
        }
    }
    let mut tx = db.system(SystemReason::TakeDelivery).await?;
    gap_store::beat(&mut tx, now).await?;
    tx.commit().await?;
    for grant in &grants {
        if let Err(error) = look_after(db, grant, now, presence).await {
            let slug = &grant.organization().slug;
            warn!("What `{slug}` has missed cannot be looked after: {error:#}");
        }
    }
    Ok(())
}

async fn look_after(
    db: &Db,
    grant: &Grant,
    now: DateTime<Utc>,
    presence: Presence,
) -> anyhow::Result<()> {
    let mut tx = db.begin_granted(grant).await?;
    let fresh = presence.is_start().then_some(now - FRESH);
    let due = store::take_due(&mut tx, (now, now + EVERY), fresh).await?;
    let sweeps: Vec<_> = due.iter().map(|hook| SweepDeliveries { hook: *hook }).collect();
    jobs::enqueue_all(&mut tx, &sweeps, now).await?;
    gaps::settle(&mut tx, now).await?;
    connections::teams::ask_for_due(&mut tx, now).await?;
    tx.commit().await?;
    if !due.is_empty() {
        info!("GitHub's logs of {} hooks of `{}` are read", due.len(), grant.organization().slug);
    }
    Ok(())
}
