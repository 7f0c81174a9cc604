//! One repository: what its last whole scan found.

use actix_web::web::{Data, Path};
use askama::Template;

use super::{
    overview_page::{figures, languages, latest_commits, running, viewing},
    repositories_page::freshness,
    store,
};
use crate::{
    organizations::{Rail, listening},
    repositories::{self, Repository, RepositoryId},
    tenancy::{Allowed, ManageAccess, ManageRepositories, RequestScan, Scope, TenantTx, ViewWork},
    web::{
        AppError, Result,
        chart::{Figure, Part},
        html::{Crumb, Html, Link, Pill, Shell, counted},
        icon::Icon,
        paging::PageRequest,
        time::{Count, Moment, bytes},
    },
    webhooks,
    work::{
        self, CommitRow, Links, PipelineRow, ProjectFilter, ProjectRow, RepositoryDetails, Scan,
        ScanProgress, ScanRow, ScanState, TaskFilter, TaskRow, TaskSource, TaskState, Viewing,
        project_rows,
    },
};

/// How many scans and notes stand on the page.
const ROWS: u16 = 6;
const PROJECTS: u16 = 50;

#[derive(Template)]
#[template(path = "dashboard/repository.html")]
pub(super) struct RepositoryPage {
    shell: Shell,
    repository: Heading,
    rescan: Option<String>,
    settings: Option<String>,
    access: Option<String>,
    problem: Option<String>,
    scan: Option<ScanProgress>,
    figures: Vec<Figure>,
    languages: Vec<Part>,
    languages_table: Vec<LanguageRow>,
    projects: Vec<ProjectRow>,
    projects_href: String,
    commits: Vec<CommitRow>,
    commits_href: String,
    scans: Vec<ScanRow>,
    scans_href: String,
    notes: Vec<TaskRow>,
    notes_href: String,
    here: String,
    about: About,
    submodules: Vec<SubmoduleRow>,
    uses: Vec<(Link, String)>,
    pipelines: Vec<PipelineRow>,
    graph_href: String,
    sync_href: String,
}

/// What the last whole scan measured.
struct About {
    size: String,
    vendored: String,
    /// What is kept in Git LFS, in words.
    large: String,
    owners: String,
    owners_file: String,
}

impl About {
    fn new(details: RepositoryDetails) -> Self {
        let count = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
        let size = &details.size;
        let (owners_file, owners) =
            details.owners.map_or_else(Default::default, |file| (file.path, file.owners));
        Self {
            size: format!(
                "{} in {}",
                bytes(size.bytes),
                counted(count(size.files), "file", "files")
            ),
            vendored: match size.vendored_files {
                0 => String::new(),
                number => counted(count(number), "file", "files"),
            },
            large: match size.large_files {
                0 => String::new(),
                number => {
                    let files = counted(count(number), "file", "files");
                    format!("{files}, {}", bytes(size.large_bytes))
                }
            },
            owners: owners.join(", "),
            owners_file,
        }
    }
}

/// Another repository at a path of this one.
struct SubmoduleRow {
    path: String,
    /// The repository that it means, where that is connected.
    repository: Option<Link>,
    address: String,
    pinned: String,
    /// The form that connects it, for those who may.
    connect: Option<String>,
}

struct Heading {
    name: String,
    source: String,
    branch: String,
    head: String,
    scan: Pill,
    scanned: Option<Moment>,
    /// Empty where no copy is kept.
    mirror: String,
    /// Where GitHub has it, and what it says of it.
    github: Option<AtGitHubRow>,
}

struct AtGitHubRow {
    link: Link,
    marks: Vec<&'static str>,
    /// Since when the connection reaches it no longer.
    lost: Option<Moment>,
    /// Why nothing that happens there comes by itself, and what to do.
    trouble: Option<String>,
}

struct LanguageRow {
    name: String,
    files: Count,
    lines: Count,
}

