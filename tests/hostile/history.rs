//! Histories that no honest clock and no honest git would write.

use std::{fs, time::Duration};

use crate::repository::{Repository, Script};

const WHO: &str = "Ada <ada@example.org> 1700000000 +0000";

#[test]
fn a_repository_without_commits_has_a_project_and_nothing_else() {
    let scanned = Repository::empty().scan();

    assert_eq!(scanned.commits().len(), 0);
    assert_eq!(scanned.warnings(), []);
    assert!(scanned.report["commits"]["head"].is_null());
}

#[test]
fn a_head_that_leads_to_no_branch_has_no_commits() {
    let repository = Repository::with(&[(b"a.rs", b"// TODO a\n")]);
    repository.git(&["symbolic-ref", "HEAD", "refs/heads/gone"], b"");

    let scanned = repository.scan();

    assert_eq!(scanned.commits().len(), 0);
    assert_eq!(scanned.all("todos", "path").len(), 0);
}

#[test]
fn a_detached_head_is_read_where_it_stands() {
    let repository = Repository::with(&[(b"a.rs", b"// TODO a\n")]);
    let commit = repository.git(&["rev-parse", "main"], b"");
    repository.git(&["update-ref", "--no-deref", "HEAD", &commit], b"");
    repository.git(&["update-ref", "-d", "refs/heads/main"], b"");
    repository.git(&["update-ref", "refs/heads/other", &commit], b"");

    let scanned = repository.scan();

    assert_eq!(scanned.commits().len(), 1);
    assert!(scanned.report["commits"]["branch"].is_null());
    assert_eq!(scanned.all("todos", "path"), ["a.rs"]);
}

#[test]
fn tags_of_anything_hinder_nothing() {
    let repository = Repository::with(&[(b"a.rs", b"// TODO a\n")]);
    let tree = repository.git(&["rev-parse", "main^{tree}"], b"");
    let blob = repository.git(&["rev-parse", "main:a.rs"], b"");
    let tag = |name: &str, kind: &str, oid: &str| {
        let text = format!("object {oid}\ntype {kind}\ntag {name}\ntagger {WHO}\n\nA tag\n");
        let tag = repository.object("tag", text.as_bytes());
        repository.point(&format!("refs/tags/{name}"), &tag);
        tag
    };
    repository.point("refs/tags/a-tree", &tree);
    repository.point("refs/tags/a-blob", &blob);
    tag("of-a-tree", "tree", &tree);
    let mut last = tag("of-a-blob", "blob", &blob);
    for number in 0..200 {
        last = tag(&format!("chain-{number}"), "tag", &last);
    }

    let scanned = repository.scan();

    assert_eq!(scanned.commits().len(), 1);
    assert_eq!(scanned.history_warnings(), [""; 0]);
    assert_eq!(scanned.all("todos", "path"), ["a.rs"]);
}

#[test]
fn a_branch_that_is_no_commit_is_an_error_in_words() {
    let repository = Repository::empty();
    let blob = repository.blob(b"no commit\n");
    repository.point("refs/heads/main", &blob);

    let scanned = repository.scan();

    assert!(scanned.report.is_null());
    assert!(
        scanned.error.len() < 2_000 && !scanned.error.contains("panicked"),
        "{}",
        scanned.error
    );
}

#[test]
fn merges_of_many_and_crossing_ones_have_each_commit_once() {
    let repository = Repository::empty();
    let mut script = Script::default();
    script.commit("main", WHO, "Root", &[]);
    script.file(b"a.rs", b"fn a() {}\n");
    let sides: Vec<String> = (0..66).map(|number| format!("side{number}")).collect();
    for side in &sides {
        script.line(&format!("reset refs/heads/{side}\nfrom refs/heads/main\n"));
        script.commit(side, WHO, side, &[]);
        script.file(format!("{side}.rs").as_bytes(), b"fn side() {}\n");
    }
    script.commit("main", WHO, "Octopus", &sides.iter().map(String::as_str).collect::<Vec<_>>());
    for round in 0..100 {
        // Each merges the other's last commit: 2^100 paths lead to the root.
        script.commit("side0", WHO, &format!("Cross {round}"), &["side1"]);
        script.commit("side1", WHO, &format!("Cross {round}"), &["side0"]);
    }
    script.commit("main", WHO, "End", &["side0", "side1"]);
    repository.import(&script);

    let scanned = repository.scan();

    assert_eq!(scanned.commits().len(), 1 + 66 + 1 + 200 + 1);
    assert_eq!(scanned.history_warnings(), [""; 0]);
    assert!(scanned.took < Duration::from_mins(1), "{:?}", scanned.took);
}

