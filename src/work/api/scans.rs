//! `/api/v2/scans`.

use actix_web::web::{Json, Path, Query};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::{
    parse,
    problems::{OfCancellation, OfItem, OfList},
};
use crate::{
    repositories::ScanReason,
    tenancy::{RequestScan, Routes, Saved, Scope, ViewWork},
    web::{AppError, Result, paging::PageOf},
    work::{
        cancel::{self, Cancellation},
        changes::{ChangeCounts, ScanChange},
        model::{Found, IdKey, OrdinalKey, Phase, Scan, ScanId, ScanState, ScanWarning},
        store,
    },
};

pub(super) fn routes() -> Routes {
    Routes::default()
        .read("/api/v2/scans", list_scans)
        .read("/api/v2/scans/{scan}", get_scan)
        .read("/api/v2/scans/{scan}/changes", list_scan_changes)
        .post("/api/v2/scans/{scan}/cancel", cancel_scan)
}

/// One reading of a repository: how far it is, or what it found.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Scan)]
pub(super) struct ScanView {
    id: Uuid,
    repository_id: Uuid,
    /// The repository's name.
    repository: String,
    state: ScanState,
    reason: ScanReason,
    phase: Phase,
    /// How much of the phase is done: bytes while fetching, then commits, then files.
    done: i64,
    /// How much the phase has to do, where it is known.
    total: Option<i64>,
    queued_at: DateTime<Utc>,
    started_at: Option<DateTime<Utc>>,
    finished_at: Option<DateTime<Utc>>,
    /// The default branch that was read.
    branch: Option<String>,
    /// The commit that was read.
    head: Option<String>,
    /// Why it failed, why it is tried again, or who cancelled it.
    error: Option<String>,
    /// What it counted; null until it has succeeded.
    found: Option<Found>,
    warning_count: i64,
    /// While it waits: how many of the organisation's scans come before it.
    ahead: Option<i64>,
    /// How much is different since the last scan that succeeded; null until it has succeeded itself,
    /// and for a repository's first.
    changes: Option<ChangeCounts>,
}

impl From<Scan> for ScanView {
    fn from(scan: Scan) -> Self {
        Self {
            id: scan.id.as_uuid(),
            repository_id: scan.repository_id.as_uuid(),
            repository: scan.repository,
            state: scan.state,
            reason: scan.reason,
            phase: scan.phase,
            done: scan.done,
            total: scan.total,
            queued_at: scan.queued_at,
            started_at: scan.started_at,
            finished_at: scan.finished_at,
            branch: scan.branch,
            head: scan.head.map(|head| head.to_string()),
            error: scan.error,
            found: scan.found,
            warning_count: scan.warnings,
            ahead: scan.ahead,
            changes: scan.changes,
        }
    }
}

/// A scan with what it could not read.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ScanDetail)]
pub(super) struct ScanDetailView {
    #[serde(flatten)]
    scan: ScanView,
    /// The first 500.
    warnings: Vec<ScanWarning>,
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ScanQuery {
    /// Where to go on: the `next` of the page before.
    #[param(pattern = "^[A-Za-z0-9_-]+$", nullable = false)]
    cursor: Option<String>,
    /// How many items to answer at most; 50 unless said otherwise.
    #[param(value_type = Option<u16>, minimum = 1, maximum = 200, nullable = false)]
    limit: Option<String>,
    /// The id or name of a repository.
    #[param(pattern = "^[A-Za-z0-9._-]{1,100}$", nullable = false)]
    repository: Option<String>,
}

/// List the scans, the latest first
#[utoipa::path(
    get, path = "/api/v2/scans", tag = "scans", security(("bearer" = [])), params(ScanQuery),
    responses((status = 200, description = "A page of scans.", body = PageOf<ScanView>), OfList),
)]
pub(super) async fn list_scans(
    scope: Scope<ViewWork>,
    query: Query<ScanQuery>,
) -> Result<Json<PageOf<ScanView>>> {
    let query = query.into_inner();
    let page = parse::page(query.cursor.as_ref(), query.limit.as_ref())?;
    let mut tx = scope.begin().await?;
    let repository = parse::repository_filter(&mut tx, query.repository.as_deref()).await?;
    let rows = store::list_scans(&mut tx, repository, &page).await?;
    Ok(Json(page.page(rows, |last| IdKey { id: last.id.as_uuid() })?.map(ScanView::from)))
}

