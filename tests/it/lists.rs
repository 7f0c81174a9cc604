//! Lists of an organisation that is much larger than the other one: what their pages read.

use quarterdeck::{
    tenancy::TenantTx,
    web::paging::{DEFAULT_LIMIT, PageQuery, PageRequest},
    work::{self, CommitFilter, ProjectFilter, TaskFilter, TaskState},
};
use serde::{Serialize, de::DeserializeOwned};
use sqlx::Executor;

use crate::support::World;

/// How many rows the tables gave to this connection until now.
pub async fn rows_read(tx: &mut TenantTx) -> i64 {
    sqlx::query_scalar(
        "SELECT sum(seq_tup_read + coalesce(idx_tup_fetch, 0))::bigint FROM pg_stat_xact_user_tables",
    )
    .fetch_one(tx.connection())
    .await
    .unwrap()
}

/// Walks through a list and notes what each page reads.
async fn walk<K, T>(
    tx: &mut TenantTx,
    list: impl AsyncFn(&mut TenantTx, &PageRequest<K>) -> Vec<T>,
    key: impl Fn(&T) -> K,
) -> Vec<i64>
where
    K: Serialize + DeserializeOwned,
{
    let (mut reads, mut cursor) = (Vec::new(), None);
    loop {
        let request: PageRequest<K> =
            PageQuery { cursor: cursor.take(), limit: Some("50".to_owned()) }.parse().unwrap();
        let before = rows_read(tx).await;
        let rows = list(tx, &request).await;
        reads.push(rows_read(tx).await - before);
        cursor = request.page(rows, &key).unwrap().next;
        if cursor.is_none() {
            return reads;
        }
    }
}

#[track_caller]
fn assert_even(list: &str, reads: &[i64]) {
    let (first, most) = (reads[0], *reads.iter().max().unwrap());

    assert!(reads.len() > 10, "{list} has {} pages only", reads.len());
    assert!(most <= first * 2, "the pages of {list} read {reads:?} rows");
}

async fn run(tx: &mut TenantTx, sql: &'static str) {
    sqlx::raw_sql(sql).execute(tx.connection()).await.unwrap();
}

/// 40 repositories with 60 projects, 240 tasks, 50 commits and 20 scans each.
const ROWS: &str = "
    INSERT INTO repositories (tenant_id, id, name, source_kind, source, source_key, created_at)
    SELECT app_tenant_id(), gen_random_uuid(), 'repository-' || n, 'url', 'https://example.com/' || n, 'key-' || n, now()
    FROM generate_series(1, 40) AS n;
    INSERT INTO projects (tenant_id, id, repository_id, path, name, kind, also, workspace_root, private, fixture, created_at)
    SELECT tenant_id, gen_random_uuid(), id, 'packages/' || n, 'package-' || n, 'npm', '{}', false, false, false, now()
    FROM repositories, generate_series(1, 60) AS n;
    INSERT INTO tasks (tenant_id, id, repository_id, project_id, source, title, state, path, line, fixture,
                       created_at, updated_at)
    SELECT tenant_id, gen_random_uuid(), repository_id, id, 'tasklist', 'Task ' || n,
           (ARRAY['open', 'open', 'done'])[n % 3 + 1], path, n, false, now(), now()
    FROM projects, generate_series(1, 4) AS n;
    INSERT INTO commits (tenant_id, repository_id, oid, parents, author_name, author_email, authored_at, authored_offset,
                         committer_name, committer_email, committed_at, committed_offset, subject, body, insertions, deletions,
                         files_changed, files)
    SELECT tenant_id, id, decode(md5(name || n) || '00000000', 'hex'), '{}', 'Ada', 'ada@example.com', now(), 0, 'Ada',
           'ada@example.com', now() - make_interval(mins => n), 0, 'Commit ' || n, '', 0, 0, 0, '[]'
    FROM repositories, generate_series(1, 50) AS n;
    INSERT INTO scans (tenant_id, id, repository_id, state, reason, phase, queued_at)
    SELECT tenant_id, gen_random_uuid(), id, 'queued', 'requested', 'waiting', now()
    FROM repositories, generate_series(1, 20) AS n";

