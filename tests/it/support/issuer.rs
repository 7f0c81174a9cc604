//! A real issuer of OpenID Connect: a program of Node, `tests/oidc-issuer`.

use std::{
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
};

use reqwest::redirect::Policy;
use serde_json::Value;
use url::Url;

/// A running issuer; it ends with its input, which is this process'.
pub struct Issuer {
    process: Child,
    pub url: String,
}

impl Drop for Issuer {
    fn drop(&mut self) {
        drop(self.process.stdin.take());
        drop(self.process.wait());
    }
}

impl Issuer {
    /// Starts one. Without Node and its packages it fails, and says what to do.
    pub fn start() -> Self {
        let home = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/oidc-issuer");
        assert!(
            home.join("node_modules").is_dir(),
            "the issuer of the tests is not there: run scripts/test, or `npm ci` in tests/oidc-issuer"
        );
        let started = Command::new("node")
            .arg("issuer.mjs")
            .current_dir(home)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn();
        let mut process = started.expect("node, 20 or newer: scripts/test gets one");
        let mut url = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut url).unwrap();
        let url = url.trim().to_owned();
        assert!(url.starts_with("http://127.0.0.1:"), "the issuer has not started: {url}");
        Self { process, url }
    }

    /// What a person's browser does: opens the address as somebody, of whom the issuer says `claims`, and is
    /// sent back. The answer is the path that it is sent back to.
    pub async fn authorize(&self, to: &str, claims: &Value) -> String {
        let mut url = Url::parse(to).unwrap();
        url.query_pairs_mut().append_pair("as", &claims.to_string());
        let http = reqwest::Client::builder().redirect(Policy::none()).no_proxy().build().unwrap();
        let answer = http.get(url).send().await.unwrap();
        assert_eq!(answer.status(), 302);
        let back = Url::parse(answer.headers()["location"].to_str().unwrap()).unwrap();
        format!("{}?{}", back.path(), back.query().unwrap_or_default())
    }

    /// Gives it another key.
    pub async fn rotate(&self) {
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        http.post(format!("{}/rotate", self.url)).send().await.unwrap();
    }
}
