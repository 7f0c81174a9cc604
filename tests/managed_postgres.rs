//! The managed Postgres against real servers: starts, ends, accidents.
//!
//! `scripts/test` says with `QUARTERDECK_POSTGRES_DIR` where the binaries are.

#![expect(clippy::unwrap_used, reason = "a test program ends with its first surprise")]

use std::{
    env, fs,
    os::unix::{
        fs::{MetadataExt, PermissionsExt},
        process::CommandExt,
    },
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
use sqlx::{ConnectOptions, Connection};

/// In the process that [`other_process`] starts: the data directory to run a server in.
const ROLE_OF_OTHER: &str = "QUARTERDECK_TEST_MANAGED_DATA_DIR";

#[expect(
    clippy::disallowed_methods,
    reason = "tests are told by their environment where Postgres is"
)]
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

/// The `bin` of the server that has run here; the first word of `postmaster.opts`.
fn installation(data_dir: &Path) -> PathBuf {
    let text = fs::read_to_string(data_dir.join("postgres/data/postmaster.opts")).unwrap();
    Path::new(text.split_whitespace().next().unwrap()).parent().unwrap().to_owned()
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
    let child = Command::new(env::current_exe().unwrap())
        .args(["--exact", "the_other_process", "--ignored", "--nocapture"])
        .env(ROLE_OF_OTHER, data_dir)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let running = data_dir.join("running");
    wait_until("the other process runs its server", || running.exists());
    fs::remove_file(running).unwrap();
    child
}

fn kill_nine(mut process: Child) {
    process.kill().unwrap();
    process.wait().unwrap();
}

/// Not a test: what [`other_process`] runs.
#[test]
#[ignore = "other tests run it as a process of its own"]
fn the_other_process() {
    let Some(data_dir) = variable(ROLE_OF_OTHER) else { return };
    let postgres = start(&data_dir);
    assert!(postgres.is_owned());
    fs::write(data_dir.join("running"), "").unwrap();
    std::io::read_to_string(std::io::stdin()).unwrap();
    postgres.stop();
}

#[tokio::test]
async fn the_application_is_no_superuser_and_has_what_it_needs() {
    let dir = data_dir();
    let postgres = start(dir.path());

    let login = "SELECT format('%s %s %s %s %s', current_user, rolsuper, rolbypassrls, rolcreaterole, rolcreatedb)
        FROM pg_roles WHERE rolname = current_user";
    let owner =
        "SELECT pg_get_userbyid(datdba)::text FROM pg_database WHERE datname = current_database()";

    assert!(postgres.is_new() && postgres.is_owned());
    assert_eq!(ask(&postgres, login).await.unwrap(), "quarterdeck f f t f");
    assert_eq!(ask(&postgres, owner).await.unwrap(), "quarterdeck");
    assert_eq!(
        ask(&postgres, "SELECT ('[1,2,3]'::vector <-> '[1,2,5]')::text").await.unwrap(),
        "2"
    );
    assert_eq!(ask(&postgres, "SELECT current_setting('fsync')").await.unwrap(), "on");
    assert_eq!(ask(&postgres, "SELECT current_setting('data_checksums')").await.unwrap(), "on");
    assert_eq!(ask(&postgres, "SELECT current_setting('listen_addresses')").await.unwrap(), "");
}

#[tokio::test]
async fn a_second_start_finds_the_data_again_and_a_stop_leaves_no_server() {
    let dir = data_dir();
    let first = start(dir.path());
    run(&first, "CREATE TABLE kept AS SELECT 'here' AS word").await.unwrap();
    let pid = server_pid(dir.path());

    first.stop();
    assert!(!is_alive(pid));
    let second = start(dir.path());

    assert!(!second.is_new());
    assert_eq!(ask(&second, "SELECT word FROM kept").await.unwrap(), "here");
}

