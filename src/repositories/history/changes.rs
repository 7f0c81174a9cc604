//! Counting the lines that a commit added and deleted.

use std::{collections::HashMap, ops::ControlFlow};

use gix::{
    ObjectId,
    bstr::{BStr, BString, ByteSlice},
    diff::{
        blob::{Algorithm, Diff, InternedInput, sources::byte_lines},
        tree::{Recorder, State, Visit, recorder, visit},
    },
    objs::{TreeRefIter, tree::EntryMode},
    prelude::FindExt,
};

use super::{Commit, FileChange, Limits, Observer, Versions, decode};

/// git looks for a NUL this far.
const BINARY_PROBE: usize = 8_000;

/// The most files and directories that one commit may change and still be counted.
const MAX_CHANGES: usize = 500_000;
/// A file above this is counted once in a commit, wherever it stands: one can stand at thousands of
/// paths. The scanner reads none of that size.
const LARGE: usize = 2 << 20;
/// What the paths of its changes may take: a long one can stand before many files in a few bytes.
const MAX_CHANGES_BYTES: usize = 96 << 20;
/// Compared at once: two texts share long stretches.
const BLOCK: usize = 64;
/// So many lines of each side are compared with each other one by one.
const FEW_LINES: usize = 24;

/// What one thread needs again and again to compare trees and files.
pub(super) struct Counter {
    repository: gix::Repository,
    limits: Limits,
    state: State,
    diff: Diff,
    old: Vec<u8>,
    new: Vec<u8>,
}

/// A file before and after.
struct Change {
    path: BString,
    old: Option<Version>,
    new: Option<Version>,
}

type Version = (EntryMode, ObjectId);

/// Added and deleted lines; none when there are no lines to count.
type Lines = Option<(u32, u32)>;

impl Counter {
    pub(super) fn new(repository: gix::Repository, limits: Limits) -> Self {
        Self {
            repository,
            limits,
            state: State::default(),
            diff: Diff::default(),
            old: Vec::new(),
            new: Vec::new(),
        }
    }

    pub(super) const fn repository(&self) -> &gix::Repository {
        &self.repository
    }

    /// Fills in the files and sums of a commit that has this tree; gives what the observer saw.
    /// Ends early, without a result, when it is told to stop.
    pub(super) fn fill<O: Observer>(
        &mut self,
        commit: &mut Commit,
        tree: ObjectId,
        (observer, worker): (&O, &mut O::Worker),
        stopped: &dyn Fn() -> bool,
    ) -> Result<Vec<O::Seen>, String> {
        let mut seen = Vec::new();
        let parent_tree = match commit.parents.as_slice() {
            [] => None,
            [parent] => Some(self.tree_of((*parent).into())?),
            // As `git log` does: what a merge changed, its parents have changed before.
            _ => return Ok(seen),
        };
        let mut large: HashMap<(Option<Version>, Option<Version>), Lines> = HashMap::new();
        for change in self.changed_files(parent_tree, tree)? {
            if stopped() {
                return Err("it was cancelled".to_owned());
            }
            let versions = (change.old, change.new);
            let lines = match large.get(&versions) {
                Some(lines) => *lines,
                None => self
                    .lines(&change, &mut |file| seen.extend(observer.look(worker, file)))
                    .map_err(|error| error.to_string())?,
            };
            if self.old.len() + self.new.len() > LARGE {
                large.insert(versions, lines);
            }
            let (added, deleted) = lines.unzip();
            commit.files_changed = commit.files_changed.saturating_add(1);
            commit.insertions += u64::from(added.unwrap_or(0));
            commit.deletions += u64::from(deleted.unwrap_or(0));
            if commit.files.len() < self.limits.max_files {
                let path = decode::text(change.path.as_ref(), encoding_rs::UTF_8);
                commit.files.push(FileChange { path, added, deleted });
            }
        }
        Ok(seen)
    }

