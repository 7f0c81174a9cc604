//! The SQL of the overview: numbers across modules, each list in one question.

use chrono::{DateTime, Utc};

use crate::{
    repositories::{RepositoryId, RepositoryKey},
    tenancy::TenantTx,
    web::paging::PageRequest,
    work::ScanState,
};

/// One repository with what its last scan left, in numbers.
#[derive(Debug)]
pub(super) struct RepositoryNumbers {
    pub name: String,
    pub source: String,
    pub scanned_at: Option<DateTime<Utc>>,
    pub language: Option<String>,
    pub projects: i64,
    pub open_tasks: i64,
    pub done_tasks: i64,
    pub notes: i64,
    pub commits: i64,
    pub scan_state: Option<ScanState>,
}

/// Lists repositories by name with their numbers; `text` is part of the name, in any case.
pub(super) async fn list_repositories(
    tx: &mut TenantTx,
    text: Option<&str>,
    page: &PageRequest<RepositoryKey>,
) -> sqlx::Result<Vec<RepositoryNumbers>> {
    sqlx::query_as!(
        RepositoryNumbers,
        r#"SELECT r.name, r.source, r.scanned_at,
                  (SELECT l.name FROM languages l WHERE l.repository_id = r.id ORDER BY l.code DESC, l.name LIMIT 1) AS language,
                  (SELECT count(*) FROM projects p WHERE p.repository_id = r.id) AS "projects!",
                  coalesce(t.open_tasks, 0) AS "open_tasks!",
                  coalesce(t.done_tasks, 0) AS "done_tasks!",
                  coalesce(t.notes, 0) AS "notes!",
                  (SELECT count(*) FROM commits c WHERE c.repository_id = r.id) AS "commits!",
                  (SELECT s.state FROM scans s WHERE s.repository_id = r.id ORDER BY s.id DESC LIMIT 1) AS "scan_state: ScanState"
           FROM repositories r
           LEFT JOIN LATERAL (
               SELECT count(*) FILTER (WHERE k.source = 'tasklist' AND k.state = 'open') AS open_tasks,
                      count(*) FILTER (WHERE k.source = 'tasklist' AND k.state = 'done') AS done_tasks,
                      count(*) FILTER (WHERE k.source = 'todo' AND k.state = 'open') AS notes
               FROM tasks k
               WHERE k.repository_id = r.id AND NOT k.fixture
           ) t ON true
           WHERE ($1::text IS NULL OR strpos(lower(r.name), lower($1)) > 0)
             AND ($2::text IS NULL OR r.name > $2)
           ORDER BY r.name
           LIMIT $3"#,
        text,
        page.after.as_ref().map(|key| key.name.as_str()),
        page.fetch(),
    )
    .fetch_all(tx.connection())
    .await
}

/// What there is, of the organisation or of one repository.
#[derive(Debug)]
pub(super) struct Totals {
    pub repositories: i64,
    pub projects: i64,
    pub fixtures: i64,
    pub open_tasks: i64,
    pub done_tasks: i64,
    pub notes: i64,
    pub fixmes: i64,
    pub commits: i64,
    pub lines: i64,
    pub languages: i64,
}

pub(super) async fn count_all(
    tx: &mut TenantTx,
    repository: Option<RepositoryId>,
) -> sqlx::Result<Totals> {
    sqlx::query_as!(
        Totals,
        r#"SELECT (SELECT count(*) FROM repositories) AS "repositories!",
                  p.projects AS "projects!", p.fixtures AS "fixtures!",
                  t.open_tasks AS "open_tasks!", t.done_tasks AS "done_tasks!", t.notes AS "notes!", t.fixmes AS "fixmes!",
                  (SELECT count(*) FROM commits WHERE $1::uuid IS NULL OR repository_id = $1) AS "commits!",
                  l.lines AS "lines!", l.languages AS "languages!"
           FROM (
               SELECT count(*) AS projects, count(*) FILTER (WHERE fixture) AS fixtures
               FROM projects
               WHERE $1::uuid IS NULL OR repository_id = $1
           ) p,
           (
               SELECT count(*) FILTER (WHERE source = 'tasklist' AND state = 'open') AS open_tasks,
                      count(*) FILTER (WHERE source = 'tasklist' AND state = 'done') AS done_tasks,
                      count(*) FILTER (WHERE source = 'todo' AND state = 'open') AS notes,
                      count(*) FILTER (WHERE source = 'todo' AND state = 'open' AND marker = 'FIXME') AS fixmes
               FROM tasks
               WHERE ($1::uuid IS NULL OR repository_id = $1) AND NOT fixture
           ) t,
           (
               SELECT coalesce(sum(code), 0)::bigint AS lines, count(DISTINCT name) AS languages
               FROM languages
               WHERE $1::uuid IS NULL OR repository_id = $1
           ) l"#,
        repository.map(RepositoryId::as_uuid),
    )
    .fetch_one(tx.connection())
    .await
}

/// Counts the commits of each of the last 30 days, the oldest day first.
pub(super) async fn count_commits_by_day(
    tx: &mut TenantTx,
    repository: Option<RepositoryId>,
    now: DateTime<Utc>,
) -> sqlx::Result<Vec<i64>> {
    sqlx::query_scalar!(
        r#"SELECT count(c.oid) AS "count!"
           FROM generate_series(29, 0, -1) AS ago
           LEFT JOIN commits c
                  ON c.committed_at > $2::timestamptz - make_interval(days => ago + 1)
                 AND c.committed_at <= $2::timestamptz - make_interval(days => ago)
                 AND ($1::uuid IS NULL OR c.repository_id = $1)
           GROUP BY ago
           ORDER BY ago DESC"#,
        repository.map(RepositoryId::as_uuid),
        now,
    )
    .fetch_all(tx.connection())
    .await
}
