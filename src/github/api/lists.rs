//! The lists that import and reconciliation read, each from its first page.

use super::Cursor;
use crate::github::model::Repository;

/// By what a list begins with the newest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Newest {
    /// For what has changed since some time.
    Changed,
    /// For all of it: nothing moves to another page while the pages are read.
    Made,
}

impl Cursor<Repository> {
    /// Those that the token's installation may see.
    pub fn of_installation() -> Self {
        Self::to("/installation/repositories?per_page=100".to_owned())
    }
}
