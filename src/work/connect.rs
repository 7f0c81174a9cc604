//! Connecting and removing repositories: the row, its first scan, the log, and the mirror.

use std::{path::PathBuf, sync::Arc};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{jobs::request_scan, model::ScanId, store};
use crate::{
    jobs::{self, Failure, Job, JobContext, Registry},
    organizations::audit,
    repositories::{
        self, Mirror, NewRepository, Repository, RepositoryId, ScanReason, Source, SourceKind,
        disconnected::{self, Disconnected, Meant},
        hooks::{MakeHook, RemoveHooks},
    },
    tenancy::TenantTx,
};

/// A connected repository and the scan that was asked for.
#[derive(Clone, Debug)]
pub struct Connected {
    pub repository: RepositoryId,
    pub name: String,
    pub scan: ScanId,
    /// False where the source was connected already.
    pub is_new: bool,
}

/// Connects a repository and asks for its scan; one that is connected already is only scanned.
pub async fn connect(
    tx: &mut TenantTx,
    source: &Source,
    reason: ScanReason,
    now: DateTime<Utc>,
) -> anyhow::Result<Connected> {
    let (repository, name, is_new) = find_or_add(tx, source, reason, now).await?;
    let reason = match reason {
        ScanReason::Added if !is_new => ScanReason::Requested,
        other => other,
    };
    let scan = request_scan(tx, repository, reason, now).await?;
    Ok(Connected { repository, name, scan, is_new })
}

async fn find_or_add(
    tx: &mut TenantTx,
    source: &Source,
    reason: ScanReason,
    now: DateTime<Utc>,
) -> anyhow::Result<(RepositoryId, String, bool)> {
    // Somebody may add the same one, or one of the same name, between the look and the write.
    for _ in 0..5 {
        if let Some(known) = repositories::find_source(tx, &source.normalized()).await? {
            if reason == ScanReason::Command {
                repositories::trust(tx, known.id, source.roots()).await?;
            }
            return Ok((known.id, known.name, false));
        }
        let meant = Meant::Source(&source.normalized());
        if let Some(known) = disconnected::find(tx, meant, now).await?
            && let Some(name) = take_back(tx, &known, now).await?
        {
            return Ok((known.id, name, true));
        }
        if let Some((id, name)) = add(tx, source, reason, now).await? {
            return Ok((id, name, true));
        }
    }
    anyhow::bail!("no name is free for `{}`", source.display_name())
}

async fn add(
    tx: &mut TenantTx,
    source: &Source,
    reason: ScanReason,
    now: DateTime<Utc>,
) -> anyhow::Result<Option<(RepositoryId, String)>> {
    let id = RepositoryId::new();
    let new = NewRepository {
        id,
        name: &Repository::name_of(source),
        source_kind: SourceKind::of(source),
        source: &source.to_string(),
        source_key: &source.normalized(),
        trusted_roots: if reason == ScanReason::Command { source.roots() } else { &[] },
        created_at: now,
    };
    let Some(name) = repositories::insert(tx, &new).await? else { return Ok(None) };
    let detail = json!({"name": name, "source": new.source});
    audit::record(tx, event("repository.added", id, detail, now)).await?;
    tx.announce_in(id.as_uuid(), "repositories");
    Ok(Some((id, name)))
}

/// What a repository is to be called, and where it is to be fetched from; none stays as it is.
#[derive(Clone, Debug, Default)]
pub struct Change {
    pub name: Option<String>,
    pub source: Option<Source>,
}

/// A changed repository, and the scan that was asked for; none where it was like that already.
#[derive(Clone, Debug)]
pub struct Changed {
    pub name: String,
    pub scan: Option<ScanId>,
}

/// Why a repository cannot be changed so, in sentences for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    Name(String),
    Source(String),
}

/// Gives a repository another name or source and asks for its scan. What was read stays until that
/// has ended, and so does the mirror, of which the new source sends only the difference.
pub async fn change(
    tx: &mut TenantTx,
    repository: &Repository,
    change: &Change,
    now: DateTime<Utc>,
) -> anyhow::Result<Result<Changed, Refusal>> {
    // As it is now: somebody else may have changed it since it was looked up.
    repositories::lock(tx, repository.id).await?;
    let current = repositories::find(tx, repository.id).await?;
    let repository = current.as_ref().unwrap_or(repository);
    let name = change.name.as_deref().unwrap_or(&repository.name);
    let source = change.source.as_ref().filter(|new| new.to_string() != repository.source);
    if name == repository.name && source.is_none() {
        return Ok(Ok(Changed { name: name.to_owned(), scan: None }));
    }
    if let Some(refusal) = refusal(tx, repository, name, source).await? {
        return Ok(Err(refusal));
    }
    let written = match source {
        Some(source) => {
            let (text, key) = (source.to_string(), source.normalized());
            let place =
                repositories::Place { kind: SourceKind::of(source), source: &text, key: &key };
            repositories::move_to(tx, repository.id, name, &place).await
        }
        None => repositories::rename(tx, repository.id, name).await,
    };
    if let Err(error) = written {
        return taken(&error).map_or_else(|| Err(error.into()), |refusal| Ok(Err(refusal)));
    }
    let new = source.map_or_else(|| repository.source.clone(), ToString::to_string);
    let event = event("repository.changed", repository.id, json!({"name": name}), now).changed(
        json!({"name": repository.name, "source": repository.source}),
        json!({"name": name, "source": new}),
    );
    audit::record(tx, event).await?;
    tx.announce_in(repository.id.as_uuid(), "repositories");
    let scan = request_scan(tx, repository.id, ScanReason::Requested, now).await?;
    Ok(Ok(Changed { name: name.to_owned(), scan: Some(scan) }))
}

