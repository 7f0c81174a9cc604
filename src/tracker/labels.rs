//! Labels.

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;

use super::{
    apply::{self, Home, Known, Object, ways_in},
    error::Result,
    store, tasks,
    word::{Applied, Kind, Word},
};
use crate::tenancy::TenantTx;

/// A label. GitHub gives no time of it: of two different words, the one that was fetched counts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NewLabel {
    pub github_id: i64,
    pub node_id: Option<String>,
    pub name: String,
    /// Six hexadecimal digits.
    pub color: Option<String>,
    pub description: Option<String>,
}

impl Object for NewLabel {
    const KIND: Kind = Kind::Label;

    fn github_id(&self) -> i64 {
        self.github_id
    }

    fn told_at(&self) -> Option<DateTime<Utc>> {
        None
    }

    async fn known(tx: &mut TenantTx, home: &Home, ids: &[i64]) -> sqlx::Result<Vec<Known>> {
        store::list_known_labels(tx, home, ids).await
    }

    async fn write(tx: &mut TenantTx, home: &Home, rows: &Value) -> sqlx::Result<()> {
        store::upsert_labels(tx, home, rows).await
    }

    /// The tasks that have it show its name.
    async fn follow(tx: &mut TenantTx, home: &Home, written: &[&Self]) -> Result<()> {
        let ids: Vec<i64> = written.iter().map(|label| label.github_id).collect();
        let numbers = store::list_numbers_labelled(tx, home, &ids).await?;
        tasks::put(tx, home, &numbers).await
    }
}

ways_in!(apply_label, apply_labels, NewLabel);

/// Notes the labels that stand inside issues and pull requests, where they are not known yet. What is known of
/// a label is not doubted for that: GitHub tells of its changes by itself.
pub(super) async fn note(tx: &mut TenantTx, home: &Home, labels: &[&NewLabel]) -> Result<()> {
    let ids: Vec<i64> = labels.iter().map(|label| label.github_id).collect();
    let known = store::list_known_labels(tx, home, &ids).await?;
    let is_new = |label: &&&NewLabel| !known.iter().any(|row| row.github_id == label.github_id);
    let new: Vec<NewLabel> = labels.iter().filter(is_new).map(|label| (*label).clone()).collect();
    apply::within(tx, home, &new, Word::Heard).await.map(|_: Vec<Applied>| ())
}
