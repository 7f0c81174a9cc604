//! Gradle: build scripts in Groovy and Kotlin; settings and catalogues stand in their own files.

use std::collections::BTreeMap;

use super::{
    Detector, FileName, Finding, Manifest, Unreadable, gradle_catalog, gradle_settings,
    script::{self, Quotes, Token},
    table::{LONG, SHORT},
};
use crate::scanner::{
    manifest::{Field, Shared},
    model::{EntryKind, Scope},
    text,
};

pub(super) struct Gradle;

impl Detector for Gradle {
    fn kind(&self) -> &'static str {
        "gradle"
    }

    fn reads(&self, file: FileName<'_>) -> bool {
        matches!(file.name(), "settings.gradle" | "settings.gradle.kts" | "gradle.properties")
            || (file.directory_name() == "gradle" && file.name().ends_with(".versions.toml"))
            || is_build(file)
    }

    fn read(&self, file: FileName<'_>, text: &str) -> Result<Finding, Unreadable> {
        let name = file.name();
        if name == "gradle.properties" {
            return Ok(gradle_catalog::properties(text));
        }
        if let Some(catalog) = name.strip_suffix(".versions.toml") {
            return Ok(
                gradle_catalog::read(catalog, text).unwrap_or_else(|error| error.beside(name))
            );
        }
        let quotes = if file.extension() == "kts" { Quotes::Double } else { Quotes::Both };
        let tokens = script::tokens(text, quotes);
        if name.starts_with("settings.") {
            return Ok(gradle_settings::read(&tokens));
        }
        let manifest = Build::read(&tokens);
        let makes_project = name.starts_with("build.");
        Ok(if makes_project { Finding::project(manifest) } else { Finding::addition(manifest) })
    }
}

/// `build.gradle`, or in `core` a `core.gradle`, as settings may name the build files.
fn is_build(file: FileName<'_>) -> bool {
    let stem = file.name().strip_suffix(".gradle.kts").or(file.name().strip_suffix(".gradle"));
    stem.is_some_and(|stem| stem == "build" || stem == file.directory_name())
}

/// Blocks in blocks whose names are kept.
const MAX_BLOCKS: usize = 64;

/// What plugins tell by their id, from its beginning.
const PLUGINS: [(&str, &str); 9] = [
    ("com.android.", "Android"),
    ("io.ktor.", "Ktor"),
    ("io.micronaut.", "Micronaut"),
    ("io.quarkus", "Quarkus"),
    ("org.jetbrains.compose", "Compose Multiplatform"),
    ("org.jetbrains.intellij", "IntelliJ Platform"),
    ("org.jetbrains.kotlin.multiplatform", "Kotlin Multiplatform"),
    ("org.springframework.boot", "Spring Boot"),
    ("org.grails", "Grails"),
];

/// A build script while it is read.
struct Build<'t> {
    tokens: &'t [Token],
    /// The words before the braces that are open.
    blocks: Vec<&'t str>,
    /// Braces that are open beyond those.
    deeper: usize,
    manifest: Manifest,
    /// For the projects below, from `allprojects` and `subprojects`.
    shared: Shared,
}

impl<'t> Build<'t> {
    fn read(tokens: &'t [Token]) -> Manifest {
        let manifest = Manifest {
            inherits: vec![Field::Version],
            tools: vec!["Gradle".to_owned()],
            ..Manifest::default()
        };
        let mut build =
            Build { tokens, blocks: Vec::new(), deeper: 0, manifest, shared: Shared::default() };
        build.walk();
        let Build { mut manifest, shared, .. } = build;
        manifest.shared = (shared != Shared::default()).then(|| Box::new(shared));
        manifest
    }

