//! Meson: `meson.build`, a project where it says `project()`.

use super::workspace;
use crate::scanner::{
    detectors::{
        FileName, Finding, Manifest,
        partly::{is_side_directory, requirement, with_warning},
        table::SHORT,
    },
    model::{EntryKind, Scope},
    script::{Call, PYTHON, Script, Slice},
    text,
};

pub(super) fn read(file: FileName<'_>, source: &str) -> Finding {
    let script = Script::new(source, &PYTHON);
    let mut manifest = Manifest::default();
    let mut is_project = false;
    let is_side = is_side_directory(file.directory_name());
    for Call { name, arguments } in script.all().calls() {
        match name {
            "project" if !is_project => {
                is_project = true;
                project(&mut manifest, arguments);
            }
            "dependency" => depend(&mut manifest, arguments),
            "subproject" => subproject(&mut manifest, arguments),
            "executable" if !is_side && is_installed(arguments) => {
                enter(&mut manifest, EntryKind::Binary, arguments);
            }
            "library" | "shared_library" | "both_libraries" if !is_side => {
                enter(&mut manifest, EntryKind::Library, arguments);
            }
            "static_library" if !is_side && is_installed(arguments) => {
                enter(&mut manifest, EntryKind::Library, arguments);
            }
            _ => {}
        }
    }
    if !is_project {
        manifest.local.clear();
        return Finding::remark(manifest);
    }
    manifest.workspace = workspace(manifest.local.clone());
    with_warning(Finding::project(manifest), file, script.problem())
}

fn first(arguments: Slice<'_>) -> Option<String> {
    text::some_line(&arguments.items().first()?.text()?, SHORT)
}

fn project(manifest: &mut Manifest, arguments: Slice<'_>) {
    manifest.tools.push("Meson".to_owned());
    manifest.name = first(arguments);
    manifest.version = arguments
        .get("version")
        .and_then(Slice::text)
        .and_then(|text| text::some_line(&text, SHORT));
    let licences = arguments.get("license").map(Slice::literals).unwrap_or_default();
    manifest.licence = text::some_line(&licences.join(" OR "), SHORT);
}

/// `dependency('glib-2.0', version: '>= 2.30', required: get_option('glib'))`.
fn depend(manifest: &mut Manifest, arguments: Slice<'_>) {
    let Some(name) = first(arguments) else { return };
    let range = arguments.get("version").map(Slice::literals).unwrap_or_default().join(", ");
    let is_set = |key| arguments.get(key).and_then(Slice::atom) == Some("true");
    // `false`, or what the one who builds decides.
    let scope = match arguments.get("required") {
        _ if is_set("native") => Scope::Build,
        Some(_) if !is_set("required") => Scope::Optional,
        _ => Scope::Runtime,
    };
    manifest.depend(&name, Some(&range), scope);
}

/// In the directory that Meson reserves for them.
fn subproject(manifest: &mut Manifest, arguments: Slice<'_>) {
    let Some(name) = first(arguments) else { return };
    let path = format!("subprojects/{name}");
    manifest.local.push(path.clone());
    manifest.require(requirement(&name, None, Scope::Runtime, Some(&path)));
}

fn is_installed(arguments: Slice<'_>) -> bool {
    arguments.get("install").is_some_and(|install| install.atom() != Some("false"))
}

fn enter(manifest: &mut Manifest, kind: EntryKind, arguments: Slice<'_>) {
    if let Some(name) = first(arguments) {
        manifest.enter(kind, &name, None);
    }
}
