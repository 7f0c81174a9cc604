//! Hooks: made, rotated, revoked, and looked up by those who bring a delivery.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use chrono::{DateTime, TimeDelta, Utc};
use secrecy::SecretString;
use serde_json::json;
use tracing::warn;

use super::{
    at_github::DeleteHook,
    model::{Hook, HookId, HookName},
    secrets::{PREFIX, held_place, is_same, previous_place, seal, secret_place},
    store::hooks::{self as store, HookOf, StoredHook},
};
use crate::{
    connections::ConnectionId,
    jobs,
    organizations::audit::{self, Event},
    platform::{clock::Clock, crypto::random_secret, keyring::Keyring, tasks::Tasks},
    repositories::RepositoryId,
    tenancy::{Db, SystemReason, TenantId, TenantTx},
    web::{AppError, Result},
};

/// How long a hook that was looked up counts: a revoked one is refused after that at the latest.
const COUNTS: TimeDelta = TimeDelta::seconds(5);

/// How many hooks are kept at hand at most.
const MOST_KNOWN: usize = 10_000;

/// How often it is written down that a hook was heard.
const HEARD_EVERY: TimeDelta = TimeDelta::minutes(5);

/// How many hooks an organisation has at most.
const MOST: i64 = 1_000;

/// A hook with what its deliveries are signed with.
#[derive(Debug)]
pub(super) struct KnownHook {
    pub(super) id: HookId,
    pub(super) tenant: TenantId,
    /// The one of now and, during a rotation, the one before and the one that GitHub holds.
    pub(super) secrets: Vec<SecretString>,
}

/// Finds hooks by their ids, and remembers them for a few seconds. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Hooks {
    db: Db,
    clock: Clock,
    keyring: Keyring,
    tasks: Tasks,
    known: Arc<Mutex<HashMap<HookId, Known>>>,
    /// The hooks of an App, by its GitHub's host and its number there.
    apps: Arc<Mutex<HashMap<(String, i64), KnownApp>>>,
}

#[derive(Debug)]
struct KnownApp {
    hooks: Vec<Arc<KnownHook>>,
    until: DateTime<Utc>,
}

#[derive(Debug)]
struct Known {
    hook: Arc<KnownHook>,
    until: DateTime<Utc>,
    heard_at: Option<DateTime<Utc>>,
}

impl Hooks {
    pub fn new(db: &Db, clock: &Clock, keyring: &Keyring, tasks: &Tasks) -> Self {
        let (db, clock, keyring) = (db.clone(), clock.clone(), keyring.clone());
        Self {
            db,
            clock,
            keyring,
            tasks: tasks.clone(),
            known: Arc::default(),
            apps: Arc::default(),
        }
    }

    pub(super) async fn find(&self, id: HookId) -> Result<Option<Arc<KnownHook>>> {
        let now = self.clock.now();
        if let Some(known) = self.known().get(&id).filter(|known| now < known.until) {
            return Ok(Some(Arc::clone(&known.hook)));
        }
        let mut tx = self.db.system(SystemReason::TakeDelivery).await?;
        let found = store::find_any(&mut tx, id).await?;
        drop(tx);
        let Some(stored) = found else {
            self.known().remove(&id);
            return Ok(None);
        };
        Ok(Some(self.remember(&stored, now)?))
    }

    /// The hooks of an App by its GitHub's host and its number there; whose secret signed a delivery tells
    /// them apart.
    pub(super) async fn find_of_app(&self, host: &str, app: i64) -> Result<Vec<Arc<KnownHook>>> {
        let (now, key) = (self.clock.now(), (host.to_owned(), app));
        if let Some(known) = self.apps().get(&key).filter(|known| now < known.until) {
            return Ok(known.hooks.clone());
        }
        let mut tx = self.db.system(SystemReason::TakeDelivery).await?;
        let found = store::find_of_app(&mut tx, (host, app)).await?;
        drop(tx);
        let mut hooks = Vec::new();
        for stored in &found {
            match self.remember(stored, now) {
                Ok(hook) => hooks.push(hook),
                // One organisation's lost key keeps no other from its deliveries.
                Err(error) => warn!(hook = %stored.id, "A hook of an App is left out: {error}"),
            }
        }
        let mut all = self.apps();
        if all.len() >= MOST_KNOWN {
            all.retain(|_, known| now < known.until);
        }
        if !hooks.is_empty() {
            all.insert(key, KnownApp { hooks: hooks.clone(), until: now + COUNTS });
        }
        Ok(hooks)
    }

