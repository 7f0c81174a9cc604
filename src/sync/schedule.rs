//! What is due by the clock: comparisons, daily readings, and the first reading of a repository that has come
//! to be known as one of GitHub's.

use chrono::{DateTime, Utc};

use super::{
    reconcile::Reconcile,
    requests,
    store::{
        known,
        syncs::{self, Due},
    },
};
use crate::{
    jobs,
    tenancy::{Db, Grant, SystemReason, TenantTx},
};

/// How many repositories of an organisation are looked after at a time.
const AT_ONCE: i64 = 200;

/// Asks for whatever is due, in each organisation; one that fails keeps no other from it. Two processes may
/// do so at once: each takes what the other has not.
pub async fn request_due(db: &Db, now: DateTime<Utc>) -> sqlx::Result<()> {
    let grants = db.system(SystemReason::Schedule).await?.grants_of_schedule().await?;
    for grant in &grants {
        if let Err(error) = request_due_of(db, grant, now).await {
            let slug = &grant.organization().slug;
            tracing::warn!("Comparisons with GitHub of `{slug}` could not be asked for: {error:#}");
        }
    }
    Ok(())
}

async fn request_due_of(db: &Db, grant: &Grant, now: DateTime<Utc>) -> anyhow::Result<()> {
    let mut tx = db.begin_granted(grant).await?;
    syncs::insert_missing(&mut tx, now).await?;
    for due in syncs::take_due(&mut tx, now, AT_ONCE).await? {
        request(&mut tx, due, now).await?;
    }
    tx.commit().await?;
    Ok(())
}

async fn request(tx: &mut TenantTx, due: Due, now: DateTime<Utc>) -> anyhow::Result<()> {
    let Due { repository, is_hourly_due, is_sweep_due, is_new, is_deleted } = due;
    if is_new && !is_deleted {
        requests::request_import(tx, repository, now).await?;
        return Ok(());
    }
    let place = known::find_place(tx, repository).await?;
    let Some(connection) = place.and_then(|place| place.connection) else { return Ok(()) };
    // Whether it is there again is one question.
    if is_sweep_due && !is_deleted {
        requests::request_sweep(tx, repository, now).await?;
    }
    let job = Reconcile { connection, repository, hourly: is_hourly_due };
    jobs::enqueue(tx, &job, now).await
}
