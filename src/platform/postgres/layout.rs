//! The files of a managed Postgres, and who owns them.

use std::{
    fs::{self, File, Permissions},
    os::unix::{
        ffi::OsStrExt,
        fs::{DirBuilderExt, PermissionsExt},
    },
    path::{Path, PathBuf},
};

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};

use super::{ManagedOptions, PORT, PostgresError, account::Account};

/// Bytes of a socket's path that the system takes, without the final zero.
const LONGEST_SOCKET_PATH: usize = 107;

/// Bytes of `postgres.log` after which the next start puts it aside.
const LARGEST_LOG: u64 = 10 << 20;

/// Where everything is, below `<data_dir>/postgres`.
#[derive(Clone, Debug)]
pub(super) struct Layout {
    /// The folder of all the others.
    pub(super) base: PathBuf,
    /// The cluster itself.
    pub(super) data: PathBuf,
    /// Holds the socket; elsewhere where this path would be too long for one.
    pub(super) socket_dir: PathBuf,
    /// What the server writes to its standard error.
    pub(super) log: PathBuf,
    /// Is locked by the process that runs the server. Holds `starting`, then the server's process
    /// id; is empty after a clean end.
    pub(super) lock: PathBuf,
    pub(super) account: Account,
}

impl Layout {
    /// Makes the folders that are missing, private to the server's user.
    pub(super) fn prepare(options: &ManagedOptions) -> Result<Self, PostgresError> {
        make_root(&options.data_dir)?;
        let base = options
            .data_dir
            .canonicalize()
            .map_err(PostgresError::io("read", &options.data_dir))?
            .join("postgres");
        let account = Account::choose(&options.server_user, &base)?;
        account.check_reach(&base)?;
        make_own(&base, &account)?;
        let socket_dir = socket_dir(&base, &account)?;
        let lock = base.join("lock");
        open(&lock)?;
        account.hand_over(&lock)?;
        Ok(Self {
            data: base.join("data"),
            log: base.join("postgres.log"),
            socket_dir,
            lock,
            base,
            account,
        })
    }

    /// The socket itself.
    pub(super) fn socket(&self) -> PathBuf {
        self.socket_dir.join(format!(".s.PGSQL.{PORT}"))
    }

    /// The major version that made the cluster; none where there is no cluster.
    pub(super) fn made_by(&self) -> Option<String> {
        fs::read_to_string(self.data.join("PG_VERSION"))
            .ok()
            .map(|version| version.trim().to_owned())
    }

    /// Opens the server's log at its end; a long one is put aside first.
    pub(super) fn open_log(&self) -> Result<File, PostgresError> {
        if fs::metadata(&self.log).is_ok_and(|found| found.len() > LARGEST_LOG) {
            fs::rename(&self.log, self.base.join("postgres.log.1"))
                .map_err(PostgresError::io("put aside", &self.log))?;
        }
        let log = open(&self.log)?;
        self.account.hand_over(&self.log)?;
        Ok(log)
    }
}

fn open(path: &Path) -> Result<File, PostgresError> {
    File::options()
        .read(true)
        .append(true)
        .create(true)
        .open(path)
        .map_err(PostgresError::io("open", path))
}

/// Makes the data directory; root's can be passed through, since the server's user has to.
fn make_root(dir: &Path) -> Result<(), PostgresError> {
    if dir.is_dir() {
        return Ok(());
    }
    fs::create_dir_all(dir).map_err(PostgresError::io("make", dir))?;
    let mode = if nix::unistd::geteuid().is_root() { 0o711 } else { 0o700 };
    fs::set_permissions(dir, Permissions::from_mode(mode)).map_err(PostgresError::io("change", dir))
}

/// Makes a directory for the server's user alone, where nobody else could have put one.
fn make_own(dir: &Path, account: &Account) -> Result<(), PostgresError> {
    make_private(dir, account)?;
    // Again, should a process have been killed between the two.
    account.hand_over(dir)
}

/// Makes a directory for the server's user alone; leaves one that is there as it is.
fn make_private(dir: &Path, account: &Account) -> Result<(), PostgresError> {
    match fs::DirBuilder::new().mode(0o700).create(dir) {
        Ok(()) => account.hand_over(dir),
        Err(_) if dir.is_dir() => Ok(()),
        Err(error) => Err(PostgresError::io("make", dir)(error)),
    }
}

/// `run` beside the cluster, or, where its path is too long, a directory in `/tmp` that is named
/// after it.
fn socket_dir(base: &Path, account: &Account) -> Result<PathBuf, PostgresError> {
    let beside = base.join("run");
    if fits(&beside) {
        make_own(&beside, account)?;
        return Ok(beside);
    }
    let digest = ring::digest::digest(&ring::digest::SHA256, base.as_os_str().as_bytes());
    let name = BASE64_URL_SAFE_NO_PAD.encode(digest.as_ref().get(..15).unwrap_or_default());
    let short = Path::new("/tmp").join(format!("quarterdeck-{name}"));
    make_private(&short, account)?;
    // Anybody may write to /tmp, so what is found there must be a directory of ours, and no link.
    let found = fs::symlink_metadata(&short).map_err(PostgresError::io("read", &short))?;
    if found.is_dir() && account.owns(&found) && found.permissions().mode().trailing_zeros() >= 6 {
        Ok(short)
    } else {
        Err(PostgresError::UnsafeSocketDir(short))
    }
}

fn fits(dir: &Path) -> bool {
    dir.as_os_str().len() + format!("/.s.PGSQL.{PORT}.lock").len() <= LONGEST_SOCKET_PATH
}
