//! What a detector reads out of one file, before files are put together into projects.
//!
//! The same words serve every ecosystem, so that inheritance and workspaces are resolved in one
//! place (`projects.rs`) and a detector only has to read bytes.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::model::{Attributes, EntryKind, EntryPoint, Pipeline, Scope, Script, WarningCode};

/// Entry points, and scripts, of one manifest; where there are more, they are generated.
const MAX_LISTED: usize = 200;
/// Direct dependencies of one manifest; where there are more, it is no manifest that people write.
const MAX_DEPENDENCIES: usize = 5_000;

/// What one file says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Contribution {
    /// The file makes its directory a project.
    Project(Box<Manifest>),
    /// The file adds to a project that another file of its directory makes.
    Addition(Box<Manifest>),
    /// The file belongs to the nearest project around it, and makes its directory one where there
    /// is none: a container file.
    Component(Box<Manifest>),
    /// The file tells something of the nearest project around it, and never makes one: a workflow.
    Remark(Box<Manifest>),
    Tasks(Box<TaskList>),
}

/// A contribution and what was wrong with it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    pub contribution: Contribution,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub problems: Vec<Problem>,
}

/// A warning that does not know its path yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    pub code: WarningCode,
    pub message: String,
}

/// A manifest in the words that all ecosystems share.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Manifest {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub licence: Option<String>,
    #[serde(skip_serializing_if = "is_false")]
    pub private: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub dependencies: Vec<Requirement>,
    /// Fields that stand in the workspace's manifest instead.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub inherits: Vec<Field>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workspace: Option<Workspace>,
    /// What other projects take from this file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shared: Option<Box<Shared>>,
    /// Where this one takes what it does not say itself.
    #[serde(skip_serializing_if = "is_default")]
    pub heritage: Heritage,
    /// Directories that belong to the same workspace because this file depends on them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub local: Vec<String>,
    /// Files whose dependencies belong here too, relative to this one.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub includes: Vec<String>,
    /// Directories that this file makes projects although they need no manifest of their own.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub children: Vec<Child>,
    /// Further names by which the repository's other projects depend on this one.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub provides: Vec<String>,
    /// What manages and builds it, as people call it: `pnpm`, `Turborepo`, `Poetry`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tools: Vec<String>,
    /// Frameworks that the manifest names itself; those among the dependencies are known without.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub frameworks: Vec<String>,
    /// What it is tested with, where the manifest says so itself.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub test_tools: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub entry_points: Vec<EntryPoint>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub scripts: Vec<Script>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub pipelines: Vec<Pipeline>,
}

/// A project inside the directory of the manifest that declares it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Child {
    /// Relative to the manifest's directory; one that is no directory of the commit is left out.
    pub path: String,
    pub manifest: Manifest,
}

/// A dependency as one manifest writes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Requirement {
    pub name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requirement: Option<String>,
    pub scope: Scope,
    /// The directory it is taken from, relative to the manifest's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// The requirement stands in a file that shares it; one given here says which of several.
    #[serde(default, skip_serializing_if = "is_false")]
    pub inherited: bool,
}

/// A field that a workspace can share.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Field {
    Version,
    Description,
    Licence,
}

/// Where a manifest takes its fields, requirements and placeholders from, besides itself.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Heritage {
    /// From what the directories above share, the nearest first.
    #[default]
    Above,
    /// From the file or directory at this path, if the project there has this name.
    Parent {
        path: String,
        name: String,
    },
    Nothing,
}

/// What a workspace's root says of its members.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Workspace {
    /// Glob patterns of directories, relative to the root; `!` takes away.
    pub members: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub exclude: Vec<String>,
    /// By convention and not by declaration: a workspace only where it has a member.
    #[serde(skip_serializing_if = "is_false")]
    pub presumed: bool,
}

