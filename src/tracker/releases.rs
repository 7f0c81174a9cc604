//! Releases.

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;

use super::{
    apply::{Home, Known, Object, ways_in},
    contributors::Person,
    store,
    word::Kind,
};
use crate::tenancy::TenantTx;

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NewRelease {
    pub github_id: i64,
    pub node_id: Option<String>,
    pub tag: String,
    /// The branch or commit that its tag is made from.
    pub target: Option<String>,
    pub name: Option<String>,
    pub body: Option<String>,
    pub url: Option<String>,
    /// None where the account is gone.
    pub author: Option<i64>,
    pub draft: bool,
    pub prerelease: bool,
    pub created_at: Option<DateTime<Utc>>,
    /// None while it is a draft.
    pub published_at: Option<DateTime<Utc>>,
    /// Not in every answer: where one of two words has none, their times tell nothing.
    pub updated_at: Option<DateTime<Utc>>,
    #[serde(skip)]
    pub people: Vec<Person>,
}

impl Object for NewRelease {
    const KIND: Kind = Kind::Release;
    const APART: &'static [&'static str] = &["node_id", "updated_at"];

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
        store::list_known_releases(tx, home, ids).await
    }

    async fn write(tx: &mut TenantTx, home: &Home, rows: &Value) -> sqlx::Result<()> {
        store::upsert_releases(tx, home, rows).await
    }
}

ways_in!(apply_release, apply_releases, NewRelease);
