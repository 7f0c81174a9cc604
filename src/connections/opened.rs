//! Opening connections: from the row to the token by which GitHub is asked.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use anyhow::Context;
use secrecy::SecretString;
use uuid::Uuid;

use super::{
    model::{Connection, ConnectionId},
    store::{self, Stored},
};
use crate::{
    github::{
        Access, AppKey, Budget, Client, Error, Hosts, Http, InstalledApp, Limits, Login, OffLimits,
        Reach, Urgency,
    },
    platform::{clock::Clock, keyring::Keyring},
    tenancy::TenantTx,
};

/// How many connections are kept open at most.
const MOST_OPEN: usize = 1_000;

/// Opens connections, and keeps them open until they change. Cheap to clone.
#[derive(Clone)]
pub struct Connections {
    http: Http,
    clock: Clock,
    keyring: Keyring,
    open: Arc<Mutex<HashMap<ConnectionId, (Uuid, Opened)>>>,
}

/// A connection, ready to be asked by. Cheap to clone.
#[derive(Clone)]
pub struct Opened(Arc<Inner>);

struct Inner {
    connection: Connection,
    client: Client,
    by: By,
    /// Of the installation or the person.
    budget: Budget,
    /// Of the App itself, which GitHub counts apart.
    app_budget: Budget,
}

enum By {
    App(Box<InstalledApp>),
    Token(SecretString),
}

