//! Erlang: `rebar.config`, and the applications of `*.app.src` and `ebin/*.app`.

use super::{
    Detector, FileName, Finding, Manifest, Unreadable,
    partly::{is_template, project_above, requirement, with_warning},
    table::{LONG, SHORT},
};
use crate::scanner::{
    manifest::Workspace,
    model::{EntryKind, Scope},
    script::{ERLANG, Script, Slice},
    text,
};

pub(super) struct Erlang;

/// Applications of Erlang itself.
const STANDARD: [&str; 26] = [
    "kernel",
    "stdlib",
    "sasl",
    "crypto",
    "ssl",
    "inets",
    "public_key",
    "compiler",
    "syntax_tools",
    "runtime_tools",
    "tools",
    "mnesia",
    "os_mon",
    "asn1",
    "xmerl",
    "eunit",
    "common_test",
    "erts",
    "ssh",
    "snmp",
    "wx",
    "observer",
    "debugger",
    "dialyzer",
    "edoc",
    "parsetools",
];

impl Detector for Erlang {
    fn kind(&self) -> &'static str {
        "erlang"
    }

    fn reads(&self, file: FileName<'_>) -> bool {
        file.name() == "rebar.config" || application_name(file).is_some()
    }

    fn read(&self, file: FileName<'_>, text: &str) -> Result<Finding, Unreadable> {
        if is_template(text) {
            return Ok(Finding::addition(Manifest::default()));
        }
        let script = Script::new(text, &ERLANG);
        let finding = match application_name(file) {
            None => Finding::project(configuration(script.all())),
            Some(name) => project_above(application(name, script.all())),
        };
        Ok(with_warning(finding, file, script.problem()))
    }
}

/// `name` of `src/name.app.src` and of `ebin/name.app`; elsewhere Erlang's tools do not look.
fn application_name(file: FileName<'_>) -> Option<&str> {
    let ends: &[&str] = match file.directory_name() {
        "src" => &[".app.src", ".app.src.script"],
        "ebin" => &[".app"],
        _ => &[],
    };
    let name = ends.iter().find_map(|end| file.name().strip_suffix(end));
    name.filter(|name| !name.is_empty())
}

/// The inside of each top-level tuple, and of the tuples of a list.
fn tuples<'s>(terms: &[Slice<'s>]) -> Vec<Vec<Slice<'s>>> {
    terms.iter().filter_map(|term| term.group()).map(Slice::items).collect()
}

fn configuration(all: Slice<'_>) -> Manifest {
    let mut manifest = Manifest { tools: vec!["Rebar3".to_owned()], ..Manifest::default() };
    let mut members = vec!["apps/*".to_owned(), "lib/*".to_owned()];
    for term in tuples(&all.split('.')) {
        let (Some(key), Some(value)) = (term.first().and_then(|key| key.atom()), term.get(1))
        else {
            continue;
        };
        match key {
            "deps" => add(&mut manifest, *value, Scope::Runtime),
            "plugins" | "project_plugins" => add(&mut manifest, *value, Scope::Build),
            "profiles" => profiles(&mut manifest, *value),
            "project_app_dirs" => {
                members = value.literals().iter().map(|glob| text::line(glob, SHORT)).collect();
            }
            "escript_name" | "escript_main_app" => {
                manifest.entry_points.clear();
                let name = value.literal().unwrap_or_default();
                manifest.enter(EntryKind::Binary, &name, None);
            }
            "alias" => aliases(&mut manifest, *value),
            _ => {}
        }
    }
    manifest.workspace = Some(Workspace { members, presumed: true, ..Workspace::default() });
    manifest
}

