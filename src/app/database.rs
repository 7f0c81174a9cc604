//! Opens the database: the one that was named, or the managed one.

use std::{path::Path, str::FromStr};

use anyhow::Context;
use secrecy::{ExposeSecret, SecretString};
use sqlx::postgres::PgConnectOptions;

use crate::{
    platform::{
        config::{Config, Environment},
        postgres::{ManagedOptions, ManagedPostgres},
    },
    tenancy::Db,
};

/// A database that is ready for use.
pub struct Opened {
    pub db: Db,
    /// How to connect for LISTEN, past any pooler.
    pub listen: PgConnectOptions,
    /// The server that this process started or found, where none was named.
    managed: Option<ManagedPostgres>,
}

impl Opened {
    /// Whether no other process can have been using this database.
    pub fn is_alone(&self) -> bool {
        self.managed.as_ref().is_some_and(ManagedPostgres::is_owned)
    }

    /// Closes the pool and stops the server that this process started.
    pub async fn close(self) {
        self.db.close().await;
        if let Some(managed) = self.managed {
            drop(tokio::task::spawn_blocking(move || managed.stop()).await);
        }
    }
}

/// Starts or finds the database, brings its tables up to date, and opens the pool.
pub async fn open(config: &Config, environment: &Environment) -> anyhow::Result<Opened> {
    let (options, managed) = if let Some(url) = &config.database.url {
        (parse(url, "database.url")?, None)
    } else {
        let managed = start_managed(config, environment).await?;
        (managed.connect_options(), Some(managed))
    };
    let listen = config
        .database
        .listen_url
        .as_ref()
        .map(|url| parse(url, "database.listen_url"))
        .transpose()?;
    let listen = listen.unwrap_or_else(|| options.clone());
    let db = Db::open_past_pooler(options, &listen, config.database.max_connections).await?;
    Ok(Opened { db, listen, managed })
}

fn parse(url: &SecretString, key: &str) -> anyhow::Result<PgConnectOptions> {
    PgConnectOptions::from_str(url.expose_secret()).or_else(|_| {
        anyhow::bail!(
            "`{key}` is no address of a Postgres (postgres://login:password@host/database)"
        )
    })
}

async fn start_managed(
    config: &Config,
    environment: &Environment,
) -> anyhow::Result<ManagedPostgres> {
    let options = ManagedOptions {
        data_dir: config.data_dir.clone().context("the configuration has no data directory")?,
        postgres_dir: config.postgres.dir.clone(),
        cache_dirs: environment.cache_dirs(),
        path: environment.path(),
        server_user: config.postgres.user.clone(),
        max_connections: config.database.max_connections,
    };
    Ok(tokio::task::spawn_blocking(move || ManagedPostgres::start(&options)).await??)
}

/// Where the mirrors are kept; made where it is not there yet.
pub(super) fn mirrors_dir(config: &Config) -> anyhow::Result<std::path::PathBuf> {
    let data_dir: &Path =
        config.data_dir.as_deref().context("the configuration has no data directory")?;
    let mirrors = Config::mirrors_dir(data_dir);
    std::fs::create_dir_all(&mirrors).with_context(|| format!("make {}", mirrors.display()))?;
    Ok(mirrors)
}
