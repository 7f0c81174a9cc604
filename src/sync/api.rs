//! `/api/v2/repositories/{repository}/sync`.

use actix_web::web::{Data, Json, Path};
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::{OpenApi, ToSchema};
use uuid::Uuid;

use super::{
    actions::{self, Action},
    model::{Import, ImportState, Reason, Resource},
    requests::Requested,
    views::Standing,
};
use crate::{
    connections::Connections,
    repositories::{self, RepositoryId},
    tenancy::{ManageRepositories, Routes, Saved, Scope, TenantTx, ViewWork},
    web::{
        AppError, Result,
        problems::{OfCancellation, OfItem},
    },
};

pub(super) fn routes() -> Routes {
    Routes::default()
        .read("/api/v2/repositories/{repository}/sync", get_sync)
        .post("/api/v2/repositories/{repository}/sync/import", import_repository)
        .post("/api/v2/repositories/{repository}/sync/resume", resume_import)
        .post("/api/v2/repositories/{repository}/sync/cancel", cancel_import)
}

/// The description of the API of readings from GitHub.
#[derive(OpenApi)]
#[openapi(
    paths(get_sync, import_repository, resume_import, cancel_import),
    tags((name = "sync", description = "How far repositories are read from GitHub, and kept in step with it.")),
)]
pub struct ApiDocument;

/// How a repository stands to GitHub.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Sync)]
struct SyncView {
    repository_id: Uuid,
    /// Whether it is known to be one of GitHub's.
    on_github: bool,
    /// Whether there is something to ask that GitHub by.
    connected: bool,
    running: bool,
    /// What GitHub had then of issues, pull requests and comments is here.
    complete_through: Option<DateTime<Utc>>,
    /// When it is compared with GitHub next.
    next_comparison_at: Option<DateTime<Utc>>,
    /// Why it could not be compared last.
    comparison_error: Option<String>,
    quota: Option<QuotaView>,
    resources: Vec<ImportView>,
}

/// What GitHub lets the connection ask.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Quota)]
struct QuotaView {
    /// Requests an hour.
    limit: i64,
    remaining: i64,
    reset_at: DateTime<Utc>,
}

/// How far one resource is read.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Import)]
struct ImportView {
    resource: Resource,
    state: ImportState,
    reason: Reason,
    items: i64,
    /// How many there are at most, where GitHub says so.
    total: Option<i64>,
    items_per_minute: Option<i64>,
    estimated_end_at: Option<DateTime<Utc>>,
    requested_at: DateTime<Utc>,
    begun_at: Option<DateTime<Utc>>,
    finished_at: Option<DateTime<Utc>>,
    /// When GitHub answers again, while it does not.
    resume_at: Option<DateTime<Utc>>,
    complete_through: Option<DateTime<Utc>>,
    /// What became of it, where that is not plain.
    remark: Option<String>,
    error: Option<String>,
}

impl ImportView {
    fn new(standing: &Standing, import: &Import, now: DateTime<Utc>) -> Self {
        Self {
            resource: import.resource,
            state: import.state,
            reason: import.reason,
            items: import.items,
            total: import.total,
            items_per_minute: import.rate(),
            estimated_end_at: import.estimated_end(now),
            requested_at: import.requested_at,
            begun_at: import.begun_at,
            finished_at: import.finished_at,
            resume_at: import.resume_at,
            complete_through: standing.complete_through(import),
            remark: import.remark.clone(),
            error: import.error.clone(),
        }
    }
}

