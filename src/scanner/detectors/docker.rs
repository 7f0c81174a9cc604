//! Docker: image files (`Dockerfile`, `Containerfile`) and Compose files.

use std::collections::HashSet;

use parse_dockerfile::{Command, Instruction};
use serde_json::Value;

use super::{
    Detector, FileName, Finding, Manifest, Unreadable,
    table::{SHORT, json_line},
};
use crate::scanner::{
    manifest::Requirement,
    model::{EntryKind, Scope},
    text, yaml,
};

pub(super) struct Docker;

impl Detector for Docker {
    fn kind(&self) -> &'static str {
        "docker"
    }

    fn reads(&self, file: FileName<'_>) -> bool {
        is_image_file(file.name()) || is_compose_file(file.name())
    }

    fn read(&self, file: FileName<'_>, text: &str) -> Result<Finding, Unreadable> {
        if is_compose_file(file.name()) { compose(text) } else { image(file, text) }
    }
}

fn is_image_file(name: &str) -> bool {
    let names = ["Dockerfile", "Containerfile"];
    names.iter().any(|known| {
        // `Dockerfile.dev` is one; `Dockerfile.md` and the ignore file beside one are not.
        let suffix = name.strip_prefix(known).and_then(|rest| rest.strip_prefix('.'));
        name == *known
            || suffix.is_some_and(|suffix| !["md", "dockerignore", "j2", "tmpl"].contains(&suffix))
    }) || name.ends_with(".Dockerfile")
        || name.ends_with(".dockerfile")
}

/// `compose.yaml`, `docker-compose.prod.yml` and the like.
fn is_compose_file(name: &str) -> bool {
    let stem = name.strip_suffix(".yml").or_else(|| name.strip_suffix(".yaml"));
    let base = stem.map(|stem| stem.split_once('.').map_or(stem, |(base, _)| base));
    matches!(base, Some("compose" | "docker-compose"))
        || stem.is_some_and(|stem| stem.starts_with("docker-compose-"))
}

fn image(file: FileName<'_>, text: &str) -> Result<Finding, Unreadable> {
    let parsed = parse_dockerfile::parse(text).map_err(|error| Unreadable::new(&error))?;
    let mut manifest = Manifest { tools: vec!["Docker".to_owned()], ..Manifest::default() };
    let mut stages: HashSet<String> = HashSet::new();
    let count = parsed.stages().len();
    for (number, stage) in parsed.stages().enumerate() {
        let image = stage.from.image.value.as_ref();
        let is_last = number + 1 == count;
        if !stages.contains(&image.to_lowercase()) {
            add_image(&mut manifest, image, if is_last { Scope::Runtime } else { Scope::Build });
        }
        if let Some((_, name)) = &stage.from.as_ {
            stages.insert(name.value.to_lowercase());
        }
        if is_last && let Some(command) = stage.instructions.iter().rev().find_map(command) {
            manifest.enter(EntryKind::Service, file.name(), Some(&command));
        }
    }
    Ok(Finding::component(manifest))
}

/// What a container of the image runs: its `ENTRYPOINT`, or else its `CMD`.
fn command(instruction: &Instruction<'_>) -> Option<String> {
    let command = match instruction {
        Instruction::Entrypoint(entry) => &entry.arguments,
        Instruction::Cmd(entry) => &entry.arguments,
        _ => return None,
    };
    Some(match command {
        Command::Exec(words) => {
            words.value.iter().map(|word| word.value.as_ref()).collect::<Vec<_>>().join(" ")
        }
        Command::Shell(line) => line.value.to_owned(),
        _ => return None,
    })
}

/// `registry/name:tag@digest` as name and requirement; `scratch` is nothing.
fn add_image(manifest: &mut Manifest, image: &str, scope: Scope) {
    if image == "scratch" || image.is_empty() {
        return;
    }
    let (named, digest) =
        image.split_once('@').map_or((image, None), |(name, digest)| (name, Some(digest)));
    // A colon before the last slash belongs to the registry's port.
    let tag = named.rfind(':').filter(|colon| named.rfind('/').is_none_or(|slash| slash < *colon));
    let (name, tag) = tag.and_then(|colon| named.split_at_checked(colon)).unwrap_or((named, ""));
    let tag = tag.trim_start_matches(':');
    manifest.depend(name, (!tag.is_empty()).then_some(tag).or(digest), scope);
}

