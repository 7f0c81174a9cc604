//! The SQL of reviews and comments.

use serde_json::Value;

use crate::{
    tenancy::TenantTx,
    tracker::{
        apply::{Home, Known},
        word::Kind,
    },
};

pub(in crate::tracker) async fn list_known_reviews(
    tx: &mut TenantTx,
    home: &Home,
    ids: &[i64],
) -> sqlx::Result<Vec<Known>> {
    sqlx::query_as!(
        Known,
        r#"SELECT github_id, updated_at AS "updated_at?", rank, digest
           FROM reviews
           WHERE repository_id = $1
             AND github_id = ANY ($2)"#,
        home.repository.as_uuid(),
        ids,
    )
    .fetch_all(tx.connection())
    .await
}

pub(in crate::tracker) async fn upsert_reviews(
    tx: &mut TenantTx,
    home: &Home,
    rows: &Value,
) -> sqlx::Result<()> {
    let tenant = tx.tenant();
    sqlx::query!(
        r#"INSERT INTO reviews (tenant_id, repository_id, github_id, node_id, number, state, body, url, author_id,
                              commit, submitted_at, updated_at, rank, digest)
         SELECT $1, $2, n.github_id, n.node_id, n.number, n.state, n.body,
                CASE WHEN n.url ~ '^https?://' THEN n.url END,
                (SELECT id FROM contributors WHERE host = $4 AND github_id = n.author), n.commit, n.submitted_at,
                n.updated_at, n.rank, n.digest
         FROM jsonb_to_recordset($3) AS n (github_id bigint, node_id text, number bigint, state text, body text,
                                            url text, author bigint, commit bytea, submitted_at timestamptz,
                                            updated_at timestamptz, rank bigint, digest bytea)
         ON CONFLICT (tenant_id, repository_id, github_id) DO UPDATE
         SET node_id = coalesce(excluded.node_id, reviews.node_id), number = excluded.number, state = excluded.state,
             body = excluded.body, url = excluded.url, author_id = excluded.author_id, commit = excluded.commit,
             submitted_at = excluded.submitted_at, updated_at = excluded.updated_at,
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

pub(in crate::tracker) async fn list_known_comments(
    tx: &mut TenantTx,
    home: &Home,
    (kind, ids): (Kind, &[i64]),
) -> sqlx::Result<Vec<Known>> {
    sqlx::query_as!(
        Known,
        r#"SELECT github_id, updated_at AS "updated_at?", rank, digest
           FROM comments
           WHERE repository_id = $1
             AND github_id = ANY ($2)
             AND kind = $3"#,
        home.repository.as_uuid(),
        ids,
        kind.as_str(),
    )
    .fetch_all(tx.connection())
    .await
}

pub(in crate::tracker) async fn upsert_comments(
    tx: &mut TenantTx,
    home: &Home,
    (kind, rows): (Kind, &Value),
) -> sqlx::Result<()> {
    let tenant = tx.tenant();
    sqlx::query!(
        r#"INSERT INTO comments (tenant_id, repository_id, kind, github_id, node_id, number, body, url, author_id,
                               review, reply_to, path, line, commit, created_at, updated_at, rank, digest)
         SELECT $1, $2, $5, n.github_id, n.node_id, n.number, n.body, CASE WHEN n.url ~ '^https?://' THEN n.url END,
                (SELECT id FROM contributors WHERE host = $4 AND github_id = n.author), n.review, n.reply_to, n.path,
                n.line, n.commit, n.created_at, n.updated_at, n.rank, n.digest
         FROM jsonb_to_recordset($3) AS n (github_id bigint, node_id text, number bigint, body text, url text,
                                            author bigint, review bigint, reply_to bigint, path text, line bigint,
                                            commit bytea, created_at timestamptz, updated_at timestamptz, rank bigint,
                                            digest bytea)
         ON CONFLICT (tenant_id, repository_id, kind, github_id) DO UPDATE
         SET node_id = coalesce(excluded.node_id, comments.node_id), number = excluded.number, body = excluded.body,
             url = excluded.url, author_id = excluded.author_id, review = excluded.review,
             reply_to = excluded.reply_to, path = excluded.path, line = excluded.line, commit = excluded.commit,
             created_at = excluded.created_at, updated_at = excluded.updated_at, rank = excluded.rank,
             digest = excluded.digest"#,
        tenant.as_uuid(),
        home.repository.as_uuid(),
        rows,
        home.host,
        kind.as_str(),
    )
    .execute(tx.connection())
    .await
    .map(|_| ())
}
