use super::*;
use crate::{
    repositories::testing::TestRepository,
    scanner::{
        model::Marker,
        scan_testing::{codes, outline, project, report, run},
    },
};

#[test]
fn tasks_belong_to_the_nearest_project() {
    let report = report(&[
        ("package.json", r#"{"name": "root"}"#),
        ("tasklist.md", "- [ ] TASK-ROOT-1 One\n  - [x] Two\n"),
        ("api/go.mod", "module api\n"),
        (
            "api/docs/TASKLIST.md",
            "---\npriority: low\n---\n- [ ] TASK-ROOT-1 Three (priority: high)\n  - [ ] Four\n",
        ),
    ]);

    let tasks: Vec<_> = report
        .tasks
        .iter()
        .map(|one| {
            (
                one.title.as_str(),
                one.project.as_deref().unwrap(),
                one.parent,
                one.attributes.priority.as_deref(),
            )
        })
        .collect();
    assert_eq!(
        tasks,
        [
            ("Three", "api", None, Some("high")),
            ("Four", "api", Some(0), Some("low")),
            ("One", ".", None, None),
            ("Two", ".", Some(2), None),
        ]
    );
    assert_eq!(codes(&report), [(WarningCode::DuplicateTaskId, Some("tasklist.md"))]);
}

#[test]
fn what_lies_among_fixtures_is_marked() {
    let report = report(&[
        ("tests/it/a.rs", "// TODO real\n"),
        ("tests/fixtures/a.rs", "// TODO made up\n"),
        ("tests/fixtures/tasklist.md", "- [ ] Made up\n"),
    ]);

    let marks: Vec<_> = report.todos.iter().map(|one| (one.text.as_str(), one.fixture)).collect();
    assert_eq!(marks, [("made up", true), ("real", false)]);
    assert!(report.tasks[0].fixture);
}

#[test]
fn outside_all_projects_there_is_none() {
    let report = report(&[
        ("api/go.mod", "module api\n"),
        ("run.sh", "# TODO x\n"),
        ("api/a.go", "// FIXME(eve) y\n"),
    ]);

    let todos: Vec<_> = report
        .todos
        .iter()
        .map(|one| (one.marker, one.project.as_deref(), one.author.as_deref(), one.line))
        .collect();
    assert_eq!(
        todos,
        [(Marker::Fixme, Some("api"), Some("eve"), 1), (Marker::Todo, None, None, 1)]
    );
}

#[test]
fn languages_are_counted_for_all_and_for_each_project() {
    let report = report(&[
        ("Cargo.toml", "[package]\nname = \"a\"\n"),
        ("src/main.rs", "// a\n\nfn main() {}\nfn b() {}\nfn c() {}\n"),
        ("web/package.json", r#"{"name": "web"}"#),
        ("web/a.js", "a()\n"),
        ("web/b.js", "b()\n"),
        ("script", "#!/usr/bin/env python3\nprint()\n"),
        ("logo.png", "no text"),
    ]);

    let all: Vec<_> =
        report.languages.iter().map(|one| (one.name.as_str(), one.files, one.code)).collect();
    assert_eq!(
        all,
        [("Rust", 1, 3), ("JavaScript", 2, 2), ("TOML", 1, 2), ("JSON", 1, 1), ("Python", 1, 1)]
    );
    let web: Vec<_> =
        project(&report, "web").languages.iter().map(|one| one.name.as_str()).collect();
    assert_eq!(web, ["JavaScript", "JSON"]);
    let rust = &report.languages[0];
    assert_eq!((rust.comments, rust.blanks), (1, 1));
}

#[test]
fn a_second_scan_reads_only_new_blobs() {
    let repository = TestRepository::with(&[
        ("a.rs", "// TODO a\n"),
        ("b.rs", "fn b() {}\n"),
        ("copy/b.rs", "fn b() {}\n"),
    ]);
    let first = run(&repository, &KnownFacts::new());
    assert_eq!(first.counts, ScanCounts { files: 3, read: 2, reused: 0 });
    let known: KnownFacts = first.new_facts.into_iter().collect();

    let again = run(&repository, &known);
    repository.commit(&[("c.rs", "// TODO c\n")]);
    let later = run(&repository, &known);

    assert_eq!(again.counts, ScanCounts { files: 3, read: 0, reused: 2 });
    assert_eq!(again.report, first.report);
    assert!(again.new_facts.is_empty());
    assert_eq!(later.counts, ScanCounts { files: 4, read: 1, reused: 2 });
    assert_eq!(later.report.todos.len(), 2);
    assert_eq!(later.new_facts.len(), 1);
}

#[test]
fn a_plan_tells_which_facts_it_needs() {
    let repository = TestRepository::with(&[("a.rs", ""), ("x/a.rs", ""), ("a.png", "")]);
    let store = ObjectStore::open(repository.path()).unwrap();
    let head = store.head().unwrap().unwrap().commit;

    let plan = Plan::new(&store, head, &ScanOptions::new("demo")).unwrap();

    let keys: Vec<_> = plan.keys().map(|key| key.reading.as_str()).collect();
    assert_eq!(keys, ["4:", "4:Rust"], "a picture is only measured");
}

#[test]
fn what_cannot_be_read_is_a_warning() {
    let repository = TestRepository::with(&[
        ("big.rs", &"// x\n".repeat(1_000)),
        ("lfs.rs", "version https://git-lfs.github.com/spec/v1\noid sha256:aa\nsize 1\n"),
        ("gone.rs", "fn gone() {}\n"),
        ("kept.rs", "fn kept() {}\n"),
    ]);
    let commit = repository.git(&["rev-parse", "HEAD"]);
    repository.git(&["update-index", "--add", "--cacheinfo", &format!("160000,{commit},sub")]);
    repository.git(&["commit", "--quiet", "-m", "A submodule"]);
    repository.remove_object(&repository.git(&["rev-parse", "HEAD:gone.rs"]));
    let store = ObjectStore::open(repository.path()).unwrap();
    let options = ScanOptions { max_blob_bytes: 1_000, ..ScanOptions::new("demo") };

    let head = store.head().unwrap().unwrap().commit;
    let found = scan(&store, head, &options, &KnownFacts::new(), &Watch::default()).unwrap();

    assert_eq!(
        codes(&found.report),
        [
            (WarningCode::FileTooLarge, Some("big.rs")),
            (WarningCode::ObjectMissing, Some("gone.rs")),
            (WarningCode::SubmoduleNotFollowed, Some("sub")),
        ]
    );
    assert_eq!(found.report.languages[0].files, 1);
    assert_eq!(found.new_facts.len(), 2);
}

#[test]
fn a_cancelled_scan_ends_without_a_result() {
    let repository = TestRepository::with(&[("a.rs", "fn a() {}\n")]);
    let store = ObjectStore::open(repository.path()).unwrap();
    let head = store.head().unwrap().unwrap().commit;
    let watch = Watch::default();
    watch.cancel.store(true, Ordering::Relaxed);

    let result = scan(&store, head, &ScanOptions::new("demo"), &KnownFacts::new(), &watch);

    assert!(matches!(result, Err(ScanError::Cancelled)));
}

#[test]
fn progress_counts_up_to_its_total() {
    let files: Vec<(String, String)> =
        (0..100).map(|index| (format!("{index}.rs"), format!("fn f{index}() {{}}\n"))).collect();
    let files: Vec<(&str, &str)> =
        files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    let repository = TestRepository::with(&files);
    let store = ObjectStore::open(repository.path()).unwrap();
    let head = store.head().unwrap().unwrap().commit;
    let watch = Watch::default();

    let found = scan(&store, head, &ScanOptions::new("demo"), &KnownFacts::new(), &watch).unwrap();

    assert_eq!(watch.progress.total.load(Ordering::Relaxed), 100);
    assert_eq!(watch.progress.done.load(Ordering::Relaxed), 100);
    assert_eq!(found.report.languages[0].code, 100);
}

#[test]
fn a_symlink_is_not_read_as_the_file_it_names() {
    let repository = TestRepository::with(&[("real/package.json", r#"{"name": "real"}"#)]);
    std::fs::create_dir(repository.path().join("link")).unwrap();
    std::os::unix::fs::symlink("/etc/passwd", repository.path().join("link/package.json")).unwrap();
    repository.commit(&[]);

    let report = run(&repository, &KnownFacts::new()).report;

    assert_eq!(outline(&report), [("real", "real", "npm")]);
}

#[test]
fn the_report_has_the_promised_shape() {
    let report = report(&[
        ("package.json", r#"{"name": "a"}"#),
        ("tasklist.md", "- [ ] T\n"),
        ("a.js", "// TODO t\n"),
    ]);

    let json = serde_json::to_value(report.with_commits(serde_json::json!({"count": 1}))).unwrap();

    let keys: Vec<_> = json.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(
        keys,
        [
            "commits",
            "languages",
            "owners_file",
            "projects",
            "size",
            "submodules",
            "tasks",
            "todos",
            "warnings"
        ]
    );
    insta::assert_json_snapshot!("report", json);
}
