//! Hooks of repositories: made, tried, given another secret, and taken away.

use http::Method;
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;
use url::Url;

use super::{Api, ApiError, Cursor};
use crate::github::{
    FullName,
    model::{Hook, HookConfig},
};

/// A hook to be.
pub struct NewHook<'asked> {
    /// Where it delivers to.
    pub url: &'asked Url,
    pub secret: &'asked SecretString,
    /// Names of events, as in `X-GitHub-Event`.
    pub events: &'asked [&'asked str],
}

impl Cursor<Hook> {
    /// All of a repository.
    pub fn hooks(of: &FullName) -> Self {
        Self::to(format!("/repos/{of}/hooks?per_page=100"))
    }
}

impl Api<'_> {
    /// Refused where the repository has 20 already or one with the same address.
    pub async fn create_hook(
        &self,
        repository: &FullName,
        hook: &NewHook<'_>,
    ) -> Result<Hook, ApiError> {
        let body = json!({
            "name": "web",
            "active": true,
            "events": hook.events,
            "config": config(hook.url, hook.secret),
        });
        self.send(Method::POST, &format!("/repos/{repository}/hooks"), Some(&body)).await
    }

    pub async fn hook(&self, repository: &FullName, hook: i64) -> Result<Hook, ApiError> {
        self.get(&format!("/repos/{repository}/hooks/{hook}")).await
    }

    /// Signs by another secret from now on, and delivers these events.
    pub async fn update_hook(
        &self,
        repository: &FullName,
        hook: i64,
        to: &NewHook<'_>,
    ) -> Result<Hook, ApiError> {
        let body = json!({
            "active": true,
            "events": to.events,
            "config": config(to.url, to.secret),
        });
        self.send(Method::PATCH, &format!("/repos/{repository}/hooks/{hook}"), Some(&body)).await
    }

    /// Asks for a `ping`, which comes as a delivery.
    pub async fn ping_hook(&self, repository: &FullName, hook: i64) -> Result<(), ApiError> {
        self.trigger(&format!("/repos/{repository}/hooks/{hook}/pings")).await
    }

    /// Where the App's own hook delivers to.
    pub async fn app_hook(&self) -> Result<HookConfig, ApiError> {
        self.get("/app/hook/config").await
    }

    /// Has the App's hook deliver there, and sign by another secret from now on.
    pub async fn update_app_hook(
        &self,
        url: &Url,
        secret: &SecretString,
    ) -> Result<HookConfig, ApiError> {
        self.send(Method::PATCH, "/app/hook/config", Some(&config(url, secret))).await
    }

    pub async fn delete_hook(&self, repository: &FullName, hook: i64) -> Result<(), ApiError> {
        let path = format!("/repos/{repository}/hooks/{hook}");
        self.order(Method::DELETE, &path, None::<&()>).await
    }
}

fn config(url: &Url, secret: &SecretString) -> serde_json::Value {
    json!({
        "url": url.as_str(),
        "content_type": "json",
        "secret": secret.expose_secret(),
        "insecure_ssl": "0",
    })
}
