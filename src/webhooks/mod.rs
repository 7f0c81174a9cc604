//! Webhooks: what GitHub tells, kept until it has had its effect.
//!
//! A delivery is taken by a [`SignedDelivery`], which only a matching signature yields, is one row of
//! the inbox once [`Inbox::accept`] answers, and is worked through by [`DeliveryWorker`], a lane a
//! repository. Hooks are made by [`create`], for whoever may manage them.
//!
//! Invariants: nothing is answered 2xx that is not committed; the effect of a delivery and its end are
//! one transaction, so that it has its effect once however often it comes and whenever the server ends;
//! which organisation it is of follows from the hook whose secret signed it, never from what it says.

mod api;
mod at_github;
mod body;
mod deliveries_page;
mod delivery_page;
mod dispatch;
mod handlers;
mod hooks;
mod hooks_page;
mod inbox;
mod lost;
mod model;
mod packing;
mod receive;
mod receive_app;
pub mod recovery;
mod redact;
mod retention;
mod secrets;
mod store;
mod worker;

pub use api::ApiDocument;
pub use at_github::{RemoveConnection, Site as HookSite, register_jobs};
pub use body::MOST_BODY;
pub use hooks::{Hooks, NewHook, create, create_of_app, list_of_connection, trouble_of_repository};
pub use inbox::{Inbox, NotStored};
pub use model::{Delivery, DeliveryId, DeliveryState, Hook, HookId, HookName, InvalidHookName};
pub use receive::SignedDelivery;
pub use retention::{forget_finished, forget_gaps};
pub use worker::DeliveryWorker;

use crate::tenancy::Routes;

/// The routes of receiving, of the hooks and of the deliveries.
pub fn routes() -> Routes {
    receive::routes()
        .and(receive_app::routes())
        .and(api::routes())
        .and(hooks_page::routes())
        .and(deliveries_page::routes())
        .and(recovery::routes())
        .and(delivery_page::routes())
}
