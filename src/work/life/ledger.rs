//! What is known of each task while commits are played.

use std::{
    cmp::Reverse,
    collections::{HashMap, HashSet},
    sync::Arc,
};

use super::{
    Deed, Happening, LifeTask,
    pairing::{self, Budget, Placed},
};
use crate::{
    scanner::marks::{FileMarks, Mark},
    work::model::EventKind,
};

/// Tasks that share an id and are told by it; where there are more, their place and words tell.
const MAX_OF_ONE_ID: usize = 64;

/// All tasks, and where to find them.
#[derive(Default)]
pub(super) struct Ledger {
    pub(super) tasks: Vec<LifeTask>,
    /// Those whose line is there.
    present: HashMap<Spot, Vec<usize>>,
    /// Those whose line went, the latest last.
    vanished: HashMap<Spot, Vec<usize>>,
    /// Who stood where, before moving or being reworded: parallel branches still speak of it so.
    former: HashMap<Spot, usize>,
    ids: HashMap<String, Vec<usize>>,
    pub(super) budget: Budget,
}

/// Where a mark is, and what it says; copies of one text in one file share it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Spot {
    is_note: bool,
    path: String,
    words: String,
}

impl Spot {
    pub(super) fn of(path: &str, mark: &Mark) -> Self {
        Self { is_note: mark.marker.is_some(), path: path.to_owned(), words: mark.words.clone() }
    }
}

/// What has been looked at within one commit: each task is at most one of its marks.
pub(super) type Taken = HashSet<usize>;

impl Ledger {
    pub(super) fn new(tasks: Vec<LifeTask>) -> Self {
        let mut ledger = Self { tasks, ..Self::default() };
        for index in 0..ledger.tasks.len() {
            ledger.enter(index);
        }
        ledger
    }

    pub(super) fn into_tasks(self) -> Vec<LifeTask> {
        self.tasks
    }

    /// Plays one commit.
    pub(super) fn play(&mut self, deed: &Arc<Deed>, files: &[FileMarks]) {
        let (mut before, mut after, mut fixtures) = (Vec::new(), Vec::new(), HashSet::new());
        for file in files {
            let path = file.path.as_str();
            if file.fixture {
                fixtures.insert(path);
            }
            before.extend(file.before.iter().map(|mark| Placed { path, mark }));
            after.extend(file.after.iter().map(|mark| Placed { path, mark }));
        }
        let pairs = pairing::pair(&before, &after, &mut self.budget);
        let left = left_over(&before, &after);
        let mut taken = Taken::new();
        let mut arrivals = pairs.new;
        for (old, new) in pairs.matched {
            let (Some(old), Some(to)) = (before.get(old), after.get(new)) else { continue };
            match self.find_ever(*old, &taken) {
                Some(task) => {
                    taken.insert(task);
                    self.carry(task, (*old, *to), fixtures.contains(to.path), deed);
                }
                None => arrivals.push(new),
            }
        }
        for old in pairs.gone.iter().filter_map(|index| before.get(*index)) {
            self.depart(*old, &left, deed, &mut taken);
        }
        arrivals.sort_unstable();
        for new in arrivals.iter().filter_map(|index| after.get(*index)) {
            self.arrive(*new, fixtures.contains(new.path), deed, &mut taken);
        }
    }

    /// Applies what a commit changed of a mark to its task, which may stand elsewhere by now.
    fn carry(
        &mut self,
        task: usize,
        (old, to): (Placed<'_>, Placed<'_>),
        is_fixture: bool,
        deed: &Arc<Deed>,
    ) {
        let Some(known) = self.tasks.get(task) else { return };
        let path = if old.path == to.path { known.path.clone() } else { to.path.to_owned() };
        let is_fixture = if old.path == to.path { known.fixture } else { is_fixture };
        let mut mark = to.mark.clone();
        if (&old.mark.words, old.mark.marker) == (&to.mark.words, to.mark.marker) {
            known.mark.words.clone_into(&mut mark.words);
            known.mark.title.clone_into(&mut mark.title);
            mark.marker = known.mark.marker;
        }
        if old.mark.section == to.mark.section {
            mark.section.clone_from(&known.mark.section);
        }
        self.change(task, Placed { path: &path, mark: &mark }, is_fixture, Some(deed));
    }

    /// A mark that was taken away: of copies so many stay as the file still has.
    fn depart(
        &mut self,
        old: Placed<'_>,
        left: &HashMap<Spot, usize>,
        deed: &Arc<Deed>,
        taken: &mut Taken,
    ) {
        let known = self.find(old, taken).or_else(|| self.find_former(old, taken));
        let Some(task) = known else { return };
        let Some(known) = self.tasks.get(task) else { return };
        // Somebody else moved it before: it is not here that it could be taken away.
        if known.path != old.path {
            return;
        }
        let spot = Spot::of(&known.path, &known.mark);
        let here = self.present.get(&spot).map_or(0, Vec::len);
        if here > left.get(&spot).copied().unwrap_or(0) {
            taken.insert(task);
            self.vanish(task, Some(old.mark.line), Some(deed));
        }
    }

