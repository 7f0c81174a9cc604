//! The lists of projects, tasks and commits as pages.

use actix_web::web::{Data, Query};
use askama::Template;

use super::{
    commit_page, graph_page,
    list_query::{ListQuery, NO_PROJECT},
    model::{CommitFilter, CommitKey, IdKey, ProjectFilter, ProjectKey, TaskFilter},
    project_page, scan_page, store, task_page,
    views::{CommitRow, ProjectRow, TaskRow, Viewing, kind_label, project_rows},
};
use crate::{
    organizations::{Rail, listening},
    repositories::RepositoryId,
    tenancy::{Permission, Routes, Scope, TenantTx, ViewWork},
    web::{
        Result,
        html::{Filter, Filters, Html, Pager, Shell},
        icon::Icon,
    },
};

/// The pages of lists, of one project, one commit and of scans, and the stream that keeps them live.
pub fn routes() -> Routes {
    Routes::default()
        .and(super::events::routes())
        .and(super::api::routes())
        .read("/{organization}/projects", projects)
        .read("/{organization}/projects/{project}", project_page::project)
        .read("/{organization}/repositories/{repository}/graph", graph_page::graph)
        .read("/{organization}/tasks", tasks)
        .read("/{organization}/tasks/{task}", task_page::task)
        .read("/{organization}/commits", commits)
        .read("/{organization}/commits/{repository}/{commit}", commit_page::commit)
        .read("/{organization}/scans", scan_page::scans)
        .read("/{organization}/scans/{scan}", scan_page::scan)
        .post("/{organization}/scans/{scan}/cancel", scan_page::cancel)
        .post("/{organization}/repositories/{repository}/scans", scan_page::rescan)
}

pub(super) fn viewing<P: Permission>(scope: &Scope<P>) -> Viewing {
    Viewing::of(scope)
}

#[derive(Template)]
#[template(path = "work/projects.html")]
pub(super) struct ProjectsPage {
    shell: Shell,
    filters: Filters,
    pager: Pager,
    groups: Vec<ProjectGroup>,
    repositories_href: String,
}

/// The projects of one repository.
struct ProjectGroup {
    name: String,
    href: String,
    projects: Vec<ProjectRow>,
}

/// Shows the tree of projects across repositories.
pub(super) async fn projects(
    scope: Scope<ViewWork>,
    rail: Data<Rail>,
    query: Query<ListQuery>,
) -> Result<Html<ProjectsPage>> {
    let viewing = viewing(&scope);
    let request = query.page().parse::<ProjectKey>()?;
    let mut tx = scope.begin().await?;
    let (by_repository, repository) = query.by_repository(&mut tx).await?;
    let kinds = store::list_kinds(&mut tx).await?;
    let filter = ProjectFilter {
        repository,
        kind: query.kind.clone().filter(|kind| !kind.is_empty()),
        text: query.text(),
    };
    let rows = store::list_projects(&mut tx, &filter, &request).await?;
    let page = request.page(rows, |row| ProjectKey {
        repository: row.repository.clone(),
        path: row.path.clone(),
    })?;

    let path = viewing.links.projects(None);
    let by_kind = Filter::new(
        "kind",
        "kind",
        query.kind.as_deref(),
        kinds.into_iter().map(|kind| (kind.clone(), kind_label(&kind).to_owned())),
    );
    let groups = page.items.chunk_by(|one, other| one.repository_id == other.repository_id).map(
        |projects| ProjectGroup {
            name: projects.first().map(|project| project.repository.clone()).unwrap_or_default(),
            href: projects
                .first()
                .map(|project| viewing.links.repository(&project.repository))
                .unwrap_or_default(),
            projects: project_rows(projects, None, &viewing),
        },
    );
    Ok(Html::new(ProjectsPage {
        shell: rail.shell(&scope, "projects", Vec::new()),
        groups: groups.collect(),
        pager: query.pager(&path, page.items.len(), "project", page.next.as_deref()),
        repositories_href: viewing.links.repositories(),
        filters: Filters {
            action: path,
            search: Some(query.search("Filter by name or path")),
            choices: vec![by_repository, by_kind],
        },
    }))
}

#[derive(Template)]
#[template(path = "work/tasks.html")]
pub(super) struct TasksPage {
    shell: Shell,
    filters: Filters,
    /// This page with its filters, which the stream's events fetch again.
    here: String,
    tasks: Vec<TaskRow>,
    pager: Pager,
    /// Whether there is any task at all, open or not.
    has_tasks: bool,
    repositories_href: String,
}

