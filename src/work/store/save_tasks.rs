//! The SQL that writes the tasks that a scan found.
#![expect(
    clippy::as_conversions,
    reason = "`as` in a query's arguments is how sqlx is told their type; it converts nothing"
)]

use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde_json::Value;
use sqlx::types::Uuid;

use super::{commits::clean, life::Deeds, save::CHUNK};
use crate::{
    repositories::RepositoryId,
    tenancy::TenantTx,
    work::model::{Deed, TaskId, TaskSource, TaskState},
};

/// A task as a scan found it.
#[derive(Clone, Debug)]
pub(crate) struct NewTask {
    pub(crate) id: TaskId,
    pub(crate) parent: Option<TaskId>,
    pub(crate) project: Option<String>,
    pub(crate) source: TaskSource,
    pub(crate) key: Option<String>,
    pub(crate) marker: Option<&'static str>,
    pub(crate) title: String,
    pub(crate) state: TaskState,
    pub(crate) section: Option<String>,
    pub(crate) author: Option<String>,
    pub(crate) depth: i32,
    pub(crate) attributes: Value,
    pub(crate) path: String,
    pub(crate) line: i32,
    pub(crate) fixture: bool,
    pub(crate) opened: Option<Arc<Deed>>,
    pub(crate) closed: Option<Arc<Deed>>,
}

/// Writes the tasks that are there, where they are new or changed.
pub(crate) async fn save_tasks(
    tx: &mut TenantTx,
    repository: RepositoryId,
    tasks: &[NewTask],
    now: DateTime<Utc>,
) -> sqlx::Result<()> {
    for chunk in tasks.chunks(CHUNK) {
        upsert_tasks(tx, repository, chunk, now).await?;
    }
    set_parents(tx, tasks).await
}

async fn set_parents(tx: &mut TenantTx, tasks: &[NewTask]) -> sqlx::Result<()> {
    sqlx::query!(
        "UPDATE tasks child
         SET parent_id = tree.parent_id
         FROM UNNEST($1::uuid[], $2::uuid[]) AS tree (id, parent_id)
         WHERE child.id = tree.id
           AND child.parent_id IS DISTINCT FROM tree.parent_id",
        &tasks.iter().map(|task| task.id.as_uuid()).collect::<Vec<_>>(),
        &tasks.iter().map(|task| task.parent.map(TaskId::as_uuid)).collect::<Vec<_>>()
            as &[Option<Uuid>],
    )
    .execute(tx.connection())
    .await
    .map(|_| ())
}

#[expect(clippy::too_many_lines, reason = "it is one query")]
async fn upsert_tasks(
    tx: &mut TenantTx,
    repository: RepositoryId,
    tasks: &[NewTask],
    now: DateTime<Utc>,
) -> sqlx::Result<()> {
    let tenant = tx.tenant();
    let text =
        |of: fn(&NewTask) -> &str| tasks.iter().map(|task| clean(of(task))).collect::<Vec<_>>();
    let maybe = |of: fn(&NewTask) -> Option<&str>| {
        tasks.iter().map(|task| of(task).map(clean)).collect::<Vec<_>>()
    };
    let opened = Deeds::of(tasks.iter().map(|task| task.opened.as_deref()));
    let closed = Deeds::of(tasks.iter().map(|task| task.closed.as_deref()));
    sqlx::query!(
        r#"INSERT INTO tasks (tenant_id, id, repository_id, project_id, source, key, marker, title, state,
                              section, author, depth, attributes, path, line, fixture, opened_commit, opened_name,
                              opened_email, opened_at, closed_commit, closed_name, closed_email, closed_at,
                              created_at, updated_at)
           SELECT $1, t.id, $2, p.id, t.source, t.key, t.marker, t.title, t.state, t.section, t.author,
                  t.depth, t.attributes, t.path, t.line, t.fixture, t.opened_commit, t.opened_name, t.opened_email,
                  t.opened_at, t.closed_commit, t.closed_name, t.closed_email, t.closed_at, $3, $3
           FROM UNNEST($4::uuid[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[], $10::text[], $11::text[],
                       $12::text[], $13::integer[], $14::jsonb[], $15::text[], $16::integer[], $17::boolean[],
                       $18::bytea[], $19::text[], $20::text[], $21::timestamptz[], $22::bytea[], $23::text[],
                       $24::text[], $25::timestamptz[])
                AS t (id, project, source, key, marker, title, state, section, author, depth, attributes, path, line,
                      fixture, opened_commit, opened_name, opened_email, opened_at, closed_commit, closed_name,
                      closed_email, closed_at)
           LEFT JOIN projects p ON p.repository_id = $2 AND p.path = t.project
           ON CONFLICT (tenant_id, id) DO UPDATE
           SET project_id = excluded.project_id, key = excluded.key, marker = excluded.marker, title = excluded.title,
               state = excluded.state, section = excluded.section, author = excluded.author, depth = excluded.depth,
               attributes = excluded.attributes, path = excluded.path, line = excluded.line, fixture = excluded.fixture,
               present = true, opened_commit = excluded.opened_commit, opened_name = excluded.opened_name,
               opened_email = excluded.opened_email, opened_at = excluded.opened_at,
               closed_commit = excluded.closed_commit, closed_name = excluded.closed_name,
               closed_email = excluded.closed_email, closed_at = excluded.closed_at, updated_at = excluded.updated_at
           WHERE (tasks.project_id, tasks.key, tasks.marker, tasks.title, tasks.state, tasks.section, tasks.author,
                  tasks.depth, tasks.attributes, tasks.path, tasks.line, tasks.fixture, tasks.present,
                  tasks.opened_commit, tasks.closed_commit)
                 IS DISTINCT FROM
                 (excluded.project_id, excluded.key, excluded.marker, excluded.title, excluded.state, excluded.section,
                  excluded.author, excluded.depth, excluded.attributes, excluded.path, excluded.line, excluded.fixture,
                  true, excluded.opened_commit, excluded.closed_commit)"#,
        tenant.as_uuid(),
        repository.as_uuid(),
        now,
        &tasks.iter().map(|task| task.id.as_uuid()).collect::<Vec<_>>(),
        &maybe(|task| task.project.as_deref()) as &[Option<String>],
        &tasks.iter().map(|task| task.source.as_str().to_owned()).collect::<Vec<_>>(),
        &maybe(|task| task.key.as_deref()) as &[Option<String>],
        &maybe(|task| task.marker) as &[Option<String>],
        &text(|task| &task.title),
        &tasks.iter().map(|task| task.state.as_str().to_owned()).collect::<Vec<_>>(),
        &maybe(|task| task.section.as_deref()) as &[Option<String>],
        &maybe(|task| task.author.as_deref()) as &[Option<String>],
        &tasks.iter().map(|task| task.depth).collect::<Vec<_>>(),
        &tasks.iter().map(|task| task.attributes.clone()).collect::<Vec<_>>(),
        &text(|task| &task.path),
        &tasks.iter().map(|task| task.line).collect::<Vec<_>>(),
        &tasks.iter().map(|task| task.fixture).collect::<Vec<_>>(),
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
