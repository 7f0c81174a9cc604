//! Pages of the overview and of repositories.

use crate::tenancy::Routes;

pub fn routes() -> Routes {
    Routes::default()
}
