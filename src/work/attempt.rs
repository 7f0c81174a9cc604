//! What the reading threads of a scan do: fetch, read, and read again from a new mirror where the old
//! one is damaged.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use tracing::warn;

use super::{
    progress::Progress,
    reading::{self, Known, ReadError, Reading},
    settings::ScanSettings,
};
use crate::repositories::{Mirror, Source};

/// What the reading threads are given.
pub(super) struct Work {
    pub(super) mirror: PathBuf,
    pub(super) source: String,
    pub(super) name: String,
    pub(super) trusted_roots: Vec<PathBuf>,
    pub(super) settings: Arc<ScanSettings>,
    pub(super) progress: Progress,
}

impl Work {
    pub(super) fn read(&self, known: &Known) -> Result<Reading, ReadError> {
        let read = self.fetch_and_read(known);
        let read = read.map(|reading| reading.without_path(&self.mirror));
        read.inspect_err(|error| warn!("Reading `{}` failed: {error}", self.name))
    }

    fn fetch_and_read(&self, known: &Known) -> Result<Reading, ReadError> {
        let policy = self.settings.policy.trusting(&self.trusted_roots);
        let source = Source::parse(&self.source, &policy)?;
        let mirror = Mirror::at(&self.mirror);
        let (limits, progress) = (&self.settings.fetch, &self.progress);
        let is_old = mirror.size() > 0;
        let fetched = reading::fetch(&mirror, &source, &policy, limits, progress)?;
        let read = self.reader(&mirror, known).read(&fetched);
        let is_damaged = match &read {
            Ok(reading) => reading.lacks_objects,
            Err(error) => error.is_damage(),
        };
        if !(is_old && is_damaged) || progress.is_stopped() {
            return read;
        }
        // An object below the references is missing or broken: the source still has it.
        match reading::remake(&mirror, &source, &policy, limits, progress) {
            Ok(fetched) => self.reader(&mirror, known).read(&fetched),
            // What can be read is better than nothing.
            Err(error) => read.inspect(|_| warn!("A mirror cannot be made anew: {error}")),
        }
    }

    fn reader<'a>(&'a self, mirror: &'a Mirror, known: &'a Known) -> reading::Reader<'a> {
        let (settings, progress) = (&self.settings, &self.progress);
        reading::Reader { mirror: mirror.path(), name: &self.name, settings, known, progress }
    }
}

/// What people are told: a whole sentence, without the place of the mirror on the server's disk.
pub(super) fn sentence(error: &ReadError, mirror: &Path) -> String {
    let text = reading::without_path(&error.to_string(), mirror);
    let mut characters = text.chars();
    characters
        .next()
        .map(|first| first.to_uppercase().chain(characters).collect())
        .unwrap_or_default()
}
