//! What can go wrong for a caller, and how each of it is said.

use std::time::Duration;

use actix_web::{HttpResponse, ResponseError, http::StatusCode};
use serde::Serialize;

pub type Result<T, E = AppError> = std::result::Result<T, E>;

/// One field of a form or body that cannot be accepted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct FieldError {
    pub field: &'static str,
    pub message: String,
}

/// Everything a handler can fail with.
#[derive(Debug, thiserror::Error)]
pub enum AppError {
    /// There is none, or the caller may not know of it.
    #[error("not found")]
    NotFound,
    #[error("not signed in")]
    Unauthorized,
    #[error("needs the role {minimum}")]
    Forbidden { minimum: &'static str },
    #[error("needs the level {level} in the repository")]
    LevelTooLow { level: &'static str },
    #[error("the token's scope is narrower than {scope}")]
    ScopeTooNarrow { scope: &'static str },
    /// A person has to do it in a browser.
    #[error("not by a token")]
    NotByToken,
    /// The token counted once, and does no more; the text says why.
    #[error("the token has ended")]
    TokenEnded { why: &'static str },
    /// GitHub cannot be asked about the person before they sign in with it again.
    #[error("has to sign in with GitHub again")]
    NeedsReconnection,
    /// The organisation lets nobody in without a second factor, and the person has none.
    #[error("needs a second factor")]
    NeedsFactor,
    /// The person has a second factor, and this session has not given it, or too long ago.
    #[error("needs a code of the second factor")]
    Unconfirmed,
    /// A browser says that the request comes from another site.
    #[error("from another site")]
    OtherSite,
    #[error("method not allowed")]
    MethodNotAllowed,
    /// The request makes no sense; the text says what to change.
    #[error("{0}")]
    BadRequest(String),
    /// Some fields cannot be accepted.
    #[error("some fields cannot be accepted")]
    Invalid(Vec<FieldError>),
    /// It contradicts what is there; the text says what to do.
    #[error("{0}")]
    Conflict(String),
    /// The link has been used or is too old.
    #[error("{0}")]
    Gone(String),
    #[error("the body is larger than {most} bytes")]
    TooLarge { most: usize },
    /// It took too long to send its body.
    #[error("the body came too slowly")]
    TooSlow,
    /// The caller has used up what is allowed in a minute, or has to wait after failed tries.
    #[error("too many requests")]
    TooManyRequests { retry_after: Duration },
    #[error("the body is not {wanted}")]
    UnsupportedMediaType { wanted: &'static str },
    /// A delivery is not signed by the secret of its hook.
    #[error("not signed as it has to be")]
    BadSignature,
    /// The server has too much to do, or is ending.
    #[error("too much to do")]
    Busy { retry_after: Duration },
    #[error("the database is not there")]
    Unavailable(#[source] sqlx::Error),
    #[error("internal error")]
    Internal(#[source] anyhow::Error),
}

/// When somebody is to ask again whom the database did not answer.
const DATABASE_PAUSE: Duration = Duration::from_secs(5);

impl AppError {
    /// How long to wait before the next try, where one may help.
    pub(super) fn retry_after(&self) -> Option<Duration> {
        if let Self::TooManyRequests { retry_after } | Self::Busy { retry_after } = self {
            return Some(*retry_after);
        }
        matches!(self, Self::Unavailable(_)).then_some(DATABASE_PAUSE)
    }

    pub fn invalid(field: &'static str, message: impl Into<String>) -> Self {
        Self::Invalid(vec![FieldError { field, message: message.into() }])
    }

    /// A short name of the kind, the same for all of its occurrences.
    pub const fn title(&self) -> &'static str {
        match self {
            Self::NotFound => "Not found",
            Self::Unauthorized => "Sign in first",
            Self::Forbidden { .. }
            | Self::LevelTooLow { .. }
            | Self::ScopeTooNarrow { .. }
            | Self::NotByToken => "Not allowed",
            Self::TokenEnded { .. } => "Token no longer valid",
            Self::NeedsFactor | Self::Unconfirmed | Self::NeedsReconnection => "One more step",
            Self::OtherSite => "From another site",
            Self::MethodNotAllowed => "Method not allowed",
            Self::BadRequest(_) => "Bad request",
            Self::Invalid(_) => "Some fields cannot be accepted",
            Self::Conflict(_) => "Conflict",
            Self::Gone(_) => "No longer valid",
            Self::TooLarge { .. } => "Too large",
            Self::TooSlow => "Too slow",
            Self::TooManyRequests { .. } => "Too many requests",
            Self::UnsupportedMediaType { .. } => "Unsupported media type",
            Self::BadSignature => "Wrong signature",
            Self::Busy { .. } | Self::Unavailable(_) => "Not available",
            Self::Internal(_) => "Something went wrong",
        }
    }

    /// What happened and what to do, for people; nothing internal.
    pub fn detail(&self) -> String {
        match self {
            Self::NotFound => "There is nothing at this address, or you may not see it.".to_owned(),
            Self::Unauthorized => {
                "Send an API token as `Authorization: Bearer …`, or sign in.".to_owned()
            }
            Self::Forbidden { minimum } => {
                format!(
                    "This needs the role {minimum}. An owner of the organisation can give it to you."
                )
            }
            Self::LevelTooLow { level } => format!(
                "This needs the level {level} in this repository. Whoever administers it can give it to you."
            ),
            Self::ScopeTooNarrow { scope } => {
                format!("This needs a token with the scope {scope}. Make another one on the page of your tokens.")
            }
            Self::NotByToken => {
                "No token may do this, whatever its scope. Sign in and do it on its page.".to_owned()
            }
            Self::TokenEnded { why } => (*why).to_owned(),
            Self::NeedsReconnection => {
                "The server has lost what it asks GitHub about you with. Sign in with GitHub again.".to_owned()
            }
            Self::NeedsFactor => {
                "This organisation wants a second factor. Set one up on the page of your account.".to_owned()
            }
            Self::Unconfirmed => "Give a code of your second factor first.".to_owned(),
            Self::OtherSite => {
                "The request came from another site, so nothing was changed. Go back and try from here.".to_owned()
            }
            Self::MethodNotAllowed => {
                "This address does not take this method; `Allow` names those it takes.".to_owned()
            }
            Self::BadRequest(detail) | Self::Conflict(detail) | Self::Gone(detail) => {
                detail.clone()
            }
            Self::Invalid(fields) => {
                fields.iter().map(|field| field.message.as_str()).collect::<Vec<_>>().join(" ")
            }
            Self::TooLarge { most } => format!("The body is larger than this address takes: {most} bytes."),
            Self::TooSlow => "The body of the request took too long to arrive. Send it again.".to_owned(),
            Self::TooManyRequests { retry_after } => format!(
                "There were too many requests from you, or from somebody who shares your address. Try again in {}.",
                in_words(*retry_after)
            ),
            Self::UnsupportedMediaType { wanted } => {
                format!("Send the body as `{wanted}`, and say so in `Content-Type`.")
            }
            Self::BadSignature => {
                "The signature in `X-Hub-Signature-256` is not by the secret of this hook. Give GitHub the secret anew.".to_owned()
            }
            Self::Busy { .. } => "The server cannot take more at this moment. Try again later.".to_owned(),
            Self::Unavailable(_) => {
                "The database does not answer. Try again in a moment.".to_owned()
            }
            Self::Internal(_) => {
                "It has been logged. Try again; if it stays, quote the request id.".to_owned()
            }
        }
    }

    fn fields(&self) -> &[FieldError] {
        if let Self::Invalid(fields) = self { fields } else { &[] }
    }

    /// The same as a problem document (RFC 9457).
    pub fn problem(&self, request_id: &str) -> Problem {
        Problem {
            kind: "about:blank",
            title: self.title().to_owned(),
            status: self.status_code().as_u16(),
            detail: self.detail(),
            request_id: request_id.to_owned(),
            errors: self.fields().to_vec(),
        }
    }
}

/// A time to wait, for people.
fn in_words(wait: Duration) -> String {
    match wait.as_secs().saturating_add(1) {
        1 => "a second".to_owned(),
        seconds @ 2..=90 => format!("{seconds} seconds"),
        seconds => format!("{} minutes", seconds.div_ceil(60)),
    }
}

/// An error as JSON, in the shape of RFC 9457 (`application/problem+json`).
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct Problem {
    /// Always `about:blank`: the status says what kind it is.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// The same for all problems of a kind.
    pub title: String,
    /// The status of the answer.
    pub status: u16,
    /// What happened and what to do.
    pub detail: String,
    /// Finds the request in the server's log.
    pub request_id: String,
    /// The fields that cannot be accepted.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldError>,
}

impl ResponseError for AppError {
    fn status_code(&self) -> StatusCode {
        match self {
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::Unauthorized | Self::TokenEnded { .. } | Self::BadSignature => {
                StatusCode::UNAUTHORIZED
            }
            Self::OtherSite
            | Self::Forbidden { .. }
            | Self::LevelTooLow { .. }
            | Self::ScopeTooNarrow { .. }
            | Self::NotByToken
            | Self::NeedsReconnection
            | Self::NeedsFactor
            | Self::Unconfirmed => StatusCode::FORBIDDEN,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::BadRequest(_) => StatusCode::BAD_REQUEST,
            Self::Invalid(_) => StatusCode::UNPROCESSABLE_ENTITY,
            Self::Conflict(_) => StatusCode::CONFLICT,
            Self::Gone(_) => StatusCode::GONE,
            Self::TooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            Self::TooSlow => StatusCode::REQUEST_TIMEOUT,
            Self::TooManyRequests { .. } => StatusCode::TOO_MANY_REQUESTS,
            Self::UnsupportedMediaType { .. } => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Busy { .. } | Self::Unavailable(_) => StatusCode::SERVICE_UNAVAILABLE,
            Self::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// Bare: the error middleware gives it a page, a fragment or JSON.
    fn error_response(&self) -> HttpResponse {
        HttpResponse::new(self.status_code())
    }
}

impl From<sqlx::Error> for AppError {
    fn from(error: sqlx::Error) -> Self {
        match error {
            sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed | sqlx::Error::Io(_) => {
                Self::Unavailable(error)
            }
            sqlx::Error::Database(ref told) if is_away(told.code().as_deref()) => {
                Self::Unavailable(error)
            }
            sqlx::Error::Database(error) if is_unknown_to_postgres(error.code().as_deref()) => {
                Self::BadRequest(
                    "The request has a text with a NUL character, or a time that is out of range."
                        .to_owned(),
                )
            }
            other => Self::Internal(other.into()),
        }
    }
}

/// What Postgres says while it goes down, has gone down or comes up: `admin_shutdown`, `crash_shutdown` and
/// `cannot_connect_now`. It is there again in a moment, as after a connection that broke off.
fn is_away(code: Option<&str>) -> bool {
    matches!(code, Some("57P01" | "57P02" | "57P03"))
}

/// Values that are valid for us, but not for Postgres: `character_not_in_repertoire` and
/// `datetime_field_overflow`. What is stored has been cleaned, so they come from the request.
fn is_unknown_to_postgres(code: Option<&str>) -> bool {
    matches!(code, Some("22021" | "22008"))
}

impl From<anyhow::Error> for AppError {
    fn from(error: anyhow::Error) -> Self {
        Self::Internal(error)
    }
}

impl From<askama::Error> for AppError {
    fn from(error: askama::Error) -> Self {
        Self::Internal(error.into())
    }
}
