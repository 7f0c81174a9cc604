//! Connecting GitHub: the pages on which an organisation makes connections and chooses repositories.
//!
//! A GitHub App is made from a manifest ([`app_page`]) or pasted ([`paste_page`]), a token is pasted
//! ([`token_page`]) or comes by an OAuth App ([`oauth_page`], [`authorized_page`]); [`connect_found`]
//! connects a repository that GitHub has shown, whether it was chosen from a list or named by its address.
//!
//! Invariants: GitHub is asked with no transaction open; what comes back from GitHub in an address is
//! believed only as far as GitHub itself confirms it; our own addresses are those of the configuration.

mod app_page;
mod authorized_page;
mod choosing;
mod connect;
mod connection_page;
mod form;
mod installed_page;
mod list_page;
mod manifest;
mod oauth_page;
mod paste_page;
mod preflight;
mod removal_page;
mod repositories_page;
mod token_page;
mod undo;

pub use connect::{Found, connect_found, look_up};

use crate::tenancy::Routes;

/// Where in the rail the pages stand.
pub const ENTRY: &str = "github";

/// The routes of the connections and of what they reach.
pub fn routes() -> Routes {
    list_page::routes()
        .and(app_page::routes())
        .and(paste_page::routes())
        .and(token_page::routes())
        .and(oauth_page::routes())
        .and(authorized_page::routes())
        .and(connection_page::routes())
        .and(installed_page::routes())
        .and(removal_page::routes())
        .and(repositories_page::routes())
        .and(undo::routes())
}
