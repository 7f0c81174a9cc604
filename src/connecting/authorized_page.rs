//! The way back from GitHub of whoever was asked to let an OAuth App in: the code becomes a token, which is
//! looked at as a pasted one is, and stored as one.

use actix_web::web::Query;
use secrecy::SecretString;
use serde::Deserialize;
use url::Url;

use super::{
    ENTRY,
    app_page::refuse,
    oauth_page::{SCOPES, Server, callback},
    token_page,
};
use crate::{
    connections::{
        self, Connections, NewToken,
        attempts::{self, NoReturn, OAuthPurpose},
    },
    github::{Error, GitHubUser, Hosts, OAuthApp, OAuthRefusal, Pkce, UserToken},
    tenancy::{AccountId, ManageGitHub, Routes, Saved, Scope, SessionId},
    web::{AppError, Result},
};

pub(super) fn routes() -> Routes {
    Routes::default().read("/{organization}/github/oauth/callback", come_back)
}

/// What GitHub sends the browser back with.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Returned {
    state: SecretString,
    code: SecretString,
    error: Option<String>,
}

/// Changes the code for a token and stores it, or says why not.
async fn come_back(
    scope: Scope<ManageGitHub>,
    server: Server,
    query: Query<Returned>,
) -> Result<Saved> {
    let (connections, rail, site) = &server;
    let back = callback(&site.origin, &scope.organization().slug);
    let purpose = match take_up(&scope, connections, &query.state).await? {
        Ok(purpose) => purpose,
        Err(why) => return refuse(&scope, rail, not_back(why)).await,
    };
    if let Some(error) = &query.error {
        return refuse(&scope, rail, said(&OAuthRefusal::of_code(error), &back)).await;
    }
    let hosts = connections::host_of(&purpose.web_url, &site.origin);
    let hosts = hosts.map_err(|error| AppError::Internal(error.into()))?;
    let app = connections.oauth_app(&hosts, (&purpose.client_id, &purpose.client_secret))?;
    let token = match exchange(&app, (&purpose, &query.code), &back).await? {
        Ok(token) => token,
        Err(words) => return refuse(&scope, rail, words).await,
    };
    let stored = match look(connections, &hosts, &token).await {
        Ok(person) => store(&scope, connections, (&purpose, &hosts), (&person, &token)).await,
        Err(words) => {
            give_back(&app, &token).await;
            return refuse(&scope, rail, words).await;
        }
    };
    if stored.is_err() {
        give_back(&app, &token).await;
    }
    stored
}

/// What whoever comes back set out for. It is used up whatever comes of it.
async fn take_up(
    scope: &Scope<ManageGitHub>,
    connections: &Connections,
    state: &SecretString,
) -> Result<Result<OAuthPurpose, NoReturn>> {
    let account = scope.actor().id().map(AccountId::from_uuid);
    let session = scope.session().map(SessionId::as_uuid);
    let mut tx = scope.begin().await?;
    let told = (state, account, session);
    let taken =
        attempts::take_up(&mut tx, connections.keyring(), told, scope.clock().now()).await?;
    tx.commit().await?;
    Ok(taken)
}

fn not_back(why: NoReturn) -> String {
    match why {
        // Nothing was made at GitHub that could be deleted there.
        NoReturn::Late => "This has taken longer than an hour. Begin again.".to_owned(),
        NoReturn::Unknown | NoReturn::OtherSession => format!("{why}."),
    }
}

async fn exchange(
    app: &OAuthApp,
    (purpose, code): (&OAuthPurpose, &SecretString),
    back: &str,
) -> Result<Result<UserToken, String>> {
    let redirect = Url::parse(back).map_err(|error| AppError::Internal(error.into()))?;
    let pkce = Pkce::of_verifier(&purpose.verifier);
    Ok(match app.exchange(code, pkce, &redirect).await {
        Ok(token) => Ok(token),
        Err(Error::OAuth(refusal)) => Err(said(&refusal, back)),
        Err(error) => Err(format!("{error}. Begin again.")),
    })
}

