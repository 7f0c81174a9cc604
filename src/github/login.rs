//! The name of a person or an organisation on GitHub.

use std::fmt;

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// A name that can stand in an address as it is: letters, digits, hyphens and underscores.
///
/// GitHub compares names without regard to case, and so does this. Names change: what stays is the
/// id.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Login(String);

#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("`{0}` is not the name of anybody on GitHub: letters, digits and hyphens, 100 at most")]
pub struct InvalidLogin(String);

impl Login {
    /// GitHub gives 39 characters; Enterprise Servers take names from directories, and managed users
    /// have an underscore and a short code at their end.
    const MAX: usize = 100;

    pub fn parse(text: &str) -> Result<Self, InvalidLogin> {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        if text.is_empty() || text.len() > Self::MAX || !text.bytes().all(is_plain) {
            return Err(InvalidLogin(text.chars().take(Self::MAX).collect()));
        }
        Ok(Self(text.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What equal names have in common.
    pub(super) fn folded(&self) -> String {
        self.0.to_ascii_lowercase()
    }
}

impl PartialEq for Login {
    fn eq(&self, other: &Self) -> bool {
        self.0.eq_ignore_ascii_case(&other.0)
    }
}

impl Eq for Login {}

impl fmt::Display for Login {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl TryFrom<String> for Login {
    type Error = InvalidLogin;

    fn try_from(text: String) -> Result<Self, InvalidLogin> {
        Self::parse(&text)
    }
}

impl From<Login> for String {
    fn from(login: Login) -> Self {
        login.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_what_an_address_can_hold() {
        for name in ["ada", "Ada-Lovelace", "ada_acme", "a"] {
            assert!(Login::parse(name).is_ok(), "{name}");
        }
        for name in ["", "..", "ada/../eve", "ada?x", "ada lovelace", "ädä", &"a".repeat(101)] {
            assert!(Login::parse(name).is_err(), "{name}");
        }
    }

    #[test]
    fn case_does_not_matter() {
        assert_eq!(Login::parse("Acme"), Login::parse("acme"));
    }
}
