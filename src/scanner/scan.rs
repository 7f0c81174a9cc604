//! The scan itself: plan what to read, read it, and put the facts together.

use std::{
    borrow::Cow,
    collections::{BTreeMap, HashMap, HashSet},
    sync::{Arc, atomic::Ordering},
};

use super::{
    attributes::{Attributes, Treatment},
    codeowners::{self, Codeowners},
    details::Details,
    detectors::CHAIN,
    facts::{BlobFacts, FactKey, KnownFacts, Reading, Unread},
    gather::{self, Outcome, Wanted, Watch},
    languages,
    manifest::{Contribution, Finding, TaskList},
    model::{
        Language, OwnersFile, Project, ScanReport, Submodule, Task, Todo, TreeSize, WarningCode,
    },
    paths,
    projects::{self, Placed, Standing},
    submodules,
    warnings::Warnings,
};
use crate::repositories::{
    Oid,
    objects::{
        Blob, EntryKind, LeftOut, ObjectError, ObjectStore, Reader, Tree, TreeEntry, TreeLimits,
    },
};

/// What a scan is told.
#[derive(Debug, Clone)]
pub struct ScanOptions {
    /// Names a project at the root that has no name of its own.
    pub repository_name: String,
    pub tree: TreeLimits,
    /// `scanner.max_blob_bytes`: larger files are not read.
    pub max_blob_bytes: u64,
}

/// What a scan gives back.
#[derive(Debug)]
pub struct Scan {
    pub report: ScanReport,
    /// To be kept and given to the next scan.
    pub new_facts: Vec<(FactKey, BlobFacts)>,
    pub counts: ScanCounts,
    /// Says of the paths of earlier commits, too, whose work they are.
    pub attributes: Arc<Attributes>,
}

/// How much a scan looked at.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct ScanCounts {
    /// Files of the commit.
    pub files: usize,
    /// Blobs that were read.
    pub read: usize,
    /// Blobs whose facts were known.
    pub reused: usize,
}

/// Why there is no result.
#[derive(Debug, thiserror::Error)]
pub enum ScanError {
    #[error(transparent)]
    Objects(#[from] ObjectError),
    #[error("the scan was cancelled")]
    Cancelled,
}

/// What a scan of one commit will read: its keys say which facts to look up.
pub struct Plan {
    wanted: Vec<Wanted>,
    /// In the tree's order.
    files: Vec<PlannedFile>,
    warnings: Warnings,
    file_count: usize,
    vendored: u64,
    attributes: Arc<Attributes>,
    submodules: Vec<Submodule>,
    owners: Option<(String, Codeowners)>,
}

struct PlannedFile {
    path: String,
    /// Index into the plan's `wanted`.
    wanted: usize,
    is_generated: bool,
    is_documentation: bool,
}

impl ScanOptions {
    pub fn new(repository_name: impl Into<String>) -> Self {
        Self {
            repository_name: repository_name.into(),
            tree: TreeLimits::default(),
            max_blob_bytes: 2 * 1024 * 1024,
        }
    }
}

/// Plans and runs a scan in one go.
pub fn scan(
    store: &ObjectStore,
    commit: Oid,
    options: &ScanOptions,
    known: &KnownFacts,
    watch: &Watch,
) -> Result<Scan, ScanError> {
    Plan::new(store, commit, options)?.run(store, options, known, watch)
}

impl Plan {
    /// Lists the commit's files and decides how each is read.
    pub fn new(store: &ObjectStore, commit: Oid, options: &ScanOptions) -> Result<Self, ScanError> {
        let tree = store.tree(commit, &options.tree)?;
        let reader = store.reader();
        let mut plan = Self {
            wanted: Vec::new(),
            files: Vec::new(),
            warnings: Warnings::default(),
            file_count: tree.entries.len(),
            vendored: 0,
            attributes: Arc::new(Attributes::read(&tree.entries, &reader)),
            submodules: Vec::new(),
            owners: None,
        };
        plan.owners = owners(&tree.entries, &reader, options, &mut plan.warnings);
        plan.submodules =
            submodules::find(&tree.entries, pinned(&tree), &reader, &mut plan.warnings);
        plan.add(tree);
        Ok(plan)
    }

