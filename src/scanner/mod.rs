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
//!             facts → projects, tasks, TODOs, languages                           report.rs, projects.rs
//! marks::Observer   two versions of a file → the tasks and TODOs in which they differ   marks.rs
//! ```
//!
//! What has to be known before a file is read is small and read with the plan: what does not count
//! (attributes.rs), who owns what (codeowners.rs), which repositories are linked (submodules.rs).
//! READMEs, licence texts and sizes are facts like all others, put together in details.rs.

mod attributes;
mod codeowners;
mod comments;
mod details;
pub mod detectors;
#[cfg(test)]
mod ecosystems_tests;
mod facts;
mod frameworks;
mod frameworks_table;
#[cfg(feature = "fuzzing")]
pub(crate) mod fuzzing;
mod gather;
mod generated;
mod heritage;
mod internal;
mod languages;
#[cfg(test)]
mod layouts_tests;
mod licence;
mod manifest;
pub mod marks;
pub mod model;
mod names;
mod paths;
mod projects;
#[cfg(test)]
mod property_tests;
mod readme;
mod report;
mod scan;
#[cfg(test)]
mod scan_testing;
mod script;
mod submodules;
mod syntax;
mod test_files;
mod text;
mod warnings;
mod workspaces;
mod yaml;

pub use attributes::Attributes;
pub use comments::{LineCounts, MarkerFact};
pub use details::DocumentFact;
pub use facts::{BlobFacts, FACTS_VERSION, FactKey, KnownFacts, LargeFile, Unread};
pub use gather::{Progress, Watch};
pub use manifest::{
    Child, Contribution, Field, Finding, Heritage, Manifest, Problem, Requirement, Shared,
    TaskFact, TaskList, Workspace,
};
pub use model::ScanReport;
pub use readme::ReadmeHead;
pub use scan::{Plan, Scan, ScanCounts, ScanError, ScanOptions, scan};
