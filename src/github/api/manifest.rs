//! An App made from a manifest: what GitHub hands out once.

use http::{Method, Request};
use secrecy::SecretString;
use serde::Deserialize;

use super::ApiError;
use crate::github::{Client, model::Account};

/// A new App with its secrets. `Debug` shows none of them.
#[derive(Clone, Debug, Deserialize)]
pub struct NewApp {
    pub id: i64,
    pub slug: String,
    pub name: String,
    pub html_url: String,
    pub owner: Account,
    pub client_id: String,
    pub client_secret: SecretString,
    /// None where the manifest has no hook.
    pub webhook_secret: Option<SecretString>,
    pub pem: SecretString,
}

impl Client {
    /// Changes the code, with which GitHub has sent the owner back, for the App. It is good for an
    /// hour and once.
    pub async fn convert_manifest(&self, code: &SecretString) -> Result<NewApp, ApiError> {
        use secrecy::ExposeSecret;

        let code = code.expose_secret();
        if code.is_empty() || !code.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return Err(ApiError::NotFound);
        }
        let path = format!("/app-manifests/{code}/conversions");
        let request = Request::builder().method(Method::POST).uri(path);
        let answer = self.call((request, None::<&()>), None).await?;
        ApiError::check(&answer, self)?;
        Ok(answer.parse()?)
    }
}