    /// Says whose work the paths of this and of earlier commits are.
    pub fn attributes(&self) -> Arc<Attributes> {
        Arc::clone(&self.attributes)
    }

    /// The facts this scan needs, each once.
    pub fn keys(&self) -> impl ExactSizeIterator<Item = &FactKey> {
        self.wanted.iter().map(|wanted| &wanted.key)
    }

    fn add(&mut self, tree: Tree) {
        for (reason, path) in &tree.left_out {
            let (code, message) = told(*reason);
            self.warnings.add(code, path, message);
        }
        let mut indices: HashMap<FactKey, usize> = HashMap::new();
        for entry in tree.entries {
            match entry.kind {
                EntryKind::File | EntryKind::Executable => {}
                EntryKind::Symlink | EntryKind::Submodule => continue,
            }
            let Treatment { is_vendored, is_generated, is_documentation, language } =
                self.attributes.of(&entry.path);
            if is_vendored {
                self.vendored += 1;
                continue;
            }
            let reading = Reading::in_language(&entry.path, language.as_deref());
            let key = reading.key(entry.oid, &entry.path);
            let index = *indices.entry(key).or_insert_with_key(|key| {
                let path = entry.path.clone();
                self.wanted.push(Wanted { key: key.clone(), reading, path });
                self.wanted.len() - 1
            });
            self.files.push(PlannedFile {
                path: entry.path,
                wanted: index,
                is_generated,
                is_documentation,
            });
        }
    }

    /// Reads the blobs whose facts are not `known`, and reports.
    pub fn run(
        self,
        store: &ObjectStore,
        options: &ScanOptions,
        known: &KnownFacts,
        watch: &Watch,
    ) -> Result<Scan, ScanError> {
        let outcomes = gather::gather(store, &self.wanted, known, options.max_blob_bytes, watch)
            .ok_or(ScanError::Cancelled)?;
        let mut assembly = Assembly { warnings: self.warnings, ..Assembly::default() };
        for file in &self.files {
            let (Some(wanted), Some(outcome)) =
                (self.wanted.get(file.wanted), outcomes.get(file.wanted))
            else {
                continue;
            };
            let path = file.path.as_str();
            match outcome {
                Outcome::Known => {
                    if let Some(facts) = known.get(&wanted.key) {
                        assembly.file(file, wanted.reading, facts);
                    }
                }
                Outcome::New(facts) => assembly.file(file, wanted.reading, facts),
                Outcome::TooLarge(size) => assembly.too_large(path, *size, options.max_blob_bytes),
                Outcome::Missing => assembly.warnings.add(
                    WarningCode::ObjectMissing,
                    path,
                    "The file's content is missing or damaged: fetch the repository again.",
                ),
                Outcome::Failed => assembly.warnings.add(
                    WarningCode::BrokenManifest,
                    path,
                    "The file could not be read and was left out: please report it.",
                ),
            }
        }
        let owners = self.owners.as_ref().map(|(path, owners)| (path.as_str(), owners));
        let mut report = assembly.report(&options.repository_name, owners);
        report.size.vendored_files = self.vendored;
        report.submodules = self.submodules;
        let read =
            usize::try_from(watch.progress.total.load(Ordering::Relaxed)).unwrap_or(usize::MAX);
        let counts = ScanCounts {
            files: self.file_count,
            read,
            reused: self.wanted.len().saturating_sub(read),
        };
        let new_facts = self.wanted.into_iter().zip(outcomes).filter_map(|(wanted, outcome)| {
            if let Outcome::New(facts) = outcome { Some((wanted.key, facts)) } else { None }
        });
        let new_facts = new_facts.collect();
        Ok(Scan { report, new_facts, counts, attributes: self.attributes })
    }
}

fn told(reason: LeftOut) -> (WarningCode, &'static str) {
    match reason {
        LeftOut::Unreadable => (
            WarningCode::ObjectMissing,
            "This directory cannot be read, so what is in it is not listed: fetch the repository again.",
        ),
        LeftOut::TooDeep => (
            WarningCode::TooDeep,
            "Directories are nested deeper than `scanner.max_depth` here, so what is below is not listed: raise it to read that too.",
        ),
        LeftOut::PathTooLong => (
            WarningCode::PathTooLong,
            "The path is longer than any system takes, so what stands there is not listed: give it a shorter one.",
        ),
    }
}

/// The commits that stand at paths.
fn pinned(tree: &Tree) -> Vec<(String, Oid)> {
    let modules = tree.entries.iter().filter(|entry| entry.kind == EntryKind::Submodule);
    modules.map(|entry| (entry.path.clone(), entry.oid)).collect()
}

/// Reads the CODEOWNERS file that counts.
fn owners(
    entries: &[TreeEntry],
    reader: &Reader,
    options: &ScanOptions,
    warnings: &mut Warnings,
) -> Option<(String, Codeowners)> {
    let is_file =
        |entry: &&TreeEntry| matches!(entry.kind, EntryKind::File | EntryKind::Executable);
    let entry = codeowners::PLACES
        .iter()
        .find_map(|place| entries.iter().filter(is_file).find(|entry| entry.path == *place))?;
    let Blob::Bytes(bytes) = reader.blob(entry.oid, options.max_blob_bytes) else { return None };
    let owners = Codeowners::parse(&String::from_utf8_lossy(&bytes));
    for (line, reason) in &owners.problems {
        let message = format!("Line {line} is left out: {reason}.");
        warnings.add(WarningCode::BrokenOwners, &entry.path, message);
    }
    Some((entry.path.clone(), owners))
}

/// The facts of all files, on their way into a report.
#[derive(Default)]
struct Assembly<'a> {
    files: Vec<Seen<'a>>,
    manifests: Vec<Placed<'a>>,
    lists: Vec<(&'a str, &'a TaskList)>,
    details: Details<'a>,
    size: TreeSize,
    warnings: Warnings,
}

