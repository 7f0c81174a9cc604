//! Cargo: `Cargo.toml`, alone or with a workspace.

use toml::{Table, Value};

use super::{
    Detector, FileName, Finding, Manifest, Unreadable,
    table::{LONG, SHORT, toml_at, toml_line, toml_strings, toml_table},
};
use crate::scanner::{
    manifest::{Field, Requirement, Shared, Workspace},
    model::{EntryKind, Scope},
    text,
};

pub(super) struct Rust;

const TABLES: [(&str, Scope); 3] = [
    ("dependencies", Scope::Runtime),
    ("dev-dependencies", Scope::Development),
    ("build-dependencies", Scope::Build),
];

impl Detector for Rust {
    fn kind(&self) -> &'static str {
        "rust"
    }

    fn reads(&self, file: FileName<'_>) -> bool {
        file.name() == "Cargo.toml"
    }

    fn read(&self, _: FileName<'_>, text: &str) -> Result<Finding, Unreadable> {
        let root: Table = toml::from_str(text).map_err(|error| Unreadable::new(&error))?;
        let mut manifest = Manifest {
            name: toml_line(&root, &["package", "name"], SHORT),
            version: toml_line(&root, &["package", "version"], SHORT),
            description: toml_line(&root, &["package", "description"], LONG),
            licence: toml_line(&root, &["package", "license"], SHORT),
            private: is_private(&root),
            inherits: inherited_fields(&root),
            workspace: toml_table(&root, &["workspace"]).map(workspace),
            shared: toml_table(&root, &["workspace"]).map(|table| Box::new(shared(table))),
            ..Manifest::default()
        };
        enter(&root, &mut manifest);
        add_dependencies(&root, &mut manifest);
        add_local(toml_table(&root, &["workspace", "dependencies"]), &mut manifest);
        for (_, target) in toml_table(&root, &["target"]).into_iter().flatten() {
            if let Some(target) = target.as_table() {
                add_dependencies(target, &mut manifest);
            }
        }
        Ok(Finding::project(manifest))
    }
}

/// Targets that the manifest names; those that Cargo finds by their place are not in it.
fn enter(root: &Table, manifest: &mut Manifest) {
    let tables = [("bin", EntryKind::Binary), ("example", EntryKind::Example)];
    for (key, kind) in tables {
        let all = toml_at(root, &[key]).and_then(Value::as_array).into_iter().flatten();
        for one in all {
            let field = |name: &str| one.get(name).and_then(Value::as_str);
            if let Some(name) = field("name") {
                manifest.enter(kind, name, field("path"));
            }
        }
    }
    let default = toml_line(root, &["package", "default-run"], SHORT);
    if let Some(name) =
        default.filter(|name| manifest.entry_points.iter().all(|one| one.name != *name))
    {
        manifest.enter(EntryKind::Binary, &name, None);
    }
    if let Some(library) = toml_table(root, &["lib"]) {
        let name = toml_line(library, &["name"], SHORT).or_else(|| manifest.name.clone());
        let path = toml_line(library, &["path"], SHORT);
        manifest.enter(EntryKind::Library, &name.unwrap_or_default(), path.as_deref());
    }
}

fn is_private(root: &Table) -> bool {
    match toml_at(root, &["package", "publish"]) {
        Some(Value::Boolean(publish)) => !publish,
        Some(Value::Array(registries)) => registries.is_empty(),
        _ => false,
    }
}

fn inherited_fields(root: &Table) -> Vec<Field> {
    let fields = [
        ("version", Field::Version),
        ("description", Field::Description),
        ("license", Field::Licence),
    ];
    let is_inherited =
        |key| toml_at(root, &["package", key, "workspace"]).and_then(Value::as_bool) == Some(true);
    fields.into_iter().filter(|(key, _)| is_inherited(key)).map(|(_, field)| field).collect()
}

fn workspace(table: &Table) -> Workspace {
    Workspace {
        members: toml_strings(table, &["members"]).map(|glob| text::line(glob, SHORT)).collect(),
        exclude: toml_strings(table, &["exclude"]).map(|glob| text::line(glob, SHORT)).collect(),
        presumed: false,
    }
}

/// What members take by `workspace = true`.
fn shared(table: &Table) -> Shared {
    let all = || toml_table(table, &["dependencies"]).into_iter().flatten();
    let renamed = all().filter_map(|(name, value)| {
        let package = value.get("package")?.as_str()?;
        Some((text::line(name, SHORT), vec![text::line(package, SHORT)]))
    });
    Shared {
        version: toml_line(table, &["package", "version"], SHORT),
        description: toml_line(table, &["package", "description"], LONG),
        licence: toml_line(table, &["package", "license"], SHORT),
        dependencies: all()
            .filter_map(|(name, value)| Some((text::line(name, SHORT), requirement(value)?)))
            .collect(),
        aliases: renamed.collect(),
        ..Shared::default()
    }
}

fn add_dependencies(root: &Table, manifest: &mut Manifest) {
    for (key, scope) in TABLES {
        for (name, value) in toml_table(root, &[key]).into_iter().flatten() {
            manifest.require(dependency(name, value, scope));
        }
        add_local(toml_table(root, &[key]), manifest);
    }
}

/// Cargo takes a path dependency for a member, whether the patterns name it or not.
fn add_local(table: Option<&Table>, manifest: &mut Manifest) {
    let paths = table.into_iter().flatten().filter_map(|(_, value)| value.get("path")?.as_str());
    manifest.local.extend(paths.filter_map(|path| text::some_line(path, SHORT)));
}

