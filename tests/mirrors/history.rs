//! Histories of every shape, counted as git counts them.

use std::{
    collections::{BTreeMap, HashSet},
    fmt::Write as _,
    fs,
    ops::ControlFlow,
    os::unix::fs::symlink,
    path::Path,
};

use quarterdeck::repositories::{
    Oid,
    history::{
        Commit, Event, HistoryError, Limits, Unobserved, Walk, Warning, Watch, dropped, walk,
    },
};

use crate::repository::{Repository, git, git_with};

struct Read {
    commits: Vec<Commit>,
    warnings: Vec<Warning>,
}

fn read_with(path: &Path, head: Oid, known: &dyn Fn(&Oid) -> bool, limits: Limits) -> Read {
    let mut read = Read { commits: Vec::new(), warnings: Vec::new() };
    let walking = Walk { repository: path, head, known, limits };
    walk(&walking, &Watch::none(), &Unobserved, &mut |event| {
        match event {
            Event::Commit(commit, _) => read.commits.push(*commit),
            Event::Warning(warning) => read.warnings.push(warning),
        }
        ControlFlow::Continue(())
    })
    .unwrap();
    read
}

fn read(repository: &Repository) -> Read {
    repository.fetch().unwrap();
    read_with(repository.mirror().path(), repository.head(), &|_| false, Limits::default())
}

/// A line a commit and a line a file, as `git log --numstat` has them.
fn as_numstat(commits: &[Commit]) -> String {
    let mut text = String::new();
    for commit in commits {
        writeln!(text, "{}", commit.oid).unwrap();
        for file in &commit.files {
            let number =
                |lines: Option<u32>| lines.map_or("-".to_owned(), |lines| lines.to_string());
            writeln!(text, "{}\t{}\t{}", number(file.added), number(file.deleted), file.path)
                .unwrap();
        }
    }
    text
}

fn numstat_of_git(path: &Path) -> String {
    let log = git(
        path,
        &["-c", "core.quotePath=false", "log", "--numstat", "--no-renames", "--format=%H", "HEAD"],
    );
    log.lines().filter(|line| !line.is_empty()).fold(String::new(), |text, line| text + line + "\n")
}

/// Every kind of change that git counts in its own way.
fn repository_of_all_kinds() -> Repository {
    let repository = Repository::empty();
    repository.commit_all("Nothing at all");
    repository.write("a.txt", "one\ntwo\nthree\n");
    repository.write("dir/sub/b.txt", "b\n".repeat(50));
    repository.write("ünïcode näme.txt", "x\n");
    repository.write("crlf.txt", "one\r\ntwo\r\n");
    repository.write("open-end.txt", "one\ntwo");
    repository.write("binary", [0, 1, 2, 255, 0]);
    repository.write("empty", "");
    repository.write("run.sh", "#!/bin/sh\n");
    symlink("a.txt", repository.work().join("link")).unwrap();
    repository.commit_all("All kinds of files");

    repository.write("a.txt", "one\n2\nthree\nfour\n");
    repository.write("crlf.txt", "one\ntwo\r\nthree\r\n");
    repository.write("open-end.txt", "one\ntwo\n");
    repository.write("binary", [0, 1, 2, 3]);
    repository.write("empty", "no more\n");
    repository.commit_all("Change them");

    repository.git(&["mv", "dir/sub/b.txt", "moved.txt"]);
    repository.commit_all("Rename");
    repository.git(&["update-index", "--chmod=+x", "run.sh", "binary"]);
    repository.git(&["commit", "--quiet", "--message", "Modes only"]);
    repository.git(&["reset", "--hard", "--quiet"]);

    fs::remove_file(repository.work().join("link")).unwrap();
    symlink("moved.txt", repository.work().join("link")).unwrap();
    fs::remove_file(repository.work().join("a.txt")).unwrap();
    symlink("moved.txt", repository.work().join("a.txt")).unwrap();
    fs::remove_file(repository.work().join("empty")).unwrap();
    repository.write("empty/now-a-directory", "x\n");
    repository.write("binary", "text now\n");
    repository.commit_all("Types");

    add_submodule_changes(&repository);
    add_merges(&repository);
    repository.write("shuffled.txt", shuffled(7));
    repository.commit_all("Shuffled");
    repository.write("shuffled.txt", shuffled(11));
    repository.commit_all("Shuffled again");
    repository
}

