//! The SQL of labels and milestones.

use serde_json::Value;

use crate::{
    tenancy::TenantTx,
    tracker::apply::{Home, Known},
};

pub(in crate::tracker) async fn list_known_labels(
    tx: &mut TenantTx,
    home: &Home,
    ids: &[i64],
) -> sqlx::Result<Vec<Known>> {
    sqlx::query_as!(
        Known,
        r#"SELECT github_id, updated_at AS "updated_at?", rank, digest
           FROM labels
           WHERE repository_id = $1
             AND github_id = ANY ($2)"#,
        home.repository.as_uuid(),
        ids,
    )
    .fetch_all(tx.connection())
    .await
}

pub(in crate::tracker) async fn upsert_labels(
    tx: &mut TenantTx,
    home: &Home,
    rows: &Value,
) -> sqlx::Result<()> {
    let tenant = tx.tenant();
    sqlx::query!(
        r#"INSERT INTO labels (tenant_id, repository_id, github_id, node_id, name, color, description, rank, digest)
         SELECT $1, $2, n.github_id, n.node_id, n.name, n.color, n.description, n.rank, n.digest
         FROM jsonb_to_recordset($3) AS n (github_id bigint, node_id text, name text, color text, description text,
                                            rank bigint, digest bytea)
         ON CONFLICT (tenant_id, repository_id, github_id) DO UPDATE
         SET node_id = coalesce(excluded.node_id, labels.node_id), name = excluded.name, color = excluded.color,
             description = excluded.description, rank = excluded.rank, digest = excluded.digest"#,
        tenant.as_uuid(),
        home.repository.as_uuid(),
        rows,
    )
    .execute(tx.connection())
    .await
    .map(|_| ())
}

pub(in crate::tracker) async fn list_known_milestones(
    tx: &mut TenantTx,
    home: &Home,
    ids: &[i64],
) -> sqlx::Result<Vec<Known>> {
    sqlx::query_as!(
        Known,
        r#"SELECT github_id, updated_at AS "updated_at?", rank, digest
           FROM milestones
           WHERE repository_id = $1
             AND github_id = ANY ($2)"#,
        home.repository.as_uuid(),
        ids,
    )
    .fetch_all(tx.connection())
    .await
}

pub(in crate::tracker) async fn upsert_milestones(
    tx: &mut TenantTx,
    home: &Home,
    rows: &Value,
) -> sqlx::Result<()> {
    let tenant = tx.tenant();
    sqlx::query!(
        r#"INSERT INTO milestones (tenant_id, repository_id, github_id, node_id, number, title, description, state, url,
                                 creator_id, due_on, created_at, closed_at, updated_at, rank, digest)
         SELECT $1, $2, n.github_id, n.node_id, n.number, n.title, n.description,
                CASE WHEN n.is_open THEN 'open' ELSE 'closed' END, CASE WHEN n.url ~ '^https?://' THEN n.url END,
                (SELECT id FROM contributors WHERE host = $4 AND github_id = n.creator), n.due_on, n.created_at,
                n.closed_at, n.updated_at, n.rank, n.digest
         FROM jsonb_to_recordset($3) AS n (github_id bigint, node_id text, number bigint, title text,
                                            description text, is_open boolean, url text, creator bigint,
                                            due_on timestamptz, created_at timestamptz, closed_at timestamptz,
                                            updated_at timestamptz, rank bigint, digest bytea)
         ON CONFLICT (tenant_id, repository_id, github_id) DO UPDATE
         SET node_id = coalesce(excluded.node_id, milestones.node_id), number = excluded.number,
             title = excluded.title, description = excluded.description, state = excluded.state, url = excluded.url,
             creator_id = excluded.creator_id, due_on = excluded.due_on, created_at = excluded.created_at,
             closed_at = excluded.closed_at, updated_at = excluded.updated_at, rank = excluded.rank,
             digest = excluded.digest"#,
        tenant.as_uuid(),
        home.repository.as_uuid(),
        rows,
        home.host,
    )
    .execute(tx.connection())
    .await
    .map(|_| ())
}

/// Lists the numbers of the issues and pull requests that have one of these labels.
pub(in crate::tracker) async fn list_numbers_labelled(
    tx: &mut TenantTx,
    home: &Home,
    ids: &[i64],
) -> sqlx::Result<Vec<i64>> {
    sqlx::query_scalar!(
        r#"SELECT number AS "number!" FROM issues WHERE repository_id = $1 AND labels && $2
           UNION
           SELECT number FROM pull_requests WHERE repository_id = $1 AND labels && $2"#,
        home.repository.as_uuid(),
        ids,
    )
    .fetch_all(tx.connection())
    .await
}

/// Lists the numbers of the issues and pull requests that are in one of these milestones.
pub(in crate::tracker) async fn list_numbers_in_milestones(
    tx: &mut TenantTx,
    home: &Home,
    ids: &[i64],
) -> sqlx::Result<Vec<i64>> {
    sqlx::query_scalar!(
        r#"SELECT number AS "number!" FROM issues WHERE repository_id = $1 AND milestone = ANY ($2)
           UNION
           SELECT number FROM pull_requests WHERE repository_id = $1 AND milestone = ANY ($2)"#,
        home.repository.as_uuid(),
        ids,
    )
    .fetch_all(tx.connection())
    .await
}
