//! The SQL of the life of tasks.
#![expect(
    clippy::as_conversions,
    reason = "`as` in a query's arguments is how sqlx is told their type; it converts nothing"
)]

use std::{collections::HashMap, sync::Arc};

use chrono::{DateTime, Utc};
use sqlx::types::Uuid;

use super::commits::clean;
use crate::{
    repositories::{Oid, RepositoryId},
    scanner::{marks::Mark, model::Marker},
    tenancy::TenantTx,
    work::{
        life::{Happening, LifeTask},
        model::{Deed, EventKind, TaskEvent, TaskId, TaskState},
    },
};

/// How many rows go into one statement.
const CHUNK: usize = 10_000;

/// What the stored life was computed by.
pub(crate) async fn find_life_version(
    tx: &mut TenantTx,
    repository: RepositoryId,
) -> sqlx::Result<Option<i32>> {
    sqlx::query_scalar!("SELECT life_version FROM repositories WHERE id = $1", repository.as_uuid())
        .fetch_optional(tx.connection())
        .await
}

pub(crate) async fn set_life_version(
    tx: &mut TenantTx,
    repository: RepositoryId,
    version: i32,
) -> sqlx::Result<()> {
    sqlx::query!(
        "UPDATE repositories SET life_version = $2 WHERE id = $1",
        repository.as_uuid(),
        version
    )
    .execute(tx.connection())
    .await
    .map(|_| ())
}

/// The four columns of a deed, none of which is null, or all.
pub(super) fn deed(
    commit: Option<Vec<u8>>,
    name: Option<String>,
    email: Option<String>,
    at: Option<DateTime<Utc>>,
) -> sqlx::Result<Option<Deed>> {
    let (Some(commit), Some(name), Some(email), Some(at)) = (commit, name, email, at) else {
        return Ok(None);
    };
    Ok(Some(Deed { commit: oid(&commit)?, name, email, at }))
}

fn oid(bytes: &[u8]) -> sqlx::Result<Oid> {
    Oid::try_from(bytes).map_err(|error| sqlx::Error::Decode(error.into()))
}

struct Row {
    id: TaskId,
    key: Option<String>,
    marker: Option<String>,
    title: String,
    state: TaskState,
    section: Option<String>,
    author: Option<String>,
    path: String,
    line: i32,
    fixture: bool,
    present: bool,
    opened_commit: Option<Vec<u8>>,
    opened_name: Option<String>,
    opened_email: Option<String>,
    opened_at: Option<DateTime<Utc>>,
    closed_commit: Option<Vec<u8>>,
    closed_name: Option<String>,
    closed_email: Option<String>,
    closed_at: Option<DateTime<Utc>>,
}

impl TryFrom<Row> for LifeTask {
    type Error = sqlx::Error;

    fn try_from(row: Row) -> sqlx::Result<Self> {
        let marker = row.marker.as_deref().and_then(Marker::of_word);
        // A note without words is shown by its marker.
        let is_bare = marker.is_some_and(|marker| marker.as_str() == row.title);
        let title = if is_bare { String::new() } else { row.title };
        let opened = deed(row.opened_commit, row.opened_name, row.opened_email, row.opened_at)?;
        let closed = deed(row.closed_commit, row.closed_name, row.closed_email, row.closed_at)?;
        Ok(Self {
            id: Some(row.id),
            path: row.path,
            fixture: row.fixture,
            mark: Mark {
                marker,
                id: row.key,
                section: row.section,
                author: row.author,
                ..Mark::bare(&title, row.state == TaskState::Done, row.line.unsigned_abs())
            },
            present: row.present,
            opened: opened.map(Arc::new),
            closed: closed.map(Arc::new),
            events: Vec::new(),
        })
    }
}