    /// A mark that was brought: one that is there already, one that comes back, or a new one.
    fn arrive(&mut self, new: Placed<'_>, is_fixture: bool, deed: &Arc<Deed>, taken: &mut Taken) {
        let spot = Spot::of(new.path, new.mark);
        let here = self.present.get(&spot).map_or(0, Vec::len);
        if here >= usize::try_from(new.mark.copies).unwrap_or(usize::MAX) {
            return;
        }
        // Where the same id still stands in another file, this is a copy of it.
        let is_free = |task: &usize| {
            !self.is_present(*task) || self.tasks.get(*task).is_some_and(|it| it.path == new.path)
        };
        let known =
            self.find_id(new, taken).filter(is_free).or_else(|| self.find_vanished(new, taken));
        let task = match known {
            Some(task) => {
                self.change(task, new, is_fixture, Some(deed));
                task
            }
            None => self.create(new, is_fixture, Some(deed)),
        };
        taken.insert(task);
    }

    /// The task that stands where this mark stands, or has its id.
    pub(super) fn find(&self, placed: Placed<'_>, taken: &Taken) -> Option<usize> {
        if let Some(task) = self.find_id(placed, taken).filter(|task| self.is_present(*task)) {
            return Some(task);
        }
        let spot = Spot::of(placed.path, placed.mark);
        let here = self.present.get(&spot).map_or(&[][..], Vec::as_slice);
        let free = here.iter().copied().filter(|task| !taken.contains(task));
        free.min_by_key(|task| (self.strangeness(*task, placed.mark), *task))
    }

    /// The task that stood there before it moved or was reworded.
    fn find_former(&self, placed: Placed<'_>, taken: &Taken) -> Option<usize> {
        let task = self.former.get(&Spot::of(placed.path, placed.mark)).copied()?;
        (!taken.contains(&task) && self.is_present(task)).then_some(task)
    }

    /// Of copies, the one in the same section, of the same kind and state, is meant.
    fn strangeness(&self, task: usize, mark: &Mark) -> u8 {
        self.tasks.get(task).map_or(u8::MAX, |task| {
            let differs = |differs: bool, weight: u8| if differs { weight } else { 0 };
            differs(task.mark.section != mark.section, 4)
                + differs(task.mark.marker != mark.marker, 2)
                + differs(task.mark.done != mark.done, 1)
        })
    }

    fn find_id(&self, placed: Placed<'_>, taken: &Taken) -> Option<usize> {
        let id = placed.mark.id.as_deref()?;
        let known = self.ids.get(&id.to_uppercase())?;
        // A task that lost its id since is another's no more.
        let has_id = |task: &usize| {
            let own = self.tasks.get(*task).and_then(|task| task.mark.id.as_deref());
            own.is_some_and(|own| own.eq_ignore_ascii_case(id))
        };
        let free = known.iter().copied().filter(|task| !taken.contains(task)).filter(has_id);
        free.min_by_key(|task| {
            let is_elsewhere = self.tasks.get(*task).is_none_or(|task| task.path != placed.path);
            (!self.is_present(*task), is_elsewhere)
        })
    }

    /// The task that stands, stood or last stood there.
    fn find_ever(&self, placed: Placed<'_>, taken: &Taken) -> Option<usize> {
        self.find(placed, taken)
            .or_else(|| self.find_former(placed, taken))
            .or_else(|| self.find_vanished(placed, taken))
    }

    /// The task whose line went from there; of copies the one most alike, then the latest.
    pub(super) fn find_vanished(&self, placed: Placed<'_>, taken: &Taken) -> Option<usize> {
        let by_id = self.find_id(placed, taken).filter(|task| !self.is_present(*task));
        let by_spot = || {
            let known = self.vanished.get(&Spot::of(placed.path, placed.mark))?;
            let free = known.iter().copied().filter(|task| !taken.contains(task));
            // Only by what is stored, so that a later scan chooses alike.
            free.min_by_key(|index| {
                let task = self.tasks.get(*index);
                let (opened, closed) = (
                    task.and_then(|it| it.opened.as_ref()),
                    task.and_then(|it| it.closed.as_ref()),
                );
                let key = |deed: &Arc<Deed>| (deed.at, deed.commit);
                (
                    self.strangeness(*index, placed.mark),
                    Reverse(closed.map(key)),
                    opened.map(key),
                    *index,
                )
            })
        };
        by_id.or_else(by_spot)
    }

    fn is_present(&self, task: usize) -> bool {
        self.tasks.get(task).is_some_and(|task| task.present)
    }

    /// Adds a task; with no deed nobody knows since when it is there.
    pub(super) fn create(
        &mut self,
        new: Placed<'_>,
        is_fixture: bool,
        deed: Option<&Arc<Deed>>,
    ) -> usize {
        let index = self.tasks.len();
        let mut task = LifeTask {
            id: None,
            path: new.path.to_owned(),
            fixture: is_fixture,
            mark: new.mark.clone(),
            present: true,
            opened: deed.cloned(),
            closed: deed.filter(|_| new.mark.done).cloned(),
            // Most have but their beginning, and there may be very many of them.
            events: Vec::with_capacity(1),
        };
        if let Some(deed) = deed {
            task.tell(EventKind::Created, deed, None);
            if new.mark.done {
                task.tell(EventKind::Done, deed, None);
            }
        }
        self.tasks.push(task);
        self.enter(index);
        index
    }

