//! `CMake`: `CMakeLists.txt` as its commands, with the variables that it sets to one literal.

use std::collections::HashMap;

use super::workspace;
use crate::scanner::{
    detectors::{
        FileName, Finding, Manifest,
        partly::{is_side_directory, name_of_address, with_warning},
        table::{LONG, SHORT},
    },
    model::{EntryKind, Scope},
    text,
};

/// Longest value of a variable, and of an argument made with variables.
const MAX_VALUE: usize = 256;

/// `name(arguments)`.
struct Command {
    name: String,
    arguments: Vec<String>,
}

/// With `project()` its directory is one; else it belongs to the project around it.
pub(super) fn read(file: FileName<'_>, text: &str) -> Finding {
    let (commands, problem) = commands(text);
    let mut manifest = Manifest { tools: vec!["CMake".to_owned()], ..Manifest::default() };
    let mut variables: HashMap<String, String> = HashMap::new();
    let mut directories = Vec::new();
    let mut is_project = false;
    for command in &commands {
        let arguments: Vec<String> =
            command.arguments.iter().map(|one| expand(one, &variables)).collect();
        let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
        match command.name.as_str() {
            "set" => {
                if let [name, value] = words.as_slice() {
                    variables.insert((*name).to_owned(), (*value).to_owned());
                }
            }
            "project" if !is_project => {
                is_project = true;
                project(&mut manifest, &words);
                variables
                    .extend(manifest.name.clone().map(|name| ("PROJECT_NAME".to_owned(), name)));
            }
            "add_subdirectory" => {
                directories.extend(words.first().map(|one| text::line(one, SHORT)));
            }
            name => declare(&mut manifest, name, &words, is_side_directory(file.directory_name())),
        }
    }
    manifest.local.extend(directories.iter().filter(|one| !one.contains('$')).cloned());
    if !is_project {
        // Without a project of C around it, it would tell its tool to one of another kind.
        manifest.tools.clear();
        manifest.local.clear();
        return Finding::remark(manifest);
    }
    manifest.workspace = workspace(directories);
    with_warning(Finding::project(manifest), file, problem.as_deref())
}

/// `project(Name VERSION 1.2 DESCRIPTION "…" LANGUAGES CXX)`.
fn project(manifest: &mut Manifest, words: &[&str]) {
    let known = |value: &&str| !value.contains("${");
    manifest.name =
        words.first().filter(|name| known(name)).and_then(|name| text::some_line(name, SHORT));
    manifest.version =
        option(words, "VERSION").filter(known).and_then(|value| text::some_line(value, SHORT));
    manifest.description =
        option(words, "DESCRIPTION").filter(known).and_then(|value| text::some_line(value, LONG));
}

fn option<'a>(words: &[&'a str], key: &str) -> Option<&'a str> {
    let at = words.iter().position(|word| *word == key)?;
    words.get(at + 1).copied()
}

fn declare(manifest: &mut Manifest, command: &str, words: &[&str], is_side: bool) {
    match command {
        "find_package" => find_package(manifest, words),
        "fetchcontent_declare" | "externalproject_add" => fetched(manifest, words),
        "cpmaddpackage" => cpm(manifest, words),
        "pkg_check_modules" | "pkg_search_module" => modules(manifest, words),
        "add_executable" if !is_side => target(manifest, EntryKind::Binary, words),
        "add_library" if !is_side => target(manifest, EntryKind::Library, words),
        "enable_testing" if manifest.test_tools.is_empty() => {
            manifest.test_tools.push("CTest".to_owned());
        }
        "include" if words.first() == Some(&"CTest") && manifest.test_tools.is_empty() => {
            manifest.test_tools.push("CTest".to_owned());
        }
        _ => {}
    }
}

/// What need not be there is optional.
fn find_package(manifest: &mut Manifest, words: &[&str]) {
    let Some(name) = words.first().filter(|name| !name.contains('$')) else { return };
    let version = words.get(1).filter(|word| word.starts_with(|c: char| c.is_ascii_digit()));
    let scope = if words.contains(&"REQUIRED") { Scope::Runtime } else { Scope::Optional };
    manifest.depend(name, version.copied(), scope);
}

fn fetched(manifest: &mut Manifest, words: &[&str]) {
    let Some(name) = words.first().filter(|name| !name.contains('$')) else { return };
    let source = option(words, "GIT_REPOSITORY").or_else(|| option(words, "URL"));
    let revision = option(words, "GIT_TAG").map(|tag| format!("@{tag}")).unwrap_or_default();
    let range = source.map(|source| format!("git:{source}{revision}"));
    manifest.depend(name, range.as_deref(), Scope::Runtime);
}

/// `CPMAddPackage("gh:team/name@1.2")`, or with `NAME` and `VERSION`.
fn cpm(manifest: &mut Manifest, words: &[&str]) {
    if let Some(name) = option(words, "NAME") {
        let version = option(words, "VERSION").or_else(|| option(words, "GIT_TAG"));
        manifest.depend(name, version, Scope::Runtime);
    } else if let Some((address, version)) =
        words.first().and_then(|one| one.split_once(['@', '#']))
    {
        manifest.depend(name_of_address(address), Some(version), Scope::Runtime);
    }
}