    fn walk(&mut self) {
        let mut head = "";
        for at in 0..self.tokens.len() {
            match self.tokens.get(at) {
                Some(Token::Sign('{')) if self.blocks.len() < MAX_BLOCKS => self.blocks.push(head),
                Some(Token::Sign('{')) => self.deeper += 1,
                Some(Token::Sign('}')) if self.deeper > 0 => self.deeper -= 1,
                Some(Token::Sign('}')) => _ = self.blocks.pop(),
                Some(Token::Word(word)) if self.starts_statement(at) => {
                    head = word;
                    self.statement(at);
                }
                // `create("commonTest") {` is a block of that name.
                Some(Token::Text(text)) if self.opens_named(at) => head = text,
                _ => {}
            }
        }
    }

    fn starts_statement(&self, at: usize) -> bool {
        let before = at.checked_sub(1).and_then(|before| self.tokens.get(before));
        before.is_none_or(|token| matches!(token, Token::Newline | Token::Sign('{' | '}' | ';')))
    }

    fn opens_named(&self, at: usize) -> bool {
        let rest = self.tokens.get(at + 1..).unwrap_or_default();
        matches!(rest, [Token::Sign(')'), Token::Sign('{'), ..])
    }

    fn is_within(&self, name: &str) -> bool {
        self.blocks.contains(&name)
    }

    fn statement(&mut self, at: usize) {
        let tokens = self.tokens.get(at..).unwrap_or_default();
        let Some((name, length)) = script::dotted(tokens) else { return };
        let rest = arguments(tokens.get(length..).unwrap_or_default());
        if self.is_within("dependencies") {
            self.dependency(&name, rest);
        } else if self.is_within("plugins") || name == "apply" {
            self.plugin(&name, rest);
        } else {
            self.assignment(&name, rest);
        }
    }

    fn dependency(&mut self, configuration: &str, rest: &[Token]) {
        if self.is_within("constraints") || self.is_within("dependencyManagement") {
            return;
        }
        let scope =
            if self.is_within("buildscript") { Scope::Build } else { self.scope(configuration) };
        add_dependencies(rest, scope, &mut self.manifest);
    }

    fn scope(&self, configuration: &str) -> Scope {
        let configuration = configuration.to_lowercase();
        let in_tests = self.blocks.iter().any(|block| block.to_lowercase().ends_with("test"));
        if in_tests
            || ["test", "debug", "developmentonly"].iter().any(|it| configuration.contains(it))
        {
            return Scope::Development;
        }
        let reaches_users =
            ["implementation", "api", "runtimeonly", "compileonlyapi", "compile", "runtime"];
        let is_runtime = reaches_users.iter().any(|end| configuration.ends_with(end));
        if is_runtime { Scope::Runtime } else { Scope::Build }
    }

    fn plugin(&mut self, name: &str, rest: &[Token]) {
        let Some(id) = rest.iter().find_map(Token::text) else { return };
        let id =
            if name == "kotlin" { format!("org.jetbrains.kotlin.{id}") } else { id.to_owned() };
        let known = PLUGINS.iter().find(|(start, _)| id.starts_with(start));
        if let Some((_, label)) =
            known.filter(|(_, label)| !self.manifest.frameworks.iter().any(|it| it == label))
        {
            self.manifest.frameworks.push((*label).to_owned());
        }
        if id == "java-gradle-plugin" {
            self.manifest.enter(EntryKind::Plugin, "Gradle plugin", None);
        } else if id == "java-library" {
            self.manifest.enter(EntryKind::Library, "jar", None);
        }
    }

