//! Reads a repository a single time, for a program that keeps nothing.

use std::{path::Path, sync::mpsc, thread};

use super::{
    limits::{Excess, ReadingLimits, Watchdog},
    progress::Progress,
    reading::{Known, LOOK_EVERY, ReadError, Reader, Reading, fetch},
    settings::ScanSettings,
};
use crate::repositories::{mirror::Mirror, source::Source};

/// Fetches into a directory and reads everything, as if for the first time, within the limits.
pub fn read_once(
    directory: &Path,
    source: &Source,
    settings: &ScanSettings,
) -> Result<Reading, ReadError> {
    let progress = Progress::default();
    let (running, finished) = mpsc::channel::<()>();
    thread::scope(|scope| {
        let watched = &progress;
        let watching = scope.spawn(move || watch_limits(&settings.reading, watched, &finished));
        let read = read_within(directory, source, settings, &progress);
        drop(running);
        // A watching thread that panicked has nothing to say.
        match watching.join().unwrap_or_default() {
            Some(excess) => Err(excess.into()),
            None => read,
        }
    })
}

fn read_within(
    directory: &Path,
    source: &Source,
    settings: &ScanSettings,
    progress: &Progress,
) -> Result<Reading, ReadError> {
    let mirror = Mirror::at(directory);
    let fetched = fetch(&mirror, source, &settings.any_path(), &settings.fetch, progress)?;
    let (name, known) = (source.display_name(), Known::default());
    Reader { mirror: mirror.path(), name: &name, settings, known: &known, progress }.read(&fetched)
}

/// Stops the reading where it takes too much, and says why; until the sender of `finished` is gone.
fn watch_limits(
    limits: &ReadingLimits,
    progress: &Progress,
    finished: &mpsc::Receiver<()>,
) -> Option<Excess> {
    let mut watchdog = Watchdog::new(limits);
    while finished.recv_timeout(LOOK_EVERY) == Err(mpsc::RecvTimeoutError::Timeout) {
        if let Some(excess) = watchdog.look(progress.position().0) {
            progress.stop();
            return Some(excess);
        }
    }
    None
}
