//! What GitHub knows of a connected repository.

mod store;

use chrono::{DateTime, Utc};
use url::Url;

use super::{RepositoryId, source::key_of_url};
use crate::connections::ConnectionId;

pub use store::{
    find_at_github, find_on_github, list_of_connection, list_told, lose, set_connection,
    set_on_github,
};

/// Where GitHub has a repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OnGitHub {
    /// `github.com`, or an Enterprise Server's host with its port.
    pub host: String,
    /// It stays when the repository is renamed or transferred.
    pub id: i64,
    /// `owner/name`.
    pub full_name: String,
    /// What a source of the same address is known by.
    pub source_key: String,
}

impl OnGitHub {
    /// From the address of its page; none where that is no address, or names are empty.
    pub fn new(page: &str, id: i64, full_name: &str) -> Option<Self> {
        let url = Url::parse(page).ok().filter(|url| matches!(url.scheme(), "https" | "http"))?;
        let host = match (url.host_str()?, url.port()) {
            (host, None) => host.to_owned(),
            (host, Some(port)) => format!("{host}:{port}"),
        };
        let is_name = full_name.contains('/') && (3..=300).contains(&full_name.len());
        let (full_name, source_key) = (full_name.to_owned(), key_of_url(&url));
        (is_name && host.len() <= 255).then_some(Self { host, id, full_name, source_key })
    }
}

/// What a repository is on GitHub.
#[derive(Clone, Copy, Debug)]
pub struct GitHubState<'a> {
    pub full_name: &'a str,
    /// `public`, `private` or `internal`.
    pub visibility: &'static str,
    pub is_archived: bool,
    /// When GitHub changed it last; what is older than what is known is not written.
    pub updated_at: Option<DateTime<Utc>>,
    /// Set where GitHub says that it is there no longer.
    pub deleted_at: Option<DateTime<Utc>>,
    /// Since when GitHub was asked, and has it; none where it told of it by itself, which may come late.
    pub asked_at: Option<DateTime<Utc>>,
}

/// What GitHub has said of a repository.
#[derive(Clone, Debug)]
pub struct AtGitHub {
    pub host: String,
    pub github_id: i64,
    /// `owner/name`, as it is there now.
    pub full_name: String,
    pub visibility: Option<String>,
    pub is_archived: bool,
    pub deleted_at: Option<DateTime<Utc>>,
    /// Since when its connection reaches it no longer.
    pub unreachable_at: Option<DateTime<Utc>>,
    pub connection: Option<ConnectionId>,
    /// Of GitHub's pages, where a connection says it.
    pub web_url: Option<String>,
}

impl AtGitHub {
    /// Its page.
    pub fn page(&self) -> String {
        match &self.web_url {
            Some(web) => format!("{}/{}", web.trim_end_matches('/'), self.full_name),
            None => format!("https://{}/{}", self.host, self.full_name),
        }
    }

    /// What there is to know of it, in words: `Private`, `Archived`, `Deleted at GitHub`.
    pub fn marks(&self) -> Vec<&'static str> {
        marks(self.visibility.as_deref(), self.is_archived, self.deleted_at.is_some())
    }
}

/// The same of its parts.
pub fn marks(visibility: Option<&str>, is_archived: bool, is_deleted: bool) -> Vec<&'static str> {
    let visibility = match visibility {
        Some("private") => Some("Private"),
        Some("internal") => Some("Internal"),
        _ => None,
    };
    let archived = is_archived.then_some("Archived");
    let deleted = is_deleted.then_some("Deleted at GitHub");
    [visibility, archived, deleted].into_iter().flatten().collect()
}

/// A connected repository, as a list of GitHub's is compared with.
#[derive(Clone, Debug)]
pub struct Told {
    pub id: RepositoryId,
    pub name: String,
    pub github_id: Option<i64>,
    pub source_key: String,
    pub connection: Option<ConnectionId>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_repository_is_known_by_its_host_and_number() {
        let found = OnGitHub::new("https://github.com/Acme/Shop", 7, "Acme/Shop").unwrap();
        assert_eq!((found.host.as_str(), found.id), ("github.com", 7));
        assert_eq!(found.source_key, "https://github.com/acme/shop");

        let own =
            OnGitHub::new("https://git.acme.example:8443/acme/shop.git", 7, "acme/shop").unwrap();
        assert_eq!(own.host, "git.acme.example:8443");
        assert_eq!(own.source_key, "https://git.acme.example:8443/acme/shop");
    }

    #[test]
    fn what_is_no_address_or_no_name_is_nothing() {
        for (page, name) in [
            ("github.com/a/b", "a/b"),
            ("ftp://github.com/a/b", "a/b"),
            ("https://github.com/a/b", "b"),
        ] {
            assert_eq!(OnGitHub::new(page, 1, name), None, "{page}");
        }
    }
}
