//! Repositories and what is in them, and the hooks that are told of it.
//!
//! Things are kept as GitHub's JSON, with addresses that [`local`] makes those of the asker's GitHub.

pub(crate) mod code;
pub(crate) mod collection;
pub(crate) mod hooks;
pub(crate) mod running;
pub(crate) mod sender;
pub(crate) mod shapes;
pub(crate) mod things;

use std::collections::BTreeMap;

use serde_json::Value;

use crate::state::State;
use collection::Collection;
use hooks::Hook;

/// What stands for the API's address and that of the pages, until somebody asks.
pub(crate) const API: &str = "https://api.world.invalid";
pub(crate) const WEB: &str = "https://world.invalid";

pub(crate) struct Repository {
    pub(crate) id: u64,
    pub(crate) owner: String,
    pub(crate) name: String,
    /// Without owner, visibility and counts, which [`shapes::repository`] adds.
    pub(crate) fields: Value,
    pub(crate) private: bool,
    /// `owner/name` as it was: GitHub leads on from there.
    pub(crate) earlier: Vec<String>,
    pub(crate) hooks: Vec<Hook>,
    pub(crate) next_number: u64,
    /// The commits of each branch from its first to its head, by their hashes.
    pub(crate) branches: Vec<(String, Vec<String>)>,
    pub(crate) things: BTreeMap<Kind, Collection>,
}

/// What a repository has many of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    Comments,
    Commits,
    DeploymentStatuses,
    Deployments,
    Issues,
    Labels,
    Milestones,
    PullRequests,
    Releases,
    ReviewComments,
    Reviews,
    Runs,
}

impl Repository {
    pub(crate) fn things(&self, kind: Kind) -> &Collection {
        static NONE: Collection = Collection::NONE;
        self.things.get(&kind).unwrap_or(&NONE)
    }

    pub(crate) fn things_mut(&mut self, kind: Kind) -> &mut Collection {
        self.things.entry(kind).or_default()
    }

    pub(crate) fn issue_mut(&mut self, number: u64) -> &mut Value {
        let found = self.things_mut(Kind::Issues).find_mut("number", number);
        found.expect("the issue is known")
    }

    pub(crate) fn branch(&self, name: &str) -> Option<&[String]> {
        let found = self.branches.iter().find(|(branch, _)| branch == name);
        found.map(|(_, line)| line.as_slice())
    }

    pub(crate) fn commit(&self, sha: &str) -> Option<&Value> {
        self.things(Kind::Commits).stored().iter().find(|commit| commit["sha"] == sha)
    }

    /// A commit and all before it, the oldest first.
    pub(crate) fn line_to(&self, sha: &str) -> Vec<String> {
        let mut line = Vec::new();
        let mut next = self.commit(sha);
        while let Some(commit) = next {
            line.extend(commit["sha"].as_str().map(ToOwned::to_owned));
            next = commit["parents"][0]["sha"].as_str().and_then(|sha| self.commit(sha));
        }
        line.reverse();
        line
    }

    pub(crate) fn full_name(&self) -> String {
        format!("{}/{}", self.owner, self.name)
    }
}

impl State {
    /// Where the repository of that name is; the second says whether it has another name by now.
    pub(crate) fn repository(&self, full_name: &str) -> Option<(usize, bool)> {
        let is = |name: &str| name.eq_ignore_ascii_case(full_name);
        let now = self.repositories.iter().position(|one| is(&one.full_name()));
        let was = || {
            let earlier = |one: &Repository| one.earlier.iter().any(|name| is(name));
            self.repositories.iter().position(earlier)
        };
        now.map(|found| (found, false)).or_else(|| was().map(|found| (found, true)))
    }
}

/// The text with the addresses of one GitHub.
pub(crate) fn local(text: &str, api: &str, web: &str) -> String {
    text.replace(API, api).replace(WEB, web)
}
