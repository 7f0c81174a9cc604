//! `/api/v2/scans`.

use actix_web::web::{Json, Path, Query};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::{
    parse,
    problems::{OfItem, OfList},
};
use crate::{
    repositories::ScanReason,
    tenancy::{Routes, Scope, ViewWork},
    web::{AppError, Result, paging::PageOf},
    work::{
        model::{Found, IdKey, Phase, Scan, ScanId, ScanState, ScanWarning},
        store,
    },
};

pub(super) fn routes() -> Routes {
    Routes::default().read("/api/v2/scans", list_scans).read("/api/v2/scans/{scan}", get_scan)
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
    /// Why it failed, or why it is tried again.
    error: Option<String>,
    /// What it counted; null until it has succeeded.
    found: Option<Found>,
    warning_count: i64,
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