/// `pkg_check_modules(PREFIX REQUIRED glib-2.0>=2.30 …)`.
fn modules(manifest: &mut Manifest, words: &[&str]) {
    let scope = if words.contains(&"REQUIRED") { Scope::Runtime } else { Scope::Optional };
    let settings = [
        "REQUIRED",
        "QUIET",
        "IMPORTED_TARGET",
        "GLOBAL",
        "NO_CMAKE_PATH",
        "NO_CMAKE_ENVIRONMENT_PATH",
    ];
    for word in words.iter().skip(1).filter(|word| !settings.contains(word) && !word.contains('$'))
    {
        let (name, range) = word.find(['<', '>', '=']).map_or((*word, ""), |at| word.split_at(at));
        manifest.depend(name, Some(range), scope);
    }
}

fn target(manifest: &mut Manifest, kind: EntryKind, words: &[&str]) {
    let Some((name, rest)) = words.split_first() else { return };
    // One that stands for another, or for something found elsewhere, is built elsewhere.
    let elsewhere = ["ALIAS", "IMPORTED"]
        .iter()
        .any(|word| rest.first() == Some(word) || rest.get(1) == Some(word));
    if !elsewhere && !name.contains('$') {
        manifest.enter(kind, name, None);
    }
}

/// Puts in what was set before; `${…}` stays where nothing was.
fn expand(argument: &str, variables: &HashMap<String, String>) -> String {
    let mut expanded = String::new();
    let mut rest = argument;
    while let Some((before, after)) = rest.split_once("${") {
        expanded.push_str(before);
        let Some((name, behind)) = after.split_once('}') else {
            expanded.push_str("${");
            rest = after;
            break;
        };
        match variables.get(name) {
            Some(value) => expanded.push_str(value),
            None => expanded.extend(["${", name, "}"]),
        }
        rest = behind;
        if expanded.len() > MAX_VALUE {
            return text::line(&expanded, MAX_VALUE);
        }
    }
    expanded.push_str(rest);
    expanded
}

/// The file's commands, and what was never closed.
fn commands(source: &str) -> (Vec<Command>, Option<String>) {
    let mut commands = Vec::new();
    let mut rest = source;
    loop {
        rest = skip(rest);
        let name =
            rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(rest.len());
        let (word, behind) = rest.split_at_checked(name).unwrap_or((rest, ""));
        if rest.is_empty() {
            return (commands, None);
        }
        let Some(inside) =
            behind.trim_start_matches([' ', '\t']).strip_prefix('(').filter(|_| name > 0)
        else {
            let next = behind.chars().next().map_or(0, char::len_utf8);
            rest = behind.get(next..).unwrap_or_default();
            continue;
        };
        let (arguments, behind) = arguments(inside);
        commands.push(Command { name: word.to_ascii_lowercase(), arguments });
        let Some(behind) = behind else {
            return (commands, Some(format!("the command `{word}` is never closed")));
        };
        rest = behind;
    }
}

/// Behind spaces and comments.
fn skip(mut rest: &str) -> &str {
    loop {
        rest = rest.trim_start();
        let Some(comment) = rest.strip_prefix('#') else { return rest };
        rest = match bracket(comment) {
            Some((_, behind)) => behind,
            None => comment.split_once('\n').map_or("", |(_, behind)| behind),
        };
    }
}

/// `[[…]]` or `[=[…]=]`: what is inside, and what follows.
fn bracket(text: &str) -> Option<(&str, &str)> {
    let inside = text.strip_prefix('[')?;
    let marks = inside.bytes().take(20).take_while(|byte| *byte == b'=').count();
    let inside = inside.get(marks..)?.strip_prefix('[')?;
    let close = format!("]{}]", "=".repeat(marks));
    Some(inside.split_once(close.as_str()).unwrap_or((inside, "")))
}

/// Up to the closing parenthesis, and what follows it; nothing follows where it is missing.
fn arguments(mut rest: &str) -> (Vec<String>, Option<&str>) {
    let mut arguments = Vec::new();
    let mut depth = 0_usize;
    loop {
        rest = skip(rest);
        let Some(next) = rest.chars().next() else { return (arguments, None) };
        let behind = rest.get(next.len_utf8()..).unwrap_or_default();
        match next {
            ')' if depth == 0 => return (arguments, Some(behind)),
            ')' | '(' => {
                depth = if next == '(' { depth + 1 } else { depth - 1 };
                rest = behind;
            }
            '"' => {
                let (text, after) = quoted(behind);
                arguments.push(text);
                rest = after;
            }
            ';' => rest = behind,
            '[' if bracket(rest).is_some() => {
                let (text, after) = bracket(rest).unwrap_or_default();
                arguments.push(text.to_owned());
                rest = after;
            }
            _ => {
                let (word, after) = unquoted(rest);
                arguments.push(word.to_owned());
                rest = after;
            }
        }
    }
}

fn quoted(text: &str) -> (String, &str) {
    let mut content = String::new();
    let mut characters = text.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => return (content, text.get(at + 1..).unwrap_or_default()),
            '\\' => {
                content
                    .extend(characters.next().map(|(_, escaped)| escaped).filter(|c| *c != '\n'));
            }
            _ => content.push(character),
        }
    }
    (content, "")
}

fn unquoted(text: &str) -> (&str, &str) {
    let mut escaped = false;
    let end = text.find(|c: char| {
        let ends = !escaped && (c.is_whitespace() || matches!(c, '(' | ')' | '"' | ';' | '#'));
        escaped = !escaped && c == '\\';
        ends
    });
    text.split_at_checked(end.unwrap_or(text.len()).max(1)).unwrap_or((text, ""))
}
