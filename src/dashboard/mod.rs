//! What people look at first: the overview, the repositories, and the palette.
//!
//! Reads through `work` and `repositories`; connecting a repository starts its first scan. Nothing is above it but
//! the composition root. Invariant: it keeps nothing of its own.

mod access_page;
mod overview_page;
mod palette;
mod removal_page;
mod repositories_page;
mod repository_page;
mod settings_page;
mod store;

use crate::tenancy::Routes;

pub fn routes() -> Routes {
    Routes::default()
        .read("/{organization}", overview_page::overview)
        .read("/{organization}/running-scans", overview_page::running_scans)
        .read("/{organization}/repositories", repositories_page::repositories)
        .post("/{organization}/repositories", repositories_page::add)
        .read("/{organization}/repositories/{repository}", repository_page::repository)
        .read("/{organization}/repositories/{repository}/removal", removal_page::confirm)
        .post("/{organization}/repositories/{repository}/removal", removal_page::remove)
        .read("/{organization}/repositories/{repository}/settings", settings_page::settings)
        .post("/{organization}/repositories/{repository}/settings", settings_page::change)
        .read("/{organization}/repositories/{repository}/access", access_page::access)
        .post("/{organization}/repositories/{repository}/access", access_page::change)
        .read("/{organization}/palette", palette::palette)
}