/// Shows one repository.
pub(super) async fn repository(
    scope: Scope<ViewWork>,
    rail: Data<Rail>,
    path: Path<(String, String)>,
) -> Result<Html<RepositoryPage>> {
    let viewing = viewing(&scope);
    let mut tx = scope.begin().await?;
    let repository = repositories::find_named(&mut tx, &path.1).await?.ok_or(AppError::NotFound)?;
    let scans = work::list_scans(&mut tx, Some(repository.id), &PageRequest::first(ROWS)).await?;
    let steps = vec![step(&mut tx, &repository, &viewing.links).await?];
    let shell = listening(rail.shell(&scope, "repositories", steps));
    let rescan = scope.may::<RequestScan>().then(|| viewing.links.rescan(&repository.name));
    let may_manage = scope.may::<ManageRepositories>();
    let settings = may_manage.then(|| viewing.links.settings(&repository.name));
    let submodules = submodules(&mut tx, repository.id, may_manage, &viewing.links).await?;
    let access = access_href(&scope, &mut tx, &repository).await?;
    let page = page(&mut tx, repository, &scans, &viewing).await?;
    Ok(Html::new(RepositoryPage { shell, rescan, settings, access, submodules, ..page }))
}

/// Where whoever administers the repository says who sees it.
async fn access_href(
    scope: &Scope<ViewWork>,
    tx: &mut TenantTx,
    repository: &Repository,
) -> Result<Option<String>> {
    if !scope.may::<ManageAccess>() {
        return Ok(None);
    }
    match Allowed::<ManageAccess>::find(tx, repository.id.as_uuid()).await {
        Ok(_) => Ok(Some(viewing(scope).links.access(&repository.name))),
        Err(AppError::LevelTooLow { .. }) => Ok(None),
        Err(other) => Err(other),
    }
}

async fn page(
    tx: &mut TenantTx,
    repository: Repository,
    scans: &[Scan],
    viewing: &Viewing,
) -> Result<RepositoryPage> {
    let (id, links, name) = (Some(repository.id), &viewing.links, repository.name.clone());
    let totals = store::count_all(tx, id).await?;
    let days = store::count_commits_by_day(tx, id, viewing.now).await?;
    let projects = ProjectFilter { repository: id, ..ProjectFilter::default() };
    let projects = work::list_projects(tx, &projects, &PageRequest::first(PROJECTS)).await?;
    Ok(RepositoryPage {
        shell: Shell::default(),
        rescan: None,
        settings: None,
        access: None,
        problem: scans
            .first()
            .filter(|scan| scan.state == ScanState::Failed)
            .and_then(|scan| scan.error.clone()),
        scan: running(tx, id, viewing).await?.into_iter().next(),
        figures: figures(&totals, &days, Some(&name), links),
        languages: languages(tx, id).await?,
        languages_table: work::list_languages(tx, id)
            .await?
            .into_iter()
            .map(language_row)
            .collect(),
        projects: project_rows(&projects, None, viewing),
        projects_href: links.projects(Some(&name)),
        commits: latest_commits(tx, id, viewing).await?,
        commits_href: links.commits(Some(&name)),
        scans: scans.iter().map(|scan| ScanRow::new(scan, viewing)).collect(),
        scans_href: links.scans(Some(&name)),
        notes: notes(tx, repository.id, viewing).await?,
        notes_href: links.tasks(&[("repository", Some(&name)), ("source", Some("todo"))]),
        here: links.repository(&name),
        about: About::new(work::find_repository_details(tx, repository.id).await?),
        submodules: Vec::new(),
        uses: uses(tx, repository.id, links).await?,
        pipelines: pipelines(tx, repository.id).await?,
        graph_href: links.graph(&name),
        sync_href: links.sync(&name),
        repository: Heading {
            github: at_github(tx, repository.id, viewing).await?,
            ..heading(repository, scans, viewing)
        },
    })
}

