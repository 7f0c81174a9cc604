//! Whole repositories of one ecosystem each: what spreads over files is put together.

use super::{
    detectors::{self, CHAIN, FileName},
    model::{Project, WarningCode},
    scan_testing::{codes, outline, project, report},
};

fn requirement<'p>(project: &'p Project, name: &str) -> Option<&'p str> {
    let found = project.dependencies.iter().find(|one| one.name == name);
    found.unwrap_or_else(|| panic!("no {name}: {:?}", project.dependencies)).requirement.as_deref()
}

fn internal(project: &Project) -> Vec<&str> {
    project.dependencies.iter().filter_map(|one| one.internal.as_deref()).collect()
}

#[test]
fn hostile_builds_end_in_time() {
    let start = crate::platform::clock::CpuTime::start();
    let nested = "dependencies {\na(\n".repeat(30_000);
    let lines = |line: fn(u32) -> String| (0..20_000).map(line).collect::<Vec<_>>().join("\n");
    let requires = lines(|index| format!("require a{index}/b v1"));
    let replaces = lines(|index| format!("replace c{index}/d => ../x"));

    for (path, text) in [
        ("build.gradle", &nested),
        ("build.gradle", &"{".repeat(200_000)),
        ("settings.gradle", &"include ".repeat(100_000)),
        ("settings.gradle", &"project('a').b ".repeat(30_000)),
        ("build.sbt", &"\n".repeat(300_000)),
        ("build.sbt", &"a := ".repeat(60_000)),
        ("build.sbt", &"\"a\" % \"b\" ".repeat(60_000)),
        ("build.sbt", &"dependsOn(".repeat(60_000)),
        ("go.mod", &format!("module a\n{requires}{replaces}")),
    ] {
        let one = CHAIN.iter().find(|one| one.reads(FileName(path))).unwrap();
        let finding = detectors::read(*one, FileName(path), text);
        assert_eq!(finding.problems, [], "{path}");
    }
    assert!(start.elapsed().as_secs() < 60, "{:?}", start.elapsed());
}

#[test]
fn maven_modules_inherit_from_their_parents() {
    let report = report(&[
        (
            "pom.xml",
            "<project><groupId>org.team</groupId><artifactId>all</artifactId>\
             <version>${revision}</version><properties><revision>3.1</revision>\
             <guava.version>33</guava.version></properties><licenses><license><name>MIT</name>\
             </license></licenses><modules><module>core</module><module>gone</module></modules>\
             <dependencyManagement><dependencies><dependency><groupId>com.google</groupId>\
             <artifactId>guava</artifactId><version>${guava.version}</version></dependency>\
             </dependencies></dependencyManagement></project>",
        ),
        (
            "core/pom.xml",
            "<project><parent><groupId>org.team</groupId><artifactId>all</artifactId>\
             <version>${revision}</version></parent><artifactId>core</artifactId><modules>\
             <module>deep</module></modules></project>",
        ),
        (
            "core/deep/pom.xml",
            "<project><parent><groupId>org.team</groupId><artifactId>core</artifactId>\
             <version>${revision}</version></parent><artifactId>deep</artifactId><dependencies>\
             <dependency><groupId>com.google</groupId><artifactId>guava</artifactId></dependency>\
             <dependency><groupId>org.team</groupId><artifactId>core</artifactId></dependency>\
             </dependencies></project>",
        ),
        (
            "other/pom.xml",
            "<project><parent><groupId>org.springframework.boot</groupId>\
             <artifactId>spring-boot-starter-parent</artifactId><version>3</version></parent>\
             <artifactId>other</artifactId></project>",
        ),
    ]);

    assert_eq!(
        outline(&report),
        [
            (".", "all", "maven"),
            ("core", "core", "maven"),
            ("core/deep", "deep", "maven"),
            ("other", "other", "maven"),
        ]
    );
    let deep = project(&report, "core/deep");
    assert_eq!((deep.version.as_deref(), deep.licence.as_deref()), (Some("3.1"), Some("MIT")));
    assert_eq!(requirement(deep, "com.google:guava"), Some("33"));
    assert_eq!(internal(deep), ["core"]);
    assert_eq!(deep.workspace.as_deref(), Some("core"));
    assert_eq!(project(&report, "other").licence, None, "its parent is no file of the repository");
    assert_eq!(codes(&report), [(WarningCode::WorkspacePattern, Some("pom.xml"))]);
}

