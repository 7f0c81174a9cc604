//! Makes the cluster, and keeps its access rules right.

use std::{
    fs,
    io::{ErrorKind, Write},
    path::Path,
    process::{Child, Command, Output, Stdio},
    thread,
    time::{Duration, Instant},
};

use super::{
    APPLICATION, PostgresError,
    account::Account,
    find::Installation,
    layout::Layout,
    server::{POLL, end_with_us},
};

/// Begins the names of unfinished clusters.
const UNFINISHED: &str = "unfinished-";

/// How long a killed `initdb` may take to end.
const PATIENCE: Duration = Duration::from_secs(5);

/// Runs in a new cluster's `template1` in single-user mode, where nobody else can be connected, and
/// the superuser needs no way in. A statement is a line there. The extension is in the template, so
/// that the database has it from the start.
const FIRST_STATEMENTS: &str = "\
CREATE ROLE quarterdeck LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB CREATEROLE;
CREATE EXTENSION vector;
CREATE DATABASE quarterdeck OWNER quarterdeck;
";

/// Makes the cluster under another name and renames it once it is complete, so that one whose
/// making was killed is never taken for a cluster.
pub(super) fn make(layout: &Layout, installation: &Installation) -> Result<(), PostgresError> {
    remove_unfinished(&layout.base)?;
    let unfinished = layout.base.join(format!("{UNFINISHED}{}", std::process::id()));
    let cluster = Cluster { installation, account: &layout.account, data: &unfinished };
    cluster.initialise()?;
    cluster.run_alone("template1", FIRST_STATEMENTS)?;
    fs::rename(&unfinished, &layout.data).map_err(PostgresError::io("rename", &unfinished))
}

fn remove_unfinished(base: &Path) -> Result<(), PostgresError> {
    let entries = fs::read_dir(base).map_err(PostgresError::io("read", base))?;
    for entry in entries.flatten() {
        if entry.file_name().to_string_lossy().starts_with(UNFINISHED) {
            remove(&entry.path())?;
        }
    }
    Ok(())
}

/// Removes a directory that a dying `initdb` may still write to, or remove itself.
fn remove(dir: &Path) -> Result<(), PostgresError> {
    let asked = Instant::now();
    loop {
        match fs::remove_dir_all(dir) {
            Ok(()) => return Ok(()),
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
            Err(error) if asked.elapsed() > PATIENCE => {
                return Err(PostgresError::io("remove", dir)(error));
            }
            Err(_) => thread::sleep(POLL),
        }
    }
}

struct Cluster<'a> {
    installation: &'a Installation,
    account: &'a Account,
    data: &'a Path,
}

impl Cluster<'_> {
    /// `initdb` without waiting for the disk: a cluster that a power cut ruins has nothing in it.
    fn initialise(&self) -> Result<(), PostgresError> {
        let mut command = self.account.command(&self.installation.bin.join("initdb"));
        command.args(["--username=postgres", "--auth=peer", "--encoding=UTF8", "--locale=C.UTF-8"]);
        command.args(["--data-checksums", "--no-sync", "--pgdata"]).arg(self.data);
        succeed("initdb", &finish("initdb", spawn("initdb", &mut command)?)?)
    }

    /// Runs statements in single-user mode, each a line; the first error ends it.
    fn run_alone(&self, database: &str, statements: &str) -> Result<(), PostgresError> {
        let mut command = self.account.command(&self.installation.bin.join("postgres"));
        command
            .args(["--single", "-F", "-c", "exit_on_error=on", "-D"])
            .arg(self.data)
            .arg(database)
            .stdin(Stdio::piped());
        let mut child = spawn("postgres --single", &mut command)?;
        let written =
            child.stdin.take().map_or(Ok(()), |mut input| input.write_all(statements.as_bytes()));
        // What it says about its end tells more than that it no longer reads.
        succeed("postgres --single", &finish("postgres --single", child)?)?;
        written.map_err(|source| PostgresError::Io {
            what: "write to postgres --single".to_owned(),
            source,
        })
    }
}

fn spawn(program: &'static str, command: &mut Command) -> Result<Child, PostgresError> {
    end_with_us(command);
    let started = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    started.map_err(|source| PostgresError::Io { what: format!("run {program}"), source })
}

fn finish(program: &'static str, child: Child) -> Result<Output, PostgresError> {
    child
        .wait_with_output()
        .map_err(|source| PostgresError::Io { what: format!("run {program}"), source })
}

fn succeed(program: &'static str, output: &Output) -> Result<(), PostgresError> {
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let message = format!("{}: {}", output.status, said.trim());
    Err(PostgresError::Program { program, message })
}

/// Writes who may connect: over the socket only, and only the two users of the account, known by
/// the operating system. The server's own user may also be the superuser, for backups.
pub(super) fn write_access_rules(layout: &Layout) -> Result<(), PostgresError> {
    let [server, client] = layout.account.names();
    // Where both are one user, its line stands there twice, which Postgres does not mind.
    let map = [(server, APPLICATION), (client, APPLICATION), (server, "postgres")]
        .map(|(user, login)| format!("{APPLICATION} \"{user}\" {login}\n"))
        .concat();
    write(layout, "pg_hba.conf", &format!("local all all peer map={APPLICATION}\n"))?;
    write(layout, "pg_ident.conf", &map)
}

/// Writes a file of the cluster unless it is right already.
fn write(layout: &Layout, name: &str, text: &str) -> Result<(), PostgresError> {
    let path = layout.data.join(name);
    if fs::read_to_string(&path).is_ok_and(|found| found == text) {
        return Ok(());
    }
    fs::write(&path, text).map_err(PostgresError::io("write", &path))?;
    layout.account.hand_over(&path)
}
