//! Hooks, and GitHub's log of what it delivered to them.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{list, moment, moment_or_none};

#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct Hook {
    pub id: i64,
    #[serde(default)]
    pub active: bool,
    #[serde(default, deserialize_with = "list")]
    pub events: Vec<String>,
    pub config: HookConfig,
    #[serde(default, deserialize_with = "moment_or_none")]
    pub created_at: Option<DateTime<Utc>>,
    #[serde(default, deserialize_with = "moment_or_none")]
    pub updated_at: Option<DateTime<Utc>>,
    /// Of the newest delivery.
    #[serde(default)]
    pub last_response: Option<HookResponse>,
}

/// Where a hook delivers to. GitHub never says its secret again.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct HookConfig {
    #[serde(default)]
    pub url: Option<String>,
    /// `json` or `form`.
    #[serde(default)]
    pub content_type: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct HookResponse {
    #[serde(default)]
    pub code: Option<i64>,
    #[serde(default)]
    pub status: Option<String>,
    #[serde(default)]
    pub message: Option<String>,
}

/// One attempt to deliver an event, without what it carried. Attempts at the same event share `guid`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct HookDelivery {
    pub id: i64,
    pub guid: String,
    #[serde(deserialize_with = "moment")]
    pub delivered_at: DateTime<Utc>,
    pub redelivery: bool,
    pub status: String,
    /// What the receiver answered; 0 where it did not.
    pub status_code: i64,
    pub event: String,
    #[serde(default)]
    pub action: Option<String>,
    #[serde(default)]
    pub installation_id: Option<i64>,
    #[serde(default)]
    pub repository_id: Option<i64>,
}

impl HookDelivery {
    pub fn succeeded(&self) -> bool {
        (200..300).contains(&self.status_code)
    }
}

/// One attempt with what it carried.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct DeliveryDetail {
    #[serde(flatten)]
    pub delivery: HookDelivery,
    pub request: DeliveryRequest,
}

#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct DeliveryRequest {
    /// The event itself, as [`crate::github::Event::parse`] takes it.
    pub payload: Value,
}
