//! The SQL of hooks and deliveries.

pub(super) mod deliveries;
pub(super) mod gaps;
pub(super) mod hooks;
pub(super) mod inbox;
pub(super) mod recovery;
