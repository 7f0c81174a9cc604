//! Repositories made by the git command, for tests.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use tempfile::TempDir;

/// A work tree in a temporary folder.
pub(crate) struct TestRepository(TempDir);

impl TestRepository {
    pub(crate) fn empty() -> Self {
        let repository = Self(tempfile::tempdir().unwrap());
        repository.git(&["init", "--quiet", "--initial-branch=main"]);
        repository
    }

    /// One commit with these files.
    pub(crate) fn with(files: &[(&str, &str)]) -> Self {
        let repository = Self::empty();
        repository.commit(files);
        repository
    }

    pub(crate) fn commit(&self, files: &[(&str, &str)]) {
        for (path, content) in files {
            let path = self.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, content).unwrap();
        }
        self.git(&["add", "--force", "."]);
        self.git(&["commit", "--quiet", "--allow-empty", "-m", "A commit"]);
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    pub(crate) fn bare_clone(&self) -> TempDir {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().to_str().unwrap();
        self.git(&["clone", "--quiet", "--bare", ".", target]);
        folder
    }

    /// Runs git with no configuration but its own; gives what it prints.
    pub(crate) fn git(&self, arguments: &[&str]) -> String {
        let output = Command::new("git")
            .current_dir(self.path())
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_CONFIG_SYSTEM", "/dev/null")
            .env("GIT_AUTHOR_NAME", "Ada")
            .env("GIT_AUTHOR_EMAIL", "ada@example.org")
            .env("GIT_COMMITTER_NAME", "Ada")
            .env("GIT_COMMITTER_EMAIL", "ada@example.org")
            .args(["-c", "core.autocrlf=false", "-c", "gc.auto=0"])
            .args(arguments)
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    pub(crate) fn remove_object(&self, oid: &str) {
        fs::remove_file(self.loose_object(oid)).unwrap();
    }

    pub(crate) fn damage_object(&self, oid: &str) {
        let path = self.loose_object(oid);
        fs::remove_file(&path).unwrap();
        fs::write(path, b"no zlib stream").unwrap();
    }

    fn loose_object(&self, oid: &str) -> PathBuf {
        self.path().join(".git/objects").join(oid.split_at(2).0).join(oid.split_at(2).1)
    }
}