/// Why nothing can be asked by a connection; the texts say what to do.
#[derive(Debug, thiserror::Error)]
pub enum Unusable {
    #[error("The GitHub App is not installed yet. Install it from the page of the connection")]
    NotInstalled,
    #[error(
        "GitHub has suspended the App's installation. An owner of the GitHub organisation can take that back in its \
         settings"
    )]
    Suspended,
    /// Whoever has opened it treats it as gone.
    #[error("The connection is being removed. Connect GitHub anew")]
    Removed,
    #[error(
        "The connection's secrets cannot be opened: the key that they were sealed with is lost. Connect GitHub anew"
    )]
    Sealed(#[source] anyhow::Error),
    #[error(transparent)]
    GitHub(#[from] Error),
}

impl Connections {
    /// Of servers of GitHub that are where they may be. Needs a running tokio.
    pub fn new(clock: &Clock, keyring: &Keyring, reach: &Reach) -> anyhow::Result<Self> {
        let http = Http::new(Limits::default(), reach)?;
        Ok(Self { http, clock: clock.clone(), keyring: keyring.clone(), open: Arc::default() })
    }

    /// Opens a connection of the transaction's organisation; none where there is none.
    /// [`Unusable::Removed`] from the moment on in which somebody removes it.
    pub async fn open(
        &self,
        tx: &mut TenantTx,
        id: ConnectionId,
    ) -> sqlx::Result<Option<Result<Opened, Unusable>>> {
        Ok(match self.open_even_removed(tx, id).await? {
            Some(Ok(opened)) if opened.connection().removed_at.is_some() => {
                Some(Err(Unusable::Removed))
            }
            other => other,
        })
    }

    /// The same, also while it is being removed: for taking away at GitHub what was made by it there.
    pub async fn open_even_removed(
        &self,
        tx: &mut TenantTx,
        id: ConnectionId,
    ) -> sqlx::Result<Option<Result<Opened, Unusable>>> {
        let Some(stored) = store::find(tx, id).await? else {
            self.known().remove(&id);
            return Ok(None);
        };
        if let Some((version, opened)) = self.known().get(&id)
            && *version == stored.version
        {
            return Ok(Some(Ok(opened.clone())));
        }
        let version = stored.version;
        let opened = match self.make(stored) {
            Ok(inner) => Opened(Arc::new(inner)),
            Err(error) => return Ok(Some(Err(Unusable::Sealed(error)))),
        };
        let mut known = self.known();
        if known.len() >= MOST_OPEN {
            known.clear();
        }
        known.insert(id, (version, opened.clone()));
        Ok(Some(Ok(opened)))
    }

    /// Opens the one by which repositories at a host are asked about that have none of their own.
    pub async fn open_at(
        &self,
        tx: &mut TenantTx,
        host: &str,
    ) -> sqlx::Result<Option<Result<Opened, Unusable>>> {
        match store::find_at(tx, host).await? {
            Some(id) => self.open(tx, id).await,
            None => Ok(None),
        }
    }

    /// What secrets are sealed by.
    pub fn keyring(&self) -> &Keyring {
        &self.keyring
    }

    /// Asks a GitHub before there is a connection to it.
    pub fn client(&self, hosts: &Hosts) -> anyhow::Result<Client> {
        Client::new(&self.http, hosts, self.clock.clone())
    }

    /// Whether a GitHub may be asked, by what its name leads to now.
    pub async fn look(&self, hosts: &Hosts) -> Result<(), OffLimits> {
        self.http.look(hosts).await
    }

    /// What is asked by a token that is no connection's yet.
    pub fn new_budget(&self) -> Budget {
        Budget::new(self.clock.clone())
    }

    /// An OAuth App of a GitHub, by its client id and secret.
    pub fn oauth_app(
        &self,
        hosts: &Hosts,
        client: (&str, &SecretString),
    ) -> anyhow::Result<crate::github::OAuthApp> {
        crate::github::OAuthApp::new(&self.http, hosts, client, self.clock.clone())
    }

    fn make(&self, stored: Stored) -> anyhow::Result<Inner> {
        let Stored { connection, private_key, token, .. } = stored;
        let hosts = Hosts::new(&connection.web_url, connection.api_url.as_deref())?;
        let client = Client::new(&self.http, &hosts, self.clock.clone())?;
        let by = match (connection.app_id, private_key, token) {
            (Some(app), Some(sealed), _) => {
                let key = self.keyring.open_text(&private_key_place(connection.id), &sealed)?;
                By::App(Box::new(InstalledApp::new(client.clone(), AppKey::from_pem(app, &key)?)))
            }
            (_, _, Some(sealed)) => {
                By::Token(self.keyring.open_text(&token_place(connection.id), &sealed)?)
            }
            (_, _, None) => None.context("the connection has neither a key nor a token")?,
        };
        let budget = || Budget::new(self.clock.clone());
        Ok(Inner { connection, client, by, budget: budget(), app_budget: budget() })
    }

    fn known(&self) -> MutexGuard<'_, HashMap<ConnectionId, (Uuid, Opened)>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Opened {
    pub fn connection(&self) -> &Connection {
        &self.0.connection
    }

    /// GitHub's API, to be asked by [`Self::access`].
    pub fn client(&self) -> &Client {
        &self.0.client
    }

    /// What may still be asked by it; the same for all who ask.
    pub fn budget(&self) -> &Budget {
        &self.0.budget
    }

    /// Whether it asks as an App, and not as a person.
    pub fn is_app(&self) -> bool {
        matches!(self.0.by, By::App(_))
    }

    /// A token to work with for the next minutes. It may ask GitHub for one, so not in a transaction.
    pub async fn access(&self, urgency: Urgency) -> Result<Access, Unusable> {
        let Inner { connection, by, budget, .. } = &*self.0;
        match by {
            By::Token(token) => Ok(Access::new(token.clone(), budget, urgency)),
            By::App(app) => {
                let installed = connection.installation_id.zip(connection.account.as_deref());
                let (id, account) = installed.ok_or(Unusable::NotInstalled)?;
                if connection.suspended_at.is_some() {
                    return Err(Unusable::Suspended);
                }
                let account = Login::parse(account).or(Err(Unusable::NotInstalled))?;
                Ok(app.access_of_installation((id, account), (budget, urgency)).await?)
            }
        }
    }

    /// To ask as the App itself, about its deliveries and installations; none where it is none.
    pub fn app_access(&self, urgency: Urgency) -> Result<Option<Access>, Unusable> {
        match &self.0.by {
            By::Token(_) => Ok(None),
            By::App(app) => Ok(Some(app.access(&self.0.app_budget, urgency)?)),
        }
    }
}

/// What an App's private key is sealed for.
pub(super) fn private_key_place(id: ConnectionId) -> String {
    format!("connections.private_key {id}")
}

/// What the secret of an App's side that signs people in is sealed for.
pub(super) fn client_secret_place(id: ConnectionId) -> String {
    format!("connections.client_secret {id}")
}

/// What a person's token is sealed for.
pub(super) fn token_place(id: ConnectionId) -> String {
    format!("connections.token {id}")
}
