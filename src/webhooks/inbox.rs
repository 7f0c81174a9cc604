//! The inbox: deliveries become rows, several with one commit.
//!
//! Whoever brings a delivery waits for the commit that has it. What comes while a commit is under way goes
//! with the next one, so that many at once cost few commits.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use actix_web::web::Bytes;
use chrono::{DateTime, Utc};
use tokio::{
    runtime::Handle,
    sync::{Notify, Semaphore, oneshot},
};
use tracing::warn;

use super::{
    model::{DeliveryId, Glance, HookId},
    packing::pack,
    store,
};
use crate::{
    platform::tasks::Tasks,
    tenancy::{Db, SystemReason, TenantId},
};

/// How many commits are under way at once.
const WRITERS: usize = 2;

/// How many deliveries go with one commit, and of how many bytes, unless one alone has more.
const MOST_ROWS: usize = 256;
const MOST_BYTES: usize = 8 * 1024 * 1024;

/// How long a worker rests at most while much comes, and how many times as long as it has worked.
const MOST_REST: Duration = Duration::from_millis(200);
const REST: u32 = 2;

/// How many bytes wait at most; what comes beyond is refused, and GitHub keeps it.
const MOST_WAITING: usize = 256 * 1024 * 1024;

/// A delivery to be stored.
#[derive(Clone, Debug)]
pub(super) struct NewDelivery {
    pub(super) tenant: TenantId,
    pub(super) hook: HookId,
    pub(super) guid: String,
    pub(super) event: String,
    pub(super) glance: Glance,
    pub(super) payload: Bytes,
}

/// It could not be stored: GitHub has to note a failure, or it would be lost.
#[derive(Debug, thiserror::Error)]
pub enum NotStored {
    #[error("too much waits to be stored")]
    Full,
    #[error("the database did not take it")]
    Database(#[source] Arc<sqlx::Error>),
    #[error("the server is ending")]
    Ending,
}

/// Takes deliveries. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Inbox {
    db: Db,
    tasks: Tasks,
    queue: Arc<Queue>,
    /// Where the writers run: not among the requests, of which each would keep them waiting.
    runtime: Handle,
}

#[derive(Debug)]
struct Queue {
    /// Whether a writer has been called that has not begun yet.
    is_called: AtomicBool,
    waiting: Mutex<Vec<Waiting>>,
    bytes: AtomicUsize,
    writers: Semaphore,
    /// Tells the workers of this process that something has come.
    arrived: Notify,
}

#[derive(Debug)]
struct Waiting {
    delivery: NewDelivery,
    received_at: DateTime<Utc>,
    done: oneshot::Sender<Result<(), NotStored>>,
}

impl Inbox {
    /// Writes in the runtime in which it is made.
    pub fn new(db: &Db, tasks: &Tasks) -> Self {
        let queue = Queue {
            is_called: AtomicBool::default(),
            waiting: Mutex::default(),
            bytes: AtomicUsize::default(),
            writers: Semaphore::new(WRITERS),
            arrived: Notify::new(),
        };
        let runtime = Handle::current();
        Self { db: db.clone(), tasks: tasks.clone(), queue: Arc::new(queue), runtime }
    }

    /// Stores a delivery; it is committed when this answers. One that is stored already is well as it is.
    pub(super) async fn accept(
        &self,
        delivery: NewDelivery,
        now: DateTime<Utc>,
    ) -> Result<(), NotStored> {
        let (done, told) = oneshot::channel();
        self.queue.add(Waiting { delivery, received_at: now, done })?;
        self.call();
        told.await.unwrap_or(Err(NotStored::Ending))
    }

    /// Calls a writer, unless one that was called has yet to begin. Not the request itself writes: where its sender
    /// goes away, others would wait for ever.
    fn call(&self) {
        if !self.queue.is_called.swap(true, Ordering::AcqRel) {
            let inbox = self.clone();
            let write = async move { inbox.write_some().await };
            self.tasks.spawn_on(&self.runtime, "store deliveries", write);
        }
    }

