//! What GitHub is asked for: a repository's issues, pull requests and the rest, when it is connected, by the
//! clock, and where an event left a doubt.
//!
//! Whoever connects a repository calls [`request_import`]; whoever hears an event calls [`request_wanted`] with
//! what it leaves to be asked; the clock calls [`request_due`]. The work is done by jobs, of which one at a time
//! asks by one connection ([`register_jobs`]). What they read they say to `tracker`, which decides what counts.
//!
//! Invariants: GitHub is never asked inside a transaction; what a page says and where the next one is are
//! written in one transaction, so that however a reading is interrupted, nothing is lost or counted twice;
//! no more than a page is held in memory; what fails leaves what is known as it was, and nothing is said to
//! be complete that was not read to its end.
//!
//! ```text
//! requests    asking for a reading, cancelling it, going on     schedule   what is due by the clock
//! import      the job that reads, a few pages at a time         read       one page of each resource
//! reconcile   the job that compares                             changes    what was changed, for that
//! wanted      the job that settles a doubt                      fetch      one thing, or that it is gone
//! batch       what was read, to be written                      under      what belongs to other things, for import
//! ```

mod actions;
mod api;
mod ask;
mod batch;
mod changes;
mod fetch;
mod import;
mod model;
mod page;
mod people;
mod read;
mod reconcile;
mod requests;
mod schedule;
mod state;
mod store;
mod under;
mod views;
mod wanted;

pub use api::ApiDocument;
pub use requests::{Requested, request_import};
pub use schedule::request_due;
pub use wanted::request_wanted;

use crate::{connections::Connections, jobs::Registry, tenancy::Routes};
use ask::Settings;

/// Names the functions that ask GitHub.
pub fn register_jobs(registry: Registry, connections: Connections) -> Registry {
    let import = Settings { connections };
    let (compare, fetch) = (import.clone(), import.clone());
    registry
        .with(move |context, job| {
            let settings = import.clone();
            import::Run { context, settings, job }.run()
        })
        .with(move |context, job| {
            let settings = compare.clone();
            reconcile::Comparison { context, settings, job }.run()
        })
        .with(move |context, job| wanted::run(context, fetch.clone(), job))
}

/// The routes of the page and the API.
pub fn routes() -> Routes {
    page::routes().and(api::routes())
}
