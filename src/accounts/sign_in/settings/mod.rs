//! Credentials of GitHub that an owner pastes: checked with GitHub, stored sealed, in use at once.
//!
//! They are the whole site's, so that only owners of the organisation that was made first give them; what
//! the configuration says goes over them. Invariant: a secret that was given is never shown again.

mod adopt;
mod check;
mod form;
mod page;

use anyhow::Context;
use secrecy::{ExposeSecret, SecretString};

pub use adopt::{Giver, SignInApp, adopt, may_adopt};
pub(super) use page::routes;

use super::{providers::GitHubSettings, store::Stored};
use crate::platform::keyring::Keyring;

/// What each secret is sealed for.
const CLIENT_SECRET: &str = "provider_credentials.client_secret github";
const PRIVATE_KEY: &str = "provider_credentials.private_key github";
const WEBHOOK_SECRET: &str = "provider_credentials.webhook_secret github";

/// The stored credentials, opened.
pub(super) fn open(keyring: &Keyring, stored: &Stored) -> anyhow::Result<GitHubSettings> {
    let client_secret = keyring.open_text(CLIENT_SECRET, &stored.client_secret);
    let key = stored.private_key.as_ref().map(|sealed| keyring.open_text(PRIVATE_KEY, sealed));
    let key = key.transpose().context("open the App's private key")?;
    Ok(GitHubSettings {
        web_url: stored.web_url.clone(),
        api_url: None,
        client_id: stored.client_id.clone(),
        client_secret: client_secret.context("open the client secret")?,
        app: stored.app_id.zip(key),
    })
}

/// The last characters, for telling secrets apart; of a short one fewer.
fn hint(secret: &SecretString) -> String {
    let letters: Vec<char> = secret.expose_secret().trim().chars().collect();
    let shown = (letters.len() / 8).min(4);
    letters.iter().skip(letters.len() - shown).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hint_tells_four_characters_at_most_and_nothing_of_a_short_secret() {
        let hint = |text: &str| hint(&text.into());
        assert_eq!(hint("0123456789abcdef0123456789abcdef01234567"), "4567");
        assert_eq!(hint("0123456789abcdef"), "ef");
        assert_eq!(hint("short"), "");
    }
}
