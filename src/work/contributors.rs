//! Who changed which project, counted from the history.
//!
//! A commit counts for each project of which it changes an own file, by where the projects stand
//! now; merges change none. New commits are added to what was counted, unless commits were dropped
//! or the projects stand elsewhere: then all of the history is counted anew.

use std::collections::{BTreeMap, HashMap, HashSet};

use chrono::{DateTime, Utc};

use super::{reading::Reading, store};
use crate::{
    repositories::{Oid, RepositoryId, history},
    tenancy::TenantTx,
};

/// What is counted of one commit.
#[derive(Debug)]
pub(super) struct Change<'a> {
    pub(super) oid: Oid,
    pub(super) name: &'a str,
    pub(super) email: &'a str,
    pub(super) authored_at: DateTime<Utc>,
    pub(super) committed_at: DateTime<Utc>,
}

/// What one person did to one project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Share {
    pub(crate) name: String,
    pub(crate) commits: i64,
    pub(crate) first_at: DateTime<Utc>,
    pub(crate) last_at: DateTime<Utc>,
}

/// The latest commit that changed a project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LastChange {
    pub(crate) at: DateTime<Utc>,
    pub(crate) oid: Oid,
    pub(crate) author: String,
}

/// The counts of some commits.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    /// By project's path and person's address.
    pub(crate) shares: BTreeMap<(String, String), Share>,
    /// By project's path.
    pub(crate) last: HashMap<String, LastChange>,
}

/// Where the projects stand.
#[derive(Debug)]
pub(super) struct Places<'a>(HashSet<&'a str>);

impl<'a> Places<'a> {
    pub(super) fn new(paths: impl Iterator<Item = &'a str>) -> Self {
        Self(paths.collect())
    }

    /// The nearest project around a file.
    fn of(&self, file: &str) -> Option<&'a str> {
        let mut rest = file;
        while let Some((directory, _)) = rest.rsplit_once('/') {
            if let Some(found) = self.0.get(directory) {
                return Some(found);
            }
            rest = directory;
        }
        self.0.get(".").copied()
    }
}

impl Tally {
    pub(super) fn add<'f>(
        &mut self,
        places: &Places<'_>,
        change: &Change<'_>,
        files: impl Iterator<Item = &'f str>,
    ) {
        let projects: HashSet<&str> = files.filter_map(|file| places.of(file)).collect();
        for project in projects {
            self.share(project, change);
            self.last_change(project, change);
        }
    }

    fn share(&mut self, project: &str, change: &Change<'_>) {
        let who = if change.email.is_empty() { change.name } else { change.email };
        let at = change.authored_at;
        let new = || Share { name: change.name.to_owned(), commits: 0, first_at: at, last_at: at };
        let share = self.shares.entry((project.to_owned(), who.to_lowercase())).or_insert_with(new);
        share.commits += 1;
        share.first_at = share.first_at.min(at);
        if at > share.last_at {
            share.last_at = at;
            change.name.clone_into(&mut share.name);
        }
    }

    fn last_change(&mut self, project: &str, change: &Change<'_>) {
        let is_later = self
            .last
            .get(project)
            .is_none_or(|last| (last.at, last.oid) < (change.committed_at, change.oid));
        if is_later {
            let author = change.name.to_owned();
            let last = LastChange { at: change.committed_at, oid: change.oid, author };
            self.last.insert(project.to_owned(), last);
        }
    }

    fn of(places: &Places<'_>, commits: &[history::Commit]) -> Self {
        let mut tally = Self::default();
        for commit in commits {
            let change = Change {
                oid: commit.oid,
                name: &commit.author.name,
                email: &commit.author.email,
                authored_at: commit.authored_at.at,
                committed_at: commit.committed_at.at,
            };
            tally.add(places, &change, commit.files.iter().map(|file| file.path.as_str()));
        }
        tally
    }
}

/// Counts what a scan read; call it when its projects and commits are written.
///
/// `before` is where the projects stood, each with whether its commits were counted.
pub(super) async fn save(
    tx: &mut TenantTx,
    repository: RepositoryId,
    before: &HashMap<String, bool>,
    reading: &Reading,
) -> sqlx::Result<()> {
    let paths = || reading.report.projects.iter().map(|project| project.path.as_str());
    let places = Places::new(paths());
    let is_same = places.0.len() == before.len() && paths().all(|path| before.contains_key(path));
    let was_counted = before.values().any(|counted| *counted);
    let is_addition = reading.dropped.is_empty() && !reading.counts_again;
    if is_addition && is_same && was_counted {
        let new = Tally::of(&places, &reading.commits);
        return store::add_contributors(tx, repository, &new).await;
    }
    let all = if before.is_empty() {
        Tally::of(&places, &reading.commits)
    } else {
        store::tally_commits(tx, repository, &places).await?
    };
    store::delete_contributors(tx, repository).await?;
    store::add_contributors(tx, repository, &all).await
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change<'a>(name: &'a str, email: &'a str, day: u32) -> Change<'a> {
        let at = format!("2026-01-{day:02}T00:00:00Z").parse().unwrap();
        let oid = Oid::from_bytes([u8::try_from(day).unwrap(); 20]);
        Change { oid, name, email, authored_at: at, committed_at: at }
    }

    #[test]
    fn a_commit_counts_once_for_each_project_it_changes() {
        let places = Places::new([".", "a", "a/b"].into_iter());
        let mut tally = Tally::default();

        tally.add(&places, &change("Ada", "A@x", 2), ["a/b/1", "a/b/2", "a/c/3"].into_iter());
        tally.add(&places, &change("Ada L", "a@X", 3), ["a/b/1", "z"].into_iter());

        let commits = |path: &str| {
            let share = &tally.shares[&(path.to_owned(), "a@x".to_owned())];
            (share.commits, share.name.as_str())
        };
        assert_eq!(commits("a/b"), (2, "Ada L"));
        assert_eq!(commits("a"), (1, "Ada"));
        assert_eq!(commits("."), (1, "Ada L"));
        assert_eq!(tally.last["a/b"].author, "Ada L");
    }

    #[test]
    fn files_outside_all_projects_count_for_none() {
        let mut tally = Tally::default();

        tally.add(&Places::new(["a"].into_iter()), &change("Ada", "", 1), ["b/c"].into_iter());

        assert_eq!(tally, Tally::default());
    }
}
