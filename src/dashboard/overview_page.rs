//! The overview: what is going on, in numbers and in the latest of everything.

use actix_web::web::Data;
use askama::Template;

use super::{
    repositories_page::{RepositoryRow, repository_row},
    store::{self, Totals},
};
use crate::{
    organizations::{Rail, listening},
    repositories::RepositoryId,
    tenancy::{ManageRepositories, Permission, Scope, TenantTx, ViewWork},
    web::{
        Result,
        chart::{self, Figure, Part},
        html::{Html, Shell},
        icon::Icon,
        paging::PageRequest,
        time::{Count, grouped},
    },
    work::{
        self, CommitFilter, CommitRow, Links, ScanProgress, TaskFilter, TaskRow, TaskSource,
        TaskState, Viewing,
    },
};

/// How many rows of each list stand on the overview.
const ROWS: u16 = 8;
/// Scans that have not ended are among the latest so many.
const LATEST_SCANS: u16 = 50;

#[derive(Template)]
#[template(path = "dashboard/overview.html")]
pub(super) struct OverviewPage {
    shell: Shell,
    summary: String,
    add_href: Option<String>,
    figures: Vec<Figure>,
    scans: Vec<ScanProgress>,
    scans_href: String,
    repositories: Vec<RepositoryRow>,
    repositories_href: String,
    languages: Vec<Part>,
    commits: Vec<CommitRow>,
    commits_href: String,
    tasks: Vec<TaskRow>,
    tasks_href: String,
}

/// Shows the organisation's overview.
pub(super) async fn overview(
    scope: Scope<ViewWork>,
    rail: Data<Rail>,
) -> Result<Html<OverviewPage>> {
    let viewing = viewing(&scope);
    let links = &viewing.links;
    let mut tx = scope.begin().await?;
    let totals = store::count_all(&mut tx, None).await?;
    let days = store::count_commits_by_day(&mut tx, None, viewing.now).await?;
    let repositories = store::list_repositories(&mut tx, None, &PageRequest::first(ROWS)).await?;

    let add_href =
        scope.may::<ManageRepositories>().then(|| format!("{}#add", links.repositories()));
    Ok(Html::new(OverviewPage {
        shell: listening(rail.shell(&scope, "", Vec::new())),
        summary: summary(&totals),
        add_href,
        figures: figures(&totals, &days, None, links),
        scans: running(&mut tx, None, &viewing).await?,
        scans_href: links.running_scans(),
        repositories: repositories
            .into_iter()
            .take(ROWS.into())
            .map(|row| repository_row(row, &viewing))
            .collect(),
        repositories_href: links.repositories(),
        languages: languages(&mut tx, None).await?,
        commits: latest_commits(&mut tx, None, &viewing).await?,
        commits_href: links.commits(None),
        tasks: open_tasks(&mut tx, &viewing).await?,
        tasks_href: links.tasks(&[("source", Some("planned"))]),
    }))
}

#[derive(Template)]
#[template(path = "dashboard/_running_scans.html")]
pub(super) struct RunningScans {
    scans: Vec<ScanProgress>,
}

/// The part of the overview that follows running scans.
pub(super) async fn running_scans(scope: Scope<ViewWork>) -> Result<Html<RunningScans>> {
    let viewing = viewing(&scope);
    let mut tx = scope.begin().await?;
    Ok(Html::new(RunningScans { scans: running(&mut tx, None, &viewing).await? }))
}

pub(super) fn viewing<P: Permission>(scope: &Scope<P>) -> Viewing {
    Viewing::of(scope)
}

fn summary(totals: &Totals) -> String {
    match (totals.repositories, totals.open_tasks) {
        (0, _) => "Nothing here yet".to_owned(),
        (repositories, tasks) => format!(
            "{} and {}",
            counted(repositories, "repository", "repositories"),
            counted(tasks, "open task", "open tasks")
        ),
    }
}

fn counted(count: i64, one: &str, many: &str) -> String {
    if count == 1 { format!("1 {one}") } else { format!("{} {many}", number(count)) }
}

fn number(count: i64) -> String {
    grouped(Count::from_signed(count).0)
}

