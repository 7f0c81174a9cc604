//! Comments: under issues and pull requests, and on the lines of pull requests.

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

/// A comment under an issue or a pull request as a whole.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NewComment {
    pub github_id: i64,
    pub node_id: Option<String>,
    /// Of the issue or pull request.
    pub number: i64,
    pub body: Option<String>,
    pub url: Option<String>,
    /// None where the account is gone.
    pub author: Option<i64>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    #[serde(skip)]
    pub people: Vec<Person>,
}

/// A comment on lines of a pull request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NewReviewComment {
    pub github_id: i64,
    pub node_id: Option<String>,
    /// Of the pull request.
    pub number: i64,
    pub body: Option<String>,
    pub url: Option<String>,
    pub author: Option<i64>,
    /// The review that it belongs to.
    pub review: Option<i64>,
    pub reply_to: Option<i64>,
    pub path: Option<String>,
    /// None for a comment on a whole file, or on lines that are gone.
    pub line: Option<i64>,
    pub commit: Option<HexOid>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    #[serde(skip)]
    pub people: Vec<Person>,
}

impl Object for NewComment {
    const KIND: Kind = Kind::IssueComment;

    fn github_id(&self) -> i64 {
        self.github_id
    }

    fn told_at(&self) -> Option<DateTime<Utc>> {
        Some(self.updated_at)
    }

    fn people(&self) -> &[Person] {
        &self.people
    }

    fn under(&self) -> Option<i64> {
        Some(self.number)
    }

    async fn known(tx: &mut TenantTx, home: &Home, ids: &[i64]) -> sqlx::Result<Vec<Known>> {
        store::list_known_comments(tx, home, (Self::KIND, ids)).await
    }

    async fn write(tx: &mut TenantTx, home: &Home, rows: &Value) -> sqlx::Result<()> {
        store::upsert_comments(tx, home, (Self::KIND, rows)).await
    }
}

impl Object for NewReviewComment {
    const KIND: Kind = Kind::ReviewComment;
    /// A push moves a comment to other lines, or off them, and nothing is told of that.
    const APART: &'static [&'static str] = &["node_id", "line", "commit"];

    fn github_id(&self) -> i64 {
        self.github_id
    }

    fn told_at(&self) -> Option<DateTime<Utc>> {
        Some(self.updated_at)
    }

    fn people(&self) -> &[Person] {
        &self.people
    }

    fn under(&self) -> Option<i64> {
        Some(self.number)
    }

    async fn known(tx: &mut TenantTx, home: &Home, ids: &[i64]) -> sqlx::Result<Vec<Known>> {
        store::list_known_comments(tx, home, (Self::KIND, ids)).await
    }

    async fn write(tx: &mut TenantTx, home: &Home, rows: &Value) -> sqlx::Result<()> {
        store::upsert_comments(tx, home, (Self::KIND, rows)).await
    }
}

ways_in!(apply_comment, apply_comments, NewComment);
ways_in!(apply_review_comment, apply_review_comments, NewReviewComment);
