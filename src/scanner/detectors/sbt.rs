//! sbt: `build.sbt` and the `.sbt` files beside it.

use std::collections::{BTreeMap, HashSet};

use super::{
    Detector, FileName, Finding, Manifest, Unreadable,
    script::{self, Quotes, Token},
    table::{LONG, SHORT},
};
use crate::scanner::{
    manifest::{Child, Field, Shared, Workspace},
    model::{EntryKind, Scope},
    text,
};

pub(super) struct Sbt;

impl Detector for Sbt {
    fn kind(&self) -> &'static str {
        "sbt"
    }

    /// What lies in `project` builds the build.
    fn reads(&self, file: FileName<'_>) -> bool {
        file.extension() == "sbt" && file.directory_name() != "project"
    }

    fn read(&self, file: FileName<'_>, text: &str) -> Result<Finding, Unreadable> {
        let tokens = script::tokens(text, Quotes::Double);
        let manifest = build(&tokens);
        let makes_project = file.name() == "build.sbt";
        Ok(if makes_project { Finding::project(manifest) } else { Finding::addition(manifest) })
    }
}

/// Projects of one build; where there are more, they are generated.
const MAX_PROJECTS: usize = 2_000;
/// Where the parts of a cross project lie, below its own directory.
const PLATFORMS: [&str; 6] = ["jvm", "js", "native", ".jvm", ".js", ".native"];

fn build(tokens: &[Token]) -> Manifest {
    let statements = statements(tokens);
    let makers: HashSet<&str> =
        statements.iter().filter_map(|statement| maker(statement)).collect();
    let mut root = empty();
    let mut shared = Shared::default();
    for statement in &statements {
        let Some(found) = defined(statement, &makers) else {
            variable(statement, &mut shared);
            settings(statement, &mut root, &mut shared);
            continue;
        };
        let mut manifest = empty();
        settings(statement, &mut manifest, &mut shared);
        // `root` tells less than the directory's name.
        let id = (found.id != "root").then(|| found.id.to_owned());
        manifest.name = manifest.name.or(id);
        manifest.provides.push(found.id.to_owned());
        add(&mut root, &found, manifest);
    }
    root.workspace = (!root.children.is_empty()).then(Workspace::default);
    root.shared = (shared != Shared::default()).then(|| Box::new(shared));
    root
}

fn empty() -> Manifest {
    Manifest {
        inherits: vec![Field::Version, Field::Licence],
        tools: vec!["sbt".to_owned()],
        ..Manifest::default()
    }
}

/// A project as a statement defines it.
struct Defined<'t> {
    id: &'t str,
    directory: String,
    is_cross: bool,
}

/// The project of the build's own directory is the build itself.
fn add(root: &mut Manifest, found: &Defined<'_>, manifest: Manifest) {
    if found.is_cross {
        for platform in PLATFORMS {
            let path = format!("{}/{platform}", found.directory);
            let suffix = match platform.trim_start_matches('.') {
                "jvm" => "JVM",
                "js" => "JS",
                _ => "Native",
            };
            let name = format!("{}{suffix}", found.id);
            let own =
                Manifest { name: Some(name.clone()), provides: vec![name], ..manifest.clone() };
            push(root, path, own);
        }
    }
    if found.directory == "." {
        root.name = manifest.name.or_else(|| root.name.take());
        root.version = manifest.version.or_else(|| root.version.take());
        root.dependencies.extend(manifest.dependencies);
        root.frameworks.extend(manifest.frameworks);
        root.entry_points.extend(manifest.entry_points);
        root.provides.extend(manifest.provides);
    } else {
        push(root, found.directory.clone(), manifest);
    }
}

fn push(root: &mut Manifest, path: String, manifest: Manifest) {
    if root.children.len() < MAX_PROJECTS {
        root.children.push(Child { path, manifest });
    }
}

/// A statement ends with its line, unless a bracket is open, or the next line goes on.
fn statements(tokens: &[Token]) -> Vec<&[Token]> {
    let mut all = Vec::new();
    let (mut start, mut depth) = (0, 0_usize);
    for (at, token) in tokens.iter().enumerate() {
        match token {
            Token::Sign('(' | '{' | '[') => depth += 1,
            Token::Sign(')' | '}' | ']') => depth = depth.saturating_sub(1),
            Token::Newline if depth == 0 && !goes_on(tokens, at) => {
                all.extend(tokens.get(start..at));
                start = at + 1;
            }
            Token::Sign(_) | Token::Word(_) | Token::Text(_) | Token::Newline => {}
        }
    }
    all.extend(tokens.get(start..));
    all.retain(|statement| !statement.is_empty());
    all
}