fn heading(repository: Repository, scans: &[Scan], viewing: &Viewing) -> Heading {
    Heading {
        scan: freshness(scans.first().map(|scan| scan.state)),
        scanned: repository.scanned_at.map(|at| Moment::new(at, viewing.now)),
        branch: repository.default_branch.unwrap_or_default(),
        head: repository.head.map(|head| head.short()).unwrap_or_default(),
        mirror: repository.mirror_bytes.map(bytes).unwrap_or_default(),
        name: repository.name,
        source: repository.source,
        github: None,
    }
}

async fn at_github(
    tx: &mut TenantTx,
    id: RepositoryId,
    viewing: &Viewing,
) -> Result<Option<AtGitHubRow>> {
    let Some(known) = repositories::find_at_github(tx, id).await? else { return Ok(None) };
    let trouble = webhooks::trouble_of_repository(tx, id).await?;
    Ok(Some(AtGitHubRow {
        link: Link::new(&known.full_name, known.page()),
        marks: known.marks(),
        lost: known.unreachable_at.map(|at| Moment::new(at, viewing.now)),
        trouble,
    }))
}

fn language_row(language: work::Language) -> LanguageRow {
    LanguageRow {
        name: language.name,
        files: Count::from_signed(language.files),
        lines: Count::from_signed(language.code),
    }
}

async fn submodules(
    tx: &mut TenantTx,
    repository: RepositoryId,
    may_connect: bool,
    links: &Links,
) -> Result<Vec<SubmoduleRow>> {
    let found = work::list_submodules(tx, repository).await?;
    let rows = found.into_iter().map(|module| {
        let is_apart = module.repository.is_none();
        let form = module.address.as_deref().filter(|_| may_connect && is_apart);
        SubmoduleRow {
            connect: form.map(|address| links.connecting(address)),
            repository: module.repository.map(|name| Link::new(&name, links.repository(&name))),
            address: module.address.or(module.url).unwrap_or_default(),
            pinned: module.pinned.map(|commit| commit.short()).unwrap_or_default(),
            path: module.path,
        }
    });
    Ok(rows.collect())
}

/// The repositories that this one is linked into, each with the path.
async fn uses(
    tx: &mut TenantTx,
    repository: RepositoryId,
    links: &Links,
) -> Result<Vec<(Link, String)>> {
    let uses = work::list_submodule_uses(tx, repository).await?.into_iter();
    let link = |name: &str| Link::new(name, links.repository(name));
    Ok(uses.map(|one| (link(&one.repository), one.path)).collect())
}

async fn pipelines(tx: &mut TenantTx, repository: RepositoryId) -> Result<Vec<PipelineRow>> {
    let found = work::list_pipelines(tx, repository).await?;
    Ok(found.iter().take(50).map(|pipeline| PipelineRow::new(pipeline, false)).collect())
}

async fn notes(
    tx: &mut TenantTx,
    repository: RepositoryId,
    viewing: &Viewing,
) -> Result<Vec<TaskRow>> {
    let filter = TaskFilter {
        state: Some(TaskState::Open),
        sources: vec![TaskSource::Todo],
        repository: Some(repository),
        ..TaskFilter::default()
    };
    let notes = work::list_tasks(tx, &filter, &PageRequest::first(ROWS)).await?;
    Ok(notes.into_iter().take(ROWS.into()).map(|task| TaskRow::new(task, viewing)).collect())
}

/// The step of the breadcrumb that opens the other repositories.
async fn step(tx: &mut TenantTx, repository: &Repository, links: &Links) -> Result<Crumb> {
    let all = repositories::list_all(tx).await?;
    let others = all.into_iter().filter(|(id, _)| *id != repository.id).take(50);
    let siblings = others.map(|(_, name)| Link::new(&name, links.repository(&name))).collect();
    Ok(Crumb::new(&repository.name, links.repository(&repository.name)).with_siblings(siblings))
}
