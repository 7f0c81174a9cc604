//! A throwaway database with 20 organisations, one of them large.

use std::path::Path;

use anyhow::Context;
use chrono::{DateTime, Utc};
use quarterdeck::{
    accounts::{self, sessions::SignIn},
    app::Parts,
    organizations::{self, OrganizationName, Slug},
    platform::{
        clock::Clock,
        config::{Config, Environment, load},
        ids,
        tasks::Tasks,
    },
    tenancy::{Db, Origin, Role, SystemReason, TenantId, TenantTx, TokenScope},
};
use secrecy::ExposeSecret;
use sqlx::{Connection, Executor, PgConnection};
use url::Url;
use uuid::Uuid;

/// The slug of the organisation whose lists are read.
pub(crate) const LARGE: &str = "large";

/// How many organisations there are.
const TENANTS: usize = 20;

/// What proves to the server who asks.
pub(crate) struct Credentials {
    /// The value of an `Authorization` header.
    pub(crate) token: String,
    /// The value of a `Cookie` header.
    pub(crate) cookie: String,
}

/// Brings the tables up to date, fills them and makes the credentials for the large organisation.
pub(crate) async fn fill(
    url: &Url,
    data: &Path,
    now: DateTime<Utc>,
) -> anyhow::Result<Credentials> {
    let db = Db::open(url.as_str().parse()?, 2).await?;
    for number in 1..TENANTS {
        let size = Size { repositories: 2, projects: 10, tasks: 50, commits: 100, scans: 5 };
        let tenant = found(&db, &format!("small-{number}"), now).await?;
        add_work(&db, tenant, &format!("small-{number}"), size).await?;
    }
    db.close().await;
    // The large organisation is added by new connections that know how large tables are: plans of
    // foreign keys made while the tables were empty would read whole tables for each row.
    maintain(url, "ANALYZE").await?;
    let db = Db::open(url.as_str().parse()?, 2).await?;
    let tenant = found(&db, LARGE, now).await?;
    let size = Size { repositories: 100, projects: 100, tasks: 1_000, commits: 500, scans: 20 };
    add_work(&db, tenant, LARGE, size).await?;
    let credentials = credentials(&db, data, tenant, now).await?;
    db.close().await;
    maintain(url, "VACUUM ANALYZE").await?;
    Ok(credentials)
}

/// What autovacuum does by itself a minute after such a load.
async fn maintain(url: &Url, sql: &'static str) -> anyhow::Result<()> {
    let mut connection = PgConnection::connect(url.as_str()).await?;
    connection.execute(sql).await?;
    Ok(connection.close().await?)
}

async fn found(db: &Db, slug: &str, now: DateTime<Utc>) -> anyhow::Result<TenantId> {
    let (parsed, name): (Slug, OrganizationName) = (slug.parse()?, slug.parse()?);
    let mut tx = db.system(SystemReason::CommandLine).await?;
    let id = organizations::insert(&mut tx, &parsed, &name, now).await?;
    tx.commit().await?;
    id.context("the organisation is there already")
}

async fn credentials(
    db: &Db,
    data: &Path,
    tenant: TenantId,
    now: DateTime<Utc>,
) -> anyhow::Result<Credentials> {
    let config =
        Config { data_dir: Some(data.to_path_buf()), ..load(None, &Environment::default())? };
    let sessions = Parts::new(&config, db.clone(), Clock::fixed(now), Tasks::default())?.sessions;
    let mut tx = db.system(SystemReason::CommandLine).await?;
    let account = accounts::insert_account(&mut tx, "reader", "The Reader", now).await?;
    organizations::add_member(&mut tx, tenant, account, Role::Viewer, now).await?;
    let sign_in = SignIn { origin: &Origin::default(), now, sessions: &sessions };
    let session = accounts::sessions::start(&mut tx, account, &sign_in).await?;
    let grant = tx.grant_of_operator(LARGE).await?.context("the organisation is gone")?;
    let mut tx = tx.enter(grant).await?;
    let wanted = accounts::tokens::NewToken {
        name: &"bench".parse()?,
        scope: TokenScope::Read,
        role: Role::Viewer,
        person: None,
        expires_at: None,
    };
    let token = accounts::tokens::create(&mut tx, &wanted, now).await?;
    tx.commit().await?;
    Ok(Credentials {
        token: format!("Bearer {}", token.expose_secret()),
        cookie: format!("quarterdeck_session={}", session.expose_secret()),
    })
}

