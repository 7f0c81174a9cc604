//! Background work: a queue in Postgres, its workers, and its schedule.
//!
//! A job is enqueued on the [`TenantTx`](crate::tenancy::TenantTx) of the change that causes it and
//! runs bound to that tenant. Invariants: a job runs at least once, at most one per lane at a
//! time; it is idempotent and says how; this module knows no concrete job.
