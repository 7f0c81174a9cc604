//! `create` and `delete`: a branch or a tag came or went.

use serde::Deserialize;

use crate::github::model::{Actor, Repository};

words! {
    pub enum ReferenceKind { Branch = "branch", Tag = "tag" }
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Creation {
    /// The name alone, without `refs/heads/`.
    #[serde(rename = "ref")]
    pub name: String,
    pub ref_type: ReferenceKind,
    pub repository: Repository,
    #[serde(default)]
    pub master_branch: Option<String>,
    #[serde(default)]
    pub sender: Option<Actor>,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Deletion {
    /// The name alone, without `refs/heads/`.
    #[serde(rename = "ref")]
    pub name: String,
    pub ref_type: ReferenceKind,
    pub repository: Repository,
    #[serde(default)]
    pub sender: Option<Actor>,
}