async fn refusal(
    tx: &mut TenantTx,
    repository: &Repository,
    name: &str,
    source: Option<&Source>,
) -> sqlx::Result<Option<Refusal>> {
    if !Repository::is_name(name) {
        let text = "A name has 1 to 100 letters, digits, `.`, `_` and `-`, and not only signs.";
        return Ok(Some(Refusal::Name(text.to_owned())));
    }
    let other = |found: Option<Repository>| found.filter(|found| found.id != repository.id);
    if other(repositories::find_named(tx, name).await?).is_some() {
        return Ok(Some(Refusal::Name(format!("Another repository is called `{name}`."))));
    }
    let Some(source) = source else { return Ok(None) };
    let taken = other(repositories::find_source(tx, &source.normalized()).await?);
    Ok(taken.map(|taken| {
        Refusal::Source(format!("This repository is connected already, as `{}`.", taken.name))
    }))
}

/// What to say where somebody else took the name or the source after both were found to be free.
fn taken(error: &sqlx::Error) -> Option<Refusal> {
    let error = error.as_database_error().filter(|error| error.is_unique_violation())?;
    let text = |what| format!("Another repository has been given this {what} at this moment.");
    let is_name = error.constraint().is_some_and(|name| name.contains("_name_"));
    Some(if is_name { Refusal::Name(text("name")) } else { Refusal::Source(text("address")) })
}

/// Takes a repository from everybody's eyes, at once. For a day [`reconnect`] has it back with all that was
/// read from it; then it is deleted.
pub async fn disconnect(
    tx: &mut TenantTx,
    repository: &Repository,
    now: DateTime<Utc>,
) -> anyhow::Result<()> {
    repositories::lock(tx, repository.id).await?;
    store::cancel_scans(tx, repository.id, now).await?;
    disconnected::disconnect(tx, repository.id, now).await?;
    jobs::enqueue(tx, &RemoveHooks { repository: repository.id }, now).await?;
    let detail = json!({"name": repository.name, "source": repository.source});
    audit::record(tx, event("repository.removed", repository.id, detail, now)).await?;
    // To all: nobody sees the repository any longer.
    for topic in ["repositories", "scans", "tasks"] {
        tx.announce(topic);
    }
    Ok(())
}

/// Has a disconnected repository back and asks for its scan; none where it is connected anew by now.
pub async fn reconnect(
    tx: &mut TenantTx,
    repository: &Disconnected,
    now: DateTime<Utc>,
) -> anyhow::Result<Option<Connected>> {
    let Some(name) = take_back(tx, repository, now).await? else { return Ok(None) };
    let scan = request_scan(tx, repository.id, ScanReason::Requested, now).await?;
    Ok(Some(Connected { repository: repository.id, name, scan, is_new: true }))
}

async fn take_back(
    tx: &mut TenantTx,
    repository: &Disconnected,
    now: DateTime<Utc>,
) -> anyhow::Result<Option<String>> {
    let Some(name) = disconnected::reconnect(tx, repository.id).await? else { return Ok(None) };
    jobs::enqueue(tx, &MakeHook { repository: repository.id }, now).await?;
    let detail = json!({"name": name, "source": repository.source});
    audit::record(tx, event("repository.restored", repository.id, detail, now)).await?;
    tx.announce("repositories");
    Ok(Some(name))
}

/// Deletes one that was disconnected more than a day ago, with all that was read from it and its mirror;
/// false where somebody has had it back meanwhile.
pub(super) async fn delete(
    tx: &mut TenantTx,
    repository: &Disconnected,
    now: DateTime<Utc>,
) -> anyhow::Result<bool> {
    if !disconnected::delete(tx, repository.id, now).await? {
        return Ok(false);
    }
    jobs::enqueue(tx, &RemoveMirror { repository: repository.id }, now).await?;
    let detail = json!({"name": repository.name, "source": repository.source});
    audit::record(tx, event("repository.deleted", repository.id, detail, now)).await?;
    Ok(true)
}

fn event(
    action: &'static str,
    id: RepositoryId,
    detail: serde_json::Value,
    at: DateTime<Utc>,
) -> audit::Event<'static> {
    audit::Event::new(action, "repository", id, at).detail(detail)
}

/// Deletes the mirror of a removed repository, after any scan that still reads it.
///
/// Idempotent: a mirror that is gone stays gone.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct RemoveMirror {
    repository: RepositoryId,
}

impl Job for RemoveMirror {
    const KIND: &'static str = "remove_mirror";
    const ATTEMPTS: u16 = 5;

    fn lane(&self) -> String {
        format!("repository:{}", self.repository)
    }
}

/// Names the function that deletes mirrors.
pub(super) fn register(registry: Registry, mirrors: PathBuf) -> Registry {
    let mirrors = Arc::new(mirrors);
    registry.with(move |context: JobContext, job: RemoveMirror| {
        let mirror = Mirror::at(Repository::mirror_path(
            &mirrors,
            context.grant.organization().id,
            job.repository,
        ));
        async move {
            let removed = tokio::task::spawn_blocking(move || mirror.remove()).await;
            let removed = removed.map_err(|error| Failure::Retry(error.into()))?;
            removed.map_err(|error| Failure::Retry(error.into()))
        }
    })
}
