//! What a person does with the own account: name, tokens, their data, and the way out.
//!
//! Invariants: what is changed is the account of whoever is signed in, and no other; deleting leaves
//! no organisation without an owner; whatever is done stands in the log of each organisation that it
//! concerns.

mod deletion_page;
mod export;
mod profile_page;
mod store;
mod tokens_page;

use crate::tenancy::Routes;

pub(super) fn routes() -> Routes {
    profile_page::routes()
        .and(tokens_page::routes())
        .and(export::routes())
        .and(deletion_page::routes())
}
