//! The SQL that writes the difference between two scans.
#![expect(
    clippy::as_conversions,
    reason = "`as` in a query's arguments is how sqlx is told their type; it converts nothing"
)]

use std::collections::HashSet;

use chrono::{DateTime, Utc};

use super::commits::{clean, signed};
use crate::{
    platform::ids,
    repositories::RepositoryId,
    scanner::model::{Dependency, Language, Project},
    tenancy::TenantTx,
};

/// How many rows go into one statement.
pub(super) const CHUNK: usize = 10_000;

pub(crate) async fn replace_languages(
    tx: &mut TenantTx,
    repository: RepositoryId,
    languages: &[Language],
) -> sqlx::Result<()> {
    let tenant = tx.tenant();
    sqlx::query!("DELETE FROM languages WHERE repository_id = $1", repository.as_uuid())
        .execute(tx.connection())
        .await?;
    sqlx::query!(
        "INSERT INTO languages (tenant_id, repository_id, name, files, code, comments, blanks)
         SELECT $1, $2, l.name, l.files, l.code, l.comments, l.blanks
         FROM UNNEST($3::text[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[])
              AS l (name, files, code, comments, blanks)",
        tenant.as_uuid(),
        repository.as_uuid(),
        &languages.iter().map(|language| language.name.clone()).collect::<Vec<_>>(),
        &languages.iter().map(|language| signed(language.files)).collect::<Vec<_>>(),
        &languages.iter().map(|language| signed(language.code)).collect::<Vec<_>>(),
        &languages.iter().map(|language| signed(language.comments)).collect::<Vec<_>>(),
        &languages.iter().map(|language| signed(language.blanks)).collect::<Vec<_>>(),
    )
    .execute(tx.connection())
    .await
    .map(|_| ())
}

/// Writes the projects that are new or changed, deletes those that are gone, and sets the tree.
pub(crate) async fn save_projects(
    tx: &mut TenantTx,
    repository: RepositoryId,
    projects: &[Project],
    now: DateTime<Utc>,
) -> sqlx::Result<()> {
    let paths: Vec<String> = projects.iter().map(|project| clean(&project.path)).collect();
    sqlx::query!(
        "DELETE FROM projects p
         WHERE p.repository_id = $1
           AND NOT EXISTS (SELECT FROM UNNEST($2::text[]) AS kept (path) WHERE kept.path = p.path)",
        repository.as_uuid(),
        &paths,
    )
    .execute(tx.connection())
    .await?;
    upsert_projects(tx, repository, projects, &paths, now).await?;
    let parents: Vec<Option<String>> =
        projects.iter().map(|project| project.parent.as_deref().map(clean)).collect();
    sqlx::query!(
        "UPDATE projects child
         SET parent_id = parent.id
         FROM UNNEST($2::text[], $3::text[]) AS tree (path, parent_path)
         LEFT JOIN projects parent ON parent.repository_id = $1 AND parent.path = tree.parent_path
         WHERE child.repository_id = $1
           AND child.path = tree.path
           AND child.parent_id IS DISTINCT FROM parent.id",
        repository.as_uuid(),
        &paths,
        &parents as &[Option<String>],
    )
    .execute(tx.connection())
    .await
    .map(|_| ())
}

async fn upsert_projects(
    tx: &mut TenantTx,
    repository: RepositoryId,
    projects: &[Project],
    paths: &[String],
    now: DateTime<Utc>,
) -> sqlx::Result<()> {
    let tenant = tx.tenant();
    let maybe = |of: fn(&Project) -> Option<&str>| {
        projects.iter().map(|project| of(project).map(clean)).collect::<Vec<_>>()
    };
    let flag = |of: fn(&Project) -> bool| projects.iter().map(of).collect::<Vec<bool>>();
    sqlx::query!(
        r#"INSERT INTO projects (tenant_id, id, repository_id, path, name, kind, also, version, description, licence,
                                 manifest, workspace_root, private, fixture, created_at)
           SELECT $1, p.id, $2, p.path, p.name, p.kind, string_to_array(p.also, ' '), p.version, p.description, p.licence,
                  p.manifest, p.workspace_root, p.private, p.fixture, $3
           FROM UNNEST($4::uuid[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[], $10::text[], $11::text[],
                       $12::text[], $13::boolean[], $14::boolean[], $15::boolean[])
                AS p (id, path, name, kind, also, version, description, licence, manifest, workspace_root, private, fixture)
           ON CONFLICT (tenant_id, repository_id, path) DO UPDATE
           SET name = excluded.name, kind = excluded.kind, also = excluded.also, version = excluded.version,
               description = excluded.description, licence = excluded.licence, manifest = excluded.manifest,
               workspace_root = excluded.workspace_root, private = excluded.private, fixture = excluded.fixture
           WHERE (projects.name, projects.kind, projects.also, projects.version, projects.description, projects.licence,
                  projects.manifest, projects.workspace_root, projects.private, projects.fixture)
                 IS DISTINCT FROM
                 (excluded.name, excluded.kind, excluded.also, excluded.version, excluded.description, excluded.licence,
                  excluded.manifest, excluded.workspace_root, excluded.private, excluded.fixture)"#,
        tenant.as_uuid(),
        repository.as_uuid(),
        now,
        &projects.iter().map(|_| ids::new()).collect::<Vec<_>>(),
        paths,
        &projects.iter().map(|project| clean(&project.name)).collect::<Vec<_>>(),
        &projects.iter().map(|project| project.kind.clone()).collect::<Vec<_>>(),
        // The names of kinds have no spaces.
        &projects.iter().map(|project| project.also.join(" ")).collect::<Vec<_>>(),
        &maybe(|project| project.version.as_deref()) as &[Option<String>],
        &maybe(|project| project.description.as_deref()) as &[Option<String>],
        &projects.iter().map(|project| project.known_licence().map(|id| clean(&id))).collect::<Vec<_>>() as &[Option<String>],
        &maybe(|project| project.manifest.as_deref()) as &[Option<String>],
        &flag(|project| project.workspace_root),
        &flag(|project| project.private),
        &flag(|project| project.fixture),
    )
    .execute(tx.connection())
    .await
    .map(|_| ())
}

/// A dependency as it is stored: path of its project, name, scope, requirement, and the path of the
/// project of the same repository that it means.
type DependencyRow = (String, String, &'static str, String, Option<String>);

/// The dependencies of all projects; the first of a project that has the same name and scope.
fn dependency_rows(projects: &[Project]) -> Vec<DependencyRow> {
    let mut seen = HashSet::new();
    let all = projects.iter().flat_map(|project| {
        let row = |wanted: &Dependency| {
            let requirement = wanted.requirement.as_deref().unwrap_or("");
            let internal = wanted.internal.as_deref().map(clean);
            let scope = wanted.scope.as_str();
            (clean(&project.path), clean(&wanted.name), scope, clean(requirement), internal)
        };
        project.dependencies.iter().map(row)
    });
    all.filter(|(path, name, scope, ..)| seen.insert((path.clone(), name.clone(), *scope)))
        .collect()
}

/// Writes the direct dependencies of all projects of a repository that are new or changed, and
/// deletes those that are gone.
pub(crate) async fn save_dependencies(
    tx: &mut TenantTx,
    repository: RepositoryId,
    projects: &[Project],
) -> sqlx::Result<()> {
    let rows = dependency_rows(projects);
    sqlx::query!(
        "DELETE FROM dependencies d
         USING projects p
         WHERE p.repository_id = $1
           AND d.project_id = p.id
           AND NOT EXISTS (SELECT FROM UNNEST($2::text[], $3::text[], $4::text[]) AS kept (path, name, scope)
                           WHERE kept.path = p.path AND kept.name = d.name AND kept.scope = d.scope)",
        repository.as_uuid(),
        &rows.iter().map(|row| row.0.clone()).collect::<Vec<_>>(),
        &rows.iter().map(|row| row.1.clone()).collect::<Vec<_>>(),
        &rows.iter().map(|row| row.2.to_owned()).collect::<Vec<_>>(),
    )
    .execute(tx.connection())
    .await?;
    for chunk in rows.chunks(CHUNK) {
        upsert_dependencies(tx, repository, chunk).await?;
    }
    Ok(())
}

async fn upsert_dependencies(
    tx: &mut TenantTx,
    repository: RepositoryId,
    rows: &[DependencyRow],
) -> sqlx::Result<()> {
    let tenant = tx.tenant();
    sqlx::query!(
        "INSERT INTO dependencies (tenant_id, project_id, name, scope, requirement, internal_id)
         SELECT $1, p.id, d.name, d.scope, d.requirement, i.id
         FROM UNNEST($3::text[], $4::text[], $5::text[], $6::text[], $7::text[])
              AS d (path, name, scope, requirement, internal)
         JOIN projects p ON p.repository_id = $2 AND p.path = d.path
         LEFT JOIN projects i ON i.repository_id = $2 AND i.path = d.internal
         ON CONFLICT (tenant_id, project_id, name, scope) DO UPDATE
         SET requirement = excluded.requirement, internal_id = excluded.internal_id
         WHERE (dependencies.requirement, dependencies.internal_id)
               IS DISTINCT FROM (excluded.requirement, excluded.internal_id)",
        tenant.as_uuid(),
        repository.as_uuid(),
        &rows.iter().map(|row| row.0.clone()).collect::<Vec<_>>(),
        &rows.iter().map(|row| row.1.clone()).collect::<Vec<_>>(),
        &rows.iter().map(|row| row.2.to_owned()).collect::<Vec<_>>(),
        &rows.iter().map(|row| row.3.clone()).collect::<Vec<_>>(),
        &rows.iter().map(|row| row.4.clone()).collect::<Vec<_>>() as &[Option<String>],
    )
    .execute(tx.connection())
    .await
    .map(|_| ())
}

/// Writes the languages of the files of each project that are new or changed, and deletes those
/// that are gone.
pub(crate) async fn save_project_languages(
    tx: &mut TenantTx,
    repository: RepositoryId,
    projects: &[Project],
) -> sqlx::Result<()> {
    let tenant = tx.tenant();
    let rows: Vec<(&Project, &Language)> = projects
        .iter()
        .flat_map(|project| project.languages.iter().map(move |language| (project, language)))
        .collect();
    let paths: Vec<String> = rows.iter().map(|(project, _)| clean(&project.path)).collect();
    let names: Vec<String> = rows.iter().map(|(_, language)| language.name.clone()).collect();
    let number = |of: fn(&Language) -> u64| {
        rows.iter().map(|(_, language)| signed(of(language))).collect::<Vec<_>>()
    };
    sqlx::query!(
        "DELETE FROM project_languages l
         USING projects p
         WHERE p.repository_id = $1
           AND l.project_id = p.id
           AND NOT EXISTS (SELECT FROM UNNEST($2::text[], $3::text[]) AS kept (path, name)
                           WHERE kept.path = p.path AND kept.name = l.name)",
        repository.as_uuid(),
        &paths,
        &names,
    )
    .execute(tx.connection())
    .await?;
    sqlx::query!(
        "INSERT INTO project_languages (tenant_id, project_id, name, files, code, comments, blanks)
         SELECT $1, p.id, l.name, l.files, l.code, l.comments, l.blanks
         FROM UNNEST($3::text[], $4::text[], $5::bigint[], $6::bigint[], $7::bigint[], $8::bigint[])
              AS l (path, name, files, code, comments, blanks)
         JOIN projects p ON p.repository_id = $2 AND p.path = l.path
         ON CONFLICT (tenant_id, project_id, name) DO UPDATE
         SET files = excluded.files, code = excluded.code, comments = excluded.comments, blanks = excluded.blanks
         WHERE (project_languages.files, project_languages.code, project_languages.comments, project_languages.blanks)
               IS DISTINCT FROM (excluded.files, excluded.code, excluded.comments, excluded.blanks)",
        tenant.as_uuid(),
        repository.as_uuid(),
        &paths,
        &names,
        &number(|language| language.files),
        &number(|language| language.code),
        &number(|language| language.comments),
        &number(|language| language.blanks),
    )
    .execute(tx.connection())
    .await
    .map(|_| ())
}
