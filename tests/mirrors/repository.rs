//! Small repositories made by git itself, in a directory that goes away.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Duration,
};

use quarterdeck::repositories::{
    Mirror, Oid, Source,
    mirror::{FetchError, FetchLimits, Fetched, Watch},
    source::{AllowedRoots, FetchPolicy},
};
use tempfile::TempDir;

/// A repository with a work tree to commit in, and room for a mirror of it.
pub(crate) struct Repository {
    pub(crate) directory: TempDir,
}

impl Repository {
    pub(crate) fn empty() -> Self {
        let repository = Self { directory: TempDir::new().unwrap() };
        fs::create_dir(repository.work()).unwrap();
        repository.git(&["init", "--quiet", "--initial-branch=main"]);
        repository
    }

    pub(crate) fn with_commits(count: u32) -> Self {
        let repository = Self::empty();
        for number in 1..=count {
            repository.commit("file", format!("line {number}\n"));
        }
        repository
    }

    pub(crate) fn work(&self) -> PathBuf {
        self.directory.path().join("work")
    }

    pub(crate) fn git(&self, arguments: &[&str]) -> String {
        git(&self.work(), arguments)
    }

    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        let path = self.work().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    pub(crate) fn commit(&self, name: &str, content: impl AsRef<[u8]>) -> Oid {
        self.write(name, content);
        self.commit_all(&format!("Change {name}"))
    }

    pub(crate) fn commit_all(&self, message: &str) -> Oid {
        self.git(&["add", "--all"]);
        self.git(&["commit", "--quiet", "--allow-empty", "--message", message]);
        self.head()
    }

    pub(crate) fn head(&self) -> Oid {
        self.git(&["rev-parse", "HEAD"]).parse().unwrap()
    }

    pub(crate) fn mirror(&self) -> Mirror {
        Mirror::at(self.directory.path().join("mirror.git"))
    }

    pub(crate) fn source(&self) -> Source {
        Source::parse(self.work().to_str().unwrap(), &any_path()).unwrap()
    }

    /// Fetches by path.
    pub(crate) fn fetch(&self) -> Result<Fetched, FetchError> {
        self.mirror().fetch(&self.source(), &any_path(), &limits(), &Watch::none())
    }

    /// What git sees in the mirror.
    pub(crate) fn mirrored(&self, arguments: &[&str]) -> String {
        git(self.mirror().path(), arguments)
    }

    pub(crate) fn mirrored_references(&self) -> Vec<String> {
        let names = self.mirrored(&["for-each-ref", "--format=%(refname)"]);
        names.lines().map(str::to_owned).collect()
    }
}

pub(crate) fn any_path() -> FetchPolicy {
    FetchPolicy { allowed_roots: AllowedRoots::Any, ..FetchPolicy::public_only() }
}

/// The default limits with short waits.
pub(crate) fn limits() -> FetchLimits {
    FetchLimits {
        min_free_bytes: 0,
        timeout: Duration::from_secs(20),
        idle_timeout: Duration::from_secs(10),
        ..FetchLimits::default()
    }
}

pub(crate) fn git(directory: &Path, arguments: &[&str]) -> String {
    git_with(directory, arguments, "")
}

/// Runs git with something on its standard input.
pub(crate) fn git_with(directory: &Path, arguments: &[&str], input: &str) -> String {
    let mut child = Command::new("git")
        .args(["-c", "protocol.file.allow=always", "-c", "safe.directory=*"])
        .args(arguments)
        .current_dir(directory)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_SYSTEM", "/dev/null")
        .envs([("GIT_AUTHOR_NAME", "Ada"), ("GIT_AUTHOR_EMAIL", "ada@example.com")])
        .envs([("GIT_COMMITTER_NAME", "Cy"), ("GIT_COMMITTER_EMAIL", "cy@example.com")])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    std::io::Write::write_all(&mut child.stdin.take().unwrap(), input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(
        output.status.success(),
        "git {arguments:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8_lossy(&output.stdout).trim_end().to_owned()
}