fn goes_on(tokens: &[Token], at: usize) -> bool {
    let is_open = |token: &Token| matches!(token, Token::Sign('=' | ',' | '%' | '+'));
    let before = at.checked_sub(1).and_then(|before| tokens.get(before));
    let next = tokens
        .get(at + 1..)
        .and_then(|rest| rest.iter().take(50).find(|it| **it != Token::Newline));
    before.is_some_and(is_open) || next.is_some_and(|token| token.is('.'))
}

/// `def module(name: String) = Project(name, file(name))` makes projects in the directory it gets.
fn maker(statement: &[Token]) -> Option<&str> {
    let [Token::Word(def), Token::Word(name), Token::Sign('('), Token::Word(parameter), ..] =
        statement
    else {
        return None;
    };
    let places = statement.windows(3).any(|window| {
        matches!(window, [Token::Word(file), Token::Sign('('), Token::Word(given)]
            if file == "file" && given == parameter)
    });
    (def == "def" && places).then_some(name)
}

fn defined<'t>(statement: &'t [Token], makers: &HashSet<&str>) -> Option<Defined<'t>> {
    let start = statement.iter().take(6).position(|token| token.word() == Some("val"))?;
    let id = statement.get(start + 1)?.word()?;
    let equals = statement.iter().position(|token| token.is('='))?;
    let value = statement.get(equals + 1..)?;
    let first = value.iter().find_map(Token::word)?;
    let is_cross = first == "crossProject";
    let directory = match first {
        "project" | "crossProject" | "projectMatrix" | "Project" => {
            file(value).unwrap_or_else(|| id.to_owned())
        }
        name if makers.contains(name) => value.iter().find_map(Token::text)?.to_owned(),
        _ => return None,
    };
    let directory = text::line(directory.trim_end_matches('/'), SHORT);
    Some(Defined { id, directory, is_cross })
}

/// The first `file("x")` that stands before any settings.
fn file(value: &[Token]) -> Option<String> {
    let until =
        value.iter().position(|token| token.word() == Some("settings")).unwrap_or(value.len());
    value.get(..until)?.windows(3).find_map(|window| match window {
        [Token::Word(word), Token::Sign('('), Token::Text(path)] if word == "file" => {
            Some(path.clone())
        }
        _ => None,
    })
}

/// `val akkaVersion = "2.8"`
fn variable(statement: &[Token], shared: &mut Shared) {
    let values = statement.windows(3).filter_map(|window| match window {
        [Token::Word(name), Token::Sign('='), Token::Text(value)] => Some((name, value)),
        _ => None,
    });
    for (name, value) in values {
        shared.properties.insert(text::line(name, SHORT), text::line(value, SHORT));
    }
}

fn settings(statement: &[Token], manifest: &mut Manifest, shared: &mut Shared) {
    for_all(statement, shared);
    for at in 0..statement.len() {
        match statement.get(at..).unwrap_or_default() {
            [Token::Word(key), Token::Sign(':'), Token::Sign('='), value @ ..] => {
                setting(key, value, is_scoped(statement, at), manifest);
            }
            [Token::Word(call), Token::Sign('('), ..] if call == "dependsOn" => {
                depends_on(script::inside(statement, at + 2), manifest);
            }
            [Token::Word(call), Token::Sign('('), ..] if call == "enablePlugins" => {
                plugins(script::inside(statement, at + 2), manifest);
            }
            _ => {}
        }
    }
    libraries(statement, manifest);
}

/// `Test / name` is another setting than `name`.
fn is_scoped(statement: &[Token], at: usize) -> bool {
    let before = at.checked_sub(1).and_then(|before| statement.get(before));
    let scope = at.checked_sub(2).and_then(|before| statement.get(before)).and_then(Token::word);
    before.is_some_and(|token| token.is('/')) && scope != Some("ThisBuild")
}

fn setting(key: &str, value: &[Token], is_scoped: bool, manifest: &mut Manifest) {
    let text = value.iter().take(50).take_while(|token| !token.is(',')).find_map(Token::text);
    let line = |limit| text.and_then(|value| text::some_line(value, limit));
    match key {
        "mainClass" => {
            if let Some(class) = text {
                manifest.enter(EntryKind::Binary, "application", Some(class));
            }
        }
        "name" if !is_scoped => manifest.name = line(SHORT),
        "version" if !is_scoped => manifest.version = line(SHORT),
        "description" if !is_scoped => manifest.description = line(LONG),
        _ => {}
    }
}