    fn assignment(&mut self, name: &str, rest: &[Token]) {
        let value =
            rest.iter().find_map(Token::text).and_then(|value| text::some_line(value, SHORT));
        let blocks = self.blocks.as_slice();
        let for_all = matches!(blocks, ["allprojects" | "subprojects"]);
        match (name, blocks) {
            ("version" | "project.version", _) if for_all => self.shared.version = value,
            ("version" | "project.version", []) => self.manifest.version = value,
            ("description" | "project.description", []) => {
                self.manifest.description = value.and_then(|it| text::some_line(&it, LONG));
            }
            ("mainClass" | "mainClass.set" | "mainClassName" | "main", _) => {
                if let Some(class) = value {
                    self.manifest.enter(EntryKind::Binary, "application", Some(&class));
                }
            }
            ("tasks.register" | "tasks.create", _) => self.script(value),
            ("task", _) => self.script(rest.first().and_then(Token::word).map(str::to_owned)),
            ("def" | "val" | "ext" | "const" | "set" | "extra", _) => self.variable(rest),
            (name, ["ext", ..] | [.., "ext"]) if is_set(rest) => self.property(name, value),
            (name, _) if name.starts_with("ext.") => {
                self.property(name.trim_start_matches("ext."), value);
            }
            _ => {}
        }
    }

    fn script(&mut self, name: Option<String>) {
        if let Some(name) = name {
            self.manifest.script(&name, &format!("gradle {name}"));
        }
    }

    /// `val name = "1"`, `def name = '1'`, `extra["name"] = "1"`.
    fn variable(&mut self, rest: &[Token]) {
        let ([Token::Word(name), Token::Sign('='), Token::Text(value), ..]
        | [
            Token::Sign('['),
            Token::Text(name),
            Token::Sign(']'),
            Token::Sign('='),
            Token::Text(value),
            ..,
        ]
        | [Token::Text(name), Token::Sign(','), Token::Text(value), ..]) = rest
        else {
            return;
        };
        self.property(name, text::some_line(value, SHORT));
    }

    fn property(&mut self, name: &str, value: Option<String>) {
        if let Some(value) = value {
            self.shared.properties.insert(text::line(name, SHORT), value);
        }
    }
}

fn is_set(rest: &[Token]) -> bool {
    matches!(rest, [Token::Sign('='), Token::Text(_), ..])
}

/// What follows a name: the inside of its parentheses, or the rest of the line up to a block.
fn arguments(rest: &[Token]) -> &[Token] {
    if rest.first().is_some_and(|token| token.is('(')) {
        return script::inside(rest, 1);
    }
    let rest = script::near(rest);
    let end = rest
        .iter()
        .position(|token| matches!(token, Token::Newline | Token::Sign('{' | '}' | ';')));
    rest.get(..end.unwrap_or(rest.len())).unwrap_or_default()
}

/// All forms in which one configuration's dependencies are written.
fn add_dependencies(rest: &[Token], scope: Scope, manifest: &mut Manifest) {
    let mut named: BTreeMap<&str, &str> = BTreeMap::new();
    let mut at = 0;
    while let Some(tokens) = rest.get(at..).filter(|tokens| !tokens.is_empty()) {
        at += 1;
        match tokens {
            [Token::Word(key), Token::Sign(':' | '='), Token::Text(value), ..]
                if matches!(key.as_str(), "group" | "name" | "version") =>
            {
                named.insert(key, value);
            }
            [Token::Word(word), Token::Sign('('), inner @ ..] if word == "kotlin" => {
                if let Some(module) = inner.first().and_then(Token::text) {
                    manifest.depend_shared(
                        &format!("org.jetbrains.kotlin:kotlin-{module}"),
                        None,
                        scope,
                    );
                }
                at += 2;
            }
            [Token::Word(word), ..] if word == "libs" || word == "projects" => {
                let Some((name, length)) = script::dotted(tokens) else { continue };
                manifest.depend_shared(name.trim_end_matches(".get"), None, scope);
                at += length;
            }
            [Token::Text(one), ..] => coordinates(one, scope, manifest),
            _ => {}
        }
    }
    if let (Some(group), Some(name)) = (named.get("group"), named.get("name")) {
        manifest.depend(&format!("{group}:{name}"), named.get("version").copied(), scope);
    }
}

