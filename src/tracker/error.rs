//! What keeps a word of GitHub from being applied.

use crate::repositories::RepositoryId;

pub type Result<T> = std::result::Result<T, TrackerError>;

/// What keeps a word of GitHub from being applied.
#[derive(Debug, thiserror::Error)]
pub enum TrackerError {
    #[error(transparent)]
    Database(#[from] sqlx::Error),
    /// It was removed meanwhile, or nothing says which of GitHub's it is.
    #[error("the repository {0} is not connected to GitHub")]
    NotConnected(RepositoryId),
    /// A word that has no meaning here; trying again does not help.
    /// It holds none of the word's own text, so that it may be stored and shown.
    #[error("`{path}` {why}")]
    Indigestible { path: &'static str, why: &'static str },
    #[error("a word of GitHub cannot be written down")]
    Unwritable(#[from] serde_json::Error),
}
