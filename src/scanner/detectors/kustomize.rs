//! Kustomize: a directory with a `kustomization.yaml` is a base, an overlay or a component.

use serde_json::Value;

use super::{
    Detector, FileName, Finding, Manifest, Unreadable,
    table::{SHORT, json_line, json_strings},
};
use crate::scanner::{manifest::Requirement, model::Scope, text, yaml};

pub(super) struct Kustomize;

impl Detector for Kustomize {
    fn kind(&self) -> &'static str {
        "kustomize"
    }

    fn reads(&self, file: FileName<'_>) -> bool {
        matches!(file.name(), "kustomization.yaml" | "kustomization.yml" | "Kustomization")
    }

    fn read(&self, _: FileName<'_>, text: &str) -> Result<Finding, Unreadable> {
        let root: Value = yaml::read(text).map_err(|error| Unreadable::new(&error))?;
        if !root.is_object() {
            return Err(Unreadable::new(&"it is no mapping"));
        }
        let mut manifest = Manifest { tools: vec!["Kustomize".to_owned()], ..Manifest::default() };
        for key in ["resources", "bases", "components"] {
            for place in root.get(key).into_iter().flat_map(json_strings) {
                resource(&mut manifest, place);
            }
        }
        for image in root.get("images").and_then(Value::as_array).into_iter().flatten() {
            let name =
                json_line(image, "newName", SHORT).or_else(|| json_line(image, "name", SHORT));
            let tag =
                json_line(image, "newTag", SHORT).or_else(|| json_line(image, "digest", SHORT));
            manifest.depend(&name.unwrap_or_default(), tag.as_deref(), Scope::Runtime);
        }
        for chart in root.get("helmCharts").and_then(Value::as_array).into_iter().flatten() {
            let version = json_line(chart, "version", SHORT);
            let name = json_line(chart, "name", SHORT).unwrap_or_default();
            manifest.depend(&name, version.as_deref(), Scope::Runtime);
        }
        Ok(Finding::project(manifest))
    }
}

/// Another directory or repository; a plain file is part of this one.
fn resource(manifest: &mut Manifest, place: &str) {
    let is_file = [".yaml", ".yml", ".json"].iter().any(|end| place.ends_with(end));
    let is_remote =
        place.contains("://") || place.starts_with("github.com/") || place.contains('?');
    if is_file && !is_remote {
        return;
    }
    let (name, reference) = place.split_once("?ref=").unwrap_or((place, ""));
    manifest.require(Requirement {
        name: text::line(name, SHORT),
        requirement: text::some_line(reference, SHORT),
        scope: Scope::Runtime,
        path: (!is_remote).then(|| text::line(place, SHORT)),
        inherited: false,
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scanner::manifest::Contribution;

    #[test]
    fn an_overlay_depends_on_its_base() {
        let text = "resources:\n- ../../base\n- deployment.yaml\n- github.com/team/crds?ref=v1\nimages:\n\
                    - {name: web, newName: registry/web, newTag: v2}\n";

        let finding = Kustomize.read(FileName("overlays/prod/kustomization.yaml"), text).unwrap();

        let Contribution::Project(manifest) = finding.contribution else { panic!("no project") };
        let found: Vec<_> = manifest
            .dependencies
            .iter()
            .map(|one| (one.name.as_str(), one.requirement.as_deref(), one.path.as_deref()))
            .collect();
        assert_eq!(
            found,
            [
                ("../../base", None, Some("../../base")),
                ("github.com/team/crds", Some("v1"), None),
                ("registry/web", Some("v2"), None),
            ]
        );
    }

    #[test]
    fn a_list_is_unreadable() {
        assert!(Kustomize.read(FileName("kustomization.yaml"), "- a\n").is_err());
    }
}
