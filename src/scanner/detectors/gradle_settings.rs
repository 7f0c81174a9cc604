//! `settings.gradle`: which directories are projects of a Gradle build, and what they are called.

use std::collections::BTreeMap;

use super::{
    Finding, Manifest,
    script::{self, Token},
    table::SHORT,
};
use crate::scanner::{
    manifest::{Child, Field, Workspace},
    text,
};

/// Projects of one build; where there are more, they are generated.
const MAX_PROJECTS: usize = 5_000;
/// Tokens of an assignment that gives a directory.
const MAX_PLACE: usize = 40;

/// What a project's settings say besides its path.
#[derive(Default)]
struct Place {
    directory: Option<String>,
    name: Option<String>,
}

pub(super) fn read(tokens: &[Token]) -> Finding {
    let mut projects: BTreeMap<String, Place> = BTreeMap::new();
    let mut name = None;
    for at in 0..tokens.len() {
        let rest = script::near(tokens.get(at..).unwrap_or_default());
        match rest {
            [Token::Word(word), ..] if word == "include" && starts(tokens, at) => {
                include(rest, &mut projects);
            }
            [
                Token::Word(word),
                Token::Sign('('),
                Token::Text(path),
                Token::Sign(')'),
                Token::Sign('.'),
                Token::Word(field),
                after @ ..,
            ] if word == "project" => {
                place(projects.entry(full(path)).or_default(), field, after);
            }
            [
                Token::Word(word),
                Token::Sign('.'),
                Token::Word(field),
                Token::Sign('='),
                Token::Text(value),
                ..,
            ] if word == "rootProject" && field == "name" => {
                name = text::some_line(value, SHORT);
            }
            _ => {}
        }
    }
    let children = projects.iter().map(|(path, place)| child(path, place, &projects));
    let children: Vec<_> = children.collect();
    Finding::project(Manifest {
        name,
        workspace: (!children.is_empty()).then(Workspace::default),
        children,
        provides: vec![":".to_owned()],
        inherits: vec![Field::Version],
        tools: vec!["Gradle".to_owned()],
        ..Manifest::default()
    })
}

/// At the start of a line or a block, so that one line is read once.
fn starts(tokens: &[Token], at: usize) -> bool {
    let before = at.checked_sub(1).and_then(|before| tokens.get(before));
    before.is_none_or(|token| matches!(token, Token::Newline | Token::Sign('{' | '}' | ';' | ')')))
}

/// `include("a", ":b:c")` and the projects above those that it names.
fn include(rest: &[Token], projects: &mut BTreeMap<String, Place>) {
    let has_parentheses = rest.get(1).is_some_and(|token| token.is('('));
    let named = if has_parentheses {
        script::inside(rest, 2)
    } else {
        let mut before = &Token::Newline;
        // A line that ends in a comma goes on.
        let end = rest.iter().position(|token| {
            let ends = *token == Token::Newline && !before.is(',');
            before = token;
            ends
        });
        rest.get(1..end.unwrap_or(rest.len())).unwrap_or_default()
    };
    for path in named.iter().filter_map(Token::text).filter(|path| is_path(path)) {
        let path = full(path);
        let above = path.match_indices(':').skip(1).filter_map(|(at, _)| path.get(..at));
        for path in above.chain([path.as_str()]) {
            if projects.len() < MAX_PROJECTS {
                projects.entry(path.to_owned()).or_default();
            }
        }
    }
}

/// What a program computes is not known.
fn is_path(path: &str) -> bool {
    !path.is_empty() && path.len() <= SHORT && !path.contains(['$', ' ', '*'])
}

fn full(path: &str) -> String {
    let path = path.trim_start_matches(':').replace('/', ":");
    format!(":{}", text::line(&path, SHORT))
}

