//! The door for fuzz targets: every reader of outside bytes, as a function from bytes.
//!
//! Only `fuzz/` may use it; it exists with the feature `fuzzing` alone, which no build that people
//! run has. What is behind it stays private, so that a target goes the way that a scan goes.

pub use crate::{
    repositories::fuzzing::{commit, receive, tree},
    scanner::fuzzing::{facts, report},
};
