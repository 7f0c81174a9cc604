//! Helm charts (`Chart.yaml`).

use serde_json::Value;

use super::{
    Detector, FileName, Finding, Manifest, Unreadable,
    table::{LONG, SHORT, json_line},
};
use crate::scanner::{
    manifest::Requirement,
    model::{EntryKind, Scope},
    text, yaml,
};

pub(super) struct Helm;

impl Detector for Helm {
    fn kind(&self) -> &'static str {
        "helm"
    }

    fn reads(&self, file: FileName<'_>) -> bool {
        file.name() == "Chart.yaml"
    }

    fn read(&self, _: FileName<'_>, text: &str) -> Result<Finding, Unreadable> {
        let root: Value = yaml::read(text).map_err(|error| Unreadable::new(&error))?;
        if !root.is_object() {
            return Err(Unreadable::new(&"it is no mapping"));
        }
        let mut manifest = Manifest {
            name: json_line(&root, "name", SHORT),
            version: version(&root),
            description: json_line(&root, "description", LONG),
            tools: vec!["Helm".to_owned()],
            ..Manifest::default()
        };
        let is_library = root.get("type").and_then(Value::as_str) == Some("library");
        if let Some(name) = manifest.name.clone() {
            let kind = if is_library { EntryKind::Library } else { EntryKind::Service };
            manifest.enter(kind, &name, None);
        }
        for dependency in root.get("dependencies").and_then(Value::as_array).into_iter().flatten() {
            manifest.require(requirement(dependency));
        }
        Ok(Finding::project(manifest))
    }
}

/// A version that nobody quoted is a number.
fn version(root: &Value) -> Option<String> {
    match root.get("version")? {
        Value::Number(number) => Some(number.to_string()),
        other => text::some_line(other.as_str()?, SHORT),
    }
}

/// One that a condition or tags switch on is optional; `file://` names a directory.
fn requirement(dependency: &Value) -> Requirement {
    let repository = dependency.get("repository").and_then(Value::as_str).unwrap_or_default();
    let path = repository.strip_prefix("file://").map(|path| text::line(path, SHORT));
    let is_optional = ["condition", "tags"].iter().any(|key| dependency.get(key).is_some());
    Requirement {
        name: json_line(dependency, "name", SHORT).unwrap_or_default(),
        requirement: version(dependency),
        scope: if is_optional { Scope::Optional } else { Scope::Runtime },
        path,
        inherited: false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scanner::manifest::Contribution;

    #[test]
    fn a_chart_tells_all_of_itself() {
        let text = "apiVersion: v2\nname: shop\nversion: 1.2\ndescription: A shop\ntype: application\ndependencies:\n\
                    - {name: common, version: 1.x.x, repository: 'file://../common'}\n\
                    - {name: postgresql, version: ~15, repository: 'https://charts.example.org', condition: pg.enabled}\n";

        let finding = Helm.read(FileName("charts/shop/Chart.yaml"), text).unwrap();

        let Contribution::Project(manifest) = finding.contribution else { panic!("no project") };
        assert_eq!(manifest.name.as_deref(), Some("shop"));
        assert_eq!(manifest.version.as_deref(), Some("1.2"));
        assert_eq!(manifest.dependencies[0].path.as_deref(), Some("../common"));
        assert_eq!(manifest.dependencies[1].scope, Scope::Optional);
        assert_eq!(manifest.entry_points[0].kind, EntryKind::Service);
    }

    #[test]
    fn a_template_of_a_chart_is_unreadable() {
        assert!(Helm.read(FileName("Chart.yaml"), "name: {{ .Name }\n").is_err());
        assert!(Helm.read(FileName("Chart.yaml"), "- a\n").is_err());
    }
}
