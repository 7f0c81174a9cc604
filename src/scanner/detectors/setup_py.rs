//! `setup.py`: a program, of which only the literals that reach `setup(…)` are read. It never runs.

use std::{
    cell::Cell,
    collections::HashMap,
    ops::ControlFlow,
    time::{Duration, Instant},
};

use tree_sitter::{Node, ParseOptions, Parser, Tree};

use super::{
    Finding, Manifest, Unreadable, requirements,
    setup_value::{MAX_ITEMS, Value, as_items, bounded, looked_up, one_or_all},
    table::{LONG, SHORT},
};
use crate::scanner::{
    model::{EntryKind, Scope},
    text,
};

/// Nobody writes longer ones by hand.
const MAX_BYTES: usize = 256 * 1024;
/// How long it may take to parse one; what people write takes a few milliseconds.
const PATIENCE: Duration = Duration::from_millis(500);
const MAX_NODES: usize = 200_000;
const MAX_DEPTH: usize = 40;
/// Items that names stand for, counted each time such a name is used.
const MAX_COPIES: usize = 50_000;

/// A file that never calls `setup` makes no project.
pub(super) fn read(source: &str) -> Result<Finding, Unreadable> {
    if source.len() > MAX_BYTES {
        return Err(Unreadable::new(&"it is longer than any that people write"));
    }
    if !source.contains("setup") {
        return Ok(Finding::addition(Manifest::default()));
    }
    let tree = parse(source).ok_or_else(|| Unreadable::new(&"it takes too long to parse"))?;
    let mut program = Program { source, names: HashMap::new(), copies: Cell::new(0), setup: None };
    program.walk(&tree);
    let Some(arguments) = program.setup else {
        if tree.root_node().has_error() && source.contains("setup(") {
            return Err(Unreadable::new(&"its `setup(…)` is no valid Python"));
        }
        return Ok(Finding::addition(Manifest::default()));
    };
    Ok(Finding::project(manifest(&arguments)))
}