    fn tree_of(&mut self, commit: ObjectId) -> Result<ObjectId, String> {
        let mut commit = self
            .repository
            .objects
            .find_commit_iter(&commit, &mut self.old)
            .map_err(|error| error.to_string())?;
        commit.tree_id().map_err(|error| error.to_string())
    }

    fn changed_files(
        &mut self,
        old: Option<ObjectId>,
        new: ObjectId,
    ) -> Result<Vec<Change>, String> {
        if old == Some(new) {
            return Ok(Vec::new());
        }
        let objects = &self.repository.objects;
        let old = match old {
            Some(old) => {
                objects.find_tree_iter(&old, &mut self.old).map_err(|error| error.to_string())?
            }
            None => TreeRefIter::from_bytes(&[], gix::hash::Kind::Sha1),
        };
        let new = objects.find_tree_iter(&new, &mut self.new).map_err(|error| error.to_string())?;
        let mut changes = Bounded::default();
        let compared = gix::diff::tree(old, new, &mut self.state, objects, &mut changes);
        if changes.is_too_much() {
            return Err(format!("it changes more than {MAX_CHANGES} files and directories"));
        }
        compared.map_err(|error| error.to_string())?;
        Ok(pair_up(changes.recorder.records))
    }

    fn lines(
        &mut self,
        change: &Change,
        look: &mut dyn FnMut(&Versions<'_>),
    ) -> gix::Result<Lines> {
        let is_same = change.old.map(|old| old.1) == change.new.map(|new| new.1);
        if !self.load(change.new, Side::New)? || is_binary(&self.new) {
            return Ok(None);
        }
        if is_same {
            return Ok(Some((0, 0)));
        }
        if !self.load(change.old, Side::Old)? || is_binary(&self.old) {
            return Ok(None);
        }
        let (old, new) = (self.old.as_slice(), self.new.as_slice());
        let differing = without_common_ends(old, new);
        look(&Versions { path: change.path.as_slice(), old, new, differing });
        let (removed, added) = differing;
        if removed.is_empty() || added.is_empty() || have_no_line_in_common(removed, added) {
            return Ok(Some((count_lines(added), count_lines(removed))));
        }
        Ok(Some(self.compare()))
    }

    /// Reads one side; false if it is too large to look at.
    fn load(&mut self, version: Option<Version>, side: Side) -> gix::Result<bool> {
        let buffer = match side {
            Side::Old => &mut self.old,
            Side::New => &mut self.new,
        };
        buffer.clear();
        let Some((mode, id)) = version else { return Ok(true) };
        if mode.is_commit() {
            buffer.extend_from_slice(format!("Subproject commit {id}\n").as_bytes());
            return Ok(true);
        }
        match gix::objs::Find::try_find(&self.repository.objects, &id, buffer) {
            Ok(Some(data)) => Ok(data.data.len() <= self.limits.max_blob_bytes),
            Ok(None) => Err(gix::error::message!("the object {id} is missing").into()),
            Err(error) if error.is_resource_exhausted() => Ok(false),
            Err(error) => Err(error),
        }
    }

    fn compare(&mut self) -> (u32, u32) {
        // Of the whole files: git's heuristics depend on how often a line occurs in them.
        let input = InternedInput::new(byte_lines(&self.old), byte_lines(&self.new));
        self.diff.compute_with(
            Algorithm::Myers,
            &input.before,
            &input.after,
            input.interner.num_tokens(),
        );
        (self.diff.count_additions(), self.diff.count_removals())
    }
}

/// Records changes until there are too many: a few trees that hold each other many times over
/// stand for more files than there is memory.
#[derive(Default)]
struct Bounded {
    recorder: Recorder,
    bytes: usize,
}

impl Visit for Bounded {
    fn pop_front_tracked_path_and_set_current(&mut self) {
        self.recorder.pop_front_tracked_path_and_set_current();
    }

    fn push_back_tracked_path_component(&mut self, component: &BStr) {
        self.recorder.push_back_tracked_path_component(component);
    }

