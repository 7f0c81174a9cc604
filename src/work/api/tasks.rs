//! `/api/v2/tasks`.

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
    tenancy::{Routes, Scope, TenantTx, ViewWork},
    web::{AppError, Result, paging::PageOf},
    work::{
        model::{
            Deed, EventKind, IdKey, LinkedTask, ProjectId, Task, TaskEvent, TaskFilter, TaskId,
            TaskPlace, TaskSource, TaskState,
        },
        store,
    },
};

pub(super) fn routes() -> Routes {
    Routes::default().read("/api/v2/tasks", list_tasks).read("/api/v2/tasks/{task}", get_task)
}

/// A checkbox of a task list, a note in a comment, an issue or a pull request.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Task)]
pub(super) struct TaskView {
    /// The same in every scan as long as the task is there.
    id: Uuid,
    repository_id: Uuid,
    /// The repository's name.
    repository: String,
    project_id: Option<Uuid>,
    /// The project's name.
    project: Option<String>,
    /// The task it is indented below.
    parent_id: Option<Uuid>,
    source: TaskSource,
    /// `TASK-API-7`, where the list gives one.
    key: Option<String>,
    /// `TODO`, `FIXME`, `HACK` or `XXX`, where it is a note in a comment.
    marker: Option<String>,
    title: String,
    state: TaskState,
    /// The heading it stands below.
    section: Option<String>,
    /// Whom the note in the comment names, or the login at GitHub of who opened the issue or pull request.
    author: Option<String>,
    /// How many tasks stand around it.
    depth: i32,
    /// What its list says of it: status, priority, assignee, due, milestone, labels. Of issues and pull requests
    /// status (how it ended), labels, assignees, milestone.
    #[schema(value_type = Object)]
    attributes: serde_json::Value,
    /// The file it stands in; null for what GitHub has.
    path: Option<String>,
    /// The line of the file, from 1.
    line: Option<i32>,
    /// GitHub's number of the issue or pull request; null for what stands in a file.
    number: Option<i64>,
    /// Its page at GitHub.
    url: Option<String>,
    /// Whether it lies among the fixtures of tests.
    fixture: bool,
    /// Whether its line is in the default branch.
    present: bool,
    /// The commit that brought it; null where it is older than what is known of the history, and for what GitHub has.
    opened: Option<DeedView>,
    /// The commit that ticked it, or took it away while it was open.
    closed: Option<DeedView>,
    /// When it was opened, by that commit or at GitHub.
    opened_at: Option<DateTime<Utc>>,
    /// When it was closed, by that commit or at GitHub.
    closed_at: Option<DateTime<Utc>>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

/// A commit that did something to a task.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Deed)]
pub(super) struct DeedView {
    /// The commit's id.
    commit: String,
    /// Its author's name.
    name: String,
    /// Its author's address.
    email: String,
    /// When its author wrote it.
    at: DateTime<Utc>,
}

impl From<Deed> for DeedView {
    fn from(deed: Deed) -> Self {
        let Deed { commit, name, email, at } = deed;
        Self { commit: commit.to_string(), name, email, at }
    }
}

/// Something that happened to a task.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = TaskEvent)]
pub(super) struct TaskEventView {
    kind: EventKind,
    #[serde(flatten)]
    deed: DeedView,
    /// The file, heading or words before, where these changed.
    from: Option<String>,
    /// The same after it.
    to: Option<String>,
}

impl From<TaskEvent> for TaskEventView {
    fn from(event: TaskEvent) -> Self {
        Self { kind: event.kind, deed: event.deed.into(), from: event.from, to: event.to }
    }
}

/// A task that another one has to do with.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = TaskLink)]
pub(super) struct TaskLinkView {
    /// `closes` where the task at hand closes the other one, else `closed_by`.
    kind: LinkKind,
    id: Uuid,
    number: i64,
    title: String,
    state: TaskState,
}

#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum LinkKind {
    Closes,
    ClosedBy,
}

impl From<LinkedTask> for TaskLinkView {
    fn from(linked: LinkedTask) -> Self {
        let LinkedTask { id, title, state, number, closes } = linked;
        let kind = if closes { LinkKind::Closes } else { LinkKind::ClosedBy };
        Self { kind, id: id.as_uuid(), number, title, state }
    }
}

/// A task with its life.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = TaskDetail)]
pub(super) struct TaskDetailView {
    #[serde(flatten)]
    task: TaskView,
    /// What happened to it, first things first; the latest 500.
    events: Vec<TaskEventView>,
    /// The issues that a pull request closes, or the pull requests that close an issue; 100 at most.
    links: Vec<TaskLinkView>,
}

