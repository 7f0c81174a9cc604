//! Reviews of pull requests.

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
pub struct NewReview {
    pub github_id: i64,
    pub node_id: Option<String>,
    /// Of the pull request.
    pub number: i64,
    /// `approved`, `changes_requested`, `commented`, `dismissed`, `pending`.
    pub state: String,
    pub body: Option<String>,
    pub url: Option<String>,
    /// None where the account is gone.
    pub author: Option<i64>,
    pub commit: Option<HexOid>,
    /// None while it is pending.
    pub submitted_at: Option<DateTime<Utc>>,
    /// In some webhooks alone: where one of two words has none, their times tell nothing.
    pub updated_at: Option<DateTime<Utc>>,
    #[serde(skip)]
    pub people: Vec<Person>,
}

impl Object for NewReview {
    const KIND: Kind = Kind::Review;
    const APART: &'static [&'static str] = &["node_id", "updated_at"];

    fn github_id(&self) -> i64 {
        self.github_id
    }

    fn told_at(&self) -> Option<DateTime<Utc>> {
        self.updated_at
    }

    /// A review is sent once, and dismissed once.
    fn rank(&self) -> i64 {
        match self.state.as_str() {
            "pending" => 0,
            "dismissed" => 2,
            _ => 1,
        }
    }

    fn people(&self) -> &[Person] {
        &self.people
    }

    fn under(&self) -> Option<i64> {
        Some(self.number)
    }

    async fn known(tx: &mut TenantTx, home: &Home, ids: &[i64]) -> sqlx::Result<Vec<Known>> {
        store::list_known_reviews(tx, home, ids).await
    }

    async fn write(tx: &mut TenantTx, home: &Home, rows: &Value) -> sqlx::Result<()> {
        store::upsert_reviews(tx, home, rows).await
    }
}

ways_in!(apply_review, apply_reviews, NewReview);