/// What a file gives to the projects below it, or to those that name it as their parent.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Shared {
    /// The directory that it speaks for, relative to the file's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub licence: Option<String>,
    /// Requirements by name; `name catalog:x` where there are several by that name.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub dependencies: BTreeMap<String, String>,
    /// The packages that a short name stands for.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub aliases: BTreeMap<String, Vec<String>>,
    /// Values of `${name}` and `$(name)`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub properties: BTreeMap<String, String>,
}

/// A file of checkboxes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct TaskList {
    /// What the frontmatter says of all tasks.
    pub defaults: Attributes,
    pub tasks: Vec<TaskFact>,
}

/// One checkbox.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct TaskFact {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    pub title: String,
    pub done: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub section: Vec<String>,
    pub depth: u32,
    /// Index of the task around it in the same file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parent: Option<usize>,
    pub line: u32,
    #[serde(skip_serializing_if = "says_nothing")]
    pub attributes: Attributes,
}

impl Finding {
    /// A manifest that makes its directory a project.
    pub fn project(manifest: Manifest) -> Self {
        Self { contribution: Contribution::Project(Box::new(manifest)), problems: Vec::new() }
    }

    /// A manifest that only adds to one.
    pub fn addition(manifest: Manifest) -> Self {
        Self { contribution: Contribution::Addition(Box::new(manifest)), problems: Vec::new() }
    }

    /// A manifest of something that lives inside a project, or alone.
    pub fn component(manifest: Manifest) -> Self {
        Self { contribution: Contribution::Component(Box::new(manifest)), problems: Vec::new() }
    }

    /// Something to know of the project around the file.
    pub fn remark(manifest: Manifest) -> Self {
        Self { contribution: Contribution::Remark(Box::new(manifest)), problems: Vec::new() }
    }

    pub fn tasks(list: TaskList) -> Self {
        Self { contribution: Contribution::Tasks(Box::new(list)), problems: Vec::new() }
    }

    #[must_use]
    pub fn with_problem(mut self, code: WarningCode, message: String) -> Self {
        self.problems.push(Problem { code, message });
        self
    }
}

impl Manifest {
    /// Adds a dependency unless the same one is there for the same purpose.
    pub fn depend(&mut self, name: &str, requirement: Option<&str>, scope: Scope) {
        self.require(Requirement {
            name: super::text::line(name, 256),
            requirement: requirement.and_then(|text| super::text::some_line(text, 256)),
            scope,
            path: None,
            inherited: false,
        });
    }

    /// Adds a dependency whose requirement another file shares.
    pub fn depend_shared(&mut self, name: &str, which: Option<&str>, scope: Scope) {
        self.require(Requirement {
            name: super::text::line(name, 256),
            requirement: which.and_then(|text| super::text::some_line(text, 256)),
            scope,
            path: None,
            inherited: true,
        });
    }

    /// Adds something that runs, bounded like all text from a repository.
    pub fn enter(&mut self, kind: EntryKind, name: &str, target: Option<&str>) {
        let name = super::text::line(name, 256);
        if !name.is_empty() && self.entry_points.len() < MAX_LISTED {
            let target = target.and_then(|text| super::text::some_line(text, 256));
            self.entry_points.push(EntryPoint { kind, name, target });
        }
    }

    /// Adds a command that people run by its name.
    pub fn script(&mut self, name: &str, command: &str) {
        let name = super::text::line(name, 256);
        if !name.is_empty() && self.scripts.len() < MAX_LISTED {
            self.scripts.push(Script { name, command: super::text::line(command, 500) });
        }
    }

    /// Adds what people call the tool that manages, builds or tests it.
    pub fn tool(&mut self, name: &str) {
        if !self.tools.iter().any(|tool| tool == name) {
            self.tools.push(name.to_owned());
        }
    }

    pub fn require(&mut self, requirement: Requirement) {
        if !requirement.name.is_empty() && self.dependencies.len() < MAX_DEPENDENCIES {
            self.dependencies.push(requirement);
        }
    }
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

fn says_nothing(attributes: &Attributes) -> bool {
    *attributes == Attributes::default()
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_false(value: &bool) -> bool {
    !value
}
