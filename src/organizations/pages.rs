//! Pages of an organisation and its members.

use crate::tenancy::Routes;

pub fn routes() -> Routes {
    Routes::default()
}
