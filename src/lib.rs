//! Quarterdeck: a self-hosted command post for a software team's GitHub organisation.
//!
//! One binary, one Postgres pool, modules in process. The modules below stand in the order of
//! their dependencies, bottom first: a module uses only those above it in this list, and
//! `tests/architecture.rs` fails when an arrow points the other way.
//!
//! ```text
//! main ── app                         wires everything; nothing depends on it
//!          │
//!     dashboard                       what people look at first
//!          │
//!     connecting                      GitHub made known, and repositories chosen there
//!          │
//!      webhooks                       what GitHub tells
//!          │
//!        sync                         what GitHub is asked for: imports, comparisons, doubts
//!          │
//!       tracker                       what GitHub says of issues, pull requests and the rest, as rows
//!          │
//!        work                         projects, tasks, commits, and the job that scans
//!          │
//!      scanner → repositories         what the code says
//!          │
//!      connections                    as what an organisation asks GitHub
//!         │
//!     accounts → organizations        who, and what they may
//!          │
//!       github                       what GitHub says, and how it is asked
//!          │
//!     jobs → tenancy → web → platform mechanisms
//! ```
//!
//! A module is entered through its `mod.rs`; `store`, `pages`, `api` and `jobs` are private. SQL
//! stands in files named `store.rs`, in `tenancy/` and in `jobs/queue.rs` only.

pub mod platform;

pub mod web;

pub mod tenancy;

pub mod jobs;

pub mod github;

pub mod organizations;

pub mod accounts;

pub mod connections;

pub mod repositories;

pub mod scanner;

pub mod work;

pub mod tracker;

pub mod sync;

pub mod webhooks;

pub mod connecting;

pub mod dashboard;

pub mod app;

#[cfg(feature = "fuzzing")]
pub mod fuzzing;
