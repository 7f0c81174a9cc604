//! Who can be asked about a person: GitHub, by the configuration or as an owner has pasted it, and issuers
//! of OpenID Connect, by the configuration.

use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Context;
use secrecy::SecretString;
use tracing::warn;
use url::Url;
use uuid::Uuid;

use super::{
    oidc::{OidcSettings, Provider},
    settings,
    store::{self, GITHUB, Stored},
};
use crate::{
    github::{AppKey, Client, Hosts, Http, InstalledApp, Limits, Login, OAuthApp, Reach},
    platform::{clock::Clock, keyring::Keyring},
    tenancy::SystemTx,
};

/// What an OAuth App asks people for: to read which organisations they belong to. A GitHub App has
/// its permissions instead, and ignores it.
pub(super) const SCOPES: [&str; 1] = ["read:org"];

/// Where GitHub is, and as what Quarterdeck is known there.
#[derive(Clone, Debug)]
pub struct GitHubSettings {
    pub web_url: String,
    pub api_url: Option<String>,
    pub client_id: String,
    pub client_secret: SecretString,
    /// The id and private key of a GitHub App, where it is one.
    pub app: Option<(i64, SecretString)>,
}

/// What was pasted, of a version, ready to be asked.
type TakenUp = (Uuid, Arc<GitHub>);

/// Who can be asked.
#[derive(Clone)]
pub struct Providers {
    clock: Clock,
    pub(super) keyring: Keyring,
    /// Where a GitHub that an owner names may be.
    reach: Reach,
    /// Where providers send people back to.
    pub(super) callback: Url,
    github: Option<(Arc<GitHub>, GitHubSettings)>,
    /// By what an owner has pasted, as this process took it up last.
    pasted: Arc<Mutex<Option<TakenUp>>>,
    /// GitHub organisations of the configuration, for the organisation that was made first.
    allowed: Vec<Login>,
    oidc: Vec<Arc<Provider>>,
}

/// GitHub, ready to be asked.
pub(super) struct GitHub {
    /// What its people's identities are kept under.
    pub(super) id: String,
    pub(super) oauth: OAuthApp,
    pub(super) client: Client,
    pub(super) app: Option<InstalledApp>,
    /// Of the configuration, for the organisation that was made first.
    pub(super) allowed: Vec<Login>,
    /// Where GitHub sends people back to.
    pub(super) callback: Url,
}

/// One that somebody is sent to.
#[derive(Clone)]
pub(super) enum Asked {
    GitHub(Arc<GitHub>),
    Oidc(Arc<Provider>),
}

impl Asked {
    /// What its people's identities are kept under.
    pub(super) fn id(&self) -> &str {
        match self {
            Self::GitHub(github) => &github.id,
            Self::Oidc(provider) => provider.issuer(),
        }
    }

    /// What it is called in addresses.
    pub(super) fn name(&self) -> &str {
        match self {
            Self::GitHub(_) => GITHUB,
            Self::Oidc(provider) => &provider.name,
        }
    }

    /// What people know it by.
    pub(super) fn label(&self) -> &str {
        match self {
            Self::GitHub(_) => "GitHub",
            Self::Oidc(provider) => &provider.label,
        }
    }
}

/// A button of the page of signing in.
#[derive(Clone, Debug)]
pub struct Choice {
    pub name: String,
    pub label: String,
}

impl Providers {
    /// Nobody yet. The keyring opens what was stored of them.
    pub fn new(public_url: &str, clock: &Clock, keyring: &Keyring) -> anyhow::Result<Self> {
        Ok(Self {
            clock: clock.clone(),
            keyring: keyring.clone(),
            reach: Reach::default(),
            callback: Url::parse(&format!("{public_url}/api/auth/callback"))?,
            github: None,
            pasted: Arc::default(),
            allowed: Vec::new(),
            oidc: Vec::new(),
        })
    }

    /// Where a GitHub that an owner names may be; before, at public addresses alone.
    #[must_use]
    pub fn with_reach(mut self, reach: Reach) -> Self {
        self.reach = reach;
        self
    }

    /// Lets the first organisation have the members of GitHub organisations; before [`Self::with_github`].
    pub fn with_allowed(mut self, organizations: &[String]) -> anyhow::Result<Self> {
        let allowed = organizations.iter().map(|name| {
            Login::parse(name).with_context(|| format!("github.allowed_organizations: `{name}`"))
        });
        self.allowed = allowed.collect::<anyhow::Result<_>>()?;
        Ok(self)
    }

    /// Checks the settings; asks nothing of GitHub yet. Needs a running tokio.
    pub fn with_github(mut self, settings: &GitHubSettings) -> anyhow::Result<Self> {
        // Whoever writes the configuration may reach what the server can.
        self.reach = self.reach.trusting(&hosts_of(settings)?);
        self.github = Some((Arc::new(self.github_of(settings)?), settings.clone()));
        Ok(self)
    }

    /// Checks the settings; asks nothing of the issuer yet.
    pub fn with_oidc(mut self, settings: &OidcSettings) -> anyhow::Result<Self> {
        let provider = Provider::new(settings, &self.callback, &self.clock)
            .with_context(|| format!("oidc.{}", settings.name))?;
        anyhow::ensure!(
            self.oidc.iter().all(|other| other.issuer() != provider.issuer()),
            "oidc.{}: another section has the same issuer",
            settings.name
        );
        self.oidc.push(Arc::new(provider));
        Ok(self)
    }

