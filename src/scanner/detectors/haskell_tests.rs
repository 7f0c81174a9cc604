use super::*;
use crate::scanner::manifest::Contribution;

fn manifest(path: &str, text: &str) -> Manifest {
    match Haskell.read(FileName(path), text).unwrap().contribution {
        Contribution::Project(manifest) | Contribution::Addition(manifest) => *manifest,
        other => panic!("{other:?}"),
    }
}

fn found(manifest: &Manifest) -> Vec<(&str, Option<&str>, Scope)> {
    let all = manifest.dependencies.iter();
    all.map(|one| (one.name.as_str(), one.requirement.as_deref(), one.scope)).collect()
}

#[test]
fn a_cabal_package_tells_all_of_itself() {
    let manifest = manifest(
        "web.cabal",
        "cabal-version: 2.2\nname:          web\nversion:       1.2.3\nsynopsis:      A web\nlicense:       BSD-3-Clause\n\
         -- build-depends: no\n\ncommon shared\n  build-depends: base >=4.9 && <5,\n                 text\n\n\
         library\n  import: shared\n  exposed-modules: Web\n  build-depends:\n      aeson ^>=2.0\n    , foo:{a, b} >= 1\n\
         \x20 if os(windows)\n    build-depends: Win32\n\n\
         executable web-server\n  main-is: Main.hs\n  build-depends: base, web\n\n\
         test-suite spec\n  type: exitcode-stdio-1.0\n  build-depends: base, hspec == 2.*\n  build-tool-depends: hspec-discover:hspec-discover\n",
    );

    assert_eq!(
        found(&manifest)[..5],
        [
            ("base", Some(">=4.9 && <5"), Scope::Runtime),
            ("text", None, Scope::Runtime),
            ("aeson", Some("^>=2.0"), Scope::Runtime),
            ("foo", Some(">= 1"), Scope::Runtime),
            ("Win32", None, Scope::Runtime),
        ]
    );
    assert!(found(&manifest).contains(&("hspec", Some("== 2.*"), Scope::Development)));
    assert!(found(&manifest).contains(&("hspec-discover", None, Scope::Build)));
    assert!(!found(&manifest).iter().any(|(name, _, _)| *name == "web"));
    assert_eq!(manifest.licence.as_deref(), Some("BSD-3-Clause"));
    let entries: Vec<_> = manifest
        .entry_points
        .iter()
        .map(|one| (one.kind, one.name.as_str(), one.target.as_deref()))
        .collect();
    assert_eq!(
        entries,
        [(EntryKind::Library, "web", None), (EntryKind::Binary, "web-server", Some("Main.hs"))]
    );
}

#[test]
fn projects_of_cabal_and_stack_name_their_packages() {
    let cabal = manifest(
        "cabal.project",
        "packages: .\n          web/\n          ./core/*.cabal\n          https://x/y.tar.gz\noptional-packages: extra */\nsource-repository-package\n  type: git\n",
    );
    let stack = manifest("stack.yaml", "resolver: lts-22\npackages:\n- .\n- web\n");
    let alone = Haskell.read(FileName("cabal.project"), "packages: ./*.cabal\n").unwrap();
    let other = Haskell.read(FileName("stack.yaml"), "a: [\n").unwrap();

    assert_eq!(cabal.workspace.unwrap().members, ["web", "core", "{extra}", "*"]);
    assert_eq!(stack.workspace.unwrap().members, ["web"]);
    assert!(matches!(alone.contribution, Contribution::Addition(_)));
    assert_eq!(other.problems, []);
}

#[test]
fn hpack_is_told_from_other_package_files() {
    let package = manifest(
        "package.yaml",
        "name: web\nversion: 0.1.0\nlicense: MIT\ndependencies:\n- base >= 4.7 && < 5\nlibrary:\n  source-dirs: src\n\
         executables:\n  web-exe:\n    main: Main.hs\n    dependencies: [web]\ntests:\n  spec:\n    main: Spec.hs\n    dependencies:\n    - hspec\n",
    );
    let other = Haskell.read(FileName("package.yaml"), "name: x\ndependencies: [a]\n").unwrap();

    assert_eq!(
        found(&package),
        [("base", Some(">= 4.7 && < 5"), Scope::Runtime), ("hspec", None, Scope::Development)]
    );
    assert_eq!(package.entry_points.len(), 2);
    assert_eq!(other, Finding::addition(Manifest::default()));
}

#[test]
fn a_package_without_a_name_is_unreadable() {
    assert!(Haskell.read(FileName("a.cabal"), "version: 1\n").is_err());
}
