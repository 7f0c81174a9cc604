//! The product as people run it: a server that is killed in the middle of a scan loses nothing.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on fails")]

use std::{
    fmt::Write as _,
    fs,
    io::Write as _,
    net::TcpListener,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    time::{Duration, Instant},
};

use serde_json::Value;

const PATIENCE: Duration = Duration::from_mins(2);

/// An installation in a directory of its own.
struct Installation {
    directory: tempfile::TempDir,
    address: String,
}

/// A running server; killed where a test ends early.
struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

impl Installation {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        // The server of Postgres is another user where the tests run as root.
        fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o711)).unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        Self { directory, address: format!("127.0.0.1:{port}") }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_quarterdeck"));
        command
            .args(arguments)
            .current_dir(self.directory.path())
            .env_remove("DATABASE_URL")
            .env_remove("QUARTERDECK_PUBLIC_URL")
            .env_remove("QUARTERDECK_CONFIG")
            .env("QUARTERDECK_DATA_DIR", self.path("data"))
            .env("QUARTERDECK_LISTEN", &self.address)
            .stdin(Stdio::null());
        command
    }

    fn run(&self, arguments: &[&str]) -> String {
        text(&self.command(arguments).output().unwrap(), arguments)
    }

    fn serve(&self) -> Server {
        let log = fs::File::options().create(true).append(true).open(self.path("log")).unwrap();
        let errors = log.try_clone().unwrap();
        let server = Server(self.command(&["serve"]).stdout(log).stderr(errors).spawn().unwrap());
        let begun = Instant::now();
        while !self.command(&["health"]).output().unwrap().status.success() {
            let log = || fs::read_to_string(self.path("log")).unwrap();
            assert!(begun.elapsed() < PATIENCE, "the server is not ready: {}", log());
            std::thread::sleep(Duration::from_millis(50));
        }
        server
    }
}

fn text(output: &Output, what: &[&str]) -> String {
    assert!(output.status.success(), "{what:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

fn git(directory: &Path, arguments: &[&str], input: &str) {
    let mut git = Command::new("git")
        .args(arguments)
        .current_dir(directory)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    git.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    assert!(git.wait().unwrap().success(), "git {arguments:?}");
}

/// Commits that each add a file, written by `git fast-import`.
fn commits(from: usize, to: usize) -> String {
    let mut stream = String::new();
    for number in from..to {
        let code = "fn f() {}\n".repeat(200) + &format!("// TODO: note {number}\n");
        write!(
            stream,
            "commit refs/heads/main\ncommitter Ada <ada@example.com> {} +0000\ndata 1\nc\n{}M 644 inline src/f{number}.rs\ndata {}\n{code}\n",
            1_770_000_000 + number,
            if number == from && from > 0 { "from refs/heads/main^0\n" } else { "" },
            code.len(),
        )
        .unwrap();
    }
    stream
}

/// Asks the API; none where the server does not answer.
async fn ask(client: &reqwest::Client, method: reqwest::Method, url: &str, token: &str) -> Value {
    let request = client.request(method, url).header("authorization", format!("Bearer {token}"));
    let response = request.send().await.unwrap();
    assert!(response.status().is_success(), "{url}: {}", response.status());
    serde_json::from_str(&response.text().await.unwrap()).unwrap()
}

/// How many notes are open, over all pages.
async fn count_tasks(client: &reqwest::Client, base: &str, token: &str) -> usize {
    let (mut count, mut cursor) = (0, String::new());
    loop {
        let url = format!("{base}/api/v2/tasks?state=open&limit=200{cursor}");
        let page = ask(client, reqwest::Method::GET, &url, token).await;
        count += page["items"].as_array().unwrap().len();
        match page["next"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return count,
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_server_leaves_the_last_scan_whole_and_goes_on_by_itself() {
    drop(rustls::crypto::ring::default_provider().install_default());
    let (few, many) = (5, 800);
    let installation = Installation::new();
    let repository = installation.path("repository.git");
    fs::create_dir(&repository).unwrap();
    git(&repository, &["init", "--quiet", "--bare", "--initial-branch=main"], "");
    git(&repository, &["fast-import", "--quiet"], &commits(0, few));
    installation.run(&["organization", "create", "team"]);
    installation.run(&["scan", "--organization", "team", repository.to_str().unwrap()]);
    let token = installation.run(&[
        "token",
        "create",
        "--organization",
        "team",
        "--role",
        "member",
        "--name",
        "test",
    ]);
    git(&repository, &["fast-import", "--quiet"], &commits(few, many));
    let base = format!("http://{}", installation.address);
    let client = reqwest::Client::builder().no_proxy().build().unwrap();

    let server = installation.serve();
    let asked = format!("{base}/api/v2/repositories/repository/scans");
    let scan = ask(&client, reqwest::Method::POST, &asked, &token).await;
    let url = format!("{base}/api/v2/scans/{}", scan["id"].as_str().unwrap());
    let begun = Instant::now();
    loop {
        let scan = ask(&client, reqwest::Method::GET, &url, &token).await;
        assert_ne!(scan["state"], "succeeded", "the scan was too quick to be interrupted");
        if scan["state"] == "running" && scan["phase"] != "fetching" {
            break;
        }
        assert!(begun.elapsed() < PATIENCE, "{scan}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    drop(server);

    let _server = installation.serve();
    let begun = Instant::now();
    loop {
        let count = count_tasks(&client, &base, &token).await;
        let scan = ask(&client, reqwest::Method::GET, &url, &token).await;
        if scan["state"] == "succeeded" {
            break;
        }
        assert!(count == few || count == many, "a part of a scan shows: {count} notes");
        assert!(begun.elapsed() < PATIENCE, "the scan does not go on: {scan}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(count_tasks(&client, &base, &token).await, many);
}
