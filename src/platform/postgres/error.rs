//! What can keep the managed Postgres from running, each with its repair.

use std::{
    io,
    path::{Path, PathBuf},
};

use super::find::{NEWEST, OLDEST};

#[derive(Debug, thiserror::Error)]
pub enum PostgresError {
    #[error(
        "found no PostgreSQL {OLDEST} to {NEWEST}. Install one with pgvector (Debian 13: `apt install \
         postgresql-17-pgvector`; Ubuntu 24.04: `apt install postgresql-16-pgvector`; anywhere: `scripts/postgres`), \
         name its directory in QUARTERDECK_POSTGRES_DIR, or set DATABASE_URL to a server of your own"
    )]
    NotFound,
    #[error(
        "found PostgreSQL {major} at {}, without pgvector. Install it (`apt install postgresql-{major}-pgvector` where \
         your distribution has it), or run `scripts/postgres`, which gets a PostgreSQL with pgvector", bin.display()
    )]
    NoVector { major: u32, bin: PathBuf },
    #[error(
        "found PostgreSQL {major} at {}, but Quarterdeck works with {OLDEST} to {NEWEST}. Install one of them with \
         pgvector, or run `scripts/postgres`", bin.display()
    )]
    Unsupported { major: u32, bin: PathBuf },
    #[error(
        "the cluster in {} was made by PostgreSQL {made_by}, and only {} is here. Install PostgreSQL {made_by} with \
         pgvector (`apt install postgresql-{made_by}-pgvector`) to go on as before, or move the data to another version \
         as docs/operating.md describes under \"Another version of PostgreSQL\"", data.display(), list(found)
    )]
    OtherMajor { data: PathBuf, made_by: String, found: Vec<u32> },
    #[error(
        "running as root, and PostgreSQL refuses to: neither the user `{0}` nor `postgres` exists to run it. Make it \
         with `useradd --system --no-create-home {0}`, or name another one as `postgres.user`"
    )]
    NoServerUser(String),
    #[error(
        "PostgreSQL refuses to run as root, and `postgres.user` names {0}, which is root. Name another user"
    )]
    ServerUserIsRoot(String),
    #[error(
        "the user id {0} has no entry in /etc/passwd, which PostgreSQL needs. Run as a user that has one"
    )]
    NoName(u32),
    #[error(
        "{} belongs to the user id {owner}, and this process runs as {us}. Run as that user or as root, or choose \
         another data directory (QUARTERDECK_DATA_DIR)", path.display()
    )]
    OtherOwner { path: PathBuf, owner: u32, us: u32 },
    #[error(
        "PostgreSQL is to run as the user `{user}`, who may not enter {}, a parent of {}. Allow it with `chmod o+x {}`, \
         or choose another directory ({})", closed.display(), path.display(), closed.display(), variable(path)
    )]
    Closed { user: String, closed: PathBuf, path: PathBuf },
    #[error(
        "{} is not a private directory of ours; PostgreSQL's socket goes there because the data directory's path is \
         too long for one. Remove it, or choose a shorter data directory (QUARTERDECK_DATA_DIR)", .0.display()
    )]
    UnsafeSocketDir(PathBuf),
    #[error("{program} failed: {message}")]
    Program { program: &'static str, message: String },
    #[error("PostgreSQL did not start: {message} (its log is {})", log.display())]
    Ended { message: String, log: PathBuf },
    #[error("PostgreSQL did not take connections within {seconds} s; see its log, {}", log.display())]
    TooSlow { seconds: u64, log: PathBuf },
    #[error(
        "the PostgreSQL server {pid} of an earlier run does not stop. End it with `kill -QUIT {pid}` and start again"
    )]
    OldServer { pid: i32 },
    #[error("cannot {what}: {source}")]
    Io { what: String, source: io::Error },
}

impl PostgresError {
    /// For `map_err`: what was to be done, with the path it was to be done to.
    pub(super) fn io(verb: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let what = format!("{verb} {}", path.display());
        move |source| Self::Io { what, source }
    }
}

fn list(majors: &[u32]) -> String {
    if majors.is_empty() {
        return "no version that Quarterdeck works with".to_owned();
    }
    majors.iter().map(u32::to_string).collect::<Vec<_>>().join(", ")
}

/// The variable that moves a path: the binaries' or the data's.
fn variable(path: &Path) -> &'static str {
    if path.ends_with("bin") { "QUARTERDECK_POSTGRES_DIR" } else { "QUARTERDECK_DATA_DIR" }
}
