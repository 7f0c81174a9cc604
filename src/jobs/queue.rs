//! The queue's table: adding, claiming, keeping and ending jobs.

use chrono::{DateTime, Duration, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use super::Job;
use crate::{
    platform::ids,
    tenancy::{SystemTx, TenantId, TenantTx, notify_jobs},
};

/// How long a worker holds a job without a sign of life.
pub(super) const LEASE: Duration = Duration::seconds(15);

/// How many jobs are added by one statement.
const AT_ONCE: usize = 1_000;

/// Adds a job to the change that causes it; it is not added where one like it waits already.
pub async fn enqueue<J: Job>(tx: &mut TenantTx, job: &J, now: DateTime<Utc>) -> anyhow::Result<()> {
    enqueue_at(tx, job, (now, now)).await
}

/// The same of a job that is not begun before a time, the second one.
pub async fn enqueue_at<J: Job>(
    tx: &mut TenantTx,
    job: &J,
    times: (DateTime<Utc>, DateTime<Utc>),
) -> anyhow::Result<()> {
    insert(tx, std::slice::from_ref(job), times).await?;
    Ok(notify_jobs(tx.connection()).await?)
}

/// The same of many jobs, in their order; of those that are alike the first.
pub async fn enqueue_all<J: Job>(
    tx: &mut TenantTx,
    jobs: &[J],
    now: DateTime<Utc>,
) -> anyhow::Result<()> {
    if jobs.is_empty() {
        return Ok(());
    }
    for some in jobs.chunks(AT_ONCE) {
        insert(tx, some, (now, now)).await?;
    }
    Ok(notify_jobs(tx.connection()).await?)
}

/// Adds those of which none like it waits. What a payload comes to stands in a column and is compared as
/// such: a function of the payload, or its own comparison, could not use an index under the policies.
async fn insert<J: Job>(
    tx: &mut TenantTx,
    jobs: &[J],
    (now, run_at): (DateTime<Utc>, DateTime<Utc>),
) -> anyhow::Result<()> {
    let payloads: Result<Vec<_>, _> = jobs.iter().map(serde_json::to_value).collect();
    let tenant = tx.tenant();
    sqlx::query!(
        "INSERT INTO jobs (tenant_id, id, kind, payload, lane, run_at, max_attempts, created_at)
         SELECT $1, new.id, $2, new.payload, new.lane, $6, $7, $8
         FROM (
             SELECT DISTINCT ON (lane, payload) id, lane, payload, md5(payload::text) AS content
             FROM UNNEST($3::uuid[], $4::text[], $5::jsonb[]) AS n (id, lane, payload)
             ORDER BY lane, payload, id
         ) AS new
         WHERE NOT EXISTS (SELECT FROM jobs j
                           WHERE j.kind = $2 AND j.lane = new.lane AND j.content = new.content
                             AND j.payload = new.payload AND j.state = 'queued')",
        tenant.as_uuid(),
        J::KIND,
        &jobs.iter().map(|_| ids::new()).collect::<Vec<_>>(),
        &jobs.iter().map(Job::lane).collect::<Vec<_>>(),
        &payloads?,
        run_at,
        i32::from(J::ATTEMPTS),
        now,
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// A job that this worker holds.
#[derive(Debug)]
pub(super) struct Claimed {
    pub(super) tenant: TenantId,
    pub(super) id: Uuid,
    pub(super) kind: String,
    pub(super) payload: serde_json::Value,
    pub(super) attempts: i32,
    pub(super) max_attempts: i32,
    /// Made anew for each claim: whoever was overtaken by another claim holds an old one.
    pub(super) claim: Uuid,
}

/// Takes the job that is next, of a lane where none runs; one whose worker has died counts as waiting.
///
/// Tenants take turns: first comes one of whom the fewest jobs run, then who was served longest ago,
/// and only then who has waited longest. However many jobs one queues, another waits for one turn.
pub(super) async fn claim(
    connection: &mut PgConnection,
    kinds: &[String],
    now: DateTime<Utc>,
) -> sqlx::Result<Option<Claimed>> {
    release_abandoned(connection, now).await?;
    let claimed = take_next(connection, kinds, now).await?;
    if let Some(job) = &claimed {
        count_turn(connection, job.tenant).await?;
    }
    Ok(claimed)
}

async fn take_next(
    connection: &mut PgConnection,
    kinds: &[String],
    now: DateTime<Utc>,
) -> sqlx::Result<Option<Claimed>> {
    sqlx::query_as!(
        Claimed,
        r#"UPDATE jobs
           SET state = 'running', worker = $1, locked_until = $3, attempts = attempts + 1
           WHERE (tenant_id, id) = (
               SELECT j.tenant_id, j.id
               FROM jobs j
               LEFT JOIN job_turns t ON t.tenant_id = j.tenant_id
               LEFT JOIN (SELECT tenant_id, count(*) AS running FROM jobs WHERE state = 'running' GROUP BY tenant_id) b
                      ON b.tenant_id = j.tenant_id
               WHERE j.state = 'queued'
                 AND j.run_at <= $2
                 AND j.kind = ANY ($4)
                 AND NOT EXISTS (SELECT FROM jobs r
                                 WHERE r.tenant_id = j.tenant_id AND r.lane = j.lane AND r.state = 'running')
               ORDER BY coalesce(b.running, 0), coalesce(t.turn, 0), j.run_at, j.id
               LIMIT 1
               FOR UPDATE OF j SKIP LOCKED)
           RETURNING tenant_id AS "tenant: TenantId", id, kind, payload, attempts, max_attempts, worker AS "claim!""#,
        ids::new(),
        now,
        now + LEASE,
        kinds,
    )
    .fetch_optional(connection)
    .await
}

/// Notes that a tenant was served, after all others.
async fn count_turn(connection: &mut PgConnection, tenant: TenantId) -> sqlx::Result<()> {
    sqlx::query!(
        "INSERT INTO job_turns (tenant_id, turn)
         SELECT $1, coalesce(max(turn), 0) + 1 FROM job_turns
         ON CONFLICT (tenant_id) DO UPDATE SET turn = excluded.turn",
        tenant.as_uuid(),
    )
    .execute(connection)
    .await
    .map(|_| ())
}

/// Puts back what a worker held that gave no sign of life. The attempt counts, so that a job can
/// see that it has ended its server again and again.
async fn release_abandoned(connection: &mut PgConnection, now: DateTime<Utc>) -> sqlx::Result<()> {
    sqlx::query!(
        "UPDATE jobs
         SET state = 'queued', worker = NULL, locked_until = NULL
         WHERE state = 'running'
           AND locked_until < $1",
        now,
    )
    .execute(connection)
    .await
    .map(|_| ())
}

/// Puts back everything: for a server that knows it is the only one.
pub(super) async fn release_all(connection: &mut PgConnection) -> sqlx::Result<u64> {
    let released = sqlx::query!(
        "UPDATE jobs SET state = 'queued', worker = NULL, locked_until = NULL WHERE state = 'running'"
    )
    .execute(connection)
    .await?;
    Ok(released.rows_affected())
}

/// Gives a sign of life; false where the job is no longer this worker's.
pub(super) async fn renew(
    connection: &mut PgConnection,
    job: &Claimed,
    now: DateTime<Utc>,
) -> sqlx::Result<bool> {
    let renewed = sqlx::query!(
        "UPDATE jobs
         SET locked_until = $4
         WHERE tenant_id = $1
           AND id = $2
           AND worker = $3
           AND state = 'running'",
        job.tenant.as_uuid(),
        job.id,
        job.claim,
        now + LEASE,
    )
    .execute(connection)
    .await?;
    Ok(renewed.rows_affected() == 1)
}

pub(super) async fn delete(connection: &mut PgConnection, job: &Claimed) -> sqlx::Result<()> {
    sqlx::query!(
        "DELETE FROM jobs WHERE tenant_id = $1 AND id = $2 AND worker = $3",
        job.tenant.as_uuid(),
        job.id,
        job.claim,
    )
    .execute(connection)
    .await
    .map(|_| ())
}

/// Hands back a job whose server was told to stop; the attempt does not count against it.
pub(super) async fn hand_back(
    connection: &mut PgConnection,
    job: &Claimed,
    now: DateTime<Utc>,
) -> sqlx::Result<()> {
    sqlx::query!(
        "UPDATE jobs
         SET state = 'queued', run_at = $4, attempts = attempts - 1, worker = NULL, locked_until = NULL
         WHERE tenant_id = $1
           AND id = $2
           AND worker = $3",
        job.tenant.as_uuid(),
        job.id,
        job.claim,
        now,
    )
    .execute(connection)
    .await
    .map(|_| ())
}

/// Puts a job back for later, as it was interrupted or failed; or, without a time, aside as dead.
pub(super) async fn put_back(
    connection: &mut PgConnection,
    job: &Claimed,
    run_at: Option<DateTime<Utc>>,
    reason: &str,
) -> sqlx::Result<()> {
    sqlx::query!(
        "UPDATE jobs
         SET state = CASE WHEN $3::timestamptz IS NULL THEN 'dead' ELSE 'queued' END,
             run_at = coalesce($3, run_at), worker = NULL, locked_until = NULL, last_error = $4
         WHERE tenant_id = $1
           AND id = $2
           AND worker = $5",
        job.tenant.as_uuid(),
        job.id,
        run_at,
        reason,
        job.claim,
    )
    .execute(connection)
    .await
    .map(|_| ())
}

/// Deletes the jobs that failed for good before a time; returns how many.
pub async fn forget_dead(tx: &mut SystemTx, before: DateTime<Utc>) -> sqlx::Result<u64> {
    let result = sqlx::query!("DELETE FROM jobs WHERE state = 'dead' AND run_at < $1", before)
        .execute(tx.connection())
        .await?;
    Ok(result.rows_affected())
}

/// How many jobs wait or run, for tests and shutdown.
pub(super) async fn count_ready(
    connection: &mut PgConnection,
    now: DateTime<Utc>,
) -> sqlx::Result<i64> {
    sqlx::query_scalar!(
        r#"SELECT count(*) AS "count!" FROM jobs WHERE state = 'running' OR (state = 'queued' AND run_at <= $1)"#,
        now,
    )
    .fetch_one(connection)
    .await
}
