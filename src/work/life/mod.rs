//! The life of tasks: which checkbox or TODO of one commit is which of the next, and what
//! happened to it.
//!
//! A pure simulation, without a database. Commits are played forwards, each with the marks in
//! which its files differ; a [`Ledger`] keeps what is known of each task.
//!
//! ```text
//! mainline   commits → the order in which they reached the branch                    order.rs
//! pair       marks before and after one commit → which is which                      pairing.rs
//! Ledger     pairs → tasks with their state, opening, closing and events             ledger.rs
//! reconcile  the ledger and the head's report → the report is right                  reconcile.rs
//! adopt      tasks simulated from scratch → the ids under which they are stored      adopt.rs
//! ```
//!
//! A task is the same in the next commit by its id; else by its words in the same file; else by
//! its words in another file that lost them in the same commit; else by similar words in the
//! same file. Merges have no marks of their own. Branches are played one after the other, so what
//! one says may be known from another: an arrival that is there already is the same one, and the
//! departure of something unknown is nothing. Where the ledger and the head differ all the same
//! (a merge that decided otherwise, a comment that opens around a line), the head is right.
//!
//! A scan goes on from the stored tasks with new commits alone. It plays the whole history again,
//! and then gives the tasks their stored ids back, where commits were dropped or are missing,
//! where the life was never computed, and where [`VERSION`] has changed.

mod adopt;
mod ledger;
mod order;
mod pairing;
mod reconcile;
#[cfg(test)]
mod testing;

use std::sync::Arc;

use super::model::{Deed, EventKind, TaskId, TaskSource, TaskState};
use crate::{
    repositories::{Oid, history},
    scanner::{
        ScanReport,
        marks::{FileMarks, MARKS_VERSION, Mark},
    },
};
use ledger::Ledger;

/// Raise it whenever the same history would give another life.
const SIMULATION_VERSION: i32 = 1;

/// What a stored life was computed by; another one is computed anew, from the first commit.
pub(super) const VERSION: i32 = SIMULATION_VERSION * 1_000 + MARKS_VERSION;

/// With more marks than this in its changes, the oldest of a history are left out.
const MAX_MARKS: usize = 400_000;
/// Of the tasks that vanished before they were ever stored, only so many are kept, the latest.
const MAX_VANISHED: usize = 50_000;

/// Something that happened to a task.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Happening {
    pub(super) kind: EventKind,
    pub(super) deed: Arc<Deed>,
    /// The place or the words before, where these changed.
    pub(super) from: Option<String>,
    pub(super) to: Option<String>,
}

/// A task and its life.
#[derive(Clone, Debug)]
pub(super) struct LifeTask {
    /// Where it is stored already.
    pub(super) id: Option<TaskId>,
    pub(super) path: String,
    pub(super) fixture: bool,
    /// As it was last seen.
    pub(super) mark: Mark,
    /// Whether its line is there.
    pub(super) present: bool,
    /// None where it is older than what is known of the history.
    pub(super) opened: Option<Arc<Deed>>,
    /// What ticked it, or took it away while it was open.
    pub(super) closed: Option<Arc<Deed>>,
    /// Those of this simulation.
    pub(super) events: Vec<Happening>,
}

impl LifeTask {
    pub(super) const fn source(&self) -> TaskSource {
        match self.mark.marker {
            None => TaskSource::Tasklist,
            Some(_) => TaskSource::Todo,
        }
    }

    /// Never empty for a note: one without words is shown by its marker.
    pub(super) fn title(&self) -> &str {
        match self.mark.marker {
            Some(marker) if self.mark.title.is_empty() => marker.as_str(),
            _ => &self.mark.title,
        }
    }

    /// A box that was ticked stays done when its line goes.
    pub(super) const fn state(&self) -> TaskState {
        match (self.mark.done, self.present) {
            (true, _) => TaskState::Done,
            (false, true) => TaskState::Open,
            (false, false) => TaskState::Removed,
        }
    }
}

/// A commit as far as the life of tasks is concerned.
#[derive(Debug)]
struct Step {
    oid: Oid,
    parents: Vec<Oid>,
    /// Only where something is done by it.
    deed: Option<Arc<Deed>>,
    files: Vec<FileMarks>,
}

/// The steps of a walk, which gives them newest first.
#[derive(Debug, Default)]
pub(super) struct Steps {
    all: Vec<Step>,
    marks: usize,
    is_cut: bool,
}