/// How much an organisation has: its repositories, and the rest in each of them.
#[derive(Clone, Copy)]
struct Size {
    repositories: usize,
    projects: usize,
    tasks: usize,
    commits: usize,
    scans: usize,
}

async fn add_work(db: &Db, tenant: TenantId, slug: &str, size: Size) -> anyhow::Result<()> {
    let mut tx = db.system(SystemReason::CommandLine).await?;
    let grant = tx.grant_of_operator(slug).await?.context("the organisation is gone")?;
    let mut tx = tx.enter(grant).await?;
    let made = |count: usize| (0..count).map(|_| ids::new()).collect::<Vec<Uuid>>();
    let repositories = made(size.repositories);
    let projects = made(size.repositories * size.projects);
    let id = tenant.as_uuid();
    run(&mut tx, REPOSITORIES, (id, &repositories, &[], 0, 0)).await?;
    run(&mut tx, PROJECTS, (id, &projects, &repositories, size.projects, 0)).await?;
    run(&mut tx, LANGUAGES, (id, &[], &repositories, 0, 0)).await?;
    run(&mut tx, DEPENDENCIES, (id, &projects, &[], 0, 0)).await?;
    let tasks = made(size.repositories * size.tasks);
    run(&mut tx, TASKS, (id, &tasks, &projects, size.tasks / size.projects, 0)).await?;
    run(&mut tx, COMMITS, (id, &[], &repositories, size.commits, 0)).await?;
    let scans = made(size.repositories * size.scans);
    run(&mut tx, SCANS, (id, &scans, &repositories, size.scans, 0)).await?;
    run(&mut tx, NUMBERS, (id, &[], &repositories, 0, 0)).await?;
    tx.commit().await?;
    Ok(())
}

/// The tenant, the rows' ids, what they belong to, how many of them belong to each, and a number.
type Arguments<'a> = (Uuid, &'a [Uuid], &'a [Uuid], usize, usize);

async fn run(
    tx: &mut TenantTx,
    sql: &'static str,
    (tenant, rows, owners, each, number): Arguments<'_>,
) -> anyhow::Result<()> {
    // Every statement takes the same five arguments, so that one function runs all of them.
    sqlx::query(sql)
        .bind(tenant)
        .bind(rows)
        .bind(owners)
        .bind(i32::try_from(each)?)
        .bind(i32::try_from(number)?)
        .execute(tx.connection())
        .await
        .map(|_| ())
        .context(sql)
}

const REPOSITORIES: &str = "
    WITH unused AS (SELECT $3::uuid[], $4::integer, $5::integer)
    INSERT INTO repositories (tenant_id, id, name, source_kind, source, source_key, default_branch, scanned_at, created_at)
    SELECT $1, id, format('repository-%s', lpad(n::text, 3, '0')), 'url', format('https://git.example.com/team/repository-%s.git', n),
           format('https://git.example.com/team/repository-%s', n), 'main', now(), now()
    FROM UNNEST($2) WITH ORDINALITY AS r (id, n)";

const PROJECTS: &str = "
    WITH unused AS (SELECT $5::integer)
    INSERT INTO projects (tenant_id, id, repository_id, path, name, kind, also, version, description, licence, manifest,
                          workspace_root, private, fixture, created_at)
    SELECT $1, id, ($3::uuid[])[(n - 1) / $4 + 1], format('packages/area-%s/package-%s', n % 10, lpad(n::text, 5, '0')),
           format('@team/package-%s', n), (ARRAY['npm', 'cargo', 'python', 'go'])[n % 4 + 1], '{}', '1.4.' || n % 20,
           'What this package is for, in a sentence of usual length', 'MIT', 'package.json', false, n % 3 = 0, n % 50 = 0, now()
    FROM UNNEST($2) WITH ORDINALITY AS p (id, n)";

const LANGUAGES: &str = "
    WITH unused AS (SELECT $2::uuid[], $4::integer, $5::integer)
    INSERT INTO languages (tenant_id, repository_id, name, files, code, comments, blanks)
    SELECT $1, id, name, 100, 10000, 1000, 1000
    FROM UNNEST($3) AS r (id), UNNEST(ARRAY['Rust', 'TypeScript', 'Python', 'CSS', 'Shell']) AS name";

