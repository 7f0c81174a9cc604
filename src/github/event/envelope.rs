//! What every payload has around its subject.

use serde::Deserialize;

use super::{Undigestible, undigestible::read};
use crate::github::model::{Actor, Organization, RepositoryReference};

/// Whom and what a payload is about, as far as all families say it alike.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct Envelope {
    #[serde(default)]
    pub action: Option<String>,
    #[serde(default)]
    pub repository: Option<RepositoryReference>,
    #[serde(default)]
    pub organization: Option<Organization>,
    #[serde(default)]
    pub installation: Option<Reference>,
    /// None for a deleted account.
    #[serde(default)]
    pub sender: Option<Actor>,
}

/// Something of which the id alone is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub struct Reference {
    pub id: i64,
}

impl Envelope {
    pub fn parse(payload: &[u8]) -> Result<Self, Undigestible> {
        read(payload)
    }
}
