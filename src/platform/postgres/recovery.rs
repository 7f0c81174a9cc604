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

/// A process id that no process can have.
const NOBODY: i32 = i32::MAX;

/// Ends the server of a process that was killed, if it is still there, and keeps Postgres from
/// taking another program for it that has its process id now.
///
/// Only for the holder of the lock, which knows that no process of ours wants that server.
pub(super) fn recover(layout: &Layout) -> Result<(), PostgresError> {
    end_orphans(&layout.data)?;
    if let Some(left) = PidFile::read(&layout.data)
        && exists(left.pid)
    {
        warn!("The process id in postmaster.pid, {}, is no server's of ours any more", left.pid);
        disown(&layout.data.join("postmaster.pid"))?;
    }
    remove(&layout.socket_dir.join(format!(".s.PGSQL.{PORT}.lock")))
}

/// Replaces the process id in a pid file. The rest stays, since Postgres finds by it the sessions
/// that have outlived their server and would write beside the new one's.
fn disown(file: &Path) -> Result<(), PostgresError> {
    let text = fs::read_to_string(file).map_err(PostgresError::io("read", file))?;
    let rest = text.split_once('\n').map_or("", |(_, rest)| rest);
    fs::write(file, format!("{NOBODY}\n{rest}")).map_err(PostgresError::io("write", file))
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

/// Whether there is such a process; a zombie counts, as it does for Postgres.
fn exists(pid: i32) -> bool {
    Path::new("/proc").join(pid.to_string()).exists()
}

fn remove(file: &Path) -> Result<(), PostgresError> {
    match fs::remove_file(file) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            Err(PostgresError::io("remove", file)(error))
        }
        _ => Ok(()),
    }
}
