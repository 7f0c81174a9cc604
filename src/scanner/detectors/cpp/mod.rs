//! C and C++ by whatever builds them: `CMake`, Meson, Autotools; with Conan's and vcpkg's manifests.
//!
//! One kind, because a directory often has several of them for the same program; which ones is
//! told by the project's tools. Bazel builds other languages too and is a kind of its own.

mod autotools;
mod cmake;
mod conan;
mod meson;

use serde_json::Value;

use super::{
    Detector, FileName, Finding, Manifest, Unreadable,
    table::{LONG, SHORT, json_line},
};
use crate::scanner::{manifest::Workspace, model::Scope, text};

pub(super) struct Cpp;

impl Detector for Cpp {
    fn kind(&self) -> &'static str {
        "cpp"
    }

    fn reads(&self, file: FileName<'_>) -> bool {
        matches!(
            file.name(),
            "CMakeLists.txt"
                | "meson.build"
                | "configure.ac"
                | "configure.in"
                | "conanfile.py"
                | "conanfile.txt"
                | "vcpkg.json"
        )
    }

    fn read(&self, file: FileName<'_>, text: &str) -> Result<Finding, Unreadable> {
        match file.name() {
            "CMakeLists.txt" => Ok(cmake::read(file, text)),
            "meson.build" => Ok(meson::read(file, text)),
            "conanfile.py" => Ok(conan::recipe(file, text)),
            "conanfile.txt" => Ok(conan::list(text)),
            "vcpkg.json" => vcpkg(text),
            _ => Ok(autotools::read(file, text)),
        }
    }

    fn normal_name(&self, name: &str) -> String {
        name.to_lowercase()
    }
}

/// Directories that the file builds together with its own: a workspace where they are projects.
fn workspace(directories: impl IntoIterator<Item = String>) -> Option<Workspace> {
    let inside =
        directories.into_iter().filter(|one| !one.starts_with(['/', '.']) && !one.contains('$'));
    // In braces it is a pattern, of which none has to be a project.
    let members: Vec<_> = inside.map(|one| format!("{{{}}}", one.trim_end_matches('/'))).collect();
    (!members.is_empty()).then(|| Workspace { members, presumed: true, ..Workspace::default() })
}

/// With a name it is a project of its own; without one it lists what another needs.
fn vcpkg(text: &str) -> Result<Finding, Unreadable> {
    let root: Value = serde_json::from_str(text).map_err(|error| Unreadable::new(&error))?;
    if !root.is_object() {
        return Err(Unreadable::new(&"it is no JSON object"));
    }
    let versions = ["version", "version-semver", "version-string", "version-date"];
    let description = root.get("description");
    let lines =
        description.and_then(Value::as_array).and_then(|lines| lines.first()).or(description);
    let mut manifest = Manifest {
        name: json_line(&root, "name", SHORT),
        version: versions.iter().find_map(|key| json_line(&root, key, SHORT)),
        description: lines.and_then(Value::as_str).and_then(|line| text::some_line(line, LONG)),
        licence: json_line(&root, "license", SHORT),
        tools: vec!["vcpkg".to_owned()],
        ..Manifest::default()
    };
    add_ports(&root, Scope::Runtime, &mut manifest);
    for (_, feature) in root.get("features").and_then(Value::as_object).into_iter().flatten() {
        add_ports(feature, Scope::Optional, &mut manifest);
    }
    let is_named = manifest.name.is_some();
    Ok(if is_named { Finding::project(manifest) } else { Finding::addition(manifest) })
}

/// A name, or an object with one; `host` ones run while it is built.
fn add_ports(value: &Value, scope: Scope, manifest: &mut Manifest) {
    for port in value.get("dependencies").and_then(Value::as_array).into_iter().flatten() {
        let is_host = port.get("host").and_then(Value::as_bool) == Some(true);
        let scope = if is_host { Scope::Build } else { scope };
        if let Some(name) = port.as_str().or_else(|| port.get("name")?.as_str()) {
            let range = json_line(port, "version>=", SHORT).map(|version| format!(">={version}"));
            manifest.depend(name, range.as_deref(), scope);
        }
    }
}

#[cfg(test)]
#[path = "../cpp_tests.rs"]
mod tests;
