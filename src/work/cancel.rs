//! Cancelling a scan that waits or runs, on whatever server it runs.

use chrono::{DateTime, Utc};
use serde_json::json;

use super::{
    model::{ScanId, ScanState},
    store,
};
use crate::{
    organizations::audit,
    tenancy::{Allowed, RequestScan, TenantTx},
    web::Result,
};

/// What came of the wish to cancel a scan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cancellation {
    /// It is cancelled, now or already.
    Cancelled,
    /// It had ended otherwise.
    TooLate(ScanState),
}

/// Cancels a scan; none where there is no such scan.
///
/// The row is what counts: a run asks it every few hundred milliseconds, and nothing that a run
/// still writes is taken once the row says that it is cancelled. Doing it twice changes nothing.
pub async fn cancel(
    tx: &mut TenantTx,
    id: ScanId,
    now: DateTime<Utc>,
) -> Result<Option<Cancellation>> {
    let Some(scan) = store::find_scan(tx, id).await? else { return Ok(None) };
    Allowed::<RequestScan>::find(tx, scan.repository_id.as_uuid()).await?;
    let reason = format!("Cancelled by {}.", tx.actor().name());
    let is_new = store::cancel_scan(tx, id, &reason, now).await?;
    let Some(scan) = store::find_scan(tx, id).await? else { return Ok(None) };
    if !is_new {
        return Ok(Some(match scan.state {
            ScanState::Cancelled => Cancellation::Cancelled,
            other => Cancellation::TooLate(other),
        }));
    }
    let event = audit::Event {
        action: "scan.cancelled",
        subject_kind: "repository",
        subject_id: scan.repository_id.to_string(),
        detail: json!({"scan": id}),
        at: now,
        actor_name: None,
    };
    audit::record(tx, event).await?;
    tx.announce_in(scan.repository_id.as_uuid(), "scans");
    Ok(Some(Cancellation::Cancelled))
}
