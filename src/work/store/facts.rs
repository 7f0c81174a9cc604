//! The SQL of what blobs say.
#![expect(
    clippy::as_conversions,
    reason = "`as` in a query's arguments is how sqlx is told their type; it converts nothing"
)]

use std::collections::HashMap;

use sqlx::types::Json;

use crate::{
    repositories::{Oid, RepositoryId},
    scanner::{BlobFacts, FactKey},
    tenancy::TenantTx,
};

/// How many rows go into one statement.
const CHUNK: usize = 10_000;

/// Lists the facts of a repository's blobs; those that this version cannot read are left out.
pub(crate) async fn list_facts(
    tx: &mut TenantTx,
    repository: RepositoryId,
) -> sqlx::Result<HashMap<FactKey, BlobFacts>> {
    let rows = sqlx::query!(
        r#"SELECT blob, reading, facts AS "facts: Json<BlobFacts>" FROM blob_facts WHERE repository_id = $1"#,
        repository.as_uuid(),
    )
    .fetch_all(tx.connection())
    .await?;
    let facts = rows.into_iter().filter_map(|row| {
        let blob = Oid::try_from(row.blob.as_slice()).ok()?;
        Some((FactKey { blob, reading: row.reading }, row.facts.0))
    });
    Ok(facts.collect())
}

pub(crate) async fn insert_facts(
    tx: &mut TenantTx,
    repository: RepositoryId,
    facts: &[(FactKey, BlobFacts)],
) -> sqlx::Result<()> {
    let tenant = tx.tenant();
    for chunk in facts.chunks(CHUNK) {
        sqlx::query!(
            "INSERT INTO blob_facts (tenant_id, repository_id, blob, reading, facts)
             SELECT $1, $2, f.blob, f.reading, f.facts
             FROM UNNEST($3::bytea[], $4::text[], $5::jsonb[]) AS f (blob, reading, facts)
             ON CONFLICT (tenant_id, repository_id, blob, reading) DO UPDATE SET facts = excluded.facts",
            tenant.as_uuid(),
            repository.as_uuid(),
            &chunk.iter().map(|(key, _)| key.blob.as_bytes().to_vec()).collect::<Vec<_>>(),
            &chunk.iter().map(|(key, _)| key.reading.clone()).collect::<Vec<_>>(),
            &chunk.iter().map(|(_, facts)| Json(facts)).collect::<Vec<_>>() as &[Json<&BlobFacts>],
        )
        .execute(tx.connection())
        .await?;
    }
    Ok(())
}

/// Deletes facts that no file has any more, so that what a scan loads stays its size.
pub(crate) async fn delete_facts(
    tx: &mut TenantTx,
    repository: RepositoryId,
    old: &[FactKey],
) -> sqlx::Result<()> {
    for chunk in old.chunks(CHUNK) {
        sqlx::query!(
            "DELETE FROM blob_facts f
             USING UNNEST($2::bytea[], $3::text[]) AS old (blob, reading)
             WHERE f.repository_id = $1
               AND f.blob = old.blob
               AND f.reading = old.reading",
            repository.as_uuid(),
            &chunk.iter().map(|key| key.blob.as_bytes().to_vec()).collect::<Vec<_>>(),
            &chunk.iter().map(|key| key.reading.clone()).collect::<Vec<_>>(),
        )
        .execute(tx.connection())
        .await?;
    }
    Ok(())
}
