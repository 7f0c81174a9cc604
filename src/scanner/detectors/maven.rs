//! Maven: `pom.xml`, with its modules and parents.

use std::collections::BTreeMap;

use super::{
    Detector, FileName, Finding, Manifest, Unreadable,
    table::{LONG, SHORT},
    xml::{self, Element},
};
use crate::scanner::{
    manifest::{Field, Heritage, Requirement, Shared, Workspace},
    model::{EntryKind, Scope},
    text,
};

pub(super) struct Maven;

impl Detector for Maven {
    fn kind(&self) -> &'static str {
        "maven"
    }

    fn reads(&self, file: FileName<'_>) -> bool {
        file.name() == "pom.xml"
    }

    fn read(&self, _: FileName<'_>, text: &str) -> Result<Finding, Unreadable> {
        let root = xml::read(text)?;
        if root.name != "project" {
            return Err(Unreadable::new(&"its root element is not `project`"));
        }
        let coordinates = Coordinates::of(&root);
        let mut manifest = Manifest {
            name: coordinates.artifact.clone(),
            version: root.child_line("version").or_else(|| coordinates.version.clone()),
            description: root.child("description").and_then(|element| element.line(LONG)),
            licence: licence(&root),
            inherits: vec![Field::Version, Field::Licence],
            heritage: heritage(&root),
            provides: coordinates.name().into_iter().collect(),
            tools: vec!["Maven".to_owned()],
            workspace: workspace(&root),
            ..Manifest::default()
        };
        manifest.shared = Some(Box::new(shared(&root, &coordinates, &manifest)));
        for dependencies in places(&root, &["dependencies"]) {
            for one in dependencies.all("dependency") {
                manifest.dependencies.extend(dependency(one, &coordinates));
            }
        }
        enter(&root, &mut manifest);
        Ok(Finding::project(manifest))
    }
}

/// What `${project.…}` means.
struct Coordinates {
    group: Option<String>,
    artifact: Option<String>,
    version: Option<String>,
    parent_group: Option<String>,
    parent_version: Option<String>,
}

impl Coordinates {
    fn of(root: &Element) -> Self {
        let parent = |name| root.child("parent").and_then(|parent| parent.child_line(name));
        Self {
            group: root.child_line("groupId").or_else(|| parent("groupId")),
            artifact: root.child_line("artifactId"),
            version: root.child_line("version").or_else(|| parent("version")),
            parent_group: parent("groupId"),
            parent_version: parent("version"),
        }
    }

    fn name(&self) -> Option<String> {
        Some(format!("{}:{}", self.group.as_ref()?, self.artifact.as_ref()?))
    }

    /// With the project's own coordinates in the place of their placeholders.
    fn filled(&self, text: &str) -> String {
        let mut filled = text.to_owned();
        for (name, value) in [
            ("groupId", &self.group),
            ("artifactId", &self.artifact),
            ("version", &self.version),
            ("parent.groupId", &self.parent_group),
            ("parent.version", &self.parent_version),
        ] {
            let Some(value) = value else { continue };
            filled = filled.replace(&format!("${{project.{name}}}"), value);
            filled = filled.replace(&format!("${{pom.{name}}}"), value);
        }
        filled
    }
}

