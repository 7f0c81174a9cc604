//! Commands about hooks.

use anyhow::Context;
use secrecy::ExposeSecret;
use serde_json::json;

use super::say;
use crate::{
    app::{cli::HookArguments, database, parts},
    platform::{
        clock::Clock,
        config::{Config, Environment},
    },
    tenancy::SystemReason,
    webhooks,
};

/// Makes a hook, and prints what GitHub has to be told of it.
pub(in crate::app) async fn create_hook(
    config: &Config,
    environment: &Environment,
    wanted: &HookArguments,
) -> anyhow::Result<()> {
    let keyring = parts::open_keyring(config)?;
    let opened = database::open(config, environment).await?;
    let slug = &wanted.organization;
    let mut tx = opened.db.system(SystemReason::CommandLine).await?;
    let grant = tx.grant_of_operator(slug).await?;
    let grant = grant.with_context(|| format!("there is no organisation `{slug}`"))?;
    drop(tx);
    let mut tx = opened.db.begin_granted(&grant).await?;
    let made = webhooks::create(&mut tx, &keyring, &wanted.name, Clock::system().now()).await?;
    tx.commit().await?;
    opened.close().await;
    let (url, secret) =
        (format!("{}{}", config.public_url(), made.path), made.secret.expose_secret());
    say(&if wanted.json {
        json!({"url": url, "secret": secret}).to_string()
    } else {
        format!("Payload URL  {url}\nSecret       {secret}")
    });
    Ok(())
}
