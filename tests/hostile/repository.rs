//! A bare repository, filled by `git fast-import` or object by object.

use std::{
    fs,
    io::Write,
    path::Path,
    process::{Command, Stdio},
};

use quarterdeck::{
    repositories::objects::ObjectStore,
    scanner::{self, KnownFacts, ScanOptions, ScanReport, Watch},
};
use tempfile::TempDir;

use crate::scanned::{Scanned, scan};

/// Who and when, where a test does not care.
const AUTHOR: &str = "Ada <ada@example.org> 1700000000 +0000";

pub(crate) struct Repository(TempDir);

impl Repository {
    pub(crate) fn empty() -> Self {
        let repository = Self(tempfile::tempdir().unwrap());
        repository.git(&["init", "--quiet", "--bare", "--initial-branch=main"], b"");
        repository
    }

    /// One commit on `main` with these files, whatever their names and bytes are.
    pub(crate) fn with(files: &[(&[u8], &[u8])]) -> Self {
        let repository = Self::empty();
        let mut script = Script::default();
        script.commit("main", AUTHOR, "A commit", &[]);
        for (path, content) in files {
            script.file(path, content);
        }
        repository.import(&script);
        repository
    }

    pub(crate) fn import(&self, script: &Script) {
        self.git(&["-c", "core.ignoreCase=false", "fast-import", "--quiet", "--force"], &script.0);
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    pub(crate) fn blob(&self, content: &[u8]) -> String {
        self.object("blob", content)
    }

    /// A tree of exactly these entries, in this order, allowed or not.
    pub(crate) fn tree(&self, entries: &[(&str, &[u8], &str)]) -> String {
        let mut bytes = Vec::new();
        for (mode, name, oid) in entries {
            bytes.extend_from_slice(mode.as_bytes());
            bytes.push(b' ');
            bytes.extend_from_slice(name);
            bytes.push(0);
            bytes.extend(gix::ObjectId::from_hex(oid.as_bytes()).unwrap().as_bytes());
        }
        self.object("tree", &bytes)
    }

    /// Makes a commit of a tree the head of `main`.
    pub(crate) fn commit_tree(&self, tree: &str) -> String {
        self.commit_raw(&format!("tree {tree}\nauthor {AUTHOR}\ncommitter {AUTHOR}\n\nA commit\n"))
    }

    /// Makes a commit of these bytes the head of `main`.
    pub(crate) fn commit_raw(&self, content: &str) -> String {
        let commit = self.object("commit", content.as_bytes());
        self.point("refs/heads/main", &commit);
        commit
    }

    /// Makes an object without asking git whether it is a good one.
    pub(crate) fn object(&self, kind: &str, content: &[u8]) -> String {
        self.git(&["hash-object", "-t", kind, "-w", "--literally", "--stdin"], content)
    }

    /// Writes a reference as a file, which checks nothing.
    pub(crate) fn point(&self, reference: &str, oid: &str) {
        let path = self.path().join(reference);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, format!("{oid}\n")).unwrap();
    }

    pub(crate) fn scan(&self) -> Scanned {
        scan(self.path())
    }

    /// Reads the head's files as they stand here: what git itself refuses to serve can still come
    /// from a server that is no git.
    pub(crate) fn read_directly(&self) -> ScanReport {
        let store = ObjectStore::open(self.path()).unwrap();
        let head = store.head().unwrap().unwrap().commit;
        let options = ScanOptions::new("demo");
        scanner::scan(&store, head, &options, &KnownFacts::new(), &Watch::default()).unwrap().report
    }

    /// Runs git with no configuration but the repository's own; gives what it prints.
    pub(crate) fn git(&self, arguments: &[&str], input: &[u8]) -> String {
        let mut child = Command::new("git")
            .current_dir(self.path())
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_CONFIG_SYSTEM", "/dev/null")
            .envs([("GIT_AUTHOR_NAME", "Ada"), ("GIT_AUTHOR_EMAIL", "ada@example.org")])
            .envs([("GIT_COMMITTER_NAME", "Ada"), ("GIT_COMMITTER_EMAIL", "ada@example.org")])
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(input).unwrap();
        let output = child.wait_with_output().unwrap();
        assert!(
            output.status.success(),
            "git {arguments:?}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }
}

/// The input of `git fast-import`.
#[derive(Default)]
pub(crate) struct Script(pub(crate) Vec<u8>);

impl Script {
    /// Begins a commit on a branch; the first parent is what the branch was, unless it is new.
    pub(crate) fn commit(&mut self, branch: &str, who: &str, message: &str, merged: &[&str]) {
        let size = message.len();
        self.line(&format!(
            "commit refs/heads/{branch}\nauthor {who}\ncommitter {who}\ndata {size}\n{message}"
        ));
        for other in merged {
            self.line(&format!("merge refs/heads/{other}"));
        }
    }

    pub(crate) fn file(&mut self, path: &[u8], content: &[u8]) {
        self.entry("100644", path, content);
    }

    /// A blob of any mode, such as a symlink.
    pub(crate) fn entry(&mut self, mode: &str, path: &[u8], content: &[u8]) {
        self.0.extend_from_slice(format!("M {mode} inline {}\n", quoted(path)).as_bytes());
        self.0.extend_from_slice(format!("data {}\n", content.len()).as_bytes());
        self.0.extend_from_slice(content);
        self.0.push(b'\n');
    }

    pub(crate) fn line(&mut self, line: &str) {
        self.0.extend_from_slice(line.as_bytes());
        self.0.push(b'\n');
    }
}

fn quoted(path: &[u8]) -> String {
    let bytes: Vec<String> = path.iter().map(|byte| format!("\\{byte:03o}")).collect();
    format!("\"{}\"", bytes.concat())
}
