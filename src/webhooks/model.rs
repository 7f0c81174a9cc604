//! Hooks and deliveries, and the rules of trying again.

use std::str::FromStr;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{connections::ConnectionId, repositories::RepositoryId};

crate::id! {
    /// A way by which a GitHub tells us something, with a secret of its own.
    HookId
}

crate::id! {
    /// Something that GitHub has told us.
    DeliveryId
}

/// How often a delivery that fails is tried.
pub(super) const ATTEMPTS: i32 = 3;

/// How often one is begun that never ends in an answer: it takes the server with it.
pub(super) const STARTS: i32 = 10;

/// How long a worker has a delivery before another one may take it.
pub(super) const LEASE: TimeDelta = TimeDelta::seconds(60);

/// What people call a hook: 1 to 100 characters, none of them a control character.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HookName(String);

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a name has 1 to 100 characters on one line")]
pub struct InvalidHookName;

impl FromStr for HookName {
    type Err = InvalidHookName;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let name = text.trim();
        let is_one =
            (1..=100).contains(&name.chars().count()) && !name.chars().any(char::is_control);
        is_one.then(|| Self(name.to_owned())).ok_or(InvalidHookName)
    }
}

impl HookName {
    /// Of an App's own hook: the App's name, as far as it can be one.
    pub fn of_app(name: &str, id: i64) -> Self {
        let short: String = name.chars().take(100).collect();
        short.parse().unwrap_or_else(|InvalidHookName| Self(format!("GitHub App {id}")))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A hook, without its secret.
#[derive(Clone, Debug)]
pub struct Hook {
    pub id: HookId,
    pub name: String,
    pub created_by: String,
    pub created_at: DateTime<Utc>,
    pub pinged_at: Option<DateTime<Utc>>,
    pub heard_at: Option<DateTime<Utc>>,
    /// Until when the secret before the last rotation counts as well.
    pub previous_until: Option<DateTime<Utc>>,
    pub revoked_at: Option<DateTime<Utc>>,
    /// The connection that it was made for, or by.
    pub connection: Option<ConnectionId>,
    /// Of an App's hook, GitHub's number of the App.
    pub app_id: Option<i64>,
    /// Of a hook that was made in a repository.
    pub repository: Option<RepositoryId>,
    /// What that is called there, or was when it was made.
    pub full_name: Option<String>,
    /// GitHub's number of the hook, while it is there.
    pub github_id: Option<i64>,
    /// Why it is not at GitHub as it should be, for people.
    pub trouble: Option<String>,
}

/// How a delivery stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, sqlx::Type, ToSchema)]
#[serde(rename_all = "lowercase")]
#[sqlx(type_name = "text", rename_all = "lowercase")]
pub enum DeliveryState {
    /// It waits for its turn.
    Received,
    Done,
    /// It is tried again.
    Failed,
    /// It is not tried again by itself.
    Dead,
}

impl DeliveryState {
    pub const ALL: [Self; 4] = [Self::Received, Self::Done, Self::Failed, Self::Dead];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Received => "received",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Dead => "dead",
        }
    }
}

impl FromStr for DeliveryState {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|state| state.as_str() == text).ok_or(())
    }
}

/// A delivery as lists have it, without what it says.
#[derive(Clone, Debug)]
pub struct Delivery {
    pub id: DeliveryId,
    pub hook: HookId,
    /// None where the hook is there no longer.
    pub hook_name: Option<String>,
    pub guid: String,
    pub event: String,
    pub action: Option<String>,
    /// GitHub's number of the repository.
    pub repository: Option<i64>,
    pub state: DeliveryState,
    pub attempts: i32,
    pub received_at: DateTime<Utc>,
    pub finished_at: Option<DateTime<Utc>>,
    /// When it is tried next.
    pub run_at: Option<DateTime<Utc>>,
    pub remark: Option<String>,
    pub error: Option<String>,
    /// Where in the payload it failed.
    pub error_path: Option<String>,
    pub bytes: i64,
}

/// What can be told of a delivery before it is understood.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Glance {
    pub(super) action: Option<String>,
    pub(super) repository: i64,
}

impl Glance {
    /// Of a payload; of one that cannot be read, nothing.
    pub(super) fn of(payload: &[u8]) -> Self {
        #[derive(Deserialize)]
        struct Outline {
            #[serde(default)]
            action: Option<String>,
            #[serde(default)]
            repository: Option<Numbered>,
        }
        #[derive(Deserialize)]
        struct Numbered {
            id: i64,
        }
        let outline: Option<Outline> = serde_json::from_slice(payload).ok();
        let Some(outline) = outline else { return Self::default() };
        Self {
            action: outline.action.filter(|action| action.len() <= 100 && !action.contains('\0')),
            repository: outline.repository.map_or(0, |repository| repository.id),
        }
    }
}

/// When a delivery is tried again that has failed so often: after 5 seconds, then after 30, each up to a
/// fifth later, so that those that failed together do not come together. None where it has had its tries.
pub(super) fn next_try(attempts: i32, now: DateTime<Utc>, spread: f64) -> Option<DateTime<Utc>> {
    let seconds: i64 = match attempts {
        ..=1 => 5,
        2 => 30,
        _ => return None,
    };
    let wait = TimeDelta::seconds(seconds);
    let more =
        TimeDelta::from_std(wait.to_std().ok()?.mul_f64(spread.clamp(0.0, 1.0) / 5.0)).ok()?;
    (attempts < ATTEMPTS).then(|| now + wait + more)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_glance_tells_the_action_and_the_repository() {
        let glance =
            Glance::of(br#"{"action":"opened","repository":{"id":9007199254740993,"name":"x"}}"#);

        assert_eq!(glance.action.as_deref(), Some("opened"));
        assert_eq!(glance.repository, 9_007_199_254_740_993);
    }

    #[test]
    fn of_what_cannot_be_read_nothing_is_told() {
        for payload in [
            &b"{\"action\":\"opened\""[..],
            b"",
            b"\xff\xfe",
            br#"{"action":7}"#,
            br#"{"repository":{"id":184467440737095516160}}"#,
            br#"{"repository":[]}"#,
        ] {
            assert_eq!(Glance::of(payload), Glance::default(), "{payload:?}");
        }
        assert_eq!(Glance::of(br#"{"action":"a\u0000b"}"#).action, None);
    }

    #[test]
    fn three_tries_are_made() {
        let now = DateTime::UNIX_EPOCH;
        assert_eq!(next_try(1, now, 0.0), Some(now + TimeDelta::seconds(5)));
        assert_eq!(next_try(1, now, 1.0), Some(now + TimeDelta::seconds(6)));
        assert_eq!(next_try(2, now, 0.5), Some(now + TimeDelta::seconds(33)));
        assert_eq!(next_try(3, now, 0.5), None);
    }

    #[test]
    fn a_name_is_one_line() {
        assert!("acme on GitHub".parse::<HookName>().is_ok());
        for wrong in ["", "  ", "two\nlines", &"x".repeat(101)] {
            assert_eq!(wrong.parse::<HookName>(), Err(InvalidHookName), "{wrong:?}");
        }
    }
}