fn add_submodule_changes(repository: &Repository) {
    for (id, message) in [("1", "Add a submodule"), ("2", "Move it")] {
        let entry = format!("160000,{},module", id.repeat(40));
        repository.git(&["update-index", "--add", "--cacheinfo", &entry]);
        repository.git(&["commit", "--quiet", "--message", message]);
    }
    repository.git(&["rm", "--quiet", "--cached", "module"]);
    let blob = git_with(&repository.work(), &["hash-object", "-w", "--stdin"], "a file\n");
    repository.git(&["update-index", "--add", "--cacheinfo", &format!("100644,{blob},module")]);
    repository.git(&["commit", "--quiet", "--message", "The submodule becomes a file"]);
    repository.git(&["reset", "--hard", "--quiet"]);
}

fn add_merges(repository: &Repository) {
    for side in ["one", "two", "three"] {
        repository.git(&["checkout", "--quiet", "-b", side, "main"]);
        repository.commit(&format!("{side}.txt"), format!("{side}\n"));
    }
    repository.git(&["checkout", "--quiet", "main"]);
    repository.git(&["merge", "--quiet", "--no-ff", "--no-edit", "one"]);
    repository.commit("main.txt", "main\n");
    repository.git(&["merge", "--quiet", "--no-edit", "two", "three"]);
}

/// Many equal lines in another order each time, where heuristics matter.
fn shuffled(step: usize) -> String {
    let lines: Vec<String> = (0..400).map(|line| format!("line {}", (line * step) % 37)).collect();
    lines.join("\n")
}

#[test]
fn every_kind_of_change_is_counted_as_git_counts_it() {
    let repository = repository_of_all_kinds();

    let read = read(&repository);

    assert_eq!(read.warnings, []);
    let ours = sorted_by_commit(&as_numstat(&read.commits));
    let theirs = sorted_by_commit(&numstat_of_git(&repository.work()));
    assert_eq!(ours, theirs);
    assert!(ours.len() > 15);
}

/// Commits of the same second may come in another order.
fn sorted_by_commit(numstat: &str) -> BTreeMap<String, Vec<String>> {
    let mut commits = BTreeMap::new();
    let mut current = String::new();
    for line in numstat.lines() {
        if line.contains('\t') {
            commits.entry(current.clone()).or_insert_with(Vec::new).push(line.to_owned());
        } else {
            line.clone_into(&mut current);
            commits.insert(current.clone(), Vec::new());
        }
    }
    for files in commits.values_mut() {
        files.sort();
    }
    commits
}

#[test]
fn a_commit_has_all_that_is_known_of_it() {
    let repository = Repository::with_commits(1);
    repository.write("file", "line 1\nline 2\n");
    repository.git(&["add", "--all"]);
    let environment = "2026-02-03T04:05:06+05:30";
    repository.git(&[
        "commit",
        "--quiet",
        "--date",
        environment,
        "--message",
        "Subject\n\nBody.\n\nMore.",
    ]);

    let read = read(&repository);

    let commit = &read.commits[0];
    assert_eq!((commit.subject.as_str(), commit.body.as_str()), ("Subject", "Body.\n\nMore."));
    assert_eq!(
        (commit.author.name.as_str(), commit.committer.email.as_str()),
        ("Ada", "cy@example.com")
    );
    assert_eq!(commit.authored_at.at.to_rfc3339(), "2026-02-02T22:35:06+00:00");
    assert_eq!(commit.authored_at.offset_minutes, 330);
    assert_eq!(commit.parents, [read.commits[1].oid]);
    assert_eq!((commit.files_changed, commit.insertions, commit.deletions), (1, 1, 0));
}

