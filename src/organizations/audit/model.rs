//! Entries of the log, and what they are filtered by.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

/// A line of the log.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = AuditEntry)]
pub struct Entry {
    pub id: Uuid,
    /// Its place in the organisation's log, from 1 on.
    pub ordinal: i64,
    pub at: DateTime<Utc>,
    /// `account`, `token`, `command`, `job` or `unknown`.
    pub actor_kind: String,
    /// The account's or token's id.
    pub actor_id: Option<Uuid>,
    pub actor_name: String,
    /// The person, also behind a token.
    pub person_id: Option<Uuid>,
    pub person_name: Option<String>,
    /// Noun and verb: `repository.added`.
    pub action: String,
    pub subject_kind: String,
    pub subject_id: String,
    /// What else there is to say, by its name.
    #[schema(value_type = Object)]
    pub detail: Value,
    /// What a change found; null where nothing was changed.
    #[schema(value_type = Option<Object>)]
    pub before: Option<Value>,
    /// What it made of that, with the same names.
    #[schema(value_type = Option<Object>)]
    pub after: Option<Value>,
    /// Where the request came from; empty for jobs and the command line, as the next two.
    pub address: String,
    pub user_agent: String,
    pub request_id: String,
}

/// Which entries are wanted; none of it wants all.
#[derive(Clone, Debug, Default)]
pub struct AuditFilter {
    /// Who: the id of a person, with their tokens, or of a token.
    pub actor: Option<Uuid>,
    /// Or of which kind.
    pub actor_kind: Option<String>,
    pub action: Option<String>,
    pub subject_kind: Option<String>,
    /// Is somewhere in the entry.
    pub text: Option<String>,
    pub from: Option<DateTime<Utc>>,
    /// Before this time.
    pub until: Option<DateTime<Utc>>,
}

/// The entry that a page ended with.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct EntryKey {
    pub ordinal: i64,
}
