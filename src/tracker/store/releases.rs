//! The SQL of releases.

use serde_json::Value;

use crate::{
    tenancy::TenantTx,
    tracker::apply::{Home, Known},
};

pub(in crate::tracker) async fn list_known_releases(
    tx: &mut TenantTx,
    home: &Home,
    ids: &[i64],
) -> sqlx::Result<Vec<Known>> {
    sqlx::query_as!(
        Known,
        r#"SELECT github_id, updated_at AS "updated_at?", rank, digest
           FROM releases
           WHERE repository_id = $1
             AND github_id = ANY ($2)"#,
        home.repository.as_uuid(),
        ids,
    )
    .fetch_all(tx.connection())
    .await
}

pub(in crate::tracker) async fn upsert_releases(
    tx: &mut TenantTx,
    home: &Home,
    rows: &Value,
) -> sqlx::Result<()> {
    let tenant = tx.tenant();
    sqlx::query!(
        r#"INSERT INTO releases (tenant_id, repository_id, github_id, node_id, tag, target, name, body, url, author_id,
                               draft, prerelease, created_at, published_at, updated_at, rank, digest)
         SELECT $1, $2, n.github_id, n.node_id, n.tag, n.target, n.name, n.body,
                CASE WHEN n.url ~ '^https?://' THEN n.url END,
                (SELECT id FROM contributors WHERE host = $4 AND github_id = n.author), n.draft, n.prerelease,
                n.created_at, n.published_at, n.updated_at, n.rank, n.digest
         FROM jsonb_to_recordset($3) AS n (github_id bigint, node_id text, tag text, target text, name text,
                                            body text, url text, author bigint, draft boolean, prerelease boolean,
                                            created_at timestamptz, published_at timestamptz, updated_at timestamptz,
                                            rank bigint, digest bytea)
         ON CONFLICT (tenant_id, repository_id, github_id) DO UPDATE
         SET node_id = coalesce(excluded.node_id, releases.node_id), tag = excluded.tag, target = excluded.target,
             name = excluded.name, body = excluded.body, url = excluded.url, author_id = excluded.author_id,
             draft = excluded.draft, prerelease = excluded.prerelease, created_at = excluded.created_at,
             published_at = excluded.published_at, updated_at = excluded.updated_at,
             rank = excluded.rank, digest = excluded.digest"#,
        tenant.as_uuid(),
        home.repository.as_uuid(),
        rows,
        home.host,
    )
    .execute(tx.connection())
    .await
    .map(|_| ())
}