#[test]
fn the_mailmap_of_the_head_is_applied() {
    let repository = Repository::with_commits(1);
    repository.commit(".mailmap", "Ada Lovelace <ada@work.example> <ada@example.com>\n");

    let read = read(&repository);

    assert!(read.commits.iter().all(|commit| commit.author.name == "Ada Lovelace"));
    assert!(read.commits.iter().all(|commit| commit.author.email == "ada@work.example"));
    assert!(read.commits.iter().all(|commit| commit.committer.name == "Cy"));
}

#[test]
fn a_mailmap_that_is_a_link_is_not_followed() {
    let repository = Repository::with_commits(1);
    symlink("/etc/passwd", repository.work().join(".mailmap")).unwrap();
    repository.commit_all("Link");

    assert_eq!(read(&repository).commits[0].author.name, "Ada");
}

#[test]
fn only_new_commits_are_given_and_newest_first() {
    let repository = Repository::with_commits(40);
    let before: HashSet<Oid> = read(&repository).commits.iter().map(|commit| commit.oid).collect();
    let new = [repository.commit("new", "1\n"), repository.commit("new", "2\n")];
    repository.fetch().unwrap();

    let path = repository.mirror().path().to_owned();
    let read = read_with(&path, new[1], &|oid| before.contains(oid), Limits::default());
    let nothing = read_with(&path, new[1], &|_| true, Limits::default());

    assert_eq!(before.len(), 40);
    assert_eq!(read.commits.iter().map(|commit| commit.oid).collect::<Vec<_>>(), [new[1], new[0]]);
    assert!(nothing.commits.is_empty());
}

#[test]
fn a_long_history_comes_in_the_order_of_git() {
    let repository = Repository::empty();
    let mut script = String::new();
    for number in 1..=1_000 {
        let time = 1_600_000_000 + number * 60;
        write!(script, "commit refs/heads/main\ncommitter C <c@x> {time} +0000\ndata 1\nx\n")
            .unwrap();
        write!(
            script,
            "M 644 inline f{}\ndata {}\n{number}\n",
            number % 7,
            number.to_string().len() + 1
        )
        .unwrap();
    }
    git_with(&repository.work(), &["fast-import", "--quiet"], &script);
    repository.git(&["reset", "--hard", "--quiet"]);

    let read = read(&repository);

    assert_eq!(as_numstat(&read.commits), numstat_of_git(&repository.work()));
}

#[test]
fn the_most_recent_commits_come_first_under_a_limit() {
    let repository = Repository::with_commits(5);
    repository.fetch().unwrap();
    let limits = Limits { max_commits: 2, ..Limits::default() };

    let read = read_with(repository.mirror().path(), repository.head(), &|_| false, limits);

    assert_eq!(read.commits.len(), 2);
    assert_eq!(read.commits[0].oid, repository.head());
    assert_eq!(read.warnings, [Warning::TooManyCommits(2)]);
}

#[test]
fn the_list_of_files_is_bounded_but_their_sum_is_not() {
    let repository = Repository::empty();
    (0..20).for_each(|number| repository.write(&format!("f{number}"), "a\nb\n"));
    repository.write("large", "line\n".repeat(1_000));
    repository.commit_all("Many");
    repository.fetch().unwrap();
    let limits = Limits { max_files: 3, max_blob_bytes: 2_000, ..Limits::default() };

    let read = read_with(repository.mirror().path(), repository.head(), &|_| false, limits);

    let commit = &read.commits[0];
    assert_eq!((commit.files.len(), commit.files_changed, commit.insertions), (3, 21, 40));
}

#[test]
fn a_shallow_source_ends_with_a_warning() {
    let repository = Repository::with_commits(5);
    let root = repository.directory.path();
    let from = format!("file://{}", repository.work().display());
    git(root, &["clone", "--quiet", "--depth", "2", &from, "shallow"]);

    let read =
        read_with(&root.join("shallow/.git"), repository.head(), &|_| false, Limits::default());

    assert_eq!(read.commits.len(), 2);
    assert!(matches!(read.warnings[0], Warning::Shallow(_)), "{:?}", read.warnings);
    assert!(matches!(read.warnings[1], Warning::UncountedChanges { .. }), "{:?}", read.warnings);
}

