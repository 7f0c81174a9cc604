//! Clears what an unclean end has left behind, before the server is started again.

use std::{
    fs,
    io::ErrorKind,
    os::unix::ffi::OsStrExt,
    path::Path,
    thread,
    time::{Duration, Instant},
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use tracing::{info, warn};

use super::{
    PORT, PostgresError,
    layout::Layout,
    server::{POLL, PidFile},
};

/// How long an orphaned server is given for each way of ending.
const PATIENCE: Duration = Duration::from_secs(20);

/// Ends the server of a process that was killed, if it is still there, and removes the files that
/// Postgres would take for a running server because their process id now belongs to another
/// program.
///
/// Only for the holder of the lock, which knows that no process of ours wants that server.
pub(super) fn recover(layout: &Layout) -> Result<(), PostgresError> {
    end_orphans(&layout.data)?;
    if let Some(left) = PidFile::read(&layout.data)
        && is_alive(Pid::from_raw(left.pid))
    {
        warn!(
            "Removing a stale postmaster.pid: its process id {} belongs to another program now",
            left.pid
        );
        remove(&layout.data.join("postmaster.pid"))?;
    }
    // Where its process is gone, the pid file is left to Postgres, which looks for sessions that
    // have outlived their server. The socket has no such meaning.
    remove(&layout.socket_dir.join(format!(".s.PGSQL.{PORT}.lock")))
}

fn end_orphans(data: &Path) -> Result<(), PostgresError> {
    for signal in [Signal::SIGINT, Signal::SIGQUIT] {
        for pid in servers_of(data) {
            info!("Ending the PostgreSQL server {pid} that an earlier run left behind");
            // It may be gone by now, which the loop below sees.
            kill(pid, signal).ok();
        }
        let asked = Instant::now();
        while asked.elapsed() < PATIENCE {
            if servers_of(data).is_empty() {
                return Ok(());
            }
            thread::sleep(POLL);
        }
    }
    servers_of(data)
        .first()
        .map_or(Ok(()), |pid| Err(PostgresError::OldServer { pid: pid.as_raw() }))
}

/// The servers of this cluster, by the `-D` of their command lines: everybody may read those, also
/// root in a container, who may not see another user's working directory.
fn servers_of(data: &Path) -> Vec<Pid> {
    let Ok(entries) = fs::read_dir("/proc") else { return Vec::new() };
    let pids = entries
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok().map(Pid::from_raw));
    pids.filter(|pid| serves(*pid, data)).collect()
}

fn serves(pid: Pid, data: &Path) -> bool {
    let Ok(arguments) = fs::read(format!("/proc/{pid}/cmdline")) else { return false };
    let mut arguments = arguments.split(|byte| *byte == 0);
    let is_postgres = arguments.next().is_some_and(|program| program.ends_with(b"postgres"));
    is_postgres && arguments.any(|argument| argument == data.as_os_str().as_bytes())
}

/// Whether the process exists and is no zombie, whose end only waits to be heard of.
fn is_alive(pid: Pid) -> bool {
    fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|state| !state.contains(") Z "))
}

fn remove(file: &Path) -> Result<(), PostgresError> {
    match fs::remove_file(file) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            Err(PostgresError::io("remove", file)(error))
        }
        _ => Ok(()),
    }
}
