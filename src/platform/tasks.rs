//! Background tasks that are named, told to stop, and awaited at shutdown.

use std::{future::Future, time::Duration};

use tokio::runtime::Handle;
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tracing::{Instrument, info_span, warn};

/// The process' background tasks.
#[derive(Clone, Debug, Default)]
pub struct Tasks {
    tracker: TaskTracker,
    stop: CancellationToken,
}

impl Tasks {
    /// Starts a task; it should end soon after [`Tasks::stopping`] is cancelled.
    #[expect(clippy::disallowed_methods, reason = "this is the one place that starts tasks")]
    pub fn spawn(&self, name: &'static str, task: impl Future<Output = ()> + Send + 'static) {
        tokio::spawn(self.tracker.track_future(task.instrument(info_span!("task", name))));
    }

    /// The same in a runtime of the caller's choice.
    pub fn spawn_on(
        &self,
        runtime: &Handle,
        name: &'static str,
        task: impl Future<Output = ()> + Send + 'static,
    ) {
        runtime.spawn(self.tracker.track_future(task.instrument(info_span!("task", name))));
    }

    /// Is cancelled when the process shuts down.
    pub fn stopping(&self) -> &CancellationToken {
        &self.stop
    }

    /// Tells all tasks to stop and waits for them, at most this long.
    pub async fn shut_down(&self, patience: Duration) {
        self.stop.cancel();
        self.tracker.close();
        if tokio::time::timeout(patience, self.tracker.wait()).await.is_err() {
            warn!("{} background tasks did not stop within {patience:?}", self.tracker.len());
        }
    }
}
