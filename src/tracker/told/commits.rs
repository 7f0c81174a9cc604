//! Commits of pull requests.

use super::{filled, person};
use crate::{
    github::model::{Commit, CommitPerson},
    tracker::{
        error::{Result, TrackerError},
        oid::HexOid,
        pull_commits::NewPullCommit,
    },
};

impl TryFrom<&Commit> for NewPullCommit {
    type Error = TrackerError;

    fn try_from(commit: &Commit) -> Result<Self> {
        let author = commit.commit.author.as_ref();
        let date = |person: &CommitPerson| person.date;
        let person = commit.author.as_ref().and_then(person);
        Ok(Self {
            oid: HexOid::parse("sha", &commit.sha)?,
            authored_at: author.and_then(date),
            committed_at: commit.commit.committer.as_ref().and_then(date),
            author: person.as_ref().map(|person| person.github_id),
            author_name: author.and_then(|author| filled(author.name.as_ref())),
            subject: commit.commit.message.lines().next().unwrap_or_default().to_owned(),
            person,
        })
    }
}
