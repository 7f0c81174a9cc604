//! The pages that put the other modules' answers together: overview, repositories, one repository.
//!
//! Nothing depends on it but `app`. Invariant: it has no tables of its own.

mod pages;

pub use pages::routes;
