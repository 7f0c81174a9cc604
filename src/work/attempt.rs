//! What the reading threads of a scan do: fetch, read, and read again from a new mirror where the old
//! one is damaged.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::Context;
use tracing::warn;

use super::{
    credential::Token,
    progress::Progress,
    reading::{self, Known, ReadError, Reading},
    settings::ScanSettings,
};
use crate::repositories::{
    Mirror, Source,
    mirror::Fetched,
    source::{Credential, FetchPolicy},
};

/// What the reading threads are given.
#[derive(Clone)]
pub(super) struct Work {
    pub(super) mirror: PathBuf,
    pub(super) source: String,
    pub(super) name: String,
    pub(super) trusted_roots: Vec<PathBuf>,
    /// Who we are to the source's server.
    pub(super) credential: Option<Credential>,
    pub(super) settings: Arc<ScanSettings>,
    pub(super) progress: Progress,
}

/// A mirror as a fetch left it.
pub(super) struct Mirrored {
    fetched: Fetched,
    /// Whether there was one before.
    is_old: bool,
}

/// Fetches on a thread of its own; once more by another token where the server takes the one no longer.
/// Says by what the rest is to be done.
pub(super) async fn fetch(
    work: Arc<Work>,
    token: Option<Token>,
) -> anyhow::Result<(Arc<Work>, Result<Mirrored, ReadError>)> {
    let fetched = fetch_once(&work).await?;
    let is_refused = fetched.as_ref().is_err_and(ReadError::wants_credentials);
    let Some(token) = token.filter(|_| is_refused) else { return Ok((work, fetched)) };
    let Some(other) = token.another().await else { return Ok((work, fetched)) };
    let work = Arc::new(Work { credential: Some(other), ..(*work).clone() });
    let fetched = fetch_once(&work).await?;
    Ok((work, fetched))
}

async fn fetch_once(work: &Arc<Work>) -> anyhow::Result<Result<Mirrored, ReadError>> {
    let fetching = Arc::clone(work);
    let fetching = tokio::task::spawn_blocking(move || fetching.fetch());
    fetching.await.context("fetch the repository")
}

impl Work {
    fn fetch(&self) -> Result<Mirrored, ReadError> {
        self.noting(|policy, source| {
            let mirror = Mirror::at(&self.mirror);
            let is_old = mirror.size() > 0;
            let limits = &self.settings.fetch;
            let fetched = reading::fetch(&mirror, source, policy, limits, &self.progress)?;
            Ok(Mirrored { fetched, is_old })
        })
    }

    pub(super) fn read(&self, mirrored: &Mirrored, known: &Known) -> Result<Reading, ReadError> {
        let read =
            self.noting(|policy, source| self.read_or_remake(policy, source, mirrored, known));
        read.map(|reading| reading.without_path(&self.mirror))
    }

    /// Does something with the source, and notes why it failed.
    fn noting<T>(
        &self,
        work: impl FnOnce(&FetchPolicy, &Source) -> Result<T, ReadError>,
    ) -> Result<T, ReadError> {
        let policy = self.settings.policy.trusting(&self.trusted_roots);
        let policy = policy.known_by(self.credential.as_ref());
        let source = Source::parse(&self.source, &policy).map_err(ReadError::from);
        let done = source.and_then(|source| work(&policy, &source));
        done.inspect_err(|error| warn!("Reading `{}` failed: {error}", self.name))
    }

    fn read_or_remake(
        &self,
        policy: &FetchPolicy,
        source: &Source,
        mirrored: &Mirrored,
        known: &Known,
    ) -> Result<Reading, ReadError> {
        let mirror = Mirror::at(&self.mirror);
        let (limits, progress) = (&self.settings.fetch, &self.progress);
        let read = self.reader(&mirror, known).read(&mirrored.fetched);
        let is_damaged = match &read {
            Ok(reading) => reading.lacks_objects,
            Err(error) => error.is_damage(),
        };
        if !(mirrored.is_old && is_damaged) || progress.is_stopped() {
            return read;
        }
        // An object below the references is missing or broken: the source still has it.
        match reading::remake(&mirror, source, policy, limits, progress) {
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
