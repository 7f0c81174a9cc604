//! Which commits there are, and in what order.

use std::{
    collections::{BinaryHeap, HashSet},
    ops::ControlFlow,
};

use gix::{
    ObjectId,
    objs::{CommitRefIter, Find as _},
};

use super::{HistoryError, Oid, Walk, Warning, Watch};

/// How many commits pass between two looks at the caller's wish to stop.
const BREATH: usize = 512;

/// The commits that a walk will give out.
#[derive(Default)]
pub(super) struct Found {
    pub(super) commits: Vec<Oid>,
    pub(super) warnings: Vec<Warning>,
}

/// Lists the commits between the head and the known ones, newest first.
pub(super) fn list(
    repository: &gix::Repository,
    walk: &Walk<'_>,
    watch: &Watch<'_>,
) -> Result<Found, HistoryError> {
    let mut found = Found::default();
    if (walk.known)(&walk.head) {
        return Ok(found);
    }
    let (mut queue, warning) = Queue::from(repository, walk.head)?;
    found.warnings.extend(warning);
    while let Some(commit) = queue.next() {
        if found.commits.len() == walk.limits.max_commits {
            found.warnings.push(Warning::TooManyCommits(walk.limits.max_commits));
            break;
        }
        if found.commits.len().is_multiple_of(BREATH) && (watch.cancelled)() {
            return Err(HistoryError::Cancelled);
        }
        found.commits.push(commit.id);
        for parent in commit.parents {
            if !(walk.known)(&parent) {
                queue.push(parent).unwrap_or_else(|warning| found.warnings.push(warning));
            }
        }
    }
    Ok(found)
}

/// What a head reaches.
pub(super) enum Reach {
    /// The commit that was looked for, and so all before it.
    Found,
    /// Not that one, but all of these.
    All(HashSet<Oid>),
}

/// Reads down from the head until a commit is found, or all are read.
pub(super) fn reach(
    repository: &gix::Repository,
    head: Oid,
    wanted: Oid,
) -> Result<Reach, HistoryError> {
    let (mut queue, _) = Queue::from(repository, head)?;
    while let Some(commit) = queue.next() {
        if commit.id == wanted {
            return Ok(Reach::Found);
        }
        for parent in commit.parents {
            // What is missing reaches nothing; the walk has warned of it.
            queue.push(parent).unwrap_or_default();
        }
    }
    Ok(Reach::All(queue.seen))
}

/// Commits to visit, the newest on top; equal times in the order of their discovery.
struct Queue<'a> {
    repository: &'a gix::Repository,
    shallow: HashSet<Oid>,
    waiting: BinaryHeap<Waiting>,
    seen: HashSet<Oid>,
    buffer: Vec<u8>,
}

#[derive(PartialEq, Eq)]
struct Waiting {
    time: i64,
    found: std::cmp::Reverse<usize>,
    id: Oid,
    parents: Vec<Oid>,
}

impl Ord for Waiting {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.time, self.found).cmp(&(other.time, other.found))
    }
}

impl PartialOrd for Waiting {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl<'a> Queue<'a> {
    /// Starts at a head; with a warning where a shallow clone has no more than it.
    fn from(
        repository: &'a gix::Repository,
        head: Oid,
    ) -> Result<(Self, Option<Warning>), HistoryError> {
        let boundary = repository.shallow_commits().ok().flatten();
        let shallow =
            boundary.iter().flat_map(|commits| commits.iter()).map(|id| Oid::from(*id)).collect();
        let mut queue = Self {
            repository,
            shallow,
            waiting: BinaryHeap::new(),
            seen: HashSet::new(),
            buffer: Vec::new(),
        };
        match queue.push(head) {
            Ok(()) => Ok((queue, None)),
            Err(warning) if warning.is_damage() => Err(HistoryError::MissingHead(head)),
            Err(warning) => Ok((queue, Some(warning))),
        }
    }

    fn next(&mut self) -> Option<Waiting> {
        self.waiting.pop()
    }

    /// Reads a commit and puts it in its place; does nothing for one that was here before.
    fn push(&mut self, id: Oid) -> Result<(), Warning> {
        if !self.seen.insert(id) {
            return Ok(());
        }
        let objects = &self.repository.objects;
        let commit = match objects.try_find(&ObjectId::from(id), &mut self.buffer) {
            Ok(Some(data)) => CommitRefIter::from_bytes(data.data, gix::hash::Kind::Sha1),
            Ok(None) => return Err(Warning::MissingCommit(id)),
            Err(error) => return Err(Warning::UnreadableCommit(id, error.to_string())),
        };
        let (parents, time) =
            links(commit).map_err(|reason| Warning::UnreadableCommit(id, reason))?;
        let found = std::cmp::Reverse(self.seen.len());
        let is_boundary = self.shallow.contains(&id) && !parents.is_empty();
        let parents_here = if is_boundary { Vec::new() } else { parents };
        self.waiting.push(Waiting { time, found, id, parents: parents_here });
        if is_boundary { Err(Warning::Shallow(id)) } else { Ok(()) }
    }
}

/// The parents stand before the people, so that they are known even where those are no people.
fn links(commit: CommitRefIter<'_>) -> Result<(Vec<Oid>, i64), String> {
    let mut parents = Vec::new();
    let mut time = 0;
    let mut has_tree = false;
    let visited = commit.into_iter().try_for_each(|token| match token {
        Ok(gix::objs::commit::ref_iter::Token::Parent { id }) => {
            parents.push(Oid::from(id));
            ControlFlow::Continue(())
        }
        Ok(gix::objs::commit::ref_iter::Token::Committer { signature }) => {
            time = signature.seconds();
            ControlFlow::Break(Ok(()))
        }
        Ok(_) => {
            has_tree = true;
            ControlFlow::Continue(())
        }
        Err(_) if has_tree => ControlFlow::Break(Ok(())),
        Err(error) => ControlFlow::Break(Err(error.to_string())),
    });
    match visited {
        ControlFlow::Break(Err(reason)) => Err(reason),
        ControlFlow::Break(Ok(())) | ControlFlow::Continue(()) => Ok((parents, time)),
    }
}
