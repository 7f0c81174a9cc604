//! The SQL of submodules.
#![expect(
    clippy::as_conversions,
    reason = "`as` in a query's arguments is how sqlx is told their type; it converts nothing"
)]

use super::commits::clean;
use crate::{
    repositories::{RepositoryId, submodules::Address},
    scanner::model,
    tenancy::TenantTx,
    work::model::{Submodule, SubmoduleUse},
};

/// A submodule with the address of its repository, where that is one.
#[derive(Debug)]
pub(crate) struct NewSubmodule<'a> {
    pub(crate) module: &'a model::Submodule,
    pub(crate) address: Option<Address>,
}

/// Writes the submodules that are new or changed, and deletes those that are gone.
pub(crate) async fn save_submodules(
    tx: &mut TenantTx,
    repository: RepositoryId,
    found: &[NewSubmodule<'_>],
) -> sqlx::Result<()> {
    let tenant = tx.tenant();
    let paths: Vec<String> = found.iter().map(|one| clean(&one.module.path)).collect();
    sqlx::query!(
        "DELETE FROM submodules s
         WHERE s.repository_id = $1
           AND NOT EXISTS (SELECT FROM UNNEST($2::text[]) AS kept (path) WHERE kept.path = s.path)",
        repository.as_uuid(),
        &paths,
    )
    .execute(tx.connection())
    .await?;
    let maybe =
        |of: fn(&NewSubmodule<'_>) -> Option<String>| found.iter().map(of).collect::<Vec<_>>();
    sqlx::query!(
        "INSERT INTO submodules (tenant_id, repository_id, path, url, address, source_key, branch, pinned)
         SELECT $1, $2, s.path, s.url, s.address, s.source_key, s.branch, s.pinned
         FROM UNNEST($3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::bytea[])
              AS s (path, url, address, source_key, branch, pinned)
         ON CONFLICT (tenant_id, repository_id, path) DO UPDATE
         SET url = excluded.url, address = excluded.address, source_key = excluded.source_key,
             branch = excluded.branch, pinned = excluded.pinned
         WHERE (submodules.url, submodules.address, submodules.source_key, submodules.branch, submodules.pinned)
               IS DISTINCT FROM
               (excluded.url, excluded.address, excluded.source_key, excluded.branch, excluded.pinned)",
        tenant.as_uuid(),
        repository.as_uuid(),
        &paths,
        &maybe(|one| one.module.url.as_deref().map(clean)) as &[Option<String>],
        &maybe(|one| one.address.as_ref().map(|address| address.url.clone())) as &[Option<String>],
        &maybe(|one| one.address.as_ref().map(|address| address.key.clone())) as &[Option<String>],
        &maybe(|one| one.module.branch.as_deref().map(clean)) as &[Option<String>],
        &found.iter().map(|one| one.module.commit.as_bytes().to_vec()).collect::<Vec<_>>(),
    )
    .execute(tx.connection())
    .await
    .map(|_| ())
}

/// Lists a repository's submodules by path, each with the connected repository that it means.
pub async fn list_submodules(
    tx: &mut TenantTx,
    repository: RepositoryId,
) -> sqlx::Result<Vec<Submodule>> {
    let rows = sqlx::query!(
        r#"SELECT s.path, s.url, s.address, s.branch, s.pinned, r.name AS "repository?"
           FROM submodules s
           LEFT JOIN repositories r ON r.tenant_id = s.tenant_id AND r.source_key = s.source_key
           WHERE s.repository_id = $1
           ORDER BY s.path
           LIMIT 500"#,
        repository.as_uuid(),
    )
    .fetch_all(tx.connection())
    .await?;
    let submodules = rows.into_iter().map(|row| Submodule {
        path: row.path,
        url: row.url,
        address: row.address,
        branch: row.branch,
        pinned: row.pinned.as_slice().try_into().ok(),
        repository: row.repository,
    });
    Ok(submodules.collect())
}

/// Lists the repositories that have this one as a submodule.
pub async fn list_submodule_uses(
    tx: &mut TenantTx,
    repository: RepositoryId,
) -> sqlx::Result<Vec<SubmoduleUse>> {
    sqlx::query_as!(
        SubmoduleUse,
        "SELECT parent.name AS repository, s.path
         FROM repositories child
         JOIN submodules s ON s.tenant_id = child.tenant_id AND s.source_key = child.source_key
         JOIN repositories parent ON parent.tenant_id = s.tenant_id AND parent.id = s.repository_id
         WHERE child.id = $1
         ORDER BY parent.name, s.path
         LIMIT 100",
        repository.as_uuid(),
    )
    .fetch_all(tx.connection())
    .await
}
