//! `/api/v2/repositories`.

use actix_web::web::{Data, Json, Path, Query};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::{
    parse,
    problems::{OfAddition, OfAlteration, OfChange, OfItem, OfList},
    scans::ScanView,
};
use crate::{
    repositories::{self, Repository, RepositoryKey, ScanReason, Source, SourceKind},
    tenancy::{Allowed, ManageRepositories, RequestScan, Routes, Saved, Scope, TenantTx, ViewWork},
    web::{AppError, Result, paging::PageOf},
    work::{
        connect::{self, Change, Connected, Refusal},
        jobs,
        model::ScanId,
        settings::ScanSettings,
        store,
    },
};

pub(super) fn routes() -> Routes {
    Routes::default()
        .read("/api/v2/repositories", list_repositories)
        .post("/api/v2/repositories", connect_repository)
        .read("/api/v2/repositories/{repository}", get_repository)
        .patch("/api/v2/repositories/{repository}", change_repository)
        .delete("/api/v2/repositories/{repository}", remove_repository)
        .post("/api/v2/repositories/{repository}/scans", request_scan)
}

/// A connected repository as its last whole scan left it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Repository)]
pub(super) struct RepositoryView {
    id: Uuid,
    /// Unique within the organisation.
    name: String,
    source_kind: SourceKind,
    /// The address or path it is fetched from.
    source: String,
    /// Null until the first scan has ended, and for empty repositories.
    default_branch: Option<String>,
    /// The commit that the last whole scan read.
    head: Option<String>,
    scanned_at: Option<DateTime<Utc>>,
    /// What the server's copy takes on the disk; null where none is kept.
    mirror_bytes: Option<u64>,
    created_at: DateTime<Utc>,
}

impl From<Repository> for RepositoryView {
    fn from(repository: Repository) -> Self {
        Self {
            id: repository.id.as_uuid(),
            name: repository.name,
            source_kind: repository.source_kind,
            source: repository.source,
            default_branch: repository.default_branch,
            head: repository.head.map(|head| head.to_string()),
            scanned_at: repository.scanned_at,
            mirror_bytes: repository.mirror_bytes,
            created_at: repository.created_at,
        }
    }
}

/// A repository to connect.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = NewRepository)]
#[serde(deny_unknown_fields)]
pub(super) struct NewRepositoryView {
    /// Its https address, or a path of the server's machine where the configuration allows paths.
    #[schema(example = "https://github.com/owner/name.git")]
    source: String,
}

/// A connected repository and the scan that has been asked for.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ConnectedRepository)]
pub(super) struct ConnectedView {
    repository: RepositoryView,
    scan: ScanView,
}

impl ConnectedView {
    async fn find(tx: &mut TenantTx, connected: &Connected) -> Result<Self> {
        let repository =
            repositories::find(tx, connected.repository).await?.ok_or(AppError::NotFound)?;
        Ok(Self { repository: repository.into(), scan: find_scan(tx, connected.scan).await? })
    }
}

async fn find_scan(tx: &mut TenantTx, id: ScanId) -> Result<ScanView> {
    Ok(store::find_scan(tx, id).await?.ok_or(AppError::NotFound)?.into())
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct RepositoryQuery {
    /// Where to go on: the `next` of the page before.
    #[param(pattern = "^[A-Za-z0-9_-]+$", nullable = false)]
    cursor: Option<String>,
    /// How many items to answer at most; 50 unless said otherwise.
    #[param(value_type = Option<u16>, minimum = 1, maximum = 200, nullable = false)]
    limit: Option<String>,
}

/// List the repositories by name
#[utoipa::path(
    get, path = "/api/v2/repositories", tag = "repositories", security(("bearer" = [])), params(RepositoryQuery),
    responses((status = 200, description = "A page of repositories.", body = PageOf<RepositoryView>), OfList),
)]
pub(super) async fn list_repositories(
    scope: Scope<ViewWork>,
    query: Query<RepositoryQuery>,
) -> Result<Json<PageOf<RepositoryView>>> {
    let query = query.into_inner();
    let page = parse::page(query.cursor.as_ref(), query.limit.as_ref())?;
    let mut tx = scope.begin().await?;
    let rows = repositories::list(&mut tx, &page).await?;
    let page = page.page(rows, |last| RepositoryKey { name: last.name.clone() })?;
    Ok(Json(page.map(RepositoryView::from)))
}

/// Connect a repository and scan it
///
/// One that is connected already, from the same address, is only scanned again. Where the scan
/// stands is told at `/api/v2/scans/{id}`.
#[utoipa::path(
    post, path = "/api/v2/repositories", tag = "repositories", security(("bearer" = [])),
    request_body = NewRepositoryView,
    responses(
        (status = 201, description = "It is connected; its first scan waits.", body = ConnectedView,
         headers(("location" = String, description = "The address of the repository."))),
        (status = 200, description = "It was connected already; another scan waits.", body = ConnectedView),
        OfAddition,
    ),
)]
pub(super) async fn connect_repository(
    scope: Scope<ManageRepositories>,
    body: Json<NewRepositoryView>,
    settings: Data<ScanSettings>,
) -> Result<Saved> {
    let source = Source::parse(&body.source, &settings.policy)
        .map_err(|error| AppError::invalid("source", error.to_string()))?;
    let mut tx = scope.begin().await?;
    let connected =
        connect::connect(&mut tx, &source, ScanReason::Added, scope.clock().now()).await;
    let connected = connected.map_err(parse::removed_again)?;
    let view = ConnectedView::find(&mut tx, &connected).await?;
    let saved = tx.commit().await?;
    let address = format!("/api/v2/repositories/{}", connected.repository);
    Ok(if connected.is_new { saved.created(&address, &view) } else { saved.json(&view) })
}

