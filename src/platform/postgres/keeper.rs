//! The thread that runs the server, or waits to take it over from the process that does.
//!
//! A thread of its own, because the server ends with the thread that started it.

use std::{
    fs::{self, File, TryLockError},
    io::{Seek, Write},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc::{self, Receiver, RecvTimeoutError, Sender},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use tracing::{error, info, warn};

use super::{
    ManagedOptions, PostgresError, cluster,
    find::{self, Installation},
    layout::Layout,
    recovery,
    server::{POLL, PidFile, Server, answers},
};

/// What the lock says until the server's process id is known.
const STARTING: &str = "starting";

/// How long we wait for a server that another process is starting or stopping.
const OTHER: Duration = Duration::from_mins(5);

/// How often we look whether the server still runs, or the one who runs it has left.
const WATCH: Duration = Duration::from_millis(200);

/// How long the sessions of a killed server may take to notice.
const AFTER_KILL: Duration = Duration::from_secs(20);

/// What Postgres says when it finds them.
const SESSIONS_LEFT: &str = "pre-existing shared memory block";

/// How long we wait before we try again what has failed.
const AFTER_FAILURE: Duration = Duration::from_secs(5);

/// Stops the server, if this process runs it, when it is dropped.
#[derive(Debug)]
pub(super) struct Keeper {
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
    is_owned: Arc<AtomicBool>,
    is_new: bool,
}

impl Keeper {
    /// Returns when the server takes connections.
    pub(super) fn start(layout: Layout, options: ManagedOptions) -> Result<Self, PostgresError> {
        let (stop, stopped) = mpsc::channel();
        let (ready, is_ready) = mpsc::sync_channel(1);
        let is_owned = Arc::new(AtomicBool::new(false));
        let watch = Watch { layout, options, stopped, is_owned: Arc::clone(&is_owned) };
        let body = move || match watch.begin() {
            Ok((turn, is_new)) => {
                ready.send(Ok(is_new)).ok();
                watch.keep(turn);
            }
            Err(error) => {
                ready.send(Err(error)).ok();
            }
        };
        let thread = thread::Builder::new().name("postgres".to_owned()).spawn(body);
        let thread = thread
            .map_err(|source| PostgresError::Io { what: "start a thread".to_owned(), source })?;
        let gone = |_| PostgresError::Program {
            program: "the thread of PostgreSQL",
            message: "it ended".to_owned(),
        };
        let is_new = is_ready.recv().map_err(gone)??;
        Ok(Self { stop: Some(stop), thread: Some(thread), is_owned, is_new })
    }

    pub(super) fn is_owned(&self) -> bool {
        self.is_owned.load(Ordering::Relaxed)
    }

    pub(super) fn is_new(&self) -> bool {
        self.is_new
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        drop(self.stop.take());
        if self.thread.take().is_some_and(|thread| thread.join().is_err()) {
            error!("The thread that runs PostgreSQL has panicked");
        }
    }
}

/// Whose turn it is to run the server.
enum Turn {
    Ours { lock: File, server: Server },
    Theirs,
}

struct Watch {
    layout: Layout,
    options: ManagedOptions,
    stopped: Receiver<()>,
    is_owned: Arc<AtomicBool>,
}

impl Watch {
    /// Takes the lock and starts the server, or waits until whoever has the lock has done so.
    fn begin(&self) -> Result<(Turn, bool), PostgresError> {
        let asked = Instant::now();
        loop {
            if let Some(lock) = self.try_lock()? {
                let (server, is_new) = self.run(&lock)?;
                return Ok((Turn::Ours { lock, server }, is_new));
            }
            if self.is_served() {
                return Ok((Turn::Theirs, false));
            }
            if asked.elapsed() > OTHER {
                return Err(PostgresError::TooSlow {
                    seconds: OTHER.as_secs(),
                    log: self.layout.log.clone(),
                });
            }
            thread::sleep(POLL);
        }
    }

    /// Keeps the server running until we are told to stop.
    fn keep(&self, mut turn: Turn) {
        let mut pause = WATCH;
        while self.stopped.recv_timeout(pause) == Err(RecvTimeoutError::Timeout) {
            pause = WATCH;
            match self.look_after(turn) {
                Ok(next) => turn = next,
                Err((failure, same)) => {
                    error!("PostgreSQL does not run: {failure}");
                    (turn, pause) = (same, AFTER_FAILURE);
                }
            }
        }
        if let Turn::Ours { lock, mut server } = turn {
            server.stop();
            if let Err(failure) = self.say(&lock, "") {
                warn!("{failure}");
            }
        }
    }

    fn look_after(&self, turn: Turn) -> Result<Turn, (PostgresError, Turn)> {
        match turn {
            Turn::Theirs => self.take_over().map_err(|failure| (failure, Turn::Theirs)),
            Turn::Ours { lock, mut server } => {
                if !server.has_ended() {
                    return Ok(Turn::Ours { lock, server });
                }
                warn!("PostgreSQL has ended by itself; starting it again");
                match self.run(&lock) {
                    Ok((server, _)) => Ok(Turn::Ours { lock, server }),
                    Err(failure) => Err((failure, Turn::Ours { lock, server })),
                }
            }
        }
    }

    /// Runs the server from now on if the process that did has left.
    fn take_over(&self) -> Result<Turn, PostgresError> {
        let Some(lock) = self.try_lock()? else { return Ok(Turn::Theirs) };
        let (server, _) = self.run(&lock)?;
        info!("Took over PostgreSQL from a process that has ended");
        Ok(Turn::Ours { lock, server })
    }

    fn try_lock(&self) -> Result<Option<File>, PostgresError> {
        let path = &self.layout.lock;
        let file = File::options()
            .read(true)
            .write(true)
            .open(path)
            .map_err(PostgresError::io("open", path))?;
        match file.try_lock() {
            Ok(()) => Ok(Some(file)),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(PostgresError::io("lock", path)(error)),
        }
    }

    /// Starts the server, making the cluster first where there is none; says whether it did.
    fn run(&self, lock: &File) -> Result<(Server, bool), PostgresError> {
        let was_clean = self.is_clean();
        self.say(lock, STARTING)?;
        let made_by = self.layout.made_by();
        let installation = find::find(&self.options, made_by.as_deref(), &self.layout.data)?;
        self.layout.account.check_reach(&installation.bin)?;
        if !was_clean {
            recovery::recover(&self.layout)?;
        }
        if made_by.is_none() {
            info!("Making a database cluster with PostgreSQL {}", installation.major);
            cluster::make(&self.layout, &installation)?;
        }
        cluster::write_access_rules(&self.layout)?;
        let server = self.start_server(&installation)?;
        fs::write(&self.layout.lock, server.pid().to_string())
            .map_err(PostgresError::io("write", &self.layout.lock))?;
        self.is_owned.store(true, Ordering::Relaxed);
        Ok((server, made_by.is_none()))
    }

    /// Starts the server, waiting for the sessions of a killed one, which end by themselves.
    fn start_server(&self, installation: &Installation) -> Result<Server, PostgresError> {
        let asked = Instant::now();
        loop {
            match Server::start(&self.layout, installation, self.options.max_connections) {
                Err(PostgresError::Ended { message, .. })
                    if message.contains(SESSIONS_LEFT) && asked.elapsed() < AFTER_KILL =>
                {
                    thread::sleep(WATCH);
                }
                started => return started,
            }
        }
    }

    /// Whether the last one to run the server ended it properly.
    fn is_clean(&self) -> bool {
        fs::read(&self.layout.lock).is_ok_and(|said| said.is_empty())
            && PidFile::read(&self.layout.data).is_none()
    }

    /// Writes into the lock how the server is.
    fn say(&self, mut lock: &File, state: &str) -> Result<(), PostgresError> {
        let written = lock
            .set_len(0)
            .and_then(|()| lock.rewind())
            .and_then(|()| lock.write_all(state.as_bytes()));
        written.map_err(PostgresError::io("write", &self.layout.lock))
    }

    /// Whether the server that the lock's holder has started takes connections. The number in the
    /// lock tells it from one that an earlier process left and that is about to be ended.
    fn is_served(&self) -> bool {
        let started = fs::read_to_string(&self.layout.lock).unwrap_or_default();
        let running = PidFile::read(&self.layout.data).filter(|file| file.is_ready);
        running.is_some_and(|file| file.pid.to_string() == started.trim()) && answers(&self.layout)
    }
}
