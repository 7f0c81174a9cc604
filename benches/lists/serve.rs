//! The built server as a child process on a loopback port.

use std::{
    io::{BufRead, BufReader},
    net::{SocketAddr, TcpListener, TcpStream},
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context, ensure};
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use url::Url;

/// A server that ends with this value.
pub(crate) struct Server {
    child: Child,
    pub(crate) address: SocketAddr,
}

impl Server {
    /// Starts `quarterdeck serve`, as it is configured by default but for what is said of the environment, and
    /// waits until it takes connections.
    pub(crate) fn start(
        database: &Url,
        data: &Path,
        settings: &[(&str, &str)],
    ) -> anyhow::Result<Self> {
        let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let mut command = Command::new(env!("CARGO_BIN_EXE_quarterdeck"));
        command
            .arg("serve")
            .env("DATABASE_URL", database.as_str())
            .env("QUARTERDECK_DATA_DIR", data)
            .env("QUARTERDECK_LISTEN", address.to_string())
            .envs(settings.iter().copied())
            .stdout(Stdio::null())
            .stderr(Stdio::piped());
        let mut server = Self { child: command.spawn().context("start the server")?, address };
        server.wait_until_ready()?;
        Ok(server)
    }

    fn wait_until_ready(&mut self) -> anyhow::Result<()> {
        let errors = self.child.stderr.take().context("the server has no standard error")?;
        // Somebody has to read what it writes, or it would stop writing.
        std::thread::spawn(move || {
            for line in BufReader::new(errors).lines().map_while(Result::ok) {
                if line.contains("ERROR") || line.contains("WARN") {
                    eprintln!("server: {line}");
                }
            }
        });
        let started = Instant::now();
        while TcpStream::connect(self.address).is_err() {
            ensure!(self.child.try_wait()?.is_none(), "the server ended while it started");
            ensure!(
                started.elapsed() < Duration::from_secs(30),
                "the server did not start in 30 s"
            );
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let Ok(pid) = i32::try_from(self.child.id()) else { return };
        if kill(Pid::from_raw(pid), Signal::SIGTERM).is_ok() {
            drop(self.child.wait());
        }
    }
}
