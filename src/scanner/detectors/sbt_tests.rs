use super::*;
use crate::scanner::manifest::Contribution;

fn manifest(text: &str) -> Manifest {
    match Sbt.read(FileName("build.sbt"), text).unwrap().contribution {
        Contribution::Project(manifest) => *manifest,
        other => panic!("{other:?}"),
    }
}

fn dependencies(manifest: &Manifest) -> Vec<(&str, Option<&str>, Scope)> {
    let all = manifest.dependencies.iter();
    all.map(|one| (one.name.as_str(), one.requirement.as_deref(), one.scope)).collect()
}

#[test]
fn a_build_of_one_project_is_read() {
    let manifest = manifest(
        "// build\nval cats = \"2.10\"\nThisBuild / version := \"1.0\"\nname := \"tool\"\n\
         lazy val root = (project in file(\".\")).enablePlugins(PlayScala)\n\
         libraryDependencies ++= Seq(\n  \"org.typelevel\" %% \"cats-core\" % cats,\n\
         \"org.scalatest\" %% \"scalatest\" % \"3.2\" % Test,\n  guice\n)\n\
         Test / name := \"no\"\n",
    );

    assert_eq!(manifest.shared.as_ref().unwrap().version.as_deref(), Some("1.0"));
    assert_eq!(manifest.frameworks, ["Play"]);
    assert!(manifest.children.is_empty());
    assert_eq!(
        dependencies(&manifest),
        [
            ("org.typelevel:cats-core", Some("${cats}"), Scope::Runtime),
            ("org.scalatest:scalatest", Some("3.2"), Scope::Development),
        ]
    );
}

#[test]
fn a_build_of_many_projects_is_read() {
    let manifest = manifest(
        "lazy val core = project.in(file(\"modules/core\"))\n  .settings(name := \"the-core\")\n\
         lazy val web = project\n  .dependsOn(core, util % \"test->test\")\n\
         lazy val shop = crossProject(JVMPlatform, JSPlatform).in(file(\"shop\"))\n\
         def module(id: String): Project = Project(id = id, base = file(id))\n\
         lazy val util = module(\"team-util\")\nval other = Seq(\"x\")\n",
    );

    let found: Vec<_> = manifest
        .children
        .iter()
        .map(|child| (child.path.as_str(), child.manifest.name.as_deref().unwrap()))
        .filter(|(path, _)| !path.contains("/."))
        .collect();
    assert_eq!(
        found,
        [
            ("modules/core", "the-core"),
            ("web", "web"),
            ("shop/jvm", "shopJVM"),
            ("shop/js", "shopJS"),
            ("shop/native", "shopNative"),
            ("shop", "shop"),
            ("team-util", "util"),
        ]
    );
    assert_eq!(
        dependencies(&manifest.children[1].manifest),
        [("core", None, Scope::Runtime), ("util", None, Scope::Development)]
    );
}
