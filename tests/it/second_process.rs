//! A second server of the same site, as a process of its own: what one does counts for the other at once.

use std::{
    fs,
    net::TcpListener,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use quarterdeck::tenancy::Role;
use reqwest::Method;
use sqlx::{ConnectOptions, Connection, Executor};

use crate::{members::account, support::World};

const PATIENCE: Duration = Duration::from_mins(1);

/// The program itself, on the database and with the keys of the server in the test.
struct Process {
    child: Child,
    base: String,
    data: tempfile::TempDir,
}

impl Drop for Process {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

impl Process {
    async fn start(world: &World) -> Self {
        let data = tempfile::tempdir().unwrap();
        fs::copy(world.data_file("keys"), data.path().join("keys")).unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let address = format!("127.0.0.1:{port}");
        let child = Command::new(env!("CARGO_BIN_EXE_quarterdeck"))
            .arg("serve")
            .current_dir(data.path())
            .env_remove("QUARTERDECK_CONFIG")
            .env_remove("QUARTERDECK_PUBLIC_URL")
            .env("DATABASE_URL", world.database_options().to_url_lossy().as_str())
            .env("QUARTERDECK_DATA_DIR", data.path())
            .env("QUARTERDECK_LISTEN", &address)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(fs::File::create(data.path().join("log")).unwrap())
            .spawn()
            .unwrap();
        let process = Self { child, base: format!("http://{address}"), data };
        process.wait().await;
        process
    }

    async fn wait(&self) {
        let begun = Instant::now();
        let ready = format!("{}/api/health/ready", self.base);
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        while !http.get(&ready).send().await.is_ok_and(|answer| answer.status().is_success()) {
            let log = fs::read_to_string(self.data.path().join("log")).unwrap();
            assert!(begun.elapsed() < PATIENCE, "the second process is not ready: {log}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

/// The test's clock stands in the past; the process has the real one.
async fn keep_sessions(world: &World) {
    let mut connection = world.connect().await;
    connection.execute("SELECT set_config('app.system', 'on', false)").await.unwrap();
    let sql = "UPDATE sessions SET created_at = now(), last_seen_at = now(), expires_at = now() + interval '7 days'";
    assert!(connection.execute(sql).await.unwrap().rows_affected() > 0);
    connection.close().await.unwrap();
}

#[actix_web::test]
async fn whoever_is_removed_is_out_of_the_second_process_within_a_second() {
    let world = World::new().await;
    let (owner, member) = (world.owner().await, world.member(Role::Member).await);
    let id = account(&world, world.acme, "member").await;
    let program = world.program(world.acme, Role::Member).await;
    let mut tx = world.begin(world.acme).await;
    let own = format!("UPDATE api_tokens SET account_id = '{id}'");
    tx.connection().execute(sqlx::AssertSqlSafe(own)).await.unwrap();
    tx.commit().await.unwrap();
    keep_sessions(&world).await;
    let second = Process::start(&world).await;
    let (there, program) = (member.at(&second.base), program.at(&second.base));
    there.get("/acme").await.expect(200);
    program.get("/api/v2/tasks").await.expect(200);
    let mut stream = there.events("/acme/events").await;
    assert_eq!(stream.next_event().await, "ready");

    let removal = format!("/acme/members/{id}/removal");
    owner.post(&removal, &[("login", "member")]).await.expect(303);

    let begun = Instant::now();
    tokio::time::timeout(Duration::from_secs(1), stream.ended()).await.expect("the stream ends");
    assert!(!there.get("/acme").await.status.is_success(), "a page is still shown");
    assert_eq!(program.status(Method::GET, "/api/v2/tasks").await, 401);
    assert!(begun.elapsed() < Duration::from_secs(1), "{:?}", begun.elapsed());
}
