//! The SQL of tasks that come from GitHub, and of what they have to do with each other.

use sqlx::types::Json;

use crate::{
    platform::ids,
    repositories::RepositoryId,
    tenancy::TenantTx,
    work::{
        model::{LinkedTask, TaskId, TaskState},
        outside::{Delta, OutsideTask},
    },
};

/// Writes tasks where they are new or changed; says by how much the repository's numbers change.
pub(crate) async fn upsert_outside(
    tx: &mut TenantTx,
    repository: RepositoryId,
    tasks: &[OutsideTask],
) -> sqlx::Result<Delta> {
    let tenant = tx.tenant();
    // What was there is read as it stood before the statement.
    sqlx::query_as!(
        Delta,
        r#"WITH wanted AS (
               SELECT *
               FROM ROWS FROM (
                   jsonb_to_recordset($3) AS (number bigint, source text, title text, state text, author text,
                                              attributes jsonb, url text, opened_at timestamptz,
                                              closed_at timestamptz, updated_at timestamptz),
                   UNNEST($4::uuid[])
               ) AS t (number, source, title, state, author, attributes, url, opened_at, closed_at, updated_at, id)
           ),
           written AS (
               INSERT INTO tasks (tenant_id, id, repository_id, source, title, state, author, attributes, number, url,
                                  fixture, opened_at, closed_at, created_at, updated_at)
               SELECT $1, id, $2, source, title, state, author, attributes, number, url, false, opened_at, closed_at,
                      opened_at, updated_at
               FROM wanted
               ON CONFLICT (tenant_id, repository_id, number) WHERE number IS NOT NULL DO UPDATE
               SET source = excluded.source, title = excluded.title, state = excluded.state, author = excluded.author,
                   attributes = excluded.attributes, url = excluded.url, opened_at = excluded.opened_at,
                   closed_at = excluded.closed_at, created_at = excluded.created_at, updated_at = excluded.updated_at
               WHERE (tasks.source, tasks.title, tasks.state, tasks.author, tasks.attributes, tasks.url,
                      tasks.opened_at, tasks.closed_at, tasks.updated_at)
                     IS DISTINCT FROM
                     (excluded.source, excluded.title, excluded.state, excluded.author, excluded.attributes,
                      excluded.url, excluded.opened_at, excluded.closed_at, excluded.updated_at)
               RETURNING source, state
           ),
           counted AS (
               SELECT source, state, 1 AS change FROM wanted
               UNION ALL
               SELECT t.source, t.state, -1 FROM tasks t JOIN wanted w ON w.number = t.number WHERE t.repository_id = $2
           )
           SELECT (SELECT count(*) FROM written) AS "rows!",
                  coalesce(sum(change) FILTER (WHERE source = 'issue' AND state = 'open'), 0)::bigint AS "open_tasks!",
                  coalesce(sum(change) FILTER (WHERE source = 'issue' AND state = 'done'), 0)::bigint AS "done_tasks!",
                  coalesce(sum(change) FILTER (WHERE source = 'pull' AND state = 'open'), 0)::bigint AS "open_pulls!"
           FROM counted"#,
        tenant.as_uuid(),
        repository.as_uuid(),
        Json(tasks) as _,
        &tasks.iter().map(|_| ids::new()).collect::<Vec<_>>(),
    )
    .fetch_one(tx.connection())
    .await
}

/// Deletes tasks by their numbers; says by how much the repository's numbers change.
pub(crate) async fn delete_outside(
    tx: &mut TenantTx,
    repository: RepositoryId,
    numbers: &[i64],
) -> sqlx::Result<Delta> {
    sqlx::query_as!(
        Delta,
        r#"WITH gone AS (
               DELETE FROM tasks
               WHERE repository_id = $1
                 AND number = ANY ($2)
               RETURNING source, state
           )
           SELECT count(*) AS "rows!",
                  -count(*) FILTER (WHERE source = 'issue' AND state = 'open') AS "open_tasks!",
                  -count(*) FILTER (WHERE source = 'issue' AND state = 'done') AS "done_tasks!",
                  -count(*) FILTER (WHERE source = 'pull' AND state = 'open') AS "open_pulls!"
           FROM gone"#,
        repository.as_uuid(),
        numbers,
    )
    .fetch_one(tx.connection())
    .await
}