#[test]
fn clocks_of_any_hand_are_brought_into_range() {
    let tree = |repository: &Repository| {
        let blob = repository.blob(b"// TODO a\n");
        repository.tree(&[("100644", b"a.rs", &blob)])
    };
    for (time, year) in [
        ("4102444800 +0000", "2100-"),
        ("253402300799 +0000", "9999-"),
        ("9223372036854775807 +0000", "9999-"),
        ("9223372036854775808 +0000", ""),
        ("18446744073709551616 +0000", ""),
        ("-1 +0000", "1969-"),
        ("-62135596801 +0000", "0001-"),
        ("-9223372036854775808 -0000", "0001-"),
        ("0 +9999", "1970-"),
        ("0 -99999999", "1970-"),
        ("", "1970-"),
        ("1 2 3", ""),
    ] {
        let repository = Repository::empty();
        let who = format!("A <a@x> {time}");
        let tree = tree(&repository);
        repository.commit_raw(&format!("tree {tree}\nauthor {who}\ncommitter {who}\n\nm\n"));

        let scanned = repository.scan();

        assert_eq!(scanned.all("todos", "path"), ["a.rs"], "{time}");
        let found = scanned.commits()[0]["authored_at"].as_str().unwrap();
        assert!(found.starts_with(year), "{time}: {found}");
    }
}

#[test]
fn people_without_a_name_or_a_bracket_are_told_as_they_stand() {
    for who in [
        "",
        "<>",
        "A",
        "A <a@x",
        "A a@x> 1 +0000",
        "<<<>>> 1 +0000",
        "\u{202e}evil <a@x> 1 +0000",
        "A <a\u{1}b> 1 +0000",
    ] {
        let repository = Repository::empty();
        let blob = repository.blob(b"// TODO a\n");
        let tree = repository.tree(&[("100644", b"a.rs", &blob)]);
        repository.commit_raw(&format!("tree {tree}\nauthor {who}\ncommitter {who}\n\nm\n"));

        let scanned = repository.scan();

        assert_eq!(scanned.commits().len() + scanned.history_warnings().len(), 1, "{who}");
        assert_eq!(scanned.all("todos", "path"), ["a.rs"], "{who}");
    }
}

#[test]
fn commits_that_lack_what_they_name_are_warnings() {
    let repository = Repository::empty();
    let blob = repository.blob(b"// TODO a\n");
    let tree = repository.tree(&[("100644", b"a.rs", &blob)]);
    let first = repository.commit_tree(&tree);
    let lost = repository.object(
        "commit",
        format!("tree {}\nauthor {WHO}\ncommitter {WHO}\n\nLost\n", "2".repeat(40)).as_bytes(),
    );
    repository.commit_raw(&format!(
        "tree {tree}\nparent {first}\nparent {first}\nparent {lost}\nauthor {WHO}\ncommitter {WHO}\n\nm\n"
    ));
    // git itself refuses to serve what it misses, so the lost tree only goes afterwards.
    let empty = repository.object("tree", b"");
    let kept = repository.object(
        "commit",
        format!("tree {empty}\nparent {lost}\nauthor {WHO}\ncommitter {WHO}\n\nm\n").as_bytes(),
    );
    assert_eq!(kept.len(), 40);

    let scanned = repository.scan();

    assert!(scanned.report.is_null() || scanned.history_warnings().len() == 1, "{}", scanned.error);
    assert!(!scanned.error.contains("panicked"), "{}", scanned.error);
}

#[test]
fn headers_of_a_commit_may_be_anything() {
    let repository = Repository::empty();
    let blob = repository.blob(b"// TODO a\n");
    let tree = repository.tree(&[("100644", b"a.rs", &blob)]);
    let many: Vec<String> = (0..50_000).map(|number| format!("x{number} value\n more\n")).collect();
    let many = many.concat();
    let head = format!("tree {tree}\nauthor {WHO}\ncommitter {WHO}\n");
    for (rest, is_read) in [
        (format!("{many}\nm\n"), true),
        ("encoding no-such-thing\n\nm\n".to_owned(), true),
        (format!("encoding {}\n\nm\n", "x".repeat(100_000)), true),
        ("gpgsig -----BEGIN\n never ends\n\nm\n".to_owned(), true),
        ("mergetag object\n\nm\n".to_owned(), true),
        (String::new(), false),
        ("no-value\n".to_owned(), false),
    ] {
        repository.commit_raw(&format!("{head}{rest}"));

        let scanned = repository.scan();

        assert_eq!(scanned.all("todos", "path"), ["a.rs"], "{}", rest.get(..20).unwrap_or(&rest));
        if is_read {
            assert_eq!(scanned.commits().len(), 1, "{}", rest.get(..20).unwrap_or(&rest));
        }
    }
}

