use proptest::prelude::*;

use super::*;
use crate::scanner::{
    manifest::Contribution,
    model::{EntryKind, Scope},
};

fn manifest(path: &str, text: &str) -> Manifest {
    let finding = Cpp.read(FileName(path), text).unwrap();
    assert_eq!(finding.problems, [], "{text}");
    match finding.contribution {
        Contribution::Project(manifest) | Contribution::Addition(manifest) => *manifest,
        other => panic!("{other:?}"),
    }
}

fn found(manifest: &Manifest) -> Vec<(&str, Option<&str>, Scope)> {
    let all = manifest.dependencies.iter();
    all.map(|one| (one.name.as_str(), one.requirement.as_deref(), one.scope)).collect()
}

fn entries(manifest: &Manifest) -> Vec<(EntryKind, &str)> {
    manifest.entry_points.iter().map(|one| (one.kind, one.name.as_str())).collect()
}

#[test]
fn a_cmake_project_tells_all_of_itself() {
    let manifest = manifest(
        "CMakeLists.txt",
        "# project(no)\n#[[ project(no) ]]\ncmake_minimum_required(VERSION 3.20)\nset(APP_VERSION 1.2)\n\
         PROJECT(app VERSION ${APP_VERSION}.3 DESCRIPTION \"An; app (really)\" LANGUAGES CXX)\n\
         find_package(Boost 1.70 REQUIRED COMPONENTS system)\nfind_package(ZLIB)\n\
         pkg_check_modules(GLIB REQUIRED IMPORTED_TARGET glib-2.0>=2.30 gio-2.0)\n\
         FetchContent_Declare(json GIT_REPOSITORY https://example.org/json GIT_TAG v3)\n\
         CPMAddPackage(\"gh:fmtlib/fmt#10.0.0\")\n\
         add_library(core STATIC a.cpp)\nadd_library(app::core ALIAS core)\nadd_executable(${PROJECT_NAME} main.cpp)\n\
         add_subdirectory(libs/core)\nadd_subdirectory(${OTHER})\nenable_testing()\nmessage([=[\nproject(no)\n]=])\n",
    );

    assert_eq!(manifest.name.as_deref(), Some("app"));
    assert_eq!(manifest.version.as_deref(), Some("1.2.3"));
    assert_eq!(manifest.description.as_deref(), Some("An; app (really)"));
    assert_eq!(
        found(&manifest),
        [
            ("Boost", Some("1.70"), Scope::Runtime),
            ("ZLIB", None, Scope::Optional),
            ("glib-2.0", Some(">=2.30"), Scope::Runtime),
            ("gio-2.0", None, Scope::Runtime),
            ("json", Some("git:https://example.org/json@v3"), Scope::Runtime),
            ("fmt", Some("10.0.0"), Scope::Runtime),
        ]
    );
    assert_eq!(entries(&manifest), [(EntryKind::Library, "core"), (EntryKind::Binary, "app")]);
    assert_eq!(manifest.test_tools, ["CTest"]);
    assert_eq!(manifest.local, ["libs/core"]);
    assert_eq!(manifest.workspace.unwrap().members, ["{libs/core}"]);
}

#[test]
fn a_part_of_a_cmake_project_is_none() {
    let finding = Cpp.read(FileName("src/CMakeLists.txt"), "add_library(a a.c)\n").unwrap();

    let Contribution::Remark(manifest) = finding.contribution else { panic!("no remark") };
    assert_eq!(entries(&manifest), [(EntryKind::Library, "a")]);
}

#[test]
fn a_meson_project_tells_all_of_itself() {
    let manifest = manifest(
        "meson.build",
        "# project('no')\nproject('app', 'c', 'cpp',\n  version: '1.2',\n  license : ['MIT', 'BSD'])\n\
         glib = dependency('glib-2.0', version: '>= 2.30')\ndep = dependency('icu', required: get_option('icu'))\n\
         gen = dependency('gen', native: true)\nsubproject('near')\n\
         executable('app', 'main.c', install: true)\nexecutable('probe', 'probe.c')\nlibrary('core', 'core.c')\n",
    );

    assert_eq!((manifest.name.as_deref(), manifest.version.as_deref()), (Some("app"), Some("1.2")));
    assert_eq!(manifest.licence.as_deref(), Some("MIT OR BSD"));
    assert_eq!(
        found(&manifest),
        [
            ("glib-2.0", Some(">= 2.30"), Scope::Runtime),
            ("icu", None, Scope::Optional),
            ("gen", None, Scope::Build),
            ("near", Some("path:subprojects/near"), Scope::Runtime),
        ]
    );
    assert_eq!(entries(&manifest), [(EntryKind::Binary, "app"), (EntryKind::Library, "core")]);
}

