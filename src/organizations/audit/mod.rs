//! The log of what was done in an organisation: who, what, which object.
//!
//! Every module that changes something records it in the same transaction. Invariant: entries are
//! added and read, never changed; the database gives nobody the right.

mod store;

pub use store::{Entry, Event, list, record};
