//! Connections as lists and pages have them.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

crate::id! {
    /// As what an organisation is known to a GitHub.
    ConnectionId
}

/// By what GitHub is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "lowercase")]
pub enum ConnectionKind {
    /// A GitHub App, by a token of its installation.
    App,
    /// The token of a person.
    Token,
}

/// A connection without its secrets.
#[derive(Clone, Debug)]
pub struct Connection {
    pub id: ConnectionId,
    pub kind: ConnectionKind,
    /// Of GitHub's pages: `https://github.com`.
    pub web_url: String,
    /// Where the API is not at its usual place.
    pub api_url: Option<String>,
    /// `github.com`, or an Enterprise Server's host with its port; as of repositories.
    pub host: String,
    /// Of an App, whose it is said to be at GitHub: an installation of another account does not count.
    pub owner: Option<String>,
    /// Whose repositories it reaches; of an App, none until it is installed.
    pub account: Option<String>,
    /// GitHub's number of that account.
    pub account_id: Option<i64>,
    pub app_id: Option<i64>,
    /// What the App's pages are called in addresses.
    pub app_slug: Option<String>,
    pub app_name: Option<String>,
    pub installation_id: Option<i64>,
    /// Since when GitHub keeps the installation from working.
    pub suspended_at: Option<DateTime<Utc>>,
    /// What the installation may do, as GitHub said it last: `read`, `write` or `admin` by name.
    pub permissions: Option<BTreeMap<String, String>>,
    /// Since when it is being taken away.
    pub removed_at: Option<DateTime<Utc>>,
    /// The last characters of a token.
    pub token_hint: Option<String>,
    pub created_by: String,
    pub created_at: DateTime<Utc>,
}

impl Connection {
    /// What people know it by.
    pub fn title(&self) -> String {
        match self.kind {
            ConnectionKind::App => self.app_name.clone().unwrap_or_default(),
            ConnectionKind::Token => {
                format!("Token of {}", self.account.as_deref().unwrap_or("nobody"))
            }
        }
    }

    /// One of GitHub's pages.
    pub fn page(&self, path: &str) -> String {
        format!("{}/{path}", self.web_url.trim_end_matches('/'))
    }

    /// Where an owner installs the App.
    pub fn installation_page(&self) -> Option<String> {
        let slug = self.app_slug.as_deref()?;
        Some(self.page(&format!("apps/{slug}/installations/new")))
    }

    /// Where an owner changes the App itself, and deletes it.
    pub fn app_settings_page(&self) -> Option<String> {
        let (slug, owner) = (self.app_slug.as_deref()?, self.owner.as_deref()?);
        Some(self.page(&format!("organizations/{owner}/settings/apps/{slug}")))
    }

    /// Where an owner chooses repositories and grants permissions.
    pub fn installed_page(&self) -> Option<String> {
        let (id, account) = (self.installation_id?, self.account.as_deref()?);
        Some(self.page(&format!("organizations/{account}/settings/installations/{id}")))
    }

    /// Of an App, whether it may be asked by.
    pub fn is_working(&self) -> bool {
        let is_installed = self.kind == ConnectionKind::Token || self.installation_id.is_some();
        is_installed && self.suspended_at.is_none() && self.removed_at.is_none()
    }
}
