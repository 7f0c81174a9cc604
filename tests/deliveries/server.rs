//! The program as a process that is started, killed, and started again in the same place.

use std::{
    fs,
    net::TcpListener,
    os::unix::fs::PermissionsExt,
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use serde::Deserialize;
use url::Url;

const PATIENCE: Duration = Duration::from_mins(2);

/// Where a server lives: its directory, its address, its database.
pub struct Site {
    directory: tempfile::TempDir,
    address: String,
    database: Url,
}

/// A running server; killed at once where it is dropped.
pub struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

/// A way in for deliveries.
#[derive(Clone, Debug)]
pub struct Hook {
    pub path: String,
    pub secret: String,
}

impl Site {
    /// A place for a server of that name, by which the database knows it.
    pub fn new(database: &Url, name: &str) -> Self {
        let directory = tempfile::tempdir().unwrap();
        fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o711)).unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut database = database.clone();
        database.query_pairs_mut().append_pair("application_name", name);
        Self { directory, address: format!("127.0.0.1:{port}"), database }
    }

    /// Another place, with the same keys.
    pub fn beside(&self, name: &str) -> Self {
        let mut database = self.database.clone();
        let others = self.database.query_pairs().filter(|(key, _)| key != "application_name");
        database.query_pairs_mut().clear().extend_pairs(others);
        let other = Self::new(&database, name);
        fs::copy(self.data().join("keys"), other.data().join("keys")).unwrap();
        other
    }

    pub fn base(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The server's directory for its files.
    pub fn data(&self) -> &Path {
        self.directory.path()
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_quarterdeck"));
        command
            .args(arguments)
            .current_dir(self.data())
            .env_remove("QUARTERDECK_CONFIG")
            .env_remove("QUARTERDECK_PUBLIC_URL")
            .env("DATABASE_URL", self.database.as_str())
            .env("QUARTERDECK_DATA_DIR", self.data())
            .env("QUARTERDECK_LISTEN", &self.address)
            // All that a test sends comes from one address.
            .env("QUARTERDECK_LIMITS__WEBHOOKS", "0")
            .env("QUARTERDECK_LIMITS__ADDRESS_REQUESTS", "0")
            .env("QUARTERDECK_LIMITS__CREDENTIAL_REQUESTS", "0")
            .stdin(Stdio::null());
        command
    }

    /// Makes a hook as an operator does.
    pub fn make_hook(&self) -> Hook {
        #[derive(Deserialize)]
        struct Made {
            url: Url,
            secret: String,
        }
        let arguments = ["hook", "create", "--organization", "acme", "--json"];
        let output = self.command(&arguments).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let made: Made = serde_json::from_slice(&output.stdout).unwrap();
        Hook { path: made.url.path().to_owned(), secret: made.secret }
    }

    /// Starts the server; it is not ready yet.
    pub fn start(&self) -> Server {
        let log =
            fs::File::options().create(true).append(true).open(self.data().join("log")).unwrap();
        let errors = log.try_clone().unwrap();
        Server(self.command(&["serve"]).stdout(log).stderr(errors).spawn().unwrap())
    }

    /// Starts the server and waits until it is ready.
    pub async fn serve(&self) -> Server {
        let server = self.start();
        self.wait_until_ready().await;
        server
    }

    pub async fn wait_until_ready(&self) {
        let begun = Instant::now();
        let ready = format!("{}/api/health/ready", self.base());
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        while !http.get(&ready).send().await.is_ok_and(|answer| answer.status().is_success()) {
            assert!(begun.elapsed() < PATIENCE, "the server is not ready: {}", self.last_words());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// The end of what the server has written.
    pub fn last_words(&self) -> String {
        let log = fs::read_to_string(self.data().join("log")).unwrap_or_default();
        let lines: Vec<&str> = log.lines().collect();
        lines[lines.len().saturating_sub(20)..].join("\n")
    }

    /// Fails where the server has written of a panic; answers how often it undid what its workers had begun.
    pub fn check_log(&self) -> usize {
        let log = fs::read_to_string(self.data().join("log")).unwrap_or_default();
        let panics: Vec<&str> = log.lines().filter(|line| line.contains("panicked")).collect();
        assert!(panics.is_empty(), "{panics:?}");
        log.lines().filter(|line| line.contains("could not be worked through")).count()
    }
}
