//! The loop of recovery: notes that the server is there, and has logs read when they are due.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use tracing::{info, warn};

use super::{EVERY, gaps, sweep::SweepDeliveries};
use crate::{
    connections, jobs,
    platform::{clock::Clock, tasks::Tasks},
    tenancy::{Db, Grant, SystemReason},
    webhooks::store::{gaps as gap_store, recovery as store},
};

/// How often the server notes that it is there, and looks what is due.
const BEAT: Duration = Duration::from_mins(1);

/// Without a note for so long, the server was down.
const DOWN: TimeDelta = TimeDelta::minutes(3);

/// A log that was read so short before a start is not read again for it.
const FRESH: TimeDelta = TimeDelta::seconds(30);

/// Looks after what was missed until the process stops.
pub async fn watch(db: Db, clock: Clock, tasks: Tasks) {
    let mut is_start = true;
    loop {
        match look(&db, clock.now(), is_start).await {
            Ok(()) => is_start = false,
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

/// Notes that the server is there, writes down since when it was not, and has logs read that are due.
///
/// Several processes may do so at once: the first to find a time without a note writes it down.
pub async fn look(db: &Db, now: DateTime<Utc>, is_start: bool) -> anyhow::Result<()> {
    let mut tx = db.system(SystemReason::TakeDelivery).await?;
    let last = gap_store::beat(&mut tx, now).await?;
    tx.commit().await?;
    let down_since = last.filter(|last| *last < now - DOWN);
    let grants = db.system(SystemReason::Retention).await?.grants_of_retention().await?;
    for grant in &grants {
        if let Err(error) = look_after(db, grant, (down_since, now), is_start).await {
            let slug = &grant.organization().slug;
            warn!("What `{slug}` has missed cannot be looked after: {error:#}");
        }
    }
    Ok(())
}

async fn look_after(
    db: &Db,
    grant: &Grant,
    (down_since, now): (Option<DateTime<Utc>>, DateTime<Utc>),
    is_start: bool,
) -> anyhow::Result<()> {
    let mut tx = db.begin_granted(grant).await?;
    if let Some(since) = down_since {
        gaps::note_down(&mut tx, (since, now)).await?;
    }
    let due = store::take_due(&mut tx, (now, now + EVERY), is_start.then_some(now - FRESH)).await?;
    for hook in &due {
        jobs::enqueue(&mut tx, &SweepDeliveries { hook: *hook }, now).await?;
    }
    gaps::settle(&mut tx, now).await?;
    connections::teams::ask_for_due(&mut tx, now).await?;
    tx.commit().await?;
    if !due.is_empty() {
        info!("GitHub's logs of {} hooks of `{}` are read", due.len(), grant.organization().slug);
    }
    Ok(())
}
