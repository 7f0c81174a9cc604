//! The memory of a real server: idle, and at the height of a scan.

use std::{
    fs,
    net::TcpListener,
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};

use anyhow::Context;

/// How long a server that has started is left alone before its memory counts as idle.
const SETTLE: Duration = Duration::from_secs(3);

/// A server that ends with this value.
pub(crate) struct Server(Child);

impl Server {
    pub(crate) fn start(database_url: &str, data: &Path) -> anyhow::Result<Self> {
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let child = Command::new(env!("CARGO_BIN_EXE_quarterdeck"))
            .arg("serve")
            .env("QUARTERDECK_DATABASE__URL", database_url)
            .env("QUARTERDECK_DATA_DIR", data)
            .env("QUARTERDECK_LISTEN", format!("127.0.0.1:{port}"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .context("start the server")?;
        std::thread::sleep(SETTLE);
        Ok(Self(child))
    }

    /// Megabytes that are resident now.
    pub(crate) fn now(&self) -> anyhow::Result<f64> {
        self.status("VmRSS:")
    }

    /// The most megabytes that ever were, pages of mapped files included.
    pub(crate) fn height(&self) -> anyhow::Result<f64> {
        self.status("VmHWM:")
    }

    fn status(&self, field: &str) -> anyhow::Result<f64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.0.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix(field));
        let number = line.and_then(|line| line.split_whitespace().next());
        Ok(number.with_context(|| format!("the server has no {field}"))?.parse::<f64>()? / 1024.0)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // An error here means that it is gone already.
        self.0.kill().unwrap_or_default();
        self.0.wait().ok();
    }
}
