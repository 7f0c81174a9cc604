//! A token as people see it, and what may be asked of a new one.

use std::str::FromStr;

use chrono::{DateTime, Duration, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::tenancy::{AccountId, Role, TokenScope};

/// A token, without its secret, which nobody has but whoever it was shown to.
#[derive(Clone, Debug)]
pub struct Token {
    pub id: Uuid,
    pub name: String,
    /// Its last characters; empty of the oldest ones.
    pub hint: String,
    pub scope: TokenScope,
    /// What it may do at most.
    pub role: Role,
    /// Whose it is; none of the command line.
    pub account: Option<AccountId>,
    /// The person's.
    pub login: Option<String>,
    /// The person's name.
    pub person: Option<String>,
    pub created_at: DateTime<Utc>,
    pub last_used_at: Option<DateTime<Utc>>,
    /// None where it goes on for ever.
    pub expires_at: Option<DateTime<Utc>>,
    pub revoked_at: Option<DateTime<Utc>>,
}

/// Whether a token counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum TokenState {
    Active,
    Expired,
    Revoked,
}

impl Token {
    pub fn state(&self, now: DateTime<Utc>) -> TokenState {
        if self.revoked_at.is_some() {
            return TokenState::Revoked;
        }
        if self.expires_at.is_some_and(|at| at <= now) {
            return TokenState::Expired;
        }
        TokenState::Active
    }
}

/// Which tokens a list shows.
#[derive(Clone, Copy, Debug, Default)]
pub struct TokenFilter<'a> {
    /// Of this person alone.
    pub account: Option<AccountId>,
    /// A part of its name, or of the person's name or login, in any case; or its last characters.
    pub text: Option<&'a str>,
    /// Only those that count, or only those that do not.
    pub is_active: Option<bool>,
}

/// What a token is called: 1 to 100 characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenName(String);

/// Why a token is not made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidToken {
    #[error("a token's name has 1 to 100 characters")]
    Name,
    #[error("choose one of the scopes")]
    Scope,
    #[error("choose one of the times")]
    Lifetime,
}

impl TokenName {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for TokenName {
    type Err = InvalidToken;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        let fits = (1..=100).contains(&text.chars().count()) && !text.chars().any(char::is_control);
        if fits { Ok(Self(text.to_owned())) } else { Err(InvalidToken::Name) }
    }
}

/// How long a token counts. There is none for ever: whoever forgets a token keeps it, and so does
/// whoever finds it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lifetime {
    Week,
    Month,
    Quarter,
    Year,
}

impl Lifetime {
    pub const ALL: [Self; 4] = [Self::Week, Self::Month, Self::Quarter, Self::Year];

    pub const fn days(self) -> i64 {
        match self {
            Self::Week => 7,
            Self::Month => 30,
            Self::Quarter => 90,
            Self::Year => 365,
        }
    }

    pub const fn duration(self) -> Duration {
        Duration::days(self.days())
    }
}

impl FromStr for Lifetime {
    type Err = InvalidToken;

    fn from_str(days: &str) -> Result<Self, Self::Err> {
        let days = days.parse();
        let found = Self::ALL.into_iter().find(|lifetime| Ok(lifetime.days()) == days);
        found.ok_or(InvalidToken::Lifetime)
    }
}

/// What a scope lets a token do, for whoever chooses one.
pub(super) const fn in_words(scope: TokenScope) -> &'static str {
    match scope {
        TokenScope::Read => "sees what you see, and changes nothing",
        TokenScope::Write => {
            "also changes what members and managers change: tasks, projects, scans, teams"
        }
        TokenScope::Admin => "all that your role lets you do, people and settings too",
    }
}

/// Finds the scope of a name.
pub fn parse_scope(text: &str) -> Result<TokenScope, InvalidToken> {
    let found = TokenScope::ALL.into_iter().find(|scope| scope.as_str() == text);
    found.ok_or(InvalidToken::Scope)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_lasts_a_week_to_a_year() {
        assert_eq!("90".parse(), Ok(Lifetime::Quarter));
        for text in ["", "0", "-7", "366", "never", "7 "] {
            assert_eq!(text.parse::<Lifetime>(), Err(InvalidToken::Lifetime), "{text:?}");
        }
    }

    #[test]
    fn a_name_is_one_line() {
        assert_eq!(" reports ".parse::<TokenName>().unwrap().as_str(), "reports");
        for text in ["", " ", "a\nb", &"a".repeat(101)] {
            assert_eq!(text.parse::<TokenName>(), Err(InvalidToken::Name), "{text:?}");
        }
    }
}
