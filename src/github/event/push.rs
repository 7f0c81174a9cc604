//! `push`: a branch or a tag moved, came or went.

use chrono::{DateTime, Utc};
use serde::Deserialize;

use crate::github::model::{Actor, Repository, list, moment};

/// The push of one branch or tag. `before` is all zeros where it is new, `after` where it is gone.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Push {
    /// `refs/heads/main`, say.
    #[serde(rename = "ref")]
    pub reference: String,
    pub before: String,
    pub after: String,
    pub repository: Repository,
    #[serde(default)]
    pub created: bool,
    #[serde(default)]
    pub deleted: bool,
    #[serde(default)]
    pub forced: bool,
    #[serde(default)]
    pub base_ref: Option<String>,
    #[serde(default)]
    pub compare: Option<String>,
    /// 2,048 at most.
    #[serde(default, deserialize_with = "list")]
    pub commits: Vec<PushCommit>,
    /// None where the branch is gone.
    #[serde(default)]
    pub head_commit: Option<PushCommit>,
    #[serde(default)]
    pub pusher: Option<PushPerson>,
    #[serde(default)]
    pub sender: Option<Actor>,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct PushCommit {
    /// The hash.
    pub id: String,
    pub message: String,
    #[serde(deserialize_with = "moment")]
    pub timestamp: DateTime<Utc>,
    #[serde(default)]
    pub tree_id: Option<String>,
    #[serde(default)]
    pub url: Option<String>,
    /// Whether no earlier push has brought it.
    #[serde(default)]
    pub distinct: bool,
    pub author: PushPerson,
    #[serde(default)]
    pub committer: Option<PushPerson>,
    #[serde(default, deserialize_with = "list")]
    pub added: Vec<String>,
    #[serde(default, deserialize_with = "list")]
    pub removed: Vec<String>,
    #[serde(default, deserialize_with = "list")]
    pub modified: Vec<String>,
}

/// Somebody by what git knows; `username` is the login where GitHub knows the address.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct PushPerson {
    #[serde(default)]
    pub name: Option<String>,
    #[serde(default)]
    pub email: Option<String>,
    #[serde(default)]
    pub username: Option<String>,
}

impl Push {
    /// The branch's name, where it is a branch.
    pub fn branch(&self) -> Option<&str> {
        self.reference.strip_prefix("refs/heads/")
    }

    pub fn tag(&self) -> Option<&str> {
        self.reference.strip_prefix("refs/tags/")
    }
}
