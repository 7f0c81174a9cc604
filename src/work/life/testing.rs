//! A small world of files with marks, from which commits are made.

use std::collections::BTreeMap;

use chrono::DateTime;

use super::{Deed, Happening, Life, LifeTask, Start, Step, Steps};
use crate::{
    repositories::{
        Oid,
        history::{Observer, Versions},
    },
    scanner::{
        Attributes, ScanReport,
        marks::MarkObserver,
        model::{Marker, Task, Todo},
    },
};
use std::sync::Arc;

/// Files by path.
pub(super) type Tree = BTreeMap<&'static str, String>;

pub(super) fn tree(files: &[(&'static str, &str)]) -> Tree {
    files.iter().map(|(path, text)| (*path, (*text).to_owned())).collect()
}

/// Commits on one branch after another, played as a walk gives them.
#[derive(Default)]
pub(super) struct World {
    /// Oldest first.
    commits: Vec<(u8, Vec<u8>, Tree)>,
}

pub(super) fn oid(number: u8) -> Oid {
    Oid::from_bytes([number; 20])
}

impl World {
    pub(super) fn line(trees: &[Tree]) -> Self {
        let mut world = Self::default();
        for (number, tree) in (1..).zip(trees) {
            let parents = if number == 1 { vec![] } else { vec![number - 1] };
            world.commits.push((number, parents, tree.clone()));
        }
        world
    }

    pub(super) fn commit(&mut self, number: u8, parents: &[u8], tree: Tree) -> &mut Self {
        self.commits.push((number, parents.to_vec(), tree));
        self
    }

    fn tree_of(&self, number: u8) -> Tree {
        self.commits
            .iter()
            .find(|commit| commit.0 == number)
            .map(|commit| commit.2.clone())
            .unwrap_or_default()
    }

    /// The steps of the commits after so many.
    fn steps(&self, after: usize) -> Steps {
        let attributes = Attributes::default();
        let observer = MarkObserver { max_bytes: 1 << 20, attributes: &attributes };
        let mut worker = observer.worker();
        let mut steps = Steps::default();
        for (number, parents, tree) in self.commits.iter().skip(after).rev() {
            let old = parents.first().map(|parent| self.tree_of(*parent)).unwrap_or_default();
            let paths: std::collections::BTreeSet<_> = old.keys().chain(tree.keys()).collect();
            let files = paths.into_iter().filter(|path| old.get(*path) != tree.get(*path));
            let mut look = |path: &&'static str| {
                let side = |tree: &Tree| tree.get(path).cloned().unwrap_or_default();
                let (old, new) = (side(&old), side(tree));
                observer.look(
                    &mut worker,
                    &Versions {
                        path: path.as_bytes(),
                        old: old.as_bytes(),
                        new: new.as_bytes(),
                        differing: (old.as_bytes(), new.as_bytes()),
                    },
                )
            };
            let files: Vec<_> = files.filter_map(&mut look).collect();
            let is_merge = parents.len() > 1;
            steps.all.push(Step {
                oid: oid(*number),
                parents: parents.iter().map(|parent| oid(*parent)).collect(),
                deed: Some(Arc::new(deed(*number))),
                files: if is_merge { Vec::new() } else { files },
            });
        }
        steps
    }

    fn report(&self, at: usize) -> ScanReport {
        let tree = at.checked_sub(1).and_then(|at| self.commits.get(at));
        tree.map(|commit| report(&commit.2)).unwrap_or_default()
    }

    /// One scan of everything.
    pub(super) fn life(&self) -> Life {
        self.life_with(Vec::new())
    }

    /// One scan of everything where these tasks are stored.
    pub(super) fn life_with(&self, stored: Vec<LifeTask>) -> Life {
        let start = Start { stored, from_scratch: true, ..Start::default() };
        Life::simulate(start, self.steps(0), &self.report(self.commits.len()), &|| false).unwrap()
    }

    /// A scan after each of these numbers of commits, each going on from the one before.
    pub(super) fn life_by(&self, scans: &[usize]) -> Life {
        let mut known = Vec::new();
        let mut before = 0;
        let mut life = Life::default();
        for at in scans {
            let part = Self { commits: self.commits.iter().take(*at).cloned().collect() };
            let start = Start { stored: known, from_scratch: before == 0, ..Start::default() };
            life = Life::simulate(start, part.steps(before), &part.report(*at), &|| false).unwrap();
            known = stored(&life, true);
            before = *at;
        }
        life.tasks = known;
        life
    }
}

pub(super) fn deed(number: u8) -> Deed {
    Deed {
        commit: oid(number),
        name: format!("author {number}"),
        email: String::new(),
        at: DateTime::from_timestamp(i64::from(number) * 1_000, 0).unwrap(),
    }
}

/// The tasks as the next scan finds them stored; with their events only for comparing.
pub(super) fn stored(life: &Life, with_events: bool) -> Vec<LifeTask> {
    let mut tasks = life.tasks.clone();
    for task in &mut tasks {
        task.id.get_or_insert_with(crate::work::model::TaskId::new);
        if !with_events {
            task.events.clear();
        }
    }
    tasks
}

/// What a scan of the files would report of these lines: boxes, and notes behind `//`.
pub(super) fn report(tree: &Tree) -> ScanReport {
    let attributes = Attributes::default();
    let observer = MarkObserver { max_bytes: 1 << 20, attributes: &attributes };
    let mut worker = observer.worker();
    let mut report = ScanReport::default();
    for (path, text) in tree {
        let versions = Versions {
            path: path.as_bytes(),
            old: b"",
            new: text.as_bytes(),
            differing: (b"", text.as_bytes()),
        };
        let marks = observer.look(&mut worker, &versions).map_or(vec![], |file| file.after);
        for mark in marks {
            match mark.marker {
                None => report.tasks.push(Task {
                    id: mark.id,
                    title: mark.title,
                    done: mark.done,
                    section: mark
                        .section
                        .iter()
                        .flat_map(|it| it.split(" › "))
                        .map(str::to_owned)
                        .collect(),
                    line: mark.line,
                    path: (*path).to_owned(),
                    ..Task::default()
                }),
                Some(marker) => report.todos.push(todo(path, marker, &mark.title, mark.line)),
            }
        }
    }
    report
}

fn todo(path: &str, marker: Marker, text: &str, line: u32) -> Todo {
    Todo {
        marker,
        text: text.to_owned(),
        author: None,
        path: path.to_owned(),
        line,
        project: None,
        fixture: false,
    }
}

/// `open a.md First: created 1, reworded 2`, by path and line, those that are gone last.
pub(super) fn told(life: &Life) -> Vec<String> {
    let mut tasks: Vec<&LifeTask> = life.tasks.iter().collect();
    tasks.sort_by_key(|task| (!task.present, task.path.clone(), task.mark.line));
    tasks.into_iter().map(told_of).collect()
}

fn told_of(task: &LifeTask) -> String {
    let event =
        |event: &Happening| format!("{} {}", event.kind.as_str(), event.deed.commit.as_bytes()[0]);
    let events: Vec<String> = task.events.iter().map(event).collect();
    format!("{} {} {}: {}", task.state().as_str(), task.path, task.title(), events.join(", "))
}