/// The row of numbers, of the organisation or of one repository.
pub(super) fn figures(
    totals: &Totals,
    days: &[i64],
    repository: Option<&str>,
    links: &Links,
) -> Vec<Figure> {
    let days: Vec<u64> = days.iter().map(|count| Count::from_signed(*count).0).collect();
    let in_days: u64 = days.iter().sum();
    let all = totals.open_tasks + totals.done_tasks;
    let done = chart::percent(Count::from_signed(totals.done_tasks).0, Count::from_signed(all).0);
    let lines_href = repository.map_or_else(
        || links.repositories(),
        |name| format!("{}#languages", links.repository(name)),
    );
    let mut figures = vec![
        Figure::new(
            "Open tasks",
            number(totals.open_tasks),
            links.tasks(&[("repository", repository), ("source", Some("planned"))]),
        )
        .with_unit(if all == 0 { String::new() } else { format!("of {}", number(all)) })
        .with_under(done.map_or_else(
            || "no task list or issue found".to_owned(),
            |done| format!("{done} % done"),
        )),
        Figure::new("Commits", number(totals.commits), links.commits(repository))
            .with_under(format!("{} in the last 30 days", grouped(in_days)))
            .with_spark(&days),
        Figure::new("Projects", number(totals.projects), links.projects(repository)).with_under(
            if totals.fixtures == 0 {
                String::new()
            } else {
                format!("{} under test fixtures", number(totals.fixtures))
            },
        ),
        Figure::new(
            "Notes in comments",
            number(totals.notes),
            links.tasks(&[("repository", repository), ("source", Some("todo"))]),
        )
        .with_under(if totals.fixmes == 0 {
            "TODO, HACK, XXX".to_owned()
        } else {
            format!("{} are FIXME", number(totals.fixmes))
        }),
        Figure::new("Lines of code", number(totals.lines), lines_href)
            .with_under(format!("in {}", counted(totals.languages, "language", "languages"))),
    ];
    if totals.open_pulls > 0 {
        let href = links.tasks(&[("repository", repository), ("source", Some("pull"))]);
        let pulls = Figure::new("Pull requests", number(totals.open_pulls), href);
        figures.insert(1, pulls.with_under("open"));
    }
    figures
}

/// The scans that have not ended.
pub(super) async fn running(
    tx: &mut TenantTx,
    repository: Option<RepositoryId>,
    viewing: &Viewing,
) -> Result<Vec<ScanProgress>> {
    let scans = work::list_scans(tx, repository, &PageRequest::first(LATEST_SCANS)).await?;
    Ok(scans.iter().filter_map(|scan| ScanProgress::of(scan, viewing)).collect())
}

pub(super) async fn languages(
    tx: &mut TenantTx,
    repository: Option<RepositoryId>,
) -> Result<Vec<Part>> {
    let languages = work::list_languages(tx, repository).await?;
    let lines: Vec<_> = languages
        .into_iter()
        .map(|language| (language.name, Count::from_signed(language.code).0))
        .collect();
    Ok(chart::shares(&lines))
}

pub(super) async fn latest_commits(
    tx: &mut TenantTx,
    repository: Option<RepositoryId>,
    viewing: &Viewing,
) -> Result<Vec<CommitRow>> {
    let filter = CommitFilter { repository, text: None };
    let commits = work::list_commits(tx, &filter, &PageRequest::first(ROWS)).await?;
    Ok(commits
        .into_iter()
        .take(ROWS.into())
        .map(|commit| CommitRow::new(commit, viewing))
        .collect())
}

async fn open_tasks(tx: &mut TenantTx, viewing: &Viewing) -> Result<Vec<TaskRow>> {
    let filter = TaskFilter {
        state: Some(TaskState::Open),
        sources: TaskSource::PLANNED.to_vec(),
        ..TaskFilter::default()
    };
    let tasks = work::list_tasks(tx, &filter, &PageRequest::first(ROWS)).await?;
    Ok(tasks.into_iter().take(ROWS.into()).map(|task| TaskRow::new(task, viewing)).collect())
}
