//! The secrets of hooks: what they are sealed for, how they change, and which of them GitHub has.

use chrono::{DateTime, TimeDelta, Utc};
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;

use super::{
    at_github::TellHook,
    hooks::{NewHook, find_active, path},
    model::{Hook, HookId},
    store::hooks::{self as store, Earlier, SealedSecrets},
};
use crate::{
    jobs,
    organizations::audit::{self, Event},
    platform::{crypto::random_secret, keyring::Keyring},
    tenancy::TenantTx,
    web::{AppError, Result},
};

/// Starts every secret, so that secret scanners can know it.
pub(super) const PREFIX: &str = "qdh_";

/// How long the secret before a rotation counts as well: long enough to paste the new one.
pub(super) const OVERLAP: TimeDelta = TimeDelta::hours(24);

/// In which time a hook's secret is changed once.
const ONCE: TimeDelta = TimeDelta::minutes(1);

/// What the secret of a hook is sealed for.
pub(super) fn secret_place(id: HookId) -> String {
    format!("hooks.secret {id}")
}

/// What that before the last rotation is sealed for.
pub(super) fn previous_place(id: HookId) -> String {
    format!("hooks.previous_secret {id}")
}

/// What that by which GitHub signs is sealed for, where it is not the newest.
pub(super) fn held_place(id: HookId) -> String {
    format!("hooks.held_secret {id}")
}

/// Both are ours: nobody can time this.
pub(super) fn is_same(one: &SecretString, other: &SecretString) -> bool {
    one.expose_secret() == other.expose_secret()
}

/// The secret by which a hook's deliveries are signed now.
pub(super) async fn secret_of(
    tx: &mut TenantTx,
    keyring: &Keyring,
    id: HookId,
) -> anyhow::Result<Option<SecretString>> {
    let Some(sealed) = store::sealed_secrets(tx, id).await? else { return Ok(None) };
    Ok(Some(keyring.open_text(&secret_place(id), &sealed.secret)?))
}

/// Notes what GitHub was told a hook's secret is. Where the hook got another one meanwhile, GitHub holds this.
pub(super) async fn note_told(
    tx: &mut TenantTx,
    keyring: &Keyring,
    (id, told): (HookId, &SecretString),
) -> anyhow::Result<()> {
    store::lock(tx, id).await?;
    // A revoked one has no secret any more.
    let Some(newest) = secret_of(tx, keyring, id).await? else { return Ok(()) };
    let held = if is_same(&newest, told) {
        None
    } else {
        Some(keyring.seal(&held_place(id), told.expose_secret().as_bytes())?)
    };
    Ok(store::set_held(tx, id, held.as_deref()).await?)
}

/// Gives a hook another secret; the one before counts for a day as well, and so does the one that GitHub holds
/// until it is told of this.
pub(super) async fn rotate(
    tx: &mut TenantTx,
    keyring: &Keyring,
    id: HookId,
    now: DateTime<Utc>,
) -> Result<(Hook, NewHook)> {
    let hook = find_active(tx, id).await?;
    // Else a page that is sent twice would take the secret away that GitHub has.
    if hook.previous_until.is_some_and(|until| until > now + OVERLAP - ONCE) {
        let words = "The hook got another secret less than a minute ago. If you have not seen it, wait a minute.";
        return Err(AppError::Conflict(words.to_owned()));
    }
    let old = store::sealed_secrets(tx, id).await?.ok_or(AppError::NotFound)?;
    let secret = random_secret(PREFIX)?;
    let sealed = seal(keyring, &secret_place(id), &secret)?;
    let earlier = sealed_earlier(keyring, (&hook, old), now)?;
    let until = now + OVERLAP;
    let earlier = earlier.as_ref().map(|(previous, held)| Earlier { previous, held, until });
    store::set_secret(tx, id, &sealed, earlier.as_ref()).await?;
    if hook.repository.is_some() || hook.app_id.is_some() {
        jobs::enqueue(tx, &TellHook { hook: id }, now).await?;
    }
    let event = Event::new("hook.rotated", "hook", id, now).detail(json!({"name": hook.name}));
    audit::record(tx, event).await?;
    Ok((hook, NewHook { id, path: path(id), secret }))
}

/// What counts beside a hook's next secret: the one of now, and the one that GitHub may hold still, because it
/// was told of none since.
fn sealed_earlier(
    keyring: &Keyring,
    (hook, old): (&Hook, SealedSecrets),
    now: DateTime<Utc>,
) -> Result<Option<(String, String)>> {
    let counts = hook.previous_until.is_some_and(|until| now < until);
    let held = old.held.filter(|_| counts);
    let held = held.and_then(|held| keyring.open_text(&held_place(hook.id), &held).ok());
    let newest = keyring.open_text(&secret_place(hook.id), &old.secret).ok();
    // One that cannot be opened any more counts for nothing already.
    let Some(previous) = newest.or_else(|| held.clone()) else { return Ok(None) };
    let held = seal(keyring, &held_place(hook.id), held.as_ref().unwrap_or(&previous))?;
    Ok(Some((seal(keyring, &previous_place(hook.id), &previous)?, held)))
}

pub(super) fn seal(keyring: &Keyring, place: &str, secret: &SecretString) -> Result<String> {
    let sealed = keyring.seal(place, secret.expose_secret().as_bytes());
    sealed.map_err(|error| AppError::Internal(error.into()))
}
