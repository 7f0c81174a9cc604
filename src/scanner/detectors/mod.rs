//! The chain: an ordered list of detectors, each of which reads one ecosystem's files.
//!
//! A detector sees one file's text at a time and has no state, so that what it finds can be kept
//! per blob. Where a directory has manifests of several kinds, the earlier detector names the
//! project. `docs/adding-a-detector.md` is the recipe for one more.

mod actions;
mod ansible;
mod bazel;
mod cabal;
mod ci;
mod conda;
mod cpp;
#[cfg(test)]
mod damage_tests;
mod dart;
mod docker;
mod dotnet;
mod elixir;
mod erlang;
mod frontmatter;
mod generic;
mod go;
mod gradle;
mod gradle_catalog;
mod gradle_settings;
mod haskell;
mod helm;
mod kustomize;
mod maven;
mod npm;
mod npm_beside;
mod npm_runs;
mod partly;
mod php;
mod pyproject;
mod pyproject_runs;
mod python;
#[cfg(test)]
mod recipe;
mod requirements;
mod ruby;
mod ruby_statements;
mod rust;
mod sbt;
mod script;
mod setup_cfg;
mod setup_py;
mod setup_value;
mod solution;
mod swift;
mod table;
mod tasklist;
mod terraform;
mod xml;

use super::{
    manifest::{Finding, Manifest},
    model::WarningCode,
};

/// Reads the files of one ecosystem.
pub trait Detector: Sync {
    /// The project's `kind` in reports: short, lower case, never changed once released.
    fn kind(&self) -> &'static str;

    /// Is this file one of the ecosystem's? Asked for every path, so look at the name only.
    fn reads(&self, file: FileName<'_>) -> bool;

    /// Turns a file's text into what the chain understands. `Err` for a file that cannot be
    /// parsed: its directory becomes a project all the same, with a warning.
    fn read(&self, file: FileName<'_>, text: &str) -> Result<Finding, Unreadable>;

    /// A name in the form that tells whether two names mean the same package.
    fn normal_name(&self, name: &str) -> String {
        name.to_owned()
    }

    /// Whether it names the project of a repository where no detector found one.
    fn is_fallback(&self) -> bool {
        false
    }
}

/// The path of a file, asked for its parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FileName<'a>(pub &'a str);

/// Why a manifest cannot be parsed, in the parser's words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreadable(String);

/// The detectors in the order of the chain.
pub const CHAIN: &[&dyn Detector] = &[
    &rust::Rust,
    &npm::Npm,
    &python::Python,
    &go::Go,
    &maven::Maven,
    &gradle::Gradle,
    &sbt::Sbt,
    &dotnet::DotNet,
    &ruby::Ruby,
    &php::Php,
    &elixir::Elixir,
    &erlang::Erlang,
    &dart::Dart,
    &swift::Swift,
    &haskell::Haskell,
    &cpp::Cpp,
    &bazel::Bazel,
    &helm::Helm,
    &kustomize::Kustomize,
    &terraform::Terraform,
    &ansible::Ansible,
    &docker::Docker,
    &actions::Actions,
    &ci::Ci,
    &tasklist::TaskListFile,
    &generic::Generic,
];

impl<'a> FileName<'a> {
    /// Without its directories.
    pub fn name(self) -> &'a str {
        self.0.rsplit_once('/').map_or(self.0, |(_, name)| name)
    }

    /// `.` for a file at the root.
    pub fn directory(self) -> &'a str {
        self.0.rsplit_once('/').map_or(".", |(directory, _)| directory)
    }

    /// What follows the last dot of its name; empty without one.
    pub fn extension(self) -> &'a str {
        self.name().rsplit_once('.').map_or("", |(_, extension)| extension)
    }

    /// The last part of its directory; empty at the root.
    pub fn directory_name(self) -> &'a str {
        let directory = self.0.rsplit_once('/').map_or("", |(directory, _)| directory);
        directory.rsplit_once('/').map_or(directory, |(_, name)| name)
    }
}

impl Unreadable {
    /// Keeps the first line: parsers draw the place below it.
    pub fn new(error: &impl std::fmt::Display) -> Self {
        let text = error.to_string();
        let first = text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
        Self(super::text::line(first.trim_start().trim_start_matches("-->"), 300))
    }

    /// For a file that makes no project: a warning, and nothing else.
    pub(super) fn beside(self, name: &str) -> Finding {
        let Self(reason) = self;
        let message =
            format!("`{name}` cannot be parsed, so it adds nothing: {reason}. Repair the file.");
        Finding::addition(Manifest::default()).with_problem(WarningCode::BrokenManifest, message)
    }
}

/// Whether a file of this name is a list of tasks.
pub(super) fn is_task_list(file: FileName<'_>) -> bool {
    tasklist::TaskListFile.reads(file)
}

/// Reads a file by the detector at `index` of the chain.
pub(super) fn read(detector: &dyn Detector, file: FileName<'_>, text: &str) -> Finding {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    detector.read(file, text).unwrap_or_else(|Unreadable(reason)| {
        let message = format!(
            "`{}` cannot be parsed, so its project has only a path: {reason}. Repair the file.",
            file.name()
        );
        Finding::project(Manifest::default()).with_problem(WarningCode::BrokenManifest, message)
    })
}
