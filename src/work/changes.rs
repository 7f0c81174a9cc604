//! What became different between a scan and the one before it.
//!
//! The state is read before and after a scan's rows are written, in its transaction, and compared
//! here. Each area keeps its first rows; the counts are of all.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How many changes of one area are kept by name.
const KEPT: usize = 250;

/// What a change is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, sqlx::Type, ToSchema)]
#[serde(rename_all = "lowercase")]
#[sqlx(type_name = "text", rename_all = "lowercase")]
pub enum Area {
    Projects,
    Tasks,
    Dependencies,
    Languages,
}

impl Area {
    pub const ALL: [Self; 4] = [Self::Projects, Self::Tasks, Self::Dependencies, Self::Languages];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Projects => "projects",
            Self::Tasks => "tasks",
            Self::Dependencies => "dependencies",
            Self::Languages => "languages",
        }
    }
}

/// What happened to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, sqlx::Type, ToSchema)]
#[serde(rename_all = "lowercase")]
#[sqlx(type_name = "text", rename_all = "lowercase")]
pub enum ChangeKind {
    Added,
    Removed,
    /// Another version, requirement or number of lines.
    Changed,
    /// A task that was not there before.
    Opened,
    /// A task whose box was ticked.
    Closed,
    /// A task that was done or gone.
    Reopened,
    /// An open task whose line is no longer there.
    Gone,
}

impl ChangeKind {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Removed => "removed",
            Self::Changed => "changed",
            Self::Opened => "opened",
            Self::Closed => "closed",
            Self::Reopened => "reopened",
            Self::Gone => "gone",
        }
    }
}

/// One thing that is different.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct ScanChange {
    /// Its place in the list, from 1.
    pub ordinal: i32,
    pub area: Area,
    pub kind: ChangeKind,
    /// The name of the project, dependency or language, or the task's title.
    pub subject: String,
    /// The project's path, or the task's file; empty for languages.
    pub place: String,
    /// The version, state, requirement or lines of code before.
    pub before: Option<String>,
    /// The same after.
    pub after: Option<String>,
}

/// How many things of an area are different.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct Counts {
    pub added: i64,
    pub removed: i64,
    pub changed: i64,
}

/// How many tasks are different.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct TaskCounts {
    /// Tasks that were not there before.
    pub opened: i64,
    /// Tasks whose box was ticked.
    pub closed: i64,
    /// Tasks that were done or gone and are open again.
    pub reopened: i64,
    /// Open tasks whose line is no longer there.
    pub gone: i64,
}

/// How much is different since the scan before, all of it counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct ChangeCounts {
    pub projects: Counts,
    pub tasks: TaskCounts,
    pub dependencies: Counts,
    pub languages: Counts,
}

/// What a repository is known to hold, as far as changes of it are told; tasks are compared by the
/// database.
#[derive(Clone, Debug, Default)]
pub(super) struct State {
    /// Names and versions by path.
    pub(super) projects: BTreeMap<String, (String, Option<String>)>,
    /// Requirements by the path of the project and the name.
    pub(super) dependencies: BTreeMap<(String, String), String>,
    /// Lines of code by name.
    pub(super) languages: BTreeMap<String, i64>,
}

/// A task whose state is another one than before, or that is new.
#[derive(Clone, Debug)]
pub(super) struct TaskChange {
    pub(super) title: String,
    pub(super) path: String,
    pub(super) before: Option<String>,
    pub(super) after: String,
}

/// Compares two states; the rows come in the order of the areas.
pub(super) fn compare(
    before: &State,
    after: &State,
    tasks: Vec<TaskChange>,
) -> (ChangeCounts, Vec<ScanChange>) {
    let mut list = List::default();
    let version = |project: &(String, Option<String>)| project.1.clone().unwrap_or_default();
    for (path, old, new) in different(&before.projects, &after.projects, version) {
        let name = new.or(old).map(|project| project.0.clone()).unwrap_or_default();
        let [old, new] = [old, new].map(|project| project.and_then(|project| project.1.clone()));
        let kind = kind_of(before.projects.get(path), after.projects.get(path));
        list.add(Area::Projects, kind, (name, path.clone()), (old, new));
    }
    for task in tasks {
        let Some(kind) = task_kind(task.before.as_deref(), &task.after) else { continue };
        list.add(Area::Tasks, kind, (task.title, task.path), (task.before, Some(task.after)));
    }
    for (key, old, new) in different(&before.dependencies, &after.dependencies, String::clone) {
        let subject = (key.1.clone(), key.0.clone());
        list.add(Area::Dependencies, kind_of(old, new), subject, (old.cloned(), new.cloned()));
    }
    for (name, old, new) in different(&before.languages, &after.languages, |lines| *lines) {
        let lines = [old, new].map(|lines| lines.map(i64::to_string));
        let [before, after] = lines;
        list.add(
            Area::Languages,
            kind_of(old, new),
            (name.clone(), String::new()),
            (before, after),
        );
    }
    (list.counts, list.rows)
}

/// The keys whose values are there in one of two maps only, or differ in what matters.
fn different<'a, K: Ord, V, M: PartialEq>(
    before: &'a BTreeMap<K, V>,
    after: &'a BTreeMap<K, V>,
    matter: impl Fn(&V) -> M,
) -> Vec<(&'a K, Option<&'a V>, Option<&'a V>)> {
    let keys: BTreeSet<&K> = before.keys().chain(after.keys()).collect();
    let pairs = keys.into_iter().map(|key| (key, before.get(key), after.get(key)));
    pairs.filter(|(_, old, new)| old.map(&matter) != new.map(&matter)).collect()
}

