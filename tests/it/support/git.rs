//! Git repositories made for a test.

use std::{
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

/// A repository with a work tree, whose commits all have the same author and time.
pub struct Repository {
    path: PathBuf,
}

impl Repository {
    pub fn create(path: &Path) -> Self {
        fs::create_dir_all(path).unwrap();
        let repository = Self { path: path.canonicalize().unwrap() };
        repository.git(&["init", "--quiet", "--initial-branch=main"]);
        repository
    }

    pub fn path(&self) -> &str {
        self.path.to_str().unwrap()
    }

    /// Writes files and commits everything.
    pub fn commit(&self, message: &str, files: &[(&str, &str)]) -> &Self {
        for (name, content) in files {
            let file = self.path.join(name);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, content).unwrap();
        }
        self.git(&["add", "--all"]);
        self.git(&["commit", "--quiet", "--allow-empty", "--message", message]);
        self
    }

    /// Writes files, deletes those without content, and commits everything as this author.
    pub fn commit_as(&self, author: &str, files: &[(&str, &str)]) -> &Self {
        for (name, content) in files {
            let file = self.path.join(name);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            if content.is_empty() {
                fs::remove_file(file).unwrap();
            } else {
                fs::write(file, content).unwrap();
            }
        }
        self.git(&["add", "--all"]);
        let person = format!("{author} <{}@example.com>", author.to_lowercase());
        self.git(&["commit", "--quiet", "--author", &person, "--message", "A commit"]);
        self
    }

    /// Writes files and commits everything as somebody else, so many days later.
    pub fn commit_later(&self, name: &str, days: usize, files: &[(&str, &str)]) -> &Self {
        for (file, content) in files {
            let file = self.path.join(file);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, content).unwrap();
        }
        self.git(&["add", "--all"]);
        let date = format!("2026-02-{:02}T10:00:00Z", days + 2);
        let author = format!("--author={name} <{}@example.com>", name.replace(' ', "."));
        let dated = format!("--date={date}");
        self.git_at(&date, &["commit", "--quiet", &author, &dated, "--message", name]);
        self
    }

    /// Adds so many commits of one changing file, quickly.
    pub fn commit_many(&self, count: usize) {
        let mut stream = String::new();
        for number in 1..=count {
            let text = format!("line {number}\n");
            let message = format!("Commit {number}");
            write!(
                stream,
                "commit refs/heads/main\ncommitter Ada <ada@example.com> {} +0000\ndata {}\n{message}\nM 644 inline a.txt\ndata {}\n{text}\n",
                1_700_000_000 + number,
                message.len(),
                text.len(),
            )
            .unwrap();
        }
        let list = self.path.join("stream");
        fs::write(&list, stream).unwrap();
        let mut command = Command::new("git");
        command.args(["fast-import", "--quiet"]).current_dir(&self.path);
        let status = command.stdin(fs::File::open(&list).unwrap()).status().unwrap();
        assert!(status.success());
    }

    pub fn git(&self, arguments: &[&str]) -> String {
        self.git_at("2026-02-01T10:00:00Z", arguments)
    }

    fn git_at(&self, date: &str, arguments: &[&str]) -> String {
        let output = Command::new("git")
            .args(arguments)
            .current_dir(&self.path)
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_AUTHOR_NAME", "Ada")
            .env("GIT_AUTHOR_EMAIL", "ada@example.com")
            .env("GIT_AUTHOR_DATE", date)
            .env("GIT_COMMITTER_NAME", "Ada")
            .env("GIT_COMMITTER_EMAIL", "ada@example.com")
            .env("GIT_COMMITTER_DATE", date)
            .output()
            .unwrap();
        assert!(
            output.status.success(),
            "git {arguments:?}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8(output.stdout).unwrap()
    }
}
