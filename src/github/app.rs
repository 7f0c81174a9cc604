//! A GitHub App: the token by which it says who it is, and the tokens of its installations.

use std::{collections::HashMap, fmt, sync::Arc};

use chrono::{DateTime, Duration, Utc};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use thiserror::Error;
use tokio::sync::Mutex;

use super::{Access, App, Budget, Client, Error, Login, Membership, Urgency, answer::Question};

/// Before its end a token is not used any more: what it is for takes time as well.
const SPARE: Duration = Duration::minutes(5);

/// Who the App is and the key that proves it. `Debug` shows the id alone.
#[derive(Clone)]
pub struct AppKey {
    app_id: i64,
    key: EncodingKey,
}

#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error(
    "This is not the private key of a GitHub App: it is the whole .pem file that GitHub offers once, from its first \
     to its last line"
)]
pub struct InvalidKey;

/// A token that acts as one installation of the App, for an hour.
#[derive(Clone, Debug, Deserialize)]
pub struct InstallationToken {
    pub token: SecretString,
    pub expires_at: DateTime<Utc>,
}

/// The App where it is installed, with the tokens that it has at hand. Cheap to clone.
#[derive(Clone)]
pub struct InstalledApp {
    client: Client,
    key: AppKey,
    /// By the name of an organisation, or by what [`place_of`] says of an installation.
    tokens: Arc<Mutex<HashMap<String, InstallationToken>>>,
}

#[derive(Serialize)]
struct Claims {
    iat: i64,
    exp: i64,
    iss: String,
}

#[derive(Deserialize)]
struct Installation {
    id: i64,
}

impl AppKey {
    /// From the id and the `.pem` file, after signing once with it.
    pub fn from_pem(app_id: i64, pem: &SecretString) -> Result<Self, InvalidKey> {
        let key = EncodingKey::from_rsa_pem(pem.expose_secret().trim().as_bytes());
        let key = Self { app_id, key: key.or(Err(InvalidKey))? };
        key.token(DateTime::UNIX_EPOCH).or(Err(InvalidKey))?;
        Ok(key)
    }

    pub fn app_id(&self) -> i64 {
        self.app_id
    }

    /// Good for nine minutes: GitHub takes ten at most, and its clock may be behind ours.
    fn token(&self, now: DateTime<Utc>) -> Result<SecretString, jsonwebtoken::errors::Error> {
        let now = now.timestamp();
        let claims = Claims { iat: now - 60, exp: now + 540, iss: self.app_id.to_string() };
        Ok(encode(&Header::new(Algorithm::RS256), &claims, &self.key)?.into())
    }
}

impl fmt::Debug for AppKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("AppKey").field("app_id", &self.app_id).finish_non_exhaustive()
    }
}

impl InstalledApp {
    pub fn new(client: Client, key: AppKey) -> Self {
        Self { client, key, tokens: Arc::default() }
    }

    /// What GitHub says of the App: the check of an id and a key that somebody has pasted.
    pub async fn describe(&self) -> Result<App, Error> {
        self.client.get("/app", &self.own_token()?, Question::Own).await.map_err(of_app)
    }

    /// How a person belongs to an organisation on which the App is installed, private members among
    /// them.
    pub async fn membership(
        &self,
        organization: &Login,
        login: &Login,
    ) -> Result<Membership, Error> {
        let token = self.installation_token(organization).await?;
        let first = self.client.membership_by_app(&token.token, organization, login).await;
        if first != Err(Error::TokenRejected) {
            return first;
        }
        // The App was installed anew, say, and its earlier tokens ended with the installation.
        self.tokens.lock().await.remove(&organization.folded());
        let token = self.installation_token(organization).await?;
        self.client.membership_by_app(&token.token, organization, login).await
    }

