//! Elixir: `mix.exs`, alone or as the root of an umbrella.

use std::collections::{HashMap, HashSet};

use super::{
    Detector, FileName, Finding, Manifest, Unreadable,
    partly::{requirement, with_warning},
    table::{LONG, SHORT},
};
use crate::scanner::{
    manifest::{Requirement, Workspace},
    model::{EntryKind, Scope},
    script::{ELIXIR, Script, Slice, Token},
    text,
};

pub(super) struct Elixir;

/// The functions and attributes of the project's module, by name.
struct Module<'s> {
    functions: HashMap<&'s str, Slice<'s>>,
    attributes: HashMap<&'s str, Slice<'s>>,
}

impl Detector for Elixir {
    fn kind(&self) -> &'static str {
        "elixir"
    }

    fn reads(&self, file: FileName<'_>) -> bool {
        file.name() == "mix.exs"
    }

    fn read(&self, file: FileName<'_>, text: &str) -> Result<Finding, Unreadable> {
        let script = Script::new(text, &ELIXIR);
        let module = Module::new(script.all());
        Ok(with_warning(Finding::project(project(&module)), file, script.problem()))
    }
}

fn project(module: &Module<'_>) -> Manifest {
    let field = |key| {
        module.entries("project").into_iter().find(|(name, _)| *name == key).map(|(_, value)| value)
    };
    let line = |key, limit| text::some_line(&module.text(field(key)?)?, limit);
    let umbrella = line("apps_path", SHORT);
    let mut manifest = Manifest {
        name: line("app", SHORT),
        version: line("version", SHORT),
        description: line("description", LONG),
        licence: licence(module, field("package")),
        tools: vec!["Mix".to_owned()],
        workspace: umbrella
            .map(|path| Workspace { members: vec![format!("{path}/*")], ..Workspace::default() }),
        ..Manifest::default()
    };
    for list in field("deps").map(|deps| module.lists(deps)).unwrap_or_default() {
        for item in list.items() {
            add(&mut manifest, item);
        }
    }
    for list in field("aliases").map(|aliases| module.lists(aliases)).unwrap_or_default() {
        for (name, value) in list.items().into_iter().filter_map(Slice::pair) {
            let steps = value.literals().join("; ");
            let command = if steps.is_empty() { format!("mix {name}") } else { steps };
            manifest.script(name, &command);
        }
    }
    enter(&mut manifest, module, field("escript"));
    manifest
}

/// What starts: the application's module, or the command line's.
fn enter(manifest: &mut Manifest, module: &Module<'_>, escript: Option<Slice<'_>>) {
    let Some(name) = manifest.name.clone() else { return };
    let entries = module.entries("application");
    let started = entries
        .iter()
        .find(|(key, _)| *key == "mod")
        .and_then(|(_, value)| value.group().unwrap_or(*value).items().first()?.path());
    let lists = escript.map(|escript| module.lists(escript)).unwrap_or_default();
    let program = lists.iter().find_map(|list| list.get("main_module")?.path());
    match (program, started) {
        (Some(program), _) => manifest.enter(EntryKind::Binary, &name, Some(&program)),
        (None, Some(started)) => manifest.enter(EntryKind::Service, &name, Some(&started)),
        (None, None) if manifest.workspace.is_none() => {
            manifest.enter(EntryKind::Library, &name, None);
        }
        (None, None) => {}
    }
}

fn licence(module: &Module<'_>, package: Option<Slice<'_>>) -> Option<String> {
    let lists = module.lists(package?);
    let licences = lists.iter().find_map(|list| list.get("licenses"))?;
    text::some_line(&licences.literals().join(" OR "), SHORT)
}