/// `ThisBuild / version := "1"` and `inThisBuild(…)`.
fn for_all(statement: &[Token], shared: &mut Shared) {
    let words = || statement.iter().filter_map(Token::word);
    if !words().any(|word| word == "ThisBuild" || word == "inThisBuild") {
        return;
    }
    for window in statement.windows(4) {
        if let [Token::Word(key), Token::Sign(':'), Token::Sign('='), Token::Text(value)] = window
            && key == "version"
        {
            shared.version = text::some_line(value, SHORT);
        }
    }
}

fn depends_on(inside: &[Token], manifest: &mut Manifest) {
    for one in inside.split(|token| token.is(',')) {
        let Some((name, _)) = one
            .iter()
            .position(|token| token.word().is_some())
            .and_then(|at| script::dotted(one.get(at..)?))
        else {
            continue;
        };
        let is_test = one
            .iter()
            .filter_map(|token| token.word().or(token.text()))
            .any(|word| matches!(word, "Test" | "test" | "test->test"));
        let name = match name.rsplit_once('.') {
            Some((base, "jvm")) => format!("{base}JVM"),
            Some((base, "js")) => format!("{base}JS"),
            Some((base, "native")) => format!("{base}Native"),
            _ => name,
        };
        manifest.depend(&name, None, if is_test { Scope::Development } else { Scope::Runtime });
    }
}

fn plugins(inside: &[Token], manifest: &mut Manifest) {
    let known: BTreeMap<&str, &str> = BTreeMap::from([
        ("PlayJava", "Play"),
        ("PlayScala", "Play"),
        ("PlayService", "Play"),
        ("PlayMinimalJava", "Play"),
        ("PekkoGrpcPlugin", "Pekko"),
        ("AkkaGrpcPlugin", "Akka"),
        ("ScalaJSPlugin", "Scala.js"),
        ("ScalaNativePlugin", "Scala Native"),
        ("GatlingPlugin", "Gatling"),
    ]);
    for label in inside.iter().filter_map(Token::word).filter_map(|word| known.get(word)) {
        if !manifest.frameworks.iter().any(|one| one == label) {
            manifest.frameworks.push((*label).to_owned());
        }
    }
}

/// `"group" %% "name" % version % Test`, wherever it stands.
fn libraries(statement: &[Token], manifest: &mut Manifest) {
    for at in 0..statement.len() {
        let is_first =
            at.checked_sub(1).and_then(|before| statement.get(before)).is_none_or(|it| !it.is('%'));
        let rest = statement.get(at..).filter(|_| is_first).unwrap_or_default();
        let [Token::Text(group), Token::Sign('%'), after @ ..] = rest else { continue };
        let after = skip(after);
        let [Token::Text(name), Token::Sign('%'), after @ ..] = after else { continue };
        let version = match skip(after) {
            [Token::Text(version), ..] => Some(version.clone()),
            [Token::Word(_), ..] => script::dotted(skip(after))
                .map(|(name, _)| format!("${{{}}}", name.rsplit('.').next().unwrap_or(&name))),
            _ => None,
        };
        let scope = scope(after);
        manifest.depend(&format!("{group}:{name}"), version.as_deref(), scope);
    }
}

fn skip(tokens: &[Token]) -> &[Token] {
    let signs = tokens.iter().take_while(|token| token.is('%')).count();
    tokens.get(signs..).unwrap_or_default()
}

/// The configuration that follows the version.
fn scope(after: &[Token]) -> Scope {
    let ends = |token: &&Token| !(token.is(',') || token.is(')') || **token == Token::Newline);
    let rest: Vec<_> = after.iter().take(50).take_while(ends).collect();
    let percent = rest.iter().position(|token| token.is('%'));
    let configuration = percent.and_then(|at| rest.get(at + 1));
    match configuration.and_then(|token| token.word().or(token.text())).map(str::to_lowercase) {
        Some(name) if name.contains("test") || name == "it" => Scope::Development,
        Some(name) if name.contains("provided") => Scope::Build,
        Some(name) if name.contains("optional") => Scope::Optional,
        _ => Scope::Runtime,
    }
}

#[cfg(test)]
#[path = "sbt_tests.rs"]
mod tests;
