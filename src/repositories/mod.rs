//! Repositories: which ones an organisation has connected, their bare mirrors, and reading git's
//! object database.
//!
//! `scanner` and the modules above read objects through [`objects`] and never touch a work tree.
//! Invariants: nothing is ever checked out, no hook or filter of a repository runs, and every
//! address a fetch connects to has been checked after name resolution.

pub mod objects;
pub mod oid;
#[cfg(test)]
pub(crate) mod testing;

pub use oid::Oid;
