//! The server as a child process: start, wait until it is ready, stop.

use std::{
    ffi::OsString,
    fs::{self, File},
    io::{self, Read, Seek, SeekFrom},
    os::unix::{
        ffi::{OsStrExt, OsStringExt},
        net::UnixStream,
        process::CommandExt,
    },
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use nix::{
    sys::{prctl, signal::Signal, signal::kill},
    unistd::{Pid, getpid, getppid},
};

use super::{PostgresError, find::Installation, layout::Layout};

/// How often a file or a process is looked at while we wait for it.
pub(super) const POLL: Duration = Duration::from_millis(5);

/// How long a server may take to accept connections; replaying the log after a crash takes time.
const START: Duration = Duration::from_mins(5);

/// How long a server may take to end its sessions before it is told to drop them.
const STOP: Duration = Duration::from_secs(30);

/// Connections beside those of one process' pool: commands, backups, and Postgres' own reserve.
const SPARE_CONNECTIONS: u32 = 80;

/// A server that this process runs.
#[derive(Debug)]
pub(super) struct Server {
    child: Child,
}

impl Server {
    /// Starts the server and waits until it takes connections.
    ///
    /// The server ends with the calling *thread* (see [`end_with_us`]), which therefore has to live
    /// as long as the server is wanted.
    pub(super) fn start(
        layout: &Layout,
        installation: &Installation,
        connections: u32,
    ) -> Result<Self, PostgresError> {
        let mut log = layout.open_log()?;
        let from = log.seek(SeekFrom::End(0)).map_err(PostgresError::io("read", &layout.log))?;
        let mut command = layout.account.command(&installation.bin.join("postgres"));
        command.arg("-D").arg(&layout.data);
        for setting in settings(layout, connections) {
            command.arg("-c").arg(setting);
        }
        command.stdout(Stdio::null()).stderr(log);
        end_with_us(&mut command);
        let child = command
            .spawn()
            .map_err(|source| PostgresError::Io { what: "run postgres".to_owned(), source })?;
        let mut server = Self { child };
        server.wait_until_ready(layout, from)?;
        Ok(server)
    }

    fn wait_until_ready(&mut self, layout: &Layout, from: u64) -> Result<(), PostgresError> {
        let started = Instant::now();
        loop {
            if PidFile::read(&layout.data)
                .is_some_and(|file| file.is_ready && file.pid == self.pid().as_raw())
            {
                return Ok(());
            }
            if self.has_ended() {
                let message = last_words(&layout.log, from);
                return Err(PostgresError::Ended { message, log: layout.log.clone() });
            }
            if started.elapsed() > START {
                self.stop();
                return Err(PostgresError::TooSlow {
                    seconds: START.as_secs(),
                    log: layout.log.clone(),
                });
            }
            thread::sleep(POLL);
        }
    }

    pub(super) fn pid(&self) -> Pid {
        Pid::from_raw(self.child.id().try_into().unwrap_or(i32::MAX))
    }

    /// Whether the server has ended without being told to.
    pub(super) fn has_ended(&mut self) -> bool {
        !matches!(self.child.try_wait(), Ok(None))
    }

    /// Ends all sessions and the server; waits for it.
    pub(super) fn stop(&mut self) {
        for (signal, patience) in [(Signal::SIGINT, STOP), (Signal::SIGQUIT, STOP)] {
            let asked = Instant::now();
            if self.has_ended() || kill(self.pid(), signal).is_err() {
                return;
            }
            while asked.elapsed() < patience {
                if self.has_ended() {
                    return;
                }
                thread::sleep(POLL);
            }
        }
    }
}

/// What we decide; everything else is the operator's, in `postgresql.conf`.
fn settings(layout: &Layout, connections: u32) -> Vec<OsString> {
    vec![
        "listen_addresses=".into(),
        socket_directories(&layout.socket_dir),
        "unix_socket_permissions=0700".into(),
        format!("max_connections={}", connections.saturating_add(SPARE_CONNECTIONS)).into(),
        "cluster_name=quarterdeck".into(),
        // Its log is ours to rotate, and short statements gain nothing from being compiled.
        "logging_collector=off".into(),
        "log_destination=stderr".into(),
        "jit=off".into(),
    ]
}

/// The setting is a list, in which a path with odd characters is quoted and its quotes are doubled.
fn socket_directories(dir: &Path) -> OsString {
    let quote = |byte: &u8| if *byte == b'"' { vec![b'"', b'"'] } else { vec![*byte] };
    let mut setting = b"unix_socket_directories=\"".to_vec();
    setting.extend(dir.as_os_str().as_bytes().iter().flat_map(quote));
    setting.push(b'"');
    OsString::from_vec(setting)
}

/// Makes a child end when the calling thread does, even by SIGKILL, and keeps it out of our process
/// group, so that Ctrl-C reaches it only through us.
pub(super) fn end_with_us(command: &mut Command) {
    let us = getpid();
    let set_up = move || {
        // SIGINT is Postgres' fast shutdown: sessions end, and the cluster is closed properly.
        prctl::set_pdeathsig(Signal::SIGINT)?;
        // We may have died before the line above.
        if getppid() == us { Ok(()) } else { Err(io::Error::from(io::ErrorKind::BrokenPipe)) }
    };
    command.process_group(0);
    #[expect(
        unsafe_code,
        reason = "between fork and exec it makes two system calls and takes neither memory nor locks"
    )]
    // SAFETY: prctl and getppid are async-signal-safe; `io::ErrorKind` errors do not allocate.
    unsafe {
        command.pre_exec(set_up);
    }
}

/// `postmaster.pid`, in which the server says who and how it is.
#[derive(Debug)]
pub(super) struct PidFile {
    pub(super) pid: i32,
    pub(super) is_ready: bool,
}

impl PidFile {
    pub(super) fn read(data: &Path) -> Option<Self> {
        let text = fs::read_to_string(data.join("postmaster.pid")).ok()?;
        let pid = text.lines().next()?.trim().parse().ok()?;
        Some(Self {
            pid,
            is_ready: text.lines().nth(7).is_some_and(|status| status.trim() == "ready"),
        })
    }
}

/// Whether something takes connections on the socket.
pub(super) fn answers(layout: &Layout) -> bool {
    UnixStream::connect(layout.socket()).is_ok()
}

/// The last lines that the log has since a position, without their times.
fn last_words(log: &Path, from: u64) -> String {
    let mut text = Vec::new();
    let read = File::open(log).and_then(|mut file| {
        file.seek(SeekFrom::Start(from))?;
        file.take(64 << 10).read_to_end(&mut text)
    });
    if read.is_err() || text.is_empty() {
        return "it ended without a word".to_owned();
    }
    let text = String::from_utf8_lossy(&text);
    let mut lines: Vec<_> = text.lines().rev().take(4).map(without_time).collect();
    lines.reverse();
    lines.join("; ")
}

/// A line of the log without `2026-01-31 12:00:00.000 UTC [4711] `.
fn without_time(line: &str) -> &str {
    line.split_once("] ").map_or(line, |(_, said)| said)
}