impl Steps {
    pub(super) fn add(&mut self, commit: &history::Commit, files: Vec<FileMarks>) {
        let marks: usize = files.iter().map(|file| file.before.len() + file.after.len()).sum();
        self.marks += marks;
        let fits = self.marks <= MAX_MARKS;
        self.is_cut |= !fits;
        let files = if fits { files } else { Vec::new() };
        let is_head = self.all.is_empty();
        self.all.push(Step {
            oid: commit.oid,
            parents: commit.parents.clone(),
            deed: (is_head || !files.is_empty()).then(|| Arc::new(deed_of(commit))),
            files,
        });
    }
}

fn deed_of(commit: &history::Commit) -> Deed {
    Deed {
        commit: commit.oid,
        name: commit.author.name.clone(),
        email: commit.author.email.clone(),
        at: commit.authored_at.at,
    }
}

/// What a simulation starts from.
#[derive(Debug, Default)]
pub(super) struct Start {
    /// All stored tasks of the repository.
    pub(super) stored: Vec<LifeTask>,
    /// Whether the steps are the whole history, rather than what is new in it.
    pub(super) from_scratch: bool,
    /// Whether the history before the steps is missing.
    pub(super) is_cut: bool,
    /// The head's commit; found among the steps where it is new.
    pub(super) head: Option<Arc<Deed>>,
}

/// The tasks of a repository after a scan.
#[derive(Debug, Default)]
pub(super) struct Life {
    pub(super) tasks: Vec<LifeTask>,
    /// For each task of the report, then for each TODO, its index in `tasks`.
    pub(super) head: Vec<usize>,
    /// Whether the events are all there are of these tasks, rather than new ones.
    pub(super) is_whole: bool,
    /// Stored tasks that a history that was read anew no longer knows, with new events.
    pub(super) strangers: Vec<LifeTask>,
}

impl Life {
    /// Plays the steps and brings the result into agreement with the report of the head; none where
    /// it was stopped.
    pub(super) fn simulate(
        start: Start,
        steps: Steps,
        report: &ScanReport,
        stopped: &dyn Fn() -> bool,
    ) -> Option<Self> {
        let is_cut = start.is_cut || steps.is_cut;
        let head_deed =
            steps.all.first().and_then(|step| step.deed.clone()).or_else(|| start.head.clone());
        let (known, stored) = if start.from_scratch {
            (Vec::new(), start.stored)
        } else {
            (start.stored, Vec::new())
        };
        let mut ledger = Ledger::new(known);
        for step in order::mainline(steps.all) {
            if stopped() {
                return None;
            }
            if let Some(deed) = &step.deed {
                ledger.play(deed, &step.files);
            }
        }
        let origin = if is_cut { None } else { head_deed.clone() };
        let head = ledger.reconcile(report, head_deed.as_ref(), origin.as_ref());
        if stopped() {
            return None;
        }
        let mut life = Self {
            tasks: ledger.into_tasks(),
            head,
            is_whole: start.from_scratch,
            strangers: Vec::new(),
        };
        life.strangers = adopt::adopt(&mut life.tasks, stored, head_deed.as_ref());
        life.forget_the_oldest();
        Some(life)
    }

    /// Drops vanished tasks that nobody has seen, where there are too many.
    fn forget_the_oldest(&mut self) {
        let is_unseen = |task: &LifeTask| !task.present && task.id.is_none();
        let unseen = self.tasks.iter().filter(|task| is_unseen(task)).count();
        let mut surplus = unseen.saturating_sub(MAX_VANISHED);
        if surplus == 0 {
            return;
        }
        let mut places: Vec<Option<usize>> = Vec::with_capacity(self.tasks.len());
        let mut kept = Vec::with_capacity(self.tasks.len());
        for task in std::mem::take(&mut self.tasks) {
            if surplus > 0 && is_unseen(&task) {
                surplus -= 1;
                places.push(None);
            } else {
                places.push(Some(kept.len()));
                kept.push(task);
            }
        }
        self.tasks = kept;
        // What the head shows is present and was kept.
        self.head = self.head.iter().filter_map(|old| places.get(*old).copied()?).collect();
    }
}

#[cfg(test)]
#[path = "life_tests.rs"]
mod tests;