#[test]
fn branches_with_names_of_options_and_locks_are_branches_or_nothing() {
    let repository = Repository::with(&[(b"a.rs", b"// TODO a\n")]);
    let commit = repository.git(&["rev-parse", "main"], b"");
    for name in ["refs/heads/-rf", "refs/heads/x.lock", "refs/heads/--upload-pack=touch"] {
        repository.point(name, &commit);
    }

    let scanned = repository.scan();

    assert_eq!(scanned.commits().len(), 1, "{}", scanned.error);
    assert_eq!(scanned.all("todos", "path"), ["a.rs"]);
}

/// git serves them, and will not say what they point to.
#[test]
fn broken_references_are_refused_in_the_words_of_git() {
    for (name, content) in [
        ("refs/heads/empty-after-a-crash", String::new()),
        ("refs/heads/rubbish", "no id\n".to_owned()),
        ("refs/heads/nowhere", "3".repeat(40)),
        ("refs/heads/a..b", "4".repeat(40)),
    ] {
        let repository = Repository::with(&[(b"a.rs", b"// TODO a\n")]);
        fs::write(repository.path().join(name), content).unwrap();

        repository.scan().assert_refused("not our ref");
    }
}

/// git serves the name, and nobody can tell where it ends.
#[test]
fn a_reference_with_a_space_is_refused_in_bounded_words() {
    let repository = Repository::with(&[(b"a.rs", b"// TODO a\n")]);
    let commit = repository.git(&["rev-parse", "main"], b"");
    repository.point(&format!("refs/heads/{} copy", "n".repeat(200)), &commit);

    let scanned = repository.scan();

    scanned.assert_refused("could not be parsed");
    assert!(scanned.error.len() < 700, "{}", scanned.error);
}

#[test]
fn a_clone_of_depth_one_is_read_and_says_where_it_ends() {
    let repository = Repository::empty();
    let mut script = Script::default();
    for number in 0..3 {
        script.commit("main", WHO, &format!("Commit {number}"), &[]);
        script.file(b"a.rs", format!("// TODO number {number}\n").as_bytes());
    }
    repository.import(&script);
    let shallow = Repository::empty();
    let from = format!("file://{}", repository.path().display());
    shallow.git(&["fetch", "--quiet", "--depth", "1", &from, "main:main"], b"");

    let scanned = shallow.scan();

    assert_eq!(scanned.commits().len(), 1, "{}", scanned.error);
    assert_eq!(scanned.all("todos", "text"), ["number 2"]);
    assert!(scanned.history_warnings()[0].contains("shallow"), "{:?}", scanned.history_warnings());
}

#[test]
fn one_large_file_at_thousands_of_paths_is_counted_in_time() {
    let repository = Repository::empty();
    let zeros = repository.blob(&b"line\n".repeat(8 << 20));
    let names: Vec<String> = (0..20_000).map(|number| format!("f{number:05}.txt")).collect();
    let entries: Vec<_> =
        names.iter().map(|name| ("100644", name.as_bytes(), zeros.as_str())).collect();
    let tree = repository.tree(&entries);
    repository.commit_tree(&tree);

    let scanned = repository.scan();

    assert_eq!(scanned.commits()[0]["insertions"], 20_000_u64 * (8 << 20));
    assert!(scanned.took < Duration::from_mins(1), "{:?}", scanned.took);
}

#[test]
fn a_configuration_that_would_run_programs_is_not_looked_at() {
    let repository = Repository::with(&[
        (b"a.rs", b"// TODO a\n"),
        (b".gitattributes", b"*.rs filter=evil diff=evil\n"),
    ]);
    let evil = "touch /tmp/quarterdeck-was-here";
    for key in [
        "core.fsmonitor",
        "core.sshCommand",
        "core.pager",
        "filter.evil.smudge",
        "diff.evil.textconv",
        "uploadpack.packObjectsHook",
        "core.alternateRefsCommand",
        "core.hooksPath",
    ] {
        repository.git(&["config", key, evil], b"");
    }
    for hook in ["post-checkout", "pre-receive", "post-upload-pack", "reference-transaction"] {
        fs::create_dir_all(repository.path().join("hooks")).unwrap();
        fs::write(repository.path().join("hooks").join(hook), format!("#!/bin/sh\n{evil}\n"))
            .unwrap();
        let path = repository.path().join("hooks").join(hook);
        fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    }

    let scanned = repository.scan();

    assert_eq!(scanned.all("todos", "path"), ["a.rs"]);
    assert!(!std::path::Path::new("/tmp/quarterdeck-was-here").exists());
}
