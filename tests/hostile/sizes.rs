//! Too many, too deep, too large: bounded in time and memory.

use std::time::Duration;

use crate::{
    repository::{Repository, Script},
    scanned::pair,
};

#[test]
fn a_hundred_thousand_files_are_read_within_three_hundred_megabytes() {
    let repository = Repository::empty();
    let mut script = Script::default();
    script.commit("main", "A <a@x> 1700000000 +0000", "Many", &[]);
    for number in 0..100_000 {
        let path = format!("d{}/e{}/f{number}.rs", number % 97, number % 11);
        let note = if number % 10 == 0 { "// TODO look again\n" } else { "// About it.\n" };
        script.file(path.as_bytes(), format!("{note}fn f{number}() {{}}\n").as_bytes());
    }
    repository.import(&script);

    let scanned = repository.scan();

    assert_eq!(scanned.report["languages"][0]["files"], 100_000);
    assert_eq!(scanned.report["todos"].as_array().unwrap().len(), 10_000);
    assert_eq!(scanned.commits()[0]["files"], 100_000);
    println!("{:?}, {} MB", scanned.took, scanned.peak_megabytes);
    assert!(scanned.peak_megabytes < 300, "{} MB", scanned.peak_megabytes);
}

#[test]
fn what_is_nested_too_deep_is_left_out_and_the_rest_is_read() {
    let repository = Repository::empty();
    let mut script = Script::default();
    script.commit("main", "A <a@x> 1700000000 +0000", "Deep", &[]);
    for depth in 0..2_000 {
        script.file(format!("{}n.rs", "d/".repeat(depth)).as_bytes(), b"// TODO deep\n");
    }
    repository.import(&script);

    let scanned = repository.scan();

    // Of `scanner.max_depth`, and the root.
    let depth = 101;
    assert_eq!(scanned.all("todos", "path").len(), depth);
    assert_eq!(scanned.warnings().len(), 1);
    assert_eq!(scanned.warnings()[0].0, "too-deep");
    assert!(
        scanned.report["warnings"][0]["message"].as_str().unwrap().contains("`scanner.max_depth`")
    );
    assert_eq!(scanned.commits().len(), 1);
}

#[test]
fn ten_trees_that_unfold_to_ten_thousand_million_files_are_refused_at_once() {
    let repository = Repository::empty();
    let note = repository.blob(b"// TODO again\n");
    let names: Vec<Vec<u8>> = (0..10).map(|number| format!("d{number}").into_bytes()).collect();
    let level = |mode, oid: &str| {
        let entries: Vec<_> = names.iter().map(|name| (mode, name.as_slice(), oid)).collect();
        repository.tree(&entries)
    };
    let mut tree = level("100644", &note);
    for _ in 0..9 {
        tree = level("40000", &tree);
    }
    repository.commit_tree(&tree);

    let scanned = repository.scan();

    scanned.assert_refused("`scanner.max_files`");
    assert!(scanned.peak_megabytes < 400, "{} MB", scanned.peak_megabytes);
    assert!(scanned.took < Duration::from_mins(1), "{:?}", scanned.took);
}

#[test]
fn a_hundred_megabytes_of_nothing_cost_no_memory() {
    let zeros = vec![0; 100 << 20];
    let repository = Repository::with(&[
        (b"zeros.rs", &zeros),
        (b"package.json", &zeros),
        (b"real.rs", b"// TODO real\n"),
    ]);

    let scanned = repository.scan();

    assert_eq!(scanned.all("todos", "path"), ["real.rs"]);
    assert_eq!(
        scanned.warnings(),
        [pair("file-too-large", "package.json"), pair("file-too-large", "zeros.rs")]
    );
    assert!(scanned.peak_megabytes < 300, "{} MB", scanned.peak_megabytes);
}

#[test]
fn paths_longer_than_any_system_takes_are_left_out_with_a_warning() {
    let name = "n".repeat(250);
    let deep = [name.as_str(); 20].join("/");
    let wide = "w".repeat(70_000);
    let repository = Repository::with(&[
        (format!("{deep}/package.json").as_bytes(), br#"{"name": "deep"}"#),
        (format!("{wide}/package.json").as_bytes(), br#"{"name": "wide"}"#),
        (b"package.json", br#"{"name": "real"}"#),
    ]);

    let scanned = repository.scan();

    assert_eq!(scanned.all("projects", "name"), ["real"]);
    assert_eq!(scanned.all("warnings", "code"), ["path-too-long"; 2]);
    assert!(scanned.all("warnings", "path").iter().all(|path| path.len() < 400));
}

#[test]
fn a_message_of_many_megabytes_is_cut() {
    let repository = Repository::empty();
    let mut script = Script::default();
    let message = format!("Subject\n\n{}", "many words ".repeat(2_000_000));
    script.commit("main", "A <a@x> 1700000000 +0000", &message, &[]);
    script.file(b"a.rs", b"fn a() {}\n");
    repository.import(&script);

    let scanned = repository.scan();

    assert_eq!(scanned.commits()[0]["subject"], "Subject");
    assert!(scanned.peak_megabytes < 300, "{} MB", scanned.peak_megabytes);
}

#[test]
fn a_mailmap_made_to_be_slow_is_read_in_time() {
    let lines: Vec<String> = (0..60_000)
        .map(|number| format!("Name {number} <new{number}@x> <old{number}@x>\n"))
        .collect();
    let mailmap = lines.concat();
    let repository = Repository::empty();
    let mut script = Script::default();
    for number in 0..2_000 {
        script.commit(
            "main",
            &format!("O <old{number}@x> {} +0000", 1_700_000_000 + number),
            "m",
            &[],
        );
        if number == 0 {
            script.file(b".mailmap", mailmap.as_bytes());
        }
    }
    repository.import(&script);

    let scanned = repository.scan();

    assert_eq!(scanned.commits()[0]["author"], "Name 1999");
    assert!(scanned.took < Duration::from_mins(1), "{:?}", scanned.took);
}

/// Wherever it stands in the history, not only in the head.
#[test]
fn a_commit_that_unfolds_to_too_many_files_is_given_without_its_counts() {
    let repository = Repository::empty();
    let note = repository.blob(b"// TODO again\n");
    let names: Vec<Vec<u8>> = (0..10).map(|number| format!("d{number}").into_bytes()).collect();
    let mut tree = repository.tree(&[("100644", b"a.rs", &note)]);
    for _ in 0..9 {
        let entries: Vec<_> =
            names.iter().map(|name| ("40000", name.as_slice(), tree.as_str())).collect();
        tree = repository.tree(&entries);
    }
    let bomb = repository.commit_tree(&tree);
    let good = repository.tree(&[("100644", b"a.rs", &note)]);
    let who = "A <a@x> 1700000000 +0000";
    repository.commit_raw(&format!(
        "tree {good}\nparent {bomb}\nauthor {who}\ncommitter {who}\n\nGood again\n"
    ));

    let scanned = repository.scan();

    assert_eq!(scanned.all("todos", "path"), ["a.rs"]);
    assert_eq!(scanned.commits().len(), 2);
    assert!(scanned.history_warnings()[0].contains("it changes more than"));
    assert!(scanned.peak_megabytes < 600, "{} MB", scanned.peak_megabytes);
}
