//! The managed Postgres against real servers: starts, ends, accidents.
//!
//! `scripts/test` says with `QUARTERDECK_POSTGRES_DIR` where the binaries are.

use std::{
    env, fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use quarterdeck::platform::postgres::{ManagedOptions, ManagedPostgres, PostgresError};
use sqlx::{ConnectOptions, Connection, PgConnection};

/// In the process that [`other_process`] starts: the data directory to run a server in.
const ROLE_OF_OTHER: &str = "QUARTERDECK_TEST_MANAGED_DATA_DIR";

#[expect(clippy::disallowed_methods, reason = "tests are told by their environment where Postgres is")]
fn variable(name: &str) -> Option<PathBuf> {
    env::var_os(name).map(PathBuf::from)
}

fn options(data_dir: &Path) -> ManagedOptions {
    ManagedOptions {
        data_dir: data_dir.to_owned(),
        postgres_dir: variable("QUARTERDECK_POSTGRES_DIR"),
        cache_dirs: Vec::new(),
        path: Vec::new(),
        server_user: "quarterdeck".to_owned(),
        max_connections: 4,
    }
}

/// A data directory that the server's user may reach.
fn data_dir() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o711)).unwrap();
    dir
}

fn start(data_dir: &Path) -> ManagedPostgres {
    ManagedPostgres::start(&options(data_dir)).unwrap()
}

fn server_pid(data_dir: &Path) -> Pid {
    let text = fs::read_to_string(data_dir.join("postgres/data/postmaster.pid")).unwrap();
    Pid::from_raw(text.lines().next().unwrap().parse().unwrap())
}

fn is_alive(pid: Pid) -> bool {
    let state = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    !state.is_empty() && !state.contains(") Z ")
}

fn wait_until(what: &str, is_true: impl Fn() -> bool) {
    let started = Instant::now();
    while !is_true() {
        assert!(started.elapsed() < Duration::from_secs(30), "waited 30 s until {what}");
        thread::sleep(Duration::from_millis(5));
    }
}

async fn ask(postgres: &ManagedPostgres, query: &'static str) -> sqlx::Result<String> {
    let mut connection = postgres.connect_options().connect().await?;
    let answer = sqlx::query_scalar(query).fetch_one(&mut connection).await;
    connection.close().await?;
    answer
}

async fn run(postgres: &ManagedPostgres, statement: &'static str) -> sqlx::Result<()> {
    let mut connection = postgres.connect_options().connect().await?;
    sqlx::query(statement).execute(&mut connection).await?;
    connection.close().await
}

/// A copy of this test program that runs the server until it is killed, or its standard input ends.
fn other_process(data_dir: &Path) -> Child {
    let mut child = Command::new(env::current_exe().unwrap())
        .args(["--exact", "the_other_process", "--ignored", "--nocapture"])
        .env(ROLE_OF_OTHER, data_dir)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    wait_until("the other process runs its server", || {
        assert!(child.try_wait_ref(), "the other process has ended");
        data_dir.join("running").exists()
    });
    fs::remove_file(data_dir.join("running")).unwrap();
    child
}

/// Not a test: what [`other_process`] runs.
#[test]
#[ignore = "is run by other tests, as a process of its own"]
fn the_other_process() {
    let Some(data_dir) = variable(ROLE_OF_OTHER) else { return };
    let postgres = start(&data_dir);
    assert!(postgres.is_owned());
    fs::write(data_dir.join("running"), "").unwrap();
    std::io::read_to_string(std::io::stdin()).unwrap();
    postgres.stop();
}
