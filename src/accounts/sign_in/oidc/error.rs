//! What can go wrong between us and an issuer, in words that say what to do.

use openidconnect::{ClaimsVerificationError, core::CoreErrorResponseType};
use thiserror::Error as ThisError;

/// Why an issuer did not say who somebody is. No text holds a token, so that all of them may be shown.
#[derive(Clone, Debug, PartialEq, Eq, ThisError)]
pub(in crate::accounts::sign_in) enum Error {
    #[error("You have not let the application in. Sign in again if you want to")]
    Denied,
    #[error("The code has expired or was used before. Sign in again")]
    CodeRejected,
    #[error(
        "The provider does not take the client id and secret. Whoever runs this server can compare them with those \
         at the provider"
    )]
    ClientCredentials,
    #[error("The provider cannot be asked: {0}. Try again in a while")]
    Unreachable(String),
    #[error("What the provider says of you cannot be trusted: {0}")]
    NotTrusted(&'static str),
    #[error("The answer came from another provider than the one that was asked. Begin again")]
    OtherIssuer,
    #[error("The provider refuses the sign-in: {0}")]
    Other(String),
}

impl Error {
    /// From the `error` of an address that the browser was sent back to.
    pub(in crate::accounts::sign_in) fn of_code(code: &str) -> Self {
        match code {
            "access_denied" => Self::Denied,
            other => Self::Other(word(other)),
        }
    }

    /// From the `error` of an answer to a code.
    pub(super) fn of_answer(error: &CoreErrorResponseType) -> Self {
        match error {
            CoreErrorResponseType::InvalidClient | CoreErrorResponseType::UnauthorizedClient => {
                Self::ClientCredentials
            }
            CoreErrorResponseType::InvalidGrant | CoreErrorResponseType::InvalidRequest => {
                Self::CodeRejected
            }
            other => Self::Other(word(other.as_ref())),
        }
    }

    /// Not the library's own words: they quote the token.
    pub(super) fn of_claims(error: &ClaimsVerificationError) -> Self {
        Self::NotTrusted(match error {
            ClaimsVerificationError::Expired(_) => "its word has expired",
            ClaimsVerificationError::InvalidAudience(_) => "its word is for another application",
            ClaimsVerificationError::InvalidIssuer(_) => "its word is another issuer's",
            ClaimsVerificationError::InvalidNonce(_) => "its word is of another sign-in",
            ClaimsVerificationError::SignatureVerification(_) => "its signature is wrong",
            _ => "its word cannot be read",
        })
    }
}

/// It comes from outside: short, and nothing that could be more than a word.
fn word(text: &str) -> String {
    text.chars()
        .filter(|character| character.is_ascii_alphanumeric() || *character == '_')
        .take(60)
        .collect()
}