#[tokio::test]
async fn two_starts_at_once_share_one_server() {
    let dir = data_dir();

    let path = dir.path().to_owned();
    let other = thread::spawn(move || start(&path));
    let here = start(dir.path());
    let there = other.join().unwrap();

    assert!(here.is_owned() != there.is_owned());
    assert_eq!(
        ask(&here, "SELECT 'a'").await.unwrap() + &ask(&there, "SELECT 'b'").await.unwrap(),
        "ab"
    );
}

#[tokio::test]
async fn who_came_second_takes_the_server_over() {
    let dir = data_dir();
    let other = other_process(dir.path());
    let here = start(dir.path());
    assert!(!here.is_owned());

    kill_nine(other);
    wait_until("we run the server", || here.is_owned());

    assert_eq!(ask(&here, "SELECT 'still here'").await.unwrap(), "still here");
}

#[test]
fn the_server_ends_with_a_process_that_is_killed() {
    let dir = data_dir();
    let other = other_process(dir.path());
    let pid = server_pid(dir.path());

    kill_nine(other);

    wait_until("the server is gone", || !is_alive(pid));
}

#[tokio::test]
async fn a_killed_process_loses_nothing_that_was_committed() {
    let dir = data_dir();
    let other = other_process(dir.path());
    let here = start(dir.path());
    run(&here, "CREATE TABLE kept AS SELECT 'here' AS word").await.unwrap();
    drop(here);

    // The server goes the same way, before it can close the cluster.
    kill(server_pid(dir.path()), Signal::SIGKILL).unwrap();
    kill_nine(other);
    let again = start(dir.path());

    assert_eq!(ask(&again, "SELECT word FROM kept").await.unwrap(), "here");
}

#[tokio::test]
async fn a_server_that_dies_is_started_again() {
    let dir = data_dir();
    let postgres = start(dir.path());
    let pid = server_pid(dir.path());

    kill(pid, Signal::SIGKILL).unwrap();
    let lock = dir.path().join("postgres/lock");
    wait_until("another server is ready", || {
        fs::read_to_string(&lock)
            .is_ok_and(|now| now.parse::<i32>().is_ok_and(|now| now != pid.as_raw()))
    });

    assert_eq!(ask(&postgres, "SELECT 'again'").await.unwrap(), "again");
}

#[tokio::test]
async fn a_pid_file_whose_number_belongs_to_another_program_is_no_obstacle() {
    let dir = data_dir();
    start(dir.path()).stop();
    let file = dir.path().join("postgres/data/postmaster.pid");
    let data = dir.path().join("postgres/data");
    // A program of the server's own user: Postgres itself would take it for a server.
    let mut stranger = Command::new("sleep");
    let owner = fs::metadata(&data).unwrap();
    if nix::unistd::geteuid().is_root() {
        stranger.uid(owner.uid()).gid(owner.gid());
    }
    let mut stranger = stranger.arg("60").spawn().unwrap();
    fs::write(&file, format!("{}\n{}\n1\n5432\n\n\n0 0\nready\n", stranger.id(), data.display()))
        .unwrap();

    let postgres = start(dir.path());

    assert_eq!(ask(&postgres, "SELECT 'up'").await.unwrap(), "up");
    assert!(stranger.try_wait().unwrap().is_none(), "the stranger was ended");
    kill_nine(stranger);
}

#[tokio::test]
async fn an_orphaned_server_is_ended_first() {
    let dir = data_dir();
    start(dir.path()).stop();
    let data = dir.path().join("postgres/data");
    let owner = fs::metadata(&data).unwrap();
    let mut orphan = Command::new(installation(dir.path()).join("postgres"));
    orphan
        .arg("-D")
        .arg(&data)
        .args(["-c", "listen_addresses=", "-p", "5433", "-k"])
        .arg(dir.path().join("postgres/run"));
    orphan.current_dir("/").stdin(Stdio::null()).stderr(Stdio::null());
    if nix::unistd::geteuid().is_root() {
        orphan.uid(owner.uid()).gid(owner.gid());
    }
    let mut orphan = orphan.spawn().unwrap();
    wait_until("the orphan is ready", || {
        fs::read_to_string(data.join("postmaster.pid")).is_ok_and(|text| text.contains("ready"))
    });
    // Nobody waits for a real orphan's end but init.
    let reaper = thread::spawn(move || orphan.wait());

    let postgres = start(dir.path());

    assert_eq!(ask(&postgres, "SELECT 'ours'").await.unwrap(), "ours");
    assert!(reaper.join().unwrap().unwrap().success());
}