    fn remember(&self, stored: &StoredHook, now: DateTime<Utc>) -> Result<Arc<KnownHook>> {
        let hook = Arc::new(self.open(stored, now)?);
        let (known, heard_at) = (Arc::clone(&hook), stored.heard_at);
        let mut all = self.known();
        if all.len() >= MOST_KNOWN {
            all.retain(|_, known| now < known.until);
        }
        all.insert(stored.id, Known { hook: known, until: now + COUNTS, heard_at });
        Ok(hook)
    }

    fn open(&self, stored: &StoredHook, now: DateTime<Utc>) -> Result<KnownHook> {
        let open = |place: &str, sealed: &str| {
            let opened = self.keyring.open_text(place, sealed);
            opened.map_err(|error| {
                AppError::Internal(anyhow::anyhow!("open a hook's secret: {error}"))
            })
        };
        let mut secrets = vec![open(&secret_place(stored.id), &stored.secret)?];
        let earlier = [
            (previous_place(stored.id), &stored.previous_secret),
            (held_place(stored.id), &stored.held_secret),
        ];
        let counts = stored.previous_until.is_some_and(|until| now < until);
        for (place, sealed) in earlier.iter().filter(|_| counts) {
            let Some(sealed) = sealed else { continue };
            let secret = open(place, sealed)?;
            if !secrets.iter().any(|known| is_same(known, &secret)) {
                secrets.push(secret);
            }
        }
        Ok(KnownHook { id: stored.id, tenant: stored.tenant, secrets })
    }

    /// Writes down, now and then, that a hook is in use.
    pub(super) fn heard(&self, id: HookId, now: DateTime<Utc>) {
        let is_told = {
            let mut known = self.known();
            let Some(known) = known.get_mut(&id) else { return };
            let is_due = known.heard_at.is_none_or(|heard| heard <= now - HEARD_EVERY);
            if is_due {
                known.heard_at = Some(now);
            }
            !is_due
        };
        if is_told {
            return;
        }
        let db = self.db.clone();
        self.tasks.spawn("hook heard", async move {
            if let Err(error) = note_heard(&db, id, now).await {
                warn!(hook = %id, %error, "That a hook is in use could not be written down");
            }
        });
    }

    fn apps(&self) -> std::sync::MutexGuard<'_, HashMap<(String, i64), KnownApp>> {
        self.apps.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn known(&self) -> std::sync::MutexGuard<'_, HashMap<HookId, Known>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn note_heard(db: &Db, id: HookId, now: DateTime<Utc>) -> sqlx::Result<()> {
    let mut tx = db.system(SystemReason::TakeDelivery).await?;
    store::set_heard(&mut tx, id, now).await?;
    tx.commit().await.map(|_| ())
}

/// A hook that has just been made, with what GitHub has to be told of it.
#[derive(Debug)]
pub struct NewHook {
    pub id: HookId,
    /// Behind the site's own address.
    pub path: String,
    pub secret: SecretString,
}

/// Where a hook's deliveries are taken.
pub(super) fn path(id: HookId) -> String {
    format!("/api/v2/webhooks/github/{id}")
}

/// Makes a hook in the organisation of the transaction.
pub async fn create(
    tx: &mut TenantTx,
    keyring: &Keyring,
    name: &HookName,
    now: DateTime<Utc>,
) -> Result<NewHook> {
    insert(tx, keyring, (name, random_secret(PREFIX)?, HookOf::default()), now).await
}

