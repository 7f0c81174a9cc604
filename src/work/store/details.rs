//! The SQL of what projects and repositories are besides their rows in lists.

use sqlx::types::Json;

use super::commits::{clean, signed};
use crate::{
    repositories::{Oid, RepositoryId},
    scanner::{ScanReport, model},
    tenancy::TenantTx,
    work::model::{
        GraphEdge, GraphNode, LastChange, ProjectDetails, ProjectFacts, ProjectId,
        RepositoryDetails,
    },
};

/// JSON that Postgres takes, which knows no NUL.
fn json(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default().replace("\\u0000", "\\ufffd")
}

/// Writes what the projects of a report are like, where that has changed.
pub(crate) async fn save_details(
    tx: &mut TenantTx,
    repository: RepositoryId,
    report: &ScanReport,
) -> sqlx::Result<()> {
    let projects = &report.projects;
    let number = |of: fn(&model::Project) -> u64| {
        projects.iter().map(|project| signed(of(project))).collect::<Vec<_>>()
    };
    sqlx::query!(
        "UPDATE projects p
         SET details = d.details::jsonb, files = d.files, bytes = d.bytes
         FROM UNNEST($2::text[], $3::text[], $4::bigint[], $5::bigint[]) AS d (path, details, files, bytes)
         WHERE p.repository_id = $1
           AND p.path = d.path
           AND (p.details, p.files, p.bytes) IS DISTINCT FROM (d.details::jsonb, d.files, d.bytes)",
        repository.as_uuid(),
        &projects.iter().map(|project| clean(&project.path)).collect::<Vec<_>>(),
        &projects.iter().map(|project| json(&ProjectDetails::of(project))).collect::<Vec<_>>(),
        &number(|project| project.files),
        &number(|project| project.bytes),
    )
    .execute(tx.connection())
    .await?;
    let details = RepositoryDetails { size: report.size, owners: report.owners_file.clone() };
    sqlx::query!(
        "UPDATE repositories
         SET details = $2::text::jsonb
         WHERE id = $1
           AND details IS DISTINCT FROM $2::text::jsonb",
        repository.as_uuid(),
        json(&details),
    )
    .execute(tx.connection())
    .await
    .map(|_| ())
}

/// Finds what a project is like.
pub async fn find_project_facts(
    tx: &mut TenantTx,
    id: ProjectId,
) -> sqlx::Result<Option<ProjectFacts>> {
    let row = sqlx::query!(
        r#"SELECT p.files, p.bytes, p.last_commit, p.last_author, p.last_changed_at,
                  p.details AS "details: Json<ProjectDetails>", c.subject AS "subject?",
                  root.details AS "root?: Json<ProjectDetails>"
           FROM projects p
           LEFT JOIN commits c ON c.tenant_id = p.tenant_id AND c.repository_id = p.repository_id AND c.oid = p.last_commit
           LEFT JOIN projects root ON root.tenant_id = p.tenant_id AND root.repository_id = p.repository_id
                                  AND root.path = '.' AND p.path <> '.'
           WHERE p.id = $1"#,
        id.as_uuid(),
    )
    .fetch_optional(tx.connection())
    .await?;
    let Some(row) = row else { return Ok(None) };
    let last = (row.last_commit, row.last_author, row.last_changed_at);
    let last_change = match last {
        (Some(oid), Some(author), Some(at)) => Oid::try_from(oid.as_slice()).ok().map(|commit| {
            LastChange { commit, author, at, subject: row.subject.unwrap_or_default() }
        }),
        _ => None,
    };
    Ok(Some(ProjectFacts {
        files: row.files,
        bytes: row.bytes,
        last_change,
        details: row.details.0,
        around: row.root.map(|root| root.0.pipelines).unwrap_or_default(),
    }))
}

/// Finds how large a repository is and who owns it.
pub async fn find_repository_details(
    tx: &mut TenantTx,
    id: RepositoryId,
) -> sqlx::Result<RepositoryDetails> {
    let details = sqlx::query_scalar!(
        r#"SELECT details AS "details: Json<RepositoryDetails>" FROM repositories WHERE id = $1"#,
        id.as_uuid(),
    )
    .fetch_optional(tx.connection())
    .await?;
    Ok(details.map(|details| details.0).unwrap_or_default())
}

/// Lists what runs in continuous integration for a repository, whichever project it stands in.
pub async fn list_pipelines(
    tx: &mut TenantTx,
    id: RepositoryId,
) -> sqlx::Result<Vec<model::Pipeline>> {
    let rows = sqlx::query_scalar!(
        r#"SELECT details->'pipelines' AS "pipelines!: Json<Vec<model::Pipeline>>"
           FROM projects
           WHERE repository_id = $1
             AND jsonb_array_length(coalesce(details->'pipelines', '[]')) > 0
           ORDER BY path
           LIMIT 100"#,
        id.as_uuid(),
    )
    .fetch_all(tx.connection())
    .await?;
    Ok(rows.into_iter().flat_map(|pipelines| pipelines.0).collect())
}

/// A project that needs another one.
#[derive(Debug)]
pub(crate) struct Dependent {
    pub(crate) id: ProjectId,
    pub(crate) name: String,
}

/// Lists the projects that need this one, by path; at most 200.
pub(crate) async fn list_dependents(
    tx: &mut TenantTx,
    project: ProjectId,
) -> sqlx::Result<Vec<Dependent>> {
    sqlx::query_as!(
        Dependent,
        r#"SELECT p.id AS "id: ProjectId", p.name
           FROM projects p
           WHERE p.id IN (SELECT d.project_id FROM dependencies d WHERE d.internal_id = $1)
             AND p.id <> $1
           ORDER BY p.path COLLATE "C"
           LIMIT 200"#,
        project.as_uuid(),
    )
    .fetch_all(tx.connection())
    .await
}

/// Lists the projects of a repository that a graph may show, by path; fixtures are left out.
pub async fn list_graph_nodes(
    tx: &mut TenantTx,
    repository: RepositoryId,
) -> sqlx::Result<Vec<GraphNode>> {
    sqlx::query_as!(
        GraphNode,
        r#"SELECT id AS "id: ProjectId", name, path, kind
           FROM projects
           WHERE repository_id = $1
             AND NOT fixture
           ORDER BY path COLLATE "C"
           LIMIT 5000"#,
        repository.as_uuid(),
    )
    .fetch_all(tx.connection())
    .await
}

/// Lists which projects of a repository need which others of it, each pair once.
pub async fn list_graph_edges(
    tx: &mut TenantTx,
    repository: RepositoryId,
) -> sqlx::Result<Vec<GraphEdge>> {
    sqlx::query_as!(
        GraphEdge,
        r#"SELECT d.project_id AS "from: ProjectId", d.internal_id AS "to!: ProjectId",
                  array_agg(DISTINCT d.scope ORDER BY d.scope) AS "scopes!"
           FROM dependencies d
           JOIN projects p ON p.tenant_id = d.tenant_id AND p.id = d.project_id
           JOIN projects needed ON needed.tenant_id = d.tenant_id AND needed.id = d.internal_id
           WHERE p.repository_id = $1
             AND d.internal_id <> d.project_id
             AND NOT p.fixture
             AND NOT needed.fixture
           GROUP BY d.project_id, d.internal_id
           ORDER BY min(p.path), min(needed.path)
           LIMIT 5000"#,
        repository.as_uuid(),
    )
    .fetch_all(tx.connection())
    .await
}
