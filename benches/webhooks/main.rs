//! How many deliveries a second are stored durably, against pgbench storing rows of the same size.
//!
//! ```text
//! scripts/bench webhooks    # about two minutes and a half, on a server of its own that waits for its disk
//! ```
//!
//! Makes two databases on the server of `QUARTERDECK_TEST_DATABASE_URL`, one for pgbench, and a hook. A server as it
//! is configured by default, but without limits, takes signed deliveries on 32 connections, each of which
//! waits for its 202 before it sends the next one; pgbench commits one row with the same payload per
//! transaction on as many. Both in turns; the ratio is the figure. Workers are paused by the locks of the
//! deliveries' lanes, which are held meanwhile, and then run; each delivery is of an issue of a connected repository. At last 200 deliveries a second are sent at set
//! times; what a delivery waits for its connection counts as well.

#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]

mod deliver;
#[path = "../lists/serve.rs"]
mod serve;
#[path = "../shared/throwaway.rs"]
mod throwaway;

use std::{
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};

use anyhow::{Context, ensure};
use quarterdeck::{
    organizations::{self, OrganizationName, Slug},
    platform::{clock::Clock, config::Environment},
    repositories::{NewRepository, RepositoryId, SourceKind, insert},
    tenancy::{Db, SystemReason, TenantId},
};
use serde::Deserialize;
use sqlx::{Connection, Executor, PgConnection};
use url::Url;

use deliver::{Hook, Sender};
use serve::Server;
use throwaway::Throwaway;

/// How often both are measured, for how long each, on how many connections.
const ROUNDS: usize = 5;
const TIME: Duration = Duration::from_secs(5);
const CONNECTIONS: usize = 32;

/// How many deliveries a second are sent at set times.
const RATE: f64 = 200.0;

/// GitHub's numbers of the repositories that the deliveries are of.
const REPOSITORIES: std::ops::Range<i64> = 4_711..4_719;

/// Whose issues are told of, in each repository.
const ISSUES: i64 = 16;

fn main() -> anyhow::Result<()> {
    let environment = Environment::of_process();
    let admin = environment
        .get("QUARTERDECK_TEST_DATABASE_URL")
        .context("QUARTERDECK_TEST_DATABASE_URL is not set: run it in scripts/dev-database")?;
    let admin = Url::parse(admin)?;
    drop(rustls::crypto::ring::default_provider().install_default());
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    runtime.block_on(async {
        // The product refuses a database in which somebody else has a table.
        let beside = Throwaway::create(admin.clone()).await?;
        let database = Throwaway::create(admin).await?;
        let result = run(&database.url(), &beside.url(), &environment).await;
        database.drop().await?;
        beside.drop().await?;
        result
    })
}

async fn run(database: &Url, beside: &Url, environment: &Environment) -> anyhow::Result<()> {
    check_durability(database).await?;
    let pgbench = find_pgbench(environment).context("there is no pgbench to compare with")?;
    let data = tempfile::tempdir()?;
    let tenant = found(database).await?;
    let hook = make_hook(database, data.path())?;
    let sender = Sender::new(hook, &payloads());
    let yardstick = Yardstick::create(&pgbench, beside).await?;
    let server = Server::start(database, data.path(), &[("QUARTERDECK_LIMITS__WEBHOOKS", "0")])?;

    println!(
        "| workers | accepted a second | pgbench rows a second | ratio |\n|---|---:|---:|---:|"
    );
    for (name, is_paused) in [("paused", true), ("running", false)] {
        let pause = if is_paused { Some(Pause::begin(database, tenant).await?) } else { None };
        let mut figures = Vec::new();
        for _ in 0..ROUNDS {
            let accepted = sender.saturate(server.address, CONNECTIONS, TIME).await?;
            figures.push((accepted, yardstick.run()?));
        }
        if let Some(pause) = pause {
            pause.end().await?;
        }
        figures.sort_by(|one, other| (one.0 / one.1).total_cmp(&(other.0 / other.1)));
        let (accepted, rows) = *figures.get(ROUNDS / 2).context("nothing was measured")?;
        println!("| {name} | {accepted:.0} | {rows:.0} | {:.2} |", accepted / rows);
    }
    let effects = pace_of_workers(database).await?;
    println!(
        "\nWhere nothing comes, the workers gave {effects:.0} deliveries a second their effect."
    );
    let (median, slow) = sender.at_times(server.address, CONNECTIONS, (RATE, TIME * 2)).await?;
    println!(
        "\nAt {RATE} deliveries a second, half are accepted within {median:.1?}, 99 of 100 within {slow:.1?}."
    );
    Ok(())
}

