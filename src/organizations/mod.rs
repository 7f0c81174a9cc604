//! Organisations (the tenants), their members, and the log of what was done in them.
//!
//! Invariant: every organisation keeps at least one owner once it has one.