#[test]
fn a_gradle_build_is_put_together_from_settings_scripts_and_catalogue() {
    let report = report(&[
        (
            "settings.gradle.kts",
            "rootProject.name = \"shop\"\ninclude(\":core\", \":web:api\")\ninclude(\":gone\")\n",
        ),
        ("build.gradle.kts", "allprojects { version = \"2.0\" }\n"),
        ("gradle/libs.versions.toml", "[libraries]\nokio = \"com.squareup:okio:3\"\n"),
        ("gradle.properties", "guavaVersion=33\n"),
        ("core/src/A.java", "class A {}\n"),
        (
            "web/api/build.gradle",
            "dependencies {\n  api project(':core')\n  implementation libs.okio\n\
             implementation \"com.google:guava:$guavaVersion\"\n\
             testImplementation 'org.junit.jupiter:junit-jupiter:5'\n}\n",
        ),
        ("sample/settings.gradle", "include 'core'\n"),
        ("sample/core/build.gradle", "\n"),
    ]);

    assert_eq!(
        outline(&report),
        [
            (".", "shop", "gradle"),
            ("core", "core", "gradle"),
            ("sample", "sample", "gradle"),
            ("sample/core", "core", "gradle"),
            ("web", "web", "gradle"),
            ("web/api", "api", "gradle"),
        ]
    );
    let api = project(&report, "web/api");
    assert_eq!(api.version.as_deref(), Some("2.0"));
    assert_eq!(api.manifest.as_deref(), Some("web/api/build.gradle"));
    assert_eq!(requirement(api, "com.squareup:okio"), Some("3"));
    assert_eq!(requirement(api, "com.google:guava"), Some("33"));
    assert_eq!(internal(api), ["core"], "not the one of the other build");
    assert_eq!(api.test_tools, ["JUnit"]);
    assert_eq!(api.workspace.as_deref(), Some("."));
    assert_eq!(project(&report, "sample/core").workspace.as_deref(), Some("sample"));
    assert_eq!(codes(&report), []);
}

#[test]
fn an_sbt_build_declares_its_projects() {
    let report = report(&[
        (
            "build.sbt",
            "val zio = \"2.1\"\nThisBuild / version := \"0.9\"\n\
             lazy val core = project.in(file(\"modules/core\"))\n\
             .settings(libraryDependencies += \"dev.zio\" %% \"zio\" % zio)\n\
             lazy val web = (project in file(\"web\")).dependsOn(core)\n\
             lazy val root = (project in file(\".\")).aggregate(core, web)\n",
        ),
        ("modules/core/A.scala", "object A\n"),
        ("web/build.sbt", "description := \"The web\"\n"),
        ("project/plugins.sbt", "addSbtPlugin(\"a\" % \"b\" % \"1\")\n"),
    ]);

    assert_eq!(
        outline(&report),
        [(".", "demo", "sbt"), ("modules/core", "core", "sbt"), ("web", "web", "sbt")]
    );
    let core = project(&report, "modules/core");
    assert_eq!(
        (core.version.as_deref(), core.frameworks.as_slice()),
        (Some("0.9"), ["ZIO".to_owned()].as_slice())
    );
    assert_eq!(requirement(core, "dev.zio:zio"), Some("2.1"));
    let web = project(&report, "web");
    assert_eq!(
        (internal(web), web.description.as_deref()),
        (vec!["modules/core"], Some("The web"))
    );
    assert_eq!(web.workspace.as_deref(), Some("."));
}

