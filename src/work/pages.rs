//! Pages of projects, tasks, commits and scans.

use crate::tenancy::Routes;

pub fn routes() -> Routes {
    Routes::default().and(super::events::routes()).and(super::api::routes())
}
