//! How long deliveries are kept, and gaps in them.

use chrono::{DateTime, TimeDelta, Utc};

use super::store;
use crate::tenancy::{SystemTx, TenantTx};

/// How long a delivery that had its effect is kept for whoever looks back.
const DONE_KEPT: TimeDelta = TimeDelta::days(30);

/// How long one that failed for good is: it has cost something that nobody has repaired yet.
const DEAD_KEPT: TimeDelta = TimeDelta::days(180);

/// Deletes deliveries that ended so long ago; returns how many.
pub async fn forget_finished(tx: &mut SystemTx, now: DateTime<Utc>) -> sqlx::Result<u64> {
    store::inbox::delete_finished(tx, (now - DONE_KEPT, now - DEAD_KEPT)).await
}

/// Deletes an organisation's gaps in which nothing is missing any more for so long, and for as long as dead
/// deliveries are kept those in which something is; returns how many.
pub async fn forget_gaps(tx: &mut TenantTx, now: DateTime<Utc>) -> sqlx::Result<u64> {
    store::gaps::delete_old(tx, (now - DONE_KEPT, now - DEAD_KEPT)).await
}
