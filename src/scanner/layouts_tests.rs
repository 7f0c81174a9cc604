//! Whole repositories in the layouts of ecosystems whose manifests are programs or have parts.

use super::{
    model::WarningCode,
    scan_testing::{codes, outline, project, report},
};

fn members<'r>(report: &'r super::ScanReport, root: &str) -> Vec<&'r str> {
    let all = report.projects.iter().filter(|one| one.workspace.as_deref() == Some(root));
    all.map(|one| one.path.as_str()).collect()
}

fn internal<'r>(report: &'r super::ScanReport, path: &str) -> Vec<(&'r str, Option<&'r str>)> {
    let all = project(report, path).dependencies.iter();
    all.map(|one| (one.name.as_str(), one.internal.as_deref())).collect()
}

#[test]
fn gems_of_one_repository_depend_on_each_other() {
    let report = report(&[
        ("Gemfile", "gemspec\ngem 'rake'\n"),
        (
            "all.gemspec",
            "Gem::Specification.new do |s|\n s.name = 'all'\n s.add_dependency 'core', '1.0'\nend\n",
        ),
        (
            "core/core.gemspec",
            "Gem::Specification.new do |s|\n s.name = 'core'\n s.version = '1.0'\nend\n",
        ),
        ("core/more.gemspec", "Gem::Specification.new do |s|\n s.name = 'more'\nend\n"),
        ("web/Gemfile", "gem 'more', path: '../core'\n"),
    ]);

    assert_eq!(
        outline(&report),
        [(".", "all", "ruby"), ("core", "core", "ruby"), ("web", "web", "ruby")]
    );
    assert_eq!(internal(&report, "."), [("core", Some("core")), ("rake", None)]);
    assert_eq!(internal(&report, "web"), [("more", Some("core"))]);
    assert_eq!(codes(&report), []);
}

