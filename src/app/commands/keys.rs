//! Commands about the keys that secrets are sealed with.

use std::path::PathBuf;

use anyhow::{Context, bail, ensure};
use serde_json::json;

use super::say;
use crate::{
    accounts::keys::{self, KeyUse},
    app::{database, parts::open_keyring},
    organizations::audit::Event,
    platform::{
        clock::Clock,
        config::{Config, Environment},
        keyring::{self, Keyring},
    },
    tenancy::{Db, Origin, SystemReason},
};

/// Prints each key, whether it seals, and how much is sealed with it.
pub(in crate::app) async fn list_keys(
    config: &Config,
    environment: &Environment,
) -> anyhow::Result<()> {
    let keyring = open_keyring(config)?;
    let opened = database::open(config, environment).await?;
    let used = count(&opened.db).await?;
    opened.close().await;
    for line in lines(&keyring, &used) {
        say(&line);
    }
    Ok(())
}

async fn count(db: &Db) -> anyhow::Result<Vec<KeyUse>> {
    let mut tx = db.system(SystemReason::CommandLine).await?;
    Ok(keys::count(&mut tx).await?)
}

fn lines(keyring: &Keyring, used: &[KeyUse]) -> Vec<String> {
    let known: Vec<&str> = keyring.ids().collect();
    let mut lost: Vec<&str> = used.iter().map(|found| found.key.as_str()).collect();
    lost.retain(|id| !known.contains(id));
    lost.dedup();
    let state = |index: usize| if index == 0 { "seals" } else { "opens" };
    let there = known.iter().enumerate().map(|(index, id)| (*id, state(index)));
    let all = there.chain(lost.into_iter().map(|id| (id, "lost")));
    all.map(|(id, state)| format!("{id}\t{state}\t{}", in_words(used, id))).collect()
}

fn in_words(used: &[KeyUse], id: &str) -> String {
    let own = used.iter().filter(|found| found.key == id);
    let parts: Vec<String> =
        own.map(|found| format!("{} in {}", found.count, found.column)).collect();
    if parts.is_empty() { "nothing".to_owned() } else { parts.join(", ") }
}

/// Puts a new key in front of the others.
pub(in crate::app) async fn add_key(
    config: &Config,
    environment: &Environment,
) -> anyhow::Result<()> {
    let file = file(config)?;
    // Made here where there is none yet, so that the new one is never the only one by accident.
    open_keyring(config)?;
    let id = keyring::add_to_file(&file)?;
    let event = Event::new("key.added", "key", &id, Clock::system().now());
    record(config, environment, &event).await?;
    say(&format!(
        "Added {id} to {}. Start the server again, then run `quarterdeck keys reseal`. Back the file up.",
        file.display()
    ));
    Ok(())
}

/// Seals everything with the first key.
pub(in crate::app) async fn reseal(
    config: &Config,
    environment: &Environment,
) -> anyhow::Result<()> {
    let keyring = open_keyring(config)?;
    let current = keyring.ids().next().context("there is no key")?.to_owned();
    let opened = database::open(config, environment).await?;
    let done = keys::reseal(&opened.db, &keyring).await?;
    let mut tx = opened.db.system(SystemReason::CommandLine).await?;
    let event = Event::new("key.resealed", "key", &current, Clock::system().now())
        .detail(json!({"anew": done.anew, "closed": done.closed}));
    tx.record(None, &Origin::default(), &event).await?;
    tx.commit().await?;
    opened.close().await;
    say(&format!("Sealed {} secrets with {current}.", done.anew));
    ensure!(
        done.closed == 0,
        "{} secrets stay closed: their keys are lost, see `quarterdeck keys list`",
        done.closed
    );
    Ok(())
}

/// Takes a key out of the file that nothing is sealed with.
pub(in crate::app) async fn retire_key(
    config: &Config,
    environment: &Environment,
    id: &str,
) -> anyhow::Result<()> {
    let file = file(config)?;
    let keyring = open_keyring(config)?;
    ensure!(keyring.ids().any(|known| known == id), "there is no key `{id}` in {}", file.display());
    ensure!(
        keyring.ids().next() != Some(id),
        "`{id}` is the key that seals; add another one first: `quarterdeck keys add`"
    );
    let opened = database::open(config, environment).await?;
    let used = count(&opened.db).await?;
    opened.close().await;
    if used.iter().any(|found| found.key == id) {
        bail!("`{id}` still seals {}; run `quarterdeck keys reseal`", in_words(&used, id));
    }
    let event = Event::new("key.retired", "key", id, Clock::system().now());
    record(config, environment, &event).await?;
    ensure!(keyring::retire_from_file(&file, id)?, "`{id}` is gone from {}", file.display());
    say(&format!("Took {id} out of {}. Backups from before still need it.", file.display()));
    Ok(())
}

/// The file of keys, where they stand in one.
fn file(config: &Config) -> anyhow::Result<PathBuf> {
    ensure!(
        config.keys.secret.is_none(),
        "the keys come from `keys.secret` (ENCRYPTION_KEY): put a new secret in front of the old one there, with a \
         comma between them, run `quarterdeck keys reseal`, and take the old one away when `quarterdeck keys list` \
         says that nothing is sealed with it"
    );
    let data_dir = config.data_dir.as_deref().context("the configuration has no data directory")?;
    Ok(config.keys_file(data_dir))
}

async fn record(
    config: &Config,
    environment: &Environment,
    event: &Event<'_>,
) -> anyhow::Result<()> {
    let opened = database::open(config, environment).await?;
    let mut tx = opened.db.system(SystemReason::CommandLine).await?;
    tx.record(None, &Origin::default(), event).await?;
    tx.commit().await?;
    opened.close().await;
    Ok(())
}