#[tokio::test]
async fn a_cluster_whose_making_was_killed_is_made_anew() {
    let dir = data_dir();
    let mut other = Command::new(env::current_exe().unwrap())
        .args(["--exact", "the_other_process", "--ignored"])
        .env(ROLE_OF_OTHER, dir.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let unfinished = dir.path().join(format!("postgres/unfinished-{}", other.id()));
    wait_until("initdb has begun", || unfinished.join("PG_VERSION").exists());
    other.kill().unwrap();
    other.wait().unwrap();
    assert!(!dir.path().join("postgres/data").exists(), "the cluster was complete before the kill");

    let postgres = start(dir.path());

    assert!(postgres.is_new());
    assert_eq!(ask(&postgres, "SELECT 'made'").await.unwrap(), "made");
    assert!(!unfinished.exists());
}

#[tokio::test]
async fn a_path_too_long_for_a_socket_and_one_with_odd_characters_work() {
    let dir = data_dir();

    for name in ["l".repeat(120), "two words, a \"quote\" and ümlaut".to_owned()] {
        let data_dir = dir.path().join(name);
        let first = start(&data_dir);
        let second = start(&data_dir);

        assert!(first.is_owned() && !second.is_owned());
        assert_eq!(ask(&second, "SELECT 'works'").await.unwrap(), "works");
    }
}

#[test]
fn a_cluster_of_another_version_is_refused_in_words() {
    let dir = data_dir();
    start(dir.path()).stop();
    fs::write(dir.path().join("postgres/data/PG_VERSION"), "12\n").unwrap();

    let error = ManagedPostgres::start(&options(dir.path())).unwrap_err();

    assert!(
        matches!(&error, PostgresError::OtherMajor { made_by, .. } if made_by == "12"),
        "{error}"
    );
}

#[test]
fn a_server_that_does_not_start_is_quoted() {
    let dir = data_dir();
    start(dir.path()).stop();
    fs::write(dir.path().join("postgres/data/postgresql.conf"), "shared_buffers = plenty\n")
        .unwrap();

    let error = ManagedPostgres::start(&options(dir.path())).unwrap_err();

    assert!(
        error.to_string().contains("invalid value for parameter \"shared_buffers\": \"plenty\""),
        "{error}"
    );
}

#[test]
fn root_may_not_put_the_data_where_the_servers_user_cannot_go() {
    if !nix::unistd::geteuid().is_root() {
        return;
    }
    let closed = tempfile::tempdir().unwrap();
    fs::set_permissions(closed.path(), fs::Permissions::from_mode(0o700)).unwrap();
    let dir = closed.path().join("data");

    let error = ManagedPostgres::start(&options(&dir)).unwrap_err();

    assert!(
        error.to_string().contains(&format!("chmod o+x {}", closed.path().display())),
        "{error}"
    );
}

#[test]
fn a_long_log_is_put_aside() {
    let dir = data_dir();
    start(dir.path()).stop();
    let log = dir.path().join("postgres/postgres.log");
    fs::File::options().write(true).open(&log).unwrap().set_len(11 << 20).unwrap();

    start(dir.path()).stop();

    assert_eq!(fs::metadata(dir.path().join("postgres/postgres.log.1")).unwrap().len(), 11 << 20);
    assert!(fs::metadata(&log).unwrap().len() < 1 << 20);
}
