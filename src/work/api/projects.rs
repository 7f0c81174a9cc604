//! `/api/v2/projects`.

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
    scanner::{
        detectors::CHAIN,
        model::{EntryPoint, LicenceText, Pipeline, Readme, Script},
    },
    tenancy::{Routes, Scope, TenantTx, ViewWork},
    web::{AppError, Result, paging::PageOf},
    work::{
        model::{
            Contributor, Dependency, Language, LastChange, Project, ProjectFacts, ProjectFilter,
            ProjectId, ProjectKey,
        },
        store,
    },
};

pub(super) fn routes() -> Routes {
    Routes::default()
        .read("/api/v2/projects", list_projects)
        .read("/api/v2/projects/{project}", get_project)
}

/// A directory of a repository that has a manifest.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Project)]
pub(super) struct ProjectView {
    id: Uuid,
    repository_id: Uuid,
    /// The repository's name.
    repository: String,
    /// `.` for the root.
    path: String,
    name: String,
    /// What its manifest is of: `rust`, `npm`, `python`, `go`, `tasklist` or `generic`.
    kind: String,
    /// The kinds of further manifests in the same directory.
    also: Vec<String>,
    version: Option<String>,
    description: Option<String>,
    licence: Option<String>,
    /// The path of the manifest.
    manifest: Option<String>,
    /// The nearest project around this one.
    parent_id: Option<Uuid>,
    /// Whether the manifest names other projects as its members.
    workspace_root: bool,
    /// Whether the manifest says that it is not to be published.
    private: bool,
    /// Whether it lies among the fixtures of tests.
    fixture: bool,
    open_tasks: i64,
    done_tasks: i64,
    dependency_count: i64,
}

impl From<Project> for ProjectView {
    fn from(project: Project) -> Self {
        Self {
            id: project.id.as_uuid(),
            repository_id: project.repository_id.as_uuid(),
            repository: project.repository,
            path: project.path,
            name: project.name,
            kind: project.kind,
            also: project.also,
            version: project.version,
            description: project.description,
            licence: project.licence,
            manifest: project.manifest,
            parent_id: project.parent_id.map(ProjectId::as_uuid),
            workspace_root: project.workspace_root,
            private: project.private,
            fixture: project.fixture,
            open_tasks: project.open_tasks,
            done_tasks: project.done_tasks,
            dependency_count: project.dependencies,
        }
    }
}

/// A project with what it asks for and what it is written in.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ProjectDetail)]
pub(super) struct ProjectDetailView {
    #[serde(flatten)]
    project: ProjectView,
    /// By scope and name; at most 1,000.
    dependencies: Vec<Dependency>,
    /// Of its own files, most code first.
    languages: Vec<Language>,
    /// What manages and builds it.
    tools: Vec<String>,
    frameworks: Vec<String>,
    /// What it is tested with.
    test_tools: Vec<String>,
    /// How many of its own files are tests by their names.
    test_files: u64,
    entry_points: Vec<EntryPoint>,
    scripts: Vec<Script>,
    /// What runs in continuous integration: its own, then what runs for the whole repository.
    pipelines: Vec<Pipeline>,
    /// How the README in its directory opens.
    readme: Option<Readme>,
    /// Who owns its directory, by CODEOWNERS.
    owners: Vec<String>,
    /// The licence texts in its directory, else in the nearest one above that has any.
    licence_texts: Vec<LicenceText>,
    /// Whether the manifest names none of the licences of these texts.
    licence_disagrees: bool,
    /// How many files belong to it and to no project inside it.
    files: i64,
    /// Of these files.
    bytes: i64,
    last_change: Option<LastChangeView>,
    /// Who changed these files, those with the most commits first; at most 100.
    contributors: Vec<Contributor>,
}

/// The latest commit that changed one of a project's own files.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = LastChange)]
pub(super) struct LastChangeView {
    /// Its object id.
    commit: String,
    author: String,
    at: DateTime<Utc>,
    subject: String,
}

impl From<LastChange> for LastChangeView {
    fn from(change: LastChange) -> Self {
        Self {
            commit: change.commit.to_string(),
            author: change.author,
            at: change.at,
            subject: change.subject,
        }
    }
}

