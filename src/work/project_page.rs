//! One project: its tasks, its place in the tree, what it depends on.

use actix_web::web::{Data, Path, Query};
use askama::Template;

use super::{
    about::{self, About, Entry, Group, Making, Person},
    list_query::ListQuery,
    model::{IdKey, Project, ProjectFilter, ProjectId, TaskFilter},
    pages::viewing,
    store,
    views::{ProjectRow, TaskRow, Viewing, kind_label, project_rows},
};
use crate::{
    organizations::Rail,
    scanner::model::Script,
    tenancy::{Scope, ViewWork},
    web::{
        AppError, Result,
        chart::{self, Part},
        html::{Crumb, Filters, Html, Link, Pager, Shell},
        icon::Icon,
        paging::PageRequest,
        time::Count,
    },
};

#[derive(Template)]
#[template(path = "work/project.html")]
pub(super) struct ProjectPage {
    shell: Shell,
    project: Heading,
    tree: Vec<ProjectRow>,
    filters: Filters,
    tasks: Vec<TaskRow>,
    pager: Pager,
    about: About,
    groups: Vec<Group>,
    dependents: Vec<Link>,
    graph_href: String,
    entries: (Vec<Entry>, Vec<Entry>),
    scripts: (Vec<Script>, Vec<Script>),
    making: Making,
    languages: Vec<Part>,
    people: Vec<Person>,
    /// How many there are besides those.
    more_people: usize,
}

struct Heading {
    name: String,
    kind: &'static str,
    version: String,
    path: String,
    description: String,
    repository: String,
    repository_href: String,
    done_percent: Option<u8>,
    done: u64,
    total: u64,
    is_fixture: bool,
}

/// Shows one project.
pub(super) async fn project(
    scope: Scope<ViewWork>,
    rail: Data<Rail>,
    path: Path<(String, ProjectId)>,
    query: Query<ListQuery>,
) -> Result<Html<ProjectPage>> {
    let viewing = viewing(&scope);
    let request = query.page().parse::<IdKey>()?;
    let mut tx = scope.begin().await?;
    let project = store::find_project(&mut tx, path.1).await?.ok_or(AppError::NotFound)?;
    let around =
        ProjectFilter { repository: Some(project.repository_id), ..ProjectFilter::default() };
    let projects = store::list_projects(&mut tx, &around, &PageRequest::first(200)).await?;
    let filter = TaskFilter {
        state: query.state(),
        sources: query.sources(),
        project: Some(project.id),
        text: query.text(),
        opened_before: query.opened_before(viewing.now),
        repository: None,
        with_fixtures: project.fixture,
    };
    let tasks = store::list_tasks(&mut tx, &filter, &request).await?;
    let dependencies = store::list_dependencies(&mut tx, project.id).await?;
    let dependents = store::list_dependents(&mut tx, project.id).await?;
    let facts = store::find_project_facts(&mut tx, project.id).await?.ok_or(AppError::NotFound)?;
    let people = store::list_contributors(&mut tx, project.id).await?;
    let languages = store::list_project_languages(&mut tx, project.id).await?;
    let tasks = request.page(tasks, |task| IdKey { id: task.id.as_uuid() })?;

    let here = viewing.links.project(project.id);
    let lines: Vec<_> = languages
        .into_iter()
        .map(|language| (language.name, Count::from_signed(language.code).0))
        .collect();
    Ok(Html::new(ProjectPage {
        shell: rail.shell(&scope, "projects", steps(&project, &projects, &viewing)),
        tree: project_rows(&projects, Some(project.id), &viewing),
        pager: query.pager(&here, tasks.items.len(), "task", tasks.next.as_deref()),
        tasks: tasks.items.into_iter().map(|task| TaskRow::new(task, &viewing)).collect(),
        groups: about::groups(dependencies, &viewing),
        dependents: about::dependents(dependents, &viewing),
        graph_href: viewing.links.graph(&project.repository),
        about: About::new(&project.name, &facts, &project.repository, &viewing),
        making: Making::new(&facts),
        entries: about::entries(&facts.details.entry_points),
        scripts: about::scripts(facts.details.scripts),
        more_people: people.len().saturating_sub(about::SHOWN),
        people: about::people(&people, &viewing),
        languages: chart::shares(&lines),
        filters: Filters {
            action: here,
            search: Some(query.search("Filter by title or id")),
            choices: vec![query.by_status(), query.by_source(), query.by_age()],
        },
        project: heading(project, &viewing),
    }))
}

fn heading(project: Project, viewing: &Viewing) -> Heading {
    let (open, done) =
        (Count::from_signed(project.open_tasks).0, Count::from_signed(project.done_tasks).0);
    Heading {
        kind: kind_label(&project.kind),
        repository_href: viewing.links.repository(&project.repository),
        done_percent: chart::percent(done, open + done),
        done,
        total: open + done,
        name: project.name,
        version: project.version.unwrap_or_default(),
        path: project.path,
        description: project.description.unwrap_or_default(),
        repository: project.repository,
        is_fixture: project.fixture,
    }
}

/// From the repository down to the project; each step opens the projects beside it.
fn steps(project: &Project, projects: &[Project], viewing: &Viewing) -> Vec<Crumb> {
    let mut steps = Vec::new();
    let mut current = Some(project);
    // A tree cannot be deeper than it has nodes; a wrong parent must not go round for ever.
    for _ in 0..projects.len() {
        let Some(step) = current else { break };
        let beside = projects
            .iter()
            .filter(|other| other.parent_id == step.parent_id && other.id != step.id);
        let siblings = beside
            .take(50)
            .map(|other| Link::new(&other.name, viewing.links.project(other.id)))
            .collect();
        steps.push(Crumb::new(&step.name, viewing.links.project(step.id)).with_siblings(siblings));
        current =
            step.parent_id.and_then(|parent| projects.iter().find(|other| other.id == parent));
    }
    steps.push(Crumb::new(&project.repository, viewing.links.repository(&project.repository)));
    steps.reverse();
    steps
}
