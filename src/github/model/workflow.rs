//! Runs of workflows, and the suites of checks that Apps report.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{Actor, moment, moment_or_none};

words! {
    pub enum RunStatus {
        Requested = "requested",
        Queued = "queued",
        Pending = "pending",
        Waiting = "waiting",
        InProgress = "in_progress",
        Completed = "completed",
    }
}

words! {
    pub enum RunConclusion {
        Success = "success",
        Failure = "failure",
        Neutral = "neutral",
        Cancelled = "cancelled",
        Skipped = "skipped",
        TimedOut = "timed_out",
        ActionRequired = "action_required",
        Stale = "stale",
        StartupFailure = "startup_failure",
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct WorkflowRun {
    pub id: i64,
    pub head_sha: String,
    /// The event that it runs for: `push`, say.
    pub event: String,
    pub workflow_id: i64,
    pub run_number: i64,
    #[serde(deserialize_with = "moment")]
    pub created_at: DateTime<Utc>,
    #[serde(deserialize_with = "moment")]
    pub updated_at: DateTime<Utc>,
    /// The same run, tried again, has a higher one.
    #[serde(default)]
    pub run_attempt: Option<i64>,
    #[serde(default)]
    pub node_id: Option<String>,
    #[serde(default)]
    pub name: Option<String>,
    #[serde(default)]
    pub display_title: Option<String>,
    #[serde(default)]
    pub path: Option<String>,
    #[serde(default)]
    pub head_branch: Option<String>,
    #[serde(default)]
    pub status: Option<RunStatus>,
    #[serde(default)]
    pub conclusion: Option<RunConclusion>,
    #[serde(default)]
    pub check_suite_id: Option<i64>,
    #[serde(default)]
    pub html_url: Option<String>,
    #[serde(default)]
    pub actor: Option<Actor>,
    #[serde(default)]
    pub triggering_actor: Option<Actor>,
    #[serde(default, deserialize_with = "moment_or_none")]
    pub run_started_at: Option<DateTime<Utc>>,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct CheckSuite {
    pub id: i64,
    pub head_sha: String,
    #[serde(default)]
    pub node_id: Option<String>,
    #[serde(default)]
    pub head_branch: Option<String>,
    #[serde(default)]
    pub status: Option<RunStatus>,
    #[serde(default)]
    pub conclusion: Option<RunConclusion>,
    #[serde(default)]
    pub before: Option<String>,
    #[serde(default)]
    pub after: Option<String>,
    #[serde(default, deserialize_with = "moment_or_none")]
    pub created_at: Option<DateTime<Utc>>,
    #[serde(default, deserialize_with = "moment_or_none")]
    pub updated_at: Option<DateTime<Utc>>,
}