fn parse(source: &str) -> Option<Tree> {
    let mut parser = Parser::new();
    parser.set_language(&tree_sitter_python::LANGUAGE.into()).ok()?;
    let begun = Instant::now();
    // Asked about once in a hundred steps, of which each is slow where a text nests without end.
    let mut watch = |_: &tree_sitter::ParseState| {
        if begun.elapsed() > PATIENCE { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    let bytes = source.as_bytes();
    let mut input = |at: usize, _| bytes.get(at..).unwrap_or_default();
    parser.parse_with_options(
        &mut input,
        None,
        Some(ParseOptions::new().progress_callback(&mut watch)),
    )
}

struct Program<'s> {
    source: &'s str,
    names: HashMap<String, Value>,
    copies: Cell<usize>,
    /// The arguments of the first call.
    setup: Option<HashMap<String, Value>>,
}

impl<'s> Program<'s> {
    /// All assignments and calls in the order of the text, whatever they stand in.
    fn walk(&mut self, tree: &Tree) {
        let mut cursor = tree.walk();
        for _ in 0..MAX_NODES {
            self.visit(cursor.node());
            if cursor.goto_first_child() || cursor.goto_next_sibling() {
                continue;
            }
            loop {
                if !cursor.goto_parent() {
                    return;
                }
                if cursor.goto_next_sibling() {
                    break;
                }
            }
        }
    }

    fn visit(&mut self, node: Node<'_>) {
        match node.kind() {
            "assignment" => self.assign(node, false),
            "augmented_assignment" => self.assign(node, true),
            "call" if self.setup.is_none() && self.is_setup(node) => {
                self.setup = Some(self.arguments(node, 0));
            }
            _ => {}
        }
    }

    fn is_setup(&self, call: Node<'_>) -> bool {
        let name = call.child_by_field_name("function").map(|function| self.text_of(function));
        name.is_some_and(|name| name.rsplit('.').next() == Some("setup"))
    }

    fn text_of(&self, node: Node<'_>) -> &'s str {
        self.source.get(node.byte_range()).unwrap_or_default()
    }

    fn assign(&mut self, node: Node<'_>, adds: bool) {
        let (Some(left), Some(right)) =
            (node.child_by_field_name("left"), node.child_by_field_name("right"))
        else {
            return;
        };
        let value = self.value(right, 0);
        match left.kind() {
            "identifier" => {
                let old = self.names.remove(self.text_of(left)).filter(|_| adds);
                let value = old.map_or(value.clone(), |old| old.plus(value));
                self.names.insert(self.text_of(left).to_owned(), value);
            }
            "subscript" => self.put(left, value),
            _ => {}
        }
    }

    /// `extras["dev"] = [...]`
    fn put(&mut self, left: Node<'_>, value: Value) {
        let field = |name| left.child_by_field_name(name);
        let (Some(map), Some(key)) = (field("value"), field("subscript")) else { return };
        let Some(key) = self.value(key, 0).text() else { return };
        let name = self.text_of(map).to_owned();
        if let Some(Value::Map(pairs)) = self.names.get_mut(&name)
            && pairs.len() < MAX_ITEMS
        {
            pairs.push((key, value.list()));
        }
    }

    fn arguments(&self, call: Node<'_>, depth: usize) -> HashMap<String, Value> {
        let mut found = HashMap::new();
        let Some(list) = call.child_by_field_name("arguments") else { return found };
        for argument in list.named_children(&mut list.walk()) {
            match argument.kind() {
                "keyword_argument" => {
                    let name = argument.child_by_field_name("name");
                    let value = argument.child_by_field_name("value");
                    if let (Some(name), Some(value)) = (name, value) {
                        found.insert(self.text_of(name).to_owned(), self.value(value, depth + 1));
                    }
                }
                // `setup(**arguments)`
                "dictionary_splat" => {
                    let inner = argument.named_child(0).map(|one| self.value(one, depth + 1));
                    if let Some(Value::Map(pairs)) = inner {
                        found.extend(
                            pairs.into_iter().map(|(name, value)| (name, one_or_all(value))),
                        );
                    }
                }
                _ => {}
            }
        }
        found
    }

    fn value(&self, node: Node<'_>, depth: usize) -> Value {
        if depth > MAX_DEPTH {
            return Value::Unknown;
        }
        let field = |name| node.child_by_field_name(name);
        let below = |node: Option<Node<'_>>| {
            node.map_or(Value::Unknown, |node| self.value(node, depth + 1))
        };
        match node.kind() {
            "string" => self.string(node, depth),
            "concatenated_string" => self.joined(node, depth),
            "integer" | "float" => Value::Text(self.text_of(node).to_owned()),
            "list" | "tuple" | "set" => Value::List(self.items(node, depth)),
            "dictionary" => Value::Map(self.pairs(node, depth)),
            "identifier" => self.named(self.text_of(node)),
            "parenthesized_expression" => below(node.named_child(0)),
            "binary_operator" if field("operator").is_some_and(|one| one.kind() == "+") => {
                below(field("left")).plus(below(field("right")))
            }
            "subscript" => looked_up(below(field("value")), &below(field("subscript"))),
            "call" => self.call(node, depth),
            _ => Value::Unknown,
        }
    }

    fn named(&self, name: &str) -> Value {
        let Some(value) = self.names.get(name) else { return Value::Unknown };
        self.copies.set(self.copies.get() + value.size());
        if self.copies.get() > MAX_COPIES { Value::Unknown } else { value.clone() }
    }

    /// With what is known put into an f-string; unknown where a part is.
    fn string(&self, node: Node<'_>, depth: usize) -> Value {
        let mut whole = String::new();
        for part in node.named_children(&mut node.walk()) {
            match part.kind() {
                "string_content" => whole.push_str(self.text_of(part)),
                "interpolation" => {
                    let value = part.named_child(0).map(|one| self.value(one, depth + 1));
                    let Some(text) = value.and_then(Value::text) else { return Value::Unknown };
                    whole.push_str(&text);
                }
                _ => {}
            }
        }
        Value::Text(bounded(&whole))
    }

    fn joined(&self, node: Node<'_>, depth: usize) -> Value {
        let mut whole = Value::Text(String::new());
        for part in node.named_children(&mut node.walk()) {
            whole = whole.plus(self.value(part, depth + 1));
        }
        whole
    }

    fn items(&self, node: Node<'_>, depth: usize) -> Vec<String> {
        let mut items = Vec::new();
        for item in node.named_children(&mut node.walk()) {
            let inner = item.named_child(0).filter(|_| item.kind() == "list_splat");
            items.extend(match self.value(inner.unwrap_or(item), depth + 1) {
                Value::Text(text) => vec![text],
                Value::List(list) => list,
                Value::Map(_) | Value::Unknown => Vec::new(),
            });
            items.truncate(MAX_ITEMS);
        }
        items
    }

    fn pairs(&self, node: Node<'_>, depth: usize) -> Vec<(String, Vec<String>)> {
        let mut pairs = Vec::new();
        for pair in node.named_children(&mut node.walk()) {
            let field = |name| Some(self.value(pair.child_by_field_name(name)?, depth + 1));
            if let (Some(Value::Text(key)), Some(value)) = (field("key"), field("value")) {
                pairs.push((key, as_items(value)));
            }
            pairs.truncate(MAX_ITEMS);
        }
        pairs
    }

    /// The few functions that only pass on what they get.
    fn call(&self, node: Node<'_>, depth: usize) -> Value {
        let Some(function) = node.child_by_field_name("function") else { return Value::Unknown };
        let first = node.child_by_field_name("arguments").and_then(|all| all.named_child(0));
        match self.text_of(function) {
            "list" | "tuple" | "set" | "sorted" => {
                first.map_or(Value::Unknown, |one| self.value(one, depth + 1))
            }
            "dict" => {
                let all = self.arguments(node, depth + 1).into_iter();
                let mut pairs: Vec<_> = all.map(|(name, value)| (name, as_items(value))).collect();
                pairs.sort();
                Value::Map(pairs)
            }
            _ => Value::Unknown,
        }
    }
}

fn manifest(arguments: &HashMap<String, Value>) -> Manifest {
    let value = |name: &str| arguments.get(name).cloned().unwrap_or_default();
    let line = |name, limit| value(name).text().and_then(|it| text::some_line(&it, limit));
    let mut manifest = Manifest {
        name: line("name", SHORT),
        version: line("version", SHORT),
        description: line("description", LONG),
        licence: line("license", SHORT),
        private: value("classifiers").list().iter().any(|one| one.starts_with("Private ::")),
        tools: vec!["setuptools".to_owned()],
        ..Manifest::default()
    };
    require(&mut manifest, &value("install_requires").list(), Scope::Runtime);
    if let Value::Map(extras) = value("extras_require") {
        for (_, lines) in extras {
            require(&mut manifest, &lines, Scope::Optional);
        }
    }
    require(&mut manifest, &value("tests_require").list(), Scope::Development);
    require(&mut manifest, &value("setup_requires").list(), Scope::Build);
    entry_points(&mut manifest, value("entry_points"));
    for script in value("scripts").list() {
        let name = script.rsplit('/').next().unwrap_or(&script).to_owned();
        manifest.enter(EntryKind::Binary, &name, Some(&script));
    }
    for package in value("packages").list().iter().chain(&value("py_modules").list()) {
        if !package.contains('.') {
            manifest.enter(EntryKind::Library, package, None);
        }
    }
    manifest
}

fn require(manifest: &mut Manifest, lines: &[String], scope: Scope) {
    for package in lines.iter().filter_map(|line| requirements::package(line)) {
        manifest.depend(&package.name, package.requirement.as_deref(), scope);
    }
}

/// A dictionary of groups, or the same as the text of an INI file.
fn entry_points(manifest: &mut Manifest, value: Value) {
    let lines: Vec<(String, String)> = match value {
        Value::Map(groups) => {
            let pairs = groups.into_iter().flat_map(|(group, lines)| {
                lines.into_iter().map(move |line| (group.clone(), line))
            });
            pairs.collect()
        }
        Value::Text(text) => {
            let mut group = String::new();
            let mut pairs = Vec::new();
            for line in text.lines().map(str::trim) {
                match line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
                    Some(name) => name.clone_into(&mut group),
                    None => pairs.push((group.clone(), line.to_owned())),
                }
            }
            pairs
        }
        Value::List(_) | Value::Unknown => Vec::new(),
    };
    for (group, line) in lines {
        let Some((name, target)) = line.split_once('=') else { continue };
        let kind = match group.as_str() {
            "console_scripts" | "gui_scripts" => EntryKind::Binary,
            _ => EntryKind::Plugin,
        };
        manifest.enter(kind, name, Some(target));
    }
}

#[cfg(test)]
#[path = "setup_py_tests.rs"]
mod tests;
