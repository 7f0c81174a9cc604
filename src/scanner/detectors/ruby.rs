//! Ruby: Bundler's `Gemfile`, gemspecs, and the tasks of a `Rakefile`.

use super::{
    Detector, FileName, Finding, Manifest, Unreadable,
    partly::{requirement, with_warning},
    ruby_statements::{Statement, statements},
    table::{LONG, SHORT},
};
use crate::scanner::{
    model::{EntryKind, Scope},
    script::{RUBY, Script, Slice},
    text,
};

pub(super) struct Ruby;

/// Groups that Bundler leaves out where the program only runs.
const DEVELOPMENT: [&str; 19] = [
    "development",
    "test",
    "tests",
    "dev",
    "doc",
    "docs",
    "documentation",
    "lint",
    "linter",
    "linters",
    "rubocop",
    "ci",
    "tools",
    "debug",
    "benchmark",
    "profile",
    "profiling",
    "guard",
    "mdl",
];

impl Detector for Ruby {
    fn kind(&self) -> &'static str {
        "ruby"
    }

    fn reads(&self, file: FileName<'_>) -> bool {
        let name = file.name();
        matches!(name, "Gemfile" | "gems.rb" | "Rakefile") || is_gemspec(name)
    }

    fn read(&self, file: FileName<'_>, text: &str) -> Result<Finding, Unreadable> {
        let script = Script::new(text, &RUBY);
        let statements = statements(script.all());
        let finding = match file.name() {
            "Gemfile" | "gems.rb" => Finding::project(bundle(&statements)),
            "Rakefile" => Finding::addition(tasks(&statements)),
            name => Finding::project(gem(name, &statements)),
        };
        // A Rakefile is a program like any other; only what declares the project must be whole.
        let problem = script.problem().filter(|_| file.name() != "Rakefile");
        Ok(with_warning(finding, file, problem))
    }
}

fn is_gemspec(name: &str) -> bool {
    name.strip_suffix(".gemspec").is_some_and(|name| !name.is_empty())
}

fn bundle(statements: &[Statement<'_>]) -> Manifest {
    let mut manifest = Manifest { tools: vec!["Bundler".to_owned()], ..Manifest::default() };
    for statement in statements {
        let arguments = statement.arguments();
        match statement.name() {
            Some("gem") => add_gem(&mut manifest, statement, &arguments),
            Some("gemspec") => {
                let path =
                    arguments.iter().find_map(|one| one.pair().filter(|(key, _)| *key == "path"));
                manifest.local.extend(
                    path.and_then(|(_, path)| path.text()).map(|path| text::line(&path, SHORT)),
                );
            }
            _ => {}
        }
    }
    manifest
}

fn add_gem(manifest: &mut Manifest, statement: &Statement<'_>, arguments: &[Slice<'_>]) {
    let Some(name) = arguments.first().and_then(|name| name.text()) else { return };
    let option = |key: &str| {
        arguments
            .iter()
            .find_map(|one| one.pair().filter(|(name, _)| *name == key))
            .map(|(_, value)| value)
    };
    let ranges: Vec<_> = arguments
        .iter()
        .skip(1)
        .filter(|one| one.pair().is_none())
        .flat_map(|one| one.literals())
        .collect();
    let source = ["git", "github", "gist"]
        .into_iter()
        .find_map(|key| Some(format!("{key}:{}", option(key)?.text()?)));
    let range = if ranges.is_empty() { source } else { Some(ranges.join(", ")) };
    let mut groups: Vec<String> = statement.groups().to_vec();
    for key in ["group", "groups"] {
        groups.extend(
            option(key).into_iter().flat_map(Slice::literals).map(std::borrow::Cow::into_owned),
        );
    }
    let own = option("path").and_then(Slice::text).map(std::borrow::Cow::into_owned);
    let around = || statement.path().map(|path| format!("{path}/{name}"));
    let path = own.or_else(around);
    manifest.local.extend(path.as_deref().and_then(|path| text::some_line(path, SHORT)));
    manifest.require(requirement(&name, range.as_deref(), scope(&groups), path.as_deref()));
}

fn scope(groups: &[String]) -> Scope {
    let is_development =
        !groups.is_empty() && groups.iter().all(|group| DEVELOPMENT.contains(&group.as_str()));
    if is_development { Scope::Development } else { Scope::Runtime }
}

/// `spec.name = "x"`, `spec.add_dependency "y", "~> 1"`, in whatever way the variable is called.
fn gem(file: &str, statements: &[Statement<'_>]) -> Manifest {
    let mut manifest = Manifest { tools: vec!["RubyGems".to_owned()], ..Manifest::default() };
    for statement in statements {
        if let Some((field, value)) = statement.assignment() {
            assign(&mut manifest, field, value);
        } else if let Some(scope) = statement.name().and_then(gem_scope) {
            let arguments = statement.arguments();
            let Some(name) = arguments.first().and_then(|name| name.text()) else { continue };
            let ranges: Vec<_> = arguments.iter().skip(1).flat_map(|one| one.literals()).collect();
            manifest.depend(&name, Some(&ranges.join(", ")), scope);
        }
    }
    let stem = file.strip_suffix(".gemspec").unwrap_or(file);
    manifest.name = manifest.name.or_else(|| text::some_line(stem, SHORT));
    if manifest.entry_points.is_empty()
        && let Some(name) = manifest.name.clone()
    {
        manifest.enter(EntryKind::Library, &name, None);
    }
    manifest
}

fn gem_scope(method: &str) -> Option<Scope> {
    match method {
        "add_dependency" | "add_runtime_dependency" => Some(Scope::Runtime),
        "add_development_dependency" => Some(Scope::Development),
        _ => None,
    }
}

fn assign(manifest: &mut Manifest, field: &str, value: Slice<'_>) {
    let line = |limit| value.text().and_then(|text| text::some_line(&text, limit));
    match field {
        "name" => manifest.name = manifest.name.take().or_else(|| line(SHORT)),
        "version" => manifest.version = manifest.version.take().or_else(|| line(SHORT)),
        "summary" => manifest.description = line(LONG).or_else(|| manifest.description.take()),
        "description" => manifest.description = manifest.description.take().or_else(|| line(LONG)),
        "license" | "licenses" => {
            manifest.licence = text::some_line(&value.literals().join(" OR "), SHORT);
        }
        "executables" | "executable" => {
            for name in value.literals() {
                manifest.enter(EntryKind::Binary, &name, None);
            }
        }
        _ => {}
    }
}

/// `task :name`, `task name: :other`, `namespace :db do`.
fn tasks(statements: &[Statement<'_>]) -> Manifest {
    let mut manifest = Manifest { tools: vec!["Rake".to_owned()], ..Manifest::default() };
    for statement in statements.iter().filter(|statement| statement.name() == Some("task")) {
        let arguments = statement.arguments();
        let Some(first) = arguments.first() else { continue };
        let name = first
            .pair()
            .map(|(key, _)| key.to_owned())
            .or_else(|| Some(first.literal()?.into_owned()));
        if let Some(name) = name.filter(|name| name != "default") {
            let full: Vec<&str> =
                statement.namespaces().iter().map(String::as_str).chain([name.as_str()]).collect();
            let full = full.join(":");
            manifest.script(&full, &format!("rake {full}"));
        }
    }
    manifest
}

#[cfg(test)]
#[path = "ruby_tests.rs"]
mod tests;