    fn push_path_component(&mut self, component: &BStr) {
        self.recorder.push_path_component(component);
    }

    fn pop_path_component(&mut self) {
        self.recorder.pop_path_component();
    }

    fn visit(&mut self, change: visit::Change) -> visit::Action {
        let action = self.recorder.visit(change);
        let path = self.recorder.records.last().map_or(0, |last| path_of(last).len());
        self.bytes = self.bytes.saturating_add(path);
        if self.is_too_much() { ControlFlow::Break(()) } else { action }
    }
}

impl Bounded {
    fn is_too_much(&self) -> bool {
        self.recorder.records.len() > MAX_CHANGES || self.bytes > MAX_CHANGES_BYTES
    }
}

fn path_of(record: &recorder::Change) -> &BStr {
    match record {
        recorder::Change::Addition { path, .. }
        | recorder::Change::Deletion { path, .. }
        | recorder::Change::Modification { path, .. } => path.as_ref(),
    }
}

#[derive(Clone, Copy)]
enum Side {
    Old,
    New,
}

/// Files by path. One that turned from, say, a submodule into a file is one change, not two.
fn pair_up(records: Vec<recorder::Change>) -> Vec<Change> {
    let mut changes: Vec<Change> = records.into_iter().filter_map(file_change).collect();
    changes.sort_by(|one, other| one.path.cmp(&other.path));
    changes.dedup_by(|later, earlier| {
        let is_pair = later.path == earlier.path;
        if is_pair {
            earlier.old = earlier.old.or(later.old);
            earlier.new = earlier.new.or(later.new);
        }
        is_pair
    });
    changes
}

/// None for a directory: its files are recorded one by one.
fn file_change(record: recorder::Change) -> Option<Change> {
    let file = |(mode, id): Version| (!mode.is_tree()).then_some((mode, id));
    let (path, old, new) = match record {
        recorder::Change::Addition { entry_mode, oid, path, .. } => {
            (path, None, file((entry_mode, oid)))
        }
        recorder::Change::Deletion { entry_mode, oid, path, .. } => {
            (path, file((entry_mode, oid)), None)
        }
        recorder::Change::Modification {
            previous_entry_mode,
            previous_oid,
            entry_mode,
            oid,
            path,
        } => (path, file((previous_entry_mode, previous_oid)), file((entry_mode, oid))),
    };
    (old.is_some() || new.is_some()).then_some(Change { path, old, new })
}

fn is_binary(data: &[u8]) -> bool {
    memchr::memchr(0, keep(data, BINARY_PROBE)).is_some()
}

fn count_lines(data: &[u8]) -> u32 {
    u32::try_from(data.lines_with_terminator().count()).unwrap_or(u32::MAX)
}

/// Whether no way of comparing could keep a line; answers no where looking costs more than comparing.
fn have_no_line_in_common(old: &[u8], new: &[u8]) -> bool {
    let few = |text: &[u8]| text.lines_with_terminator().take(FEW_LINES + 1).count() <= FEW_LINES;
    let is_new = |line: &[u8]| new.lines_with_terminator().all(|other| other != line);
    few(old) && few(new) && old.lines_with_terminator().all(is_new)
}

/// How many bytes two texts start with in common.
fn common_start(old: &[u8], new: &[u8]) -> usize {
    let blocks = old.chunks_exact(BLOCK).zip(new.chunks_exact(BLOCK));
    let same = blocks.take_while(|(one, other)| one == other).count() * BLOCK;
    let rest = skip(old, same).iter().zip(skip(new, same));
    same + rest.take_while(|(one, other)| one == other).count()
}

/// How many bytes two texts end with in common.
fn common_end(old: &[u8], new: &[u8]) -> usize {
    let blocks = old.rchunks_exact(BLOCK).zip(new.rchunks_exact(BLOCK));
    let same = blocks.take_while(|(one, other)| one == other).count() * BLOCK;
    let (old, new) = (keep(old, old.len() - same), keep(new, new.len() - same));
    let rest = old.iter().rev().zip(new.iter().rev());
    same + rest.take_while(|(one, other)| one == other).count()
}

/// Both texts without the lines that they start and end with in common.
fn without_common_ends<'a>(old: &'a [u8], new: &'a [u8]) -> (&'a [u8], &'a [u8]) {
    let same = common_start(old, new);
    let whole_lines =
        old.get(..same).and_then(|same| same.rfind_byte(b'\n')).map_or(0, |end| end + 1);
    let (old, new) = (skip(old, whole_lines), skip(new, whole_lines));
    let same = common_end(old, new);
    let starts_a_line = |text: &[u8]| {
        text.get(..text.len() - same)
            .is_none_or(|before| before.is_empty() || before.ends_with(b"\n"))
    };
    let tail = skip(old, old.len() - same);
    let partial = if starts_a_line(old) && starts_a_line(new) {
        0
    } else {
        tail.find_byte(b'\n').map_or(same, |end| end + 1)
    };
    let cut = same - partial;
    (keep(old, old.len() - cut), keep(new, new.len() - cut))
}