/// Refuses a server that answers before its disk has what it was given.
async fn check_durability(database: &Url) -> anyhow::Result<()> {
    let mut connection = PgConnection::connect(database.as_str()).await?;
    for setting in ["fsync", "synchronous_commit", "full_page_writes"] {
        let value: String = sqlx::query_scalar("SELECT current_setting($1)")
            .bind(setting)
            .fetch_one(&mut connection)
            .await?;
        ensure!(value == "on", "the server has {setting} = {value}: use scripts/bench webhooks");
    }
    Ok(connection.close().await?)
}

fn find_pgbench(environment: &Environment) -> Option<PathBuf> {
    let named = environment.get("QUARTERDECK_POSTGRES_DIR").map(|dir| Path::new(dir).join("bin"));
    let mut places = named.into_iter().chain(environment.path());
    places.find_map(|place| Some(place.join("pgbench")).filter(|file| file.is_file()))
}

/// Payloads as long as many of GitHub's are, all of one length: of one issue after the other in all repositories.
fn payloads() -> Vec<String> {
    let in_each = |issue| REPOSITORIES.map(move |repository| payload(repository, issue));
    (0..ISSUES).flat_map(in_each).collect()
}

fn payload(repository: i64, issue: i64) -> String {
    let body = (0..200).fold(String::new(), |body, line| {
        body + "Line " + &line.to_string() + " of what somebody wrote. "
    });
    let number = 1_000 + issue;
    serde_json::json!({
        "action": "edited",
        "issue": {
            "id": repository * 10_000 + number, "number": number, "title": "What somebody found", "body": body,
            "state": "open", "created_at": "2026-11-01T08:00:00Z", "updated_at": "2026-11-02T08:00:00Z",
            "user": {"id": 7, "login": "ada", "type": "User"},
        },
        "repository": {
            "id": repository, "name": "shop", "full_name": format!("acme/shop-{repository}"), "private": false,
        },
        "sender": {"id": 7, "login": "ada", "type": "User"},
    })
    .to_string()
}

async fn found(database: &Url) -> anyhow::Result<TenantId> {
    let db = Db::open(database.as_str().parse()?, 2).await?;
    let (slug, name): (Slug, OrganizationName) = ("acme".parse()?, "Acme".parse()?);
    let mut tx = db.system(SystemReason::CommandLine).await?;
    let id = organizations::insert(&mut tx, &slug, &name, Clock::system().now()).await?;
    tx.commit().await?;
    connect(&db).await?;
    db.close().await;
    id.context("the organisation is there already")
}

/// Repositories that are GitHub's, so that each delivery has its effect.
async fn connect(db: &Db) -> anyhow::Result<()> {
    let mut tx = db.system(SystemReason::CommandLine).await?;
    let grant = tx.grant_of_operator("acme").await?.context("the organisation is gone")?;
    tx.commit().await?;
    let mut tx = db.begin_granted(&grant).await?;
    for number in REPOSITORIES {
        let (id, name) = (RepositoryId::new(), format!("shop-{number}"));
        let source = format!("https://github.com/acme/{name}");
        let new = NewRepository {
            id,
            name: &name,
            source_kind: SourceKind::Url,
            source: &source,
            source_key: &source,
            trusted_roots: &[],
            created_at: Clock::system().now(),
        };
        insert(&mut tx, &new).await?;
        sqlx::query("UPDATE repositories SET github_host = 'github.com', github_id = $2, full_name = $3 WHERE id = $1")
            .bind(id.as_uuid())
            .bind(number)
            .bind(format!("acme/{name}"))
            .execute(tx.connection())
            .await?;
    }
    tx.commit().await?;
    Ok(())
}

