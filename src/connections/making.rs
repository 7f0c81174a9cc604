//! Making connections: what is told is stored sealed, after GitHub has been asked whether it is right.

use chrono::{DateTime, Utc};
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;
use url::{Host, Url};

use super::{
    ConnectionId,
    opened::{client_secret_place, private_key_place, token_place},
    store::{self, InstalledRow, NewRow},
    teams::ImportTeams,
};
use crate::{
    github::{Hosts, model::Installation},
    jobs,
    organizations::audit::{self, Event},
    platform::keyring::Keyring,
    tenancy::TenantTx,
    web::{AppError, Result},
};

/// How many connections an organisation has at most.
const MOST: i64 = 100;

/// Why an address is not that of a GitHub that may be connected, for people.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct InvalidGitHub(String);

/// A GitHub App to ask by, whose key GitHub has taken.
pub struct NewApp<'a> {
    pub id: ConnectionId,
    pub hosts: &'a Hosts,
    /// The GitHub organisation whose App it is.
    pub owner: &'a str,
    pub app_id: i64,
    pub slug: &'a str,
    pub name: &'a str,
    pub private_key: &'a SecretString,
    /// Of the side that signs people in.
    pub client: Option<(&'a str, &'a SecretString)>,
}

/// A person's token that GitHub has taken.
pub struct NewToken<'a> {
    pub id: ConnectionId,
    pub hosts: &'a Hosts,
    /// Whose it is.
    pub account: (&'a str, i64),
    pub token: &'a SecretString,
}

/// The GitHub at an address; `site` is our own, for http leads to nobody but this machine.
pub fn host_of(web_url: &str, site: &str) -> Result<Hosts, InvalidGitHub> {
    let hosts = Hosts::new(web_url.trim(), None);
    let hosts = hosts.map_err(|error| InvalidGitHub(format!("{error}.")))?;
    let is_local = Url::parse(site).is_ok_and(|site| is_loopback(&site));
    // Whoever may connect a GitHub need not be who may reach the server's own machine.
    if hosts.web().scheme() == "http" && !is_local {
        return Err(InvalidGitHub("GitHub's address is https.".to_owned()));
    }
    Ok(hosts)
}

/// Whether an address leads to the machine itself.
pub fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// As `repositories.github_host` has it.
fn host(hosts: &Hosts) -> String {
    let web = hosts.web();
    match (web.host_str().unwrap_or_default(), web.port()) {
        (host, None) => host.to_owned(),
        (host, Some(port)) => format!("{host}:{port}"),
    }
}

fn web_url(hosts: &Hosts) -> String {
    hosts.web().as_str().trim_end_matches('/').to_owned()
}

/// 409 where the organisation has as many connections as it may have.
pub async fn check_room(tx: &mut TenantTx) -> Result<()> {
    if store::count(tx).await? >= MOST {
        let words = format!("There are {MOST} connections. Remove one before you make another.");
        return Err(AppError::Conflict(words));
    }
    Ok(())
}

/// Stores an App.
pub async fn add_app(
    tx: &mut TenantTx,
    keyring: &Keyring,
    new: &NewApp<'_>,
    now: DateTime<Utc>,
) -> Result<()> {
    let secret = new.client.map(|(_, secret)| secret);
    let secret = secret.map(|secret| seal(keyring, &client_secret_place(new.id), secret));
    let row = NewRow {
        kind: "app",
        web_url: &web_url(new.hosts),
        host: &host(new.hosts),
        owner: Some(new.owner),
        app: Some((new.app_id, new.slug, new.name)),
        private_key: Some(seal(keyring, &private_key_place(new.id), new.private_key)?),
        client_id: new.client.map(|(id, _)| id),
        client_secret: secret.transpose()?,
        ..NewRow::default()
    };
    let detail = json!({"kind": "app", "app": new.name, "owner": new.owner, "host": row.host});
    insert(tx, new.id, (row, detail), now).await
}

