//! The operating system user that the server runs as: ourselves, or an unprivileged one when we
//! are root.

use std::{
    fs, io,
    os::unix::{
        fs::{MetadataExt, chown},
        process::CommandExt,
    },
    path::Path,
    process::{Command, Stdio},
};

use nix::unistd::{Uid, User, geteuid};

use super::PostgresError;

/// The user of the distribution's package, taken where the product's own is missing.
const FALLBACK: &str = "postgres";

/// The server's user, and the name under which we ourselves connect.
#[derive(Clone, Debug)]
pub(super) struct Account {
    server: User,
    client: String,
}

impl Account {
    /// Ourselves; as root, the owner of `base` where it exists, else `preferred`, else `postgres`.
    pub(super) fn choose(preferred: &str, base: &Path) -> Result<Self, PostgresError> {
        let us = geteuid();
        let me = named(us)?;
        let owner = fs::metadata(base).ok().map(|found| Uid::from_raw(found.uid()));
        if !us.is_root() {
            return match owner.filter(|owner| *owner != us) {
                Some(owner) => Err(PostgresError::OtherOwner {
                    path: base.to_owned(),
                    owner: owner.as_raw(),
                    us: us.as_raw(),
                }),
                None => Ok(Self { client: me.name.clone(), server: me }),
            };
        }
        let server = match owner.filter(|owner| !owner.is_root()) {
            Some(owner) => named(owner)?,
            None => unprivileged(preferred)?,
        };
        Ok(Self { server, client: me.name })
    }

    /// The names, first the server's, that may connect; both are one where we are not root.
    pub(super) fn names(&self) -> [&str; 2] {
        [&self.server.name, &self.client]
    }

    fn is_other(&self) -> bool {
        self.server.name != self.client
    }

    /// Makes the server's user the owner of what we have made.
    pub(super) fn hand_over(&self, path: &Path) -> Result<(), PostgresError> {
        if !self.is_other() {
            return Ok(());
        }
        let (uid, gid) = (self.server.uid.as_raw(), self.server.gid.as_raw());
        chown(path, Some(uid), Some(gid)).map_err(PostgresError::io("change the owner of", path))
    }

    pub(super) fn owns(&self, found: &fs::Metadata) -> bool {
        found.uid() == self.server.uid.as_raw()
    }

    /// A command that runs as the server's user, in an environment that has nothing of ours.
    pub(super) fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        if self.is_other() {
            // The standard library gives up the supplementary groups along with root.
            command.uid(self.server.uid.as_raw()).gid(self.server.gid.as_raw());
        }
        command.env_clear().env("PATH", "/usr/bin:/bin").env("LC_ALL", "C.UTF-8").env("TZ", "UTC");
        command.current_dir("/").stdin(Stdio::null());
        command
    }

    /// Refuses a path that the server's user cannot reach because a parent is closed to it.
    pub(super) fn check_reach(&self, path: &Path) -> Result<(), PostgresError> {
        if !self.is_other() {
            return Ok(());
        }
        let closed = path
            .ancestors()
            .skip(1)
            .filter(|parent| !parent.as_os_str().is_empty())
            .find(|parent| !self.may_enter(parent));
        closed.map_or(Ok(()), |closed| {
            Err(PostgresError::Closed {
                user: self.server.name.clone(),
                closed: closed.to_owned(),
                path: path.to_owned(),
            })
        })
    }

    fn may_enter(&self, dir: &Path) -> bool {
        let Ok(found) = fs::metadata(dir) else { return false };
        let bit = if self.owns(&found) {
            0o100
        } else if found.gid() == self.server.gid.as_raw() {
            0o010
        } else {
            0o001
        };
        found.mode() & bit != 0
    }
}

fn named(uid: Uid) -> Result<User, PostgresError> {
    look_up(User::from_uid(uid))?.ok_or(PostgresError::NoName(uid.as_raw()))
}

fn unprivileged(preferred: &str) -> Result<User, PostgresError> {
    let found = match look_up(User::from_name(preferred))? {
        Some(user) => Some(user),
        None => look_up(User::from_name(FALLBACK))?,
    };
    let user = found.ok_or_else(|| PostgresError::NoServerUser(preferred.to_owned()))?;
    if user.uid.is_root() { Err(PostgresError::ServerUserIsRoot(user.name)) } else { Ok(user) }
}

fn look_up(answer: nix::Result<Option<User>>) -> Result<Option<User>, PostgresError> {
    answer.map_err(|errno| PostgresError::Io {
        what: "look up a user".to_owned(),
        source: io::Error::from(errno),
    })
}