#[test]
fn a_solution_takes_versions_from_the_central_files() {
    let report = report(&[
        (
            "All.slnx",
            "<Solution><Project Path=\"src/Api/Api.csproj\"/><Project Path=\"src/Core/Core.csproj\"/></Solution>",
        ),
        (
            "Directory.Packages.props",
            "<Project><ItemGroup><PackageVersion Include=\"xunit\" Version=\"$(XunitVersion)\"/>\
             </ItemGroup></Project>",
        ),
        (
            "src/Directory.Build.props",
            "<Project><PropertyGroup><Version>4.2</Version><XunitVersion>2.9</XunitVersion>\
             </PropertyGroup></Project>",
        ),
        (
            "src/Api/Api.csproj",
            "<Project Sdk=\"Microsoft.NET.Sdk.Web\"><ItemGroup><PackageReference Include=\"XUnit\"/>\
             <ProjectReference Include=\"..\\Core\\Core.csproj\"/></ItemGroup></Project>",
        ),
        ("src/Core/Core.csproj", "<Project Sdk=\"Microsoft.NET.Sdk\"/>"),
        ("tool/Tool.fsproj", "<Project"),
    ]);

    assert_eq!(
        outline(&report),
        [
            (".", "All", "dotnet"),
            ("src/Api", "Api", "dotnet"),
            ("src/Core", "Core", "dotnet"),
            ("tool", "tool", "dotnet"),
        ]
    );
    let api = project(&report, "src/Api");
    assert_eq!(requirement(api, "XUnit"), Some("2.9"));
    assert_eq!((api.version.as_deref(), internal(api)), (Some("4.2"), vec!["src/Core"]));
    assert_eq!(
        (api.frameworks.as_slice(), api.test_tools.as_slice()),
        (["ASP.NET Core".to_owned()].as_slice(), ["xUnit.net".to_owned()].as_slice())
    );
    assert_eq!(codes(&report), [(WarningCode::BrokenManifest, Some("tool/Tool.fsproj"))]);
}

#[test]
fn workspaces_of_npms_relatives_name_tools_and_share_versions() {
    let report = report(&[
        (
            "package.json",
            r#"{"name": "all", "packageManager": "pnpm@10.1.0", "scripts": {"b": "turbo"}}"#,
        ),
        ("pnpm-workspace.yaml", "packages: ['apps/*', 'marks/*']\ncatalog:\n  react: ^19.1\n"),
        ("turbo.json", "{}"),
        ("pnpm-lock.yaml", "lockfileVersion: 9\n"),
        ("apps/web/package.json", r#"{"name": "web", "dependencies": {"react": "catalog:"}}"#),
        ("apps/api/project.json", r#"{"name": "api", "targets": {}}"#),
        ("apps/web/cjs/package.json", r#"{"type": "commonjs"}"#),
        ("marks/one/package.json", r#"{"type": "module"}"#),
    ]);

    assert_eq!(
        outline(&report),
        [
            (".", "all", "npm"),
            ("apps/api", "api", "npm"),
            ("apps/web", "web", "npm"),
            ("marks/one", "one", "npm"),
        ]
    );
    assert_eq!(project(&report, ".").tools, ["pnpm", "Turborepo"]);
    let web = project(&report, "apps/web");
    assert_eq!(requirement(web, "react"), Some("^19.1"));
    assert_eq!(web.frameworks, ["React"]);
}

#[test]
fn python_projects_are_told_from_settings_and_environments() {
    let report = report(&[
        (
            "pyproject.toml",
            "[project]\nname = \"all\"\n[tool.uv.workspace]\nmembers = [\"libs/*\"]\n\
             [build-system]\nrequires = [\"hatchling\"]\nbuild-backend = \"hatchling.build\"\n",
        ),
        (
            "libs/a/pyproject.toml",
            "[project]\nname = \"a\"\ndependencies = [\"team-b\", \"Django>=5\"]\n\
             [project.scripts]\nrun = \"a:main\"\n[tool.uv.sources]\nteam-b = { workspace = true }\n",
        ),
        ("libs/b/setup.py", "from setuptools import setup\nsetup(name='team_b', version='1')\n"),
        ("tests/pyproject.toml", "[tool.ruff]\nline-length = 99\n"),
        ("environment.yml", "name: lab\ndependencies:\n  - numpy\n"),
        ("lab/recipe/meta.yaml", "package:\n  name: lab\n"),
        ("broken/setup.py", "setup(name='x'\n"),
    ]);

    let found: Vec<_> = outline(&report).into_iter().map(|(path, name, _)| (path, name)).collect();
    assert_eq!(found, [(".", "all"), ("broken", "broken"), ("libs/a", "a"), ("libs/b", "team_b")]);
    let a = project(&report, "libs/a");
    assert_eq!(
        (internal(a), a.frameworks.as_slice()),
        (vec!["libs/b"], ["Django".to_owned()].as_slice())
    );
    assert_eq!(project(&report, ".").tools, ["Hatch", "uv", "conda"]);
    assert_eq!(requirement(project(&report, "."), "numpy"), None);
    assert_eq!(codes(&report), [(WarningCode::BrokenManifest, Some("broken/setup.py"))]);
}
