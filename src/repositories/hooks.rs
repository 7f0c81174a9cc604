//! The requests to have a repository's hook at GitHub made and taken away; what does them is in `webhooks`.

use serde::{Deserialize, Serialize};

use super::RepositoryId;
use crate::jobs::Job;

/// Makes the repository's own hook at GitHub, where it is asked about by a person's token.
///
/// Idempotent: a hook that is there already, by our row of it or by its address at GitHub, is the one.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct MakeHook {
    pub repository: RepositoryId,
}

/// Takes the hooks of a repository away that was disconnected.
///
/// Idempotent: what is gone stays gone, and those of a repository that is back are left alone.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RemoveHooks {
    pub repository: RepositoryId,
}

impl Job for MakeHook {
    const KIND: &'static str = "make_hook";
    const ATTEMPTS: u16 = 12;

    fn lane(&self) -> String {
        LANE.to_owned()
    }
}

impl Job for RemoveHooks {
    const KIND: &'static str = "remove_hooks";
    const ATTEMPTS: u16 = 12;

    fn lane(&self) -> String {
        LANE.to_owned()
    }
}

/// One after the other in an organisation: GitHub wants what writes to come so.
pub const LANE: &str = "hooks";
