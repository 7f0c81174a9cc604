//! What the handlers share, made from the configuration.

use anyhow::Context;
use secrecy::ExposeSecret;
use tracing::info;

use super::{database, defences::Defences, metrics_page::MetricsPage};
use crate::{
    accounts::sign_in::{DomainClaim, GOOGLE, GitHubSettings, OidcSettings, Providers, Rule},
    connections::Connections,
    github::{Hosts, Reach},
    platform::{
        clock::Clock,
        config::{self, Config},
        keyring::{self, Keyring},
        mail::Mailer,
        tasks::Tasks,
    },
    tenancy::{Db, SessionCookie, SessionRules, Sessions, SigningKeys},
    web::middleware::Site,
    webhooks::{Hooks, Inbox},
    work::ScanSettings,
};

/// What the handlers share.
#[derive(Clone)]
pub struct Parts {
    pub db: Db,
    pub clock: Clock,
    pub sessions: Sessions,
    pub providers: Providers,
    pub site: Site,
    pub mailer: Mailer,
    pub scans: ScanSettings,
    pub connections: Connections,
    pub hooks: Hooks,
    pub inbox: Inbox,
    pub defences: Defences,
    pub tasks: Tasks,
    pub metrics: Option<MetricsPage>,
}

impl Parts {
    /// The values that come from the configuration.
    pub fn new(config: &Config, db: Db, clock: Clock, tasks: Tasks) -> anyhow::Result<Self> {
        let sessions = sessions(config)?;
        Ok(Self {
            defences: Defences::new(config, &db, &clock),
            hooks: Hooks::new(&db, &clock, &sessions.keyring, &tasks),
            inbox: Inbox::new(&db, &tasks),
            connections: Connections::new(&clock, &sessions.keyring, &reach(config))?,
            db,
            providers: providers(config, &clock, &sessions.keyring)?,
            clock,
            sessions,
            site: Site { origin: config.public_url() },
            mailer: mailer(config)?,
            scans: ScanSettings::from_config(config, database::mirrors_dir(config)?),
            tasks,
            metrics: None,
        })
    }
}

/// What sessions are made and checked with, by the configuration.
fn sessions(config: &Config) -> anyhow::Result<Sessions> {
    let settings = &config.sessions;
    let keys = match &settings.signing_secret {
        Some(secret) => {
            let seed = keyring::derive(secret.expose_secret().as_bytes(), b"quarterdeck signing")?;
            SigningKeys::fixed(*seed)?
        }
        None => SigningKeys::default(),
    };
    Ok(Sessions {
        cookie: SessionCookie { https: config.is_https() },
        keys,
        keyring: open_keyring(config)?,
        rules: SessionRules {
            days: settings.days,
            most_days: settings.most_days,
            pepper: settings.secret.clone(),
        },
        renewed: None,
    })
}

/// Where mail goes out, by the configuration.
fn mailer(config: &Config) -> anyhow::Result<Mailer> {
    match (&config.mail.smtp_url, &config.mail.from) {
        (Some(url), Some(from)) => Ok(Mailer::new(url, from)?),
        (Some(_), None) | (None, _) => Ok(Mailer::default()),
    }
}

/// Where the servers of GitHub may be that administrators name: not in the server's own network, unless the configuration
/// opens it or names them itself.
pub(super) fn reach(config: &Config) -> Reach {
    let reach = Reach::within(&config.repositories.allowed_networks);
    match Hosts::new(&config.github.web_url, config.github.api_url.as_deref()) {
        Ok(hosts) => reach.trusting(&hosts),
        // Who signs in by it is told what is wrong with it.
        Err(_invalid) => reach,
    }
}

/// Who can be asked about people, by the configuration.
fn providers(config: &Config, clock: &Clock, keyring: &Keyring) -> anyhow::Result<Providers> {
    let mut providers = Providers::new(&config.public_url(), clock, keyring)?
        .with_reach(reach(config))
        .with_allowed(&config.github.allowed_organizations)?;
    if let Some(settings) = github(config)? {
        providers = providers.with_github(&settings)?;
    }
    for (name, settings) in &config.oidc {
        if let Some(settings) = issuer(name, settings)? {
            providers = providers.with_oidc(&settings)?;
        }
    }
    Ok(providers)
}

fn github(config: &Config) -> anyhow::Result<Option<GitHubSettings>> {
    let settings = &config.github;
    let (Some(client_id), Some(client_secret)) = (&settings.client_id, &settings.client_secret)
    else {
        return Ok(None);
    };
    let key = match (&settings.private_key, &settings.private_key_file) {
        (Some(key), _) => Some(key.clone()),
        (None, Some(file)) => {
            let text = std::fs::read_to_string(file);
            let context = || format!("read github.private_key_file, {}", file.display());
            Some(text.with_context(context)?.into())
        }
        (None, None) => None,
    };
    Ok(Some(GitHubSettings {
        web_url: settings.web_url.clone(),
        api_url: settings.api_url.clone(),
        client_id: client_id.clone(),
        client_secret: client_secret.clone(),
        app: settings.app_id.zip(key),
    }))
}

/// An issuer of the configuration; Google's address and ways where the section is called so.
fn issuer(name: &str, settings: &config::OidcSettings) -> anyhow::Result<Option<OidcSettings>> {
    let (Some(client_id), Some(client_secret)) = (&settings.client_id, &settings.client_secret)
    else {
        return Ok(None);
    };
    let issuer = settings.issuer.clone().unwrap_or_else(|| GOOGLE.to_owned());
    let claim = match &settings.domain_claim {
        Some(text) => text.parse().with_context(|| format!("oidc.{name}.domain_claim"))?,
        None if issuer == GOOGLE => DomainClaim::Hosted,
        None => DomainClaim::Email,
    };
    let rule = Rule::new(claim, &settings.allowed_domains)
        .with_context(|| format!("oidc.{name}.allowed_domains"))?;
    let usual = if name == "google" { "Google" } else { name };
    Ok(Some(OidcSettings {
        name: name.to_owned(),
        label: settings.label.clone().unwrap_or_else(|| usual.to_owned()),
        issuer,
        client_id: client_id.clone(),
        client_secret: client_secret.clone(),
        rule,
        organization: settings.organization.clone(),
    }))
}

/// The keys that secrets are sealed with; made, with a word about it, where there are none yet.
pub(super) fn open_keyring(config: &Config) -> anyhow::Result<Keyring> {
    if let Some(secret) = &config.keys.secret {
        return Ok(Keyring::of_secrets(secret)?);
    }
    let data_dir = config.data_dir.as_deref().context("the configuration has no data directory")?;
    std::fs::create_dir_all(data_dir).with_context(|| format!("make {}", data_dir.display()))?;
    let file = config.keys_file(data_dir);
    let (keyring, is_new) = Keyring::open_or_make(&file)?;
    if is_new {
        info!("Made the keys that secrets are sealed with: {}. Back this file up", file.display());
    }
    Ok(keyring)
}
