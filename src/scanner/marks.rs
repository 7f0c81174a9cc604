//! Marks: what two versions of a file say in checkboxes and TODOs, and where they differ.
//!
//! The history module calls [`MarkObserver`] for each changed file. Most changes touch no mark, so
//! it looks for the words in the lines that differ before it reads a file's comments.

use std::{
    borrow::Cow,
    collections::HashMap,
    hash::{DefaultHasher, Hash, Hasher},
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

use aho_corasick::AhoCorasick;
use memchr::{memchr, memrchr};

use super::{
    attributes::Attributes,
    comments::MARKER_WORDS,
    detectors::{self, FileName},
    facts::{BlobFacts, Reading, Tools},
    manifest::Contribution,
    model::{Marker, Task, Todo},
    paths,
};
use crate::repositories::history::{Observer, Versions};

/// Raise it whenever the same bytes would give other marks: every history is then read again.
pub const MARKS_VERSION: i32 = 1;

/// A checkbox, or a note in a comment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    /// None for a checkbox.
    pub marker: Option<Marker>,
    /// `TASK-{SHORT}-{NUMBER}`, where it is given.
    pub id: Option<String>,
    pub title: String,
    /// The title without differences of case, spacing and closing signs: what makes two the same.
    pub words: String,
    /// The headings above it.
    pub section: Option<String>,
    /// Whom a note names.
    pub author: Option<String>,
    pub done: bool,
    /// From 1.
    pub line: u32,
    /// How many of its kind with the same words the file has.
    pub copies: u32,
    /// What stands before and after it, as hashes; 0 for nothing.
    pub around: (u64, u64),
}

/// The marks in which two versions of a file differ.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileMarks {
    pub path: String,
    /// Lies among test fixtures.
    pub fixture: bool,
    /// By line, like `after`.
    pub before: Vec<Mark>,
    pub after: Vec<Mark>,
}

impl Mark {
    pub fn of_task(task: &Task) -> Self {
        let section = section(&task.section);
        Self { id: task.id.clone(), section, ..Self::bare(&task.title, task.done, task.line) }
    }

    pub fn of_todo(todo: &Todo) -> Self {
        Self {
            marker: Some(todo.marker),
            author: todo.author.clone(),
            ..Self::bare(&todo.text, false, todo.line)
        }
    }

    /// A checkbox with nothing but these.
    pub fn bare(title: &str, done: bool, line: u32) -> Self {
        Self {
            marker: None,
            id: None,
            title: title.to_owned(),
            words: normalized(title),
            section: None,
            author: None,
            done,
            line,
            copies: 1,
            around: (0, 0),
        }
    }

    /// What is left out of a difference where both versions have it.
    fn content(&self) -> (Option<Marker>, Option<&str>, &str, Option<&str>, bool) {
        (self.marker, self.id.as_deref(), &self.words, self.section.as_deref(), self.done)
    }
}

/// The headings above a task on one line; none where there are none.
pub fn section(headings: &[String]) -> Option<String> {
    (!headings.is_empty()).then(|| headings.join(" › "))
}

/// The words of a text, as they are compared.
pub fn normalized(text: &str) -> String {
    let words = text.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase();
    words.trim_end_matches(['.', '!', ':', ';', ',', ' ']).to_owned()
}

/// Tells each mark of a file how many there are of it and what stands around it.
pub fn place(marks: &mut [Mark]) {
    let mut copies: HashMap<(bool, String), u32> = HashMap::new();
    for mark in marks.iter() {
        *copies.entry((mark.marker.is_some(), mark.words.clone())).or_default() += 1;
    }
    let hashes: Vec<u64> = marks.iter().map(|mark| hash(&mark.words)).collect();
    let at = |index: Option<usize>| index.and_then(|index| hashes.get(index)).copied().unwrap_or(0);
    for (index, mark) in marks.iter_mut().enumerate() {
        let key = (mark.marker.is_some(), mark.words.clone());
        mark.copies = copies.get(&key).copied().unwrap_or(1);
        mark.around = (at(index.checked_sub(1)), at(Some(index + 1)));
    }
}

fn hash(words: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    words.hash(&mut hasher);
    hasher.finish().max(1)
}

/// Takes from both sides what both have, as often as both have it.
fn cancel(before: Vec<Mark>, after: Vec<Mark>) -> (Vec<Mark>, Vec<Mark>) {
    let (gone, new) = (missing(&before, &after), missing(&after, &before));
    (keep(before, gone), keep(after, new))
}

/// For each of `marks`, whether the others lack it; of copies the first ones are found.
fn missing(marks: &[Mark], others: &[Mark]) -> Vec<bool> {
    let mut there: HashMap<_, u32> = HashMap::new();
    for other in others {
        *there.entry(other.content()).or_default() += 1;
    }
    let found = |mark| match there.get_mut(&Mark::content(mark)) {
        Some(times) if *times > 0 => {
            *times -= 1;
            true
        }
        _ => false,
    };
    marks.iter().map(found).map(|found| !found).collect()
}

