//! Issues.

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;

use super::{
    apply::{self, Home, Known, Object, ways_in},
    contributors::Person,
    error::Result,
    labels::{self, NewLabel},
    milestones::NewMilestone,
    store, tasks,
    word::{Kind, Word},
};
use crate::{tenancy::TenantTx, work};

/// An issue that is no pull request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NewIssue {
    pub github_id: i64,
    pub node_id: Option<String>,
    pub number: i64,
    pub title: String,
    pub body: Option<String>,
    pub is_open: bool,
    /// `completed`, `not_planned`, `duplicate`, `reopened`.
    pub state_reason: Option<String>,
    /// Its page; where there is none, the usual one.
    pub url: Option<String>,
    /// One of `people`, none where the account is gone; so are the others.
    pub author: Option<i64>,
    /// Lists leave it out.
    pub closed_by: Option<i64>,
    pub assignees: Vec<i64>,
    /// Ids; what they are is in `labelled` where GitHub said so.
    pub labels: Vec<i64>,
    pub milestone: Option<i64>,
    pub locked: bool,
    pub comments: i64,
    pub created_at: DateTime<Utc>,
    pub closed_at: Option<DateTime<Utc>>,
    pub updated_at: DateTime<Utc>,
    #[serde(skip)]
    pub people: Vec<Person>,
    #[serde(skip)]
    pub labelled: Vec<NewLabel>,
    #[serde(skip)]
    pub in_milestone: Option<NewMilestone>,
}

impl Object for NewIssue {
    const KIND: Kind = Kind::Issue;
    const APART: &'static [&'static str] = &["node_id", "closed_by"];

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
        store::list_known_issues(tx, home, ids).await
    }

    async fn note_around(tx: &mut TenantTx, home: &Home, words: &[&Self]) -> Result<()> {
        let labels = words.iter().flat_map(|issue| &issue.labelled).collect();
        let milestones = words.iter().filter_map(|issue| issue.in_milestone.as_ref()).collect();
        note_surroundings(tx, home, labels, milestones).await
    }

    async fn write(tx: &mut TenantTx, home: &Home, rows: &Value) -> sqlx::Result<()> {
        store::upsert_issues(tx, home, rows).await
    }

    async fn follow(tx: &mut TenantTx, home: &Home, written: &[&Self]) -> Result<()> {
        let numbers: Vec<i64> = written.iter().map(|issue| issue.number).collect();
        tasks::put(tx, home, &numbers).await?;
        let closings = store::list_closings_of_issues(tx, home, &numbers).await?;
        Ok(work::link_closings(tx, home.repository, &closings).await?)
    }
}

ways_in!(apply_issue, apply_issues, NewIssue);

/// Notes the labels and milestones that stand inside issues and pull requests.
pub(super) async fn note_surroundings(
    tx: &mut TenantTx,
    home: &Home,
    mut labels: Vec<&NewLabel>,
    milestones: Vec<&NewMilestone>,
) -> Result<()> {
    labels.sort_by_key(|label| label.github_id);
    labels.dedup_by_key(|label| label.github_id);
    if !labels.is_empty() {
        labels::note(tx, home, &labels).await?;
    }
    if milestones.is_empty() {
        return Ok(());
    }
    let mut milestones: Vec<NewMilestone> = milestones.into_iter().cloned().collect();
    milestones.sort_by_key(|one| (one.github_id, std::cmp::Reverse(one.updated_at)));
    milestones.dedup_by_key(|one| one.github_id);
    // Where a word about it is doubtful, GitHub tells of the milestone by itself.
    Box::pin(apply::within(tx, home, &milestones, Word::Heard)).await.map(|_| ())
}
