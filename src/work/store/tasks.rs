//! The SQL that lists tasks.
#![expect(
    clippy::as_conversions,
    reason = "`as` in a query's arguments is how sqlx is told their type; it converts nothing"
)]

use chrono::{DateTime, Utc};
use sqlx::types::Uuid;

use super::life::deed;
use crate::{
    repositories::RepositoryId,
    tenancy::TenantTx,
    web::paging::PageRequest,
    work::model::{IdKey, ProjectId, Task, TaskFilter, TaskId, TaskPlace, TaskSource, TaskState},
};

struct Record {
    id: TaskId,
    repository_id: RepositoryId,
    repository: String,
    project_id: Option<ProjectId>,
    project: Option<String>,
    parent_id: Option<TaskId>,
    source: TaskSource,
    key: Option<String>,
    marker: Option<String>,
    title: String,
    state: TaskState,
    section: Option<String>,
    author: Option<String>,
    depth: i32,
    attributes: serde_json::Value,
    path: Option<String>,
    line: Option<i32>,
    number: Option<i64>,
    url: Option<String>,
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
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

impl TryFrom<Record> for Task {
    type Error = sqlx::Error;

    fn try_from(row: Record) -> sqlx::Result<Self> {
        let opened = deed(row.opened_commit, row.opened_name, row.opened_email, row.opened_at)?;
        let closed = deed(row.closed_commit, row.closed_name, row.closed_email, row.closed_at)?;
        Ok(Self {
            id: row.id,
            repository_id: row.repository_id,
            repository: row.repository,
            project_id: row.project_id,
            project: row.project,
            parent_id: row.parent_id,
            source: row.source,
            key: row.key,
            marker: row.marker,
            title: row.title,
            state: row.state,
            section: row.section,
            author: row.author,
            depth: row.depth,
            attributes: row.attributes,
            place: place(row.path, row.line, row.number.zip(row.url))?,
            fixture: row.fixture,
            present: row.present,
            opened,
            closed,
            opened_at: row.opened_at,
            closed_at: row.closed_at,
            created_at: row.created_at,
            updated_at: row.updated_at,
        })
    }
}

/// A file and its line, or GitHub's number and page; a constraint of the table has one of both there.
fn place(
    path: Option<String>,
    line: Option<i32>,
    outside: Option<(i64, String)>,
) -> sqlx::Result<TaskPlace> {
    match (path, line, outside) {
        (Some(path), Some(line), None) => Ok(TaskPlace::File { path, line }),
        (None, None, Some((number, url))) => Ok(TaskPlace::GitHub { number, url }),
        _ => Err(sqlx::Error::Decode("a task stands nowhere, or at two places".into())),
    }
}

/// The sources that a filter leaves, as the table names them; none where it leaves all.
fn sources(filter: &TaskFilter) -> Option<Vec<String>> {
    let names = || filter.sources.iter().map(|source| source.as_str().to_owned()).collect();
    (!filter.sources.is_empty()).then(names)
}

/// The pattern of texts that contain this one, whatever signs it has.
pub(super) fn contains(text: &str) -> String {
    let escaped = text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
    format!("%{escaped}%")
}

/// A query for tasks: the columns, and then what follows the joins.
macro_rules! tasks {
    ($rest:literal $(, $argument:expr)* $(,)?) => {
        sqlx::query_as!(
            Record,
            r#"SELECT t.id AS "id: TaskId", t.repository_id AS "repository_id: RepositoryId", r.name AS repository,
                  t.project_id AS "project_id: ProjectId", p.name AS "project?", t.parent_id AS "parent_id: TaskId",
                  t.source AS "source: TaskSource", t.key, t.marker, t.title, t.state AS "state: TaskState", t.section,
                  t.author, t.depth, t.attributes, t.path, t.line, t.number, t.url, t.fixture, t.present, t.opened_commit,
                  t.opened_name, t.opened_email, t.opened_at, t.closed_commit, t.closed_name, t.closed_email,
                  t.closed_at, t.created_at AS "created_at: DateTime<Utc>",
                  t.updated_at AS "updated_at: DateTime<Utc>"
           FROM tasks t
           JOIN repositories r ON r.tenant_id = t.tenant_id AND r.id = t.repository_id
           LEFT JOIN projects p ON p.tenant_id = t.tenant_id AND p.id = t.project_id
               "#
                + $rest
            $(, $argument)*
        )
    };
}

/// Lists tasks in the order in which they were first seen, a page at a time.
pub async fn list_tasks(
    tx: &mut TenantTx,
    filter: &TaskFilter,
    page: &PageRequest<IdKey>,
) -> sqlx::Result<Vec<Task>> {
    if page.is_usual() && *filter == TaskFilter::default() {
        return list_first_tasks(tx).await;
    }
    let sources = sources(filter);
    let rows = tasks!(
        r#"WHERE ($1::text IS NULL OR t.state = $1)
             AND ($2::text[] IS NULL OR t.source = ANY ($2))
             AND ($3::uuid IS NULL OR t.repository_id = $3)
             AND ($4::uuid IS NULL OR t.project_id = $4)
             AND ($5::text IS NULL OR t.title ILIKE $5 OR t.key ILIKE $5)
             AND ($6::uuid IS NULL OR t.id > $6)
             AND ($7 OR NOT t.fixture)
             AND ($9::timestamptz IS NULL OR t.opened_at < $9 OR t.opened_at IS NULL)
           ORDER BY t.id
           LIMIT $8"#,
        filter.state.map(TaskState::as_str),
        sources.as_deref(),
        filter.repository.map(RepositoryId::as_uuid),
        filter.project.map(ProjectId::as_uuid),
        filter.text.as_deref().map(contains),
        page.after.map(|key: IdKey| key.id) as Option<Uuid>,
        filter.with_fixtures,
        page.fetch(),
        filter.opened_before,
    )
    .fetch_all(tx.connection())
    .await?;
    rows.into_iter().map(Task::try_from).collect()
}

/// The list as it is asked for most. Without arguments Postgres keeps its plan, and planning is more than
/// half of the work.
async fn list_first_tasks(tx: &mut TenantTx) -> sqlx::Result<Vec<Task>> {
    let rows = tasks!("WHERE NOT t.fixture ORDER BY t.id LIMIT 51").fetch_all(tx.connection());
    rows.await?.into_iter().map(Task::try_from).collect()
}

pub async fn find_task(tx: &mut TenantTx, id: TaskId) -> sqlx::Result<Option<Task>> {
    let row = tasks!("WHERE t.id = $1", id.as_uuid()).fetch_optional(tx.connection()).await?;
    row.map(Task::try_from).transpose()
}

/// Counts the tasks that a filter leaves.
pub async fn count_tasks(tx: &mut TenantTx, filter: &TaskFilter) -> sqlx::Result<i64> {
    let sources = sources(filter);
    sqlx::query_scalar!(
        r#"SELECT count(*) AS "count!"
           FROM tasks
           WHERE ($1::text IS NULL OR state = $1)
             AND ($2::text[] IS NULL OR source = ANY ($2))
             AND ($3::uuid IS NULL OR repository_id = $3)
             AND ($4::uuid IS NULL OR project_id = $4)
             AND ($5::text IS NULL OR title ILIKE $5 OR key ILIKE $5)
             AND ($6 OR NOT fixture)
             AND ($7::timestamptz IS NULL OR opened_at < $7 OR opened_at IS NULL)"#,
        filter.state.map(TaskState::as_str),
        sources.as_deref(),
        filter.repository.map(RepositoryId::as_uuid),
        filter.project.map(ProjectId::as_uuid),
        filter.text.as_deref().map(contains),
        filter.with_fixtures,
        filter.opened_before,
    )
    .fetch_one(tx.connection())
    .await
}

#[cfg(test)]
mod tests {
    use super::contains;

    #[test]
    fn signs_of_patterns_stand_for_themselves() {
        assert_eq!(contains("50%_a\\"), "%50\\%\\_a\\\\%");
    }
}
