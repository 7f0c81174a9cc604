//! The SQL of deployments and what became of them.

use serde_json::Value;

use crate::{
    tenancy::TenantTx,
    tracker::apply::{Home, Known},
};

pub(in crate::tracker) async fn list_known_deployments(
    tx: &mut TenantTx,
    home: &Home,
    ids: &[i64],
) -> sqlx::Result<Vec<Known>> {
    sqlx::query_as!(
        Known,
        r#"SELECT github_id, updated_at AS "updated_at?", rank, digest
           FROM deployments
           WHERE repository_id = $1
             AND github_id = ANY ($2)"#,
        home.repository.as_uuid(),
        ids,
    )
    .fetch_all(tx.connection())
    .await
}

pub(in crate::tracker) async fn upsert_deployments(
    tx: &mut TenantTx,
    home: &Home,
    rows: &Value,
) -> sqlx::Result<()> {
    let tenant = tx.tenant();
    sqlx::query!(
        r#"INSERT INTO deployments (tenant_id, repository_id, github_id, node_id, oid, reference, environment, task,
                                  description, creator_id, production, transient, created_at, updated_at, rank, digest)
         SELECT $1, $2, n.github_id, n.node_id, n.oid, n.reference, n.environment, n.task, n.description,
                (SELECT id FROM contributors WHERE host = $4 AND github_id = n.creator), n.production, n.transient,
                n.created_at, n.updated_at, n.rank, n.digest
         FROM jsonb_to_recordset($3) AS n (github_id bigint, node_id text, oid bytea, reference text,
                                            environment text, task text, description text, creator bigint,
                                            production boolean, transient boolean, created_at timestamptz,
                                            updated_at timestamptz, rank bigint, digest bytea)
         ON CONFLICT (tenant_id, repository_id, github_id) DO UPDATE
         SET node_id = coalesce(excluded.node_id, deployments.node_id), oid = excluded.oid,
             reference = excluded.reference, environment = excluded.environment, task = excluded.task,
             description = excluded.description, creator_id = excluded.creator_id, production = excluded.production,
             transient = excluded.transient, created_at = excluded.created_at, updated_at = excluded.updated_at,
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

pub(in crate::tracker) async fn list_known_deployment_statuses(
    tx: &mut TenantTx,
    home: &Home,
    ids: &[i64],
) -> sqlx::Result<Vec<Known>> {
    sqlx::query_as!(
        Known,
        r#"SELECT github_id, updated_at AS "updated_at?", rank, digest
           FROM deployment_statuses
           WHERE repository_id = $1
             AND github_id = ANY ($2)"#,
        home.repository.as_uuid(),
        ids,
    )
    .fetch_all(tx.connection())
    .await
}

pub(in crate::tracker) async fn upsert_deployment_statuses(
    tx: &mut TenantTx,
    home: &Home,
    rows: &Value,
) -> sqlx::Result<()> {
    let tenant = tx.tenant();
    sqlx::query!(
        r#"INSERT INTO deployment_statuses (tenant_id, repository_id, github_id, node_id, deployment, state,
                                          environment, environment_url, log_url, description, creator_id, created_at,
                                          updated_at, rank, digest)
         SELECT $1, $2, n.github_id, n.node_id, n.deployment, n.state, n.environment, n.environment_url, n.log_url,
                n.description, (SELECT id FROM contributors WHERE host = $4 AND github_id = n.creator), n.created_at,
                n.updated_at, n.rank, n.digest
         FROM jsonb_to_recordset($3) AS n (github_id bigint, node_id text, deployment bigint, state text,
                                            environment text, environment_url text, log_url text, description text,
                                            creator bigint, created_at timestamptz, updated_at timestamptz,
                                            rank bigint, digest bytea)
         ON CONFLICT (tenant_id, repository_id, github_id) DO UPDATE
         SET node_id = coalesce(excluded.node_id, deployment_statuses.node_id), deployment = excluded.deployment,
             state = excluded.state, environment = excluded.environment, environment_url = excluded.environment_url,
             log_url = excluded.log_url, description = excluded.description, creator_id = excluded.creator_id,
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