    /// A token to work with on that organisation, good for five minutes at least.
    pub async fn installation_token(
        &self,
        organization: &Login,
    ) -> Result<InstallationToken, Error> {
        let now = self.client.now();
        let known = self.tokens.lock().await.get(&organization.folded()).cloned();
        if let Some(known) = known.filter(|token| now < token.expires_at - SPARE) {
            return Ok(known);
        }
        let fresh = self.fresh_token(organization).await.map_err(of_app)?;
        self.tokens.lock().await.insert(organization.folded(), fresh.clone());
        Ok(fresh)
    }

    /// The same of an installation that is known by its number; `account` is for the words of a refusal.
    pub(super) async fn token_of_installation(
        &self,
        id: i64,
        account: &Login,
    ) -> Result<InstallationToken, Error> {
        let (now, place) = (self.client.now(), place_of(id));
        let known = self.tokens.lock().await.get(&place).cloned();
        if let Some(known) = known.filter(|token| now < token.expires_at - SPARE) {
            return Ok(known);
        }
        let fresh = self.token_by_id(id, Question::Installation(account)).await.map_err(of_app)?;
        self.tokens.lock().await.insert(place, fresh.clone());
        Ok(fresh)
    }

    /// To ask as an installation. It may have to ask GitHub for a token.
    pub async fn access_of_installation(
        &self,
        (id, account): (i64, Login),
        (budget, urgency): (&Budget, Urgency),
    ) -> Result<Access, Error> {
        let token = self.token_of_installation(id, &account).await?.token;
        Ok(Access::of_installation(token, (self.clone(), id, account), (budget, urgency)))
    }

    /// Forgets an installation's token, which GitHub has refused: the next one is asked for anew. One that
    /// came in its place meanwhile stays.
    pub(super) async fn forget_token_of(&self, installation: i64, refused: &SecretString) {
        let place = place_of(installation);
        let mut tokens = self.tokens.lock().await;
        let known = tokens.get(&place).map(|known| known.token.expose_secret());
        if known == Some(refused.expose_secret()) {
            tokens.remove(&place);
        }
    }

    /// To ask as the App itself: about its deliveries and its installations. Good for nine minutes.
    pub fn access(&self, budget: &Budget, urgency: Urgency) -> Result<Access, Error> {
        Ok(Access::new(self.own_token()?, budget, urgency))
    }

    async fn fresh_token(&self, organization: &Login) -> Result<InstallationToken, Error> {
        let question = Question::Installation(organization);
        let path = format!("/orgs/{organization}/installation");
        let Installation { id } = self.client.get(&path, &self.own_token()?, question).await?;
        self.token_by_id(id, question).await
    }

    async fn token_by_id(
        &self,
        id: i64,
        question: Question<'_>,
    ) -> Result<InstallationToken, Error> {
        let path = format!("/app/installations/{id}/access_tokens");
        self.client.post(&path, &self.own_token()?, question).await
    }

    fn own_token(&self) -> Result<SecretString, Error> {
        self.key.token(self.client.now()).or(Err(Error::AppRejected))
    }
}

/// Where the token of an installation is kept: under something that is no name.
fn place_of(installation: i64) -> String {
    format!("#{installation}")
}

/// What is refused to the App's own token is not a matter of signing in again.
fn of_app(error: Error) -> Error {
    match error {
        Error::TokenRejected => Error::AppRejected,
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::jwt;

    const PEM: &str = include_str!("../../tests/data/keys/rsa.pem");

    #[test]
    fn a_key_is_the_file_that_github_hands_out() {
        jwt::install();
        assert!(AppKey::from_pem(7, &PEM.into()).is_ok());
        assert!(AppKey::from_pem(7, &format!("\n{PEM}\n\n").into()).is_ok());
        let cut = PEM.split_at(400).0;
        for wrong in ["", "a secret", cut, "-----BEGIN RSA PRIVATE KEY-----"] {
            assert_eq!(AppKey::from_pem(7, &wrong.into()).err(), Some(InvalidKey), "{wrong}");
        }
    }

    #[test]
    fn a_key_is_not_shown() {
        jwt::install();
        let key = AppKey::from_pem(7, &PEM.into()).unwrap();

        assert_eq!(format!("{key:?}"), "AppKey { app_id: 7, .. }");
    }
}
