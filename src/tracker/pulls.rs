//! Pull requests.

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;

use super::{
    apply::{self, Home, Known, Object, ways_in},
    closing::closing_numbers,
    contributors::{self, Person},
    error::Result,
    issues::note_surroundings,
    labels::NewLabel,
    milestones::NewMilestone,
    oid::HexOid,
    store, tasks,
    word::Kind,
};
use crate::{repositories::RepositoryId, tenancy::TenantTx, work};

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NewPull {
    pub github_id: i64,
    pub node_id: Option<String>,
    pub number: i64,
    pub title: String,
    pub body: Option<String>,
    pub is_open: bool,
    pub draft: bool,
    /// Its page; where there is none, the usual one.
    pub url: Option<String>,
    /// One of `people`, none where the account is gone; so are the others.
    pub author: Option<i64>,
    pub merged_at: Option<DateTime<Utc>>,
    /// Lists leave it out, as the counts below.
    pub merged_by: Option<i64>,
    /// What a merge made of it; none before.
    pub merge_commit: Option<HexOid>,
    pub head_ref: String,
    pub head: HexOid,
    /// The id of the fork; none where it is gone.
    pub head_repository: Option<i64>,
    pub base_ref: String,
    pub base: HexOid,
    pub assignees: Vec<i64>,
    pub requested_reviewers: Vec<i64>,
    pub requested_teams: Vec<i64>,
    pub labels: Vec<i64>,
    pub milestone: Option<i64>,
    pub locked: bool,
    pub comments: Option<i64>,
    pub review_comments: Option<i64>,
    pub commits: Option<i64>,
    pub additions: Option<i64>,
    pub deletions: Option<i64>,
    pub changed_files: Option<i64>,
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

impl Object for NewPull {
    const KIND: Kind = Kind::Pull;
    const APART: &'static [&'static str] = &[
        "node_id",
        "merged_by",
        "comments",
        "review_comments",
        "commits",
        "additions",
        "deletions",
        "changed_files",
    ];

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
        store::list_known_pulls(tx, home, ids).await
    }

    async fn note_around(tx: &mut TenantTx, home: &Home, words: &[&Self]) -> Result<()> {
        let labels = words.iter().flat_map(|pull| &pull.labelled).collect();
        let milestones = words.iter().filter_map(|pull| pull.in_milestone.as_ref()).collect();
        note_surroundings(tx, home, labels, milestones).await
    }

    async fn write(tx: &mut TenantTx, home: &Home, rows: &Value) -> sqlx::Result<()> {
        store::upsert_pulls(tx, home, rows).await?;
        store::count_pulls(tx, home, rows).await
    }

    /// The last word on a pull request is often one on its review, without what is counted.
    async fn write_apart(
        tx: &mut TenantTx,
        home: &Home,
        (mut rows, mut late): (Vec<Value>, Vec<Value>),
    ) -> sqlx::Result<()> {
        rows.append(&mut late);
        if rows.is_empty() {
            return Ok(());
        }
        store::count_pulls(tx, home, &Value::Array(rows)).await
    }

    async fn follow(tx: &mut TenantTx, home: &Home, written: &[&Self]) -> Result<()> {
        let numbers: Vec<i64> = written.iter().map(|pull| pull.number).collect();
        tasks::put(tx, home, &numbers).await?;
        let closings: Vec<(i64, i64)> =
            written.iter().flat_map(|pull| pull.closings(home)).collect();
        store::replace_closings(tx, home, &numbers, &closings).await?;
        Ok(work::relink_closings(tx, home.repository, &numbers, &closings).await?)
    }
}

/// What is counted of a pull request, and who merged it: what lists leave out, as it is told by itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PullCounts {
    pub github_id: i64,
    /// One of `people`.
    pub merged_by: Option<i64>,
    pub comments: i64,
    pub review_comments: i64,
    pub commits: i64,
    pub additions: i64,
    pub deletions: i64,
    pub changed_files: i64,
    /// The pull request's own time when they were counted.
    pub updated_at: DateTime<Utc>,
    #[serde(skip)]
    pub people: Vec<Person>,
}

/// Writes what is counted of pull requests that are known; what was counted later stays.
pub async fn count_pulls(
    tx: &mut TenantTx,
    repository: RepositoryId,
    counts: &[PullCounts],
) -> Result<()> {
    if counts.is_empty() {
        return Ok(());
    }
    let home = apply::enter(tx, repository).await?;
    let people = counts.iter().map(|one| (Some(one.updated_at), one.people.as_slice()));
    contributors::note(tx, &home, people).await?;
    Ok(store::count_pulls(tx, &home, &serde_json::to_value(counts)?).await?)
}

impl NewPull {
    /// Its number with that of each issue that its text closes.
    fn closings(&self, home: &Home) -> Vec<(i64, i64)> {
        let body = self.body.as_deref().unwrap_or_default();
        let closed = closing_numbers(body, &home.host, &home.full_name);
        closed.into_iter().map(|issue| (self.number, issue)).collect()
    }
}

ways_in!(apply_pull, apply_pulls, NewPull);