/// Shows tasks by filters, a page at a time.
pub(super) async fn tasks(
    scope: Scope<ViewWork>,
    rail: Data<Rail>,
    query: Query<ListQuery>,
) -> Result<Html<TasksPage>> {
    let viewing = viewing(&scope);
    let request = query.page().parse::<IdKey>()?;
    let mut tx = scope.begin().await?;
    let (by_repository, repository) = query.by_repository(&mut tx).await?;
    let project = query.project.as_deref().filter(|id| !id.is_empty());
    let project = project.map(|id| id.parse().unwrap_or(NO_PROJECT));
    let filter = TaskFilter {
        state: query.state(),
        sources: query.sources(),
        repository,
        project,
        text: query.text(),
        opened_before: query.opened_before(viewing.now),
        with_fixtures: false,
    };
    let rows = store::list_tasks(&mut tx, &filter, &request).await?;
    let has_tasks =
        !rows.is_empty() || store::count_tasks(&mut tx, &TaskFilter::default()).await? > 0;
    let by_project = project_filter(&mut tx, repository, query.project.as_deref()).await?;
    let page = request.page(rows, |row| IdKey { id: row.id.as_uuid() })?;

    let path = viewing.links.tasks(&[]);
    Ok(Html::new(TasksPage {
        shell: listening(rail.shell(&scope, "tasks", Vec::new())),
        here: query.here(&path),
        pager: query.pager(&path, page.items.len(), "task", page.next.as_deref()),
        tasks: page.items.into_iter().map(|task| TaskRow::new(task, &viewing)).collect(),
        has_tasks,
        repositories_href: viewing.links.repositories(),
        filters: Filters {
            action: path,
            search: Some(query.search("Filter by title or id")),
            choices: vec![
                query.by_status(),
                query.by_source(),
                query.by_age(),
                by_repository,
                by_project,
            ],
        },
    }))
}

async fn project_filter(
    tx: &mut TenantTx,
    repository: Option<RepositoryId>,
    chosen: Option<&str>,
) -> Result<Filter> {
    let named = store::list_project_names(tx, repository).await?;
    let named = named.into_iter().map(|(id, name)| (id.to_string(), name));
    Ok(Filter::new("project", "project", chosen, named))
}

#[derive(Template)]
#[template(path = "work/commits.html")]
pub(super) struct CommitsPage {
    shell: Shell,
    filters: Filters,
    days: Vec<Day>,
    pager: Pager,
    repositories_href: String,
}

/// The commits of one day.
struct Day {
    label: String,
    commits: Vec<CommitRow>,
}

/// Shows the history of all default branches, newest first.
pub(super) async fn commits(
    scope: Scope<ViewWork>,
    rail: Data<Rail>,
    query: Query<ListQuery>,
) -> Result<Html<CommitsPage>> {
    let viewing = viewing(&scope);
    let request = query.page().parse::<CommitKey>()?;
    let mut tx = scope.begin().await?;
    let (by_repository, repository) = query.by_repository(&mut tx).await?;
    let rows =
        store::list_commits(&mut tx, &CommitFilter { repository, text: query.text() }, &request)
            .await?;
    let page = request.page(rows, |row| CommitKey {
        committed_at: row.committed_at,
        oid: row.oid,
        repository: row.repository_id,
    })?;

    let path = viewing.links.commits(None);
    let shown = page.items.len();
    let rows = page.items.into_iter().map(|commit| CommitRow::new(commit, &viewing)).collect();
    Ok(Html::new(CommitsPage {
        shell: rail.shell(&scope, "commits", Vec::new()),
        days: by_day(rows),
        pager: query.pager(&path, shown, "commit", page.next.as_deref()),
        repositories_href: viewing.links.repositories(),
        filters: Filters {
            action: path,
            search: Some(query.search("Filter by message or author")),
            choices: vec![by_repository],
        },
    }))
}

fn by_day(rows: Vec<CommitRow>) -> Vec<Day> {
    let mut days: Vec<Day> = Vec::new();
    for row in rows {
        match days.last_mut().filter(|day| day.label == row.day) {
            Some(day) => day.commits.push(row),
            None => days.push(Day { label: row.day.clone(), commits: vec![row] }),
        }
    }
    days
}