/// Show one repository
#[utoipa::path(
    get, path = "/api/v2/repositories/{repository}", tag = "repositories", security(("bearer" = [])),
    params(("repository" = String, Path, description = "Its id or name.", pattern = "^[A-Za-z0-9._-]{1,100}$")),
    responses((status = 200, description = "The repository.", body = RepositoryView), OfItem),
)]
pub(super) async fn get_repository(
    scope: Scope<ViewWork>,
    path: Path<String>,
) -> Result<Json<RepositoryView>> {
    let mut tx = scope.begin().await?;
    Ok(Json(parse::repository(&mut tx, &path).await?.into()))
}

/// What is to be different about a repository; what is left out stays.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = RepositoryChange)]
#[serde(deny_unknown_fields)]
pub(super) struct RepositoryChangeView {
    #[schema(pattern = "^[A-Za-z0-9._-]{1,100}$", nullable = false)]
    name: Option<String>,
    /// The https address or path that it is fetched from now on.
    #[schema(nullable = false, example = "https://github.com/owner/name.git")]
    source: Option<String>,
}

/// A changed repository and the scan that has been asked for.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ChangedRepository)]
pub(super) struct ChangedView {
    repository: RepositoryView,
    /// Null where nothing was different.
    scan: Option<ScanView>,
}

/// Give a repository another name or address and scan it
///
/// What was read stays until the scan has ended.
#[utoipa::path(
    patch, path = "/api/v2/repositories/{repository}", tag = "repositories", security(("bearer" = [])),
    params(("repository" = String, Path, description = "Its id or name.", pattern = "^[A-Za-z0-9._-]{1,100}$")),
    request_body = RepositoryChangeView,
    responses((status = 200, description = "It is changed.", body = ChangedView), OfAlteration),
)]
pub(super) async fn change_repository(
    scope: Scope<ManageRepositories>,
    path: Path<String>,
    body: Json<RepositoryChangeView>,
    settings: Data<ScanSettings>,
) -> Result<Saved> {
    let mut tx = scope.begin().await?;
    let repository = parse::repository(&mut tx, &path).await?;
    let RepositoryChangeView { name, source } = body.into_inner();
    // The present one needs no leave: the command line may have given it.
    let source = source.filter(|source| *source != repository.source);
    let source = source.map(|source| Source::parse(&source, &settings.policy)).transpose();
    let source = source.map_err(|error| AppError::invalid("source", error.to_string()))?;
    let change = Change { name, source };
    let changed = connect::change(&mut tx, &repository, &change, scope.clock().now()).await;
    let changed = changed.map_err(parse::removed)?.map_err(|refusal| match refusal {
        Refusal::Name(text) => AppError::invalid("name", text),
        Refusal::Source(text) => AppError::invalid("source", text),
    })?;
    let scan = match changed.scan {
        Some(id) => Some(find_scan(&mut tx, id).await?),
        None => None,
    };
    let repository =
        repositories::find(&mut tx, repository.id).await?.ok_or(AppError::NotFound)?.into();
    Ok(tx.commit().await?.json(&ChangedView { repository, scan }))
}

/// Disconnect a repository
///
/// Nobody sees it any longer, nor anything that was read from it. Connecting it again within a day has all of
/// it back; after that it is deleted.
#[utoipa::path(
    delete, path = "/api/v2/repositories/{repository}", tag = "repositories", security(("bearer" = [])),
    params(("repository" = String, Path, description = "Its id or name.", pattern = "^[A-Za-z0-9._-]{1,100}$")),
    responses((status = 204, description = "It is removed."), OfChange),
)]
pub(super) async fn remove_repository(
    scope: Scope<ManageRepositories>,
    path: Path<String>,
) -> Result<Saved> {
    let mut tx = scope.begin().await?;
    let repository = parse::repository(&mut tx, &path).await?;
    connect::disconnect(&mut tx, &repository, scope.clock().now()).await?;
    Ok(tx.commit().await?.no_content())
}

/// Ask for a scan of a repository
///
/// Where one waits already, that one is answered.
#[utoipa::path(
    post, path = "/api/v2/repositories/{repository}/scans", tag = "repositories", security(("bearer" = [])),
    params(("repository" = String, Path, description = "Its id or name.", pattern = "^[A-Za-z0-9._-]{1,100}$")),
    responses(
        (status = 202, description = "The scan waits for its turn.", body = ScanView,
         headers(("location" = String, description = "The address of the scan."))),
        OfChange,
    ),
)]
pub(super) async fn request_scan(scope: Scope<RequestScan>, path: Path<String>) -> Result<Saved> {
    let mut tx = scope.begin().await?;
    let repository = parse::repository(&mut tx, &path).await?;
    let now = scope.clock().now();
    let allowed = Allowed::find(&mut tx, repository.id.as_uuid()).await?;
    let scan = jobs::ask_for_scan(&mut tx, &allowed, now).await;
    let scan = scan.map_err(parse::removed)?;
    let view = find_scan(&mut tx, scan).await?;
    Ok(tx.commit().await?.accepted(&format!("/api/v2/scans/{scan}"), &view))
}
