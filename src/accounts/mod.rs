//! People and how they sign in: accounts, sessions, setup links, API tokens.
//!
//! Used by the pages of sign-in and by the command line. A way of signing in ends in
//! [`sessions::start`], whatever proved the person. Invariant: a secret (session, link, token) is
//! stored only as its hash and shown only once.

mod model;
mod pages;
pub mod sessions;
mod sessions_page;
pub mod setup;
mod store;
pub mod tokens;

pub use model::{InvalidLogin, Login, PersonName};
pub use pages::routes;
pub use store::{find_account_id, insert_account};