fn skip(text: &[u8], bytes: usize) -> &[u8] {
    text.get(bytes..).unwrap_or_default()
}

fn keep(text: &[u8], bytes: usize) -> &[u8] {
    text.get(..bytes).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ends(old: &str, new: &str) -> (String, String) {
        let (old, new) = without_common_ends(old.as_bytes(), new.as_bytes());
        (String::from_utf8_lossy(old).into_owned(), String::from_utf8_lossy(new).into_owned())
    }

    #[test]
    fn only_whole_lines_are_common() {
        assert_eq!(ends("a\nb\nc\n", "a\nx\nc\n"), ("b\n".into(), "x\n".into()));
        assert_eq!(ends("a\nb", "a\nb\n"), ("b".into(), "b\n".into()));
        assert_eq!(ends("a\nb", "a\nb\nc"), ("b".into(), "b\nc".into()));
        assert_eq!(ends("x\n", "n\nx\n"), (String::new(), "n\n".into()));
        assert_eq!(ends("ax\n", "bx\n"), ("ax\n".into(), "bx\n".into()));
        assert_eq!(ends("a\na\n", "a\na\na\n"), (String::new(), "a\n".into()));
        assert_eq!(ends("b", "a\nb"), (String::new(), "a\n".into()));
    }

    #[test]
    fn few_lines_of_which_none_is_kept_are_all_counted() {
        assert!(have_no_line_in_common(b"a\nb\n", b"c\nd\n"));
        assert!(have_no_line_in_common(b"a", b"a\n"));
        assert!(!have_no_line_in_common(b"a\nb\n", b"c\na\n"));
        assert!(!have_no_line_in_common("a\n".repeat(FEW_LINES + 1).as_bytes(), b"b\n"));
    }

    #[test]
    fn common_ends_reach_over_blocks() {
        let shared = "x".repeat(3 * BLOCK + 7);
        let (one, other) = (format!("{shared}a{shared}"), format!("{shared}bc{shared}"));

        assert_eq!(common_start(one.as_bytes(), other.as_bytes()), shared.len());
        assert_eq!(common_end(one.as_bytes(), other.as_bytes()), shared.len());
        assert_eq!(common_start(shared.as_bytes(), shared.as_bytes()), shared.len());
    }

    proptest::proptest! {
        #[test]
        fn what_is_cut_off_is_the_same_on_both_sides(old in "[ab\n]{0,12}", new in "[ab\n]{0,12}") {
            let (short_old, short_new) = ends(&old, &new);

            proptest::prop_assert_eq!(old.len() - short_old.len(), new.len() - short_new.len());
            let added = i64::from(count_lines(new.as_bytes())) - i64::from(count_lines(old.as_bytes()));
            let short = i64::from(count_lines(short_new.as_bytes())) - i64::from(count_lines(short_old.as_bytes()));
            proptest::prop_assert_eq!(added, short);
        }
    }
}
