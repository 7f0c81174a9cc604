//! The SQL of who changed which project.

use std::collections::HashMap;

use futures_util::TryStreamExt;
use sqlx::types::Json;

use super::commits::{ChangedFile, clean};
use crate::{
    repositories::{Oid, RepositoryId},
    tenancy::TenantTx,
    work::{
        contributors::{Change, Places, Tally},
        model::{Contributor, ProjectId},
    },
};

/// How many rows go into one statement.
const CHUNK: usize = 10_000;

/// Lists where a repository's projects stand, each with whether a commit was counted for it.
pub(crate) async fn list_places(
    tx: &mut TenantTx,
    repository: RepositoryId,
) -> sqlx::Result<HashMap<String, bool>> {
    let rows = sqlx::query!(
        r#"SELECT path, last_commit IS NOT NULL AS "counted!" FROM projects WHERE repository_id = $1"#,
        repository.as_uuid(),
    )
    .fetch_all(tx.connection())
    .await?;
    Ok(rows.into_iter().map(|row| (row.path, row.counted)).collect())
}

/// Counts all stored commits of a repository, one after another.
pub(crate) async fn tally_commits(
    tx: &mut TenantTx,
    repository: RepositoryId,
    places: &Places<'_>,
) -> sqlx::Result<Tally> {
    let mut rows = sqlx::query!(
        r#"SELECT oid, author_name, author_email, authored_at, committed_at, files AS "files: Json<Vec<ChangedFile>>"
           FROM commits
           WHERE repository_id = $1"#,
        repository.as_uuid(),
    )
    .fetch(tx.connection());
    let mut tally = Tally::default();
    while let Some(row) = rows.try_next().await? {
        let oid = Oid::try_from(row.oid.as_slice());
        let change = Change {
            oid: oid.map_err(|error| sqlx::Error::Decode(error.into()))?,
            name: &row.author_name,
            email: &row.author_email,
            authored_at: row.authored_at,
            committed_at: row.committed_at,
        };
        tally.add(places, &change, row.files.0.iter().map(|(path, ..)| path.as_str()));
    }
    Ok(tally)
}

/// Forgets what was counted for a repository's projects.
pub(crate) async fn delete_contributors(
    tx: &mut TenantTx,
    repository: RepositoryId,
) -> sqlx::Result<()> {
    sqlx::query!(
        "DELETE FROM project_contributors c
         USING projects p
         WHERE p.repository_id = $1
           AND c.project_id = p.id",
        repository.as_uuid(),
    )
    .execute(tx.connection())
    .await?;
    sqlx::query!(
        "UPDATE projects
         SET last_commit = NULL, last_author = NULL, last_changed_at = NULL
         WHERE repository_id = $1
           AND last_commit IS NOT NULL",
        repository.as_uuid(),
    )
    .execute(tx.connection())
    .await
    .map(|_| ())
}

/// Adds counts to those that are there.
pub(crate) async fn add_contributors(
    tx: &mut TenantTx,
    repository: RepositoryId,
    tally: &Tally,
) -> sqlx::Result<()> {
    if tally.last.is_empty() {
        return Ok(());
    }
    let tenant = tx.tenant();
    let shares: Vec<_> = tally.shares.iter().collect();
    for chunk in shares.chunks(CHUNK) {
        sqlx::query!(
            "INSERT INTO project_contributors (tenant_id, project_id, email, name, commits, first_at, last_at)
             SELECT $1, p.id, c.email, c.name, c.commits, c.first_at, c.last_at
             FROM UNNEST($3::text[], $4::text[], $5::text[], $6::bigint[], $7::timestamptz[], $8::timestamptz[])
                  AS c (path, email, name, commits, first_at, last_at)
             JOIN projects p ON p.repository_id = $2 AND p.path = c.path
             ON CONFLICT (tenant_id, project_id, email) DO UPDATE
             SET name = CASE WHEN excluded.last_at >= project_contributors.last_at THEN excluded.name
                             ELSE project_contributors.name END,
                 commits = project_contributors.commits + excluded.commits,
                 first_at = least(project_contributors.first_at, excluded.first_at),
                 last_at = greatest(project_contributors.last_at, excluded.last_at)",
            tenant.as_uuid(),
            repository.as_uuid(),
            &chunk.iter().map(|((path, _), _)| clean(path)).collect::<Vec<_>>(),
            &chunk.iter().map(|((_, email), _)| clean(email)).collect::<Vec<_>>(),
            &chunk.iter().map(|(_, share)| clean(&share.name)).collect::<Vec<_>>(),
            &chunk.iter().map(|(_, share)| share.commits).collect::<Vec<_>>(),
            &chunk.iter().map(|(_, share)| share.first_at).collect::<Vec<_>>(),
            &chunk.iter().map(|(_, share)| share.last_at).collect::<Vec<_>>(),
        )
        .execute(tx.connection())
        .await?;
    }
    set_last_changes(tx, repository, tally).await
}

async fn set_last_changes(
    tx: &mut TenantTx,
    repository: RepositoryId,
    tally: &Tally,
) -> sqlx::Result<()> {
    let last: Vec<_> = tally.last.iter().collect();
    sqlx::query!(
        "UPDATE projects p
         SET last_commit = l.oid, last_author = l.author, last_changed_at = l.at
         FROM UNNEST($2::text[], $3::bytea[], $4::text[], $5::timestamptz[]) AS l (path, oid, author, at)
         WHERE p.repository_id = $1
           AND p.path = l.path
           AND (p.last_commit IS NULL OR (p.last_changed_at, p.last_commit) < (l.at, l.oid))",
        repository.as_uuid(),
        &last.iter().map(|(path, _)| clean(path)).collect::<Vec<_>>(),
        &last.iter().map(|(_, change)| change.oid.as_bytes().to_vec()).collect::<Vec<_>>(),
        &last.iter().map(|(_, change)| clean(&change.author)).collect::<Vec<_>>(),
        &last.iter().map(|(_, change)| change.at).collect::<Vec<_>>(),
    )
    .execute(tx.connection())
    .await
    .map(|_| ())
}

/// Lists who changed a project, those with the most commits first; at most 100.
pub async fn list_contributors(
    tx: &mut TenantTx,
    project: ProjectId,
) -> sqlx::Result<Vec<Contributor>> {
    sqlx::query_as!(
        Contributor,
        "SELECT name, email, commits, first_at, last_at
         FROM project_contributors
         WHERE project_id = $1
         ORDER BY commits DESC, last_at DESC, email
         LIMIT 100",
        project.as_uuid(),
    )
    .fetch_all(tx.connection())
    .await
}
