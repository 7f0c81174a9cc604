//! Swift: `Package.swift`, `CocoaPods` (`*.podspec`, `Podfile`), and Xcode's projects.

use super::{
    Detector, FileName, Finding, Manifest, Unreadable,
    partly::{name_of_address, project_above, requirement, with_warning},
    ruby_statements::{Statement, statements},
    table::{LONG, SHORT},
};
use crate::scanner::{
    model::{EntryKind, Scope},
    script::{Call, RUBY, SWIFT, Script, Slice, Token},
    text,
};

pub(super) struct Swift;

/// Projects that a tool writes: `CocoaPods`' own, and the host of a Flutter program.
const GENERATED: [&str; 2] = ["Pods.xcodeproj", "Runner.xcodeproj"];

impl Detector for Swift {
    fn kind(&self) -> &'static str {
        "swift"
    }

    fn reads(&self, file: FileName<'_>) -> bool {
        matches!(file.name(), "Package.swift" | "Podfile") || is_podspec(file) || is_xcode(file)
    }

    fn read(&self, file: FileName<'_>, text: &str) -> Result<Finding, Unreadable> {
        if is_xcode(file) {
            return Ok(xcode(file, text));
        }
        let dialect = if file.name() == "Package.swift" { &SWIFT } else { &RUBY };
        let script = Script::new(text, dialect);
        let finding = match file.name() {
            "Package.swift" => Finding::project(package(script.all())),
            "Podfile" => Finding::addition(podfile(&statements(script.all()))),
            name => Finding::project(podspec(name, &statements(script.all()))),
        };
        Ok(with_warning(finding, file, script.problem()))
    }

    fn normal_name(&self, name: &str) -> String {
        name.to_lowercase()
    }
}

fn is_podspec(file: FileName<'_>) -> bool {
    file.name().strip_suffix(".podspec").is_some_and(|name| !name.is_empty())
}

fn is_xcode(file: FileName<'_>) -> bool {
    let directory = file.directory_name();
    file.name() == "project.pbxproj"
        && directory.ends_with(".xcodeproj")
        && !GENERATED.contains(&directory)
}

fn package(all: Slice<'_>) -> Manifest {
    let mut manifest = Manifest { tools: vec!["SwiftPM".to_owned()], ..Manifest::default() };
    let line = |value: Option<Slice<'_>>| {
        value.and_then(Slice::text).and_then(|text| text::some_line(&text, SHORT))
    };
    for call in all.calls() {
        match call.name {
            "Package" if manifest.name.is_none() => {
                manifest.name = line(call.arguments.get("name"));
            }
            "package" => add_package(&mut manifest, call),
            _ => {}
        }
    }
    for call in all.calls() {
        let Some(name) = line(call.arguments.get("name")) else { continue };
        let kind = match call.name {
            "executable" | "executableTarget" => EntryKind::Binary,
            "library" => EntryKind::Library,
            "plugin" if call.arguments.get("capability").is_some() => EntryKind::Plugin,
            _ => continue,
        };
        if !manifest.entry_points.iter().any(|one| one.name == name && one.kind == kind) {
            manifest.enter(kind, &name, None);
        }
    }
    manifest
}

/// `.package(url: "https://host/name.git", from: "1.0.0")`, `.package(path: "../name")`.
fn add_package(manifest: &mut Manifest, call: Call<'_>) {
    let text_of = |key| call.arguments.get(key).and_then(Slice::text);
    let address = text_of("url").or_else(|| text_of("id"));
    let path = text_of("path");
    let Some(source) = address.as_deref().or(path.as_deref()) else { return };
    let range = range(call.arguments);
    manifest.local.extend(path.as_deref().and_then(|path| text::some_line(path, SHORT)));
    manifest.require(requirement(
        name_of_address(source),
        range.as_deref(),
        Scope::Runtime,
        path.as_deref(),
    ));
}