/// Adds to what a repository comes to, without counting the rest of it.
pub(crate) async fn add_numbers(
    tx: &mut TenantTx,
    repository: RepositoryId,
    delta: &Delta,
) -> sqlx::Result<()> {
    let tenant = tx.tenant();
    sqlx::query!(
        "INSERT INTO repository_numbers (tenant_id, repository_id, projects, fixtures, open_tasks, done_tasks, notes,
                                         fixmes, open_pulls, commits)
         VALUES ($1, $2, 0, 0, $3, $4, 0, 0, $5, 0)
         ON CONFLICT (tenant_id, repository_id) DO UPDATE
         SET open_tasks = repository_numbers.open_tasks + excluded.open_tasks,
             done_tasks = repository_numbers.done_tasks + excluded.done_tasks,
             open_pulls = repository_numbers.open_pulls + excluded.open_pulls",
        tenant.as_uuid(),
        repository.as_uuid(),
        delta.open_tasks,
        delta.done_tasks,
        delta.open_pulls,
    )
    .execute(tx.connection())
    .await
    .map(|_| ())
}

/// Makes the issues that these pull requests close the given ones; `pairs` are numbers of a pull request
/// and of an issue, which count once both are there.
pub(crate) async fn replace_closings(
    tx: &mut TenantTx,
    repository: RepositoryId,
    pulls: &[i64],
    pairs: &[(i64, i64)],
) -> sqlx::Result<()> {
    sqlx::query!(
        "DELETE FROM task_links l
         USING tasks pull, tasks issue
         WHERE pull.repository_id = $1
           AND pull.number = ANY ($2)
           AND l.from_task = pull.id
           AND l.kind = 'closes'
           AND issue.id = l.to_task
           AND NOT EXISTS (SELECT FROM UNNEST($3::bigint[], $4::bigint[]) AS kept (pull, issue)
                           WHERE kept.pull = pull.number AND kept.issue = issue.number)",
        repository.as_uuid(),
        pulls,
        &pairs.iter().map(|pair| pair.0).collect::<Vec<_>>(),
        &pairs.iter().map(|pair| pair.1).collect::<Vec<_>>(),
    )
    .execute(tx.connection())
    .await?;
    insert_closings(tx, repository, pairs).await
}

/// Notes which pull requests close which issues, as far as both are there.
pub(crate) async fn insert_closings(
    tx: &mut TenantTx,
    repository: RepositoryId,
    pairs: &[(i64, i64)],
) -> sqlx::Result<()> {
    let tenant = tx.tenant();
    sqlx::query!(
        "INSERT INTO task_links (tenant_id, from_task, to_task, kind)
         SELECT $1, pull.id, issue.id, 'closes'
         FROM UNNEST($3::bigint[], $4::bigint[]) AS pair (pull, issue)
         JOIN tasks pull ON pull.repository_id = $2 AND pull.number = pair.pull AND pull.source = 'pull'
         JOIN tasks issue ON issue.repository_id = $2 AND issue.number = pair.issue AND issue.source = 'issue'
         ON CONFLICT DO NOTHING",
        tenant.as_uuid(),
        repository.as_uuid(),
        &pairs.iter().map(|pair| pair.0).collect::<Vec<_>>(),
        &pairs.iter().map(|pair| pair.1).collect::<Vec<_>>(),
    )
    .execute(tx.connection())
    .await
    .map(|_| ())
}

/// How many links of a task are shown.
const MOST_LINKS: i64 = 100;

/// Lists the issues that a pull request closes, or the pull requests that close an issue.
pub async fn list_task_links(tx: &mut TenantTx, task: TaskId) -> sqlx::Result<Vec<LinkedTask>> {
    sqlx::query_as!(
        LinkedTask,
        r#"SELECT other.id AS "id: TaskId", other.title, other.state AS "state: TaskState", other.number AS "number!",
                  link.closes AS "closes!"
           FROM (
               SELECT to_task AS id, true AS closes FROM task_links WHERE from_task = $1
               UNION ALL
               SELECT from_task, false FROM task_links WHERE to_task = $1
           ) link
           JOIN tasks other ON other.id = link.id
           ORDER BY other.number
           LIMIT $2"#,
        task.as_uuid(),
        MOST_LINKS,
    )
    .fetch_all(tx.connection())
    .await
}
