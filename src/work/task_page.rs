//! One task: where it stands, and its life.

use actix_web::web::{Data, Path};
use askama::Template;
use serde_json::Value;

use super::{
    links::Links,
    model::{Deed, EventKind, LinkedTask, Task, TaskEvent, TaskId, TaskPlace, TaskSource},
    pages::viewing,
    store,
    views::{Viewing, location, task_pill},
};
use crate::{
    organizations::{Rail, listening},
    tenancy::{Scope, ViewWork},
    web::{
        AppError, Result,
        html::{Crumb, Html, Link, Pill, Shell, Tone},
        icon::Icon,
        time::{Age, Moment},
    },
};

#[derive(Template)]
#[template(path = "work/task.html")]
pub(super) struct TaskPage {
    shell: Shell,
    /// This page, which the stream's events fetch again.
    here: String,
    title: String,
    key: String,
    status: Pill,
    /// Whether the line is in the default branch.
    is_present: bool,
    location: String,
    is_pull: bool,
    /// What GitHub says of it, where it comes from there.
    outside: Option<Outside>,
    section: String,
    /// Whom a note names.
    named: String,
    age: Option<Age>,
    opened: Option<DeedRow>,
    closed: Option<DeedRow>,
    /// What closed it did: ticked, or removed.
    is_done: bool,
    project: Link,
    repository: Link,
    above: Option<Link>,
    /// The issues that a pull request closes, or the pull requests that close an issue.
    linked: Vec<Link>,
    /// The latest first.
    events: Vec<EventRow>,
}

/// An issue or a pull request, as GitHub tells of it.
struct Outside {
    /// `Issue` or `Pull request`.
    kind: &'static str,
    href: String,
    author: String,
    opened: Option<Moment>,
    closed: Option<Moment>,
    /// Why it was closed, or how the pull request ended.
    ending: String,
    labels: String,
    assignees: String,
    milestone: String,
}

struct DeedRow {
    name: String,
    at: Moment,
    commit: Link,
}

struct EventRow {
    pill: Pill,
    from: String,
    to: String,
    deed: DeedRow,
}

/// Shows one task.
pub(super) async fn task(
    scope: Scope<ViewWork>,
    rail: Data<Rail>,
    path: Path<(String, TaskId)>,
) -> Result<Html<TaskPage>> {
    let viewing = viewing(&scope);
    let mut tx = scope.begin().await?;
    let task = store::find_task(&mut tx, path.1).await?.ok_or(AppError::NotFound)?;
    let events = store::list_task_events(&mut tx, task.id).await?;
    let linked = match task.place {
        TaskPlace::File { .. } => Vec::new(),
        TaskPlace::GitHub { .. } => store::list_task_links(&mut tx, task.id).await?,
    };
    let above = match task.parent_id {
        Some(parent) => store::find_task(&mut tx, parent).await?,
        None => None,
    };

    let deed = |deed: &Deed| DeedRow::new(deed, &task, &viewing);
    let links = &viewing.links;
    let project = match (&task.project, task.project_id) {
        (Some(name), Some(id)) => Link::new(name, links.project(id)),
        _ => Link::new(&task.repository, links.repository(&task.repository)),
    };
    let name = task.key.clone().unwrap_or_else(|| task.title.clone());
    let steps = vec![Crumb::new(name, links.task(task.id))];
    Ok(Html::new(TaskPage {
        shell: listening(rail.shell(&scope, "tasks", steps)),
        here: links.task(task.id),
        status: task_pill(&task),
        age: task.opened_at.map(|at| Age::new(at, viewing.now)),
        is_pull: task.source == TaskSource::Pull,
        outside: Outside::of(&task, &viewing),
        location: location(&task.place),
        opened: task.opened.as_ref().map(deed),
        closed: task.closed.as_ref().map(deed),
        is_done: task.state == super::model::TaskState::Done,
        events: events.iter().rev().map(|event| EventRow::new(event, &task, &viewing)).collect(),
        linked: linked.iter().map(|one| linked_task(one, links)).collect(),
        above: above.map(|above| Link::new(above.title, links.task(above.id))),
        repository: Link::new(&task.repository, links.repository(&task.repository)),
        project,
        is_present: task.present,
        key: task.key.unwrap_or_default(),
        section: task.section.unwrap_or_default(),
        named: task.author.unwrap_or_default(),
        title: task.title,
    }))
}

impl Outside {
    /// None where a scan found the task.
    fn of(task: &Task, viewing: &Viewing) -> Option<Self> {
        let TaskPlace::GitHub { url, .. } = &task.place else { return None };
        let moment = |at| Moment::new(at, viewing.now);
        let said = |name: &str| words(task.attributes.get(name));
        Some(Self {
            kind: if task.source == TaskSource::Pull { "Pull request" } else { "Issue" },
            href: url.clone(),
            author: task.author.clone().unwrap_or_default(),
            opened: task.opened_at.map(moment),
            closed: task.closed_at.map(moment),
            ending: said("status"),
            labels: said("labels"),
            assignees: said("assignees"),
            milestone: said("milestone"),
        })
    }
}

fn linked_task(linked: &LinkedTask, links: &Links) -> Link {
    Link::new(format!("#{} {}", linked.number, linked.title), links.task(linked.id))
}

/// A word of the attributes, or its list of words.
fn words(value: Option<&Value>) -> String {
    match value {
        Some(Value::String(word)) => word.clone(),
        Some(Value::Array(words)) => {
            words.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(", ")
        }
        Some(Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_)) | None => {
            String::new()
        }
    }
}

impl DeedRow {
    fn new(deed: &Deed, task: &Task, viewing: &Viewing) -> Self {
        let href = viewing.links.commit(&task.repository, &deed.commit.to_string());
        Self {
            name: deed.name.clone(),
            at: Moment::new(deed.at, viewing.now),
            commit: Link::new(deed.commit.short(), href),
        }
    }
}

impl EventRow {
    fn new(event: &TaskEvent, task: &Task, viewing: &Viewing) -> Self {
        Self {
            pill: event_pill(event.kind),
            from: event.from.clone().unwrap_or_default(),
            to: event.to.clone().unwrap_or_default(),
            deed: DeedRow::new(&event.deed, task, viewing),
        }
    }
}

fn event_pill(kind: EventKind) -> Pill {
    match kind {
        EventKind::Created => Pill::new(Tone::Info, Icon::Plus, "opened"),
        EventKind::Moved => Pill::new(Tone::Quiet, Icon::ArrowRight, "moved"),
        EventKind::Reworded => Pill::new(Tone::Quiet, Icon::File, "reworded"),
        EventKind::Done => Pill::new(Tone::Good, Icon::Done, "done"),
        EventKind::Reopened => Pill::new(Tone::Warn, Icon::Open, "reopened"),
        EventKind::Removed => Pill::new(Tone::Quiet, Icon::Dropped, "removed"),
        EventKind::Returned => Pill::new(Tone::Warn, Icon::Refresh, "returned"),
    }
}
