//! Go: modules (`go.mod`) and workspaces (`go.work`).

use std::collections::HashMap;

use super::{Detector, FileName, Finding, Manifest, Unreadable, table::SHORT};
use crate::scanner::{manifest::Workspace, model::Scope, text};

pub(super) struct Go;

/// A directive of the file: its verb, what follows, and the comment behind it.
struct Directive<'a> {
    verb: &'a str,
    rest: &'a str,
    comment: &'a str,
}

impl Detector for Go {
    fn kind(&self) -> &'static str {
        "go"
    }

    fn reads(&self, file: FileName<'_>) -> bool {
        matches!(file.name(), "go.mod" | "go.work")
    }

    fn read(&self, file: FileName<'_>, text: &str) -> Result<Finding, Unreadable> {
        if file.name() == "go.work" { Ok(workspace(text)) } else { module(text) }
    }
}

fn module(text: &str) -> Result<Finding, Unreadable> {
    let mut manifest = Manifest::default();
    let mut replaced = HashMap::new();
    for directive in directives(text) {
        let mut words = directive.rest.split_whitespace().map(unquote);
        match directive.verb {
            "module" => manifest.name = words.next().and_then(|name| text::some_line(name, SHORT)),
            "require" if !is_indirect(directive.comment) => {
                if let Some(name) = words.next() {
                    manifest.depend(name, words.next(), Scope::Runtime);
                }
            }
            "replace" => replaced.extend(replacement(directive.rest)),
            _ => {}
        }
    }
    for one in &mut manifest.dependencies {
        one.path = replaced.get(one.name.as_str()).cloned();
    }
    if manifest.name.is_none() {
        return Err(Unreadable::new(&"it has no `module` line"));
    }
    Ok(Finding::project(manifest))
}

/// `example.org/one v1 => ../one`: the directory that a module is taken from.
fn replacement(rest: &str) -> Option<(&str, String)> {
    let (old, new) = rest.split_once("=>")?;
    let path = new.split_whitespace().next().map(unquote).filter(|path| path.starts_with('.'))?;
    Some((old.split_whitespace().next().map(unquote)?, text::some_line(path, SHORT)?))
}

fn workspace(text: &str) -> Finding {
    let uses = directives(text).filter(|directive| directive.verb == "use");
    let members = uses.map(|directive| text::line(unquote(directive.rest), SHORT)).collect();
    let workspace = Some(Workspace { members, ..Workspace::default() });
    Finding::project(Manifest { workspace, ..Manifest::default() })
}

/// Lines with their verb, those inside `verb ( … )` included.
fn directives(text: &str) -> impl Iterator<Item = Directive<'_>> {
    let mut block: Option<&str> = None;
    text.lines().filter_map(move |line| {
        let (code, comment) = line.split_once("//").unwrap_or((line, ""));
        let code = code.trim();
        if let Some(verb) = block {
            if code == ")" {
                block = None;
                return None;
            }
            return (!code.is_empty()).then_some(Directive { verb, rest: code, comment });
        }
        let (verb, rest) = code.split_once(char::is_whitespace).unwrap_or((code, ""));
        let verb = verb.trim_end_matches('(');
        if code.ends_with('(') {
            block = Some(verb);
            return None;
        }
        let rest = rest.trim();
        (!rest.is_empty()).then_some(Directive { verb, rest, comment })
    })
}

fn is_indirect(comment: &str) -> bool {
    comment.trim_start_matches('/').trim().split([' ', ';']).next() == Some("indirect")
}

fn unquote(word: &str) -> &str {
    word.trim_matches(['"', '`'])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scanner::manifest::Contribution;

    fn manifest(name: &str, text: &str) -> Manifest {
        match Go.read(FileName(name), text).unwrap().contribution {
            Contribution::Project(manifest) => *manifest,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_module_has_its_direct_requirements_only() {
        let manifest = manifest(
            "go.mod",
            "// Deprecated: no\nmodule example.org/team/api // the api\n\ngo 1.24\n\n\
             require example.org/one v1.0.0\nrequire (\n\texample.org/two v2.0.0\n\
             \texample.org/three v3.0.0 // indirect\n\n\t// example.org/four v4\n)\n\
             replace example.org/one => ../one\nexclude (\n\texample.org/x v1\n)\n",
        );

        let found: Vec<_> = manifest
            .dependencies
            .iter()
            .map(|one| (one.name.as_str(), one.requirement.as_deref().unwrap()))
            .collect();
        assert_eq!(manifest.name.as_deref(), Some("example.org/team/api"));
        assert_eq!(found, [("example.org/one", "v1.0.0"), ("example.org/two", "v2.0.0")]);
        assert_eq!(manifest.dependencies[0].path.as_deref(), Some("../one"));
    }

    #[test]
    fn a_workspace_names_its_modules() {
        let manifest =
            manifest("go.work", "go 1.24\nuse ./tools\nuse (\n\t./api\n\t\"./web\"\n)\n");

        assert_eq!(manifest.workspace.unwrap().members, ["./tools", "./api", "./web"]);
    }

    #[test]
    fn a_file_without_a_module_is_unreadable() {
        assert!(Go.read(FileName("go.mod"), "go 1.24\n").is_err());
    }
}
