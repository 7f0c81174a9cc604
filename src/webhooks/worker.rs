//! Works the inbox through: a lane at a time, each delivery and its end in one transaction.

use std::{
    panic::AssertUnwindSafe,
    sync::Arc,
    time::{Duration, Instant},
};

use futures_util::FutureExt;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tracing::{Instrument, error, info, info_span, warn};

use super::{
    dispatch::{self, Failure},
    inbox::Inbox,
    model::{LEASE, next_try},
    store::{
        deliveries,
        inbox::{self as store, Claim, Reason, Taken},
    },
};
use crate::{
    platform::{clock::Clock, crypto, tasks::Tasks},
    tenancy::{Db, Grant, SystemReason, TenantTx},
};

/// How many deliveries of a lane go with one transaction.
const BATCH: i64 = 50;

/// How long a worker sleeps where nothing wakes it: for what another process has stored, and for what waits
/// for its next try.
const NAP: Duration = Duration::from_secs(1);

/// How long a worker that found nothing waits at least before it looks again.
const PAUSE: Duration = Duration::from_millis(20);

/// How much of an error is kept.
const MOST_ERROR: usize = 2_000;

/// Takes deliveries from the inbox and gives them their effect. Cheap to clone.
#[derive(Clone, Debug)]
pub struct DeliveryWorker {
    db: Db,
    clock: Clock,
    inbox: Inbox,
}

/// Why deliveries could not be worked through.
struct Undone {
    why: String,
    /// Whether others were in the way: it is no fault of any of them.
    is_contention: bool,
}

impl From<sqlx::Error> for Undone {
    fn from(error: sqlx::Error) -> Self {
        let failure = Failure::from(error);
        Self { why: failure.error, is_contention: failure.is_contention }
    }
}

impl DeliveryWorker {
    pub fn new(db: &Db, clock: &Clock, inbox: &Inbox) -> Self {
        Self { db: db.clone(), clock: clock.clone(), inbox: inbox.clone() }
    }

    /// Puts back what a former process held: only where this process is the only one.
    pub async fn take_over(&self) -> anyhow::Result<()> {
        let mut tx = self.db.system(SystemReason::TakeDelivery).await?;
        let released = store::release_all(&mut tx).await?;
        tx.commit().await?;
        if released > 0 {
            info!("{released} interrupted deliveries go on");
        }
        Ok(())
    }

    /// Works until the process stops, on so many lanes at the same time.
    pub async fn work(self, parallel: usize, tasks: Tasks) {
        let permits = Arc::new(Semaphore::new(parallel));
        let stop = tasks.stopping().clone();
        while !stop.is_cancelled() {
            let Ok(permit) = Arc::clone(&permits).acquire_owned().await else { return };
            match self.claim().await {
                Ok(Some((claim, grant))) => {
                    let worker = self.clone();
                    tasks.spawn("deliveries", async move {
                        let begun = Instant::now();
                        worker.run(claim, grant).await;
                        worker.inbox.give_way(begun.elapsed()).await;
                        drop(permit);
                        // Its lane may have more.
                        worker.inbox.wake();
                    });
                }
                Ok(None) => self.rest(&stop).await,
                Err(error) => {
                    warn!(%error, "The inbox cannot be read; trying again");
                    self.rest(&stop).await;
                }
            }
        }
    }

    async fn rest(&self, stop: &CancellationToken) {
        tokio::select! {
            () = stop.cancelled() => {}
            // What comes in quick succession is looked for once.
            () = self.inbox.arrived() => tokio::time::sleep(PAUSE).await,
            () = tokio::time::sleep(NAP) => {}
        }
    }

    /// Works until nothing is ready; for tests and the command line.
    pub async fn run_until_idle(&self) -> anyhow::Result<()> {
        while let Some((claim, grant)) = self.claim().await? {
            self.run(claim, grant).await;
        }
        Ok(())
    }

