//! Reading commits on all cores, and handing them out in order.

use std::{
    collections::BTreeMap,
    ops::ControlFlow,
    sync::{
        atomic::{AtomicBool, AtomicUsize, Ordering},
        mpsc,
    },
    thread,
};

use gix::{
    ObjectId, mailmap::Snapshot, objs::CommitRef, odb::pack::cache::lru::MemoryCappedHashmap,
};

use super::{
    Event, HistoryError, Limits, Observer, Oid, Walk, Warning, Watch, changes::Counter, decode,
};

/// Commits that one thread takes at a time: neighbours share most of their trees.
const BATCH: usize = 32;
/// Each thread keeps objects it will soon need again, up to this many bytes.
const OBJECT_CACHE: usize = 16 << 20;
/// Each thread keeps the objects that others in a pack are stored as differences to, likewise.
const PACK_CACHE: usize = 16 << 20;
/// Observers may parse what strangers nest.
const STACK_BYTES: usize = 8 << 20;
/// A mailmap above this is not read.
const MAX_MAILMAP: usize = 4 << 20;

type Batch<Seen> = (usize, Vec<Event<Seen>>);

/// Reads the commits and gives them out in the order of the list.
pub(super) fn count<O: Observer>(
    repository: &gix::ThreadSafeRepository,
    commits: &[Oid],
    walk: &Walk<'_>,
    (watch, observer): (&Watch<'_>, &O),
    each: &mut dyn FnMut(Event<O::Seen>) -> ControlFlow<()>,
) -> Result<(), HistoryError> {
    let pool = Pool {
        observer,
        mailmap: mailmap(&repository.to_thread_local(), walk.head),
        batches: commits.chunks(BATCH).collect(),
        next: AtomicUsize::new(0),
        stop: AtomicBool::new(false),
    };
    let threads = walk.limits.threads.clamp(1, pool.batches.len().max(1));
    thread::scope(|scope| {
        let (sender, receiver) = mpsc::sync_channel(threads * 2);
        for _ in 0..threads {
            let sender = sender.clone();
            let (pool, limits, cancelled) = (&pool, walk.limits.clone(), watch.cancelled);
            let work = move || {
                pool.work(repository.to_thread_local(), &limits, cancelled, &sender);
            };
            // Without a thread to spare the others do its work; without any the walk ends.
            drop(thread::Builder::new().stack_size(STACK_BYTES).spawn_scoped(scope, work));
        }
        drop(sender);
        let given = pool.give_out(receiver, commits.len(), watch, each);
        pool.stop.store(true, Ordering::Relaxed);
        given
    })
}

struct Pool<'a, O> {
    observer: &'a O,
    mailmap: Snapshot,
    batches: Vec<&'a [Oid]>,
    next: AtomicUsize,
    stop: AtomicBool,
}

impl<O: Observer> Pool<'_, O> {
    fn work(
        &self,
        mut repository: gix::Repository,
        limits: &Limits,
        cancelled: &dyn Fn() -> bool,
        sender: &mpsc::SyncSender<Batch<O::Seen>>,
    ) {
        repository.object_cache_size(OBJECT_CACHE);
        repository.objects.set_pack_cache(|| Box::new(MemoryCappedHashmap::new(PACK_CACHE)));
        let mut counter = Counter::new(repository, limits.clone());
        let mut worker = self.observer.worker();
        while !self.stop.load(Ordering::Relaxed) && !cancelled() {
            let number = self.next.fetch_add(1, Ordering::Relaxed);
            let Some(batch) = self.batches.get(number) else { return };
            let stopped = || self.stop.load(Ordering::Relaxed) || cancelled();
            let read = |oid: &Oid| self.read(&mut counter, *oid, &mut worker, &stopped);
            let events = batch.iter().flat_map(read).collect();
            if sender.send((number, events)).is_err() {
                return;
            }
        }
    }

    fn give_out(
        &self,
        receiver: mpsc::Receiver<Batch<O::Seen>>,
        total: usize,
        watch: &Watch<'_>,
        each: &mut dyn FnMut(Event<O::Seen>) -> ControlFlow<()>,
    ) -> Result<(), HistoryError> {
        let mut early = BTreeMap::new();
        let mut given = 0;
        // Owned here, so that threads that still wait to send wake up when this returns.
        for (number, events) in receiver {
            early.insert(number, events);
            while let Some(events) = early.remove(&given) {
                if events.into_iter().try_for_each(&mut *each).is_break() {
                    return Err(HistoryError::Cancelled);
                }
                given += 1;
                (watch.progress)((given * BATCH).min(total), total);
            }
        }
        if given == self.batches.len() { Ok(()) } else { Err(HistoryError::Cancelled) }
    }

    fn read(
        &self,
        counter: &mut Counter,
        oid: Oid,
        worker: &mut O::Worker,
        stopped: &dyn Fn() -> bool,
    ) -> Vec<Event<O::Seen>> {
        let mut buffer = Vec::new();
        let found = gix::objs::Find::try_find(
            &counter.repository().objects,
            &ObjectId::from(oid),
            &mut buffer,
        );
        let raw = match &found {
            Ok(Some(data)) => CommitRef::from_bytes(data.data, gix::hash::Kind::Sha1),
            Ok(None) => return vec![Event::Warning(Warning::MissingCommit(oid))],
            Err(error) => {
                return vec![Event::Warning(Warning::UnreadableCommit(oid, error.to_string()))];
            }
        };
        let raw = match raw {
            Ok(raw) => raw,
            Err(error) => {
                return vec![Event::Warning(Warning::UnreadableCommit(oid, error.to_string()))];
            }
        };
        let mut commit = decode::commit(oid, &raw, &self.mailmap);
        match counter.fill(&mut commit, raw.tree(), (self.observer, worker), stopped) {
            Ok(seen) => vec![Event::Commit(Box::new(commit), seen)],
            Err(reason) => {
                // Half a sum would look like a whole one.
                let commit = decode::commit(oid, &raw, &self.mailmap);
                let warning = Warning::UncountedChanges { commit: oid, reason };
                vec![Event::Commit(Box::new(commit), Vec::new()), Event::Warning(warning)]
            }
        }
    }
}

/// The `.mailmap` of the head's tree; an empty one where there is none, or a link.
fn mailmap(repository: &gix::Repository, head: Oid) -> Snapshot {
    let find = || {
        let tree = repository.find_commit(ObjectId::from(head)).ok()?.tree().ok()?;
        let entry = tree.find_entry(".mailmap").filter(|entry| entry.mode().is_blob())?;
        let blob = entry.object().ok()?;
        (blob.data.len() <= MAX_MAILMAP).then(|| Snapshot::from_bytes(&blob.data))
    };
    find().unwrap_or_default()
}