    /// Makes a task what its mark says now.
    pub(super) fn change(
        &mut self,
        index: usize,
        to: Placed<'_>,
        is_fixture: bool,
        deed: Option<&Arc<Deed>>,
    ) {
        self.leave(index);
        if let Some(task) = self.tasks.get_mut(index) {
            let spot = Spot::of(&task.path, &task.mark);
            if let Some(deed) = deed {
                task.follow(to, deed);
            }
            task.become_like(to, is_fixture);
            if spot != Spot::of(&task.path, &task.mark) {
                self.former.insert(spot, index);
            }
        }
        self.enter(index);
    }

    /// Takes a task's line away.
    pub(super) fn vanish(&mut self, index: usize, line: Option<u32>, deed: Option<&Arc<Deed>>) {
        self.leave(index);
        if let Some(task) = self.tasks.get_mut(index) {
            task.vanish(line, deed);
        }
        self.enter(index);
    }

    fn enter(&mut self, index: usize) {
        let Some(task) = self.tasks.get(index) else { return };
        let spots = if task.present { &mut self.present } else { &mut self.vanished };
        spots.entry(Spot::of(&task.path, &task.mark)).or_default().push(index);
        if let Some(id) = &task.mark.id {
            let known = self.ids.entry(id.to_uppercase()).or_default();
            if known.len() < MAX_OF_ONE_ID && !known.contains(&index) {
                known.push(index);
            }
        }
    }

    fn leave(&mut self, index: usize) {
        let Some(task) = self.tasks.get(index) else { return };
        let spots = if task.present { &mut self.present } else { &mut self.vanished };
        if let Some(here) = spots.get_mut(&Spot::of(&task.path, &task.mark)) {
            here.retain(|other| *other != index);
        }
    }
}

impl LifeTask {
    fn tell(&mut self, kind: EventKind, deed: &Arc<Deed>, change: Option<(String, String)>) {
        let (from, to) = change.unzip();
        self.events.push(Happening { kind, deed: Arc::clone(deed), from, to });
    }

    /// Records what is different now.
    fn follow(&mut self, to: Placed<'_>, deed: &Arc<Deed>) {
        if !self.present {
            self.tell(EventKind::Returned, deed, None);
        }
        if self.path != to.path {
            self.tell(EventKind::Moved, deed, Some((self.path.clone(), to.path.to_owned())));
        } else if self.mark.section != to.mark.section {
            let name = |section: &Option<String>| section.clone().unwrap_or_default();
            let change = (name(&self.mark.section), name(&to.mark.section));
            self.tell(EventKind::Moved, deed, Some(change));
        }
        if self.mark.words != to.mark.words || self.mark.marker != to.mark.marker {
            self.tell(EventKind::Reworded, deed, Some((wording(&self.mark), wording(to.mark))));
        }
        if to.mark.done && !self.mark.done {
            self.tell(EventKind::Done, deed, None);
            self.closed = Some(Arc::clone(deed));
        } else if !to.mark.done && self.mark.done {
            self.tell(EventKind::Reopened, deed, None);
        }
    }

    /// Takes over where it stands and what it says, without a word.
    pub(super) fn become_like(&mut self, to: Placed<'_>, is_fixture: bool) {
        to.path.clone_into(&mut self.path);
        self.fixture = is_fixture;
        self.mark = to.mark.clone();
        self.present = true;
        // What took an open one away no longer counts, nor what ticked one that is open again.
        self.closed = self.closed.take().filter(|_| self.mark.done);
    }

    /// The line is gone; what was ticked stays done.
    pub(super) fn vanish(&mut self, line: Option<u32>, deed: Option<&Arc<Deed>>) {
        self.present = false;
        self.mark.line = line.unwrap_or(self.mark.line);
        let Some(deed) = deed else { return };
        self.tell(EventKind::Removed, deed, None);
        if !self.mark.done {
            self.closed = Some(Arc::clone(deed));
        }
    }
}

/// What a person reads of a mark.
fn wording(mark: &Mark) -> String {
    match mark.marker {
        Some(marker) => format!("{} {}", marker.as_str(), mark.title).trim_end().to_owned(),
        None => mark.title.clone(),
    }
}

/// How many marks of each spot the files have after the commit, where it took some away.
fn left_over(before: &[Placed<'_>], after: &[Placed<'_>]) -> HashMap<Spot, usize> {
    let spot = |placed: &Placed<'_>| Spot::of(placed.path, placed.mark);
    let mut left: HashMap<Spot, usize> = HashMap::new();
    for placed in before {
        let copies = usize::try_from(placed.mark.copies).unwrap_or(usize::MAX);
        let left = left.entry(spot(placed)).or_insert(copies);
        *left = left.saturating_sub(1);
    }
    for placed in after {
        left.entry(spot(placed)).and_modify(|left| *left += 1);
    }
    left
}
