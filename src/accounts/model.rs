//! Logins and names.

use std::str::FromStr;

/// What a person is called in addresses and mentions: 1 to 39 letters, digits and inner hyphens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Login(String);

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidLogin {
    #[error("a login has 1 to 39 letters, digits and inner hyphens")]
    Login,
    #[error("a name has 1 to 100 characters")]
    Name,
}

impl Login {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Login {
    type Err = InvalidLogin;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        let characters = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        let ends = text.starts_with('-') || text.ends_with('-');
        let fits = characters && !ends && (1..=39).contains(&text.len());
        if fits { Ok(Self(text.to_owned())) } else { Err(InvalidLogin::Login) }
    }
}

/// A person's name as shown: 1 to 100 characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PersonName(String);

impl PersonName {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for PersonName {
    type Err = InvalidLogin;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        let fits = (1..=100).contains(&text.chars().count()) && !text.chars().any(char::is_control);
        if fits { Ok(Self(text.to_owned())) } else { Err(InvalidLogin::Name) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_login_is_what_github_allows() {
        assert_eq!(" octo-cat ".parse::<Login>().unwrap().as_str(), "octo-cat");
        for text in ["", "-a", "a_b", "a b", &"a".repeat(40)] {
            assert_eq!(text.parse::<Login>(), Err(InvalidLogin::Login), "{text:?}");
        }
    }
}
