//! People and how they sign in: accounts, sessions, setup links, API tokens.
//!
//! Used by the pages of sign-in and by the command line. A way of signing in ends in
//! [`sessions::start`], whatever proved the person. Invariant: a secret (session, link, token) is
//! stored only as its hash and shown only once.

mod account;
mod factors;
mod frame;
pub mod keys;
mod model;
mod pages;
mod reconnection;
pub mod sessions;
mod sessions_page;
pub mod setup;
pub mod sign_in;
mod store;
pub mod tokens;

use crate::tenancy::Routes;
pub use model::{InvalidLogin, Login, PersonName};

/// The routes of signing in, of sessions, and of the person's organisations.
pub fn routes() -> Routes {
    pages::routes()
        .and(sign_in::routes())
        .and(factors::routes())
        .and(tokens::routes())
        .and(account::routes())
        .and(keys::routes())
        .and(reconnection::routes())
}
pub use factors::remove_factor;
pub use store::{find_account_id, insert_account};
