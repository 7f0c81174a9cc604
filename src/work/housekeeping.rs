//! Deleting what is kept no longer: old scans, mirrors that nobody uses, and what crashes left.
//!
//! Each server looks after its own disk. A mirror is put aside under its repository's lock, which
//! a scan takes before it says that it runs: none is taken away from under a running scan.

use std::path::{Path, PathBuf};

use anyhow::Context;
use chrono::{DateTime, Utc};
use tracing::{info, warn};

use super::{connect, settings::ScanSettings, store};
use crate::{
    repositories::{
        self, RepositoryId,
        disconnected::{self, Disconnected},
        upkeep::{self, Entry, Part},
    },
    tenancy::{Db, Grant, TenantId},
};

/// What one round deleted of one organisation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Swept {
    pub scans: u64,
    /// Mirrors and leftovers of them.
    pub directories: usize,
}

/// Deletes what an organisation keeps no longer.
pub async fn keep_house(
    db: &Db,
    grant: &Grant,
    settings: &ScanSettings,
    now: DateTime<Utc>,
) -> anyhow::Result<Swept> {
    let mut tx = db.begin_granted(grant).await?;
    let scans = store::delete_old_scans(&mut tx, settings.retention.scans.into()).await?;
    let due = disconnected::list_due(&mut tx, now).await?;
    tx.commit().await?;
    let repositories = delete_disconnected((db, grant), &due, now).await;
    if repositories > 0 {
        info!("Deleted {repositories} repositories that were disconnected a day ago");
    }
    let directories = House { db, grant, settings, now }.sweep().await?;
    if directories > 0 {
        info!("Deleted {directories} mirrors that nobody uses");
    }
    Ok(Swept { scans, directories })
}

/// Deletes repositories, each in a transaction of its own: nobody waits for all of them, and one that fails
/// keeps no other. How many there were.
async fn delete_disconnected(
    (db, grant): (&Db, &Grant),
    due: &[Disconnected],
    now: DateTime<Utc>,
) -> usize {
    let mut deleted = 0;
    for repository in due {
        match delete_one((db, grant), repository, now).await {
            Ok(is_deleted) => deleted += usize::from(is_deleted),
            Err(error) => {
                let name = &repository.name;
                warn!("`{name}`, which was disconnected, could not be deleted: {error:#}");
            }
        }
    }
    deleted
}

async fn delete_one(
    (db, grant): (&Db, &Grant),
    repository: &Disconnected,
    now: DateTime<Utc>,
) -> anyhow::Result<bool> {
    let mut tx = db.begin_granted(grant).await?;
    let is_deleted = connect::delete(&mut tx, repository, now).await?;
    tx.commit().await?;
    Ok(is_deleted)
}

/// Deletes the mirrors of organisations that are no more; `known` was read after `listed`.
pub async fn forget_organizations(
    settings: &ScanSettings,
    listed: Vec<TenantId>,
    known: &[Grant],
) -> anyhow::Result<()> {
    let is_gone = |id: &TenantId| known.iter().all(|grant| grant.organization().id != *id);
    let gone: Vec<PathBuf> = listed
        .into_iter()
        .filter(is_gone)
        .map(|id| settings.mirrors.join(id.to_string()))
        .collect();
    delete(gone).await.map(|_| ())
}

/// Lists the organisations that have mirrors on this server.
pub async fn list_tenants(settings: &ScanSettings) -> anyhow::Result<Vec<TenantId>> {
    let mirrors = settings.mirrors.clone();
    on_disk(move || upkeep::list_tenants(&mirrors)).await
}

/// One round for one organisation.
struct House<'a> {
    db: &'a Db,
    grant: &'a Grant,
    settings: &'a ScanSettings,
    now: DateTime<Utc>,
}

impl House<'_> {
    async fn sweep(&self) -> anyhow::Result<usize> {
        let (mirrors, tenant) = (self.settings.mirrors.clone(), self.grant.organization().id);
        // Before the rows are read: a repository that is added meanwhile is not in this list.
        let entries = on_disk(move || upkeep::list_entries(&mirrors, tenant)).await?;
        if entries.is_empty() {
            return Ok(0);
        }
        let (known, idle) = self.repositories().await?;
        let mut gone = Vec::new();
        for entry in entries {
            let is_known = known.contains(&entry.repository);
            let aside = match entry.part {
                Part::Aside => Some(entry.path),
                Part::Mirror | Part::HalfMade if !is_known => put_aside(&entry.path),
                Part::HalfMade => self.put_aside_unused(&entry).await?,
                Part::Mirror if idle.contains(&entry.repository) => {
                    self.put_aside_unused(&entry).await?
                }
                Part::Mirror => None,
            };
            gone.extend(aside);
        }
        delete(gone).await
    }

    /// All repositories, and those that have not been scanned for long.
    async fn repositories(&self) -> sqlx::Result<(Vec<RepositoryId>, Vec<RepositoryId>)> {
        let mut tx = self.db.begin_granted(self.grant).await?;
        let known = disconnected::list_ids(&mut tx).await?;
        let Some(kept) = self.settings.retention.mirrors else { return Ok((known, Vec::new())) };
        let idle = store::list_idle_repositories(&mut tx, self.now - kept).await?;
        Ok((known, idle))
    }

    /// Puts a directory aside unless its repository is being scanned.
    async fn put_aside_unused(&self, entry: &Entry) -> anyhow::Result<Option<PathBuf>> {
        let mut tx = self.db.begin_granted(self.grant).await?;
        repositories::lock(&mut tx, entry.repository).await?;
        if store::is_being_scanned(&mut tx, entry.repository).await? {
            return Ok(None);
        }
        let aside = put_aside(&entry.path);
        if aside.is_some() && entry.part == Part::Mirror {
            repositories::forget_mirror(&mut tx, entry.repository).await?;
            tx.announce_in(entry.repository.as_uuid(), "repositories");
        }
        tx.commit().await?;
        Ok(aside)
    }
}

fn put_aside(path: &Path) -> Option<PathBuf> {
    let aside = upkeep::put_aside(path);
    aside
        .inspect_err(|error| warn!(path = %path.display(), %error, "A mirror cannot be renamed"))
        .ok()
}

/// Deletes directories; how many.
async fn delete(directories: Vec<PathBuf>) -> anyhow::Result<usize> {
    on_disk(move || {
        for directory in &directories {
            upkeep::delete(directory)?;
        }
        Ok(directories.len())
    })
    .await
}

async fn on_disk<T: Send + 'static>(
    work: impl FnOnce() -> std::io::Result<T> + Send + 'static,
) -> anyhow::Result<T> {
    let done = tokio::task::spawn_blocking(work).await.context("look after the mirrors")?;
    done.context("look after the mirrors")
}