impl From<Task> for TaskView {
    fn from(task: Task) -> Self {
        let ((path, line), (number, url)) = match task.place {
            TaskPlace::File { path, line } => ((Some(path), Some(line)), (None, None)),
            TaskPlace::GitHub { number, url } => ((None, None), (Some(number), Some(url))),
        };
        Self {
            id: task.id.as_uuid(),
            repository_id: task.repository_id.as_uuid(),
            repository: task.repository,
            project_id: task.project_id.map(ProjectId::as_uuid),
            project: task.project,
            parent_id: task.parent_id.map(TaskId::as_uuid),
            source: task.source,
            key: task.key,
            marker: task.marker,
            title: task.title,
            state: task.state,
            section: task.section,
            author: task.author,
            depth: task.depth,
            attributes: task.attributes,
            path,
            line,
            number,
            url,
            fixture: task.fixture,
            present: task.present,
            opened: task.opened.map(DeedView::from),
            closed: task.closed.map(DeedView::from),
            opened_at: task.opened_at,
            closed_at: task.closed_at,
            created_at: task.created_at,
            updated_at: task.updated_at,
        }
    }
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct TaskQuery {
    /// Where to go on: the `next` of the page before.
    #[param(pattern = "^[A-Za-z0-9_-]+$", nullable = false)]
    cursor: Option<String>,
    /// How many items to answer at most; 50 unless said otherwise.
    #[param(value_type = Option<u16>, minimum = 1, maximum = 200, nullable = false)]
    limit: Option<String>,
    /// How the task stands.
    #[param(value_type = Option<TaskState>, inline, nullable = false)]
    state: Option<String>,
    /// What it is: a box of a task list, a note in a comment, an issue or a pull request.
    #[param(value_type = Option<TaskSource>, inline, nullable = false)]
    source: Option<String>,
    /// The id or name of a repository.
    #[param(pattern = "^[A-Za-z0-9._-]{1,100}$", nullable = false)]
    repository: Option<String>,
    /// The id of a project.
    #[param(value_type = Option<Uuid>, nullable = false)]
    project: Option<String>,
    /// A part of the title or key, in any case.
    #[param(nullable = false)]
    q: Option<String>,
    /// Only those that were opened before this time, as `2026-01-31T00:00:00Z` or `2026-01-31`.
    #[param(nullable = false)]
    opened_before: Option<String>,
    /// Whether to list those among the fixtures of tests too; `false` unless said otherwise.
    #[serde(default)]
    fixtures: bool,
}

impl TaskQuery {
    async fn filter(self, tx: &mut TenantTx) -> Result<TaskFilter> {
        let state =
            parse::choice("state", self.state.as_deref(), &TaskState::ALL, TaskState::as_str)?;
        let source =
            parse::choice("source", self.source.as_deref(), &TaskSource::ALL, TaskSource::as_str)?;
        let repository = parse::repository_filter(tx, self.repository.as_deref()).await?;
        let project = project_filter(tx, self.project.as_deref()).await?;
        Ok(TaskFilter {
            state,
            sources: source.into_iter().collect(),
            repository,
            project,
            text: parse::text(self.q),
            opened_before: parse::time("opened_before", self.opened_before.as_deref())?,
            with_fixtures: self.fixtures,
        })
    }
}

async fn project_filter(tx: &mut TenantTx, text: Option<&str>) -> Result<Option<ProjectId>> {
    let Some(text) = text else { return Ok(None) };
    let id: ProjectId = parse::id("the id of a project", text)?;
    match store::find_project(tx, id).await? {
        Some(project) => Ok(Some(project.id)),
        None => Err(AppError::BadRequest(format!(
            "There is no project `{text}`; `project` is the id of one."
        ))),
    }
}

/// List the tasks in the order in which they were first seen
#[utoipa::path(
    get, path = "/api/v2/tasks", tag = "tasks", security(("bearer" = [])), params(TaskQuery),
    responses((status = 200, description = "A page of tasks.", body = PageOf<TaskView>), OfList),
)]
pub(super) async fn list_tasks(
    scope: Scope<ViewWork>,
    query: Query<TaskQuery>,
) -> Result<Json<PageOf<TaskView>>> {
    let query = query.into_inner();
    let page = parse::page(query.cursor.as_ref(), query.limit.as_ref())?;
    let mut tx = scope.begin().await?;
    let filter = query.filter(&mut tx).await?;
    let rows = store::list_tasks(&mut tx, &filter, &page).await?;
    Ok(Json(page.page(rows, |last| IdKey { id: last.id.as_uuid() })?.map(TaskView::from)))
}

/// Show one task and its life
#[utoipa::path(
    get, path = "/api/v2/tasks/{task}", tag = "tasks", security(("bearer" = [])),
    params(("task" = Uuid, Path, description = "Its id.")),
    responses((status = 200, description = "The task.", body = TaskDetailView), OfItem),
)]
pub(super) async fn get_task(
    scope: Scope<ViewWork>,
    path: Path<String>,
) -> Result<Json<TaskDetailView>> {
    let id: TaskId = parse::id("the id of a task", &path)?;
    let mut tx = scope.begin().await?;
    let task = store::find_task(&mut tx, id).await?.ok_or(AppError::NotFound)?;
    let events = store::list_task_events(&mut tx, id).await?;
    let events = events.into_iter().map(TaskEventView::from).collect();
    let links = store::list_task_links(&mut tx, id).await?;
    let links = links.into_iter().map(TaskLinkView::from).collect();
    Ok(Json(TaskDetailView { task: task.into(), events, links }))
}
