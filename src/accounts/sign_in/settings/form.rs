//! What the form of credentials sends, and what it means.

use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use url::Url;

use super::{CLIENT_SECRET, PRIVATE_KEY, WEBHOOK_SECRET};
use crate::{
    accounts::sign_in::{providers::GitHubSettings, store::Stored},
    platform::keyring::Keyring,
    web::FieldError,
};

/// What the form sends. A secret that is left empty stays what it was, for the same App of the same GitHub.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Pasted {
    pub(super) web_url: String,
    pub(super) client_id: String,
    client_secret: SecretString,
    pub(super) app_id: String,
    private_key: SecretString,
    webhook_secret: SecretString,
}

/// Credentials as GitHub is to be asked with them.
pub(super) struct Credentials {
    pub(super) settings: GitHubSettings,
    pub(super) webhook_secret: Option<SecretString>,
}

impl Pasted {
    /// The form as what is stored would fill it, without any secret.
    pub(super) fn of(stored: Option<&Stored>) -> Self {
        stored.map_or_else(
            || Self { web_url: "https://github.com".to_owned(), ..Self::default() },
            |stored| Self {
                web_url: stored.web_url.clone(),
                client_id: stored.client_id.clone(),
                app_id: stored.app_id.map(|id| id.to_string()).unwrap_or_default(),
                ..Self::default()
            },
        )
    }

    /// Whether the address is of the GitHub that what is stored is of.
    pub(super) fn is_same_github(&self, stored: &Stored) -> bool {
        let origin = |text: &str| Url::parse(text.trim()).ok().map(|url| url.origin());
        origin(&self.web_url).is_some_and(|own| origin(&stored.web_url) == Some(own))
    }

    /// The credentials; what is wrong beside its field.
    pub(super) fn parse(
        &self,
        keyring: &Keyring,
        stored: Option<&Stored>,
    ) -> Result<Credentials, Vec<FieldError>> {
        // A secret is told to nobody but whom it was given for.
        let (stored, lost) = match stored {
            Some(stored) if !self.is_same_github(stored) => (None, Some(stored)),
            Some(_) | None => (stored, None),
        };
        let mut errors = Vec::new();
        let mut refuse = |field, message: &str| {
            errors.push(FieldError { field, message: message.to_owned() });
        };
        let (web_url, client_id) = (self.web_url.trim(), self.client_id.trim());
        if Url::parse(web_url).is_err() {
            refuse("web_url", "This is not an address like https://github.com.");
        }
        if client_id.is_empty() || client_id.len() > 200 || client_id.contains(char::is_whitespace)
        {
            refuse("client_id", "The client id is what the App's page on GitHub shows.");
        }
        let same_client = stored.filter(|stored| stored.client_id == client_id);
        let kept = same_client.map(|stored| (CLIENT_SECRET, stored.client_secret.as_str()));
        let client_secret = given(&self.client_secret, keyring, kept);
        if client_secret.is_none() {
            let words = if lost.is_some() {
                "GitHub's address is another one: paste the client secret that was made there."
            } else {
                "Paste the client secret; GitHub shows it once."
            };
            refuse("client_secret", words);
        }
        let app = self.app(keyring, stored).unwrap_or_else(|(field, message)| {
            refuse(field, message);
            None
        });
        let kept = stored.and_then(|stored| stored.webhook_secret.as_deref());
        let kept = kept.filter(|_| same_client.is_some()).map(|sealed| (WEBHOOK_SECRET, sealed));
        let webhook_secret = given(&self.webhook_secret, keyring, kept);
        if webhook_secret.is_none() && lost.is_some_and(|stored| stored.webhook_secret.is_some()) {
            refuse(
                "webhook_secret",
                "GitHub's address is another one: paste the webhook secret that it was given.",
            );
        }
        let Some(client_secret) = client_secret.filter(|_| errors.is_empty()) else {
            return Err(errors);
        };
        let settings = GitHubSettings {
            web_url: web_url.to_owned(),
            api_url: None,
            client_id: client_id.to_owned(),
            client_secret,
            app,
        };
        Ok(Credentials { settings, webhook_secret })
    }

    /// The App's id and key; none for an OAuth App.
    fn app(
        &self,
        keyring: &Keyring,
        stored: Option<&Stored>,
    ) -> Result<Option<(i64, SecretString)>, (&'static str, &'static str)> {
        let text = self.app_id.trim();
        if text.is_empty() {
            let is_alone = !self.private_key.expose_secret().trim().is_empty();
            return if is_alone {
                Err(("app_id", "A private key is a GitHub App's, which has an id as well."))
            } else {
                Ok(None)
            };
        }
        let id = text.parse::<i64>().ok().filter(|id| *id > 0);
        let id = id.ok_or(("app_id", "The id of a GitHub App is a number."))?;
        let same = stored.filter(|stored| stored.app_id == Some(id));
        let kept = same.and_then(|stored| stored.private_key.as_deref());
        let key = given(&self.private_key, keyring, kept.map(|sealed| (PRIVATE_KEY, sealed)));
        let key = key.ok_or(("private_key", "Paste the private key of the GitHub App."))?;
        Ok(Some((id, key)))
    }
}

/// What was typed; else what was stored for the place and can still be opened.
fn given(
    typed: &SecretString,
    keyring: &Keyring,
    stored: Option<(&str, &str)>,
) -> Option<SecretString> {
    let text = typed.expose_secret().trim();
    if !text.is_empty() {
        return Some(text.into());
    }
    stored.and_then(|(place, sealed)| keyring.open_text(place, sealed).ok())
}