#[actix_web::test]
async fn the_last_page_of_a_list_reads_what_the_first_does() {
    let world = World::new().await;
    let mut tx = world.begin(world.acme).await;
    run(&mut tx, ROWS).await;
    // What autovacuum does after a while, as the owner of the tables.
    run(&mut tx, "SELECT set_config('role', 'none', true); ANALYZE").await;
    tx.commit().await.unwrap();
    let mut tx = world.begin(world.acme).await;

    let projects = walk(
        &mut tx,
        async |tx, page| work::list_projects(tx, &ProjectFilter::default(), page).await.unwrap(),
        |last| work::ProjectKey { repository: last.repository.clone(), path: last.path.clone() },
    )
    .await;
    assert_even("projects", &projects);

    let open = TaskFilter { state: Some(TaskState::Open), ..TaskFilter::default() };
    for (name, filter) in [("tasks", TaskFilter::default()), ("open tasks", open)] {
        let tasks = walk(
            &mut tx,
            async |tx, page| work::list_tasks(tx, &filter, page).await.unwrap(),
            |last| work::IdKey { id: last.id.as_uuid() },
        )
        .await;
        assert_even(name, &tasks);
    }

    let commits = walk(
        &mut tx,
        async |tx, page| work::list_commits(tx, &CommitFilter::default(), page).await.unwrap(),
        |last| work::CommitKey {
            committed_at: last.committed_at,
            oid: last.oid,
            repository: last.repository_id,
        },
    )
    .await;
    assert_even("commits", &commits);

    let scans = walk(
        &mut tx,
        async |tx, page| work::list_scans(tx, None, page).await.unwrap(),
        |last| work::IdKey { id: last.id.as_uuid() },
    )
    .await;
    assert_even("scans", &scans);
}

#[actix_web::test]
async fn projects_are_listed_once_each_whatever_the_pages_are() {
    let world = World::new().await;
    let mut tx = world.begin(world.acme).await;
    run(&mut tx, ROWS).await;
    let list = async |tx: &mut TenantTx, limit: u16| {
        let (mut all, mut cursor) = (Vec::new(), None);
        loop {
            let request: PageRequest<work::ProjectKey> =
                PageQuery { cursor, limit: Some(limit.to_string()) }.parse().unwrap();
            let rows = work::list_projects(tx, &ProjectFilter::default(), &request).await.unwrap();
            let page = request.page(rows, |last| work::ProjectKey {
                repository: last.repository.clone(),
                path: last.path.clone(),
            });
            let page = page.unwrap();
            all.extend(page.items.iter().map(|row| (row.repository.clone(), row.path.clone())));
            let Some(next) = page.next else { return all };
            cursor = Some(next);
        }
    };

    let (small, large) = (list(&mut tx, 7).await, list(&mut tx, 200).await);

    assert_eq!(small.len(), 40 * 60);
    assert_eq!(small, large);
    let mut sorted = small.clone();
    sorted.sort();
    assert_eq!(small, sorted);
}

#[actix_web::test]
async fn foreign_keys_of_an_organisation_without_statistics_are_checked_by_the_key() {
    let world = World::new().await;
    let mut tx = world.begin(world.acme).await;
    run(&mut tx, ROWS).await;
    run(&mut tx, "UPDATE tasks SET section = 'Once more'").await;
    tx.commit().await.unwrap();
    let mut owner = world.connect().await;
    // As the server does by itself after a while: its statistics know of `acme` alone.
    owner.execute("VACUUM ANALYZE").await.unwrap();

    let mut tx = world.begin(world.globex).await;
    tx.plan_anew().await.unwrap();
    run(&mut tx, "PREPARE check_key AS SELECT FROM ONLY tasks WHERE tenant_id = $1 AND id = $2 FOR KEY SHARE").await;
    let plan: Vec<String> =
        sqlx::query_scalar("EXPLAIN EXECUTE check_key (app_tenant_id(), gen_random_uuid())")
            .fetch_all(tx.connection())
            .await
            .unwrap();

    assert!(plan.iter().any(|line| line.contains("using tasks_pkey")), "{plan:#?}");
}

#[actix_web::test]
async fn the_usual_first_page_of_tasks_is_the_beginning_of_the_list() {
    let world = World::new().await;
    let mut tx = world.begin(world.acme).await;
    run(&mut tx, ROWS).await;
    run(
        &mut tx,
        "UPDATE tasks SET fixture = true WHERE id IN (SELECT id FROM tasks ORDER BY id LIMIT 5)",
    )
    .await;
    let filter = TaskFilter::default();

    let usual: PageRequest<work::IdKey> = PageRequest::first(DEFAULT_LIMIT);
    let page = work::list_tasks(&mut tx, &filter, &usual).await.unwrap();
    let longer = work::list_tasks(&mut tx, &filter, &PageRequest::first(199)).await.unwrap();

    assert!(usual.is_usual());
    let fetched = usize::try_from(usual.fetch()).unwrap();
    let ids = |tasks: &[work::Task]| tasks.iter().map(|task| task.id).collect::<Vec<_>>();
    assert_eq!(ids(&page), ids(&longer[..fetched]));
}
