//! Every list over HTTP against pgbench running the same statements, in the same run.
//!
//! ```text
//! cargo bench --profile quick --bench lists                    # all lists, about eight minutes
//! cargo bench --profile quick --bench lists -- /api/v2/tasks   # those whose address has this
//! cargo bench --profile quick --bench lists -- access          # what access costs, two minutes
//! ```
//!
//! Makes a database of its own on the server of `QUARTERDECK_TEST_DATABASE_URL`: 20 organisations, one
//! of them with 100 repositories, 10,000 projects, 100,000 tasks and 50,000 commits. A server as it is
//! configured by default answers requests for the first, a middle and the last page of each list, on 8
//! and on 64 connections, each with one request after the other, and then with half as many a second;
//! then pgbench runs, on as many connections, the statements that this server was overheard to send for
//! such a request: who asks, the tenant's transaction, the list. The ratio is the figure: transactions a
//! second depend on the machine.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a benchmark prints its figures")]

mod access;
mod database;
mod load;
mod pgbench;
mod record;
mod serve;
#[path = "../shared/throwaway.rs"]
mod throwaway;

use std::{path::Path, time::Duration};

use anyhow::Context;
use quarterdeck::platform::{clock::Clock, config::Environment};
use serde_json::Value;
use url::Url;

use database::{Credentials, LARGE};
use load::{Answers, Call, Connection, Pace, load};
use pgbench::Script;
use record::{Recorder, Recording};
use serve::Server;
use throwaway::Throwaway;

/// How long the server, and then pgbench, is measured for one line of the table.
const SECONDS: u64 = 2;

/// What has a server open as few connections as it may.
const FEW: [(&str, &str); 1] = [("QUARTERDECK_DATABASE__MAX_CONNECTIONS", "4")];

/// A list, and the list of the API whose cursors it takes.
struct List {
    address: String,
    cursors_of: &'static str,
}

fn lists() -> Vec<List> {
    let page = |path: &str| format!("/{LARGE}/{path}");
    let list = |address: &str, cursors_of| List { address: address.to_owned(), cursors_of };
    let api = |address| list(address, address);
    vec![
        api("/api/v2/projects"),
        api("/api/v2/tasks"),
        api("/api/v2/tasks?state=open&source=todo"),
        api("/api/v2/tasks?repository=repository-050&state=open"),
        api("/api/v2/commits"),
        api("/api/v2/scans"),
        api("/api/v2/repositories"),
        list(&page("projects"), "/api/v2/projects"),
        list(&page("tasks"), "/api/v2/tasks?state=open"),
        list(&page("commits"), "/api/v2/commits"),
        list(&page("scans"), "/api/v2/scans"),
        list(&page("repositories"), "/api/v2/repositories"),
    ]
}

fn main() -> anyhow::Result<()> {
    let wanted = std::env::args().skip(1).find(|argument| !argument.starts_with("--"));
    let environment = Environment::of_process();
    let admin = environment
        .get("QUARTERDECK_TEST_DATABASE_URL")
        .context("QUARTERDECK_TEST_DATABASE_URL is not set: run it in scripts/dev-database")?;
    let admin = Url::parse(admin)?;
    drop(rustls::crypto::ring::default_provider().install_default());
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    runtime.block_on(async {
        let database = Throwaway::create(admin).await?;
        let result = run(&database.url(), &environment, wanted.as_deref()).await;
        database.drop().await?;
        result
    })
}

async fn run(
    database: &Url,
    environment: &Environment,
    wanted: Option<&str>,
) -> anyhow::Result<()> {
    let pgbench = pgbench::find(environment);
    if pgbench.is_none() {
        println!(
            "pgbench is not there (the package postgresql-NN, or QUARTERDECK_POSTGRES_DIR): no reference"
        );
    }
    let data = tempfile::tempdir()?;
    let mut credentials = database::fill(database, data.path(), Clock::system().now()).await?;
    credentials.cookie = pass(database, data.path(), credentials.cookie).await?;
    let bench = Bench {
        database,
        pgbench: pgbench.as_deref(),
        credentials: &credentials,
        data: data.path(),
    };
    if wanted == Some("access") {
        return bench.access().await;
    }
    let lists =
        lists().into_iter().filter(|list| wanted.is_none_or(|part| list.address.contains(part)));
    let requests = bench.requests(lists.collect()).await?;
    println!("{HEAD}\n{RULE}");
    let server = Server::start(database, data.path(), &[])?;
    for request in &requests {
        bench.measure(&server, request).await?;
    }
    Ok(())
}

