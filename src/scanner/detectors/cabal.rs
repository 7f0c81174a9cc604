//! Cabal's format: fields and stanzas told apart by their indentation.

use std::collections::HashSet;

use super::{
    Manifest, Unreadable,
    table::{LONG, SHORT},
};
use crate::scanner::{
    model::{EntryKind, Scope},
    text,
};

/// `name: value`, with the lines that go on below it.
pub(super) struct Field<'a> {
    pub(super) name: String,
    lines: Vec<&'a str>,
    /// How many stanzas and conditions it stands in.
    pub(super) depth: usize,
    /// The stanza at the outermost level around it: `executable`, `app`.
    stanza: (&'a str, &'a str),
}

impl Field<'_> {
    /// The value on one line.
    fn value(&self) -> String {
        self.lines.join(" ")
    }

    /// The words of a list with commas or without.
    pub(super) fn words(&self) -> Vec<String> {
        let parts = self.lines.iter().flat_map(|line| line.split([',', ' ', '\t']));
        parts.filter(|word| !word.is_empty()).map(str::to_owned).collect()
    }
}

/// All fields in their order. A line is a field where it has a name and a colon and does not stand
/// deeper than the field before it; a stanza where it stands at the margin without a colon.
pub(super) fn fields(text: &str) -> Vec<Field<'_>> {
    let mut fields: Vec<Field<'_>> = Vec::new();
    let mut stanza = ("", "");
    let mut field_indent: Option<usize> = None;
    let mut depth = 0;
    for line in text.lines() {
        let body = line.trim();
        if body.is_empty() || body.starts_with("--") {
            continue;
        }
        let indent = line.len() - line.trim_start().len();
        if let (Some(at), Some(field)) = (field_indent, fields.last_mut())
            && indent > at
        {
            field.lines.push(body);
            continue;
        }
        field_indent = None;
        if indent == 0 {
            stanza = ("", "");
            depth = 0;
        }
        if let Some((name, value)) = field_of(body) {
            let first = Some(value).filter(|value| !value.is_empty());
            let name = name.to_ascii_lowercase();
            fields.push(Field { name, lines: first.into_iter().collect(), depth, stanza });
            field_indent = Some(indent);
        } else if indent == 0 {
            let (kind, name) = body.split_once(char::is_whitespace).unwrap_or((body, ""));
            stanza = (kind, name.trim());
            depth = 1;
        }
    }
    fields
}

fn field_of(line: &str) -> Option<(&str, &str)> {
    let (name, value) = line.split_once(':')?;
    let name = name.trim_end();
    let is_name = !name.is_empty()
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
    is_name.then_some((name, value.trim()))
}

/// A `.cabal` file, whose own name is the package's where it does not say.
pub(super) fn package(stem: &str, text: &str) -> Result<Manifest, Unreadable> {
    let fields = fields(text);
    let top = |name: &str, limit| {
        let field = fields.iter().find(|field| field.depth == 0 && field.name == name)?;
        text::some_line(&field.value(), limit)
    };
    if top("name", SHORT).is_none() {
        return Err(Unreadable::new(&"it has no `name:` field"));
    }
    let mut manifest = Manifest {
        name: top("name", SHORT).or_else(|| text::some_line(stem, SHORT)),
        version: top("version", SHORT),
        description: top("synopsis", LONG).or_else(|| top("description", LONG)),
        licence: top("license", SHORT),
        tools: vec!["Cabal".to_owned()],
        ..Manifest::default()
    };
    add_dependencies(&fields, &mut manifest);
    enter(&fields, &mut manifest);
    Ok(manifest)
}

/// What runs is named first, so that a dependency of program and tests counts for the program.
fn add_dependencies(fields: &[Field<'_>], manifest: &mut Manifest) {
    let shipped = ["library", "foreign-library", "executable"];
    let imported: HashSet<String> = fields
        .iter()
        .filter(|field| field.name == "import" && shipped.contains(&kind(field).as_str()))
        .flat_map(Field::words)
        .collect();
    let mut found: Vec<(Scope, String, Option<String>)> = Vec::new();
    for field in fields {
        let own = match kind(field).as_str() {
            "test-suite" | "benchmark" => Scope::Development,
            "common" if !imported.contains(field.stanza.1) => Scope::Development,
            _ => Scope::Runtime,
        };
        let scope = match field.name.as_str() {
            "build-depends" | "pkgconfig-depends" => own,
            "build-tool-depends" | "build-tools" | "setup-depends" => Scope::Build,
            _ => continue,
        };
        for entry in entries(&field.value()) {
            let (name, range) = dependency(&entry);
            found.push((scope, name.to_owned(), range.map(str::to_owned)));
        }
    }
    for wanted in [Scope::Runtime, Scope::Build, Scope::Development] {
        let own = manifest.name.clone();
        for (_, name, range) in
            found.iter().filter(|(scope, name, _)| *scope == wanted && Some(name) != own.as_ref())
        {
            manifest.depend(name, range.as_deref(), wanted);
        }
    }
}

fn kind(field: &Field<'_>) -> String {
    field.stanza.0.to_ascii_lowercase()
}

/// Splits at commas outside braces: `foo:{a, b} >= 1, bar`.
fn entries(value: &str) -> Vec<String> {
    let mut entries = vec![String::new()];
    let mut depth = 0_usize;
    for character in value.chars() {
        match character {
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => {
                entries.push(String::new());
                continue;
            }
            _ => {}
        }
        if let Some(last) = entries.last_mut() {
            last.push(character);
        }
    }
    entries.retain(|entry| !entry.trim().is_empty());
    entries
}

/// Name and range; a part of a package (`name:part`) is the package.
pub(super) fn dependency(entry: &str) -> (&str, Option<&str>) {
    let entry = entry.trim();
    let end = entry
        .find(|c: char| !(c.is_alphanumeric() || c == '-' || c == '_' || c == '.'))
        .unwrap_or(entry.len());
    let (name, rest) = entry.split_at_checked(end).unwrap_or((entry, ""));
    let range = match rest.strip_prefix(':') {
        None => rest,
        Some(part) if part.starts_with('{') => part.split_once('}').map_or("", |(_, range)| range),
        Some(part) => {
            part.find([' ', '<', '>', '=', '^']).and_then(|at| part.get(at..)).unwrap_or("")
        }
    };
    (name, Some(range.trim()).filter(|range| !range.is_empty()))
}

fn enter(fields: &[Field<'_>], manifest: &mut Manifest) {
    let own = manifest.name.clone().unwrap_or_default();
    let mut seen = HashSet::new();
    for field in fields.iter().filter(|field| field.depth > 0) {
        let kind = kind(field);
        let (_, name) = field.stanza;
        if !seen.insert((kind.clone(), name)) {
            continue;
        }
        let main = || {
            let same = fields.iter().filter(|one| one.stanza == field.stanza);
            Some(same.into_iter().find(|one| one.name == "main-is")?.value())
        };
        match kind.as_str() {
            "executable" if manifest.entry_points.len() < 100 => {
                manifest.enter(EntryKind::Binary, name, main().as_deref());
            }
            "library" => {
                manifest.enter(EntryKind::Library, if name.is_empty() { &own } else { name }, None);
            }
            _ => {}
        }
    }
}
