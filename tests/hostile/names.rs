//! Names that no file should have.

use crate::{
    repository::{Repository, Script},
    scanned::{notes_of, pair, warnings_of},
};

const NOTE: &[u8] = b"// TODO find me\n";

#[test]
fn names_of_any_bytes_are_read_and_told_as_text() {
    let long = [vec![b'x'; 252], b".rs".to_vec()].concat();
    let repository = Repository::with(&[
        (b"latin-\xe9.rs", NOTE),
        (b"broken-\xc3\x28\xff.rs", NOTE),
        (b"two\nlines.rs", NOTE),
        (b"tab\tbell\x07escape\x1b[31m.rs", NOTE),
        ("right\u{202e}sr.rs".as_bytes(), NOTE),
        ("e\u{301}.rs".as_bytes(), NOTE),
        ("\u{e9}.rs".as_bytes(), NOTE),
        (b" space .rs", NOTE),
        (b"-rf.rs", NOTE),
        (b"quote'\"<script>.rs", NOTE),
        (b"back\\slash.rs", NOTE),
        (b"star*[a]{b}?.rs", NOTE),
        (b"con.rs", NOTE),
        (&long, NOTE),
    ]);

    let scanned = repository.scan();

    let paths = scanned.all("todos", "path");
    assert_eq!(paths.len(), 14, "{paths:?}");
    assert!(paths.contains(&"latin-\u{fffd}.rs".to_owned()));
    assert!(paths.contains(&"broken-\u{fffd}(\u{fffd}.rs".to_owned()));
    assert!(paths.iter().any(|path| path.len() == 255));
    assert_eq!(scanned.warnings(), []);
    assert_eq!(scanned.commits()[0]["files"], 14);
}