#[test]
fn a_mirror_of_a_shallow_clone_is_made_and_read() {
    let repository = Repository::with_commits(5);
    let root = repository.directory.path();
    let from = format!("file://{}", repository.work().display());
    git(root, &["clone", "--quiet", "--depth", "2", &from, "shallow"]);
    let shallow = Repository { directory: tempfile::TempDir::new().unwrap() };
    fs::rename(root.join("shallow"), shallow.work()).unwrap();

    let read = read(&shallow);

    assert_eq!(read.commits.len(), 2);
    assert!(matches!(read.warnings[0], Warning::Shallow(_)), "{:?}", read.warnings);
    assert_eq!(shallow.fetch().unwrap().head, Some(repository.head()));
}

#[test]
fn missing_objects_are_warnings_and_the_walk_goes_on() {
    let repository = Repository::with_commits(5);
    let objects = repository.work().join(".git/objects");
    let remove = |revision: &str| {
        let id = repository.git(&["rev-parse", revision]);
        fs::remove_file(objects.join(&id[..2]).join(&id[2..])).unwrap();
        id.parse::<Oid>().unwrap()
    };
    let commit = repository.git(&["rev-parse", "HEAD~1"]).parse::<Oid>().unwrap();
    remove("HEAD~1:file");
    let gone = remove("HEAD~3");

    let read = read_with(
        &repository.work().join(".git"),
        repository.head(),
        &|_| false,
        Limits::default(),
    );

    assert_eq!(read.commits.len(), 3);
    assert!(read.warnings.contains(&Warning::MissingCommit(gone)), "{:?}", read.warnings);
    let uncounted = |warning: &Warning| matches!(warning, Warning::UncountedChanges { commit: of, .. } if *of == commit);
    assert!(read.warnings.iter().any(uncounted), "{:?}", read.warnings);
}

#[test]
fn a_missing_head_is_an_error() {
    let repository = Repository::with_commits(1);
    repository.fetch().unwrap();
    let head = Oid::from_bytes([7; 20]);
    let path = repository.mirror();
    let walking =
        Walk { repository: path.path(), head, known: &|_| false, limits: Limits::default() };

    let error = walk(&walking, &Watch::none(), &Unobserved, &mut |_| ControlFlow::Continue(()))
        .unwrap_err();

    assert_eq!(error, HistoryError::MissingHead(head));
}

#[test]
fn a_walk_ends_when_its_caller_wants_it_to() {
    let repository = Repository::with_commits(40);
    repository.fetch().unwrap();
    let mirror = repository.mirror();
    let head = repository.head();
    let walking =
        Walk { repository: mirror.path(), head, known: &|_| false, limits: Limits::default() };
    let cancelled = Watch { cancelled: &|| true, progress: &|_, _| () };

    let broken = walk(&walking, &Watch::none(), &Unobserved, &mut |_| ControlFlow::Break(()));
    let stopped = walk(&walking, &cancelled, &Unobserved, &mut |_| ControlFlow::Continue(()));

    assert_eq!(broken, Err(HistoryError::Cancelled));
    assert_eq!(stopped, Err(HistoryError::Cancelled));
}

#[test]
fn a_force_push_drops_what_it_left_behind() {
    let repository = Repository::with_commits(4);
    let first = read(&repository);
    let known: HashSet<Oid> = first.commits.iter().map(|commit| commit.oid).collect();
    let previous = repository.head();
    let forward = repository.commit("more", "1\n");
    repository.fetch().unwrap();
    let path = repository.mirror().path().to_owned();

    let after_push = dropped(&path, previous, forward, &known).unwrap();
    repository.git(&["reset", "--hard", "--quiet", "HEAD~3"]);
    let rewritten = repository.commit("other", "1\n");
    repository.fetch().unwrap();
    let after_force = dropped(&path, previous, rewritten, &known).unwrap();

    assert!(after_push.is_empty());
    let newest_two: HashSet<Oid> = first.commits.iter().take(2).map(|commit| commit.oid).collect();
    assert_eq!(after_force, newest_two);
}
