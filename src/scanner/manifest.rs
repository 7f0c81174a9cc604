//! What a detector reads out of one file, before files are put together into projects.
//!
//! The same words serve every ecosystem, so that inheritance and workspaces are resolved in one
//! place (`projects.rs`) and a detector only has to read bytes.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::model::{Attributes, Scope, WarningCode};

/// What one file says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Contribution {
    /// The file makes its directory a project.
    Project(Box<Manifest>),
    /// The file adds to a project that another file of its directory makes.
    Addition(Box<Manifest>),
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
    /// Directories that belong to the same workspace because this file depends on them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub local: Vec<String>,
    /// Files whose dependencies belong here too, relative to this one.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub includes: Vec<String>,
}

/// A dependency as one manifest writes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Requirement {
    pub name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requirement: Option<String>,
    pub scope: Scope,
    /// The requirement stands in the workspace's manifest.
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

/// What a workspace's root says of its members.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Workspace {
    /// Glob patterns of directories, relative to the root; `!` takes away.
    pub members: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub exclude: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub licence: Option<String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub dependencies: BTreeMap<String, String>,
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
            inherited: false,
        });
    }

    pub fn require(&mut self, requirement: Requirement) {
        if !requirement.name.is_empty() {
            self.dependencies.push(requirement);
        }
    }
}

fn says_nothing(attributes: &Attributes) -> bool {
    *attributes == Attributes::default()
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_false(value: &bool) -> bool {
    !value
}
