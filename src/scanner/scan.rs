//! The scan itself: plan what to read, read it, and have the facts put together.

use std::{
    collections::HashMap,
    sync::{Arc, atomic::Ordering},
};

use super::{
    attributes::{Attributes, Treatment},
    codeowners::{self, Codeowners},
    facts::{BlobFacts, FactKey, KnownFacts, Reading},
    gather::{self, Outcome, Wanted, Watch},
    model::{ScanReport, Submodule, WarningCode},
    report::{Assembly, CountedFile},
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
    file: CountedFile,
    /// Index into the plan's `wanted`.
    wanted: usize,
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
            let file = CountedFile { path: entry.path, is_generated, is_documentation };
            self.files.push(PlannedFile { file, wanted: index });
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
        let mut assembly = Assembly::new(self.warnings);
        for PlannedFile { file, wanted } in &self.files {
            let (Some(wanted), Some(outcome)) = (self.wanted.get(*wanted), outcomes.get(*wanted))
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
        let mut report = assembly
            .report(&options.repository_name, owners, &|| watch.is_stopped())
            .ok_or(ScanError::Cancelled)?;
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

#[cfg(test)]
#[path = "scan_tests.rs"]
mod tests;
