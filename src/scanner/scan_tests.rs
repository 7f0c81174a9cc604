use std::time::Duration;

use super::*;
use crate::{
    repositories::testing::TestRepository,
    scanner::model::{Dependency, Marker, Scope},
};

fn run(repository: &TestRepository, known: &KnownFacts) -> Scan {
    let store = ObjectStore::open(repository.path()).unwrap();
    let head = store.head().unwrap().unwrap();
    scan(&store, head.commit, &ScanOptions::new("demo"), known, &Watch::default()).unwrap()
}

fn report(files: &[(&str, &str)]) -> ScanReport {
    run(&TestRepository::with(files), &KnownFacts::new()).report
}

fn project<'a>(report: &'a ScanReport, path: &str) -> &'a Project {
    report.projects.iter().find(|project| project.path == path).unwrap()
}

fn outline(report: &ScanReport) -> Vec<(&str, &str, &str)> {
    report
        .projects
        .iter()
        .map(|one| (one.path.as_str(), one.name.as_str(), one.kind.as_str()))
        .collect()
}

fn codes(report: &ScanReport) -> Vec<(WarningCode, Option<&str>)> {
    report.warnings.iter().map(|one| (one.code, one.path.as_deref())).collect()
}

fn dependency(name: &str, requirement: &str, scope: Scope) -> Dependency {
    Dependency { name: name.to_owned(), requirement: Some(requirement.to_owned()), scope }
}

#[test]
fn a_repository_without_a_manifest_is_one_generic_project() {
    let report = report(&[("README.md", "# Hello\n"), ("run.sh", "# TODO: all\n")]);

    assert_eq!(outline(&report), [(".", "demo", "generic")]);
    assert_eq!(report.todos[0].project.as_deref(), Some("."));
    assert_eq!(project(&report, ".").manifest, None);
}

#[test]
fn an_empty_tree_is_a_generic_project_too() {
    assert_eq!(outline(&report(&[])), [(".", "demo", "generic")]);
}