    async fn claim(&self) -> sqlx::Result<Option<(Claim, Grant)>> {
        let mut tx = self.db.system(SystemReason::TakeDelivery).await?;
        let Some(claim) = store::claim(&mut tx, BATCH, self.clock.now()).await? else {
            return Ok(None);
        };
        let grant = tx.grant_of_delivery(claim.tenant).await?;
        tx.commit().await?;
        // The organisation of a row is there as long as the row is.
        Ok(grant.map(|grant| (claim, grant)))
    }

    async fn run(&self, claim: Claim, grant: Grant) {
        let span = info_span!("deliveries", lane = claim.lane, claim = %claim.id);
        async {
            let within = (LEASE / 2).to_std().unwrap_or_default();
            let worked = tokio::time::timeout(within, self.work_through(&claim, &grant)).await;
            match worked {
                Ok(Ok(())) => {}
                Ok(Err(Undone { why, is_contention })) => {
                    warn!("Deliveries could not be worked through; they are tried again: {why}");
                    self.release(&claim, is_contention).await;
                }
                // They are begun again once the lease has ended, each alone.
                Err(_) => error!("Deliveries took too long and were undone; each is tried again"),
            }
        }
        .instrument(span)
        .await;
    }

    async fn release(&self, claim: &Claim, is_contention: bool) {
        let released = async {
            let mut tx = self.db.system(SystemReason::TakeDelivery).await?;
            store::release(&mut tx, claim, is_contention, self.clock.now()).await?;
            tx.commit().await.map(|_| ())
        };
        if let Err(error) = released.await {
            warn!(%error, "Deliveries could not be put back; they go on when their lease has ended");
        }
    }

    async fn work_through(&self, claim: &Claim, grant: &Grant) -> Result<(), Undone> {
        let mut tx = self.db.begin_granted(grant).await?;
        store::lock_lane(&mut tx, claim.lane).await?;
        for taken in store::take(&mut tx, claim.id).await? {
            self.give_effect(&mut tx, &taken).await?;
        }
        tx.announce("deliveries");
        tx.commit().await?;
        Ok(())
    }

    /// Gives one delivery its effect and writes its end down; where it fails, its end alone.
    async fn give_effect(&self, tx: &mut TenantTx, taken: &Taken) -> Result<(), Undone> {
        let span = info_span!("delivery", id = %taken.id, event = %taken.event);
        let now = self.clock.now();
        if taken.is_exhausted {
            let failure = Failure::ends_servers();
            return Ok(self.write_down(tx, taken, failure).instrument(span).await?);
        }
        let before = tx.savepoint().await?;
        let payload = deliveries::payload(tx, taken.id).await?.unwrap_or_default();
        let effect = dispatch::dispatch(tx, (taken, &payload), now).instrument(span.clone());
        let effect = AssertUnwindSafe(effect);
        let failure = match effect.catch_unwind().await {
            Ok(Ok(remark)) => {
                tx.release(before).await?;
                return Ok(store::set_done(tx, taken.id, remark.as_deref(), now).await?);
            }
            Ok(Err(failure)) if failure.is_contention => {
                return Err(Undone { why: failure.error, is_contention: true });
            }
            Ok(Err(failure)) => failure,
            Err(_) => Failure::panicked(),
        };
        tx.undo(before).await?;
        Ok(self.write_down(tx, taken, failure).instrument(span).await?)
    }

    async fn write_down(
        &self,
        tx: &mut TenantTx,
        taken: &Taken,
        failure: Failure,
    ) -> sqlx::Result<()> {
        let now = self.clock.now();
        let next = if failure.may_help {
            next_try(taken.attempts + 1, now, crypto::random_fraction())
        } else {
            None
        };
        let how = if next.is_some() { "and is tried again" } else { "for good" };
        warn!("The delivery failed {how}: {}", failure.error);
        let error: String =
            failure.error.chars().filter(|letter| *letter != '\0').take(MOST_ERROR).collect();
        let reason = Reason { error: &error, path: failure.path.as_deref() };
        store::set_failed(tx, taken.id, &reason, (next, now)).await
    }
}
