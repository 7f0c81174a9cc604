//! Parts of the forms: what was typed beside what is wrong with it, and what is asked of GitHub to check it.

use secrecy::{ExposeSecret, SecretString};

use crate::{
    connections::{self, Connections},
    github::{
        Access, ApiError, App, AppKey, Client, Hosts, InstalledApp, Login, Urgency,
        model::Installation,
    },
    web::{FieldError, html::Field},
};

/// github.com, as forms suggest it.
pub(super) const GITHUB: &str = "https://github.com";

/// A field with what was typed and what is wrong with it.
pub(super) fn field(name: &str, value: &str, errors: &[FieldError]) -> Field {
    let error = errors.iter().find(|error| error.field == name);
    Field { value: value.to_owned(), error: error.map(|error| error.message.clone()) }
}

pub(super) fn wrong(field: &'static str, message: impl Into<String>) -> FieldError {
    FieldError { field, message: message.into() }
}

/// The GitHub at an address that was typed.
pub(super) fn hosts(web_url: &str, site: &str) -> Result<Hosts, FieldError> {
    connections::host_of(web_url, site).map_err(|error| wrong("web_url", error.to_string()))
}

/// Whether this server may ask a GitHub, before anybody is led there.
pub(super) async fn look(connections: &Connections, hosts: &Hosts) -> Result<(), FieldError> {
    connections.look(hosts).await.map_err(|error| wrong("web_url", format!("{error}.")))
}

/// The GitHub organisation that was typed.
pub(super) fn owner(text: &str) -> Result<Login, FieldError> {
    let words = "This is not the name of a GitHub organisation, as its address has it.";
    Login::parse(text.trim()).map_err(|_invalid| wrong("owner", words))
}

/// A secret that was typed, if any was.
pub(super) fn typed(secret: &SecretString) -> Option<SecretString> {
    let text = secret.expose_secret().trim();
    (!text.is_empty()).then(|| text.into())
}

/// An App that GitHub knows by the key that was given.
pub(super) struct KnownApp {
    pub(super) app: App,
    pub(super) client: Client,
    pub(super) access: Access,
}

/// Asks GitHub whether it knows an App by its number and key.
pub(super) async fn check_app(
    connections: &Connections,
    hosts: &Hosts,
    (app_id, key): (i64, &SecretString),
) -> Result<KnownApp, FieldError> {
    let key = AppKey::from_pem(app_id, key);
    let key = key.map_err(|error| wrong("private_key", format!("{error}.")))?;
    let client = connections.client(hosts).map_err(|error| {
        tracing::warn!("GitHub cannot be asked: {error:#}");
        wrong("web_url", "GitHub cannot be asked at this address.")
    })?;
    let app = InstalledApp::new(client.clone(), key);
    let access = app.access(&connections.new_budget(), Urgency::Person);
    let access = access.map_err(|error| wrong("app_id", format!("{error}.")))?;
    match client.by(&access).app().await {
        Ok(app) => Ok(KnownApp { app, client, access }),
        Err(error) => Err(wrong(field_of(&error, "app_id"), format!("{error}."))),
    }
}

/// Which field is at fault where GitHub refuses a secret.
pub(super) fn field_of(error: &ApiError, secret: &'static str) -> &'static str {
    use crate::github::Error;

    match error {
        ApiError::GitHub(Error::AppRejected | Error::ClockWrong | Error::TokenRejected)
        | ApiError::NotFound => secret,
        _ => "web_url",
    }
}

/// Where an App is installed with its owner; none where it is not, or not there.
pub(super) async fn find_installation(
    (client, access): (&Client, &Access),
    owner: &str,
) -> Result<Option<Installation>, ApiError> {
    let api = client.by(access);
    let mut next = Some(crate::github::Cursor::installations());
    // An App that is private is installed once; one that is public is looked for among a thousand.
    for _ in 0..10 {
        let Some(cursor) = next else { break };
        let page = api.page(&cursor).await?;
        if let Some(found) = page.items.into_iter().find(|one| is_of(one, owner)) {
            return Ok(Some(found));
        }
        next = page.next;
    }
    Ok(None)
}

/// Whether an installation is of this account.
pub(super) fn is_of(installation: &Installation, owner: &str) -> bool {
    let account = installation.account.as_ref().and_then(|account| account.name());
    account.is_some_and(|account| account.eq_ignore_ascii_case(owner))
}