/// The cookies of a browser that has shown its first page: its session and the pass for it.
async fn pass(database: &Url, data: &Path, cookie: String) -> anyhow::Result<String> {
    let server = Server::start(database, data, &FEW)?;
    let path = format!("/{LARGE}");
    let call = Call { address: server.address, path, headers: vec![("cookie", cookie)] };
    let cookies = Connection::open(server.address).await?.cookies(&call).await?;
    anyhow::ensure!(cookies.len() == 2, "the server gave {cookies:?}");
    Ok(cookies.join("; "))
}

const HEAD: &str = "| list | page | connections | requests/s | pgbench tps | ratio | p50 ms | p99 ms | p99 ms at half load | bytes | statements |";
const RULE: &str = "|---|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|";

const ACCESS_HEAD: &str =
    "| list | page | connections | with who asks and policies, tps | bare query, tps | cost |";

/// One page of a list, and what the server sends to PostgreSQL for it.
struct Request {
    list: String,
    page: &'static str,
    path: String,
    recording: Recording,
}

struct Bench<'a> {
    database: &'a Url,
    pgbench: Option<&'a Path>,
    credentials: &'a Credentials,
    data: &'a Path,
}

impl Bench<'_> {
    /// Finds the pages of the lists, and overhears a server that has as few connections as it may.
    async fn requests(&self, lists: Vec<List>) -> anyhow::Result<Vec<Request>> {
        let recorder = Recorder::default();
        let through = recorder.clone().listen(self.database).await?;
        let server = Server::start(&through, self.data, &FEW)?;
        let mut requests = Vec::new();
        for list in lists {
            let cursors = self.cursors(&server, list.cursors_of).await?;
            let middle = cursors.get(cursors.len() / 2).map(String::as_str);
            let pages =
                [("first", None), ("middle", middle), ("last", cursors.last().map(String::as_str))];
            for (page, cursor) in pages {
                let path = at(&list.address, cursor, None);
                let recording = self.overhear(&server, &recorder, &path).await?;
                requests.push(Request { list: list.address.clone(), page, path, recording });
            }
        }
        Ok(requests)
    }

    /// What it costs that each request finds out who asks and sees only what they may.
    async fn access(&self) -> anyhow::Result<()> {
        let pgbench = self.pgbench.context("this is measured by pgbench alone")?;
        let lists = lists().into_iter().filter(|list| list.address.ends_with("/tasks"));
        let requests = self.requests(lists.collect()).await?;
        println!("{ACCESS_HEAD}\n|---|---|---:|---:|---:|---:|");
        for request in requests.iter().filter(|request| request.page != "last") {
            let measured = (format!("`{}` | {}", request.list, request.page), &request.recording);
            print!("{}", access::measure(measured, pgbench, self.database).await?);
        }
        Ok(())
    }

    /// The cursors that a walk through a list gives, the last of them that of its last full page.
    async fn cursors(&self, server: &Server, address: &str) -> anyhow::Result<Vec<String>> {
        let mut connection = Connection::open(server.address).await?;
        let mut cursors: Vec<String> = Vec::new();
        // In large steps, and from where the last of them began once more in pages.
        for limit in [200, 50] {
            loop {
                let path = at(address, cursors.last().map(String::as_str), Some(limit));
                let body = connection.send(&self.call(server, &path)).await?;
                let page: Value = serde_json::from_slice(&body)?;
                let Some(next) = page.get("next").and_then(Value::as_str) else {
                    let items = page.get("items").and_then(Value::as_array).map_or(0, Vec::len);
                    if limit == 50 && items < 50 {
                        cursors.pop();
                    }
                    break;
                };
                cursors.push(next.to_owned());
            }
        }
        Ok(cursors)
    }

    /// Sends a request until two recordings are the same: the first ones prepare their statements, and
    /// the server's own work may come between.
    async fn overhear(
        &self,
        server: &Server,
        recorder: &Recorder,
        path: &str,
    ) -> anyhow::Result<Recording> {
        let mut connection = Connection::open(server.address).await?;
        let call = self.call(server, path);
        let mut before = Recording::default();
        for _ in 0..60 {
            recorder.take();
            connection.send(&call).await?;
            // A transaction ends after its answer was sent.
            tokio::time::sleep(Duration::from_millis(20)).await;
            let recording = recorder.take();
            if is_same(&recording, &before) {
                return Ok(recording);
            }
            before = recording;
        }
        anyhow::bail!("no two requests for {path} sent the same statements")
    }

    fn call(&self, server: &Server, path: &str) -> Call {
        let headers = if path.starts_with("/api/") {
            vec![("authorization", self.credentials.token.clone())]
        } else {
            vec![
                ("cookie", self.credentials.cookie.clone()),
                ("accept-encoding", "gzip, deflate, br, zstd".to_owned()),
            ]
        };
        Call { address: server.address, path: path.to_owned(), headers }
    }

    async fn measure(&self, server: &Server, request: &Request) -> anyhow::Result<()> {
        let script = Script::new(&request.recording.statements());
        let call = self.call(server, &request.path);
        for connections in [8, 64] {
            if connections == 8 && request.page == "middle" {
                continue;
            }
            let time = Duration::from_secs(SECONDS);
            let answers = load(&call, connections, time, Pace::Saturated).await?;
            let half = Pace::PerSecond(answers.per_second / 2.0);
            let relaxed = load(&call, connections, time, half).await?;
            let reference = self
                .pgbench
                .map(|pgbench| script.run(pgbench, self.database, connections, SECONDS))
                .transpose()?;
            println!("{}", line(request, connections, (&answers, &relaxed), reference));
        }
        Ok(())
    }
}

