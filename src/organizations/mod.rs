//! Organisations (the tenants), their members, and the log of what was done in them.
//!
//! `accounts` makes and joins organisations through it; every module that changes something writes
//! to its [`audit`]. Invariant: an organisation is addressed by a slug that never collides with an
//! address of the product's own.

pub mod api;
pub mod audit;
mod frame;
pub mod github_teams;
mod invitation_page;
pub mod invitations;
mod invitations_page;
mod leaving;
pub mod members;
mod members_page;
mod model;
mod pages;
mod store;
pub mod teams;
mod teams_page;

use chrono::{DateTime, Utc};
use serde_json::Value;

pub use frame::{Rail, RailEntry, Standing, listening};
pub use model::{InvalidName, InvalidSlug, Membership, OrganizationName, Slug};
pub use store::{add_member, find_first, find_slug, insert, list_all, list_memberships, rename};

use crate::tenancy::Routes;

pub fn routes() -> Routes {
    pages::routes()
        .and(members_page::routes())
        .and(invitations_page::routes())
        .and(invitation_page::routes())
        .and(teams_page::routes())
        .and(api::routes())
}

/// An entry of the log about something that was done in the actor's own name.
fn event(
    action: &'static str,
    subject_kind: &'static str,
    subject_id: String,
    detail: Value,
    at: DateTime<Utc>,
) -> audit::Event<'static> {
    audit::Event::new(action, subject_kind, subject_id, at).detail(detail)
}
