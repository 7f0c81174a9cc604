//! The SQL of runs of workflows and suites of checks.

use serde_json::Value;

use crate::{
    tenancy::TenantTx,
    tracker::apply::{Home, Known},
};

pub(in crate::tracker) async fn list_known_runs(
    tx: &mut TenantTx,
    home: &Home,
    ids: &[i64],
) -> sqlx::Result<Vec<Known>> {
    sqlx::query_as!(
        Known,
        r#"SELECT github_id, updated_at AS "updated_at?", rank, digest
           FROM workflow_runs
           WHERE repository_id = $1
             AND github_id = ANY ($2)"#,
        home.repository.as_uuid(),
        ids,
    )
    .fetch_all(tx.connection())
    .await
}

pub(in crate::tracker) async fn upsert_runs(
    tx: &mut TenantTx,
    home: &Home,
    rows: &Value,
) -> sqlx::Result<()> {
    let tenant = tx.tenant();
    sqlx::query!(
        r#"INSERT INTO workflow_runs (tenant_id, repository_id, github_id, node_id, workflow, name, title, path, event,
                                    branch, oid, number, attempt, status, conclusion, check_suite, url, actor_id,
                                    started_at, created_at, updated_at, rank, digest)
         SELECT $1, $2, n.github_id, n.node_id, n.workflow, n.name, n.title, n.path, n.event, n.branch, n.oid,
                n.number, n.attempt, n.status, n.conclusion, n.check_suite,
                CASE WHEN n.url ~ '^https?://' THEN n.url END,
                (SELECT id FROM contributors WHERE host = $4 AND github_id = n.actor), n.started_at, n.created_at,
                n.updated_at, n.rank, n.digest
         FROM jsonb_to_recordset($3) AS n (github_id bigint, node_id text, workflow bigint, name text, title text,
                                            path text, event text, branch text, oid bytea, number bigint,
                                            attempt bigint, status text, conclusion text, check_suite bigint,
                                            url text, actor bigint, started_at timestamptz, created_at timestamptz,
                                            updated_at timestamptz, rank bigint, digest bytea)
         ON CONFLICT (tenant_id, repository_id, github_id) DO UPDATE
         SET node_id = coalesce(excluded.node_id, workflow_runs.node_id), workflow = excluded.workflow,
             name = excluded.name, title = excluded.title, path = excluded.path, event = excluded.event,
             branch = excluded.branch, oid = excluded.oid, number = excluded.number, attempt = excluded.attempt,
             status = excluded.status, conclusion = excluded.conclusion, check_suite = excluded.check_suite,
             url = excluded.url, actor_id = excluded.actor_id, started_at = excluded.started_at,
             created_at = excluded.created_at, updated_at = excluded.updated_at, rank = excluded.rank,
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

pub(in crate::tracker) async fn list_known_check_suites(
    tx: &mut TenantTx,
    home: &Home,
    ids: &[i64],
) -> sqlx::Result<Vec<Known>> {
    sqlx::query_as!(
        Known,
        r#"SELECT github_id, updated_at AS "updated_at?", rank, digest
           FROM check_suites
           WHERE repository_id = $1
             AND github_id = ANY ($2)"#,
        home.repository.as_uuid(),
        ids,
    )
    .fetch_all(tx.connection())
    .await
}

pub(in crate::tracker) async fn upsert_check_suites(
    tx: &mut TenantTx,
    home: &Home,
    rows: &Value,
) -> sqlx::Result<()> {
    let tenant = tx.tenant();
    sqlx::query!(
        r#"INSERT INTO check_suites (tenant_id, repository_id, github_id, node_id, branch, oid, status, conclusion,
                                   created_at, updated_at, rank, digest)
         SELECT $1, $2, n.github_id, n.node_id, n.branch, n.oid, n.status, n.conclusion, n.created_at, n.updated_at,
                n.rank, n.digest
         FROM jsonb_to_recordset($3) AS n (github_id bigint, node_id text, branch text, oid bytea, status text,
                                            conclusion text, created_at timestamptz, updated_at timestamptz,
                                            rank bigint, digest bytea)
         ON CONFLICT (tenant_id, repository_id, github_id) DO UPDATE
         SET node_id = coalesce(excluded.node_id, check_suites.node_id), branch = excluded.branch, oid = excluded.oid,
             status = excluded.status, conclusion = excluded.conclusion, created_at = excluded.created_at,
             updated_at = excluded.updated_at, rank = excluded.rank, digest = excluded.digest"#,
        tenant.as_uuid(),
        home.repository.as_uuid(),
        rows,
    )
    .execute(tx.connection())
    .await
    .map(|_| ())
}
