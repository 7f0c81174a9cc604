//! Who can be asked about a person: GitHub, by the credentials of the configuration.

use std::sync::Arc;

use anyhow::Context;
use secrecy::SecretString;
use url::Url;

use crate::{
    github::{AppKey, Client, Hosts, Http, InstalledApp, Limits, Login, OAuthApp},
    platform::clock::Clock,
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
    /// The GitHub organisations whose members the first organisation lets in.
    pub allowed_organizations: Vec<String>,
}

/// Who can be asked.
#[derive(Clone, Default)]
pub struct Providers {
    pub(super) github: Option<Arc<GitHub>>,
}

/// GitHub, ready to be asked.
pub(super) struct GitHub {
    pub(super) oauth: OAuthApp,
    pub(super) client: Client,
    pub(super) app: Option<InstalledApp>,
    /// Of the configuration, for the organisation that was made first.
    pub(super) allowed: Vec<Login>,
    /// Where GitHub sends people back to.
    pub(super) callback: Url,
}

impl Providers {
    /// Checks the settings; asks nothing of GitHub yet. Needs a running tokio.
    pub fn with_github(
        settings: &GitHubSettings,
        public_url: &str,
        clock: &Clock,
    ) -> anyhow::Result<Self> {
        let hosts = Hosts::new(&settings.web_url, settings.api_url.as_deref())
            .context("github.web_url or github.api_url")?;
        let http = Http::new(Limits::default())?;
        let credentials = (settings.client_id.as_str(), &settings.client_secret);
        let client = Client::new(&http, &hosts, clock.clone())?;
        let app = settings.app.as_ref().map(|(id, pem)| {
            let key = AppKey::from_pem(*id, pem).context("github.private_key")?;
            Ok::<_, anyhow::Error>(InstalledApp::new(client.clone(), key))
        });
        let allowed = settings.allowed_organizations.iter().map(|name| {
            Login::parse(name).with_context(|| format!("github.allowed_organizations: `{name}`"))
        });
        let github = GitHub {
            oauth: OAuthApp::new(&http, &hosts, credentials, clock.clone())?,
            client,
            app: app.transpose()?,
            allowed: allowed.collect::<anyhow::Result<_>>()?,
            callback: Url::parse(&format!("{public_url}/api/auth/callback"))?,
        };
        Ok(Self { github: Some(Arc::new(github)) })
    }

    /// The first GitHub organisation whose members the configuration lets in.
    pub fn first_allowed(&self) -> Option<String> {
        let github = self.github.as_ref()?;
        github.allowed.first().map(|organization| organization.as_str().to_owned())
    }

    /// Whether people can sign in by GitHub.
    pub const fn has_github(&self) -> bool {
        self.github.is_some()
    }
}
