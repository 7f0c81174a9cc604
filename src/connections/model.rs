//! Connections as lists and pages have them.

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
    /// The last characters of a token.
    pub token_hint: Option<String>,
    pub created_by: String,
    pub created_at: DateTime<Utc>,
}
