//! The managed Postgres: a private server on a Unix socket, for installations without
//! `DATABASE_URL`.
//!
//! The cluster lives in `<data_dir>/postgres`. [`ManagedPostgres::start`] finds the binaries, makes
//! the cluster where there is none, and starts the server as a child that ends with this process,
//! however that ends. A process that comes second (a command beside a running `serve`) connects to
//! the same server, and takes it over should the first one leave.
//!
//! Invariants: whoever holds the lock on `<data_dir>/postgres/lock` runs the server, and nobody
//! else touches the cluster's files; a cluster appears under its name only when it is complete;
//! callers only ever see the application's login, which is no superuser.

mod account;
mod cluster;
mod error;
mod find;
mod keeper;
mod layout;
mod recovery;
mod server;

use std::path::PathBuf;

use sqlx::postgres::{PgConnectOptions, PgSslMode};

pub use error::PostgresError;

use self::{keeper::Keeper, layout::Layout};

/// The login of the application, the name of its database, and the name in the ident map.
pub const APPLICATION: &str = "quarterdeck";

/// The port that names the socket; the server does not listen on TCP at all.
const PORT: u16 = 5432;

/// Where the cluster is, where binaries may be, and how the server is to run.
#[derive(Clone, Debug)]
pub struct ManagedOptions {
    /// Quarterdeck's data directory; the cluster is in its folder `postgres`.
    pub data_dir: PathBuf,
    /// The installation to prefer: a prefix, its `bin`, or a folder with some.
    pub postgres_dir: Option<PathBuf>,
    /// Other folders with installations, such as the user's cache.
    pub cache_dirs: Vec<PathBuf>,
    /// The directories of `PATH`, looked at last.
    pub path: Vec<PathBuf>,
    /// The unprivileged user that runs the server when we are root; `postgres` is tried after it.
    pub server_user: String,
    /// Connections that one process of ours holds at most.
    pub max_connections: u32,
}

/// A running private Postgres; dropping it stops the server if this process runs it.
#[derive(Debug)]
pub struct ManagedPostgres {
    layout: Layout,
    keeper: Keeper,
}

impl ManagedPostgres {
    /// Starts the server, or connects to the one that another process of ours runs, and waits until
    /// it takes connections.
    ///
    /// Blocks: 20 to 50 ms with a cluster, half a second to make one.
    pub fn start(options: &ManagedOptions) -> Result<Self, PostgresError> {
        let layout = Layout::prepare(options)?;
        let keeper = Keeper::start(layout.clone(), options.clone())?;
        Ok(Self { layout, keeper })
    }

    /// How to connect as the application's login.
    pub fn connect_options(&self) -> PgConnectOptions {
        PgConnectOptions::new_without_pgpass()
            .socket(&self.layout.socket_dir)
            .port(PORT)
            .ssl_mode(PgSslMode::Disable)
            .username(APPLICATION)
            .database(APPLICATION)
    }

    /// Whether this process runs the server, rather than having found it running.
    pub fn is_owned(&self) -> bool {
        self.keeper.is_owned()
    }

    /// Whether this start made the cluster.
    pub fn is_new(&self) -> bool {
        self.keeper.is_new()
    }

    /// Stops the server if this process runs it, and waits for its end; sessions are closed and
    /// their open transactions rolled back.
    pub fn stop(self) {
        drop(self);
    }
}
