//! Reading a repository of this machine, through `git upload-pack`.
//!
//! The same program that serves fetches for every git server, because it sends what is reachable
//! and nothing else, while others may write to the repository or repack it. It runs no hooks. The
//! repository may belong to anyone, so git is told to trust it (`safe.directory`), and what its
//! configuration could start is off: `uploadpack.packObjectsHook` counts only in the
//! configuration that we give, and fetching missing objects from elsewhere is refused.

use std::{
    fs,
    io::{self, Read, Seek},
    process::{Child, ChildStdin, ChildStdout, Stdio},
    sync::{Arc, mpsc},
    thread,
};

use gix::protocol::transport::{
    Protocol,
    client::git::{ConnectMode, blocking_io::Connection},
};

use super::{
    FetchError,
    ending::Ending,
    git,
    guard::{Guard, TICK},
};
use crate::repositories::source::LocalPath;

const CHUNK: usize = 64 * 1024;
/// Chunks read ahead of gix.
const READ_AHEAD: usize = 4;

/// A running `git upload-pack`.
pub(super) struct UploadPack {
    child: Child,
    complaints: fs::File,
    /// Removed when the child is gone.
    _configuration: tempfile::NamedTempFile,
}

pub(super) type LocalTransport = Connection<Incoming, ChildStdin>;

impl UploadPack {
    pub(super) fn start(
        source: &LocalPath,
        guard: &Arc<Guard>,
    ) -> Result<(Self, LocalTransport), FetchError> {
        let path = source.git_directory();
        let missing = |error: io::Error| FetchError::GitMissing { reason: error.to_string() };
        let configuration = git::configuration_trusting(path).map_err(missing)?;
        let complaints = tempfile::tempfile().map_err(missing)?;
        let stderr = complaints.try_clone().map_err(missing)?;
        let mut child = git::command(configuration.path())
            .args(["upload-pack", "--strict"])
            .arg(path)
            .env("GIT_PROTOCOL", "version=2")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(stderr)
            .spawn()
            .map_err(missing)?;
        let (Some(input), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(FetchError::GitMissing { reason: "it has no pipes".to_owned() });
        };
        let incoming = Incoming::read_from(output, Arc::clone(guard));
        let name = path.to_string_lossy().into_owned();
        let transport = Connection::new(
            incoming,
            input,
            Protocol::V2,
            name,
            None::<(String, _)>,
            ConnectMode::Process,
            false,
        );
        Ok((Self { child, complaints, _configuration: configuration }, transport))
    }

    /// What git said on its way out, if it said anything.
    pub(super) fn complaint(&mut self) -> Option<String> {
        self.end();
        let mut text = String::new();
        self.complaints.rewind().ok()?;
        (&mut self.complaints).take(4_096).read_to_string(&mut text).ok()?;
        let line =
            text.lines().find(|line| line.starts_with("fatal:")).or_else(|| text.lines().next())?;
        Some(line.trim_start_matches("fatal: ").to_owned())
    }

    fn end(&mut self) {
        // An error here means that it is gone already.
        self.child.kill().unwrap_or_default();
        self.child.wait().ok();
    }
}

impl Drop for UploadPack {
    fn drop(&mut self) {
        self.end();
    }
}

/// What the child writes, read by a thread so that waiting for it can be broken off.
pub(super) struct Incoming {
    chunks: mpsc::Receiver<io::Result<Vec<u8>>>,
    current: io::Cursor<Vec<u8>>,
    ending: Ending,
    guard: Arc<Guard>,
}

impl Incoming {
    fn read_from(output: ChildStdout, guard: Arc<Guard>) -> Self {
        let (sender, chunks) = mpsc::sync_channel(READ_AHEAD);
        // Ends with the child's output, or when nobody takes the chunks any more.
        thread::spawn(move || send_chunks(output, &sender));
        Self { chunks, current: io::Cursor::default(), ending: Ending::default(), guard }
    }

    fn next_chunk(&self) -> io::Result<Vec<u8>> {
        let limit = self.guard.limits().idle_timeout;
        let mut waited = std::time::Duration::ZERO;
        loop {
            match self.chunks.recv_timeout(TICK) {
                Ok(chunk) => return chunk,
                Err(mpsc::RecvTimeoutError::Disconnected) => return Ok(Vec::new()),
                Err(mpsc::RecvTimeoutError::Timeout) => self.guard.check()?,
            }
            waited += TICK;
            if waited > limit {
                return Err(self.guard.silent());
            }
        }
    }
}

impl Read for Incoming {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let copied = self.current.read(buffer)?;
        if copied > 0 || buffer.is_empty() {
            return Ok(copied);
        }
        let chunk = self.next_chunk()?;
        self.ending.note(chunk.len())?;
        self.guard.count(chunk.len())?;
        self.current = io::Cursor::new(chunk);
        self.current.read(buffer)
    }
}

fn send_chunks(mut output: ChildStdout, sender: &mpsc::SyncSender<io::Result<Vec<u8>>>) {
    loop {
        let mut chunk = vec![0; CHUNK];
        let answer = output.read(&mut chunk).map(|length| {
            chunk.truncate(length);
            chunk
        });
        let is_last = answer.as_ref().map_or(true, Vec::is_empty);
        if sender.send(answer).is_err() || is_last {
            return;
        }
    }
}