fn dependency(name: &str, value: &Value, scope: Scope) -> Requirement {
    let flag = |key| value.get(key).and_then(Value::as_bool) == Some(true);
    let is_optional = scope == Scope::Runtime && flag("optional");
    // `package` names what is fetched; the key is only what the code calls it.
    let package = value.get("package").and_then(Value::as_str).unwrap_or(name);
    let inherited = flag("workspace");
    Requirement {
        // An inherited one is looked up by its key.
        name: text::line(if inherited { name } else { package }, SHORT),
        requirement: requirement(value),
        scope: if is_optional { Scope::Optional } else { scope },
        path: value
            .get("path")
            .and_then(Value::as_str)
            .and_then(|path| text::some_line(path, SHORT)),
        inherited,
    }
}

/// `1.2`, or where else it comes from: `path:../core`, `git:https://…`.
fn requirement(value: &Value) -> Option<String> {
    if let Some(version) = value.as_str() {
        return text::some_line(version, SHORT);
    }
    let source = |key: &str| value.get(key).and_then(Value::as_str);
    let raw = match (source("version"), source("path"), source("git")) {
        (Some(version), _, _) => version.to_owned(),
        (None, Some(path), _) => format!("path:{path}"),
        (None, None, Some(git)) => format!("git:{git}"),
        (None, None, None) => return None,
    };
    text::some_line(&raw, SHORT)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scanner::manifest::Contribution;

    fn manifest(text: &str) -> Manifest {
        match Rust.read(FileName("Cargo.toml"), text).unwrap().contribution {
            Contribution::Project(manifest) => *manifest,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_package_tells_all_of_itself() {
        let manifest = manifest(
            r#"
            [package]
            name = "core"
            version = "1.2.3"
            description = "The core"
            license = "MIT"
            publish = false
            [dependencies]
            serde = "1"
            helper = { path = "../helper", optional = true }
            renamed = { package = "real", version = "2" }
            [dev-dependencies]
            insta = { version = "1" }
            [build-dependencies]
            cc = { git = "https://example.org/cc" }
            [target.'cfg(unix)'.dependencies]
            nix = "0.31"
            "#,
        );

        let found: Vec<_> = manifest
            .dependencies
            .iter()
            .map(|one| (one.name.as_str(), one.requirement.as_deref().unwrap(), one.scope))
            .collect();
        assert_eq!(
            found,
            [
                ("helper", "path:../helper", Scope::Optional),
                ("real", "2", Scope::Runtime),
                ("serde", "1", Scope::Runtime),
                ("insta", "1", Scope::Development),
                ("cc", "git:https://example.org/cc", Scope::Build),
                ("nix", "0.31", Scope::Runtime),
            ]
        );
        assert_eq!(manifest.name.as_deref(), Some("core"));
        assert_eq!(manifest.licence.as_deref(), Some("MIT"));
        assert!(manifest.private);
    }

    #[test]
    fn a_virtual_root_has_a_workspace_and_no_name() {
        let manifest = manifest(
            "[workspace]\nmembers = [\"crates/*\"]\nexclude = [\"crates/old\"]\n\
             [workspace.package]\nversion = \"2.0.0\"\n[workspace.dependencies]\nserde = \"1\"\n\
             short = { package = \"long-name\", version = \"2\" }\n",
        );

        let workspace = manifest.workspace.unwrap();
        assert_eq!(manifest.name, None);
        assert_eq!(workspace.members, ["crates/*"]);
        assert_eq!(workspace.exclude, ["crates/old"]);
        let shared = manifest.shared.unwrap();
        assert_eq!(shared.version.as_deref(), Some("2.0.0"));
        assert_eq!(shared.dependencies["serde"], "1");
        assert_eq!(shared.aliases["short"], ["long-name"]);
    }

    #[test]
    fn what_the_workspace_shares_is_noted() {
        let manifest = manifest(
            "[package]\nname = \"a\"\nversion.workspace = true\nlicense = { workspace = true }\n\
             [dependencies]\nserde = { workspace = true, optional = true }\n",
        );

        assert_eq!(manifest.inherits, [Field::Version, Field::Licence]);
        assert!(manifest.dependencies[0].inherited);
        assert_eq!(manifest.dependencies[0].scope, Scope::Optional);
    }

    #[test]
    fn named_targets_are_entry_points() {
        let manifest = manifest(
            "[package]\nname = \"a\"\ndefault-run = \"a\"\n[lib]\npath = \"lib.rs\"\n\
             [[bin]]\nname = \"tool\"\npath = \"tool.rs\"\n[[example]]\nname = \"show\"\n",
        );

        let found: Vec<_> =
            manifest.entry_points.iter().map(|one| (one.kind, one.name.as_str())).collect();
        assert_eq!(
            found,
            [
                (EntryKind::Binary, "tool"),
                (EntryKind::Example, "show"),
                (EntryKind::Binary, "a"),
                (EntryKind::Library, "a"),
            ]
        );
    }

    #[test]
    fn wrong_types_are_passed_over() {
        let manifest = manifest("[package]\nname = 3\nversion = []\n[dependencies]\na = 1\n");

        assert_eq!(manifest.name, None);
        assert_eq!(manifest.dependencies[0].requirement, None);
    }
}