#[test]
fn packages_of_composer_find_each_other_by_path() {
    let report = report(&[
        (
            "composer.json",
            r#"{"name": "team/app", "require": {"Team/Core": "*"}, "repositories": [{"type": "path", "url": "packages/*"}]}"#,
        ),
        ("packages/core/composer.json", r#"{"name": "team/core"}"#),
        ("vendor/x/y/composer.json", r#"{"name": "x/y"}"#),
        ("broken/composer.json", "{"),
    ]);

    assert_eq!(members(&report, "."), ["packages/core"]);
    assert_eq!(internal(&report, "."), [("Team/Core", Some("packages/core"))]);
    assert_eq!(codes(&report), [(WarningCode::BrokenManifest, Some("broken/composer.json"))]);
}

#[test]
fn an_umbrella_has_its_applications() {
    let application = |name: &str, deps: &str| {
        format!(
            "defmodule M do\n  def project do\n    [app: :{name}, deps: deps()]\n  end\n  defp deps do\n    [{deps}]\n  end\nend\n"
        )
    };
    let report = report(&[
        ("mix.exs", "defmodule M do\n  def project do\n    [apps_path: \"apps\"]\n  end\nend\n"),
        (
            "apps/web/mix.exs",
            &application("web", "{:core, in_umbrella: true}, {:plug, \"~> 1.0\"}"),
        ),
        ("apps/core/mix.exs", &application("core", "")),
        ("tool/mix.exs", &application("tool", "")),
    ]);

    assert_eq!(members(&report, "."), ["apps/core", "apps/web"]);
    assert_eq!(internal(&report, "apps/web"), [("core", Some("apps/core")), ("plug", None)]);
}

#[test]
fn erlang_applications_are_found_by_their_sources() {
    let report = report(&[
        ("rebar.config", "{deps, [cowboy]}.\n"),
        (
            "apps/web/src/web.app.src",
            "{application, web, [{vsn, \"1\"}, {applications, [kernel, core]}]}.\n",
        ),
        ("apps/core/rebar.config", "{deps, []}.\n"),
        ("apps/core/src/core.app.src", "{application, core, [{vsn, \"1\"}]}.\n"),
        ("alone/rebar.config", "{deps, []}.\n"),
        ("alone/src/alone.app.src", "{application, alone, []}.\n"),
    ]);

    assert_eq!(
        outline(&report),
        [
            (".", "demo", "erlang"),
            ("alone", "alone", "erlang"),
            ("apps/core", "core", "erlang"),
            ("apps/web", "web", "erlang"),
        ]
    );
    assert_eq!(members(&report, "."), ["apps/core", "apps/web"]);
    assert_eq!(internal(&report, "apps/web"), [("core", Some("apps/core"))]);
    assert!(project(&report, ".").workspace_root);
    assert!(!project(&report, "alone").workspace_root);
    assert_eq!(codes(&report), []);
}

#[test]
fn dart_and_swift_packages_depend_by_path() {
    let report = report(&[
        (
            "pubspec.yaml",
            "name: root\nworkspace: [packages/a]\nmelos:\n  scripts:\n    test: dart test\n",
        ),
        (
            "packages/a/pubspec.yaml",
            "name: a\nresolution: workspace\ndependencies:\n  b: {path: ../b}\n",
        ),
        ("packages/b/pubspec.yaml", "name: b\n"),
        (
            "ios/App/Package.swift",
            "let package = Package(name: \"App\", dependencies: [.package(path: \"../Core\")])\n",
        ),
        ("ios/Core/Package.swift", "let package = Package(name: \"Core\")\n"),
        ("ios/Shop.xcodeproj/project.pbxproj", "{}\n"),
        ("ios/Podfile", "pod 'Alamofire', '~> 5'\n"),
    ]);

    assert_eq!(
        outline(&report),
        [
            (".", "root", "dart"),
            ("ios", "Shop", "swift"),
            ("ios/App", "App", "swift"),
            ("ios/Core", "Core", "swift"),
            ("packages/a", "a", "dart"),
            ("packages/b", "b", "dart"),
        ]
    );
    assert_eq!(members(&report, "."), ["packages/a", "packages/b"]);
    assert_eq!(internal(&report, "packages/a"), [("b", Some("packages/b"))]);
    assert_eq!(internal(&report, "ios/App"), [("Core", Some("ios/Core"))]);
    assert_eq!(internal(&report, "ios"), [("Alamofire", None)]);
}

#[test]
fn haskell_packages_are_members_of_their_project() {
    let report = report(&[
        ("cabal.project", "packages: web core\noptional-packages: gone\n"),
        ("stack.yaml", "resolver: lts-22\npackages: [web, core]\n"),
        ("web/web.cabal", "name: web\nversion: 1\nlibrary\n  build-depends: base, core\n"),
        ("core/package.yaml", "name: core\nlibrary: {}\n"),
        ("core/core.cabal", "name: core\nversion: 2\nlibrary\n"),
    ]);

    assert_eq!(
        outline(&report),
        [(".", "demo", "haskell"), ("core", "core", "haskell"), ("web", "web", "haskell")]
    );
    assert_eq!(members(&report, "."), ["core", "web"]);
    assert_eq!(internal(&report, "web"), [("base", None), ("core", Some("core"))]);
    assert_eq!(codes(&report), []);
}

#[test]
fn one_program_with_several_build_systems_is_one_project() {
    let report = report(&[
        (
            "CMakeLists.txt",
            "project(app VERSION 1.0)\nadd_subdirectory(libs/core)\nadd_subdirectory(src)\n",
        ),
        (
            "src/CMakeLists.txt",
            "add_executable(app main.c)\ntarget_link_libraries(app core)\nfind_package(ZLIB REQUIRED)\n",
        ),
        ("libs/core/CMakeLists.txt", "project(core)\n"),
        ("meson.build", "project('app-meson', 'c')\n"),
        ("configure.ac", "AC_INIT([app-auto],[0.9])\n"),
        ("MODULE.bazel", "module(name = \"app_bazel\")\n"),
        ("src/BUILD.bazel", "cc_binary(name = \"app_main\")\n"),
        ("vcpkg.json", r#"{"dependencies": ["fmt"]}"#),
    ]);

    assert_eq!(outline(&report), [(".", "app", "cpp"), ("libs/core", "core", "cpp")]);
    let app = project(&report, ".");
    assert_eq!(app.also, ["bazel"]);
    assert_eq!(app.tools, ["CMake", "Autotools", "Meson", "Bazel", "vcpkg"]);
    assert_eq!(internal(&report, "."), [("fmt", None), ("ZLIB", None)]);
    let entries: Vec<_> = app.entry_points.iter().map(|one| one.name.as_str()).collect();
    assert_eq!(entries, ["app", "app_main"]);
    assert_eq!(members(&report, "."), ["libs/core"]);
}

#[test]
fn broken_manifests_are_projects_with_warnings() {
    let report = report(&[
        ("a/Gemfile", "gem 'x\n"),
        ("b/mix.exs", "def project do [app: :b\n"),
        ("c/src/c.app.src", "{application, c, [\n"),
        ("d/Package.swift", "Package(name: \"d\"\n"),
        ("e/pubspec.yaml", "a: b: c\n"),
        ("f/f.cabal", "version: 1\n"),
        ("g/CMakeLists.txt", "project(g\n"),
        ("h/MODULE.bazel", "module(name = \"h\"\n"),
    ]);

    let paths: Vec<_> =
        report.projects.iter().map(|one| (one.path.as_str(), one.name.as_str())).collect();
    assert_eq!(paths, ["a", "b", "c", "d", "e", "f", "g", "h"].map(|name| (name, name)));
    assert_eq!(codes(&report).len(), 8);
    assert!(codes(&report).iter().all(|(code, _)| *code == WarningCode::BrokenManifest));
}
