//! Solutions of .NET: `.sln` and `.slnx` name the projects that are built together.

use super::{Finding, Manifest, Unreadable, dotnet, table::SHORT, xml::Element};
use crate::scanner::{manifest::Workspace, text};

/// The older form, lines of `Project("{…}") = "Name", "src\Name\Name.csproj", "{…}"`.
pub(super) fn text(stem: &str, text: &str) -> Result<Finding, Unreadable> {
    if !text.contains("Microsoft Visual Studio Solution File") {
        return Err(Unreadable::new(&"it has no line `Microsoft Visual Studio Solution File`"));
    }
    let lines = text.lines().filter(|line| line.trim_start().starts_with("Project("));
    Ok(finding(stem, lines.filter_map(|line| line.split('"').nth(5))))
}

/// The newer form: `Project` elements, in folders or not.
pub(super) fn xml(stem: &str, root: &Element) -> Finding {
    let inside = root.at(&["Folder", "Project"]);
    let all = root.all("Project").chain(inside);
    finding(stem, all.filter_map(|one| one.attribute("Path")))
}

fn finding<'p>(stem: &str, projects: impl Iterator<Item = &'p str>) -> Finding {
    let mut members: Vec<String> = projects.filter_map(directory).collect();
    members.sort();
    members.dedup();
    Finding::project(Manifest {
        name: text::some_line(stem, SHORT),
        workspace: Some(Workspace { members, ..Workspace::default() }),
        tools: vec![".NET SDK".to_owned()],
        ..Manifest::default()
    })
}

/// The directory of a project that the detector reads; none for the solution's own.
fn directory(path: &str) -> Option<String> {
    let path = path.replace('\\', "/");
    let (directory, name) = path.rsplit_once('/')?;
    dotnet::is_project(name).then(|| text::line(directory, SHORT))
}

#[cfg(test)]
mod tests {
    use super::{xml as solution, *};
    use crate::scanner::{detectors::xml, manifest::Contribution};

    fn members(finding: Finding) -> Vec<String> {
        match finding.contribution {
            Contribution::Project(manifest) => manifest.workspace.unwrap().members,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn both_forms_name_their_projects() {
        let old = "\nMicrosoft Visual Studio Solution File, Format Version 12.00\n\
            Project(\"{9A}\") = \"Core\", \"src\\Core\\Core.csproj\", \"{1}\"\nEndProject\n\
            Project(\"{21}\") = \"src\", \"src\", \"{2}\"\nEndProject\n\
            Project(\"{8B}\") = \"Native\", \"n\\N.vcxproj\", \"{3}\"\nEndProject\n";
        let new = "<Solution><Folder Name=\"/src/\"><Project Path=\"src/Core/Core.csproj\"/></Folder>\
            <Project Path=\"tool/Tool.fsproj\"/></Solution>";

        assert_eq!(members(text("All", old).unwrap()), ["src/Core"]);
        assert_eq!(members(solution("All", &xml::read(new).unwrap())), ["src/Core", "tool"]);
    }

    #[test]
    fn other_text_is_unreadable() {
        assert!(text("All", "hello").is_err());
    }
}