/// `group:name:version`, or a project's path, which begins with a colon.
fn coordinates(one: &str, scope: Scope, manifest: &mut Manifest) {
    if one.starts_with(':') {
        return manifest.depend(one, None, scope);
    }
    let mut parts = one.split(':');
    if let (Some(group), Some(name)) = (parts.next(), parts.next().filter(|name| !name.is_empty()))
        && !one.contains(['/', ' '])
    {
        let name = format!("{group}:{name}");
        match parts.next().filter(|version| !version.is_empty()) {
            Some(version) => manifest.depend(&name, Some(version), scope),
            None => manifest.depend_shared(&name, None, scope),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scanner::manifest::Contribution;

    fn build(name: &str, text: &str) -> Manifest {
        match Gradle.read(FileName(name), text).unwrap().contribution {
            Contribution::Project(manifest) | Contribution::Addition(manifest) => *manifest,
            other => panic!("{other:?}"),
        }
    }

    fn dependencies(manifest: &Manifest) -> Vec<(&str, Option<&str>, Scope)> {
        let all = manifest.dependencies.iter();
        all.map(|one| (one.name.as_str(), one.requirement.as_deref(), one.scope)).collect()
    }

    #[test]
    fn a_groovy_script_tells_all_of_itself() {
        let manifest = build(
            "build.gradle",
            "plugins {\n  id 'org.springframework.boot' version '3.2'\n}\nversion = '1.0'\n\
             ext { guava = '33' }\ndependencies {\n  implementation \"com.google:guava:$guava\"\n\
             \ttestImplementation('junit:junit:4') { exclude group: 'x', module: 'y' }\n\
             compileOnly group: 'org.a', name: 'b', version: '2'\n  api project(':core')\n\
             // implementation 'no:no:1'\n  runtimeOnly 'x:managed'\n  implementation files('a.jar')\n}\n\
             task hello { doLast { println 'a:b:c' } }\n",
        );

        assert_eq!(
            dependencies(&manifest),
            [
                ("com.google:guava", Some("${guava}"), Scope::Runtime),
                ("junit:junit", Some("4"), Scope::Development),
                ("org.a:b", Some("2"), Scope::Build),
                (":core", None, Scope::Runtime),
                ("x:managed", None, Scope::Runtime),
            ]
        );
        assert_eq!(manifest.version.as_deref(), Some("1.0"));
        assert_eq!(manifest.frameworks, ["Spring Boot"]);
        assert_eq!(manifest.scripts[0].name, "hello");
        assert_eq!(manifest.shared.unwrap().properties["guava"], "33");
    }

    #[test]
    fn a_kotlin_script_tells_all_of_itself() {
        let manifest = build(
            "build.gradle.kts",
            "plugins { kotlin(\"multiplatform\"); `java-library` }\nkotlin { sourceSets {\n\
             commonMain { dependencies { api(libs.square.okio) } }\n\
             val jvmTest by getting {\n dependencies {\n implementation(projects.testSupport)\n}\n}\n\
             create(\"otherTest\") { dependencies { implementation(kotlin(\"test\")) } } } }\n\
             application { mainClass.set(\"a.Main\") }\ndependencies { kapt(platform(\"a:b:1\")) }\n",
        );

        assert_eq!(
            dependencies(&manifest),
            [
                ("libs.square.okio", None, Scope::Runtime),
                ("projects.testSupport", None, Scope::Runtime),
                ("org.jetbrains.kotlin:kotlin-test", None, Scope::Development),
                ("a:b", Some("1"), Scope::Build),
            ]
        );
        assert_eq!(manifest.frameworks, ["Kotlin Multiplatform"]);
        assert_eq!(manifest.entry_points[0].target.as_deref(), Some("a.Main"));
    }

    #[test]
    fn build_files_are_known_by_their_directory() {
        let reads = |path| Gradle.reads(FileName(path));

        assert!(
            reads("core/core.gradle.kts")
                && reads("build.gradle")
                && reads("gradle/libs.versions.toml")
        );
        assert!(!reads("gradle/publish.gradle") && !reads("libs.versions.toml"));
    }
}