#[test]
fn a_configure_script_tells_all_of_itself() {
    let manifest = manifest(
        "configure.ac",
        "dnl AC_INIT([no])\nm4_define([app_version], [1.2.3])\nAC_INIT([app], [app_version], [bugs@example.org])\n\
         AM_INIT_AUTOMAKE([foreign])\nPKG_CHECK_MODULES([GLIB], [glib-2.0 >= 2.30 gio-2.0])\n\
         PKG_CHECK_MODULES([X], [x11], [have_x=yes], [have_x=no])\nAC_CHECK_LIB([z], [deflate])\nAC_CHECK_LIB([m], [pow])\n\
         AC_CONFIG_SUBDIRS([modules/near])\n",
    );

    assert_eq!(
        (manifest.name.as_deref(), manifest.version.as_deref()),
        (Some("app"), Some("1.2.3"))
    );
    assert_eq!(
        found(&manifest),
        [
            ("glib-2.0", Some(">= 2.30"), Scope::Runtime),
            ("gio-2.0", None, Scope::Runtime),
            ("x11", None, Scope::Optional),
            ("z", None, Scope::Optional),
        ]
    );
    assert_eq!(manifest.local, ["modules/near"]);
}

#[test]
fn a_version_made_by_a_program_is_not_known() {
    let manifest = manifest(
        "configure.ac",
        "m4_define([v], m4_esyscmd_s([scripts/version]))\nAC_INIT([jq],[v],[x])\n",
    );

    assert_eq!((manifest.name.as_deref(), manifest.version.as_deref()), (Some("jq"), None));
}

#[test]
fn conan_and_vcpkg_add_their_packages() {
    let recipe = manifest(
        "conanfile.py",
        "from conan import ConanFile\nclass App(ConanFile):\n    name = \"app\"\n    version = \"1.0\"\n    license = \"MIT\"\n\
         \x20   requires = \"zlib/1.2.11\", \"fmt/[>=9 <11]\"\n    def requirements(self):\n        self.requires(\"openssl/3.0@team/stable\")\n\
         \x20   def build_requirements(self):\n        self.tool_requires(\"cmake/3.27\")\n        self.test_requires('gtest/1.14')\n",
    );
    let list = manifest(
        "conanfile.txt",
        "[requires]\nzlib/1.3\n# no\n[generators]\nCMakeDeps\n[tool_requires]\nninja/1.11\n",
    );
    let port = manifest(
        "vcpkg.json",
        r#"{"name": "app", "version-string": "2", "dependencies": ["fmt", {"name": "zlib", "version>=": "1.3"}, {"name": "cmake", "host": true}],
            "features": {"gui": {"dependencies": ["qt"]}}}"#,
    );

    assert_eq!(
        found(&recipe),
        [
            ("zlib", Some("1.2.11"), Scope::Runtime),
            ("fmt", Some(">=9 <11"), Scope::Runtime),
            ("openssl", Some("3.0"), Scope::Runtime),
            ("cmake", Some("3.27"), Scope::Build),
            ("gtest", Some("1.14"), Scope::Development),
        ]
    );
    assert_eq!(
        found(&list),
        [("zlib", Some("1.3"), Scope::Runtime), ("ninja", Some("1.11"), Scope::Build)]
    );
    assert_eq!(
        found(&port),
        [
            ("fmt", None, Scope::Runtime),
            ("zlib", Some(">=1.3"), Scope::Runtime),
            ("cmake", None, Scope::Build),
            ("qt", None, Scope::Optional),
        ]
    );
}

#[test]
fn broken_files_are_warnings() {
    for (path, text) in [
        ("CMakeLists.txt", "project(app)\nadd_library(a"),
        ("meson.build", "project('app', 'c"),
        ("configure.ac", "AC_PREREQ([2.69])\n"),
        ("conanfile.py", "name = \"app\nclass"),
    ] {
        assert_eq!(Cpp.read(FileName(path), text).unwrap().problems.len(), 1, "{path}");
    }
    assert!(Cpp.read(FileName("vcpkg.json"), "{").is_err());
}

#[test]
fn hostile_files_are_read_in_time() {
    let start = crate::platform::clock::CpuTime::start();
    for piece in [
        "project(",
        "a(\"",
        "a(b)\n",
        "(",
        "${",
        "a(${${",
        "set(A ${A}${A}bbbbbb)\n",
        "AC_INIT(",
        "[",
        "AC_CONFIG_SUBDIRS([\n",
        "#[[",
        "#[==[",
    ] {
        let text = piece.repeat(20_000);
        for path in ["CMakeLists.txt", "meson.build", "configure.ac", "conanfile.py"] {
            assert!(Cpp.read(FileName(path), &text).is_ok());
        }
    }
    assert!(start.elapsed().as_secs() < 60, "{:?}", start.elapsed());
}

proptest! {
    #[test]
    fn nothing_makes_it_panic(text in "\\PC{0,60}|(project|set|AC_INIT|[-a-z#\\\\\\n \"'(){}\\[\\],$;]){0,80}") {
        for path in ["CMakeLists.txt", "meson.build", "configure.ac", "conanfile.py", "conanfile.txt"] {
            prop_assert!(Cpp.read(FileName(path), &text).is_ok());
        }
    }
}
