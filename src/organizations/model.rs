//! Slugs, names and members.

use std::{fmt, str::FromStr};

use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::tenancy::{AccountId, Role};

/// First segments of the product's own addresses.
const RESERVED: [&str; 17] = [
    "account",
    "admin",
    "api",
    "app",
    "assets",
    "favicon.ico",
    "health",
    "login",
    "logout",
    "metrics",
    "organizations",
    "privacy",
    "quarterdeck",
    "setup",
    "sign-in",
    "sign-out",
    "static",
];

/// The address of an organisation: 1 to 39 of `a-z`, `0-9` and inner `-`, as GitHub has them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slug(String);

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidSlug {
    #[error("`{0}` cannot be an address: use 1 to 39 small letters, digits and inner hyphens")]
    Characters(String),
    #[error("`{0}` is an address of the product's own; choose another one")]
    Reserved(String),
}

impl Slug {
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The nearest slug to a name; `team` where nothing of it can be kept.
    pub fn of_name(name: &str) -> Self {
        let mut slug = String::new();
        for character in name.to_lowercase().chars() {
            if character.is_ascii_alphanumeric() {
                slug.push(character);
            } else if !slug.is_empty() && !slug.ends_with('-') {
                slug.push('-');
            }
        }
        let slug: String = slug.chars().take(39).collect();
        slug.trim_matches('-').parse().unwrap_or_else(|_| Self("team".to_owned()))
    }
}

impl FromStr for Slug {
    type Err = InvalidSlug;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let characters = text.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'));
        let ends = text.starts_with('-') || text.ends_with('-');
        if !characters || ends || text.is_empty() || text.len() > 39 {
            return Err(InvalidSlug::Characters(text.to_owned()));
        }
        if RESERVED.contains(&text) {
            return Err(InvalidSlug::Reserved(text.to_owned()));
        }
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for Slug {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

/// What an organisation is called: 1 to 100 characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrganizationName(String);

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a name has 1 to 100 characters")]
pub struct InvalidName;

impl OrganizationName {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for OrganizationName {
    type Err = InvalidName;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        let fits = (1..=100).contains(&text.chars().count()) && !text.chars().any(char::is_control);
        if fits { Ok(Self(text.to_owned())) } else { Err(InvalidName) }
    }
}

/// A person in an organisation.
#[derive(Clone, Debug, Serialize)]
pub struct Member {
    pub account: AccountId,
    pub login: String,
    pub name: String,
    pub role: Role,
    pub created_at: DateTime<Utc>,
}

/// An organisation as one of its members sees it in a list.
#[derive(Clone, Debug, Serialize)]
pub struct Membership {
    pub slug: String,
    pub name: String,
    pub role: Role,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slugs_that_would_hide_a_page_are_refused() {
        assert_eq!("api".parse::<Slug>(), Err(InvalidSlug::Reserved("api".to_owned())));
        for text in ["", "-a", "a-", "A", "a b", "ä", &"a".repeat(40)] {
            assert_eq!(
                text.parse::<Slug>(),
                Err(InvalidSlug::Characters(text.to_owned())),
                "{text:?}"
            );
        }
        assert!("acme-2".parse::<Slug>().is_ok());
    }

    #[test]
    fn a_name_suggests_its_slug() {
        for (name, slug) in [
            ("Acme", "acme"),
            ("  Acme & Sons, Ltd. ", "acme-sons-ltd"),
            ("日本", "team"),
            ("api", "team"),
        ] {
            assert_eq!(Slug::of_name(name).as_str(), slug);
        }
    }
}