/// Why GitHub refuses, and what to do.
fn said(refusal: &OAuthRefusal, back: &str) -> String {
    match refusal {
        OAuthRefusal::AccessDenied => {
            "You have not let the OAuth App in. Begin again if you want to.".to_owned()
        }
        OAuthRefusal::RedirectMismatch => format!(
            "The address that GitHub is to come back to is not the one that the OAuth App is registered with. Set its \
             authorization callback URL to {back}, then begin again."
        ),
        OAuthRefusal::ClientCredentials => {
            "GitHub does not take the client id and secret any more. Make a new secret on the OAuth App's page, then \
             begin again with it."
                .to_owned()
        }
        OAuthRefusal::CodeRejected => {
            "GitHub does not take the code: it is older than ten minutes, or was used before. Begin again.".to_owned()
        }
        OAuthRefusal::UnverifiedEmail => {
            "Your primary e-mail address at GitHub is not verified. Verify it there, then begin again.".to_owned()
        }
        OAuthRefusal::Other(code) => format!("GitHub refuses it: {code}. Begin again."),
        OAuthRefusal::ApplicationSuspended | OAuthRefusal::RefreshRejected => format!("{refusal}."),
    }
}

/// Whose the token is, where it is of use; else what to do.
async fn look(
    connections: &Connections,
    hosts: &Hosts,
    token: &UserToken,
) -> Result<GitHubUser, String> {
    if token.expires_at.is_some() {
        return Err("This client id is a GitHub App's, whose tokens end after hours. Paste the App itself instead.".to_owned());
    }
    let missing: Vec<&str> =
        SCOPES.into_iter().filter(|scope| !is_granted(scope, &token.scopes)).collect();
    if !missing.is_empty() {
        return Err(format!(
            "GitHub lets the OAuth App do less than was asked for: {} is missing. Revoke it in your settings at GitHub, \
             under Applications and Authorized OAuth Apps, then begin again and let it have all.",
            missing.join(", ")
        ));
    }
    let person = token_page::check(connections, (hosts, &token.access)).await;
    person.map_err(|error| format!("{} Begin again.", error.message))
}

/// Whether a scope is among those that were granted, by itself or in a wider one.
fn is_granted(scope: &str, granted: &[String]) -> bool {
    granted.iter().any(|held| match scope {
        "read:org" => matches!(held.as_str(), "read:org" | "write:org" | "admin:org"),
        _ => held == scope,
    })
}

async fn store(
    scope: &Scope<ManageGitHub>,
    connections: &Connections,
    (purpose, hosts): (&OAuthPurpose, &Hosts),
    (person, token): (&GitHubUser, &UserToken),
) -> Result<Saved> {
    let new = NewToken {
        id: purpose.connection,
        hosts,
        account: (person.login.as_str(), person.id),
        token: &token.access,
    };
    let mut tx = scope.begin().await?;
    connections::add_token(&mut tx, connections.keyring(), &new, scope.clock().now()).await?;
    let here = format!("/{}/{ENTRY}/{}/repositories", scope.organization().slug, new.id);
    Ok(tx.commit().await?.see_other(here))
}

/// Ends a token that is not kept: it would have no end by itself, and nobody would know of it.
async fn give_back(app: &OAuthApp, token: &UserToken) {
    if let Err(error) = app.revoke(&token.access).await {
        tracing::warn!("A token that is not kept could not be ended at GitHub: {error}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wider_scope_holds_the_narrower_one() {
        let granted = |held: &str| is_granted("read:org", &[held.to_owned()]);

        assert!(granted("read:org") && granted("admin:org"));
        assert!(!granted("repo") && !granted("read:orgs"));
        assert!(!is_granted("repo", &["public_repo".to_owned()]));
    }
}
