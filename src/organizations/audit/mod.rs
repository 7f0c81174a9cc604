//! The log of what was done in an organisation: who, what, which object, from where.
//!
//! Every module that changes something records it in the same transaction, through this face of the
//! kernel's [`crate::tenancy::audit`], which writes it at the commit. Invariant: entries are added and
//! read, never changed; the database gives nobody the right, and each entry's hash covers the one before.

mod api;
mod export;
mod model;
mod page;
mod store;
mod words;

pub use api::ApiDocument;
pub use model::{AuditFilter, Entry, EntryKey};
pub(super) use page::routes;
pub use store::{list, list_page};
pub use words::{ACTIONS, in_words};

pub use crate::tenancy::audit::{Break, Event, Verified, record, verify};
