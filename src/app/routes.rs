//! All routes, in one table.

use crate::{
    accounts, connecting, dashboard, organizations, sync, tenancy::Routes, webhooks, work,
};

/// Every route of the product with who may use it.
pub fn routes() -> Routes {
    Routes::default()
        .and(super::health::routes())
        .and(super::openapi::routes())
        .and(super::api_reference::routes())
        .and(super::privacy_page::routes())
        .and(accounts::routes())
        .and(organizations::routes())
        .and(work::routes())
        .and(sync::routes())
        .and(webhooks::routes())
        .and(connecting::routes())
        .and(dashboard::routes())
}
