//! Suites of checks.

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;

use super::{
    apply::{Home, Known, Object, ways_in},
    oid::HexOid,
    store,
    word::Kind,
};
use crate::tenancy::TenantTx;

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NewCheckSuite {
    pub github_id: i64,
    pub node_id: Option<String>,
    pub branch: Option<String>,
    pub oid: HexOid,
    pub status: Option<String>,
    pub conclusion: Option<String>,
    pub created_at: Option<DateTime<Utc>>,
    pub updated_at: Option<DateTime<Utc>>,
}

impl Object for NewCheckSuite {
    const KIND: Kind = Kind::CheckSuite;

    fn github_id(&self) -> i64 {
        self.github_id
    }

    fn told_at(&self) -> Option<DateTime<Utc>> {
        self.updated_at
    }

    async fn known(tx: &mut TenantTx, home: &Home, ids: &[i64]) -> sqlx::Result<Vec<Known>> {
        store::list_known_check_suites(tx, home, ids).await
    }

    async fn write(tx: &mut TenantTx, home: &Home, rows: &Value) -> sqlx::Result<()> {
        store::upsert_check_suites(tx, home, rows).await
    }
}

ways_in!(apply_check_suite, apply_check_suites, NewCheckSuite);