const fn kind_of<V>(before: Option<&V>, after: Option<&V>) -> ChangeKind {
    match (before, after) {
        (None, _) => ChangeKind::Added,
        (_, None) => ChangeKind::Removed,
        (Some(_), Some(_)) => ChangeKind::Changed,
    }
}

/// None where nobody has anything to do with it: what was done already, and is gone now.
fn task_kind(before: Option<&str>, after: &str) -> Option<ChangeKind> {
    match (before, after) {
        (None, "open") => Some(ChangeKind::Opened),
        (Some(_), "open") => Some(ChangeKind::Reopened),
        (_, "done") => Some(ChangeKind::Closed),
        (Some("open"), _) => Some(ChangeKind::Gone),
        (_, _) => None,
    }
}

/// What is counted and what is kept by name.
#[derive(Default)]
struct List {
    counts: ChangeCounts,
    rows: Vec<ScanChange>,
    kept: BTreeMap<&'static str, usize>,
}

impl List {
    fn add(
        &mut self,
        area: Area,
        kind: ChangeKind,
        (subject, place): (String, String),
        (before, after): (Option<String>, Option<String>),
    ) {
        self.count(area, kind);
        let kept = self.kept.entry(area.as_str()).or_default();
        if *kept == KEPT {
            return;
        }
        *kept += 1;
        let ordinal = i32::try_from(self.rows.len() + 1).unwrap_or(i32::MAX);
        self.rows.push(ScanChange { ordinal, area, kind, subject, place, before, after });
    }

    const fn count(&mut self, area: Area, kind: ChangeKind) {
        let counts = match area {
            Area::Tasks => return self.count_task(kind),
            Area::Projects => &mut self.counts.projects,
            Area::Dependencies => &mut self.counts.dependencies,
            Area::Languages => &mut self.counts.languages,
        };
        match kind {
            ChangeKind::Added | ChangeKind::Opened | ChangeKind::Reopened => counts.added += 1,
            ChangeKind::Removed | ChangeKind::Closed | ChangeKind::Gone => counts.removed += 1,
            ChangeKind::Changed => counts.changed += 1,
        }
    }

    const fn count_task(&mut self, kind: ChangeKind) {
        let counts = &mut self.counts.tasks;
        match kind {
            ChangeKind::Opened | ChangeKind::Added => counts.opened += 1,
            ChangeKind::Closed => counts.closed += 1,
            ChangeKind::Reopened | ChangeKind::Changed => counts.reopened += 1,
            ChangeKind::Gone | ChangeKind::Removed => counts.gone += 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn task(before: Option<&str>, after: &str) -> TaskChange {
        TaskChange {
            title: "Park it".to_owned(),
            path: "tasklist.md".to_owned(),
            before: before.map(str::to_owned),
            after: after.to_owned(),
        }
    }

    #[test]
    fn equal_states_have_no_changes() {
        let mut state = State::default();
        state.languages.insert("Rust".to_owned(), 7);

        let (counts, rows) = compare(&state, &state.clone(), Vec::new());

        assert_eq!((counts, rows), (ChangeCounts::default(), Vec::new()));
    }

    #[test]
    fn a_task_is_told_by_what_became_of_it() {
        let kinds = [
            (None, "open", Some(ChangeKind::Opened)),
            (None, "done", Some(ChangeKind::Closed)),
            (Some("open"), "done", Some(ChangeKind::Closed)),
            (Some("open"), "removed", Some(ChangeKind::Gone)),
            (Some("done"), "open", Some(ChangeKind::Reopened)),
            (Some("removed"), "open", Some(ChangeKind::Reopened)),
            (Some("done"), "removed", None),
        ];
        for (before, after, kind) in kinds {
            assert_eq!(task_kind(before, after), kind, "{before:?} {after}");
        }
    }

    #[test]
    fn more_than_is_kept_is_counted_and_leaves_room_for_other_areas() {
        let tasks = vec![task(None, "open"); KEPT + 7];
        let mut after = State::default();
        after.languages.insert("Rust".to_owned(), 7);

        let (counts, rows) = compare(&State::default(), &after, tasks);

        assert_eq!((counts.tasks.opened, counts.languages.added), (257, 1));
        assert_eq!(rows.len(), KEPT + 1);
        let last = rows.last().unwrap();
        assert_eq!((last.area, last.after.as_deref()), (Area::Languages, Some("7")));
        assert_eq!(last.ordinal, 251);
    }

    #[test]
    fn a_project_changes_by_its_version() {
        let state = |version: &str| {
            let mut state = State::default();
            state.projects.insert(".".to_owned(), ("api".to_owned(), Some(version.to_owned())));
            state
        };

        let (counts, rows) = compare(&state("1.0"), &state("1.1"), Vec::new());

        assert_eq!(counts.projects, Counts { changed: 1, ..Counts::default() });
        let row = rows.first().unwrap();
        assert_eq!((row.subject.as_str(), row.place.as_str()), ("api", "."));
        assert_eq!((row.before.as_deref(), row.after.as_deref()), (Some("1.0"), Some("1.1")));
    }
}
