//! What an App asks about itself, and what time it is at GitHub.

use chrono::{DateTime, Utc};
use http::Method;

use super::{Api, ApiError};
use crate::github::{App, GitHubUser, model::Installation};

impl Api<'_> {
    /// Whose token it is.
    pub async fn person(&self) -> Result<GitHubUser, ApiError> {
        self.get("/user").await
    }

    /// The App that asks, by its own token.
    pub async fn app(&self) -> Result<App, ApiError> {
        self.get("/app").await
    }

    /// Where the App is installed, by its own token.
    pub async fn installation(&self, id: i64) -> Result<Installation, ApiError> {
        self.get(&format!("/app/installations/{id}")).await
    }

    /// What time it is at GitHub, to the second; none where it does not say. Costs nothing of the hour.
    pub async fn clock(&self) -> Result<Option<DateTime<Utc>>, ApiError> {
        let answer = self.call(Method::GET, "/rate_limit", None::<&()>, None).await?;
        let date = answer.header("date").and_then(|text| DateTime::parse_from_rfc2822(text).ok());
        Ok(date.map(|date| date.to_utc()))
    }
}