/// A file whose text was looked at.
#[derive(Clone, Copy)]
struct Seen<'a> {
    path: &'a str,
    facts: &'a BlobFacts,
    is_generated: bool,
    is_documentation: bool,
}

impl<'a> Assembly<'a> {
    fn file(&mut self, file: &'a PlannedFile, reading: Reading, facts: &'a BlobFacts) {
        let &PlannedFile { ref path, is_generated, is_documentation, .. } = file;
        self.details.size(path, facts.size);
        if let Some(document) = &facts.document {
            self.details.document(path, document);
        }
        match facts.unread {
            Some(Unread::LargeFilePointer) => self.pointer(path, reading, facts),
            Some(Unread::Binary | Unread::Minified) => {}
            None => self.files.push(Seen { path, facts, is_generated, is_documentation }),
        }
        if let (Some(detector), Some(finding)) = (reading.detector, &facts.finding) {
            self.finding(file, detector, finding);
        }
    }

    /// Pointers are counted; only a manifest that is one is missed.
    fn pointer(&mut self, path: &str, reading: Reading, facts: &BlobFacts) {
        self.size.large_files += 1;
        self.size.large_bytes += facts.large_file.as_ref().map_or(0, |file| file.size);
        if reading.detector.is_some() {
            self.warnings.add(
                WarningCode::LargeFilePointer,
                path,
                "Only a Git LFS pointer is in the repository, so what this file says is not read.",
            );
        }
    }

    fn finding(&mut self, file: &'a PlannedFile, detector: usize, finding: &'a Finding) {
        let path = file.path.as_str();
        for problem in &finding.problems {
            self.warnings.add(problem.code, path, problem.message.clone());
        }
        let (manifest, standing) = match &finding.contribution {
            Contribution::Project(manifest) => (manifest, Standing::Project),
            Contribution::Addition(manifest) => (manifest, Standing::Addition),
            Contribution::Component(manifest) => (manifest, Standing::Component),
            Contribution::Remark(manifest) => (manifest, Standing::Remark),
            Contribution::Tasks(_) if file.is_generated => return,
            Contribution::Tasks(list) => return self.lists.push((path, list)),
        };
        let directory = Cow::Borrowed(paths::directory(path));
        let manifest = Cow::Borrowed(manifest.as_ref());
        self.manifests.push(Placed { path, directory, detector, manifest, standing });
    }

