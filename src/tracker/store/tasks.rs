//! The SQL that reads issues and pull requests with the names of what they have to do with.

use crate::{
    tenancy::TenantTx,
    tracker::{apply::Home, tasks::Subject},
};

/// Lists the issues and pull requests with these numbers, of each number one: GitHub gives none twice, but who
/// has a hook's secret may say so.
pub(in crate::tracker) async fn list_subjects(
    tx: &mut TenantTx,
    home: &Home,
    numbers: &[i64],
) -> sqlx::Result<Vec<Subject>> {
    sqlx::query_as!(
        Subject,
        r#"SELECT DISTINCT ON (s.number) s.number AS "number!", s.is_pull AS "is_pull!", s.title AS "title!", s.state = 'open' AS "is_open!",
                  s.reason, s.is_merged AS "is_merged!", s.is_draft AS "is_draft!", author.login AS "author?",
                  ARRAY(SELECT l.name FROM labels l WHERE l.repository_id = $1 AND l.github_id = ANY (s.labels)
                        ORDER BY l.name COLLATE "C") AS "labels!",
                  ARRAY(SELECT c.login FROM contributors c WHERE c.id = ANY (s.assignees)
                        ORDER BY c.login COLLATE "C") AS "assignees!",
                  (SELECT m.title FROM milestones m WHERE m.repository_id = $1 AND m.github_id = s.milestone) AS milestone,
                  s.url AS "url!", s.created_at AS "created_at!", s.closed_at, s.updated_at AS "updated_at!"
           FROM (
               SELECT number, false AS is_pull, title, state, state_reason AS reason, false AS is_merged,
                      false AS is_draft, author_id, labels, assignees, milestone, url, created_at, closed_at, updated_at
               FROM issues
               WHERE repository_id = $1 AND number = ANY ($2)
               UNION ALL
               SELECT number, true, title, state, NULL, merged_at IS NOT NULL, draft, author_id, labels, assignees,
                      milestone, url, created_at, closed_at, updated_at
               FROM pull_requests
               WHERE repository_id = $1 AND number = ANY ($2)
           ) s
           LEFT JOIN contributors author ON author.id = s.author_id
           ORDER BY s.number, s.is_pull DESC, s.updated_at DESC, s.created_at"#,
        home.repository.as_uuid(),
        numbers,
    )
    .fetch_all(tx.connection())
    .await
}
