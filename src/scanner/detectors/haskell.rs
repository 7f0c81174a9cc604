//! Haskell: Cabal's packages, hpack's `package.yaml`, and the projects of Cabal and Stack.

use serde_json::Value;

use super::{
    Detector, FileName, Finding, Manifest, Unreadable, cabal,
    table::{LONG, SHORT, json_line, json_strings},
};
use crate::scanner::{
    manifest::Workspace,
    model::{EntryKind, Scope},
    text, yaml,
};

pub(super) struct Haskell;

/// What only hpack's files have; other tools call theirs `package.yaml` too.
const HPACK: [&str; 8] = [
    "library",
    "executable",
    "executables",
    "tests",
    "benchmarks",
    "internal-libraries",
    "ghc-options",
    "default-extensions",
];

impl Detector for Haskell {
    fn kind(&self) -> &'static str {
        "haskell"
    }

    fn reads(&self, file: FileName<'_>) -> bool {
        let name = file.name();
        matches!(name, "package.yaml" | "cabal.project" | "stack.yaml") || is_cabal(name)
    }

    fn read(&self, file: FileName<'_>, text: &str) -> Result<Finding, Unreadable> {
        match file.name() {
            "cabal.project" => Ok(cabal_project(text)),
            "package.yaml" => hpack(text),
            "stack.yaml" => Ok(stack(text)),
            name => {
                let stem = name.strip_suffix(".cabal").unwrap_or(name);
                cabal::package(stem, text).map(Finding::project)
            }
        }
    }
}

fn is_cabal(name: &str) -> bool {
    name.strip_suffix(".cabal").is_some_and(|stem| !stem.is_empty())
}

/// A file that names further directories makes its own a root; one that names none only adds.
fn root(members: Vec<String>, tool: &str) -> Finding {
    let tools = vec![tool.to_owned()];
    if members.is_empty() {
        return Finding::addition(Manifest { tools, ..Manifest::default() });
    }
    let workspace = Some(Workspace { members, ..Workspace::default() });
    Finding::project(Manifest { workspace, tools, ..Manifest::default() })
}

/// `packages:` names directories, or the `.cabal` files in them.
fn cabal_project(text: &str) -> Finding {
    let fields = cabal::fields(text);
    let values = |wanted: &'static str| {
        let found = fields.iter().filter(move |field| field.depth == 0 && field.name == wanted);
        found.flat_map(cabal::Field::words).filter_map(|word| member(&word))
    };
    let mut members: Vec<String> = values("packages").collect();
    // Those that may be absent are in braces, so that they count as patterns.
    members.extend(
        values("optional-packages").map(
            |one| {
                if one.contains('*') { one } else { format!("{{{one}}}") }
            },
        ),
    );
    root(members, "Cabal")
}

/// The directory of an entry; none for the root itself, archives and addresses.
fn member(word: &str) -> Option<String> {
    let word = word.trim_matches('"').trim_end_matches('/');
    let word = word.strip_prefix("./").unwrap_or(word);
    let is_elsewhere =
        word.contains("://") || word.ends_with(".tar.gz") || word.starts_with(['/', '~']);
    let directory = match word.rsplit_once('/') {
        Some((directory, file)) if is_cabal(file) => directory,
        None if is_cabal(word) => ".",
        _ => word,
    };
    (!is_elsewhere && !matches!(directory, "" | ".") && !directory.starts_with(".."))
        .then(|| text::line(directory, SHORT))
}

fn stack(text: &str) -> Finding {
    // Another tool's file of the same name is none of ours, and broken only for Stack's users.
    let root_value: Value = match yaml::read(text) {
        Ok(value) => value,
        Err(_) => return Finding::addition(Manifest::default()),
    };
    let is_ours = ["resolver", "snapshot"].iter().any(|key| root_value.get(key).is_some());
    if !is_ours {
        return Finding::addition(Manifest::default());
    }
    let packages = root_value.get("packages").into_iter().flat_map(json_strings);
    root(packages.filter_map(member).collect(), "Stack")
}

fn hpack(text: &str) -> Result<Finding, Unreadable> {
    let root: Value = yaml::read(text).map_err(|error| Unreadable::new(&error))?;
    if !HPACK.iter().any(|key| root.get(key).is_some()) {
        return Ok(Finding::addition(Manifest::default()));
    }
    let mut manifest = Manifest {
        name: json_line(&root, "name", SHORT),
        version: json_line(&root, "version", SHORT),
        description: json_line(&root, "synopsis", LONG),
        licence: json_line(&root, "license", SHORT),
        tools: vec!["hpack".to_owned()],
        ..Manifest::default()
    };
    add(&mut manifest, Some(&root), Scope::Runtime);
    add(&mut manifest, root.get("library"), Scope::Runtime);
    if let (Some(_), Some(name)) = (root.get("library"), manifest.name.clone()) {
        manifest.enter(EntryKind::Library, &name, None);
    }
    if let Some(program) = root.get("executable") {
        let name = manifest.name.clone().unwrap_or_default();
        manifest.enter(EntryKind::Binary, &name, program.get("main").and_then(Value::as_str));
        add(&mut manifest, Some(program), Scope::Runtime);
    }
    for (key, scope) in [
        ("executables", Scope::Runtime),
        ("tests", Scope::Development),
        ("benchmarks", Scope::Development),
    ] {
        for (name, part) in root.get(key).and_then(Value::as_object).into_iter().flatten() {
            if scope == Scope::Runtime {
                manifest.enter(EntryKind::Binary, name, part.get("main").and_then(Value::as_str));
            }
            add(&mut manifest, Some(part), scope);
        }
    }
    manifest.dependencies.retain(|one| Some(&one.name) != manifest.name.as_ref());
    Ok(Finding::project(manifest))
}

/// A list of `name range`, or a map of ranges.
fn add(manifest: &mut Manifest, part: Option<&Value>, scope: Scope) {
    for (key, scope) in [("dependencies", scope), ("build-tools", Scope::Build)] {
        let Some(listed) = part.and_then(|part| part.get(key)) else { continue };
        for entry in listed.as_str().into_iter().chain(json_strings(listed)) {
            let (name, range) = cabal::dependency(entry);
            manifest.depend(name, range, scope);
        }
        let objects = listed.as_array().into_iter().flatten();
        for object in objects.filter(|one| one.is_object()) {
            if let Some(name) = object.get("name").and_then(Value::as_str) {
                manifest.depend(name, object.get("version").and_then(Value::as_str), scope);
            }
        }
        for (name, range) in listed.as_object().into_iter().flatten() {
            manifest.depend(name, range.as_str(), scope);
        }
    }
}

#[cfg(test)]
#[path = "haskell_tests.rs"]
mod tests;