    fn too_large(&mut self, path: &'a str, size: u64, limit: u64) {
        self.details.size(path, size);
        if languages::is_lock_file(path) {
            return;
        }
        let is_manifest = CHAIN.iter().any(|one| one.reads(super::detectors::FileName(path)));
        let what = if is_manifest { "manifest" } else { "file" };
        let message = format!(
            "The {what} has {size} bytes, more than the {limit} of `scanner.max_blob_bytes`, and was not read."
        );
        self.warnings.add(WarningCode::FileTooLarge, path, message);
    }

    fn report(
        mut self,
        repository_name: &str,
        owners_file: Option<(&str, &Codeowners)>,
    ) -> ScanReport {
        let directories = directories(&self.files);
        let mut projects =
            projects::assemble(&self.manifests, &directories, repository_name, &mut self.warnings);
        let owners = Owners::new(&projects);
        self.details.describe(&mut projects, &owners, owners_file.map(|(_, owners)| owners));
        let languages = count_languages(&self.files, &owners, &mut projects);
        let mut todos = Vec::new();
        for file in self.files.iter().filter(|file| !file.is_generated) {
            let room = MAX_REPORTED.saturating_sub(todos.len());
            if room < file.facts.markers.len() {
                self.warnings.add(WarningCode::ListTruncated, file.path, TOO_MANY);
            }
            todos.extend(todos_of(file.path, file.facts, &owners).take(room));
        }
        todos.sort_by(|a, b| (&a.path, a.line).cmp(&(&b.path, b.line)));
        self.lists.sort_by_key(|(path, _)| *path);
        let mut tasks = Vec::new();
        for (path, list) in &self.lists {
            let first = tasks.len();
            // Tasks stand behind those they are part of, so that none loses its parent.
            let room = MAX_REPORTED.saturating_sub(first);
            if room < list.tasks.len() {
                self.warnings.add(WarningCode::ListTruncated, path, TOO_MANY);
            }
            tasks.extend(tasks_of(path, list, first, &owners).take(room));
        }
        warn_of_duplicates(&tasks, &mut self.warnings);
        let (files, bytes) = self.details.total();
        let owners_file = owners_file.map(|(path, owners)| OwnersFile {
            path: path.to_owned(),
            rules: u64::try_from(owners.len()).unwrap_or(u64::MAX),
            owners: owners.of_directory("."),
        });
        ScanReport {
            projects,
            tasks,
            todos,
            languages,
            size: TreeSize { files, bytes, ..self.size },
            submodules: Vec::new(),
            owners_file,
            warnings: self.warnings.finish(),
        }
    }
}

/// Tasks, and notes, of one repository. The same small file at a great many paths would else fill
/// the memory.
const MAX_REPORTED: usize = 200_000;
const TOO_MANY: &str =
    "The repository has more of them than are kept, so those from here on are left out.";

/// All directories that have a file below them.
fn directories<'a>(files: &[Seen<'a>]) -> HashSet<&'a str> {
    let mut all = HashSet::from(["."]);
    for file in files {
        for directory in paths::around(paths::directory(file.path)) {
            if !all.insert(directory) {
                break;
            }
        }
    }
    all
}

/// The report of files that are at hand.
#[cfg(feature = "fuzzing")]
pub(super) fn report_of(
    files: &[(&str, Reading, BlobFacts)],
    owners: Option<(&str, &Codeowners)>,
) -> ScanReport {
    let planned = |path: &str| PlannedFile {
        path: path.to_owned(),
        wanted: 0,
        is_generated: false,
        is_documentation: false,
    };
    let planned: Vec<_> = files.iter().map(|(path, ..)| planned(path)).collect();
    let mut assembly = Assembly::default();
    for (file, (_, reading, facts)) in planned.iter().zip(files) {
        assembly.file(file, *reading, facts);
    }
    assembly.report("demo", owners)
}

