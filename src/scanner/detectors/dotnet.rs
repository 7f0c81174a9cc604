//! .NET: project files, solutions, and the files that share properties and versions.

use super::{
    Detector, FileName, Finding, Manifest, Unreadable, solution,
    table::{LONG, SHORT},
    xml::{self, Element},
};
use crate::scanner::{
    manifest::{Field, Requirement, Shared},
    model::{EntryKind, Scope},
    text,
};

pub(super) struct DotNet;

impl Detector for DotNet {
    fn kind(&self) -> &'static str {
        "dotnet"
    }

    fn reads(&self, file: FileName<'_>) -> bool {
        is_project(file.name()) || matches!(file.extension(), "sln" | "slnx") || is_aside(file)
    }

    fn read(&self, file: FileName<'_>, text: &str) -> Result<Finding, Unreadable> {
        let stem = stem(file.name());
        if is_aside(file) {
            return Ok(aside(file.name(), text));
        }
        match file.extension() {
            "sln" => solution::text(stem, text),
            "slnx" => Ok(solution::xml(stem, &xml::read(text)?)),
            _ => Ok(Finding::project(project(stem, &xml::read(text)?))),
        }
    }

    /// Package names are the same in any case.
    fn normal_name(&self, name: &str) -> String {
        name.to_lowercase()
    }
}

pub(super) fn is_project(name: &str) -> bool {
    matches!(FileName(name).extension(), "csproj" | "fsproj" | "vbproj")
}

/// `Directory.Build.props` and `Directory.Packages.props` are read by name; large repositories call
/// what these import alike.
fn is_aside(file: FileName<'_>) -> bool {
    let name = file.name();
    name == "packages.config" || (name.starts_with("Directory.") && file.extension() == "props")
}

pub(super) fn stem(name: &str) -> &str {
    name.rsplit_once('.').map_or(name, |(stem, _)| stem)
}

/// A file that only adds to projects: unreadable, it costs them what it would have added.
fn aside(name: &str, text: &str) -> Finding {
    match xml::read(text) {
        Ok(root) if name == "packages.config" => Finding::addition(packages(&root)),
        Ok(root) => Finding::addition(Manifest {
            shared: Some(Box::new(shared(&root))),
            ..Manifest::default()
        }),
        Err(error) => error.beside(name),
    }
}

fn packages(root: &Element) -> Manifest {
    let mut manifest = Manifest::default();
    for package in root.all("package") {
        let is_tool = package.attribute("developmentDependency") == Some("true");
        let scope = if is_tool { Scope::Build } else { Scope::Runtime };
        if let Some(id) = package.attribute("id") {
            manifest.depend(id, package.attribute("version"), scope);
        }
    }
    manifest
}

fn shared(root: &Element) -> Shared {
    let groups = root.at(&["PropertyGroup"]).into_iter().flat_map(|group| &group.children);
    let properties =
        groups.filter_map(|one| Some((one.name.to_lowercase(), one.line(SHORT)?))).collect();
    let versions = root.at(&["ItemGroup", "PackageVersion"]).into_iter().filter_map(|one| {
        let name = one.attribute("Include").or_else(|| one.attribute("Update"))?;
        Some((text::line(name, SHORT).to_lowercase(), version(one, "Version")?))
    });
    Shared {
        version: property(root, "Version").or_else(|| property(root, "VersionPrefix")),
        licence: property(root, "PackageLicenseExpression"),
        description: property(root, "Description"),
        dependencies: versions.collect(),
        properties,
        ..Shared::default()
    }
}

fn property(root: &Element, name: &str) -> Option<String> {
    root.at(&["PropertyGroup", name]).into_iter().find_map(|one| one.line(SHORT))
}

fn project(stem: &str, root: &Element) -> Manifest {
    let property = |name| property(root, name);
    let aliases = [property("PackageId"), property("AssemblyName")];
    let mut manifest = Manifest {
        name: text::some_line(stem, SHORT),
        version: property("Version").or_else(|| property("VersionPrefix")),
        description: property("Description").and_then(|text| text::some_line(&text, LONG)),
        licence: property("PackageLicenseExpression"),
        private: property("IsPackable").as_deref() == Some("false"),
        inherits: vec![Field::Version, Field::Licence],
        provides: aliases.into_iter().flatten().filter(|name| name != stem).collect(),
        tools: vec![".NET SDK".to_owned()],
        ..Manifest::default()
    };
    for one in root.at(&["ItemGroup", "PackageReference"]) {
        manifest.dependencies.extend(package(one));
    }
    for one in root.at(&["ItemGroup", "ProjectReference"]) {
        manifest.dependencies.extend(reference(one));
    }
    frameworks(root, &mut manifest);
    enter(stem, root, &mut manifest);
    manifest
}

/// An attribute, or in older files an element.
fn version(one: &Element, name: &str) -> Option<String> {
    let attribute = one.attribute(name).and_then(|version| text::some_line(version, SHORT));
    attribute.or_else(|| one.child_line(name))
}

fn package(one: &Element) -> Option<Requirement> {
    let name = text::some_line(one.attribute("Include")?, SHORT)?;
    let version = version(one, "Version").or_else(|| version(one, "VersionOverride"));
    let assets = one.attribute("PrivateAssets").map(str::to_owned);
    let assets = assets.or_else(|| one.child_line("PrivateAssets"));
    // Such a package helps to build, and those who use the project do not get it.
    let is_private = assets.is_some_and(|assets| assets.eq_ignore_ascii_case("all"));
    Some(Requirement {
        name,
        inherited: version.is_none(),
        requirement: version,
        scope: if is_private { Scope::Build } else { Scope::Runtime },
        path: None,
    })
}

