//! Milestones.

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;

use super::{
    apply::{Home, Known, Object, ways_in},
    contributors::Person,
    error::Result,
    store, tasks,
    word::Kind,
};
use crate::tenancy::TenantTx;

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NewMilestone {
    pub github_id: i64,
    pub node_id: Option<String>,
    pub number: i64,
    pub title: String,
    pub description: Option<String>,
    pub is_open: bool,
    pub url: Option<String>,
    /// One of `people`.
    pub creator: Option<i64>,
    pub due_on: Option<DateTime<Utc>>,
    pub created_at: Option<DateTime<Utc>>,
    pub closed_at: Option<DateTime<Utc>>,
    pub updated_at: Option<DateTime<Utc>>,
    #[serde(skip)]
    pub people: Vec<Person>,
}

impl Object for NewMilestone {
    const KIND: Kind = Kind::Milestone;

    fn github_id(&self) -> i64 {
        self.github_id
    }

    fn told_at(&self) -> Option<DateTime<Utc>> {
        self.updated_at
    }

    fn people(&self) -> &[Person] {
        &self.people
    }

    async fn known(tx: &mut TenantTx, home: &Home, ids: &[i64]) -> sqlx::Result<Vec<Known>> {
        store::list_known_milestones(tx, home, ids).await
    }

    async fn write(tx: &mut TenantTx, home: &Home, rows: &Value) -> sqlx::Result<()> {
        store::upsert_milestones(tx, home, rows).await
    }

    /// The tasks in it show its title.
    async fn follow(tx: &mut TenantTx, home: &Home, written: &[&Self]) -> Result<()> {
        let ids: Vec<i64> = written.iter().map(|milestone| milestone.github_id).collect();
        let numbers = store::list_numbers_in_milestones(tx, home, &ids).await?;
        tasks::put(tx, home, &numbers).await
    }
}

ways_in!(apply_milestone, apply_milestones, NewMilestone);
