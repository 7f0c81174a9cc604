//! The SQL that lists projects, their dependencies and languages.
#![expect(
    clippy::as_conversions,
    reason = "`as` in a query's arguments is how sqlx is told their type; it converts nothing"
)]

use sqlx::types::Uuid;

use crate::{
    repositories::RepositoryId,
    tenancy::TenantTx,
    web::paging::PageRequest,
    work::model::{Dependency, Language, Project, ProjectFilter, ProjectId, ProjectKey},
};

/// Lists projects by repository and path, so that each stands below the ones around it.
///
/// Each repository gives at most a page of its projects in their order, from where the list goes on:
/// the rows that are read are those of the page, whichever page it is. Only these are counted for.
pub async fn list_projects(
    tx: &mut TenantTx,
    filter: &ProjectFilter,
    page: &PageRequest<ProjectKey>,
) -> sqlx::Result<Vec<Project>> {
    sqlx::query_as!(
        Project,
        r#"SELECT p.id AS "id: ProjectId", p.repository_id AS "repository_id: RepositoryId", p.repository, p.path, p.name, p.kind,
                  p.also, p.version, p.description, p.licence, p.manifest, p.parent_id AS "parent_id: ProjectId",
                  p.workspace_root, p.private, p.fixture, t.open_tasks AS "open_tasks!", t.done_tasks AS "done_tasks!",
                  (SELECT count(*) FROM dependencies d WHERE d.project_id = p.id) AS "dependencies!"
           FROM (
               SELECT r.name AS repository, p.*
               FROM repositories r
               CROSS JOIN LATERAL (
                   SELECT *
                   FROM projects
                   WHERE repository_id = r.id
                     -- No path is empty, so that this lets all of the later repositories through.
                     AND path COLLATE "C" > CASE WHEN r.name = $4 THEN $5::text ELSE '' END
                     AND ($2::text IS NULL OR kind = $2 OR $2 = ANY (also))
                     AND ($3::text IS NULL OR name ILIKE $3 OR path ILIKE $3)
                   ORDER BY path COLLATE "C"
                   LIMIT $6
               ) p
               WHERE ($1::uuid IS NULL OR r.id = $1)
                 AND ($4::text IS NULL OR r.name >= $4)
               ORDER BY r.name, p.path COLLATE "C"
               LIMIT $6
           ) p
           CROSS JOIN LATERAL (
               SELECT count(*) FILTER (WHERE state = 'open') AS open_tasks, count(*) FILTER (WHERE state = 'done') AS done_tasks
               FROM tasks
               WHERE project_id = p.id AND source = 'tasklist' AND NOT fixture
           ) t
           ORDER BY p.repository, p.path COLLATE "C""#,
        filter.repository.map(RepositoryId::as_uuid),
        filter.kind,
        filter.text.as_deref().map(super::tasks::contains),
        page.after.as_ref().map(|key| key.repository.as_str()),
        page.after.as_ref().map(|key| key.path.as_str()),
        page.fetch(),
    )
    .fetch_all(tx.connection())
    .await
}

pub async fn find_project(tx: &mut TenantTx, id: ProjectId) -> sqlx::Result<Option<Project>> {
    sqlx::query_as!(
        Project,
        r#"SELECT p.id AS "id: ProjectId", p.repository_id AS "repository_id: RepositoryId", r.name AS repository, p.path,
                  p.name, p.kind, p.also, p.version, p.description, p.licence, p.manifest,
                  p.parent_id AS "parent_id: ProjectId", p.workspace_root, p.private, p.fixture,
                  (SELECT count(*) FROM tasks t WHERE t.project_id = p.id AND t.source = 'tasklist' AND t.state = 'open' AND NOT t.fixture) AS "open_tasks!",
                  (SELECT count(*) FROM tasks t WHERE t.project_id = p.id AND t.source = 'tasklist' AND t.state = 'done' AND NOT t.fixture) AS "done_tasks!",
                  (SELECT count(*) FROM dependencies d WHERE d.project_id = p.id) AS "dependencies!"
           FROM projects p
           JOIN repositories r ON r.tenant_id = p.tenant_id AND r.id = p.repository_id
           WHERE p.id = $1"#,
        id.as_uuid(),
    )
    .fetch_optional(tx.connection())
    .await
}

