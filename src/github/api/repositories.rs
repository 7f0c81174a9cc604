//! Repositories one by one.

use super::{Api, ApiError};
use crate::github::{FullName, model::Repository};

impl Api<'_> {
    /// By the name it has, or had before it was renamed.
    pub async fn repository(&self, name: &FullName) -> Result<Repository, ApiError> {
        self.get(&format!("/repos/{name}")).await
    }

    /// By what stays. GitHub's own links and redirects lead there, though its description of the API
    /// leaves it out.
    pub async fn repository_by_id(&self, id: i64) -> Result<Repository, ApiError> {
        self.get(&format!("/repositories/{id}")).await
    }
}
