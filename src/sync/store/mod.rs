//! The SQL of imports and comparisons.

pub(super) mod imports;
pub(super) mod known;
pub(super) mod syncs;
