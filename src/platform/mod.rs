//! What every server needs and no product noun appears in: configuration, clock, ids, memory,
//! randomness and hashes, signed tokens, trust in certificates and in addresses, telemetry, supervised tasks, and the managed Postgres.
//!
//! Everything may use it; it uses nothing of ours. Invariants: only [`config`] reads the
//! environment, only [`clock`] asks what time it is, only [`tasks`] starts background tasks.

pub mod addresses;
pub mod clock;
pub mod config;
pub mod crypto;
pub mod ids;
pub mod jwt;
pub mod keyring;
pub mod mail;
pub mod memory;
pub mod postgres;
pub mod tasks;
pub mod telemetry;
pub mod tls;
