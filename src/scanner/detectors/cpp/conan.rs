//! Conan: recipes in Python (`conanfile.py`), read without running them, and `conanfile.txt`.

use crate::scanner::{
    detectors::{
        FileName, Finding, Manifest,
        partly::with_warning,
        table::{LONG, SHORT},
    },
    model::Scope,
    script::{PYTHON, Script, Slice},
    text,
};

/// A recipe with a name is a project; one that only tests another's, or lists what it needs, adds.
pub(super) fn recipe(file: FileName<'_>, source: &str) -> Finding {
    let script = Script::new(source, &PYTHON);
    let mut manifest = Manifest { tools: vec!["Conan".to_owned()], ..Manifest::default() };
    for line in script.all().lines() {
        let Some((key, value)) = line.pair() else { continue };
        let text = |limit| value.text().and_then(|text| text::some_line(&text, limit));
        match key {
            "name" => manifest.name = manifest.name.take().or_else(|| text(SHORT)),
            "version" => manifest.version = manifest.version.take().or_else(|| text(SHORT)),
            "description" => {
                manifest.description = manifest.description.take().or_else(|| text(LONG));
            }
            "license" => manifest.licence = text::some_line(&literals(value).join(" OR "), SHORT),
            _ => {
                if let Some(scope) = scope(key) {
                    for one in literals(value) {
                        add(&mut manifest, &one, scope);
                    }
                }
            }
        }
    }
    for call in script.all().calls() {
        if let (Some(scope), Some(one)) =
            (scope(call.name), call.arguments.items().first().and_then(|one| one.text()))
        {
            add(&mut manifest, &one, scope);
        }
    }
    let is_named = manifest.name.is_some();
    let finding = if is_named { Finding::project(manifest) } else { Finding::addition(manifest) };
    with_warning(finding, file, script.problem())
}

/// A text, a list, or texts with commas alone.
fn literals(value: Slice<'_>) -> Vec<String> {
    let parts = value.group().unwrap_or(value).items();
    parts.into_iter().filter_map(Slice::text).map(std::borrow::Cow::into_owned).collect()
}

fn scope(key: &str) -> Option<Scope> {
    match key {
        "requires" => Some(Scope::Runtime),
        "tool_requires" | "build_requires" => Some(Scope::Build),
        "test_requires" => Some(Scope::Development),
        _ => None,
    }
}

/// `zlib/1.2.11@team/channel`, `zlib/[>=1.2 <2]`.
fn add(manifest: &mut Manifest, reference: &str, scope: Scope) {
    let (name, rest) = reference.trim().split_once('/').unwrap_or((reference.trim(), ""));
    let version = rest.split('@').next().unwrap_or_default().trim_matches(['[', ']']);
    if !name.contains(['{', ' ']) {
        manifest.depend(name, Some(version), scope);
    }
}

/// Sections with one reference a line.
pub(super) fn list(source: &str) -> Finding {
    let mut manifest = Manifest { tools: vec!["Conan".to_owned()], ..Manifest::default() };
    let mut section = None;
    for line in source.lines().map(str::trim) {
        if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            section = scope(name);
        } else if let Some(scope) = section.filter(|_| !line.is_empty() && !line.starts_with('#')) {
            add(&mut manifest, line, scope);
        }
    }
    Finding::addition(manifest)
}
