//! Why GitHub did not do what the product asked, as far as the product goes on differently.

use chrono::{DateTime, Utc};
use thiserror::Error;

use crate::github::{
    Client, Error,
    answer::{Answer, Question},
};

#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ApiError {
    /// The token's budget, or GitHub itself, wants no request before then.
    #[error("GitHub answers no more requests before {}", until.format("%H:%M:%S UTC"))]
    Wait { until: DateTime<Utc> },
    /// It is not there, or the token may not see that it is.
    #[error("GitHub does not know it, or does not let it be seen")]
    NotFound,
    /// It was there, or is switched off: issues of a repository without issues, say.
    #[error("it is gone from GitHub, or switched off there")]
    Gone,
    /// GitHub understands the request and does not do it.
    #[error("GitHub refuses it: {reason}")]
    Refused { reason: String },
    #[error(transparent)]
    GitHub(#[from] Error),
}

impl ApiError {
    /// Whether the same request may succeed later without anybody's doing.
    pub fn may_pass(&self) -> bool {
        matches!(
            self,
            Self::Wait { .. } | Self::GitHub(Error::Unreachable { .. } | Error::RateLimited { .. })
        )
    }

    /// What an answer refuses, if it does.
    pub(super) fn check(answer: &Answer, client: &Client) -> Result<(), Self> {
        match answer.status {
            200..=299 => Ok(()),
            404 if answer.message() != "Integration not found" => Err(Self::NotFound),
            410 => Err(Self::Gone),
            400 | 409 | 422 => Err(Self::Refused { reason: answer.reason() }),
            _ => match answer.refusal(Question::Own, (client.hosts(), client.now())) {
                Error::RateLimited { until } => Err(Self::Wait { until }),
                error => Err(error.into()),
            },
        }
    }
}