    /// GitHub by these settings.
    pub(super) fn github_of(&self, settings: &GitHubSettings) -> anyhow::Result<GitHub> {
        let hosts = hosts_of(settings)?;
        let http = Http::new(Limits::default(), &self.reach)?;
        let credentials = (settings.client_id.as_str(), &settings.client_secret);
        let client = Client::new(&http, &hosts, self.clock.clone())?;
        let app = settings.app.as_ref().map(|(id, pem)| {
            let key = AppKey::from_pem(*id, pem).context("github.private_key")?;
            Ok::<_, anyhow::Error>(InstalledApp::new(client.clone(), key))
        });
        Ok(GitHub {
            id: store::github_at(hosts.web()),
            oauth: OAuthApp::new(&http, &hosts, credentials, self.clock.clone())?,
            client,
            app: app.transpose()?,
            allowed: self.allowed.clone(),
            callback: self.callback.clone(),
        })
    }

    /// What the configuration says of GitHub, which goes over what was pasted.
    pub(super) fn configured(&self) -> Option<&GitHubSettings> {
        self.github.as_ref().map(|(_, settings)| settings)
    }

    /// GitHub, where people can sign in by it. What was pasted counts from its commit on, in every process.
    pub(super) async fn github(&self, tx: &mut SystemTx) -> anyhow::Result<Option<Arc<GitHub>>> {
        if let Some((github, _)) = &self.github {
            return Ok(Some(Arc::clone(github)));
        }
        let Some(stored) = store::find_credentials(tx).await? else { return Ok(None) };
        Ok(self.take_up(&stored))
    }

    /// What people's identities are kept under, and the number of the App that they sign in by; none where
    /// it is no GitHub App.
    pub(super) async fn github_app(
        &self,
        tx: &mut SystemTx,
    ) -> anyhow::Result<Option<(String, i64)>> {
        let (web_url, app_id) = match &self.github {
            Some((_, settings)) => {
                (settings.web_url.clone(), settings.app.as_ref().map(|(id, _)| *id))
            }
            None => match store::find_credentials(tx).await? {
                Some(stored) => (stored.web_url, stored.app_id),
                None => return Ok(None),
            },
        };
        let web = Url::parse(&web_url).context("the address of GitHub")?;
        Ok(app_id.map(|id| (store::github_at(&web), id)))
    }

    /// Whether people can sign in by GitHub.
    pub async fn has_github(&self, tx: &mut SystemTx) -> anyhow::Result<bool> {
        Ok(self.github(tx).await?.is_some())
    }

    /// None where the keyring has lost the key: people read then that GitHub is not set up, and the owner
    /// reads why.
    fn take_up(&self, stored: &Stored) -> Option<Arc<GitHub>> {
        let mut pasted = self.pasted.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((version, github)) = &*pasted
            && *version == stored.version
        {
            return Some(Arc::clone(github));
        }
        let made = settings::open(&self.keyring, stored)
            .and_then(|settings| self.github_of(&settings))
            .inspect_err(|error| warn!("The credentials of GitHub cannot be used: {error:#}"));
        let github = Arc::new(made.ok()?);
        *pasted = Some((stored.version, Arc::clone(&github)));
        Some(github)
    }

    /// All of them, in the order of the buttons.
    pub(super) async fn list(&self, tx: &mut SystemTx) -> anyhow::Result<Vec<Asked>> {
        let github = self.github(tx).await?.map(Asked::GitHub);
        Ok(github.into_iter().chain(self.oidc.iter().cloned().map(Asked::Oidc)).collect())
    }

    /// The buttons of the page of signing in.
    pub async fn choices(&self, tx: &mut SystemTx) -> anyhow::Result<Vec<Choice>> {
        let choice = |asked: Asked| Choice {
            name: asked.name().to_owned(),
            label: asked.label().to_owned(),
        };
        Ok(self.list(tx).await?.into_iter().map(choice).collect())
    }

    /// The organisations that the configuration names for issuers' people.
    pub(super) fn named(&self) -> Vec<String> {
        self.oidc.iter().filter_map(|provider| provider.organization.clone()).collect()
    }

    /// The name of the organisation that the configuration lets people into: there has to be one.
    pub fn first_allowed(&self) -> Option<String> {
        let issuer = self.oidc.iter().find(|provider| !provider.rule.domains().is_empty());
        let of_issuer = issuer.and_then(|provider| {
            let domain = provider.rule.domains().first();
            let label = domain.and_then(|domain| domain.split('.').next()).map(str::to_owned);
            provider.organization.clone().or(label)
        });
        let of_github = self.allowed.first().filter(|_| self.github.is_some());
        of_github.map(|organization| organization.as_str().to_owned()).or(of_issuer)
    }
}

fn hosts_of(settings: &GitHubSettings) -> anyhow::Result<Hosts> {
    Hosts::new(&settings.web_url, settings.api_url.as_deref())
        .context("github.web_url or github.api_url")
}
