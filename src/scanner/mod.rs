//! What the code says: walks a commit's tree, reads each blob once into facts, and lets detectors
//! turn facts into projects, tasks, TODOs and languages.
//!
//! Pure reading: it writes nothing and knows no tenant; `work` stores what it returns. Invariant:
//! nothing a repository contains makes a scan fail or run code; what cannot be read is a warning.
//!
//! ```text
//! Plan::new   tree → (path, how it is read) → the keys of the facts it needs     scan.rs
//! Plan::run   blobs whose facts are not known → facts, on all cores               gather.rs, facts.rs
//!             a manifest's or plan's bytes → what it says                         detectors/
//!             a source's bytes → lines and markers                                comments.rs
//!             facts → projects, tasks, TODOs, languages                           scan.rs, projects.rs
//! ```

mod comments;
pub mod detectors;
mod facts;
mod gather;
mod internal;
mod languages;
#[cfg(test)]
mod layouts_tests;
mod manifest;
pub mod model;
mod names;
mod paths;
mod projects;
mod scan;
#[cfg(test)]
mod scan_testing;
mod script;
mod syntax;
mod text;
mod warnings;
mod workspaces;
mod yaml;

pub use comments::{LineCounts, MarkerFact};
pub use facts::{BlobFacts, FACTS_VERSION, FactKey, KnownFacts, Unread};
pub use gather::{Progress, Watch};
pub use manifest::{
    Contribution, Field, Finding, Manifest, Problem, Requirement, TaskFact, TaskList, Workspace,
};
pub use model::ScanReport;
pub use scan::{Plan, Scan, ScanCounts, ScanError, ScanOptions, scan};
