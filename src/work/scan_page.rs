//! Scans: the list of them, one of them while it runs, and asking for another one.

use actix_web::web::{Data, Path, Query};
use askama::Template;

use super::{
    cancel as cancelling,
    changes_view::{AreaView, areas},
    jobs::ask_for_scan,
    list_query::ListQuery,
    model::{IdKey, Scan, ScanId, ScanState, ScanWarning},
    pages::viewing,
    store,
    views::{ScanProgress, ScanRow, Viewing, scan_pill, took},
};
use crate::{
    organizations::{Rail, listening},
    repositories,
    tenancy::{Allowed, RequestScan, Saved, Scope, TenantTx, ViewWork},
    web::{
        AppError, Result,
        chart::Figure,
        html::{Crumb, Filters, Html, Pager, Pill, Shell, address},
        icon::Icon,
        paging::PageRequest,
        time::{Moment, grouped},
    },
};

/// As many changes as a scan keeps.
const CHANGES: u16 = 1_000;

#[derive(Template)]
#[template(path = "work/scans.html")]
pub(super) struct ScansPage {
    shell: Shell,
    filters: Filters,
    /// This page with its filters, which the stream's events fetch again.
    here: String,
    scans: Vec<ScanRow>,
    pager: Pager,
    repositories_href: String,
}

/// Shows scans, newest first.
pub(super) async fn scans(
    scope: Scope<ViewWork>,
    rail: Data<Rail>,
    query: Query<ListQuery>,
) -> Result<Html<ScansPage>> {
    let viewing = viewing(&scope);
    let request = query.page().parse::<IdKey>()?;
    let mut tx = scope.begin().await?;
    let (by_repository, repository) = query.by_repository(&mut tx).await?;
    let rows = store::list_scans(&mut tx, repository, &request).await?;
    let page = request.page(rows, |row| IdKey { id: row.id.as_uuid() })?;

    let path = viewing.links.scans(None);
    Ok(Html::new(ScansPage {
        shell: listening(rail.shell(&scope, "scans", Vec::new())),
        here: address(
            &path,
            &[("repository", query.repository.as_deref()), ("cursor", query.cursor.as_deref())],
        ),
        pager: query.pager(&path, page.items.len(), "scan", page.next.as_deref()),
        scans: page.items.iter().map(|scan| ScanRow::new(scan, &viewing)).collect(),
        repositories_href: viewing.links.repositories(),
        filters: Filters { action: path, search: None, choices: vec![by_repository] },
    }))
}

#[derive(Template)]
#[template(path = "work/scan.html")]
pub(super) struct ScanPage {
    shell: Shell,
    repository: String,
    repository_href: String,
    here: String,
    pill: Pill,
    progress: Option<ScanProgress>,
    problem: Option<String>,
    /// Who cancelled it.
    cancelled: Option<String>,
    is_running: bool,
    results: Vec<Figure>,
    started: Moment,
    took: String,
    branch: String,
    head: String,
    warnings: Vec<ScanWarning>,
    /// None where the scan has not succeeded.
    changes: Option<Changes>,
    rescan: Option<String>,
}

/// What is different since the scan before.
struct Changes {
    areas: Vec<AreaView>,
    /// Whether there was no scan before.
    is_first: bool,
}

/// Shows one scan; while it runs, the page follows it.
pub(super) async fn scan(
    scope: Scope<ViewWork>,
    rail: Data<Rail>,
    path: Path<(String, ScanId)>,
) -> Result<Html<ScanPage>> {
    let viewing = viewing(&scope);
    let mut tx = scope.begin().await?;
    let scan = store::find_scan(&mut tx, path.1).await?.ok_or(AppError::NotFound)?;
    let warnings = store::list_warnings(&mut tx, scan.id).await?;

    let here = viewing.links.scan(scan.id);
    let progress = ScanProgress::of(&scan, &viewing);
    let changes = changes(&mut tx, &scan).await?;
    let may_rescan = viewing.may_scan && progress.is_none();
    Ok(Html::new(ScanPage {
        shell: listening(rail.shell(&scope, "scans", vec![Crumb::new(&scan.repository, &here)])),
        repository_href: viewing.links.repository(&scan.repository),
        pill: scan_pill(scan.state),
        is_running: progress.is_some(),
        progress,
        problem: scan.error.clone().filter(|_| scan.state == ScanState::Failed),
        cancelled: scan.error.clone().filter(|_| scan.state == ScanState::Cancelled),
        changes,
        results: results(&scan, &viewing),
        started: Moment::new(scan.started_at.unwrap_or(scan.queued_at), viewing.now),
        took: took(&scan).unwrap_or_default(),
        branch: scan.branch.clone().unwrap_or_default(),
        head: scan.head.map(|head| head.short()).unwrap_or_default(),
        rescan: may_rescan.then(|| viewing.links.rescan(&scan.repository)),
        repository: scan.repository,
        here,
        warnings,
    }))
}

async fn changes(tx: &mut TenantTx, scan: &Scan) -> Result<Option<Changes>> {
    if scan.state != ScanState::Succeeded {
        return Ok(None);
    }
    let Some(counts) = &scan.changes else {
        return Ok(Some(Changes { areas: Vec::new(), is_first: true }));
    };
    let rows = store::list_changes(tx, scan.id, &PageRequest::first(CHANGES)).await?;
    Ok(Some(Changes { areas: areas(counts, rows), is_first: false }))
}

fn results(scan: &Scan, viewing: &Viewing) -> Vec<Figure> {
    let Some(found) = &scan.found else { return Vec::new() };
    let count = |value: i64| grouped(u64::try_from(value).unwrap_or(0));
    let (links, name) = (&viewing.links, Some(scan.repository.as_str()));
    vec![
        Figure::new("Projects", count(found.projects), links.projects(name)),
        Figure::new(
            "Tasks",
            count(found.tasks),
            links.tasks(&[
                ("repository", name),
                ("source", Some("tasklist")),
                ("status", Some("all")),
            ]),
        ),
        Figure::new(
            "Notes in comments",
            count(found.todos),
            links.tasks(&[("repository", name), ("source", Some("todo"))]),
        ),
        Figure::new("Commits", count(found.commits), links.commits(name))
            .with_under("new since the scan before"),
        Figure::new("Files", count(found.files), links.repository(&scan.repository)),
    ]
}

/// Asks for another scan of a repository and shows it.
pub(super) async fn rescan(
    scope: Scope<RequestScan>,
    path: Path<(String, String)>,
) -> Result<Saved> {
    let (links, now) = (viewing(&scope).links, scope.clock().now());
    let mut tx = scope.begin().await?;
    let repository = repositories::find_named(&mut tx, &path.1).await?.ok_or(AppError::NotFound)?;
    let allowed = Allowed::find(&mut tx, repository.id.as_uuid()).await?;
    let scan = ask_for_scan(&mut tx, &allowed, now).await?;
    Ok(tx.commit().await?.see_other(links.scan(scan)))
}

/// Cancels a scan and shows it; one that has ended is shown as it ended.
pub(super) async fn cancel(
    scope: Scope<RequestScan>,
    path: Path<(String, ScanId)>,
) -> Result<Saved> {
    let (links, now) = (viewing(&scope).links, scope.clock().now());
    let mut tx = scope.begin().await?;
    cancelling::cancel(&mut tx, path.1, now).await?.ok_or(AppError::NotFound)?;
    Ok(tx.commit().await?.see_other(links.scan(path.1)))
}
