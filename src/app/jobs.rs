//! Which function does which kind of job, and what is done by the clock.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use tracing::{debug, warn};

use super::Parts;
use crate::{
    accounts, connections,
    jobs::{self, Registry},
    platform::{clock::Clock, tasks::Tasks},
    sync,
    tenancy::{Db, Grant, SystemReason, forget_changes},
    webhooks,
    work::{self, ScanSettings},
};

/// How long changes are kept for pages that reconnect.
pub(super) const CHANGES_KEPT: TimeDelta = TimeDelta::hours(1);

/// How long a job that failed for good is kept for whoever looks into it.
pub(super) const DEAD_JOBS_KEPT: TimeDelta = TimeDelta::days(30);

/// How often what is too old is deleted.
const RETENTION_EVERY: Duration = Duration::from_mins(10);

/// How often it is looked whether a comparison with GitHub is due; each repository's is every 15 minutes.
const COMPARISONS_EVERY: Duration = Duration::from_secs(30);

/// The functions that do the jobs.
pub fn registry(parts: &Parts) -> Registry {
    let connections = parts.connections.clone();
    let registry =
        work::register_jobs(Registry::default(), parts.scans.clone(), connections.clone());
    let registry = accounts::sign_in::register_jobs(registry, parts.providers.clone());
    let registry = connections::teams::register_jobs(registry, connections.clone());
    let registry = sync::register_jobs(registry, connections.clone());
    let inbox = parts.inbox.clone();
    let registry = webhooks::recovery::register_jobs(registry, connections.clone(), inbox);
    let site = webhooks::HookSite { origin: parts.site.origin.clone(), connections };
    webhooks::register_jobs(registry, site)
}

/// Asks for the comparisons with GitHub that are due, until the process stops.
pub(super) async fn keep_in_step(db: Db, clock: Clock, tasks: Tasks) {
    loop {
        tokio::select! {
            () = tasks.stopping().cancelled() => return,
            () = tokio::time::sleep(COMPARISONS_EVERY) => {}
        }
        if let Err(error) = sync::request_due(&db, clock.now()).await {
            warn!(%error, "Comparisons with GitHub could not be asked for; it is tried again later");
        }
    }
}

/// Deletes what is older than it is kept, until the process stops.
pub(super) async fn retain(db: Db, clock: Clock, settings: ScanSettings, tasks: Tasks) {
    loop {
        tokio::select! {
            () = tasks.stopping().cancelled() => return,
            () = tokio::time::sleep(RETENTION_EVERY) => {}
        }
        if let Err(error) = db.check_isolation().await {
            warn!(%error, "The isolation could not be checked; it is tried again later");
        }
        match forget(&db, &clock).await {
            Ok(rows) => debug!("Retention deleted {rows} rows"),
            Err(error) => warn!(%error, "Retention failed; it is tried again later"),
        }
        if let Err(error) = keep_house(&db, &clock, &settings).await {
            warn!("Old scans and mirrors could not be deleted; it is tried again later: {error:#}");
        }
    }
}

/// Deletes what no organisation keeps any longer; one that fails does not keep the others from it.
pub async fn keep_house(db: &Db, clock: &Clock, settings: &ScanSettings) -> anyhow::Result<()> {
    let listed = work::list_tenants(settings).await?;
    let grants = db.system(SystemReason::Retention).await?.grants_of_retention().await?;
    for grant in &grants {
        if let Err(error) = db.forget_audit(grant, clock.now()).await {
            let slug = &grant.organization().slug;
            warn!(%error, "Old entries of the audit log of `{slug}` could not be deleted");
        }
        if let Err(error) = forget_gaps(db, grant, clock.now()).await {
            let slug = &grant.organization().slug;
            warn!(%error, "Old gaps of `{slug}` could not be deleted");
        }
        if let Err(error) = work::keep_house(db, grant, settings, clock.now()).await {
            let slug = &grant.organization().slug;
            warn!("Old scans and mirrors of `{slug}` could not be deleted: {error:#}");
        }
    }
    work::forget_organizations(settings, listed, &grants).await
}

async fn forget_gaps(db: &Db, grant: &Grant, now: DateTime<Utc>) -> sqlx::Result<()> {
    let mut tx = db.begin_granted(grant).await?;
    webhooks::forget_gaps(&mut tx, now).await?;
    tx.commit().await.map(|_| ())
}

async fn forget(db: &Db, clock: &Clock) -> sqlx::Result<u64> {
    let now = clock.now();
    let mut tx = db.system(SystemReason::Retention).await?;
    let changes = forget_changes(tx.connection(), now - CHANGES_KEPT).await?;
    let sessions = accounts::sessions::forget_expired(&mut tx, now).await?;
    let links = accounts::setup::forget_spent(&mut tx, now).await?;
    let attempts = accounts::sign_in::forget_attempts(&mut tx, now).await?;
    let ways = connections::attempts::forget(&mut tx, now).await?;
    let tokens = accounts::tokens::forget_ended(&mut tx, now).await?;
    let jobs = jobs::forget_dead(&mut tx, now - DEAD_JOBS_KEPT).await?;
    let deliveries = webhooks::forget_finished(&mut tx, now).await?;
    tx.commit().await?;
    Ok(changes + sessions + links + attempts + ways + tokens + jobs + deliveries)
}