    /// Has a worker look: deliveries may be waiting for which there was no room.
    pub(super) fn wake(&self) {
        self.queue.arrived.notify_one();
    }

    /// Waits until a delivery has come to this process.
    pub(super) async fn arrived(&self) {
        self.queue.arrived.notified().await;
    }

    /// Has a worker rest once, in proportion to how long it has worked, where more comes than is stored at once:
    /// GitHub gives up what it cannot deliver within ten seconds, while what is stored can wait.
    pub(super) async fn give_way(&self, worked: Duration) {
        if self.queue.is_pressed() {
            tokio::time::sleep(worked.saturating_mul(REST).min(MOST_REST)).await;
        }
    }

    async fn write_some(&self) {
        let Ok(_permit) = self.queue.writers.acquire().await else { return };
        // Before it takes: whoever comes after that calls another.
        self.queue.is_called.store(false, Ordering::Release);
        let mut batch = self.queue.take();
        if self.queue.has_more() {
            self.call();
        }
        if batch.is_empty() {
            return;
        }
        let written = self.write(&batch).await;
        if written.is_ok() {
            self.queue.arrived.notify_one();
        }
        match written {
            Ok(()) => batch.into_iter().for_each(|waiting| waiting.tell(Ok(()))),
            // One of them may be at fault, which the others are not to suffer from.
            Err(error) if batch.len() > 1 && error.as_database_error().is_some() => {
                for waiting in batch.drain(..) {
                    let one = self.write(std::slice::from_ref(&waiting)).await;
                    waiting.tell(one.map_err(|error| NotStored::Database(Arc::new(error))));
                }
                self.queue.arrived.notify_one();
            }
            Err(error) => {
                warn!(%error, "{} deliveries could not be stored; GitHub keeps them", batch.len());
                let error = Arc::new(error);
                for waiting in batch {
                    waiting.tell(Err(NotStored::Database(Arc::clone(&error))));
                }
            }
        }
    }

    async fn write(&self, batch: &[Waiting]) -> sqlx::Result<()> {
        let rows: Vec<_> = batch
            .iter()
            .map(|waiting| (DeliveryId::new(), &waiting.delivery, waiting.received_at))
            .collect();
        let packed: Vec<_> = batch.iter().map(|waiting| pack(&waiting.delivery.payload)).collect();
        let mut tx = self.db.system(SystemReason::StoreDelivery).await?;
        store::inbox::insert(&mut tx, &rows, &packed).await?;
        tx.commit().await.map(|_| ())
    }
}

impl Queue {
    fn add(&self, waiting: Waiting) -> Result<(), NotStored> {
        let size = waiting.delivery.payload.len();
        let before = self.bytes.fetch_add(size, Ordering::AcqRel);
        if before.saturating_add(size) > MOST_WAITING && before > 0 {
            self.bytes.fetch_sub(size, Ordering::AcqRel);
            return Err(NotStored::Full);
        }
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).push(waiting);
        Ok(())
    }

    /// Whether something waits although all writers write.
    fn is_pressed(&self) -> bool {
        self.writers.available_permits() == 0 && self.has_more()
    }

    fn has_more(&self) -> bool {
        !self.waiting.lock().unwrap_or_else(PoisonError::into_inner).is_empty()
    }

    /// The oldest that go with one commit.
    fn take(&self) -> Vec<Waiting> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let mut bytes = 0_usize;
        let fits = waiting.iter().take(MOST_ROWS).take_while(|waiting| {
            let is_first = bytes == 0;
            bytes = bytes.saturating_add(waiting.delivery.payload.len().max(1));
            is_first || bytes <= MOST_BYTES
        });
        let count = fits.count();
        let taken: Vec<_> = waiting.drain(..count).collect();
        let size = taken.iter().map(|waiting| waiting.delivery.payload.len()).sum();
        self.bytes.fetch_sub(size, Ordering::AcqRel);
        taken
    }
}

impl Waiting {
    /// Whoever brought it may be gone.
    fn tell(self, result: Result<(), NotStored>) {
        self.done.send(result).ok();
    }
}
