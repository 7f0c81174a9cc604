//! Runs of workflows.

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;

use super::{
    apply::{Home, Known, Object, ways_in},
    contributors::Person,
    oid::HexOid,
    store,
    word::Kind,
};
use crate::tenancy::TenantTx;

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NewRun {
    pub github_id: i64,
    pub node_id: Option<String>,
    /// The workflow's id.
    pub workflow: i64,
    pub name: Option<String>,
    pub title: Option<String>,
    /// The workflow's file.
    pub path: Option<String>,
    /// The event that it runs for: `push`, say.
    pub event: String,
    pub branch: Option<String>,
    pub oid: HexOid,
    pub number: i64,
    /// From 1; the same run, tried again, has a higher one.
    pub attempt: i64,
    pub status: Option<String>,
    pub conclusion: Option<String>,
    pub check_suite: Option<i64>,
    pub url: Option<String>,
    /// Who started it; none where the account is gone.
    pub actor: Option<i64>,
    pub started_at: Option<DateTime<Utc>>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    #[serde(skip)]
    pub people: Vec<Person>,
}

impl Object for NewRun {
    const KIND: Kind = Kind::WorkflowRun;

    fn github_id(&self) -> i64 {
        self.github_id
    }

    fn told_at(&self) -> Option<DateTime<Utc>> {
        Some(self.updated_at)
    }

    /// Attempts are counted upwards, and each goes through its steps once: what GitHub tells of two of them in
    /// one second is in order all the same.
    fn rank(&self) -> i64 {
        let step = match self.status.as_deref() {
            Some("completed") => 2,
            Some("in_progress") => 1,
            Some(_) | None => 0,
        };
        self.attempt.saturating_mul(4).saturating_add(step)
    }

    fn people(&self) -> &[Person] {
        &self.people
    }

    async fn known(tx: &mut TenantTx, home: &Home, ids: &[i64]) -> sqlx::Result<Vec<Known>> {
        store::list_known_runs(tx, home, ids).await
    }

    async fn write(tx: &mut TenantTx, home: &Home, rows: &Value) -> sqlx::Result<()> {
        store::upsert_runs(tx, home, rows).await
    }
}

ways_in!(apply_run, apply_runs, NewRun);