const DEPENDENCIES: &str = "
    WITH unused AS (SELECT $3::uuid[], $4::integer, $5::integer)
    INSERT INTO dependencies (tenant_id, project_id, name, scope, requirement)
    SELECT $1, id, 'library-' || d, 'runtime', '^1.' || d
    FROM UNNEST($2) AS p (id), generate_series(1, 5) AS d";

const TASKS: &str = "
    WITH unused AS (SELECT $5::integer)
    INSERT INTO tasks (tenant_id, id, repository_id, project_id, source, key, marker, title, state, section, depth,
                       attributes, path, line, fixture, created_at, updated_at)
    SELECT $1, t.id, p.repository_id, p.id, CASE WHEN n % 5 = 0 THEN 'todo' ELSE 'tasklist' END,
           CASE WHEN n % 5 <> 0 THEN 'TASK-' || n END, CASE WHEN n % 5 = 0 THEN 'TODO' END,
           format('Make sure that the payment number %s is sent once, and only once', n),
           CASE WHEN n % 10 < 6 THEN 'open' WHEN n % 10 < 9 THEN 'done' ELSE 'removed' END, 'Payments', 0,
           '{\"status\": \"ready\", \"priority\": \"high\", \"labels\": [\"payments\"]}', p.path || '/tasklist.md', n % 400 + 1,
           n % 50 = 7, now(), now()
    FROM UNNEST($2) WITH ORDINALITY AS t (id, n)
    JOIN projects p ON p.id = ($3::uuid[])[(n - 1) / $4 + 1]";

const COMMITS: &str = "
    WITH unused AS (SELECT $2::uuid[], $5::integer)
    INSERT INTO commits (tenant_id, repository_id, oid, parents, author_name, author_email, authored_at, authored_offset,
                         committer_name, committer_email, committed_at, committed_offset, subject, body, insertions, deletions,
                         files_changed, files)
    SELECT $1, id, decode(md5(id::text || c) || '00000000', 'hex'), ARRAY[decode(md5(id::text || c - 1) || '00000000', 'hex')],
           'Ada Lovelace', 'ada@example.com', at, 60, 'Ada Lovelace', 'ada@example.com', at, 60,
           format('payments: Send the number %s only once', c), 'Two workers could take the same row, and both sent it.',
           40, 12, 3, '[[\"src/send.rs\", 30, 10], [\"src/take.rs\", 10, 2]]'
    FROM UNNEST($3) WITH ORDINALITY AS r (id, n), generate_series(1, $4) AS c,
         LATERAL (SELECT now() - make_interval(mins => (c * 1000 + n)::integer) AS at) AS time";

const SCANS: &str = "
    WITH unused AS (SELECT $5::integer)
    INSERT INTO scans (tenant_id, id, repository_id, state, reason, phase, queued_at, started_at, finished_at, branch, files,
                       projects, tasks, todos, commits)
    SELECT $1, id, ($3::uuid[])[(n - 1) / $4 + 1], 'succeeded', 'requested', 'finished', now(), now(), now(), 'main', 2000, 100,
           800, 200, 10
    FROM UNNEST($2) WITH ORDINALITY AS s (id, n)";

const NUMBERS: &str = "
    WITH unused AS (SELECT $2::uuid[], $4::integer, $5::integer)
    INSERT INTO repository_numbers (tenant_id, repository_id, projects, fixtures, open_tasks, done_tasks, notes, fixmes,
                                    commits)
    SELECT $1, r.id,
           (SELECT count(*) FROM projects WHERE repository_id = r.id), 0, t.open_tasks, t.done_tasks, t.notes, 0,
           (SELECT count(*) FROM commits WHERE repository_id = r.id)
    FROM UNNEST($3) AS r (id),
         LATERAL (SELECT count(*) FILTER (WHERE source = 'tasklist' AND state = 'open') AS open_tasks,
                         count(*) FILTER (WHERE source = 'tasklist' AND state = 'done') AS done_tasks,
                         count(*) FILTER (WHERE source = 'todo' AND state = 'open') AS notes
                  FROM tasks WHERE repository_id = r.id) AS t";