fn compose(text: &str) -> Result<Finding, Unreadable> {
    let root: Value = yaml::read(text).map_err(|error| Unreadable::new(&error))?;
    let Some(services) = root.get("services").and_then(Value::as_object) else {
        // A fragment that others include, or the form that was given up in 2017.
        return Ok(Finding::component(Manifest::default()));
    };
    let mut manifest = Manifest {
        name: json_line(&root, "name", SHORT),
        tools: vec!["Docker Compose".to_owned()],
        ..Manifest::default()
    };
    for (name, service) in services {
        let image = service.get("image").and_then(Value::as_str);
        let context = build_context(service);
        manifest.enter(EntryKind::Service, name, context.or(image));
        match (context, image) {
            (Some(context), _) => build(&mut manifest, context),
            (None, Some(image)) => add_image(&mut manifest, image, Scope::Runtime),
            (None, None) => {}
        }
    }
    Ok(Finding::component(manifest))
}

/// `build: ./web`, or an object with `context`.
fn build_context(service: &Value) -> Option<&str> {
    let build = service.get("build")?;
    build.as_str().or_else(|| build.get("context")?.as_str())
}

/// A directory that is built into an image is needed like any project inside it.
fn build(manifest: &mut Manifest, context: &str) {
    let is_local = !context.contains("://") && !context.starts_with("git@");
    let name = text::line(context, SHORT);
    if is_local && !matches!(name.as_str(), "." | "./") {
        manifest.require(Requirement {
            path: Some(name.clone()),
            name,
            requirement: None,
            scope: Scope::Runtime,
            inherited: false,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scanner::manifest::Contribution;

    fn manifest(name: &str, text: &str) -> Manifest {
        match Docker.read(FileName(name), text).unwrap().contribution {
            Contribution::Component(manifest) => *manifest,
            other => panic!("{other:?}"),
        }
    }

    fn images(manifest: &Manifest) -> Vec<(&str, Option<&str>, Scope)> {
        manifest
            .dependencies
            .iter()
            .map(|one| (one.name.as_str(), one.requirement.as_deref(), one.scope))
            .collect()
    }

    #[test]
    fn the_last_stage_runs_and_the_others_build() {
        let manifest = manifest(
            "Dockerfile",
            "ARG BASE=1\nFROM rust:1.95 AS build\nRUN cargo build\n\
             FROM localhost:5000/base/debian@sha256:aa AS base\nFROM base\nCOPY --from=build /a /a\n\
             ENTRYPOINT [\"/a\", \"serve\"]\n",
        );

        assert_eq!(
            images(&manifest),
            [
                ("rust", Some("1.95"), Scope::Build),
                ("localhost:5000/base/debian", Some("sha256:aa"), Scope::Build),
            ]
        );
        assert_eq!(manifest.entry_points[0].target.as_deref(), Some("/a serve"));
    }

    #[test]
    fn services_of_compose_are_entry_points() {
        let manifest = manifest(
            "compose.yaml",
            "name: shop\nservices:\n  web:\n    build: ./web\n  api:\n    build: {context: ./api, dockerfile: D}\n  \
             db:\n    image: postgres:17\n",
        );

        assert_eq!(manifest.name.as_deref(), Some("shop"));
        let names: Vec<_> = manifest.entry_points.iter().map(|one| one.name.as_str()).collect();
        assert_eq!(names, ["api", "db", "web"]);
        assert_eq!(manifest.dependencies[0].path.as_deref(), Some("./api"));
        assert!(images(&manifest).contains(&("postgres", Some("17"), Scope::Runtime)));
    }

    #[test]
    fn names_tell_image_and_compose_files() {
        for name in ["Dockerfile", "Dockerfile.dev", "web.Dockerfile", "Containerfile"] {
            assert!(is_image_file(name), "{name}");
        }
        for name in ["compose.yml", "docker-compose.prod.yaml", "docker-compose-ci.yml"] {
            assert!(is_compose_file(name), "{name}");
        }
        for name in
            ["Dockerfile.md", "Dockerfile.dockerignore", "dockerfile_test.go", "composer.yml"]
        {
            assert!(!is_image_file(name) && !is_compose_file(name), "{name}");
        }
    }

    #[test]
    fn broken_files_are_unreadable_and_deep_ones_end() {
        assert!(Docker.read(FileName("Dockerfile"), "FORM rust\n").is_err());
        assert!(Docker.read(FileName("compose.yml"), "services: [").is_err());
        let text = format!("FROM a\n{}RUN x\n", "ONBUILD ".repeat(100_000));
        drop(Docker.read(FileName("Dockerfile"), &text));
    }
}