#[test]
fn projects_form_a_tree() {
    let report = report(&[
        ("package.json", r#"{"name": "root", "workspaces": ["apps/*", "libs/**", "!libs/old"]}"#),
        ("apps/web/package.json", r#"{"name": "web", "dependencies": {"lib": "*"}}"#),
        ("apps/web/native/Cargo.toml", "[package]\nname = \"native\"\nversion = \"1.0.0\"\n"),
        ("libs/a/b/package.json", r#"{"version": "1.0.0"}"#),
        ("libs/old/package.json", r#"{"name": "old"}"#),
        ("tools/go.mod", "module example.org/tools\n"),
        ("tests/fixtures/app/package.json", r#"{"name": "fixture"}"#),
        ("node_modules/x/package.json", r#"{"name": "x"}"#),
    ]);

    assert_eq!(
        outline(&report),
        [
            (".", "root", "npm"),
            ("apps/web", "web", "npm"),
            ("apps/web/native", "native", "rust"),
            ("libs/a/b", "b", "npm"),
            ("libs/old", "old", "npm"),
            ("tests/fixtures/app", "fixture", "npm"),
            ("tools", "example.org/tools", "go"),
        ]
    );
    let parents: Vec<_> = report.projects.iter().map(|one| one.parent.as_deref()).collect();
    let root = Some(".");
    assert_eq!(parents, [None, root, Some("apps/web"), root, root, root, root]);
    let members: Vec<_> = report
        .projects
        .iter()
        .filter(|one| one.workspace.as_deref() == root)
        .map(|one| one.path.as_str())
        .collect();
    assert_eq!(members, ["apps/web", "libs/a/b"]);
    assert!(project(&report, ".").workspace_root);
    let fixtures: Vec<_> =
        report.projects.iter().filter(|one| one.fixture).map(|one| one.path.as_str()).collect();
    assert_eq!(fixtures, ["tests/fixtures/app"]);
    assert_eq!(codes(&report), []);
}

#[test]
fn a_cargo_workspace_shares_fields_and_dependencies() {
    let report = report(&[
        (
            "Cargo.toml",
            "[workspace]\nmembers = [\"crates/*\", \"gone\"]\nexclude = [\"crates/old\"]\n\
             [workspace.package]\nversion = \"3.1.0\"\nlicense = \"MIT\"\n\
             [workspace.dependencies]\nserde = { version = \"1.0\" }\nhelper = { path = \"crates/helper\" }\n",
        ),
        (
            "crates/api/Cargo.toml",
            "[package]\nname = \"api\"\nversion.workspace = true\nlicense.workspace = true\n\
             [dependencies]\nserde.workspace = true\nhelper = { workspace = true }\n",
        ),
        ("crates/old/Cargo.toml", "[package]\nname = \"old\"\nversion = \"0.1.0\"\n"),
    ]);

    let api = project(&report, "crates/api");
    assert_eq!((api.version.as_deref(), api.licence.as_deref()), (Some("3.1.0"), Some("MIT")));
    assert_eq!(
        api.dependencies,
        [
            dependency("helper", "path:crates/helper", Scope::Runtime),
            dependency("serde", "1.0", Scope::Runtime),
        ]
    );
    assert_eq!(api.workspace.as_deref(), Some("."));
    assert_eq!(project(&report, "crates/old").workspace, None);
    assert_eq!(outline(&report)[0], (".", "demo", "rust"));
    assert_eq!(codes(&report), [(WarningCode::WorkspacePattern, Some("Cargo.toml"))]);
}

#[test]
fn a_path_dependency_is_a_member_without_being_named() {
    let report = report(&[
        ("Cargo.toml", "[workspace]\nmembers = [\"api\"]\nexclude = [\"out\"]\n"),
        (
            "api/Cargo.toml",
            "[package]\nname = \"api\"\n[dependencies]\na = { path = \"macros\", version = \"1\" }\nout = { path = \"../out\" }\n",
        ),
        (
            "api/macros/Cargo.toml",
            "[package]\nname = \"macros\"\n[dev-dependencies]\nb = { path = \"../../b\" }\n",
        ),
        ("b/Cargo.toml", "[package]\nname = \"b\"\n"),
        ("c/Cargo.toml", "[package]\nname = \"c\"\n"),
        ("out/Cargo.toml", "[package]\nname = \"out\"\n"),
    ]);

    let members = report.projects.iter().filter(|one| one.workspace.as_deref() == Some("."));
    assert_eq!(
        members.map(|one| one.path.as_str()).collect::<Vec<_>>(),
        ["api", "api/macros", "b"]
    );
}

#[test]
fn two_manifests_in_a_directory_are_one_project() {
    let report = report(&[
        (
            "package.json",
            r#"{"name": "web", "description": "From npm", "dependencies": {"a": "1"}}"#,
        ),
        (
            "Cargo.toml",
            "[package]\nname = \"core\"\nversion = \"1.0.0\"\n[dependencies]\na = \"2\"\n",
        ),
    ]);

    let only = project(&report, ".");
    assert_eq!((only.kind.as_str(), only.also.as_slice()), ("rust", ["npm".to_owned()].as_slice()));
    assert_eq!((only.name.as_str(), only.description.as_deref()), ("core", Some("From npm")));
    assert_eq!(only.manifest.as_deref(), Some("Cargo.toml"));
    assert_eq!(only.dependencies.len(), 2);
}

#[test]
fn python_files_of_a_directory_make_one_project() {
    let report = report(&[
        (
            "setup.cfg",
            "[metadata]\nname = tool\ndescription = From setup\n[options]\ninstall_requires = file: requirements.txt\n",
        ),
        ("requirements.txt", "-r common/base.txt\n-r missing.txt\nflask==2\n"),
        ("common/base.txt", "not read: its name says nothing\n"),
        ("requirements/dev.txt", "-r ../requirements.txt\npytest>=8\nFlask\n"),
        ("docs/requirements.txt", "sphinx\n"),
        ("pyproject.toml", "[tool.black]\nline-length = 99\n"),
        ("app/setup.cfg", "[flake8]\nmax-line-length = 99\n"),
    ]);

    assert_eq!(outline(&report), [(".", "tool", "python")]);
    let only = project(&report, ".");
    assert_eq!(only.description.as_deref(), Some("From setup"));
    assert_eq!(only.manifest.as_deref(), Some("pyproject.toml"));
    assert_eq!(
        only.dependencies,
        [
            dependency("flask", "==2", Scope::Runtime),
            dependency("pytest", ">=8", Scope::Development),
        ]
    );
    let missing = (WarningCode::IncludeNotFound, Some("requirements.txt"));
    assert_eq!(codes(&report), [missing, missing]);
}

#[test]
fn a_go_workspace_names_its_modules() {
    let report = report(&[
        ("go.work", "use (\n\t./api\n\t./web\n)\n"),
        ("api/go.mod", "module example.org/api\nrequire example.org/x v1.2.3\n"),
        ("web/go.mod", "module example.org/web\n"),
        ("other/go.mod", "module example.org/other\n"),
    ]);

    let members: Vec<_> = report.projects.iter().map(|one| one.workspace.as_deref()).collect();
    assert_eq!(members, [None, Some("."), None, Some(".")]);
    assert!(project(&report, ".").workspace_root);
    assert_eq!(
        project(&report, "api").dependencies,
        [dependency("example.org/x", "v1.2.3", Scope::Runtime)]
    );
}

#[test]
fn a_broken_manifest_is_a_warning_on_a_project_that_exists() {
    let report = report(&[
        ("api/Cargo.toml", "[package\nname = "),
        ("web/package.json", "{\"name\": "),
        ("py/pyproject.toml", "= 1"),
        ("go/go.mod", "nothing"),
    ]);

    assert_eq!(
        outline(&report),
        [("api", "api", "rust"), ("go", "go", "go"), ("py", "py", "python"), ("web", "web", "npm")]
    );
    assert!(report.warnings.iter().all(|one| one.code == WarningCode::BrokenManifest));
    assert_eq!(report.warnings.len(), 4);
    assert!(
        report.warnings[0].message.contains("Repair the file"),
        "{}",
        report.warnings[0].message
    );
}

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
    assert_eq!(keys, ["1:Rust"]);
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
            (WarningCode::LargeFilePointer, Some("lfs.rs")),
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
    assert_eq!(keys, ["commits", "languages", "projects", "tasks", "todos", "warnings"]);
    insta::assert_json_snapshot!("report", json);
}

#[test]
fn many_projects_are_put_together_in_time() {
    let files: Vec<(String, String)> = (0..1_500)
        .map(|index| {
            (
                format!("p/{}/{index}/package.json", index % 40),
                format!("{{\"name\": \"p{index}\", \"workspaces\": [\"*\"]}}"),
            )
        })
        .collect();
    let files: Vec<(&str, &str)> =
        files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    let repository = TestRepository::with(&files);
    let start = std::time::Instant::now();

    let report = run(&repository, &KnownFacts::new()).report;

    assert_eq!(report.projects.len(), 1_500);
    assert!(start.elapsed() < Duration::from_secs(10), "{:?}", start.elapsed());
}
