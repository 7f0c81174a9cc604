//! Teams of an organisation.

use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct Team {
    pub id: i64,
    pub name: String,
    pub slug: String,
    #[serde(default)]
    pub node_id: Option<String>,
    #[serde(default)]
    pub description: Option<String>,
    /// `closed` for teams that members see, `secret` for the others.
    #[serde(default)]
    pub privacy: Option<String>,
    #[serde(default)]
    pub permission: Option<String>,
    #[serde(default)]
    pub html_url: Option<String>,
    #[serde(default)]
    pub parent: Option<Box<Self>>,
}

/// A team where little is said of it: one that is being deleted has an id and a name alone.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct TeamReference {
    pub id: i64,
    pub name: String,
    #[serde(default)]
    pub slug: Option<String>,
    #[serde(default)]
    pub node_id: Option<String>,
    #[serde(default)]
    pub description: Option<String>,
    #[serde(default)]
    pub privacy: Option<String>,
    #[serde(default)]
    pub html_url: Option<String>,
    #[serde(default)]
    pub parent: Option<Box<Self>>,
    #[serde(default)]
    pub deleted: bool,
}
