//! `release`.

use serde::Deserialize;

use crate::github::model::{Actor, Release, Repository};

words! {
    pub enum ReleaseAction {
        Created = "created",
        Edited = "edited",
        Deleted = "deleted",
        Prereleased = "prereleased",
        Published = "published",
        Released = "released",
        Unpublished = "unpublished",
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct ReleaseEvent {
    pub action: ReleaseAction,
    pub release: Release,
    pub repository: Repository,
    #[serde(default)]
    pub sender: Option<Actor>,
}