fn reference(one: &Element) -> Option<Requirement> {
    let path = one.attribute("Include")?.replace('\\', "/");
    let (directory, file) = path.rsplit_once('/').unwrap_or((".", path.as_str()));
    Some(Requirement {
        name: text::some_line(stem(file), SHORT)?,
        requirement: None,
        scope: Scope::Runtime,
        path: text::some_line(directory, SHORT),
        inherited: false,
    })
}

/// Those that come with an SDK or a property instead of a package.
fn frameworks(root: &Element, manifest: &mut Manifest) {
    let sdks = root.all("Sdk").filter_map(|one| one.attribute("Name"));
    let sdks: Vec<&str> = root.attribute("Sdk").into_iter().chain(sdks).collect();
    let has = |name: &str| sdks.iter().any(|sdk| sdk.starts_with(name));
    let is_set = |name| property(root, name).is_some_and(|one| one.eq_ignore_ascii_case("true"));
    let references = root.at(&["ItemGroup", "FrameworkReference"]);
    let refers =
        |name| references.iter().any(|one| one.attribute("Include").is_some_and(|it| it == name));
    let blazor = has("Microsoft.NET.Sdk.BlazorWebAssembly");
    for (is_used, label) in [
        (has("Microsoft.NET.Sdk.Web") || refers("Microsoft.AspNetCore.App"), "ASP.NET Core"),
        (blazor || has("Microsoft.NET.Sdk.Razor"), "Blazor"),
        (has("Aspire.AppHost.Sdk"), "Aspire"),
        (is_set("UseWPF"), "WPF"),
        (is_set("UseWindowsForms"), "Windows Forms"),
        (is_set("UseMaui"), "MAUI"),
    ] {
        if is_used {
            manifest.frameworks.push(label.to_owned());
        }
    }
}

fn enter(stem: &str, root: &Element, manifest: &mut Manifest) {
    let sdk = root.attribute("Sdk").unwrap_or_default();
    let output = property(root, "OutputType").unwrap_or_default().to_lowercase();
    let runs = ["Microsoft.NET.Sdk.Web", "Microsoft.NET.Sdk.Worker", "Aspire.AppHost"];
    let is_test = property(root, "IsTestProject").as_deref() == Some("true")
        || manifest.dependencies.iter().any(|one| one.name == "Microsoft.NET.Test.Sdk");
    if is_test {
        return;
    }
    let is_program = output.ends_with("exe") || runs.iter().any(|start| sdk.starts_with(start));
    let kind = if is_program { EntryKind::Binary } else { EntryKind::Library };
    let class = property(root, "StartupObject");
    manifest.enter(kind, stem, class.as_deref());
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scanner::manifest::Contribution;

    fn read(name: &str, text: &str) -> Manifest {
        match DotNet.read(FileName(name), text).unwrap().contribution {
            Contribution::Project(manifest) | Contribution::Addition(manifest) => *manifest,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_project_tells_all_of_itself() {
        let manifest = read(
            "src/Api/Team.Api.csproj",
            "<Project Sdk=\"Microsoft.NET.Sdk.Web\"><PropertyGroup><Version>1.2</Version>\
             <PackageId>Team.Web</PackageId></PropertyGroup><ItemGroup>\
             <PackageReference Include=\"Dapper\" Version=\"2.1\" />\
             <PackageReference Include=\"Polly\"><Version>8</Version></PackageReference>\
             <PackageReference Include=\"Analyzers\" PrivateAssets=\"All\" />\
             <ProjectReference Include=\"..\\Core\\Core.csproj\" /></ItemGroup></Project>",
        );

        let found: Vec<_> = manifest
            .dependencies
            .iter()
            .map(|one| (one.name.as_str(), one.requirement.as_deref(), one.scope, one.inherited))
            .collect();
        assert_eq!(manifest.name.as_deref(), Some("Team.Api"));
        assert_eq!(manifest.provides, ["Team.Web"]);
        assert_eq!(manifest.frameworks, ["ASP.NET Core"]);
        assert_eq!(manifest.entry_points[0].kind, EntryKind::Binary);
        assert_eq!(
            found,
            [
                ("Dapper", Some("2.1"), Scope::Runtime, false),
                ("Polly", Some("8"), Scope::Runtime, false),
                ("Analyzers", None, Scope::Build, true),
                ("Core", None, Scope::Runtime, false),
            ]
        );
        assert_eq!(manifest.dependencies[3].path.as_deref(), Some("../Core"));
    }

    #[test]
    fn central_versions_are_shared() {
        let manifest = read(
            "Directory.Packages.props",
            "<Project><PropertyGroup><AspireVersion>9</AspireVersion></PropertyGroup><ItemGroup>\
             <PackageVersion Include=\"Dapper\" Version=\"2.1\" /></ItemGroup></Project>",
        );

        let shared = manifest.shared.unwrap();
        assert_eq!(shared.dependencies["dapper"], "2.1");
        assert_eq!(shared.properties["aspireversion"], "9");
    }

    #[test]
    fn broken_files_are_told() {
        assert!(DotNet.read(FileName("A.csproj"), "<Project>").is_err());
        let finding = DotNet.read(FileName("Directory.Build.props"), "<Project>").unwrap();
        assert!(matches!(finding.contribution, Contribution::Addition(_)));
        assert_eq!(finding.problems.len(), 1);
    }
}