/// Show one scan with its warnings
#[utoipa::path(
    get, path = "/api/v2/scans/{scan}", tag = "scans", security(("bearer" = [])),
    params(("scan" = Uuid, Path, description = "Its id.")),
    responses((status = 200, description = "The scan.", body = ScanDetailView), OfItem),
)]
pub(super) async fn get_scan(
    scope: Scope<ViewWork>,
    path: Path<String>,
) -> Result<Json<ScanDetailView>> {
    let id: ScanId = parse::id("the id of a scan", &path)?;
    let mut tx = scope.begin().await?;
    let scan = store::find_scan(&mut tx, id).await?.ok_or(AppError::NotFound)?;
    let warnings = store::list_warnings(&mut tx, id).await?;
    Ok(Json(ScanDetailView { scan: scan.into(), warnings }))
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ChangeQuery {
    /// Where to go on: the `next` of the page before.
    #[param(pattern = "^[A-Za-z0-9_-]+$", nullable = false)]
    cursor: Option<String>,
    /// How many items to answer at most; 50 unless said otherwise.
    #[param(value_type = Option<u16>, minimum = 1, maximum = 200, nullable = false)]
    limit: Option<String>,
}

/// List what is different since the scan before
///
/// The first 250 of projects, tasks, dependencies and languages each; the scan itself has the counts
/// of all.
#[utoipa::path(
    get, path = "/api/v2/scans/{scan}/changes", tag = "scans", security(("bearer" = [])),
    params(("scan" = Uuid, Path, description = "Its id."), ChangeQuery),
    responses((status = 200, description = "A page of changes.", body = PageOf<ScanChange>), OfItem),
)]
pub(super) async fn list_scan_changes(
    scope: Scope<ViewWork>,
    path: Path<String>,
    query: Query<ChangeQuery>,
) -> Result<Json<PageOf<ScanChange>>> {
    let id: ScanId = parse::id("the id of a scan", &path)?;
    let page = parse::page(query.cursor.as_ref(), query.limit.as_ref())?;
    let mut tx = scope.begin().await?;
    store::find_scan(&mut tx, id).await?.ok_or(AppError::NotFound)?;
    let rows = store::list_changes(&mut tx, id, &page).await?;
    Ok(Json(page.page(rows, |last| OrdinalKey { ordinal: last.ordinal })?))
}

/// Cancel a scan that waits or runs
///
/// A running one ends within about a second, and the result of the scan before stays. Cancelling a
/// cancelled one changes nothing.
#[utoipa::path(
    post, path = "/api/v2/scans/{scan}/cancel", tag = "scans", security(("bearer" = [])),
    params(("scan" = Uuid, Path, description = "Its id.")),
    responses((status = 200, description = "It is cancelled.", body = ScanView), OfCancellation),
)]
pub(super) async fn cancel_scan(scope: Scope<RequestScan>, path: Path<String>) -> Result<Saved> {
    let id: ScanId = parse::id("the id of a scan", &path)?;
    let mut tx = scope.begin().await?;
    match cancel::cancel(&mut tx, id, scope.clock().now()).await?.ok_or(AppError::NotFound)? {
        Cancellation::Cancelled => {}
        Cancellation::TooLate(state) => return Err(too_late(state)),
    }
    let scan = store::find_scan(&mut tx, id).await?.ok_or(AppError::NotFound)?;
    Ok(tx.commit().await?.json(&ScanView::from(scan)))
}

fn too_late(state: ScanState) -> AppError {
    AppError::Conflict(format!("The scan has ended already: {}.", state.in_words()))
}