/// Stores a person's token.
pub async fn add_token(
    tx: &mut TenantTx,
    keyring: &Keyring,
    new: &NewToken<'_>,
    now: DateTime<Utc>,
) -> Result<()> {
    let row = NewRow {
        kind: "token",
        web_url: &web_url(new.hosts),
        host: &host(new.hosts),
        account: Some(new.account),
        token: Some(seal(keyring, &token_place(new.id), new.token)?),
        token_hint: Some(hint(new.token)),
        ..NewRow::default()
    };
    let detail = json!({"kind": "token", "account": new.account.0, "host": row.host});
    insert(tx, new.id, (row, detail), now).await
}

async fn insert(
    tx: &mut TenantTx,
    id: ConnectionId,
    (row, detail): (NewRow<'_>, serde_json::Value),
    now: DateTime<Utc>,
) -> Result<()> {
    check_room(tx).await?;
    if !store::insert(tx, id, row, now).await? {
        let words =
            "This App is connected already. Remove that connection first to give it another key.";
        return Err(AppError::Conflict(words.to_owned()));
    }
    audit::record(tx, Event::new("connection.created", "connection", id, now).detail(detail))
        .await?;
    tx.announce("connections");
    Ok(())
}

/// Notes where an App is installed, as GitHub itself has said, and has its teams read; false where that is not
/// with its owner, or something newer is known.
pub async fn set_installed(
    tx: &mut TenantTx,
    id: ConnectionId,
    (owner, installation): (Option<&str>, &Installation),
    now: DateTime<Utc>,
) -> anyhow::Result<bool> {
    let account = installation.account.as_ref();
    let Some((account_id, account)) =
        account.and_then(|account| Some((account.id, account.name()?)))
    else {
        return Ok(false);
    };
    if owner.is_some_and(|owner| !owner.eq_ignore_ascii_case(account)) {
        return Ok(false);
    }
    let row = InstalledRow {
        installation_id: installation.id,
        account,
        account_id,
        suspended_at: installation.suspended_at,
        permissions: &installation.permissions,
        updated_at: installation.updated_at,
    };
    let is_new = store::set_installed(tx, id, &row).await?;
    if is_new && installation.suspended_at.is_none() {
        jobs::enqueue(tx, &ImportTeams { connection: id }, now).await?;
    }
    announce(tx);
    Ok(is_new)
}

/// Notes that an installation is no more; false where the connection has another one by now.
pub async fn forget_installation(
    tx: &mut TenantTx,
    id: ConnectionId,
    installation: i64,
) -> sqlx::Result<bool> {
    let is_forgotten = store::unset_installed(tx, id, installation).await?;
    announce(tx);
    Ok(is_forgotten)
}

/// Tells open pages that a connection works, or works no longer: whose its teams are changes with that.
fn announce(tx: &mut TenantTx) {
    tx.announce("connections");
    tx.announce("teams");
}

fn seal(keyring: &Keyring, place: &str, secret: &SecretString) -> anyhow::Result<String> {
    Ok(keyring.seal(place, secret.expose_secret().trim().as_bytes())?)
}

/// The last characters, for telling tokens apart; of a short one fewer.
fn hint(token: &SecretString) -> String {
    let letters: Vec<char> = token.expose_secret().trim().chars().collect();
    let shown = (letters.len() / 8).min(4);
    letters.iter().skip(letters.len() - shown).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn http_is_for_a_site_on_this_machine_alone() {
        assert!(host_of("https://git.acme.example", "https://deck.example").is_ok());
        assert!(host_of("http://127.0.0.1:4000", "http://localhost:8080").is_ok());
        assert!(host_of("http://127.0.0.1:4000", "https://deck.example").is_err());
        assert!(host_of("github.com", "https://deck.example").is_err());
    }

    #[test]
    fn a_hint_tells_four_characters_at_most() {
        assert_eq!(hint(&"github_pat_0123456789abcdef0123456789".into()), "6789");
        assert_eq!(hint(&"short".into()), "");
    }
}