/// Lists all tasks that scans have found in a repository, there or not, as a simulation goes on from them.
pub(crate) async fn list_life_tasks(
    tx: &mut TenantTx,
    repository: RepositoryId,
) -> sqlx::Result<Vec<LifeTask>> {
    let rows = sqlx::query_as!(
        Row,
        r#"SELECT id AS "id: TaskId", key, marker, title, state AS "state: TaskState", section, author,
                  path AS "path!", line AS "line!", fixture, present, opened_commit, opened_name, opened_email, opened_at, closed_commit, closed_name,
                  closed_email, closed_at
           FROM tasks
           WHERE repository_id = $1
             AND source IN ('tasklist', 'todo')
           ORDER BY id"#,
        repository.as_uuid(),
    )
    .fetch_all(tx.connection())
    .await?;
    rows.into_iter().map(LifeTask::try_from).collect()
}

/// The columns of deeds, one of each for each task.
pub(super) struct Deeds {
    pub(super) commits: Vec<Option<Vec<u8>>>,
    pub(super) names: Vec<Option<String>>,
    pub(super) emails: Vec<Option<String>>,
    pub(super) times: Vec<Option<DateTime<Utc>>>,
}

impl Deeds {
    pub(super) fn of<'a>(deeds: impl Iterator<Item = Option<&'a Deed>> + Clone) -> Self {
        Self {
            commits: deeds.clone().map(|deed| Some(deed?.commit.as_bytes().to_vec())).collect(),
            names: deeds.clone().map(|deed| Some(clean(&deed?.name))).collect(),
            emails: deeds.clone().map(|deed| Some(clean(&deed?.email))).collect(),
            times: deeds.map(|deed| Some(deed?.at)).collect(),
        }
    }
}

/// A task whose line is gone, and the path of the project it was in.
#[derive(Clone, Debug)]
pub(crate) struct VanishedTask<'a> {
    pub(crate) id: TaskId,
    pub(crate) project: Option<String>,
    pub(crate) task: &'a LifeTask,
}