/// `from: "1"`, `.upToNextMajor(from: "1")`, `exact: "1"`, `branch: "main"`, `"1"..<"2"`.
fn range(arguments: Slice<'_>) -> Option<String> {
    for item in arguments.items() {
        let item = item.call().map_or(item, |call| call.arguments);
        let (key, value) = item.pair().map_or(("", item), |(key, value)| (key, value));
        if matches!(key, "url" | "path" | "name" | "id") {
            continue;
        }
        let versions: Vec<&str> = value
            .tokens()
            .iter()
            .take(20)
            .filter_map(|token| match token {
                Token::Text(version) => Some(version.as_ref()),
                _ => None,
            })
            .collect();
        match (key, versions.as_slice()) {
            ("from", [version]) => return Some(format!("from {version}")),
            ("branch" | "revision", [version]) => return Some(format!("{key} {version}")),
            (_, [version]) => return Some((*version).to_owned()),
            (_, [low, high, ..]) => {
                let is_open =
                    value.tokens().iter().take(20).any(|token| *token == Token::Mark('<'));
                return Some(format!(">={low},{}{high}", if is_open { "<" } else { "<=" }));
            }
            (_, []) => {}
        }
    }
    None
}

/// `s.name = 'X'`, `s.dependency 'Y', '~> 1'`; the variable's name is free.
fn podspec(file: &str, statements: &[Statement<'_>]) -> Manifest {
    let stem = file.strip_suffix(".podspec").unwrap_or(file);
    let mut manifest = Manifest {
        name: text::some_line(stem, SHORT),
        tools: vec!["CocoaPods".to_owned()],
        ..Manifest::default()
    };
    for statement in statements {
        if let Some((field, value)) = statement.assignment() {
            let line = |limit| value.text().and_then(|text| text::some_line(&text, limit));
            match field {
                "version" => manifest.version = manifest.version.or_else(|| line(SHORT)),
                "summary" => manifest.description = manifest.description.or_else(|| line(LONG)),
                "license" => {
                    manifest.licence =
                        manifest.licence.or_else(|| line(SHORT).or_else(|| pod_licence(value)));
                }
                _ => {}
            }
        } else if matches!(statement.name(), Some("dependency" | "ios_dependency")) {
            add_pod(&mut manifest, &statement.arguments(), Scope::Runtime);
        }
    }
    let name = manifest.name.clone().unwrap_or_default();
    manifest.enter(EntryKind::Library, &name, None);
    manifest
}

/// `{ :type => 'MIT', :file => 'LICENSE' }`.
fn pod_licence(value: Slice<'_>) -> Option<String> {
    text::some_line(&value.group()?.get("type")?.text()?, SHORT)
}

fn podfile(statements: &[Statement<'_>]) -> Manifest {
    let mut manifest = Manifest { tools: vec!["CocoaPods".to_owned()], ..Manifest::default() };
    for statement in statements.iter().filter(|statement| statement.name() == Some("pod")) {
        add_pod(&mut manifest, &statement.arguments(), Scope::Runtime);
    }
    manifest
}

/// A subspec (`Name/Part`) is a part of the pod `Name`.
fn add_pod(manifest: &mut Manifest, arguments: &[Slice<'_>], scope: Scope) {
    let Some(name) = arguments.first().and_then(|name| name.text()) else { return };
    let pod = name.split('/').next().unwrap_or_default();
    let is_own = manifest.name.as_deref() == Some(pod);
    if is_own {
        return;
    }
    let ranges: Vec<_> = arguments
        .iter()
        .skip(1)
        .filter(|one| one.pair().is_none())
        .flat_map(|one| one.literals())
        .collect();
    let option = |key: &str| {
        arguments.iter().find_map(|one| one.pair().filter(|(name, _)| *name == key)?.1.text())
    };
    let git = option("git").map(|git| format!("git:{git}"));
    let range = if ranges.is_empty() { git } else { Some(ranges.join(", ")) };
    manifest.require(requirement(pod, range.as_deref(), scope, option("path").as_deref()));
}

/// Its name, and the Swift packages it takes from elsewhere.
fn xcode(file: FileName<'_>, text: &str) -> Finding {
    let name = file.directory_name().trim_end_matches(".xcodeproj");
    let mut manifest = Manifest {
        name: text::some_line(name, SHORT),
        tools: vec!["Xcode".to_owned()],
        ..Manifest::default()
    };
    let addresses = text.lines().filter_map(|line| line.trim().strip_prefix("repositoryURL = "));
    for address in addresses.take(500) {
        let address = address.trim_end_matches(';').trim_matches('"');
        let range = format!("git:{address}");
        manifest.require(requirement(name_of_address(address), Some(&range), Scope::Runtime, None));
    }
    project_above(manifest)
}

#[cfg(test)]
#[path = "swift_tests.rs"]
mod tests;
