//! Bazel: modules (`MODULE.bazel`), the older `WORKSPACE`, and the programs of `BUILD` files.
//!
//! A kind of its own, because Bazel builds any language: beside a manifest of the language itself
//! it only adds.

use super::{
    Detector, FileName, Finding, Manifest, Unreadable,
    partly::{is_side_directory, name_of_address, requirement, with_warning},
    table::SHORT,
};
use crate::scanner::{
    model::{EntryKind, Scope},
    script::{Call, PYTHON, Script, Slice},
    text,
};

pub(super) struct Bazel;

impl Detector for Bazel {
    fn kind(&self) -> &'static str {
        "bazel"
    }

    fn reads(&self, file: FileName<'_>) -> bool {
        let names = ["MODULE.bazel", "WORKSPACE", "WORKSPACE.bazel", "BUILD", "BUILD.bazel"];
        names.contains(&file.name())
    }

    fn read(&self, file: FileName<'_>, text: &str) -> Result<Finding, Unreadable> {
        let script = Script::new(text, &PYTHON);
        match file.name() {
            "BUILD" | "BUILD.bazel" if is_side_directory(file.directory_name()) => {
                Ok(Finding::remark(Manifest::default()))
            }
            "BUILD" | "BUILD.bazel" => Ok(Finding::remark(programs(script.all()))),
            name => {
                let manifest = if name == "MODULE.bazel" {
                    module(script.all())
                } else {
                    workspace(script.all())
                };
                Ok(with_warning(Finding::project(manifest), file, script.problem()))
            }
        }
    }
}

fn text_of(arguments: Slice<'_>, key: &str) -> Option<String> {
    text::some_line(&arguments.get(key)?.text()?, SHORT)
}

fn module(all: Slice<'_>) -> Manifest {
    let mut manifest = Manifest { tools: vec!["Bazel".to_owned()], ..Manifest::default() };
    for Call { name, arguments } in all.calls() {
        match name {
            "module" if manifest.name.is_none() => {
                manifest.name = text_of(arguments, "name");
                manifest.version = text_of(arguments, "version");
            }
            "bazel_dep" => depend(&mut manifest, arguments),
            "local_path_override" => {
                let path = text_of(arguments, "path");
                let named = text_of(arguments, "module_name");
                if let Some(one) =
                    manifest.dependencies.iter_mut().find(|one| Some(&one.name) == named.as_ref())
                {
                    manifest.local.extend(path.clone());
                    one.path = path;
                }
            }
            _ => {}
        }
    }
    manifest
}

fn depend(manifest: &mut Manifest, arguments: Slice<'_>) {
    let Some(name) = text_of(arguments, "name") else { return };
    let development = arguments.get("dev_dependency").and_then(Slice::atom) == Some("True");
    let scope = if development { Scope::Development } else { Scope::Runtime };
    manifest.depend(&name, text_of(arguments, "version").as_deref(), scope);
}

fn workspace(all: Slice<'_>) -> Manifest {
    let mut manifest = Manifest { tools: vec!["Bazel".to_owned()], ..Manifest::default() };
    for Call { name, arguments } in all.calls() {
        let named = text_of(arguments, "name");
        match (name, named) {
            ("workspace", Some(named)) => manifest.name = Some(named),
            ("local_repository", Some(named)) => {
                let path = text_of(arguments, "path");
                manifest.local.extend(path.clone());
                manifest.require(requirement(&named, None, Scope::Runtime, path.as_deref()));
            }
            ("http_archive" | "git_repository" | "http_file" | "http_jar", Some(named)) => {
                let source = text_of(arguments, "remote").or_else(|| text_of(arguments, "url"));
                let revision = text_of(arguments, "tag").or_else(|| text_of(arguments, "commit"));
                let source = revision.or_else(|| Some(name_of_address(&source?).to_owned()));
                manifest.depend(&named, source.as_deref(), Scope::Runtime);
            }
            _ => {}
        }
    }
    manifest
}

/// `cc_binary(name = "…")` and its relatives of every language.
fn programs(all: Slice<'_>) -> Manifest {
    let mut manifest = Manifest::default();
    for Call { name, arguments } in all.calls().filter(|call| call.name.ends_with("_binary")) {
        if let Some(program) = text_of(arguments, "name") {
            manifest.enter(EntryKind::Binary, &program, Some(name));
        }
    }
    manifest
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scanner::manifest::Contribution;

    fn manifest(name: &str, text: &str) -> Manifest {
        match Bazel.read(FileName(name), text).unwrap().contribution {
            Contribution::Project(manifest) | Contribution::Remark(manifest) => *manifest,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_module_has_its_dependencies() {
        let manifest = manifest(
            "MODULE.bazel",
            "\"\"\"A module.\"\"\"\nmodule(\n    name = \"app\",  # this one\n    version = \"1.0\",\n)\n\
             bazel_dep(name = \"rules_cc\", version = \"0.1.1\")\n\
             bazel_dep(name = \"googletest\", version = \"1.17\", dev_dependency = True)\n\
             bazel_dep(name = \"near\")\nlocal_path_override(module_name = \"near\", path = \"../near\")\n",
        );

        let found: Vec<_> = manifest
            .dependencies
            .iter()
            .map(|one| {
                (one.name.as_str(), one.requirement.as_deref(), one.scope, one.path.as_deref())
            })
            .collect();
        assert_eq!(
            (manifest.name.as_deref(), manifest.version.as_deref()),
            (Some("app"), Some("1.0"))
        );
        assert_eq!(
            found,
            [
                ("rules_cc", Some("0.1.1"), Scope::Runtime, None),
                ("googletest", Some("1.17"), Scope::Development, None),
                ("near", None, Scope::Runtime, Some("../near")),
            ]
        );
    }

    #[test]
    fn an_old_workspace_names_its_repositories() {
        let manifest = manifest(
            "WORKSPACE",
            "workspace(name = \"app\")\nload(\"@x//:y.bzl\", \"http_archive\")\n\
             http_archive(name = \"rules_go\", url = \"https://example.org/rules_go-1.zip\")\n\
             local_repository(name = \"near\", path = \"../near\")\n",
        );

        let names: Vec<_> = manifest.dependencies.iter().map(|one| one.name.as_str()).collect();
        assert_eq!(names, ["rules_go", "near"]);
        assert_eq!(manifest.dependencies[1].path.as_deref(), Some("../near"));
    }

    #[test]
    fn build_files_name_programs_and_prose_names_none() {
        let programs = manifest(
            "BUILD",
            "cc_binary(name = \"app\", srcs = [\"a.cc\"])\ncc_library(name = \"x\")\n",
        );
        let prose = manifest("BUILD", "To build, run \"make\" (it's easy.\n");

        assert_eq!(programs.entry_points[0].name, "app");
        assert_eq!(prose, Manifest::default());
    }
}