/// Which project a file belongs to: the nearest one around it.
pub(super) struct Owners(HashMap<String, usize>);

impl Owners {
    fn new(projects: &[Project]) -> Self {
        Self(projects.iter().enumerate().map(|(index, one)| (one.path.clone(), index)).collect())
    }

    /// The directory and index of the project.
    pub(super) fn of<'p>(&self, path: &'p str) -> Option<(&'p str, usize)> {
        paths::around(paths::directory(path))
            .find_map(|directory| Some((directory, *self.0.get(directory)?)))
    }

    fn name(&self, path: &str) -> Option<String> {
        self.of(path).map(|(directory, _)| directory.to_owned())
    }
}

fn count_languages(files: &[Seen<'_>], owners: &Owners, projects: &mut [Project]) -> Vec<Language> {
    let mut all: BTreeMap<&str, Language> = BTreeMap::new();
    let mut by_project: Vec<BTreeMap<&str, Language>> = vec![BTreeMap::new(); projects.len()];
    for Seen { path, facts, .. } in
        files.iter().filter(|file| !file.is_generated && !file.is_documentation)
    {
        let (Some(name), Some(lines)) = (&facts.language, facts.lines) else { continue };
        let own = owners.of(path).and_then(|(_, index)| by_project.get_mut(index));
        for counts in std::iter::once(&mut all).chain(own) {
            let language = counts.entry(name).or_default();
            language.files += 1;
            language.code += u64::from(lines.code);
            language.comments += u64::from(lines.comments);
            language.blanks += u64::from(lines.blanks);
        }
    }
    for (project, counts) in projects.iter_mut().zip(by_project) {
        project.languages = sorted(counts);
    }
    sorted(all)
}

fn sorted(counts: BTreeMap<&str, Language>) -> Vec<Language> {
    let named = |(name, counts): (&str, Language)| Language { name: name.to_owned(), ..counts };
    let mut languages: Vec<_> = counts.into_iter().map(named).collect();
    languages.sort_by(|a, b| (b.code, &a.name).cmp(&(a.code, &b.name)));
    languages
}

fn todos_of(path: &str, facts: &BlobFacts, owners: &Owners) -> impl Iterator<Item = Todo> {
    let project = (!facts.markers.is_empty()).then(|| owners.name(path)).flatten();
    let fixture = paths::is_fixture_directory(paths::directory(path));
    facts.markers.iter().map(move |fact| Todo {
        marker: fact.marker,
        text: fact.text.clone(),
        author: fact.author.clone(),
        path: path.to_owned(),
        line: fact.line,
        project: project.clone(),
        fixture,
    })
}

fn tasks_of(
    path: &str,
    list: &TaskList,
    first: usize,
    owners: &Owners,
) -> impl Iterator<Item = Task> {
    let project = owners.name(path);
    let fixture = paths::is_fixture_directory(paths::directory(path));
    list.tasks.iter().map(move |fact| Task {
        id: fact.id.clone(),
        title: fact.title.clone(),
        done: fact.done,
        section: fact.section.clone(),
        depth: fact.depth,
        parent: fact.parent.map(|parent| first + parent),
        path: path.to_owned(),
        line: fact.line,
        project: project.clone(),
        fixture,
        attributes: fact.attributes.clone().or(&list.defaults),
    })
}

fn warn_of_duplicates(tasks: &[Task], warnings: &mut Warnings) {
    let mut first: HashMap<&str, &Task> = HashMap::new();
    for task in tasks {
        let Some(id) = &task.id else { continue };
        if let Some(other) = first.get(id.as_str()) {
            let message = format!(
                "Line {} gives the id `{id}` again, after {} line {}: give one of them another number.",
                task.line, other.path, other.line
            );
            warnings.add(WarningCode::DuplicateTaskId, &task.path, message);
        } else {
            first.insert(id, task);
        }
    }
}

#[cfg(test)]
#[path = "scan_tests.rs"]
mod tests;
