//! Brings what was played into agreement with what the head really says.

use std::{collections::HashMap, sync::Arc};

use super::{
    Deed,
    ledger::{Ledger, Spot, Taken},
    pairing::{self, Placed},
};
use crate::scanner::{
    ScanReport,
    marks::{self, Mark},
};

/// A mark of the head, and whether it lies among fixtures.
struct Found {
    path: String,
    mark: Mark,
    is_fixture: bool,
}

impl Ledger {
    /// Gives for each task of the report, then for each TODO, the index of its task.
    ///
    /// What differs is written to `deed`; a task that nothing has announced begins with `origin`.
    pub(super) fn reconcile(
        &mut self,
        report: &ScanReport,
        deed: Option<&Arc<Deed>>,
        origin: Option<&Arc<Deed>>,
    ) -> Vec<usize> {
        let found = found(report);
        let mut known: Vec<Option<usize>> = vec![None; found.len()];
        let mut taken = Taken::new();
        // Those that are as expected first, so that a copy that differs does not take their place.
        for is_exact in [true, false] {
            self.recognise(&found, is_exact, deed, (&mut known, &mut taken));
        }
        self.pair_rest(&found, deed, (&mut known, &mut taken));
        for index in 0..self.tasks.len() {
            let is_present = self.tasks.get(index).is_some_and(|task| task.present);
            if is_present && !taken.contains(&index) {
                self.vanish(index, None, deed);
            }
        }
        let mut tasks = Vec::with_capacity(found.len());
        for (found, known) in found.iter().zip(known) {
            let task = known.unwrap_or_else(|| self.explain(found, (deed, origin), &taken));
            taken.insert(task);
            tasks.push(task);
        }
        tasks
    }

    /// A mark that nothing has announced: one that came back, or a new one.
    fn explain(
        &mut self,
        found: &Found,
        (deed, origin): (Option<&Arc<Deed>>, Option<&Arc<Deed>>),
        taken: &Taken,
    ) -> usize {
        match self.find_vanished(found.placed(), taken) {
            Some(task) => {
                self.change(task, found.placed(), found.is_fixture, deed);
                task
            }
            None => self.create(found.placed(), found.is_fixture, origin),
        }
    }

    fn recognise(
        &mut self,
        found: &[Found],
        is_exact: bool,
        deed: Option<&Arc<Deed>>,
        (known, taken): (&mut [Option<usize>], &mut Taken),
    ) {
        for (found, known) in found.iter().zip(known).filter(|(_, known)| known.is_none()) {
            let Some(task) = self.find(found.placed(), taken) else { continue };
            let Some(candidate) = self.tasks.get_mut(task) else { continue };
            let is_same = Spot::of(&candidate.path, &candidate.mark)
                == Spot::of(&found.path, &found.mark)
                && (candidate.mark.marker, &candidate.mark.section, candidate.mark.done)
                    == (found.mark.marker, &found.mark.section, found.mark.done);
            if is_same {
                candidate.become_like(found.placed(), found.is_fixture);
            } else if is_exact {
                continue;
            } else {
                self.change(task, found.placed(), found.is_fixture, deed);
            }
            taken.insert(task);
            *known = Some(task);
        }
    }

    /// Pairs what is left on both sides as if one commit had made the difference.
    fn pair_rest(
        &mut self,
        found: &[Found],
        deed: Option<&Arc<Deed>>,
        (known, taken): (&mut [Option<usize>], &mut Taken),
    ) {
        let lost: Vec<usize> = (0..self.tasks.len())
            .filter(|index| {
                self.tasks.get(*index).is_some_and(|task| task.present) && !taken.contains(index)
            })
            .collect();
        let lost_marks: Vec<(String, Mark)> = lost
            .iter()
            .filter_map(|index| self.tasks.get(*index))
            .map(|task| (task.path.clone(), task.mark.clone()))
            .collect();
        let before: Vec<Placed<'_>> =
            lost_marks.iter().map(|(path, mark)| Placed { path, mark }).collect();
        let new: Vec<usize> = known
            .iter()
            .enumerate()
            .filter_map(|(index, known)| known.is_none().then_some(index))
            .collect();
        let after: Vec<Placed<'_>> =
            new.iter().filter_map(|index| found.get(*index)).map(Found::placed).collect();
        for (old, place) in pairing::pair(&before, &after, &mut self.budget).matched {
            let (Some(task), Some(place)) = (lost.get(old), new.get(place)) else { continue };
            if let (Some(found), Some(known)) = (found.get(*place), known.get_mut(*place)) {
                self.change(*task, found.placed(), found.is_fixture, deed);
                taken.insert(*task);
                *known = Some(*task);
            }
        }
    }
}

impl Found {
    const fn placed(&self) -> Placed<'_> {
        Placed { path: self.path.as_str(), mark: &self.mark }
    }
}

/// The marks of a report in its order, each file's with their neighbours.
fn found(report: &ScanReport) -> Vec<Found> {
    let boxes = report.tasks.iter().map(|task| (&task.path, Mark::of_task(task), task.fixture));
    let notes = report.todos.iter().map(|todo| (&todo.path, Mark::of_todo(todo), todo.fixture));
    let mut found: Vec<Found> = boxes
        .chain(notes)
        .map(|(path, mark, is_fixture)| Found { path: path.clone(), mark, is_fixture })
        .collect();
    let mut files: HashMap<String, Vec<usize>> = HashMap::new();
    for (index, one) in found.iter().enumerate() {
        files.entry(one.path.clone()).or_default().push(index);
    }
    for indices in files.values() {
        let mut of_file: Vec<Mark> = indices
            .iter()
            .filter_map(|index| found.get(*index))
            .map(|one| one.mark.clone())
            .collect();
        marks::place(&mut of_file);
        for (index, mark) in indices.iter().zip(of_file) {
            if let Some(one) = found.get_mut(*index) {
                one.mark = mark;
            }
        }
    }
    found
}
