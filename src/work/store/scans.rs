//! The SQL of scans.
#![expect(
    clippy::as_conversions,
    reason = "`as` in a query's arguments is how sqlx is told their type; it converts nothing"
)]

use chrono::{DateTime, Utc};
use sqlx::types::{Json, Uuid};

use crate::{
    repositories::{Oid, RepositoryId, ScanReason},
    tenancy::TenantTx,
    web::paging::PageRequest,
    work::{
        changes::ChangeCounts,
        model::{Found, IdKey, Phase, Scan, ScanId, ScanState, ScanWarning},
    },
};

struct Record {
    id: ScanId,
    repository_id: RepositoryId,
    repository: String,
    state: ScanState,
    reason: ScanReason,
    phase: Phase,
    done: i64,
    total: Option<i64>,
    queued_at: DateTime<Utc>,
    started_at: Option<DateTime<Utc>>,
    finished_at: Option<DateTime<Utc>>,
    branch: Option<String>,
    head: Option<Vec<u8>>,
    error: Option<String>,
    files: Option<i64>,
    projects: Option<i64>,
    tasks: Option<i64>,
    todos: Option<i64>,
    commits: Option<i64>,
    warnings: i64,
    ahead: Option<i64>,
    changes: Option<Json<ChangeCounts>>,
}

impl From<Record> for Scan {
    fn from(record: Record) -> Self {
        let found =
            match (record.files, record.projects, record.tasks, record.todos, record.commits) {
                (Some(files), Some(projects), Some(tasks), Some(todos), Some(commits)) => {
                    Some(Found { files, projects, tasks, todos, commits })
                }
                _ => None,
            };
        Self {
            id: record.id,
            repository_id: record.repository_id,
            repository: record.repository,
            state: record.state,
            reason: record.reason,
            phase: record.phase,
            done: record.done,
            total: record.total,
            queued_at: record.queued_at,
            started_at: record.started_at,
            finished_at: record.finished_at,
            branch: record.branch,
            head: record.head.and_then(|bytes| Oid::try_from(bytes.as_slice()).ok()),
            error: record.error,
            found,
            warnings: record.warnings,
            ahead: record.ahead,
            changes: record.changes.map(|changes| changes.0),
        }
    }
}

/// Adds a scan that waits for its turn; where one of the repository waits already, that one.
pub(crate) async fn insert_scan(
    tx: &mut TenantTx,
    repository: RepositoryId,
    reason: ScanReason,
    now: DateTime<Utc>,
) -> sqlx::Result<ScanId> {
    let tenant = tx.tenant();
    let waiting = sqlx::query_scalar!(
        r#"SELECT id AS "id: ScanId" FROM scans WHERE repository_id = $1 AND state = 'queued' ORDER BY id LIMIT 1"#,
        repository.as_uuid(),
    )
    .fetch_optional(tx.connection())
    .await?;
    if let Some(id) = waiting {
        return Ok(id);
    }
    let id = ScanId::new();
    sqlx::query!(
        "INSERT INTO scans (tenant_id, id, repository_id, state, reason, phase, queued_at)
         VALUES ($1, $2, $3, 'queued', $4, 'waiting', $5)",
        tenant.as_uuid(),
        id.as_uuid(),
        repository.as_uuid(),
        reason.as_str(),
        now,
    )
    .execute(tx.connection())
    .await?;
    Ok(id)
}

/// One run of a scan: writes of a run that a later one has overtaken change nothing.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ScanRun {
    pub(crate) id: ScanId,
    pub(super) attempt: i32,
}

/// Marks a scan as running, anew where it was interrupted; none where it has ended already.
pub(crate) async fn start_scan(
    tx: &mut TenantTx,
    id: ScanId,
    now: DateTime<Utc>,
) -> sqlx::Result<Option<ScanRun>> {
    let attempt = sqlx::query_scalar!(
        "UPDATE scans
         SET state = 'running', phase = 'fetching', done = 0, total = NULL, started_at = $2, error = NULL,
             attempt = attempt + 1
         WHERE id = $1
           AND state IN ('queued', 'running')
         RETURNING attempt",
        id.as_uuid(),
        now,
    )
    .fetch_optional(tx.connection())
    .await?;
    Ok(attempt.map(|attempt| ScanRun { id, attempt }))
}

