//! Repositories that were made to break whoever reads them.
//!
//! Each test makes one with git, or writes the objects that git refuses to make, and has the
//! command read it in a process of its own: so a crash, a hang and the memory are seen from
//! outside. What is expected is a result with warnings, or an error that says what to do.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "helpers of tests may fail as tests do; clippy knows only functions marked #[test]"
)]

mod files;
mod history;
mod manifests;
mod names;
mod repository;
mod scanned;
mod sizes;