/// `.projectDir = file("x")`, `new File(settingsDir, "x")`, `.name = "x"`.
fn place(place: &mut Place, field: &str, after: &[Token]) {
    let after = after.get(..MAX_PLACE).unwrap_or(after);
    let end = after.iter().position(|token| *token == Token::Newline).unwrap_or(after.len());
    let value = after.get(..end).unwrap_or_default().iter().rev().find_map(Token::text);
    let Some(value) = value.filter(|_| after.first().is_some_and(|sign| sign.is('='))) else {
        return;
    };
    let roots = ["${rootDir}/", "${rootProject.projectDir}/", "${settingsDir}/"];
    let value = roots.iter().find_map(|root| value.strip_prefix(root)).unwrap_or(value);
    match field {
        "projectDir" => place.directory = text::some_line(value, SHORT),
        "name" => place.name = text::some_line(value, SHORT),
        _ => {}
    }
}

fn child(path: &str, place: &Place, projects: &BTreeMap<String, Place>) -> Child {
    let last = path.rsplit(':').next().unwrap_or(path);
    let name = place.name.as_deref().unwrap_or(last);
    let renamed = format!("{}:{name}", path.trim_end_matches(last).trim_end_matches(':'));
    let mut provides = vec![accessor(&renamed), renamed];
    if place.name.is_some() {
        provides.push(path.to_owned());
    }
    Child {
        path: directory(path, projects),
        manifest: Manifest {
            name: Some(name.to_owned()),
            provides,
            inherits: vec![Field::Version],
            tools: vec!["Gradle".to_owned()],
            ..Manifest::default()
        },
    }
}

/// Below the directory of the project above, unless it is given.
fn directory(path: &str, projects: &BTreeMap<String, Place>) -> String {
    let mut directory = String::new();
    let mut ends = path.match_indices(':').map(|(at, _)| at).skip(1).collect::<Vec<_>>();
    ends.push(path.len());
    for end in ends {
        let above = path.get(..end).unwrap_or(path);
        let part = above.rsplit(':').next().unwrap_or(above);
        let given = projects.get(above).and_then(|place| place.directory.clone());
        directory = given.unwrap_or_else(|| format!("{directory}/{part}"));
        directory = directory.trim_start_matches('/').to_owned();
    }
    directory
}

/// `:okhttp-tls:core` is `projects.okhttpTls.core` in scripts.
fn accessor(path: &str) -> String {
    let mut accessor = "projects".to_owned();
    for part in path.split(':').filter(|part| !part.is_empty()) {
        accessor.push('.');
        for (index, word) in part.split(['-', '_', '.', ' ']).enumerate() {
            let mut letters = word.chars();
            let first =
                letters.next().filter(|_| index > 0).map(|first| first.to_ascii_uppercase());
            match first {
                Some(first) => accessor.extend(std::iter::once(first).chain(letters)),
                None => accessor.push_str(word),
            }
        }
    }
    accessor
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scanner::{detectors::script::Quotes, manifest::Contribution};

    fn children(text: &str) -> Vec<(String, String)> {
        let tokens = script::tokens(text, Quotes::Both);
        let Contribution::Project(manifest) = read(&tokens).contribution else { panic!("none") };
        let all = manifest.children.into_iter();
        all.map(|child| (child.path, child.manifest.name.unwrap())).collect()
    }

    fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|&(path, name)| (path.to_owned(), name.to_owned())).collect()
    }

    #[test]
    fn includes_make_projects_those_above_too() {
        let text = "rootProject.name = 'all'\ninclude 'core', ':web:api',\n  'web:ui'\n\
            // include 'no'\nincludeBuild('tools')\ninclude(\"$computed\")\n";

        assert_eq!(
            children(text),
            pairs(&[("core", "core"), ("web", "web"), ("web/api", "api"), ("web/ui", "ui")])
        );
    }

    #[test]
    fn projects_may_lie_and_be_called_otherwise() {
        let text = "include(':a', ':b:c', ':d')\nproject(':a').projectDir = file('x/a')\n\
            project(':b').projectDir = new File(rootDir, 'y')\nproject(':d').name = 'dee'\n";

        assert_eq!(children(text), pairs(&[("x/a", "a"), ("y", "b"), ("y/c", "c"), ("d", "dee")]));
    }

    #[test]
    fn scripts_name_projects_in_camel_case() {
        assert_eq!(accessor(":okhttp-tls:core_api"), "projects.okhttpTls.coreApi");
    }
}
