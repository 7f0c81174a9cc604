//! How long deliveries are kept.

use chrono::{DateTime, TimeDelta, Utc};

use super::store;
use crate::tenancy::SystemTx;

/// How long a delivery that had its effect is kept for whoever looks back.
const DONE_KEPT: TimeDelta = TimeDelta::days(30);

/// How long one that failed for good is: it has cost something that nobody has repaired yet.
const DEAD_KEPT: TimeDelta = TimeDelta::days(180);

/// Deletes deliveries that ended so long ago; returns how many.
pub async fn forget_finished(tx: &mut SystemTx, now: DateTime<Utc>) -> sqlx::Result<u64> {
    store::inbox::delete_finished(tx, (now - DONE_KEPT, now - DEAD_KEPT)).await
}