async fn view(
    tx: &mut TenantTx,
    connections: &Connections,
    repository: RepositoryId,
    now: DateTime<Utc>,
) -> Result<SyncView> {
    let standing = Standing::find(tx, connections, repository).await?.ok_or(AppError::NotFound)?;
    let quota = standing.connection.as_ref().and_then(|asked| asked.quota);
    Ok(SyncView {
        repository_id: repository.as_uuid(),
        on_github: standing.is_on_github(),
        connected: standing.connection.is_some(),
        running: standing.is_running(),
        complete_through: standing.all_complete_through(),
        next_comparison_at: standing.sync.as_ref().map(|sync| sync.due_at),
        comparison_error: standing.sync.as_ref().and_then(|sync| sync.error.clone()),
        quota: quota.map(|quota| QuotaView {
            limit: quota.limit,
            remaining: quota.remaining,
            reset_at: quota.reset,
        }),
        resources: standing
            .imports
            .iter()
            .map(|import| ImportView::new(&standing, import, now))
            .collect(),
    })
}

/// Show how a repository stands to GitHub
#[utoipa::path(
    get, path = "/api/v2/repositories/{repository}/sync", tag = "sync", security(("bearer" = [])),
    params(("repository" = Uuid, Path, description = "The repository's id.")),
    responses((status = 200, description = "How it stands.", body = SyncView), OfItem),
)]
async fn get_sync(
    scope: Scope<ViewWork>,
    connections: Data<Connections>,
    id: Path<RepositoryId>,
) -> Result<Json<SyncView>> {
    let mut tx = scope.begin().await?;
    Ok(Json(view(&mut tx, &connections, *id, scope.clock().now()).await?))
}

/// Read a repository from GitHub, again where it was read
///
/// What is there stays, and is brought up to date. What is under way is begun anew.
#[utoipa::path(
    post, path = "/api/v2/repositories/{repository}/sync/import", tag = "sync", security(("bearer" = [])),
    params(("repository" = Uuid, Path, description = "The repository's id.")),
    responses((status = 202, description = "It waits for its turn.", body = SyncView), OfCancellation),
)]
async fn import_repository(
    scope: Scope<ManageRepositories>,
    connections: Data<Connections>,
    id: Path<RepositoryId>,
) -> Result<Saved> {
    act(&scope, &connections, *id, Action::Import).await
}

/// Go on with what failed or was cancelled
#[utoipa::path(
    post, path = "/api/v2/repositories/{repository}/sync/resume", tag = "sync", security(("bearer" = [])),
    params(("repository" = Uuid, Path, description = "The repository's id.")),
    responses((status = 202, description = "It goes on where it stopped.", body = SyncView), OfCancellation),
)]
async fn resume_import(
    scope: Scope<ManageRepositories>,
    connections: Data<Connections>,
    id: Path<RepositoryId>,
) -> Result<Saved> {
    act(&scope, &connections, *id, Action::Resume).await
}

/// End the reading that is under way
///
/// What is read so far stays.
#[utoipa::path(
    post, path = "/api/v2/repositories/{repository}/sync/cancel", tag = "sync", security(("bearer" = [])),
    params(("repository" = Uuid, Path, description = "The repository's id.")),
    responses((status = 202, description = "It is cancelled.", body = SyncView), OfCancellation),
)]
async fn cancel_import(
    scope: Scope<ManageRepositories>,
    connections: Data<Connections>,
    id: Path<RepositoryId>,
) -> Result<Saved> {
    act(&scope, &connections, *id, Action::Cancel).await
}

async fn act(
    scope: &Scope<ManageRepositories>,
    connections: &Connections,
    id: RepositoryId,
    action: Action,
) -> Result<Saved> {
    let now = scope.clock().now();
    let mut tx = scope.begin().await?;
    let repository = repositories::find(&mut tx, id).await?.ok_or(AppError::NotFound)?;
    let refusal = match actions::act(&mut tx, &repository, action, now).await? {
        Requested::Begun => None,
        Requested::NotOnGitHub => Some("The repository is not known to be on GitHub."),
        Requested::NotConnected => Some("There is no connection to ask that GitHub by."),
        Requested::Nothing => Some("There is nothing to do."),
    };
    if let Some(refusal) = refusal {
        return Err(AppError::Conflict(refusal.to_owned()));
    }
    let view = view(&mut tx, connections, id, now).await?;
    let here = format!("/api/v2/repositories/{id}/sync");
    Ok(tx.commit().await?.accepted(&here, &view))
}