/// The elements at a path, in the project and in its profiles.
fn places<'e>(root: &'e Element, path: &[&'e str]) -> Vec<&'e Element> {
    let profiles = root.at(&["profiles", "profile"]);
    std::iter::once(root).chain(profiles).flat_map(|one| one.at(path)).collect()
}

/// `relativePath` is `../pom.xml` unless it is given; empty, the parent comes from a registry.
fn heritage(root: &Element) -> Heritage {
    let Some(parent) = root.child("parent") else { return Heritage::Nothing };
    let path = match parent.child("relativePath") {
        None => "../pom.xml".to_owned(),
        Some(given) => match given.line(SHORT) {
            None => return Heritage::Nothing,
            Some(path) => pom(&path),
        },
    };
    let (group, artifact) = (parent.child_line("groupId"), parent.child_line("artifactId"));
    let name = format!("{}:{}", group.unwrap_or_default(), artifact.unwrap_or_default());
    Heritage::Parent { path, name }
}

fn pom(path: &str) -> String {
    if is_file(path) { path.to_owned() } else { format!("{}/pom.xml", path.trim_end_matches('/')) }
}

fn is_file(path: &str) -> bool {
    path.rsplit_once('.').is_some_and(|(_, end)| end.eq_ignore_ascii_case("xml"))
}

fn workspace(root: &Element) -> Option<Workspace> {
    let members: Vec<String> = places(root, &["modules", "module"])
        .into_iter()
        .filter_map(|module| module.line(SHORT))
        .map(|path| match path.rsplit_once('/') {
            Some((directory, _)) if is_file(&path) => directory.to_owned(),
            None if is_file(&path) => ".".to_owned(),
            _ => path,
        })
        .collect();
    (!members.is_empty()).then(|| Workspace { members, ..Workspace::default() })
}

fn licence(root: &Element) -> Option<String> {
    let names = root.at(&["licenses", "license", "name"]);
    let names: Vec<_> = names.into_iter().filter_map(|name| name.line(SHORT)).collect();
    text::some_line(&names.join(" OR "), SHORT)
}

fn shared(root: &Element, coordinates: &Coordinates, manifest: &Manifest) -> Shared {
    let managed = places(root, &["dependencyManagement", "dependencies", "dependency"]);
    let dependencies = managed.into_iter().filter_map(|one| {
        let version = coordinates.filled(&one.child_line("version")?);
        Some((name(one, coordinates)?, version))
    });
    Shared {
        version: manifest.version.clone(),
        licence: manifest.licence.clone(),
        dependencies: dependencies.collect(),
        properties: properties(root, coordinates),
        ..Shared::default()
    }
}

/// Those of profiles count where the project itself has none of the name.
fn properties(root: &Element, coordinates: &Coordinates) -> BTreeMap<String, String> {
    let mut properties = BTreeMap::new();
    for one in places(root, &["properties"]).into_iter().flat_map(|all| &all.children) {
        if let Some(value) = one.line(SHORT) {
            properties.entry(one.name.clone()).or_insert(coordinates.filled(&value));
        }
    }
    properties
}

fn name(one: &Element, coordinates: &Coordinates) -> Option<String> {
    let name = format!("{}:{}", one.child_line("groupId")?, one.child_line("artifactId")?);
    Some(coordinates.filled(&name))
}

fn dependency(one: &Element, coordinates: &Coordinates) -> Option<Requirement> {
    let version = one.child_line("version").map(|version| coordinates.filled(&version));
    let scope = match one.child_line("scope").as_deref() {
        Some("test") => Scope::Development,
        Some("provided" | "system") => Scope::Build,
        _ if one.child_line("optional").as_deref() == Some("true") => Scope::Optional,
        _ => Scope::Runtime,
    };
    Some(Requirement {
        name: name(one, coordinates)?,
        inherited: version.is_none(),
        requirement: version,
        scope,
        path: None,
    })
}

/// The classes that the packaging plugins start, and what Maven makes of it.
fn enter(root: &Element, manifest: &mut Manifest) {
    let name = manifest.name.clone().unwrap_or_default();
    for plugin in root.at(&["build", "plugins", "plugin"]) {
        let artifact = plugin.child_line("artifactId").unwrap_or_default();
        if artifact == "spring-boot-maven-plugin" {
            manifest.frameworks.push("Spring Boot".to_owned());
        }
        let direct = plugin.at(&["configuration", "mainClass"]);
        let packed = plugin.at(&["configuration", "archive", "manifest", "mainClass"]);
        for class in direct.into_iter().chain(packed).filter_map(|class| class.line(SHORT)) {
            manifest.enter(EntryKind::Binary, &name, Some(&class));
        }
    }
    let packaging = root.child_line("packaging");
    if packaging.as_deref() == Some("maven-plugin") {
        manifest.enter(EntryKind::Plugin, &name, None);
    } else if packaging.as_deref().is_none_or(|kind| matches!(kind, "jar" | "bundle")) {
        manifest.enter(EntryKind::Library, &name, None);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scanner::manifest::Contribution;

    fn manifest(inside: &str) -> Manifest {
        let text =
            format!("<project xmlns=\"http://maven.apache.org/POM/4.0.0\">{inside}</project>");
        match Maven.read(FileName("pom.xml"), &text).unwrap().contribution {
            Contribution::Project(manifest) => *manifest,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_module_tells_all_of_itself() {
        let manifest = manifest(
            "<parent><groupId>org.team</groupId><artifactId>parent</artifactId>\
             <version>2.0</version></parent><artifactId>core</artifactId>\
             <licenses><license><name>MIT</name></license></licenses>\
             <dependencies><dependency><groupId>${project.groupId}</groupId>\
             <artifactId>util</artifactId><version>${project.parent.version}</version></dependency>\
             <dependency><groupId>junit</groupId><artifactId>junit</artifactId>\
             <scope>test</scope></dependency></dependencies>",
        );

        assert_eq!(manifest.name.as_deref(), Some("core"));
        assert_eq!(manifest.version.as_deref(), Some("2.0"));
        assert_eq!(manifest.licence.as_deref(), Some("MIT"));
        assert_eq!(manifest.provides, ["org.team:core"]);
        let (path, name) = ("../pom.xml".to_owned(), "org.team:parent".to_owned());
        assert_eq!(manifest.heritage, Heritage::Parent { path, name });
        let [util, junit] = manifest.dependencies.as_slice() else { panic!("two") };
        assert_eq!(
            (util.name.as_str(), util.requirement.as_deref()),
            ("org.team:util", Some("2.0"))
        );
        assert!(junit.inherited && junit.scope == Scope::Development);
    }

    #[test]
    fn modules_are_members_those_of_profiles_included() {
        let manifest = manifest(
            "<artifactId>a</artifactId><modules><module>core</module><module>x/pom-old.xml</module>\
             </modules><profiles><profile><modules><module>extra</module></modules></profile>\
             </profiles>",
        );

        assert_eq!(manifest.workspace.unwrap().members, ["core", "x", "extra"]);
        assert_eq!(manifest.heritage, Heritage::Nothing);
    }

    #[test]
    fn other_documents_are_unreadable() {
        assert!(Maven.read(FileName("pom.xml"), "<html/>").is_err());
        assert!(Maven.read(FileName("pom.xml"), "<project>").is_err());
    }
}