fn profiles(manifest: &mut Manifest, value: Slice<'_>) {
    for profile in tuples(&value.group().map(Slice::items).unwrap_or_default()) {
        let (Some(name), Some(settings)) =
            (profile.first().and_then(|name| name.atom()), profile.get(1))
        else {
            continue;
        };
        let scope = if name.starts_with("prod") { Scope::Runtime } else { Scope::Development };
        for setting in tuples(&settings.group().map(Slice::items).unwrap_or_default()) {
            if let [key, value, ..] = setting.as_slice()
                && matches!(key.atom(), Some("deps" | "plugins"))
            {
                add(manifest, *value, scope);
            }
        }
    }
}

/// `[cowboy, {ranch, "1.0"}, {x, {git, "https://…", {tag, "1"}}}]`.
fn add(manifest: &mut Manifest, value: Slice<'_>, scope: Scope) {
    for item in value.group().map(Slice::items).unwrap_or_default() {
        if let Some(name) = item.atom() {
            manifest.depend(name, None, scope);
            continue;
        }
        let Some(parts) = item.group().map(Slice::items) else { continue };
        let Some(name) = parts.first().and_then(|name| name.atom()) else { continue };
        let range = parts.get(1).and_then(|range| range.text()).map(std::borrow::Cow::into_owned);
        let source = parts.iter().skip(1).find_map(|part| source(*part));
        manifest.require(requirement(name, range.or(source).as_deref(), scope, None));
    }
}

/// `git:https://host/x@1.0` of `{git, "https://host/x", {tag, "1.0"}}`.
fn source(tuple: Slice<'_>) -> Option<String> {
    let parts = tuple.group()?.items();
    let kind = parts.first()?.atom()?;
    let address = parts.get(1)?.text()?;
    let revision = parts.get(2).and_then(|part| part.group().map(Slice::items)?.get(1)?.text());
    let at = revision.map(|revision| format!("@{revision}")).unwrap_or_default();
    matches!(kind, "git" | "hg" | "git_subdir").then(|| format!("{kind}:{address}{at}"))
}

fn aliases(manifest: &mut Manifest, value: Slice<'_>) {
    for alias in tuples(&value.group().map(Slice::items).unwrap_or_default()) {
        let Some(name) = alias.first().and_then(|name| name.atom()) else { continue };
        manifest.script(name, &format!("rebar3 {name}"));
    }
}

/// `{application, name, [{vsn, "1"}, {applications, […]}]}`.
fn application(name: &str, all: Slice<'_>) -> Manifest {
    let mut manifest = Manifest { name: text::some_line(name, SHORT), ..Manifest::default() };
    let terms = tuples(&all.split('.'));
    let application =
        terms.iter().find(|term| term.first().and_then(|key| key.atom()) == Some("application"));
    let settings = application.and_then(|term| term.get(2)).and_then(|list| list.group());
    let mut started = None;
    for setting in tuples(&settings.map(Slice::items).unwrap_or_default()) {
        let (Some(key), Some(value)) = (setting.first().and_then(|key| key.atom()), setting.get(1))
        else {
            continue;
        };
        match key {
            "vsn" => {
                // `git` means the nearest tag, which the file does not know.
                let version = value.text().filter(|text| text != "git");
                manifest.version = version.and_then(|text| text::some_line(&text, SHORT));
            }
            "description" => {
                manifest.description = value.text().and_then(|text| text::some_line(&text, LONG));
            }
            "licenses" => manifest.licence = text::some_line(&value.literals().join(" OR "), SHORT),
            "mod" => started = value.group().and_then(|pair| pair.items().first()?.atom()),
            "applications" => needs(&mut manifest, *value, Scope::Runtime),
            "optional_applications" => needs(&mut manifest, *value, Scope::Optional),
            _ => {}
        }
    }
    let kind = if started.is_some() { EntryKind::Service } else { EntryKind::Library };
    manifest.enter(kind, name, started);
    manifest
}

fn needs(manifest: &mut Manifest, value: Slice<'_>, scope: Scope) {
    for name in value.literals().iter().filter(|name| !STANDARD.contains(&name.as_ref())) {
        manifest.depend(name, None, scope);
    }
}

#[cfg(test)]
#[path = "erlang_tests.rs"]
mod tests;