fn keep(marks: Vec<Mark>, wanted: Vec<bool>) -> Vec<Mark> {
    marks.into_iter().zip(wanted).filter_map(|(mark, wanted)| wanted.then_some(mark)).collect()
}

/// Finds the marks in which the versions of changed files differ.
pub struct MarkObserver<'a> {
    /// `scanner.max_blob_bytes`: larger files are not read.
    pub max_bytes: usize,
    /// Those of the head, which tell whose work a path is in all of history.
    pub attributes: &'a Attributes,
}

/// What one thread needs to find marks.
pub struct MarkTools {
    tools: Tools,
    words: Option<AhoCorasick>,
}

impl Observer for MarkObserver<'_> {
    type Worker = MarkTools;
    type Seen = FileMarks;

    fn worker(&self) -> MarkTools {
        MarkTools {
            tools: Tools::sharing(Arc::default()),
            words: AhoCorasick::new(MARKER_WORDS).ok(),
        }
    }

    fn look(&self, worker: &mut MarkTools, file: &Versions<'_>) -> Option<FileMarks> {
        let path = String::from_utf8_lossy(file.path);
        if !detectors::is_task_list(FileName(&path)) && !worker.touches_marker(file.differing) {
            return None;
        }
        let treatment = self.attributes.of(&path);
        if treatment.is_foreign() {
            return None;
        }
        let reading = Reading::in_language(&path, treatment.language.as_deref());
        if reading.is_size_only() {
            return None;
        }
        let mut read = |source: &[u8]| self.marks(&mut worker.tools, source, reading, &path);
        let (before, after) = (read(file.old)?, read(file.new)?);
        let (before, after) = cancel(before, after);
        let differs = !before.is_empty() || !after.is_empty();
        differs.then(|| FileMarks {
            fixture: paths::is_fixture_directory(paths::directory(&path)),
            path: without_nul(path),
            before,
            after,
        })
    }
}

impl MarkObserver<'_> {
    /// The marks of one version; none at all where a parser gave up.
    fn marks(
        &self,
        tools: &mut Tools,
        source: &[u8],
        reading: Reading,
        path: &str,
    ) -> Option<Vec<Mark>> {
        if source.is_empty() || source.len() > self.max_bytes {
            return Some(Vec::new());
        }
        // The tools hold no half state.
        let facts = catch_unwind(AssertUnwindSafe(|| tools.facts(source, reading, path))).ok()?;
        let mut marks = marks_of(&facts);
        place(&mut marks);
        Some(marks)
    }
}

fn marks_of(facts: &BlobFacts) -> Vec<Mark> {
    let finding = facts.finding.iter();
    let lists = finding.filter_map(|finding| match &finding.contribution {
        Contribution::Tasks(list) => Some(&list.tasks),
        Contribution::Project(_)
        | Contribution::Addition(_)
        | Contribution::Component(_)
        | Contribution::Remark(_) => None,
    });
    let boxes = lists.flatten().map(|fact| Mark {
        id: fact.id.clone(),
        section: section(&fact.section),
        ..Mark::bare(&fact.title, fact.done, fact.line)
    });
    let notes = facts.markers.iter().map(|fact| Mark {
        marker: Some(fact.marker),
        author: fact.author.clone(),
        ..Mark::bare(&fact.text, false, fact.line)
    });
    boxes.chain(notes).collect()
}

impl MarkTools {
    /// Whether the lines with a marker's word differ; a line that only moved does not.
    fn touches_marker(&self, (old, new): (&[u8], &[u8])) -> bool {
        let Some(words) = &self.words else { return false };
        if !words.is_match(old) && !words.is_match(new) {
            return false;
        }
        let (mut old, mut new) = (marker_lines(words, old), marker_lines(words, new));
        old.sort_unstable();
        new.sort_unstable();
        old != new
    }
}

fn marker_lines<'a>(words: &AhoCorasick, text: &'a [u8]) -> Vec<&'a [u8]> {
    let mut lines = Vec::new();
    let mut rest = text;
    while let Some(found) = words.find(rest) {
        let (before, after) = rest.split_at_checked(found.start()).unwrap_or((rest, b""));
        let start = memrchr(b'\n', before).map_or(0, |at| at + 1);
        let end = memchr(b'\n', after).map_or(rest.len(), |at| found.start() + at);
        lines.push(rest.get(start..end).unwrap_or_default().trim_ascii());
        rest = rest.get(end..).unwrap_or_default();
    }
    lines
}

fn without_nul(path: Cow<'_, str>) -> String {
    if path.contains('\0') { path.replace('\0', "\u{fffd}") } else { path.into_owned() }
}

#[cfg(test)]
#[path = "marks_tests.rs"]
mod tests;
