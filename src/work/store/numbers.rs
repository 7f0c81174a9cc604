//! What a repository comes to.

use crate::{repositories::RepositoryId, tenancy::TenantTx};

/// Counts a repository's projects, tasks and commits, for the pages that show how many there are.
///
/// Tasks are those of task lists and the issues; notes in comments and pull requests are counted apart.
///
/// Whoever adds, removes or changes one of them calls this in the same transaction, at its end.
pub(crate) async fn recount(tx: &mut TenantTx, repository: RepositoryId) -> sqlx::Result<()> {
    let tenant = tx.tenant();
    // Whoever adds to the numbers meanwhile is waited for, and counted: the next statement sees what they wrote.
    sqlx::query!(
        "INSERT INTO repository_numbers (tenant_id, repository_id, projects, fixtures, open_tasks, done_tasks, notes,
                                         fixmes, open_pulls, commits)
         VALUES ($1, $2, 0, 0, 0, 0, 0, 0, 0, 0)
         ON CONFLICT (tenant_id, repository_id) DO UPDATE
         SET commits = repository_numbers.commits",
        tenant.as_uuid(),
        repository.as_uuid(),
    )
    .execute(tx.connection())
    .await?;
    sqlx::query!(
        "INSERT INTO repository_numbers (tenant_id, repository_id, projects, fixtures, open_tasks, done_tasks, notes,
                                         fixmes, open_pulls, commits)
         SELECT $1, $2, p.projects, p.fixtures, t.open_tasks, t.done_tasks, t.notes, t.fixmes, t.open_pulls,
                (SELECT count(*) FROM commits WHERE repository_id = $2)
         FROM (
             SELECT count(*) AS projects, count(*) FILTER (WHERE fixture) AS fixtures
             FROM projects
             WHERE repository_id = $2
         ) p,
         (
             SELECT count(*) FILTER (WHERE source IN ('tasklist', 'issue') AND state = 'open') AS open_tasks,
                    count(*) FILTER (WHERE source IN ('tasklist', 'issue') AND state = 'done') AS done_tasks,
                    count(*) FILTER (WHERE source = 'todo' AND state = 'open') AS notes,
                    count(*) FILTER (WHERE source = 'todo' AND state = 'open' AND marker = 'FIXME') AS fixmes,
                    count(*) FILTER (WHERE source = 'pull' AND state = 'open') AS open_pulls
             FROM tasks
             WHERE repository_id = $2 AND NOT fixture
         ) t
         ON CONFLICT (tenant_id, repository_id) DO UPDATE
         SET projects = excluded.projects, fixtures = excluded.fixtures, open_tasks = excluded.open_tasks,
             done_tasks = excluded.done_tasks, notes = excluded.notes, fixmes = excluded.fixmes,
             open_pulls = excluded.open_pulls, commits = excluded.commits",
        tenant.as_uuid(),
        repository.as_uuid(),
    )
    .execute(tx.connection())
    .await
    .map(|_| ())
}
