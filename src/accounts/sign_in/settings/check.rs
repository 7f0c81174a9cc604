//! Asks GitHub whether credentials are good, before they are stored.

use url::{Host, Url};

use super::form::Credentials;
use crate::{
    accounts::sign_in::providers::Providers,
    github::{Error, Hosts, OAuthRefusal},
    web::FieldError,
};

/// What GitHub calls the App, where it is a GitHub App; else what is wrong, beside its field.
pub(super) async fn check(
    providers: &Providers,
    credentials: &Credentials,
) -> Result<Option<String>, FieldError> {
    let settings = &credentials.settings;
    let hosts = Hosts::new(&settings.web_url, None);
    let hosts = hosts.map_err(|error| wrong("web_url", &error.to_string()))?;
    // Whoever may paste credentials need not be who may reach the server's own machine.
    if hosts.web().scheme() == "http" && !is_loopback(&providers.callback) {
        return Err(wrong("web_url", "GitHub's address is https"));
    }
    let github = providers.github_of(settings).map_err(|error| {
        tracing::info!("Credentials that were pasted cannot be used: {error:#}");
        wrong(
            "private_key",
            "This is not a whole private key: the file from its first to its last line",
        )
    })?;
    let mut name = None;
    if let Some(app) = &github.app {
        let found = app.describe().await.map_err(|error| of_app(&error))?;
        if found.client_id.as_ref().is_some_and(|id| *id != settings.client_id) {
            let words = format!("This client id is not that of the App {}", found.name);
            return Err(wrong("client_id", &words));
        }
        name = Some(found.name);
    }
    github.oauth.check().await.map_err(|error| of_client(&error))?;
    Ok(name)
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

fn of_app(error: &Error) -> FieldError {
    let field = match error {
        Error::AppRejected | Error::ClockWrong => "app_id",
        _ => "web_url",
    };
    wrong(field, &error.to_string())
}

fn of_client(error: &Error) -> FieldError {
    let field = match error {
        Error::OAuth(OAuthRefusal::ClientCredentials) => "client_secret",
        Error::OAuth(_) => "client_id",
        _ => "web_url",
    };
    wrong(field, &error.to_string())
}

fn wrong(field: &'static str, words: &str) -> FieldError {
    FieldError { field, message: format!("{words}.") }
}
