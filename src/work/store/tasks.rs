//! The SQL that lists tasks.
#![expect(
    clippy::as_conversions,
    reason = "`as` in a query's arguments is how sqlx is told their type; it converts nothing"
)]

use chrono::{DateTime, Utc};
use sqlx::types::Uuid;

use crate::{
    repositories::RepositoryId,
    tenancy::TenantTx,
    web::paging::PageRequest,
    work::model::{IdKey, ProjectId, Task, TaskFilter, TaskId, TaskSource, TaskState},
};

/// The pattern of texts that contain this one, whatever signs it has.
pub(super) fn contains(text: &str) -> String {
    let escaped = text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
    format!("%{escaped}%")
}

/// Lists tasks in the order in which they were first seen, a page at a time.
pub async fn list_tasks(
    tx: &mut TenantTx,
    filter: &TaskFilter,
    page: &PageRequest<IdKey>,
) -> sqlx::Result<Vec<Task>> {
    sqlx::query_as!(
        Task,
        r#"SELECT t.id AS "id: TaskId", t.repository_id AS "repository_id: RepositoryId", r.name AS repository,
                  t.project_id AS "project_id: ProjectId", p.name AS "project?", t.parent_id AS "parent_id: TaskId",
                  t.source AS "source: TaskSource", t.key, t.marker, t.title, t.state AS "state: TaskState", t.section,
                  t.author, t.depth, t.attributes, t.path, t.line, t.fixture, t.created_at AS "created_at: DateTime<Utc>",
                  t.updated_at AS "updated_at: DateTime<Utc>"
           FROM tasks t
           JOIN repositories r ON r.tenant_id = t.tenant_id AND r.id = t.repository_id
           LEFT JOIN projects p ON p.tenant_id = t.tenant_id AND p.id = t.project_id
           WHERE ($1::text IS NULL OR t.state = $1)
             AND ($2::text IS NULL OR t.source = $2)
             AND ($3::uuid IS NULL OR t.repository_id = $3)
             AND ($4::uuid IS NULL OR t.project_id = $4)
             AND ($5::text IS NULL OR t.title ILIKE $5 OR t.key ILIKE $5)
             AND ($6::uuid IS NULL OR t.id > $6)
             AND ($7 OR NOT t.fixture)
           ORDER BY t.id
           LIMIT $8"#,
        filter.state.map(TaskState::as_str),
        filter.source.map(TaskSource::as_str),
        filter.repository.map(RepositoryId::as_uuid),
        filter.project.map(ProjectId::as_uuid),
        filter.text.as_deref().map(contains),
        page.after.map(|key: IdKey| key.id) as Option<Uuid>,
        filter.with_fixtures,
        page.fetch(),
    )
    .fetch_all(tx.connection())
    .await
}

pub async fn find_task(tx: &mut TenantTx, id: TaskId) -> sqlx::Result<Option<Task>> {
    sqlx::query_as!(
        Task,
        r#"SELECT t.id AS "id: TaskId", t.repository_id AS "repository_id: RepositoryId", r.name AS repository,
                  t.project_id AS "project_id: ProjectId", p.name AS "project?", t.parent_id AS "parent_id: TaskId",
                  t.source AS "source: TaskSource", t.key, t.marker, t.title, t.state AS "state: TaskState", t.section,
                  t.author, t.depth, t.attributes, t.path, t.line, t.fixture, t.created_at AS "created_at: DateTime<Utc>",
                  t.updated_at AS "updated_at: DateTime<Utc>"
           FROM tasks t
           JOIN repositories r ON r.tenant_id = t.tenant_id AND r.id = t.repository_id
           LEFT JOIN projects p ON p.tenant_id = t.tenant_id AND p.id = t.project_id
           WHERE t.id = $1"#,
        id.as_uuid(),
    )
    .fetch_optional(tx.connection())
    .await
}

/// Counts the tasks that a filter leaves.
pub async fn count_tasks(tx: &mut TenantTx, filter: &TaskFilter) -> sqlx::Result<i64> {
    sqlx::query_scalar!(
        r#"SELECT count(*) AS "count!"
           FROM tasks
           WHERE ($1::text IS NULL OR state = $1)
             AND ($2::text IS NULL OR source = $2)
             AND ($3::uuid IS NULL OR repository_id = $3)
             AND ($4::uuid IS NULL OR project_id = $4)
             AND ($5::text IS NULL OR title ILIKE $5 OR key ILIKE $5)
             AND ($6 OR NOT fixture)"#,
        filter.state.map(TaskState::as_str),
        filter.source.map(TaskSource::as_str),
        filter.repository.map(RepositoryId::as_uuid),
        filter.project.map(ProjectId::as_uuid),
        filter.text.as_deref().map(contains),
        filter.with_fixtures,
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
