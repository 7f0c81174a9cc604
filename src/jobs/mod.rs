//! Background work: a queue in Postgres, its workers, and its schedule.
//!
//! A job is enqueued on the [`TenantTx`](crate::tenancy::TenantTx) of the change that causes it and
//! runs bound to that tenant. Invariants: a job runs at least once, at most one per lane at a
//! time; it is idempotent and says how; this module knows no concrete job.

mod queue;
mod worker;

pub use queue::{enqueue, enqueue_all, enqueue_at, forget_dead};
pub use worker::{Failure, JobContext, Registry, Worker};

use serde::{Serialize, de::DeserializeOwned};

/// A piece of work as it lies in the queue; what does it is registered by the composition root.
pub trait Job: Serialize + DeserializeOwned + Send + Sync + 'static {
    /// The name in the queue; never changed once released.
    const KIND: &'static str;
    /// How often it is tried before it is dead.
    const ATTEMPTS: u16;

    /// What at most one job works on at a time, within the tenant. While one of a lane waits, another
    /// with the same content is not added.
    fn lane(&self) -> String;
}
