//! A Postgres of its own that a test stops and starts.

use std::{
    env, fs,
    os::unix::{
        fs::{MetadataExt, PermissionsExt},
        process::CommandExt,
    },
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use quarterdeck::platform::postgres::{ManagedOptions, ManagedPostgres};
use sqlx::postgres::PgConnectOptions;

/// A cluster made as the product makes its own, whose server is a child of the test.
pub struct Cluster {
    directory: tempfile::TempDir,
    options: PgConnectOptions,
    server: Option<Child>,
}

impl Drop for Cluster {
    fn drop(&mut self) {
        self.stop_at_once();
    }
}

impl Cluster {
    pub fn start() -> Self {
        let directory = tempfile::tempdir().unwrap();
        fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o711)).unwrap();
        let made = ManagedPostgres::start(&ManagedOptions {
            data_dir: directory.path().to_owned(),
            postgres_dir: env::var_os("QUARTERDECK_POSTGRES_DIR").map(PathBuf::from),
            cache_dirs: Vec::new(),
            path: Vec::new(),
            server_user: "quarterdeck".to_owned(),
            max_connections: 40,
        })
        .unwrap();
        let options = made.connect_options();
        made.stop();
        let mut cluster = Self { directory, options, server: None };
        cluster.start_again();
        cluster
    }

    pub fn options(&self) -> PgConnectOptions {
        self.options.clone()
    }

    fn data(&self) -> PathBuf {
        self.directory.path().join("postgres/data")
    }

    /// As `pg_ctl start` does.
    pub fn start_again(&mut self) {
        let data = self.data();
        let started_as = fs::read_to_string(data.join("postmaster.opts")).unwrap();
        let program = Path::new(started_as.split_whitespace().next().unwrap());
        let mut server = Command::new(program);
        server.arg("-D").arg(&data).args([
            "-c",
            "listen_addresses=",
            "-c",
            "max_connections=120",
            "-k",
        ]);
        server.arg(self.directory.path().join("postgres/run"));
        server.current_dir("/").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let owner = fs::metadata(&data).unwrap();
        if nix::unistd::geteuid().is_root() {
            server.uid(owner.uid()).gid(owner.gid());
        }
        self.server = Some(server.spawn().unwrap());
        let (begun, pid_file) = (Instant::now(), data.join("postmaster.pid"));
        while !fs::read_to_string(&pid_file).is_ok_and(|text| text.contains("ready")) {
            assert!(begun.elapsed() < Duration::from_mins(1), "the cluster does not start");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// As `pg_ctl stop --mode=immediate` does.
    pub fn stop_at_once(&mut self) {
        let Some(mut server) = self.server.take() else { return };
        let pid = Pid::from_raw(i32::try_from(server.id()).unwrap());
        kill(pid, Signal::SIGQUIT).unwrap();
        server.wait().unwrap();
    }
}
