//! Repositories: which ones an organisation has connected, their bare mirrors, and reading git's
//! object database.
//!
//! `scanner` and the modules above read objects through [`objects`] and never touch a work tree.
//! Invariants: nothing is ever checked out, no hook or filter of a repository runs, and every
//! address a fetch connects to has been checked after name resolution.

pub mod access;
pub mod attributes;
pub mod disconnected;
#[cfg(feature = "fuzzing")]
pub(crate) mod fuzzing;
pub mod history;
pub mod hooks;
pub mod mirror;
mod model;
pub mod objects;
pub mod oid;
mod on_github;
pub mod source;
mod store;
pub mod submodules;
#[cfg(test)]
pub(crate) mod testing;
pub mod upkeep;

pub use mirror::Mirror;
pub use model::{Repository, RepositoryId, RepositoryKey, ScanReason, ScanRepository, SourceKind};
pub use oid::Oid;
pub use on_github::{
    AtGitHub, GitHubState, OnGitHub, Told, find_at_github, find_on_github, list_of_connection,
    list_told, lose, marks, set_connection, set_on_github,
};
pub use source::Source;
pub use store::{
    NewRepository, Place, RepositoryState, find, find_connection, find_named, find_source,
    forget_mirror, insert, list, list_all, lock, move_to, rename, set_scanned, trust,
};
