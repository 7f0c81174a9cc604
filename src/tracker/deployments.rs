//! Deployments, and what became of them.

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
pub struct NewDeployment {
    pub github_id: i64,
    pub node_id: Option<String>,
    pub oid: HexOid,
    /// The branch, tag or commit that was asked for.
    pub reference: String,
    pub environment: String,
    pub task: Option<String>,
    pub description: Option<String>,
    /// None where the account is gone.
    pub creator: Option<i64>,
    /// Whether GitHub says that its environment is one of production.
    pub production: Option<bool>,
    pub transient: Option<bool>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    #[serde(skip)]
    pub people: Vec<Person>,
}

impl Object for NewDeployment {
    const KIND: Kind = Kind::Deployment;

    fn github_id(&self) -> i64 {
        self.github_id
    }

    fn told_at(&self) -> Option<DateTime<Utc>> {
        Some(self.updated_at)
    }

    fn people(&self) -> &[Person] {
        &self.people
    }

    async fn known(tx: &mut TenantTx, home: &Home, ids: &[i64]) -> sqlx::Result<Vec<Known>> {
        store::list_known_deployments(tx, home, ids).await
    }

    async fn write(tx: &mut TenantTx, home: &Home, rows: &Value) -> sqlx::Result<()> {
        store::upsert_deployments(tx, home, rows).await
    }
}

/// One step of a deployment. It never changes; a deployment has many.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NewDeploymentStatus {
    pub github_id: i64,
    pub node_id: Option<String>,
    /// The deployment's id, whether or not it has come yet.
    pub deployment: i64,
    /// `success`, `failure`, `inactive`, …
    pub state: String,
    /// Goes before the deployment's own.
    pub environment: Option<String>,
    pub environment_url: Option<String>,
    pub log_url: Option<String>,
    pub description: Option<String>,
    pub creator: Option<i64>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    #[serde(skip)]
    pub people: Vec<Person>,
}

impl Object for NewDeploymentStatus {
    const KIND: Kind = Kind::DeploymentStatus;

    fn github_id(&self) -> i64 {
        self.github_id
    }

    fn told_at(&self) -> Option<DateTime<Utc>> {
        Some(self.updated_at)
    }

    fn people(&self) -> &[Person] {
        &self.people
    }

    async fn known(tx: &mut TenantTx, home: &Home, ids: &[i64]) -> sqlx::Result<Vec<Known>> {
        store::list_known_deployment_statuses(tx, home, ids).await
    }

    async fn write(tx: &mut TenantTx, home: &Home, rows: &Value) -> sqlx::Result<()> {
        store::upsert_deployment_statuses(tx, home, rows).await
    }
}

ways_in!(apply_deployment, apply_deployments, NewDeployment);
ways_in!(apply_deployment_status, apply_deployment_statuses, NewDeploymentStatus);