/// Makes the row of an App's own hook, whose secret GitHub has made or a person has pasted.
pub async fn create_of_app(
    tx: &mut TenantTx,
    keyring: &Keyring,
    (name, connection, app): (&HookName, ConnectionId, i64),
    secret: SecretString,
    now: DateTime<Utc>,
) -> Result<HookId> {
    let of = HookOf { connection: Some(connection), app: Some(app), ..HookOf::default() };
    Ok(insert(tx, keyring, (name, secret, of), now).await?.id)
}

/// Makes a hook for one repository, which has none yet.
pub(super) async fn create_of_repository(
    tx: &mut TenantTx,
    keyring: &Keyring,
    (connection, repository, full_name): (ConnectionId, RepositoryId, &str),
    now: DateTime<Utc>,
) -> Result<HookId> {
    let short: String = full_name.chars().take(100).collect();
    let name = short.parse().map_err(|error| AppError::Internal(anyhow::Error::new(error)))?;
    let repository = Some((repository, full_name));
    let of = HookOf { connection: Some(connection), repository, ..HookOf::default() };
    Ok(insert(tx, keyring, (&name, random_secret(PREFIX)?, of), now).await?.id)
}

/// Why the hook of a repository is not at GitHub as it should be, for people; none where nothing is wrong.
pub async fn trouble_of_repository(
    tx: &mut TenantTx,
    repository: RepositoryId,
) -> sqlx::Result<Option<String>> {
    let Some(hook) = store::find_of_repository(tx, repository).await? else { return Ok(None) };
    Ok(store::find(tx, hook).await?.and_then(|hook| hook.trouble))
}

/// Lists the hooks that were made for a connection, or by it.
pub async fn list_of_connection(
    tx: &mut TenantTx,
    connection: ConnectionId,
) -> sqlx::Result<Vec<Hook>> {
    store::list_left(tx, None, Some(connection)).await
}

async fn insert(
    tx: &mut TenantTx,
    keyring: &Keyring,
    (name, secret, of): (&HookName, SecretString, HookOf<'_>),
    now: DateTime<Utc>,
) -> Result<NewHook> {
    if store::count(tx).await? >= MOST {
        return Err(AppError::Conflict(format!(
            "There are {MOST} hooks. Revoke one before you make another one."
        )));
    }
    let id = HookId::new();
    let sealed = seal(keyring, &secret_place(id), &secret)?;
    store::insert(tx, (id, name.as_str(), &sealed), of, now).await?;
    let event = Event::new("hook.created", "hook", id, now).detail(json!({"name": name.as_str()}));
    audit::record(tx, event).await?;
    tx.announce("hooks");
    Ok(NewHook { id, path: path(id), secret })
}

/// Takes nothing more by a hook, from a few seconds later on; what it brought stays.
pub(super) async fn revoke(tx: &mut TenantTx, id: HookId, now: DateTime<Utc>) -> Result<()> {
    let hook = find_active(tx, id).await?;
    if hook.github_id.is_some() {
        jobs::enqueue(tx, &DeleteHook { hook: id }, now).await?;
    }
    end(tx, &hook, now).await?;
    Ok(())
}

/// The same of one that is known to count.
pub(super) async fn end(tx: &mut TenantTx, hook: &Hook, now: DateTime<Utc>) -> sqlx::Result<()> {
    store::revoke(tx, hook.id, now).await?;
    let event = Event::new("hook.revoked", "hook", hook.id, now).detail(json!({"name": hook.name}));
    audit::record(tx, event).await
}

pub(super) async fn find_active(tx: &mut TenantTx, id: HookId) -> Result<Hook> {
    let hook = store::lock(tx, id).await?;
    hook.filter(|hook| hook.revoked_at.is_none()).ok_or(AppError::NotFound)
}