/// The same statements; their arguments differ by the time of asking.
fn is_same(one: &Recording, other: &Recording) -> bool {
    let sql = |recording: &Recording| -> Vec<String> {
        recording.statements().into_iter().map(|statement| statement.sql).collect()
    };
    let (sent, before) = (sql(one), sql(other));
    !sent.is_empty() && sent == before && one.round_trips == other.round_trips
}

fn at(address: &str, cursor: Option<&str>, limit: Option<u16>) -> String {
    let mut path = address.to_owned();
    let mut add = |name: &str, value: String| {
        let sign = if path.contains('?') { "&" } else { "?" };
        for part in [sign, name, "=", &value] {
            path.push_str(part);
        }
    };
    if let Some(cursor) = cursor {
        add("cursor", cursor.to_owned());
    }
    if let Some(limit) = limit {
        add("limit", limit.to_string());
    }
    path
}

fn line(
    request: &Request,
    connections: usize,
    (answers, relaxed): (&Answers, &Answers),
    reference: Option<f64>,
) -> String {
    let Request { list, page, recording, .. } = request;
    let milliseconds = |time: Duration| time.as_secs_f64() * 1000.0;
    let (tps, ratio) = reference.map_or_else(
        || ("–".to_owned(), "–".to_owned()),
        |tps| (format!("{tps:.0}"), format!("{:.2}", answers.per_second / tps)),
    );
    format!(
        "| `{list}` | {page} | {connections} | {:.0} | {tps} | {ratio} | {:.1} | {:.1} | {:.1} | {} | {} in {} |",
        answers.per_second,
        milliseconds(answers.median),
        milliseconds(answers.slow),
        milliseconds(relaxed.slow),
        answers.bytes,
        recording.statements().len(),
        recording.round_trips,
    )
}
