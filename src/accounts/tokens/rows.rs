//! Tokens as rows of a page.

use chrono::{DateTime, Utc};

use super::{Token, TokenState};
use crate::web::{
    html::{Pill, Tone},
    icon::Icon,
    time::Moment,
};

/// A row of a list of tokens.
pub(in crate::accounts) struct TokenRow {
    pub(in crate::accounts) name: String,
    pub(in crate::accounts) hint: String,
    pub(in crate::accounts) scope: &'static str,
    /// What it may do at most.
    pub(in crate::accounts) role: &'static str,
    /// Whose it is.
    pub(in crate::accounts) who: String,
    pub(in crate::accounts) made: Moment,
    pub(in crate::accounts) used: Option<Moment>,
    pub(in crate::accounts) expires: Option<Moment>,
    pub(in crate::accounts) state: Pill,
    /// Where the form that revokes it posts to; none where there is nothing to revoke.
    pub(in crate::accounts) revoke: Option<String>,
}

impl TokenRow {
    /// `path` is where the tokens' own addresses stand below.
    pub(in crate::accounts) fn new(token: Token, path: &str, now: DateTime<Utc>) -> Self {
        let state = token.state(now);
        Self {
            hint: token.hint,
            scope: token.scope.as_str(),
            role: token.role.as_str(),
            who: token.person.unwrap_or_else(|| "command line".to_owned()),
            made: Moment::new(token.created_at, now),
            used: token.last_used_at.map(|at| Moment::new(at, now)),
            expires: token.expires_at.map(|at| Moment::new(at, now)),
            state: pill(state),
            revoke: (state == TokenState::Active).then(|| format!("{path}/{}/revoke", token.id)),
            name: token.name,
        }
    }
}

fn pill(state: TokenState) -> Pill {
    match state {
        TokenState::Active => Pill::new(Tone::Good, Icon::Check, "works"),
        TokenState::Expired => Pill::new(Tone::Quiet, Icon::Clock, "expired"),
        TokenState::Revoked => Pill::new(Tone::Quiet, Icon::Cross, "revoked"),
    }
}