/// Tells how far a run is; false where it was cancelled or overtaken.
pub(crate) async fn set_progress(
    tx: &mut TenantTx,
    run: ScanRun,
    phase: Phase,
    done: i64,
    total: Option<i64>,
) -> sqlx::Result<bool> {
    let result = sqlx::query!(
        "UPDATE scans
         SET phase = $3, done = $4, total = $5
         WHERE id = $1
           AND attempt = $2
           AND state = 'running'",
        run.id.as_uuid(),
        run.attempt,
        phase.as_str(),
        done,
        total,
    )
    .execute(tx.connection())
    .await?;
    Ok(result.rows_affected() == 1)
}

/// Puts an interrupted scan back, with the reason where it is tried again after a failure; false
/// where it was cancelled or overtaken.
pub(crate) async fn requeue_scan(
    tx: &mut TenantTx,
    run: ScanRun,
    error: Option<&str>,
) -> sqlx::Result<bool> {
    let result = sqlx::query!(
        "UPDATE scans
         SET state = 'queued', phase = 'waiting', error = $3
         WHERE id = $1
           AND attempt = $2
           AND state = 'running'",
        run.id.as_uuid(),
        run.attempt,
        error,
    )
    .execute(tx.connection())
    .await?;
    Ok(result.rows_affected() == 1)
}

/// Marks a run as failed; false where it was cancelled or overtaken.
pub(crate) async fn fail_scan(
    tx: &mut TenantTx,
    run: ScanRun,
    error: &str,
    now: DateTime<Utc>,
) -> sqlx::Result<bool> {
    let result = sqlx::query!(
        "UPDATE scans
         SET state = 'failed', error = $3, finished_at = $4
         WHERE id = $1
           AND attempt = $2
           AND state = 'running'",
        run.id.as_uuid(),
        run.attempt,
        error,
        now,
    )
    .execute(tx.connection())
    .await?;
    Ok(result.rows_affected() == 1)
}

/// What a whole scan read.
pub(crate) struct ScanEnd<'a> {
    pub(crate) branch: Option<&'a str>,
    pub(crate) head: Option<Oid>,
    pub(crate) found: Found,
}

/// Marks a run as having succeeded; false where a later one has overtaken it.
pub(crate) async fn finish_scan(
    tx: &mut TenantTx,
    run: ScanRun,
    end: &ScanEnd<'_>,
    now: DateTime<Utc>,
) -> sqlx::Result<bool> {
    let ScanEnd { branch, head, found } = end;
    let result = sqlx::query!(
        "UPDATE scans
         SET state = 'succeeded', phase = 'finished', finished_at = $3, branch = $4, head = $5, files = $6,
             projects = $7, tasks = $8, todos = $9, commits = $10, error = NULL
         WHERE id = $1
           AND attempt = $2
           AND state = 'running'",
        run.id.as_uuid(),
        run.attempt,
        now,
        *branch,
        head.as_ref().map(|head| head.as_bytes().as_slice()),
        found.files,
        found.projects,
        found.tasks,
        found.todos,
        found.commits,
    )
    .execute(tx.connection())
    .await?;
    Ok(result.rows_affected() == 1)
}

