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
    pub visibility: Option<String>,
    pub is_archived: bool,
    /// Whether GitHub has said that it is there no longer.
    pub is_deleted: bool,
    /// What it is called at GitHub.
    pub full_name: Option<String>,
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
                  coalesce(n.projects, 0) AS "projects!", coalesce(n.open_tasks, 0) AS "open_tasks!",
                  coalesce(n.done_tasks, 0) AS "done_tasks!", coalesce(n.notes, 0) AS "notes!",
                  coalesce(n.commits, 0) AS "commits!",
                  (SELECT s.state FROM scans s WHERE s.repository_id = r.id ORDER BY s.id DESC LIMIT 1) AS "scan_state: ScanState",
                  r.visibility, r.archived AS is_archived, r.deleted_at IS NOT NULL AS "is_deleted!", r.full_name
           FROM repositories r
           LEFT JOIN repository_numbers n ON n.repository_id = r.id
           WHERE ($1::text IS NULL OR strpos(lower(r.name), lower($1)) > 0
                  OR strpos(lower(r.full_name), lower($1)) > 0)
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
    pub open_pulls: i64,
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
                  n.projects AS "projects!", n.fixtures AS "fixtures!", n.open_tasks AS "open_tasks!",
                  n.done_tasks AS "done_tasks!", n.notes AS "notes!", n.fixmes AS "fixmes!",
                  n.open_pulls AS "open_pulls!", n.commits AS "commits!",
                  l.lines AS "lines!", l.languages AS "languages!"
           FROM (
               SELECT coalesce(sum(projects), 0)::bigint AS projects, coalesce(sum(fixtures), 0)::bigint AS fixtures,
                      coalesce(sum(open_tasks), 0)::bigint AS open_tasks,
                      coalesce(sum(done_tasks), 0)::bigint AS done_tasks,
                      coalesce(sum(notes), 0)::bigint AS notes, coalesce(sum(fixmes), 0)::bigint AS fixmes,
                      coalesce(sum(open_pulls), 0)::bigint AS open_pulls,
                      coalesce(sum(commits), 0)::bigint AS commits
               FROM repository_numbers
               WHERE $1::uuid IS NULL OR repository_id = $1
           ) n,
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
