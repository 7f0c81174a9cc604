//! Deliveries that were missed.

use chrono::{DateTime, Utc};

use super::GapId;
use crate::{github::model::HookDelivery, webhooks::model::HookId};

/// How many are asked for again at once: GitHub lets a token write 500 times an hour. More are read.
pub(super) const MOST_ASKED: usize = 20;

/// How long one that was asked for may take to come.
pub(super) const PATIENCE: chrono::TimeDelta = chrono::TimeDelta::minutes(2);

/// A hook whose log at GitHub is read.
#[derive(Clone, Debug)]
pub(in crate::webhooks) struct Watched {
    pub(in crate::webhooks) hook: HookId,
    pub(in crate::webhooks) connection: crate::connections::ConnectionId,
    /// Whether it is an App's own.
    pub(in crate::webhooks) is_app: bool,
    /// Of a hook in a repository: the repository's name and the hook's number there.
    pub(in crate::webhooks) full_name: Option<String>,
    pub(in crate::webhooks) github_id: Option<i64>,
    pub(in crate::webhooks) created_at: DateTime<Utc>,
    pub(in crate::webhooks) heard_at: Option<DateTime<Utc>>,
    pub(in crate::webhooks) swept_through: Option<DateTime<Utc>>,
}

/// One that has not come back yet.
#[derive(Clone, Debug)]
pub(in crate::webhooks) struct Missed {
    pub(in crate::webhooks) guid: String,
    /// GitHub's number of the attempt.
    pub(in crate::webhooks) attempt: i64,
    pub(in crate::webhooks) event: String,
    pub(in crate::webhooks) delivered_at: DateTime<Utc>,
    pub(in crate::webhooks) asked_at: Option<DateTime<Utc>>,
}

/// What became of one that was missed.
#[derive(Clone, Copy, Debug)]
pub(in crate::webhooks) enum Became {
    /// GitHub was asked to deliver it again.
    Asked,
    /// It was read from the log into the inbox.
    Read,
    /// It does not come back, and why.
    Lost(&'static str),
}

/// One as GitHub's log shows it.
#[derive(Clone, Debug)]
pub(in crate::webhooks) struct Found {
    pub(in crate::webhooks) guid: String,
    pub(in crate::webhooks) attempt: i64,
    pub(in crate::webhooks) event: String,
    pub(in crate::webhooks) delivered_at: DateTime<Utc>,
}

impl Found {
    /// None where it cannot have been one of ours.
    pub(super) fn of(delivery: &HookDelivery) -> Option<Self> {
        let fits = |text: &str| (1..=100).contains(&text.len());
        (fits(&delivery.guid) && fits(&delivery.event)).then(|| Self {
            guid: delivery.guid.clone(),
            attempt: delivery.id,
            event: delivery.event.clone(),
            delivered_at: delivery.delivered_at,
        })
    }
}

/// Why deliveries were missed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub(in crate::webhooks) enum GapReason {
    /// The server was down, by its own word.
    Down,
    /// The server was there, and could store nothing.
    Database,
    /// GitHub's log shows some that did not come.
    Missed,
}

impl GapReason {
    pub(in crate::webhooks) const fn as_str(self) -> &'static str {
        match self {
            Self::Down => "down",
            Self::Database => "database",
            Self::Missed => "missed",
        }
    }
}

/// A time in which deliveries were missed, with what became of them.
#[derive(Clone, Debug)]
pub(in crate::webhooks) struct Gap {
    pub(in crate::webhooks) id: GapId,
    pub(in crate::webhooks) hook_name: Option<String>,
    pub(in crate::webhooks) reason: GapReason,
    pub(in crate::webhooks) began_at: DateTime<Utc>,
    pub(in crate::webhooks) ended_at: DateTime<Utc>,
    pub(in crate::webhooks) whole_at: Option<DateTime<Utc>>,
    pub(in crate::webhooks) missed: i64,
    pub(in crate::webhooks) redelivered: i64,
    pub(in crate::webhooks) read: i64,
    pub(in crate::webhooks) lost: i64,
}
