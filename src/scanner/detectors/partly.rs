//! What the detectors share that read programs and other files which no parser refuses.

use super::{FileName, Finding, table::SHORT};
use crate::scanner::{
    manifest::{Child, Manifest, Requirement},
    model::{Scope, WarningCode},
    text,
};

/// Adds a warning where the file is broken, beside what could be read of it.
pub(super) fn with_warning(finding: Finding, file: FileName<'_>, problem: Option<&str>) -> Finding {
    let Some(problem) = problem else { return finding };
    let message = format!(
        "`{}` is broken, so what it declares may be incomplete: {}. Repair the file.",
        file.name(),
        text::line(problem, 300)
    );
    finding.with_problem(WarningCode::BrokenManifest, message)
}

/// A file that a generator fills in, `{{name}}`, and that is no manifest before.
pub(super) fn is_template(text: &str) -> bool {
    text.match_indices("{{").any(|(at, _)| {
        let inside = text.as_bytes().get(at + 2..).unwrap_or_default().iter().take(64);
        let mut end =
            inside.skip_while(|byte| byte.is_ascii_alphanumeric() || b"_.()#=@ ".contains(byte));
        end.next() == Some(&b'}') && end.next() == Some(&b'}')
    })
}

/// A file in a directory of its own (`src`, `App.xcodeproj`) that makes the one above a project.
pub(super) fn project_above(manifest: Manifest) -> Finding {
    let child = Child { path: "..".to_owned(), manifest };
    Finding::addition(Manifest { children: vec![child], ..Manifest::default() })
}

/// A dependency that may come from a directory.
pub(super) fn requirement(
    name: &str,
    requirement: Option<&str>,
    scope: Scope,
    path: Option<&str>,
) -> Requirement {
    let path = path.and_then(|path| text::some_line(path, SHORT));
    let shown = path.as_ref().map(|path| format!("path:{path}"));
    Requirement {
        name: text::line(name, SHORT),
        requirement: requirement.and_then(|text| text::some_line(text, SHORT)).or(shown),
        scope,
        path,
        inherited: false,
    }
}

/// `https://host/team/name.git` names `name`.
pub(super) fn name_of_address(address: &str) -> &str {
    let address = address.trim_end_matches('/');
    let last = address.rsplit(['/', ':']).next().unwrap_or(address);
    last.strip_suffix(".git").unwrap_or(last)
}

/// Directories whose programs are tests and examples, not what the project ships.
pub(super) fn is_side_directory(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    ["test", "example", "bench", "fuzz", "sample", "demo"].iter().any(|side| name.starts_with(side))
}