#[test]
fn two_names_that_are_one_as_text_stay_two_files_and_one_project() {
    let repository = Repository::with(&[
        (b"app-\xfe/package.json", br#"{"name": "first"}"#),
        (b"app-\xff/package.json", br#"{"name": "second"}"#),
        (b"app-\xfe/a.js", NOTE),
        (b"app-\xff/a.js", NOTE),
    ]);

    let scanned = repository.scan();

    assert_eq!(scanned.all("projects", "path"), ["app-\u{fffd}"]);
    assert_eq!(scanned.all("todos", "path"), ["app-\u{fffd}/a.js"; 2]);
}

#[test]
fn names_that_lead_outside_are_left_out_with_a_warning() {
    let repository = Repository::empty();
    let note = repository.blob(NOTE);
    let inner = repository.tree(&[("100644", b"a.rs", &note)]);
    let tree = repository.tree(&[
        ("40000", b"..", &inner),
        ("40000", b".", &inner),
        ("100644", b"../../etc/passwd.rs", &note),
        ("100644", b"/etc/cron.rs", &note),
        ("100644", b"", &note),
        ("40000", b"good", &inner),
    ]);
    repository.commit_tree(&tree);

    let report = repository.read_directly();

    assert_eq!(notes_of(&report), ["good/a.rs"]);
    let warnings = warnings_of(&report);
    assert_eq!(warnings.len(), 5, "{warnings:?}");
    assert!(warnings.iter().all(|(code, _)| code == "object-missing"), "{warnings:?}");
}

#[test]
fn a_git_directory_in_the_tree_is_files_like_any_others() {
    let repository = Repository::empty();
    let hook = repository.blob(b"#!/bin/sh\n# TODO not run\ntouch /tmp/quarterdeck-was-here\n");
    let config = repository.blob(b"[core]\n\tfsmonitor = touch /tmp/quarterdeck-was-here\n");
    let hooks = repository.tree(&[("100755", b"post-checkout", &hook)]);
    let git = repository.tree(&[("100644", b"config", &config), ("40000", b"hooks", &hooks)]);
    let tree = repository.tree(&[
        ("40000", b".GIT", &git),
        ("40000", b".git", &git),
        ("40000", b"git~1", &git),
    ]);
    repository.commit_tree(&tree);

    let scanned = repository.scan();

    assert_eq!(scanned.all("todos", "path").len(), 3);
    assert!(!std::path::Path::new("/tmp/quarterdeck-was-here").exists());
}

#[test]
fn names_that_differ_by_case_alone_are_different_files() {
    let repository = Repository::with(&[
        (b"Cargo.toml", b"[package]\nname = \"real\"\n"),
        (b"cargo.toml", b"[package]\nname = \"other\"\n"),
        (b"src/Main.rs", NOTE),
        (b"src/main.rs", NOTE),
        (b"SRC/main.rs", NOTE),
    ]);

    let scanned = repository.scan();

    assert_eq!(scanned.all("projects", "name"), ["real"]);
    assert_eq!(scanned.all("todos", "path"), ["SRC/main.rs", "src/Main.rs", "src/main.rs"]);
}

#[test]
fn entries_that_stand_twice_or_in_the_wrong_order_are_read() {
    let repository = Repository::empty();
    let (one, two) = (repository.blob(b"// TODO one\n"), repository.blob(b"// TODO two\n"));
    let inner = repository.tree(&[("100644", b"a.rs", &one)]);
    let manifest = repository.blob(b"[package]\nname = \"twice\"\n");
    let tree = repository.tree(&[
        ("100644", b"z.rs", &one),
        ("100644", b"Cargo.toml", &manifest),
        ("100644", b"Cargo.toml", &manifest),
        ("100644", b"a.rs", &one),
        ("100644", b"a.rs", &two),
        ("40000", b"a.rs", &inner),
    ]);
    repository.commit_tree(&tree);

    let scanned = repository.scan();

    assert_eq!(scanned.all("projects", "name"), ["twice"]);
    let mut paths = scanned.all("todos", "path");
    paths.sort();
    assert_eq!(paths, ["a.rs", "a.rs", "a.rs/a.rs", "z.rs"]);
}

#[test]
fn links_are_never_followed() {
    let repository = Repository::empty();
    let mut script = Script::default();
    script.commit("main", "A <a@x> 1 +0000", "Links", &[]);
    script.entry("120000", b"Cargo.toml", b"/etc/passwd");
    script.entry("120000", b"package.json", b"../../../../etc/hostname");
    script.entry("120000", b"loop", b"loop");
    script.entry("120000", b"ping", b"pong");
    script.entry("120000", b"pong", b"ping");
    script.entry("120000", b"up", b"..");
    script.entry("120000", b"link.rs", b"// TODO not code");
    script.entry("120000", b".mailmap", b"/etc/passwd");
    script.entry("120000", b".gitattributes", b"/etc/passwd");
    script.entry("120000", b"tasklist.md", b"- [ ] no task");
    script.file(b"real.rs", NOTE);
    repository.import(&script);

    let scanned = repository.scan();

    assert_eq!(scanned.all("projects", "kind"), ["generic"]);
    assert_eq!(scanned.all("todos", "path"), ["real.rs"]);
    assert_eq!(scanned.all("tasks", "title"), [""; 0]);
    assert_eq!(scanned.warnings(), []);
}

#[test]
fn submodules_are_named_and_their_addresses_are_not_touched() {
    let repository = Repository::empty();
    let modules = repository.blob(
        b"[submodule \"x\"]\n\tpath = sub\n\turl = --upload-pack=touch /tmp/quarterdeck-was-here\n\
          [submodule \"../../y\"]\n\tpath = ext\n\turl = ext::sh -c touch% /tmp/quarterdeck-was-here\n\
          \tupdate = !touch /tmp/quarterdeck-was-here\n",
    );
    let nowhere = "1".repeat(40);
    let tree = repository.tree(&[
        ("100644", b".gitmodules", &modules),
        ("160000", b"Cargo.toml", &nowhere),
        ("160000", b"ext", &nowhere),
        ("160000", b"sub", &"0".repeat(40)),
    ]);
    repository.commit_tree(&tree);

    let scanned = repository.scan();

    assert_eq!(scanned.warnings(), [pair("submodule-not-followed", "Cargo.toml")]);
    assert!(!std::path::Path::new("/tmp/quarterdeck-was-here").exists());
}

#[test]
fn an_entry_of_an_unknown_kind_costs_no_other_entry() {
    let repository = Repository::empty();
    let note = repository.blob(NOTE);
    let tree = repository.tree(&[
        ("100644", b"a.rs", &note),
        ("100664", b"b.rs", &note),
        ("100600", b"c.rs", &note),
    ]);
    repository.commit_tree(&tree);

    assert_eq!(repository.scan().all("todos", "path"), ["a.rs", "b.rs", "c.rs"]);
}
