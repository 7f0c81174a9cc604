//! The security kernel: who acts, for which organisation, with which permission, in which
//! transaction. Small enough to audit in an hour.
//!
//! Handlers reach data only through a [`Scope`] and the [`TenantTx`] it begins; code that works
//! across tenants says why with a [`SystemReason`]. Invariant: no connection leaves this module
//! without its tenant (or none) set for exactly one transaction, and Postgres' row-level security
//! refuses the rest even where this module is wrong.
