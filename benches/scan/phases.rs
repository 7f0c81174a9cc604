//! How long the parts of a scan took, as its last line of log says.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tracing::{
    Event, Subscriber,
    field::{Field, Visit},
};
use tracing_subscriber::{Layer, layer::Context};

/// The parts of one scan.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Phases {
    pub(crate) fetch: Duration,
    pub(crate) read: Duration,
    pub(crate) save: Duration,
}

/// Listens to the log.
#[derive(Clone, Default)]
pub(crate) struct Listener(Arc<Mutex<Phases>>);

impl Listener {
    /// The parts of the scan that ended last.
    pub(crate) fn last(&self) -> Phases {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<S: Subscriber> Layer<S> for Listener {
    fn on_event(&self, event: &Event<'_>, _context: Context<'_, S>) {
        if event.metadata().fields().field("fetch_ms").is_some() {
            let mut phases = Phases::default();
            event.record(&mut phases);
            *self.0.lock().unwrap_or_else(PoisonError::into_inner) = phases;
        }
    }
}

impl Visit for Phases {
    fn record_u64(&mut self, field: &Field, value: u64) {
        let took = Duration::from_millis(value);
        match field.name() {
            "fetch_ms" => self.fetch = took,
            "read_ms" => self.read = took,
            "save_ms" => self.save = took,
            _ => {}
        }
    }

    fn record_debug(&mut self, _field: &Field, _value: &dyn std::fmt::Debug) {}
}
