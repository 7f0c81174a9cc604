//! Organisations (the tenants), their members, and the log of what was done in them.
//!
//! `accounts` makes and joins organisations through it; every module that changes something writes
//! to its [`audit`]. Invariant: an organisation is addressed by a slug that never collides with an
//! address of the product's own.

pub mod audit;
mod frame;
mod leaving;
mod model;
mod pages;
mod store;

pub use frame::{Rail, RailEntry, Standing, listening};
pub use model::{InvalidName, InvalidSlug, Member, Membership, OrganizationName, Slug};
pub use pages::routes;
pub use store::{
    add_member, find_first, find_slug, insert, list_all, list_members, list_memberships, rename,
};
