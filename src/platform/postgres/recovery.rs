//! Clears what an unclean end has left behind, before the server is started again.

use std::{
    fs,
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
    PostgresError,
    layout::Layout,
    server::{POLL, PidFile},
};

/// How long an orphaned server is given for each way of ending.
const PATIENCE: Duration = Duration::from_secs(20);

/// Ends the server of a process that was killed, if it is still there, and removes its pid file
/// where the number now belongs to another process.
///
/// Only for the holder of the lock, which knows that no process of ours wants that server. A pid
/// file whose process is gone is left to Postgres, which also looks for remaining sessions.
pub(super) fn recover(layout: &Layout) -> Result<(), PostgresError> {
    let Some(left) = PidFile::read(&layout.data) else { return Ok(()) };
    let pid = Pid::from_raw(left.pid);
    if is_our_server(pid, &layout.data) {
        info!("Ending the PostgreSQL server {pid} that an earlier run left behind");
        end(pid, &layout.data)?;
    } else if exists(pid) {
        warn!(
            "Removing a stale postmaster.pid: its process id {pid} belongs to another program now"
        );
        let file = layout.data.join("postmaster.pid");
        fs::remove_file(&file).map_err(PostgresError::io("remove", &file))?;
    }
    Ok(())
}

fn end(pid: Pid, data: &Path) -> Result<(), PostgresError> {
    for signal in [Signal::SIGINT, Signal::SIGQUIT] {
        // It may be gone by now, which the loop below sees.
        kill(pid, signal).ok();
        let asked = Instant::now();
        while asked.elapsed() < PATIENCE {
            if !is_our_server(pid, data) {
                return Ok(());
            }
            thread::sleep(POLL);
        }
    }
    Err(PostgresError::OldServer { pid: pid.as_raw() })
}

/// Whether the process is a server of this cluster, by the `-D` of its command line: everybody may
/// read that, also root in a container, who may not see another user's working directory.
fn is_our_server(pid: Pid, data: &Path) -> bool {
    let Ok(arguments) = fs::read(format!("/proc/{pid}/cmdline")) else { return false };
    let mut arguments = arguments.split(|byte| *byte == 0);
    let is_postgres = arguments.next().is_some_and(|program| program.ends_with(b"postgres"));
    is_postgres && arguments.any(|argument| argument == data.as_os_str().as_bytes())
}

fn exists(pid: Pid) -> bool {
    Path::new("/proc").join(pid.to_string()).exists()
}