/// Counts projects; of one repository where it is given.
pub async fn count_projects(
    tx: &mut TenantTx,
    repository: Option<RepositoryId>,
) -> sqlx::Result<i64> {
    sqlx::query_scalar!(
        r#"SELECT count(*) AS "count!" FROM projects WHERE $1::uuid IS NULL OR repository_id = $1"#,
        repository.map(RepositoryId::as_uuid) as Option<Uuid>,
    )
    .fetch_one(tx.connection())
    .await
}

/// Lists ids and names of projects by repository and path, for filters; at most 200.
pub(crate) async fn list_project_names(
    tx: &mut TenantTx,
    repository: Option<RepositoryId>,
) -> sqlx::Result<Vec<(ProjectId, String)>> {
    let rows = sqlx::query!(
        r#"SELECT p.id AS "id: ProjectId", p.name
           FROM repositories r
           CROSS JOIN LATERAL (
               SELECT id, name, path
               FROM projects
               WHERE repository_id = r.id
               ORDER BY path COLLATE "C"
               LIMIT 200
           ) p
           WHERE $1::uuid IS NULL OR r.id = $1
           ORDER BY r.name, p.path COLLATE "C"
           LIMIT 200"#,
        repository.map(RepositoryId::as_uuid) as Option<Uuid>,
    )
    .fetch_all(tx.connection())
    .await?;
    Ok(rows.into_iter().map(|row| (row.id, row.name)).collect())
}

/// Lists the kinds of projects there are, for the filter: each found by one look into the index.
pub async fn list_kinds(tx: &mut TenantTx) -> sqlx::Result<Vec<String>> {
    sqlx::query_scalar!(
        r#"WITH RECURSIVE kinds AS (
               (SELECT kind FROM projects ORDER BY kind LIMIT 1)
               UNION ALL
               SELECT (SELECT p.kind FROM projects p WHERE p.kind > k.kind ORDER BY p.kind LIMIT 1)
               FROM kinds k
               WHERE k.kind IS NOT NULL
           )
           SELECT kind AS "kind!" FROM kinds WHERE kind IS NOT NULL ORDER BY kind"#
    )
    .fetch_all(tx.connection())
    .await
}

/// Lists what a project asks for, by scope and name; at most 1,000.
pub async fn list_dependencies(
    tx: &mut TenantTx,
    project: ProjectId,
) -> sqlx::Result<Vec<Dependency>> {
    sqlx::query_as!(
        Dependency,
        r#"SELECT name, scope, requirement, internal_id AS "project_id: ProjectId"
         FROM dependencies
         WHERE project_id = $1
         ORDER BY CASE scope WHEN 'runtime' THEN 1 WHEN 'optional' THEN 2 WHEN 'build' THEN 3 ELSE 4 END, name
         LIMIT 1000"#,
        project.as_uuid(),
    )
    .fetch_all(tx.connection())
    .await
}

/// Lists the languages of a repository, or of all, most code first.
pub async fn list_languages(
    tx: &mut TenantTx,
    repository: Option<RepositoryId>,
) -> sqlx::Result<Vec<Language>> {
    sqlx::query_as!(
        Language,
        r#"SELECT name, sum(files)::bigint AS "files!", sum(code)::bigint AS "code!", sum(comments)::bigint AS "comments!",
                  sum(blanks)::bigint AS "blanks!"
           FROM languages
           WHERE $1::uuid IS NULL OR repository_id = $1
           GROUP BY name
           ORDER BY sum(code) DESC, name
           LIMIT 200"#,
        repository.map(RepositoryId::as_uuid) as Option<Uuid>,
    )
    .fetch_all(tx.connection())
    .await
}

/// Lists the languages of a project's own files, most code first.
pub async fn list_project_languages(
    tx: &mut TenantTx,
    project: ProjectId,
) -> sqlx::Result<Vec<Language>> {
    sqlx::query_as!(
        Language,
        "SELECT name, files, code, comments, blanks
         FROM project_languages
         WHERE project_id = $1
         ORDER BY code DESC, name
         LIMIT 200",
        project.as_uuid(),
    )
    .fetch_all(tx.connection())
    .await
}
