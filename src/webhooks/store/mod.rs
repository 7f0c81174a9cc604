//! The SQL of hooks and deliveries.

pub(super) mod deliveries;
pub(super) mod hooks;
pub(super) mod inbox;
