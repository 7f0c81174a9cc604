//! What projects and repositories are besides their rows in lists.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::ProjectId;
use crate::{
    repositories::Oid,
    scanner::model::{
        self, EntryPoint, LicenceText, OwnersFile, Pipeline, Readme, Script, TreeSize,
    },
};

/// What a project's manifests and the files around them say of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct ProjectDetails {
    /// What manages and builds it.
    pub tools: Vec<String>,
    pub frameworks: Vec<String>,
    pub test_tools: Vec<String>,
    /// Its own files that are tests by their names.
    pub test_files: u64,
    pub entry_points: Vec<EntryPoint>,
    pub scripts: Vec<Script>,
    /// Those whose files belong to it.
    pub pipelines: Vec<Pipeline>,
    pub readme: Option<Readme>,
    /// By CODEOWNERS, of its whole directory.
    pub owners: Vec<String>,
    pub licence: LicenceDetails,
}

/// Where a project's licence is told.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct LicenceDetails {
    /// By its manifest.
    pub declared: Option<String>,
    /// By the texts in its directory, else in the nearest one above that has any.
    pub texts: Vec<LicenceText>,
    /// Whether the manifest names none of the licences of the texts.
    pub disagrees: bool,
}

impl ProjectDetails {
    pub(crate) fn of(project: &model::Project) -> Self {
        Self {
            tools: project.tools.clone(),
            frameworks: project.frameworks.clone(),
            test_tools: project.test_tools.clone(),
            test_files: project.test_files,
            entry_points: project.entry_points.clone(),
            scripts: project.scripts.clone(),
            pipelines: project.pipelines.clone(),
            readme: project.readme.clone(),
            owners: project.owners.clone(),
            licence: LicenceDetails {
                declared: project.licence.clone(),
                texts: project.licence_texts.clone(),
                disagrees: project.licence_disagrees,
            },
        }
    }
}

/// What is read of a project for its own page only.
#[derive(Clone, Debug)]
pub struct ProjectFacts {
    /// Of its own files, which belong to no project inside it.
    pub files: i64,
    pub bytes: i64,
    pub last_change: Option<LastChange>,
    pub details: ProjectDetails,
    /// What runs for the whole repository, where this is not the root.
    pub around: Vec<Pipeline>,
}

/// The latest commit that changed one of a project's own files.
#[derive(Clone, Debug, Serialize)]
pub struct LastChange {
    pub commit: Oid,
    pub author: String,
    pub at: DateTime<Utc>,
    pub subject: String,
}

/// Somebody who changed a project.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Contributor {
    pub name: String,
    pub email: String,
    /// That changed one of its own files.
    pub commits: i64,
    pub first_at: DateTime<Utc>,
    pub last_at: DateTime<Utc>,
}

/// What is read of a repository for its own page only.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct RepositoryDetails {
    pub size: TreeSize,
    pub owners: Option<OwnersFile>,
}

/// Another repository at a path of this one.
#[derive(Clone, Debug)]
pub struct Submodule {
    pub path: String,
    /// As `.gitmodules` writes it.
    pub url: Option<String>,
    /// The same as an address that can be connected.
    pub address: Option<String>,
    pub branch: Option<String>,
    /// The commit it is pinned to.
    pub pinned: Option<Oid>,
    /// The name of the connected repository that it means.
    pub repository: Option<String>,
}

/// A repository that has this one at one of its paths.
#[derive(Clone, Debug)]
pub struct SubmoduleUse {
    pub repository: String,
    pub path: String,
}

/// A project in the graph of a repository.
#[derive(Clone, Debug)]
pub struct GraphNode {
    pub id: ProjectId,
    pub name: String,
    pub path: String,
    pub kind: String,
}

/// That one project needs another of the same repository.
#[derive(Clone, Debug)]
pub struct GraphEdge {
    pub from: ProjectId,
    pub to: ProjectId,
    /// What for, each once.
    pub scopes: Vec<String>,
}