/// Writes tasks whose lines are gone; what their lists said of them stays as it was.
pub(crate) async fn save_vanished(
    tx: &mut TenantTx,
    repository: RepositoryId,
    vanished: &[VanishedTask<'_>],
    now: DateTime<Utc>,
) -> sqlx::Result<()> {
    for chunk in vanished.chunks(CHUNK) {
        upsert_vanished(tx, repository, chunk, now).await?;
    }
    Ok(())
}

#[expect(clippy::too_many_lines, reason = "it is one query")]
async fn upsert_vanished(
    tx: &mut TenantTx,
    repository: RepositoryId,
    vanished: &[VanishedTask<'_>],
    now: DateTime<Utc>,
) -> sqlx::Result<()> {
    let tenant = tx.tenant();
    let tasks = || vanished.iter().map(|row| row.task);
    let maybe = |of: fn(&LifeTask) -> Option<&str>| {
        tasks().map(|task| of(task).map(clean)).collect::<Vec<_>>()
    };
    let opened = Deeds::of(tasks().map(|task| task.opened.as_deref()));
    let closed = Deeds::of(tasks().map(|task| task.closed.as_deref()));
    sqlx::query!(
        r#"INSERT INTO tasks (tenant_id, id, repository_id, project_id, source, key, marker, title, state, section, author,
                              path, line, fixture, present, opened_commit, opened_name, opened_email, opened_at,
                              closed_commit, closed_name, closed_email, closed_at, created_at, updated_at)
           SELECT $1, t.id, $2, p.id, t.source, t.key, t.marker, t.title, t.state, t.section, t.author, t.path, t.line,
                  t.fixture, false, t.opened_commit, t.opened_name, t.opened_email, t.opened_at, t.closed_commit,
                  t.closed_name, t.closed_email, t.closed_at, $3, $3
           FROM UNNEST($4::uuid[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[], $10::text[], $11::text[],
                       $12::text[], $13::text[], $14::integer[], $15::boolean[], $16::bytea[], $17::text[], $18::text[],
                       $19::timestamptz[], $20::bytea[], $21::text[], $22::text[], $23::timestamptz[])
                AS t (id, project, source, key, marker, title, state, section, author, path, line, fixture,
                      opened_commit, opened_name, opened_email, opened_at, closed_commit, closed_name, closed_email,
                      closed_at)
           LEFT JOIN projects p ON p.repository_id = $2 AND p.path = t.project
           ON CONFLICT (tenant_id, id) DO UPDATE
           SET state = excluded.state, title = excluded.title, key = excluded.key, marker = excluded.marker,
               section = excluded.section, path = excluded.path, line = excluded.line, fixture = excluded.fixture,
               present = false, opened_commit = excluded.opened_commit, opened_name = excluded.opened_name,
               opened_email = excluded.opened_email, opened_at = excluded.opened_at,
               closed_commit = excluded.closed_commit, closed_name = excluded.closed_name,
               closed_email = excluded.closed_email, closed_at = excluded.closed_at, parent_id = NULL,
               updated_at = excluded.updated_at
           WHERE (tasks.state, tasks.title, tasks.key, tasks.marker, tasks.section, tasks.path, tasks.line,
                  tasks.fixture, tasks.present, tasks.opened_commit, tasks.closed_commit)
                 IS DISTINCT FROM
                 (excluded.state, excluded.title, excluded.key, excluded.marker, excluded.section, excluded.path,
                  excluded.line, excluded.fixture, false, excluded.opened_commit, excluded.closed_commit)"#,
        tenant.as_uuid(),
        repository.as_uuid(),
        now,
        &vanished.iter().map(|row| row.id.as_uuid()).collect::<Vec<_>>(),
        &vanished.iter().map(|row| row.project.as_deref().map(clean)).collect::<Vec<_>>() as &[Option<String>],
        &tasks().map(|task| task.source().as_str().to_owned()).collect::<Vec<_>>(),
        &maybe(|task| task.mark.id.as_deref()) as &[Option<String>],
        &maybe(|task| task.mark.marker.map(Marker::as_str)) as &[Option<String>],
        &tasks().map(|task| clean(task.title())).collect::<Vec<_>>(),
        &tasks().map(|task| task.state().as_str().to_owned()).collect::<Vec<_>>(),
        &maybe(|task| task.mark.section.as_deref()) as &[Option<String>],
        &maybe(|task| task.mark.author.as_deref()) as &[Option<String>],
        &tasks().map(|task| clean(&task.path)).collect::<Vec<_>>(),
        &tasks().map(|task| i32::try_from(task.mark.line).unwrap_or(i32::MAX)).collect::<Vec<_>>(),
        &tasks().map(|task| task.fixture).collect::<Vec<_>>(),
        &opened.commits as &[Option<Vec<u8>>],
        &opened.names as &[Option<String>],
        &opened.emails as &[Option<String>],
        &opened.times as &[Option<DateTime<Utc>>],
        &closed.commits as &[Option<Vec<u8>>],
        &closed.names as &[Option<String>],
        &closed.emails as &[Option<String>],
        &closed.times as &[Option<DateTime<Utc>>],
    )
    .execute(tx.connection())
    .await
    .map(|_| ())
}

/// What happened to one task, in its order.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Chapter<'a> {
    pub(crate) task: TaskId,
    pub(crate) events: &'a [Happening],
}

/// Adds events to those that are stored.
pub(crate) async fn append_events(tx: &mut TenantTx, chapters: &[Chapter<'_>]) -> sqlx::Result<()> {
    let tasks: Vec<Uuid> = chapters.iter().map(|chapter| chapter.task.as_uuid()).collect();
    let stored = sqlx::query!(
        r#"SELECT task_id, max(ordinal) AS "last!" FROM task_events WHERE task_id = ANY($1) GROUP BY task_id"#,
        &tasks,
    )
    .fetch_all(tx.connection())
    .await?;
    let last = stored.into_iter().map(|row| (row.task_id, row.last)).collect();
    insert_events(tx, chapters, &last).await
}

/// Replaces the stored events of these tasks.
pub(crate) async fn replace_events(
    tx: &mut TenantTx,
    chapters: &[Chapter<'_>],
) -> sqlx::Result<()> {
    let tasks: Vec<Uuid> = chapters.iter().map(|chapter| chapter.task.as_uuid()).collect();
    sqlx::query!("DELETE FROM task_events WHERE task_id = ANY($1)", &tasks)
        .execute(tx.connection())
        .await?;
    insert_events(tx, chapters, &HashMap::new()).await
}

async fn insert_events(
    tx: &mut TenantTx,
    chapters: &[Chapter<'_>],
    last: &HashMap<Uuid, i32>,
) -> sqlx::Result<()> {
    let rows: Vec<(TaskId, i32, &Happening)> = chapters
        .iter()
        .flat_map(|chapter| {
            let first = last.get(&chapter.task.as_uuid()).map_or(1, |last| last + 1);
            (first..).zip(chapter.events).map(|(ordinal, event)| (chapter.task, ordinal, event))
        })
        .collect();
    for chunk in rows.chunks(CHUNK) {
        insert_chunk(tx, chunk).await?;
    }
    Ok(())
}

async fn insert_chunk(tx: &mut TenantTx, rows: &[(TaskId, i32, &Happening)]) -> sqlx::Result<()> {
    let tenant = tx.tenant();
    let maybe = |of: fn(&Happening) -> Option<&str>| {
        rows.iter().map(|(_, _, event)| of(event).map(clean)).collect::<Vec<_>>()
    };
    sqlx::query!(
        "INSERT INTO task_events (tenant_id, task_id, ordinal, kind, commit, name, email, at, was, becomes)
         SELECT $1, e.task_id, e.ordinal, e.kind, e.commit, e.name, e.email, e.at, e.was, e.becomes
         FROM UNNEST($2::uuid[], $3::integer[], $4::text[], $5::bytea[], $6::text[], $7::text[], $8::timestamptz[],
                     $9::text[], $10::text[])
              AS e (task_id, ordinal, kind, commit, name, email, at, was, becomes)",
        tenant.as_uuid(),
        &rows.iter().map(|(task, _, _)| task.as_uuid()).collect::<Vec<_>>(),
        &rows.iter().map(|(_, ordinal, _)| *ordinal).collect::<Vec<_>>(),
        &rows.iter().map(|(_, _, event)| event.kind.as_str().to_owned()).collect::<Vec<_>>(),
        &rows.iter().map(|(_, _, event)| event.deed.commit.as_bytes().to_vec()).collect::<Vec<_>>(),
        &rows.iter().map(|(_, _, event)| clean(&event.deed.name)).collect::<Vec<_>>(),
        &rows.iter().map(|(_, _, event)| clean(&event.deed.email)).collect::<Vec<_>>(),
        &rows.iter().map(|(_, _, event)| event.deed.at).collect::<Vec<_>>(),
        &maybe(|event| event.from.as_deref()) as &[Option<String>],
        &maybe(|event| event.to.as_deref()) as &[Option<String>],
    )
    .execute(tx.connection())
    .await
    .map(|_| ())
}

/// A task that changes more often than a page can show.
const MOST_EVENTS: i64 = 500;

/// Lists what happened to a task, first things first; the latest 500.
pub async fn list_task_events(tx: &mut TenantTx, task: TaskId) -> sqlx::Result<Vec<TaskEvent>> {
    let rows = sqlx::query!(
        r#"SELECT kind AS "kind: EventKind", commit, name, email, at AS "at: DateTime<Utc>", was, becomes
           FROM task_events
           WHERE task_id = $1
           ORDER BY ordinal DESC
           LIMIT $2"#,
        task.as_uuid(),
        MOST_EVENTS,
    )
    .fetch_all(tx.connection())
    .await?;
    rows.into_iter()
        .rev()
        .map(|row| {
            let deed =
                Deed { commit: oid(&row.commit)?, name: row.name, email: row.email, at: row.at };
            Ok(TaskEvent { kind: row.kind, deed, from: row.was, to: row.becomes })
        })
        .collect()
}
