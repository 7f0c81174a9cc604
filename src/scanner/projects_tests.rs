use std::{collections::HashSet, time::Duration};

use super::{Warnings, assemble};
use crate::{
    repositories::testing::TestRepository,
    scanner::{
        KnownFacts,
        model::{Dependency, Scope, WarningCode},
        scan_testing::{codes, outline, project, report, run},
    },
};

fn dependency(name: &str, requirement: &str, scope: Scope) -> Dependency {
    Dependency {
        name: name.to_owned(),
        requirement: Some(requirement.to_owned()),
        scope,
        internal: None,
    }
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
fn putting_manifests_together_can_be_stopped() {
    let assembled = |stopped: bool| {
        assemble(&[], &HashSet::from(["."]), "demo", &mut Warnings::default(), &|| stopped)
    };

    assert_eq!(assembled(false).map(|projects| projects.len()), Some(1));
    assert_eq!(assembled(true), None);
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
    assert_eq!(only.manifest.as_deref(), Some("setup.cfg"));
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
fn names_that_differ_by_a_dot_are_one_package_in_python_only() {
    let report = report(&[
        ("web/package.json", r#"{"dependencies": {"lodash.get": "4", "lodash-get": "1"}}"#),
        ("api/requirements.txt", "zope.interface\nzope-interface\n"),
    ]);

    assert_eq!(project(&report, "web").dependencies.len(), 2);
    assert_eq!(project(&report, "api").dependencies.len(), 1);
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
    let start = crate::platform::clock::CpuTime::start();

    let report = run(&repository, &KnownFacts::new()).report;

    assert_eq!(report.projects.len(), 1_500);
    assert!(start.elapsed() < Duration::from_secs(10), "{:?}", start.elapsed());
}

#[test]
fn dependencies_on_the_repositorys_own_projects_are_told_by_path_and_by_name() {
    let report = report(&[
        ("package.json", r#"{"name": "root", "workspaces": ["packages/*"]}"#),
        (
            "packages/web/package.json",
            r#"{"name": "web", "dependencies": {"@team/ui": "*", "react": "19"}}"#,
        ),
        (
            "packages/ui/package.json",
            r#"{"name": "@team/ui", "devDependencies": {"@team/ui": "*"}}"#,
        ),
        ("core/Cargo.toml", "[package]\nname = \"core-lib\"\n"),
        (
            "app/Cargo.toml",
            "[package]\nname = \"app\"\n[dependencies]\ncore = { path = \"../core\" }\n",
        ),
    ]);
    let internal = |path: &str| -> Vec<Option<String>> {
        project(&report, path).dependencies.iter().map(|one| one.internal.clone()).collect()
    };

    assert_eq!(internal("packages/web"), [Some("packages/ui".to_owned()), None]);
    assert_eq!(internal("packages/ui"), [None], "a project does not depend on itself");
    assert_eq!(internal("app"), [Some("core".to_owned())]);
}

#[test]
fn a_name_from_a_directory_has_no_controls() {
    let report = report(&[("pkg\u{1b}[2J/package.json", "{}"), ("\u{1b}\u{1}/package.json", "{}")]);

    assert_eq!(project(&report, "pkg\u{1b}[2J").name, "pkg [2J");
    assert_eq!(project(&report, "\u{1b}\u{1}").name, "unnamed");
}

#[test]
fn a_workspace_with_too_many_patterns_is_cut_with_a_warning_and_keeps_its_exclusions() {
    let names: Vec<String> = (0..1_500).map(|number| format!("\"gone/{number}/*\"")).collect();
    let root = format!(
        r#"{{"name": "root", "workspaces": ["packages/*", {}, "!packages/old"]}}"#,
        names.join(", ")
    );
    let exclusions = names.join(", ").replace("\"gone", "\"!gone");
    let other = format!(r#"{{"name": "other", "workspaces": ["*", {exclusions}]}}"#);
    let report = report(&[
        ("package.json", &root),
        ("packages/new/package.json", r#"{"name": "new"}"#),
        ("packages/old/package.json", r#"{"name": "old"}"#),
        ("z/package.json", &other),
        ("z/a/package.json", r#"{"name": "a"}"#),
    ]);

    assert_eq!(project(&report, "packages/new").workspace.as_deref(), Some("."));
    assert_eq!(project(&report, "packages/old").workspace, None);
    assert_eq!(project(&report, "z/a").workspace, None);
    let cut = report.warnings.iter().filter(|one| one.code == WarningCode::ListTruncated);
    let cut: Vec<_> = cut.map(|one| one.path.as_deref()).collect();
    assert_eq!(cut, [Some("package.json"), Some("z/package.json")]);
}
