//! Pages of signing in and of sessions.

use crate::tenancy::Routes;

pub fn routes() -> Routes {
    Routes::default()
}
