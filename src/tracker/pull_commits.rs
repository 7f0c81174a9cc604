//! A pull request's own commits, as they are before a squash.

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::{
    apply,
    contributors::{self, Person},
    error::Result,
    oid::HexOid,
    store,
    word::{Applied, Kind},
};
use crate::{repositories::RepositoryId, tenancy::TenantTx};

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NewPullCommit {
    pub oid: HexOid,
    /// When its author wrote it, by the author's clock.
    pub authored_at: Option<DateTime<Utc>>,
    pub committed_at: Option<DateTime<Utc>>,
    /// GitHub's id of the account behind the author's address.
    pub author: Option<i64>,
    pub author_name: Option<String>,
    pub subject: String,
    #[serde(skip)]
    pub person: Option<Person>,
}

/// Replaces the commits of a pull request by those of this head, in their order.
///
/// Of another head than the pull request's they are stale: whoever hears of the new head asks for its commits.
pub async fn replace_pull_commits(
    tx: &mut TenantTx,
    repository: RepositoryId,
    (id, head): (i64, &HexOid),
    commits: &[NewPullCommit],
) -> Result<Applied> {
    let home = apply::enter(tx, repository).await?;
    let (graves, _) = store::list_buried(tx, &home, Kind::Pull, (&[id], &[])).await?;
    if graves.contains(&id) {
        return Ok(Applied::Buried);
    }
    let is_current = store::find_pull_head(tx, &home, id).await?.as_deref() == Some(head.hex());
    if !is_current {
        return Ok(Applied::Stale);
    }
    let known = store::list_pull_commit_oids(tx, &home, id).await?;
    if known.iter().map(String::as_str).eq(commits.iter().map(|commit| commit.oid.hex())) {
        return Ok(Applied::Unchanged);
    }
    let people = commits.iter().map(|commit| (commit.committed_at, commit.person.as_slice()));
    contributors::note(tx, &home, people).await?;
    let rows = apply::clean(serde_json::to_value(commits)?);
    store::replace_pull_commits(tx, &home, id, &rows).await?;
    tx.announce_in(repository.as_uuid(), Kind::Pull.topic());
    Ok(Applied::Written)
}
