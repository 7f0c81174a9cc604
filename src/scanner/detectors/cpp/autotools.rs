//! Autotools: `configure.ac`, a program of M4 whose macros are read and not run.

use std::collections::HashMap;

use super::workspace;
use crate::scanner::{
    detectors::{FileName, Finding, Manifest, partly::with_warning, table::SHORT},
    model::Scope,
    text,
};

/// Macros that are read of one file.
const MAX_MACROS: usize = 2_000;

/// A macro with its arguments, without their brackets.
struct Macro<'a> {
    name: &'a str,
    arguments: Vec<&'a str>,
}

pub(super) fn read(file: FileName<'_>, source: &str) -> Finding {
    let mut manifest = Manifest { tools: vec!["Autotools".to_owned()], ..Manifest::default() };
    let mut directories: Vec<String> = Vec::new();
    let mut is_whole = false;
    let mut defined: HashMap<&str, &str> = HashMap::new();
    for Macro { name, arguments } in macros(source) {
        let argument = |at: usize| arguments.get(at).and_then(|text| text::some_line(text, SHORT));
        let put_in = |text: String| match defined.get(text.as_str()) {
            Some(value) => text::line(value, SHORT),
            None => text,
        };
        // What another macro makes is not known without running it.
        let literal =
            |at: usize| argument(at).map(put_in).filter(|text| !text.contains(['(', '$', '[']));

        match name {
            "m4_define" => {
                if let [name, value, ..] = arguments.as_slice() {
                    defined.insert(name, value);
                }
            }
            "AC_INIT" => {
                is_whole = true;
                manifest.name = literal(0);
                manifest.version = literal(1);
            }
            "PKG_CHECK_MODULES" | "PKG_CHECK_EXISTS" => {
                let at = usize::from(name == "PKG_CHECK_MODULES");
                // With something to do where it is missing, it need not be there.
                let scope = if arguments.len() > at + 2 { Scope::Optional } else { Scope::Runtime };
                add_modules(&mut manifest, arguments.get(at).copied().unwrap_or_default(), scope);
            }
            "AC_CHECK_LIB" | "AC_SEARCH_LIBS" => {
                let library = if name == "AC_CHECK_LIB" { literal(0) } else { None };
                if let Some(library) =
                    library.filter(|library| !matches!(library.as_str(), "m" | "c"))
                {
                    manifest.depend(&library, None, Scope::Optional);
                }
            }
            "AC_CONFIG_SUBDIRS" => {
                let words = arguments.first().copied().unwrap_or_default().split_whitespace();
                directories.extend(words.map(|word| text::line(word, SHORT)));
            }
            _ => {}
        }
    }
    if !is_whole {
        let problem = "it has no `AC_INIT`";
        return with_warning(Finding::project(manifest), file, Some(problem));
    }
    manifest.local.extend(directories.iter().cloned());
    manifest.workspace = workspace(directories);
    Finding::project(manifest)
}

/// `glib-2.0 >= 2.30 gio-2.0`: modules, each perhaps with a range.
fn add_modules(manifest: &mut Manifest, list: &str, scope: Scope) {
    let spaced = text::line(list, 2_000).replace(',', " ");
    let mut words = spaced.split_whitespace().peekable();
    while let Some(name) = words.next() {
        let is_range = words.peek().is_some_and(|word| word.starts_with(['<', '>', '=']));
        let range = is_range.then(|| {
            let operator = words.next().unwrap_or_default();
            let is_alone = operator.chars().all(|c| "<>=".contains(c));
            let version = if is_alone { words.next().unwrap_or_default() } else { "" };
            format!("{operator} {version}")
        });
        let (name, joined) = name.find(['<', '>', '=']).map_or((name, ""), |at| name.split_at(at));
        if !name.is_empty() && !name.contains('$') {
            manifest.depend(name, range.as_deref().or(Some(joined)), scope);
        }
    }
}

/// Macros at any depth would need M4; those that start a line are the ones people write.
fn macros(source: &str) -> Vec<Macro<'_>> {
    let mut macros = Vec::new();
    let mut rest = source;
    while !rest.is_empty() && macros.len() < MAX_MACROS {
        let line = rest.trim_start_matches([' ', '\t', '[']);
        let end =
            line.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(line.len());
        let (name, behind) = line.split_at_checked(end).unwrap_or((line, ""));
        let is_macro =
            ["AC_", "AM_", "PKG_", "m4_define"].iter().any(|start| name.starts_with(start));
        if let Some(inside) = behind.strip_prefix('(').filter(|_| is_macro) {
            let (arguments, after) = arguments(inside);
            macros.push(Macro { name, arguments });
            // What stands in its arguments is looked at as well, so only its own line is passed.
            rest = if name == "AC_INIT" { after } else { inside };
        }
        rest = rest.split_once('\n').map_or("", |(_, next)| next);
    }
    macros
}

/// Up to the closing parenthesis; an argument of a length that none has is cut.
fn arguments(inside: &str) -> (Vec<&str>, &str) {
    const LONGEST: usize = 2_000;
    let mut arguments = Vec::new();
    let (mut start, mut brackets, mut parentheses) = (0, 0_usize, 0_usize);
    for (at, character) in inside.char_indices().take(LONGEST) {
        match character {
            '[' => brackets += 1,
            ']' => brackets = brackets.saturating_sub(1),
            '(' if brackets == 0 => parentheses += 1,
            ')' if brackets == 0 && parentheses == 0 => {
                arguments.push(unbracketed(inside.get(start..at)));
                return (arguments, inside.get(at + 1..).unwrap_or_default());
            }
            ')' if brackets == 0 => parentheses -= 1,
            ',' if brackets == 0 && parentheses == 0 => {
                arguments.push(unbracketed(inside.get(start..at)));
                start = at + 1;
            }
            _ => {}
        }
    }
    (arguments, inside)
}

fn unbracketed(argument: Option<&str>) -> &str {
    let trimmed = argument.unwrap_or_default().trim();
    trimmed.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(trimmed).trim()
}