/// Makes a hook as an operator does.
fn make_hook(database: &Url, data: &Path) -> anyhow::Result<Hook> {
    #[derive(Deserialize)]
    struct Made {
        url: Url,
        secret: String,
    }
    let output = Command::new(env!("CARGO_BIN_EXE_quarterdeck"))
        .args(["hook", "create", "--organization", "acme", "--json"])
        .env("DATABASE_URL", database.as_str())
        .env("QUARTERDECK_DATA_DIR", data)
        .output()?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let made: Made = serde_json::from_slice(&output.stdout)?;
    Ok(Hook { path: made.url.path().to_owned(), secret: made.secret })
}

/// Keeps the workers of the deliveries' lanes waiting, for it holds their locks.
struct Pause(PgConnection);

impl Pause {
    async fn begin(database: &Url, tenant: TenantId) -> anyhow::Result<Self> {
        let mut connection = PgConnection::connect(database.as_str()).await?;
        for repository in REPOSITORIES {
            sqlx::query("SELECT pg_advisory_lock(hashtextextended($1, 7))")
                .bind(format!("{tenant} {repository}"))
                .execute(&mut connection)
                .await?;
        }
        Ok(Self(connection))
    }

    async fn end(self) -> anyhow::Result<()> {
        Ok(self.0.close().await?)
    }
}

/// How many deliveries a second the workers give their effect when nothing comes; what waits then is thrown away.
async fn pace_of_workers(database: &Url) -> anyhow::Result<f64> {
    let mut connection = PgConnection::connect(database.as_str()).await?;
    connection.execute("SET app.system = 'on'").await?;
    let (begun, before) = (Instant::now(), count_done(&mut connection).await?);
    tokio::time::sleep(TIME * 2).await;
    let done = count_done(&mut connection).await? - before;
    let pace = f64::from(u32::try_from(done)?) / begun.elapsed().as_secs_f64();
    let forget = "DELETE FROM deliveries WHERE state = 'received' AND claim IS NULL";
    connection.execute(forget).await?;
    // As the server does by itself within a minute.
    connection.execute("VACUUM ANALYZE deliveries").await?;
    connection.close().await?;
    Ok(pace)
}

async fn count_done(connection: &mut PgConnection) -> sqlx::Result<i64> {
    sqlx::query_scalar("SELECT count(*) FROM deliveries WHERE state = 'done'")
        .fetch_one(connection)
        .await
}

/// pgbench storing one row with the payload per transaction.
struct Yardstick {
    pgbench: PathBuf,
    database: Url,
    script: tempfile::NamedTempFile,
}

impl Yardstick {
    async fn create(pgbench: &Path, database: &Url) -> anyhow::Result<Self> {
        let mut connection = PgConnection::connect(database.as_str()).await?;
        connection
            .execute("CREATE TABLE yardstick (id uuid PRIMARY KEY, at timestamptz NOT NULL, payload bytea NOT NULL)")
            .await?;
        // Compressed as the product's own, where the server has been built with it.
        connection.execute("ALTER TABLE yardstick ALTER payload SET COMPRESSION lz4").await.ok();
        connection.close().await?;
        let script = tempfile::NamedTempFile::new()?;
        let insert = "INSERT INTO yardstick VALUES (gen_random_uuid(), now(), convert_to(:payload, 'UTF8'));\n";
        std::fs::write(script.path(), insert)?;
        Ok(Self { pgbench: pgbench.to_path_buf(), database: database.clone(), script })
    }

    fn run(&self) -> anyhow::Result<f64> {
        let output = Command::new(&self.pgbench)
            .args(["--no-vacuum", "--protocol=prepared", "--jobs=2"])
            .arg(format!("--client={CONNECTIONS}"))
            .arg(format!("--time={}", TIME.as_secs()))
            .arg("--define")
            .arg(format!("payload={}", payload(REPOSITORIES.start, 0)))
            .arg("--file")
            .arg(self.script.path())
            .arg(self.database.as_str())
            .output()?;
        ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let text = String::from_utf8_lossy(&output.stdout);
        let line = text.lines().find_map(|line| line.strip_prefix("tps = "));
        let number = line.and_then(|line| line.split(' ').next()).context("pgbench told no tps")?;
        Ok(number.parse()?)
    }
}