/// `{:name, "~> 1.0", only: :test}`, also written `name: "~> 1.0"`.
fn add(manifest: &mut Manifest, item: Slice<'_>) {
    if let Some((name, value)) = item.pair() {
        manifest.depend(name, value.text().as_deref(), Scope::Runtime);
        return;
    }
    let Some(tuple) = item.group() else { return };
    let parts = tuple.items();
    let Some(name) = parts.first().and_then(|name| name.atom()) else { return };
    // The options may stand in a list of their own.
    let listed = parts.iter().filter_map(|part| part.group()).flat_map(Slice::items);
    let options: HashMap<&str, Slice<'_>> =
        parts.iter().copied().chain(listed).filter_map(Slice::pair).collect();
    let range = parts.get(1).and_then(|range| range.text()).map(std::borrow::Cow::into_owned);
    manifest.local.extend(
        options
            .get("path")
            .and_then(|path| path.text())
            .and_then(|path| text::some_line(&path, SHORT)),
    );
    manifest.require(dependency(name, range, &options));
}

fn dependency(
    name: &str,
    range: Option<String>,
    options: &HashMap<&str, Slice<'_>>,
) -> Requirement {
    let is_set = |key: &str| options.get(key).and_then(|value| value.atom()) == Some("true");
    let text_of = |key: &str| options.get(key).and_then(|value| value.text());
    let only = options.get("only").map(|only| only.literals()).unwrap_or_default();
    let scope = if is_set("optional") {
        Scope::Optional
    } else if !only.is_empty() && !only.iter().any(|environment| environment == "prod") {
        Scope::Development
    } else if options.get("runtime").and_then(|value| value.atom()) == Some("false") {
        Scope::Build
    } else {
        Scope::Runtime
    };
    let source =
        || ["git", "github"].into_iter().find_map(|key| Some(format!("{key}:{}", text_of(key)?)));
    let umbrella = is_set("in_umbrella").then(|| format!("../{name}"));
    let path = text_of("path").map(std::borrow::Cow::into_owned).or(umbrella);
    requirement(name, range.or_else(source).as_deref(), scope, path.as_deref())
}

impl<'s> Module<'s> {
    fn new(all: Slice<'s>) -> Self {
        let mut module = Self { functions: HashMap::new(), attributes: HashMap::new() };
        for (start, body) in all.definitions() {
            match start {
                [Token::Word("def" | "defp"), Token::Word(name), ..] => {
                    module.functions.entry(name).or_insert(body.after(2));
                }
                [Token::Mark('@'), Token::Word(name), ..] => {
                    module.attributes.entry(name).or_insert(body.after(2));
                }
                _ => {}
            }
        }
        module
    }

    /// The keys of the list that a function gives.
    fn entries(&self, function: &str) -> Vec<(&'s str, Slice<'s>)> {
        let body = self.functions.get(function);
        let lists = body.map(|body| body.groups('[')).unwrap_or_default();
        lists.into_iter().flat_map(Slice::items).filter_map(Slice::pair).collect()
    }

    /// A literal text, or that of an attribute.
    fn text(&self, value: Slice<'s>) -> Option<String> {
        let value = match value.tokens() {
            [Token::Mark('@'), Token::Word(name)] => *self.attributes.get(name)?,
            [Token::Word(name)] | [Token::Word(name), Token::Open('('), Token::Close(')')] => {
                *self.functions.get(name)?
            }
            _ => value,
        };
        let value = value.without(&[
            Token::Line,
            Token::Word("do"),
            Token::Word("end"),
            Token::Open('('),
            Token::Close(')'),
            Token::Mark(','),
            Token::Mark(':'),
        ]);
        Some(value.literal()?.into_owned())
    }

    /// The lists of an expression, and of the functions and attributes that it names.
    fn lists(&self, expression: Slice<'s>) -> Vec<Slice<'s>> {
        let mut lists = Vec::new();
        let mut seen = HashSet::new();
        let mut open = vec![expression];
        let mut next = 0;
        while let Some(part) = open.get(next).copied() {
            next += 1;
            lists.extend(part.groups('['));
            // Those that a function is called with, which perhaps adds to them.
            lists.extend(part.groups('(').into_iter().flat_map(|inside| inside.groups('[')));
            let names = part.tokens().iter().filter_map(|token| match token {
                Token::Word(word) => Some(*word),
                _ => None,
            });
            let unseen = names.filter(|name| seen.insert(*name));
            open.extend(
                unseen.filter_map(|name| {
                    self.functions.get(name).or_else(|| self.attributes.get(name))
                }),
            );
        }
        lists
    }
}

#[cfg(test)]
#[path = "elixir_tests.rs"]
mod tests;
