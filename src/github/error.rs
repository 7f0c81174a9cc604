//! What can go wrong between us and GitHub, in words that say what to do.

use chrono::{DateTime, Utc};
use thiserror::Error;

use super::{Login, OffLimits};

/// Why GitHub did not answer what was asked. None of the texts holds a token, so that all of them may
/// be shown to the person whose sign-in it is.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Error {
    #[error(
        "You are not a member of the GitHub organisation {organization}. Ask one of its owners to invite you"
    )]
    NotMember { organization: Login },
    #[error(
        "Your invitation to the GitHub organisation {organization} is not accepted yet. Accept it at {url}, then \
         sign in again"
    )]
    Pending { organization: Login, url: String },
    #[error(
        "The GitHub organisation {organization} restricts third-party applications, so GitHub does not say whether \
         you are a member. One of its owners can approve this application at {url}"
    )]
    ThirdPartyRestricted { organization: Login, url: String },
    #[error(
        "The GitHub organisation {organization} wants single sign-on. Sign in to it at {url}, then sign in here again"
    )]
    SsoRequired { organization: Login, url: String },
    #[error(
        "GitHub does not take this token any more: it has expired or was revoked. Sign in again"
    )]
    TokenRejected,
    #[error("GitHub answers no more requests before {}. Try again then", until.format("%H:%M:%S UTC"))]
    RateLimited { until: DateTime<Utc> },
    #[error("GitHub refuses to say it: the application needs {needed}")]
    MissingPermission { needed: &'static str },
    #[error(
        "The GitHub App is not installed on the organisation {organization}. One of its owners can install it from the \
         App's page on GitHub"
    )]
    NotInstalled { organization: Login },
    #[error(
        "GitHub does not know the App, or its private key is another one. Compare the App's id and make a new key"
    )]
    AppRejected,
    #[error(
        "GitHub refuses the App's token because of its times: this server's clock is wrong. Set it, by NTP say"
    )]
    ClockWrong,
    #[error(transparent)]
    OAuth(#[from] OAuthRefusal),
    /// Where GitHub is said to be is not for this server to go to.
    #[error(transparent)]
    OffLimits(#[from] OffLimits),
    #[error("GitHub cannot be reached: {reason}. Try again in a while")]
    Unreachable { reason: String },
    #[error("GitHub answered something unexpected: {reason}")]
    Unexpected { reason: String },
}

/// What GitHub calls an error while somebody signs in: in the address it sends the browser back to,
/// or in the answer to a code.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum OAuthRefusal {
    #[error("You have not let the application in. Sign in again if you want to")]
    AccessDenied,
    #[error("GitHub has suspended the application. Its owner has to ask GitHub's support why")]
    ApplicationSuspended,
    #[error(
        "The address that GitHub is asked to come back to is not the one registered with the application. Set its \
         callback URL to this installation's public address followed by /api/auth/callback"
    )]
    RedirectMismatch,
    #[error(
        "GitHub does not take the client id and secret. Compare them with the application's settings on GitHub"
    )]
    ClientCredentials,
    #[error("The code from GitHub has expired or was used before. Sign in again")]
    CodeRejected,
    #[error("The refresh token has expired or was used before. Sign in again")]
    RefreshRejected,
    #[error(
        "Your primary e-mail address on GitHub is not verified. Verify it there, then sign in again"
    )]
    UnverifiedEmail,
    #[error("GitHub refuses the sign-in: {0}")]
    Other(String),
}

impl OAuthRefusal {
    /// From the `error` that GitHub sends, be it in an address or in an answer.
    pub fn of_code(code: &str) -> Self {
        match code {
            "access_denied" => Self::AccessDenied,
            "application_suspended" => Self::ApplicationSuspended,
            "redirect_uri_mismatch" => Self::RedirectMismatch,
            "incorrect_client_credentials" => Self::ClientCredentials,
            "bad_verification_code" => Self::CodeRejected,
            "bad_refresh_token" => Self::RefreshRejected,
            "unverified_user_email" => Self::UnverifiedEmail,
            // It comes from outside: short, and nothing that could be more than a word.
            other => Self::Other(
                other
                    .chars()
                    .filter(|character| character.is_ascii_alphanumeric() || *character == '_')
                    .take(60)
                    .collect(),
            ),
        }
    }
}

impl Error {
    pub(super) fn unexpected(reason: impl Into<String>) -> Self {
        Self::Unexpected { reason: reason.into() }
    }

    pub(super) fn unreachable(reason: impl Into<String>) -> Self {
        Self::Unreachable { reason: reason.into() }
    }
}
