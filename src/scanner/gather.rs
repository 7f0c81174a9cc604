//! Reads blobs into facts on all cores.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
    },
    thread,
};

use super::{
    facts::{BlobFacts, FactKey, KnownFacts, POINTER_BYTES, Reading, Tools},
    licence::Licences,
};
use crate::repositories::objects::{Blob, ObjectStore, Reader};

/// How far a scan has come; another thread may look at any time.
#[derive(Debug, Default)]
pub struct Progress {
    /// Blobs that must be read.
    pub total: AtomicU64,
    /// Blobs that have been read.
    pub done: AtomicU64,
}

/// Lets another thread see and stop a scan.
#[derive(Debug, Default)]
pub struct Watch {
    pub progress: Progress,
    /// Set it, and the scan ends with [`super::ScanError::Cancelled`] soon.
    pub cancel: AtomicBool,
}

impl Watch {
    pub(super) fn is_stopped(&self) -> bool {
        self.cancel.load(Ordering::Relaxed)
    }
}

/// Whether somebody wants the work to end; what takes long asks now and then.
pub(super) type Stopped<'a> = &'a dyn Fn() -> bool;

/// A blob to read, and how; the path is one of those that ask for it.
pub(super) struct Wanted {
    pub(super) key: FactKey,
    pub(super) reading: Reading,
    pub(super) path: String,
}

/// What came of a blob.
pub(super) enum Outcome {
    Known,
    New(BlobFacts),
    TooLarge(u64),
    Missing,
    /// A parser gave up in an unforeseen way.
    Failed,
}

/// One outcome for each of `wanted`, in its order; none where the scan was cancelled.
pub(super) fn gather(
    store: &ObjectStore,
    wanted: &[Wanted],
    known: &KnownFacts,
    max_bytes: u64,
    watch: &Watch,
) -> Option<Vec<Outcome>> {
    let missing: Vec<usize> = wanted
        .iter()
        .enumerate()
        .filter(|(_, one)| !known.contains_key(&one.key))
        .map(|(index, _)| index)
        .collect();
    watch.progress.total.store(u64::try_from(missing.len()).unwrap_or(u64::MAX), Ordering::Relaxed);
    let (next, licences) = (AtomicUsize::new(0), Arc::default());
    let queue = Queue { store, wanted, missing: &missing, next, max_bytes, watch, licences };
    let read = queue.drain();
    if watch.is_stopped() {
        return None;
    }
    let mut outcomes: Vec<Outcome> = wanted.iter().map(|_| Outcome::Known).collect();
    for (index, outcome) in read {
        if let Some(place) = outcomes.get_mut(index) {
            *place = outcome;
        }
    }
    Some(outcomes)
}

/// The blobs still to read; threads take the next ones when they are free.
struct Queue<'a> {
    store: &'a ObjectStore,
    wanted: &'a [Wanted],
    missing: &'a [usize],
    next: AtomicUsize,
    max_bytes: u64,
    watch: &'a Watch,
    licences: Arc<Licences>,
}

/// Taken at once: neighbours in the tree often share a pack's deltas.
const CHUNK: usize = 16;
/// Parsers recurse over what strangers nest, within their own limits.
const STACK_BYTES: usize = 8 * 1024 * 1024;

impl Queue<'_> {
    fn drain(&self) -> Vec<(usize, Outcome)> {
        let cores = thread::available_parallelism().map_or(1, usize::from);
        let threads = cores.min(self.missing.len().div_ceil(CHUNK));
        thread::scope(|scope| {
            let workers: Vec<_> = (0..threads)
                .map(|_| {
                    let builder = thread::Builder::new().stack_size(STACK_BYTES);
                    builder.spawn_scoped(scope, || self.work())
                })
                .collect();
            // A machine without a thread to spare does the work here.
            let alone = if workers.iter().all(Result::is_err) { self.work() } else { Vec::new() };
            let done = workers.into_iter().flatten().filter_map(|worker| worker.join().ok());
            done.flatten().chain(alone).collect()
        })
    }

    fn work(&self) -> Vec<(usize, Outcome)> {
        let reader = self.store.reader();
        let mut tools = Tools::sharing(Arc::clone(&self.licences));
        let mut done = Vec::new();
        loop {
            let start = self.next.fetch_add(CHUNK, Ordering::Relaxed);
            let end = self.missing.len().min(start.saturating_add(CHUNK));
            let Some(chunk) = self.missing.get(start..end).filter(|chunk| !chunk.is_empty()) else {
                return done;
            };
            for index in chunk {
                if self.watch.is_stopped() {
                    return done;
                }
                if let Some(wanted) = self.wanted.get(*index) {
                    done.push((*index, self.read(wanted, &reader, &mut tools)));
                }
                self.watch.progress.done.fetch_add(1, Ordering::Relaxed);
            }
        }
    }

    fn read(&self, wanted: &Wanted, reader: &Reader, tools: &mut Tools) -> Outcome {
        if wanted.reading.is_size_only() {
            match reader.size(wanted.key.blob) {
                None => return Outcome::Missing,
                // Only what may be a pointer is worth a look.
                Some(size) if size >= POINTER_BYTES => {
                    return Outcome::New(BlobFacts { size, ..BlobFacts::default() });
                }
                Some(_) => {}
            }
        }
        let bytes = match reader.blob(wanted.key.blob, self.max_bytes) {
            Blob::Bytes(bytes) => bytes,
            Blob::TooLarge(size) => return Outcome::TooLarge(size),
            Blob::Missing => return Outcome::Missing,
        };
        // One file that trips a parser must not cost the scan; the tools hold no half state.
        catch_unwind(AssertUnwindSafe(|| tools.facts(&bytes, wanted.reading, &wanted.path)))
            .map_or(Outcome::Failed, Outcome::New)
    }
}