/// All that is shown of one project.
struct Found {
    project: Project,
    dependencies: Vec<Dependency>,
    languages: Vec<Language>,
    facts: ProjectFacts,
    contributors: Vec<Contributor>,
}

impl From<Found> for ProjectDetailView {
    fn from(found: Found) -> Self {
        let ProjectFacts { files, bytes, last_change, details, around } = found.facts;
        Self {
            project: found.project.into(),
            dependencies: found.dependencies,
            languages: found.languages,
            tools: details.tools,
            frameworks: details.frameworks,
            test_tools: details.test_tools,
            test_files: details.test_files,
            entry_points: details.entry_points,
            scripts: details.scripts,
            pipelines: [details.pipelines, around].concat(),
            readme: details.readme,
            owners: details.owners,
            licence_texts: details.licence.texts,
            licence_disagrees: details.licence.disagrees,
            files,
            bytes,
            last_change: last_change.map(LastChangeView::from),
            contributors: found.contributors,
        }
    }
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ProjectQuery {
    /// Where to go on: the `next` of the page before.
    #[param(pattern = "^[A-Za-z0-9_-]+$", nullable = false)]
    cursor: Option<String>,
    /// How many items to answer at most; 50 unless said otherwise.
    #[param(value_type = Option<u16>, minimum = 1, maximum = 200, nullable = false)]
    limit: Option<String>,
    /// The id or name of a repository.
    #[param(pattern = "^[A-Za-z0-9._-]{1,100}$", nullable = false)]
    repository: Option<String>,
    /// A kind that the project has a manifest of: `rust`, `npm`, `python`, `go`, `tasklist` or `generic`.
    #[param(nullable = false)]
    kind: Option<String>,
    /// A part of the name or path, in any case.
    #[param(nullable = false)]
    q: Option<String>,
}

impl ProjectQuery {
    async fn filter(self, tx: &mut TenantTx) -> Result<ProjectFilter> {
        let kinds: Vec<&'static str> = CHAIN.iter().map(|detector| detector.kind()).collect();
        let kind = parse::choice("kind", self.kind.as_deref(), &kinds, |kind| kind)?;
        let repository = parse::repository_filter(tx, self.repository.as_deref()).await?;
        Ok(ProjectFilter { repository, kind: kind.map(str::to_owned), text: parse::text(self.q) })
    }
}

/// List the projects by repository and path
#[utoipa::path(
    get, path = "/api/v2/projects", tag = "projects", security(("bearer" = [])), params(ProjectQuery),
    responses((status = 200, description = "A page of projects.", body = PageOf<ProjectView>), OfList),
)]
pub(super) async fn list_projects(
    scope: Scope<ViewWork>,
    query: Query<ProjectQuery>,
) -> Result<Json<PageOf<ProjectView>>> {
    let query = query.into_inner();
    let page = parse::page(query.cursor.as_ref(), query.limit.as_ref())?;
    let mut tx = scope.begin().await?;
    let filter = query.filter(&mut tx).await?;
    let rows = store::list_projects(&mut tx, &filter, &page).await?;
    let key = |last: &Project| ProjectKey {
        repository: last.repository.clone(),
        path: last.path.clone(),
    };
    Ok(Json(page.page(rows, key)?.map(ProjectView::from)))
}

/// Show one project with all that is known of it
#[utoipa::path(
    get, path = "/api/v2/projects/{project}", tag = "projects", security(("bearer" = [])),
    params(("project" = Uuid, Path, description = "Its id.")),
    responses((status = 200, description = "The project.", body = ProjectDetailView), OfItem),
)]
pub(super) async fn get_project(
    scope: Scope<ViewWork>,
    path: Path<String>,
) -> Result<Json<ProjectDetailView>> {
    let id: ProjectId = parse::id("the id of a project", &path)?;
    let mut tx = scope.begin().await?;
    let project = store::find_project(&mut tx, id).await?.ok_or(AppError::NotFound)?;
    let dependencies = store::list_dependencies(&mut tx, id).await?;
    let languages = store::list_project_languages(&mut tx, id).await?;
    let facts = store::find_project_facts(&mut tx, id).await?.ok_or(AppError::NotFound)?;
    let contributors = store::list_contributors(&mut tx, id).await?;
    let found = Found { project, dependencies, languages, facts, contributors };
    Ok(Json(found.into()))
}
