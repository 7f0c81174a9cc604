//! Slugs, names and members.

use std::{fmt, str::FromStr};

use serde::Serialize;

use crate::{github::Login, tenancy::Role};

/// First segments of the product's own addresses.
const RESERVED: [&str; 18] = [
    "account",
    "admin",
    "api",
    "app",
    "assets",
    "favicon.ico",
    "health",
    "invitations",
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

/// What becomes of people who come by their own: whom GitHub vouches for, and as what they come in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Newcomers {
    /// The GitHub organisations whose members are let in.
    pub github_organizations: Vec<String>,
    pub default_role: Role,
}

/// Why a setting of newcomers cannot be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum InvalidNewcomers {
    #[error("Newcomers cannot be {0}.")]
    Role(String),
    #[error("{0}.")]
    Organization(String),
    #[error("At most 20 GitHub organisations can be named.")]
    TooMany,
}

impl Newcomers {
    /// The roles that a newcomer may come in as.
    pub(super) const ROLES: [Role; 4] = [Role::Viewer, Role::Member, Role::Manager, Role::Admin];
    const MOST: usize = 20;

    /// Reads names that are separated by commas, spaces or lines.
    pub(super) fn parse(role: &str, organizations: &str) -> Result<Self, InvalidNewcomers> {
        let default_role = Self::ROLES
            .into_iter()
            .find(|known| known.as_str() == role)
            .ok_or_else(|| InvalidNewcomers::Role(role.to_owned()))?;
        let words = organizations.split(|letter: char| letter == ',' || letter.is_whitespace());
        let mut names: Vec<String> = Vec::new();
        for word in words.filter(|word| !word.is_empty()) {
            let name = Login::parse(word)
                .map_err(|error| InvalidNewcomers::Organization(error.to_string()))?;
            if !names.iter().any(|known| known.eq_ignore_ascii_case(name.as_str())) {
                names.push(name.as_str().to_owned());
            }
        }
        if names.len() > Self::MOST {
            return Err(InvalidNewcomers::TooMany);
        }
        Ok(Self { github_organizations: names, default_role })
    }
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
    fn newcomers_come_from_github_organisations_and_are_no_owners() {
        let parsed = Newcomers::parse("viewer", "acme, Globex\nACME").unwrap();
        assert_eq!(parsed.github_organizations, ["acme", "Globex"]);
        assert_eq!(Newcomers::parse("owner", ""), Err(InvalidNewcomers::Role("owner".to_owned())));
        assert!(Newcomers::parse("viewer", "https://github.com/acme").is_err());
        assert_eq!(
            Newcomers::parse("viewer", &["a"; 1].join(",")).unwrap().github_organizations.len(),
            1
        );
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