pub(crate) async fn insert_warnings(
    tx: &mut TenantTx,
    id: ScanId,
    warnings: &[ScanWarning],
) -> sqlx::Result<()> {
    let tenant = tx.tenant();
    let codes: Vec<&str> = warnings.iter().map(|warning| warning.code.as_str()).collect();
    let paths: Vec<Option<&str>> = warnings.iter().map(|warning| warning.path.as_deref()).collect();
    let messages: Vec<&str> = warnings.iter().map(|warning| warning.message.as_str()).collect();
    sqlx::query!("DELETE FROM scan_warnings WHERE scan_id = $1", id.as_uuid())
        .execute(tx.connection())
        .await?;
    sqlx::query!(
        "INSERT INTO scan_warnings (tenant_id, scan_id, ordinal, code, path, message)
         SELECT $1, $2, w.ordinal, w.code, w.path, w.message
         FROM UNNEST($3::text[], $4::text[], $5::text[]) WITH ORDINALITY AS w (code, path, message, ordinal)",
        tenant.as_uuid(),
        id.as_uuid(),
        &codes as &[&str],
        &paths as &[Option<&str>],
        &messages as &[&str],
    )
    .execute(tx.connection())
    .await
    .map(|_| ())
}

/// Lists the first warnings of a scan, at most 500.
pub async fn list_warnings(tx: &mut TenantTx, id: ScanId) -> sqlx::Result<Vec<ScanWarning>> {
    sqlx::query_as!(
        ScanWarning,
        "SELECT code, path, message FROM scan_warnings WHERE scan_id = $1 ORDER BY ordinal LIMIT 500",
        id.as_uuid(),
    )
    .fetch_all(tx.connection())
    .await
}

pub async fn find_scan(tx: &mut TenantTx, id: ScanId) -> sqlx::Result<Option<Scan>> {
    let record = sqlx::query_as!(
        Record,
        r#"SELECT s.id AS "id: ScanId", s.repository_id AS "repository_id: RepositoryId", r.name AS repository,
                  s.state AS "state: ScanState", s.reason AS "reason: ScanReason", s.phase AS "phase: Phase", s.done,
                  s.total, s.queued_at, s.started_at, s.finished_at, s.branch, s.head, s.error, s.files, s.projects,
                  s.tasks, s.todos, s.commits,
                  (SELECT count(*) FROM scan_warnings w WHERE w.scan_id = s.id) AS "warnings!",
                  CASE s.state WHEN 'queued' THEN
                      (SELECT count(*) FROM scans q WHERE q.state = 'queued' AND q.id < s.id) END AS ahead,
                  s.changes AS "changes: Json<ChangeCounts>"
           FROM scans s
           JOIN repositories r ON r.tenant_id = s.tenant_id AND r.id = s.repository_id
           WHERE s.id = $1"#,
        id.as_uuid(),
    )
    .fetch_optional(tx.connection())
    .await?;
    Ok(record.map(Into::into))
}

/// Lists scans, the latest first, a page at a time; of one repository where it is given.
pub async fn list_scans(
    tx: &mut TenantTx,
    repository: Option<RepositoryId>,
    page: &PageRequest<IdKey>,
) -> sqlx::Result<Vec<Scan>> {
    let records = sqlx::query_as!(
        Record,
        r#"SELECT s.id AS "id: ScanId", s.repository_id AS "repository_id: RepositoryId", r.name AS repository,
                  s.state AS "state: ScanState", s.reason AS "reason: ScanReason", s.phase AS "phase: Phase", s.done,
                  s.total, s.queued_at, s.started_at, s.finished_at, s.branch, s.head, s.error, s.files, s.projects,
                  s.tasks, s.todos, s.commits,
                  (SELECT count(*) FROM scan_warnings w WHERE w.scan_id = s.id) AS "warnings!",
                  CASE s.state WHEN 'queued' THEN
                      (SELECT count(*) FROM scans q WHERE q.state = 'queued' AND q.id < s.id) END AS ahead,
                  s.changes AS "changes: Json<ChangeCounts>"
           FROM scans s
           JOIN repositories r ON r.tenant_id = s.tenant_id AND r.id = s.repository_id
           WHERE ($1::uuid IS NULL OR s.repository_id = $1)
             AND ($2::uuid IS NULL OR s.id < $2)
           ORDER BY s.id DESC
           LIMIT $3"#,
        repository.map(RepositoryId::as_uuid),
        page.after.map(|key: IdKey| key.id) as Option<Uuid>,
        page.fetch(),
    )
    .fetch_all(tx.connection())
    .await?;
    Ok(records.into_iter().map(Into::into).collect())
}
