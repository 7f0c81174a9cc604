//! A repository's object database: its head, the files of a commit, and the bytes of a blob.
//!
//! Nothing outside the git directory is read: no user or system configuration, no work tree, no
//! filter, no replacement object. An object that is missing or damaged is a value to report, not an
//! error, because a partial clone or a bad disk must not hide the rest of a repository.

use std::path::Path;

use gix::{
    bstr::{BStr, ByteSlice},
    head::Kind as HeadKind,
    objs::{Kind, TreeRefIter, tree},
    odb::pack::cache::lru::MemoryCappedHashmap,
    sec::Trust,
};

use super::Oid;

/// Each reader's memory for the objects that others in a pack are stored as differences to.
const PACK_CACHE_BYTES: usize = 16 * 1024 * 1024;

const NO_REPLACEMENTS: &str = "core.useReplaceRefs=false";
/// Without it reduced trust takes objects above 16 MiB for an attack.
const ALLOCATION_LIMIT: &str = "gitoxide.objects.allocLimit=128m";

/// Trees larger than this are taken as an attack: it is room for over a million entries.
const MAX_TREE_BYTES: u64 = 64 * 1024 * 1024;

/// Longer ones are left out: no system takes them for a file's path, and no index for a key.
const MAX_PATH_BYTES: usize = 2_000;

/// How much of a path is told of what was left out.
const SHOWN_PATH_BYTES: usize = 200;

/// What the paths of a commit may take on average; people's come to fifty.
const PATH_BYTES: usize = 256;

/// An opened object database, cheap to share between threads.
#[derive(Clone)]
pub struct ObjectStore(gix::ThreadSafeRepository);

/// Where a repository's HEAD points.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// The branch without `refs/heads/`; none where HEAD is detached.
    pub branch: Option<String>,
    pub commit: Oid,
}

/// How large a commit's tree may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TreeLimits {
    /// Entries of all directories together, directories included.
    pub files: usize,
    /// Directories inside each other.
    pub depth: usize,
}

impl Default for TreeLimits {
    fn default() -> Self {
        Self { files: 500_000, depth: 128 }
    }
}

/// What stands at a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EntryKind {
    File,
    Executable,
    Symlink,
    Submodule,
}

/// One file of a commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TreeEntry {
    /// From the root, separated by `/`; bytes that are no UTF-8 are replaced.
    pub path: String,
    pub oid: Oid,
    pub kind: EntryKind,
}

/// The files of a commit, sorted as git sorts them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tree {
    pub entries: Vec<TreeEntry>,
    /// What is not among the entries, its path shortened.
    pub left_out: Vec<(LeftOut, String)>,
}

/// Why an entry is not listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LeftOut {
    /// A directory whose object is missing or damaged, or an entry with an impossible name.
    Unreadable,
    /// A directory below [`TreeLimits::depth`].
    TooDeep,
    /// Longer than any system takes.
    PathTooLong,
}

/// A blob's content, as far as it can be had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Blob {
    Bytes(Vec<u8>),
    /// Larger than asked for; the size in bytes.
    TooLarge(u64),
    /// Missing, damaged, or no blob.
    Missing,
}

/// Why a repository cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ObjectError {
    #[error("`{path}` is not a git repository that can be read: {reason}")]
    Open { path: String, reason: String },
    #[error("HEAD cannot be followed: {0}")]
    Head(String),
    #[error("the commit {0} or its tree is missing or damaged: fetch the repository again")]
    MissingCommit(Oid),
    #[error(
        "the commit has more than {0} files and directories: raise `scanner.max_files` to read it"
    )]
    TooManyFiles(usize),
    #[error(
        "the paths of the commit's files come to more than {0} bytes: raise `scanner.max_files` to read it"
    )]
    PathsTooLong(usize),
}

impl ObjectError {
    /// Whether objects are missing or broken, rather than too many.
    pub const fn is_damage(&self) -> bool {
        match self {
            Self::Open { .. } | Self::Head(_) | Self::MissingCommit(_) => true,
            Self::TooManyFiles(_) | Self::PathsTooLong(_) => false,
        }
    }
}

impl ObjectStore {
    /// Opens a bare repository, a work tree or its `.git`, whoever owns the directory.
    pub fn open(path: &Path) -> Result<Self, ObjectError> {
        // Reduced trust is what a stranger's directory would get: the same answer for every owner.
        let options = gix::open::Options::isolated()
            .with(Trust::Reduced)
            .config_overrides([NO_REPLACEMENTS, ALLOCATION_LIMIT]);
        gix::ThreadSafeRepository::open_opts(path, options).map(Self).map_err(|error| {
            // The outermost error only says that something failed.
            let reasons: Vec<_> = error.iter_errors().map(ToString::to_string).collect();
            ObjectError::Open { path: path.display().to_string(), reason: reasons.join(": ") }
        })
    }

    /// The commit HEAD points to; none for a repository without commits.
    pub fn head(&self) -> Result<Option<Head>, ObjectError> {
        let repository = self.0.to_thread_local();
        let failed = |error: gix::Error| ObjectError::Head(error.to_string());
        let mut head = repository.head().map_err(failed)?;
        let branch = match &head.kind {
            HeadKind::Unborn(_) => return Ok(None),
            HeadKind::Symbolic(reference) => Some(reference.name.shorten().to_string()),
            HeadKind::Detached { .. } => None,
        };
        let commit = head.peel_to_commit().map_err(failed)?;
        Ok(Some(Head { branch, commit: commit.id.into() }))
    }

    /// Lists the files of a commit.
    pub fn tree(&self, commit: Oid, limits: &TreeLimits) -> Result<Tree, ObjectError> {
        let reader = self.reader();
        let root = reader.root_tree(commit).ok_or(ObjectError::MissingCommit(commit))?;
        let data = reader.tree_bytes(root).ok_or(ObjectError::MissingCommit(commit))?;
        let mut walk = Walk { reader: &reader, limits, seen: 0, bytes: 0, tree: Tree::default() };
        walk.directory("", 0, &data)?;
        Ok(walk.tree)
    }

    /// Lists the files of a tree that is at hand.
    #[cfg(feature = "fuzzing")]
    pub(super) fn tree_of(&self, data: &[u8], limits: &TreeLimits) -> Result<Tree, ObjectError> {
        let reader = self.reader();
        let mut walk = Walk { reader: &reader, limits, seen: 0, bytes: 0, tree: Tree::default() };
        walk.directory("", 0, data)?;
        Ok(walk.tree)
    }

    /// A handle for one thread: it keeps its own caches.
    pub fn reader(&self) -> Reader {
        let mut repository = self.0.to_thread_local();
        repository.objects.set_pack_cache(|| Box::new(MemoryCappedHashmap::new(PACK_CACHE_BYTES)));
        Reader(repository)
    }
}

/// One thread's way to the objects.
pub struct Reader(gix::Repository);

impl Reader {
    /// Reads a blob; the size is asked first, so that a large one costs no memory.
    pub fn blob(&self, oid: Oid, max_bytes: u64) -> Blob {
        match self.bytes(oid, Kind::Blob, max_bytes) {
            Some(Ok(bytes)) => Blob::Bytes(bytes),
            Some(Err(size)) => Blob::TooLarge(size),
            None => Blob::Missing,
        }
    }

    /// The size of a blob in bytes, without reading it; none where it is missing.
    pub fn size(&self, oid: Oid) -> Option<u64> {
        let header = self.0.try_find_header(oid).ok()??;
        (header.kind() == Kind::Blob).then(|| header.size())
    }

    /// None: missing, damaged or of another kind. Err: too large, with the size.
    fn bytes(&self, oid: Oid, kind: Kind, max_bytes: u64) -> Option<Result<Vec<u8>, u64>> {
        let header = self.0.try_find_header(oid).ok()??;
        if header.kind() != kind {
            return None;
        }
        if header.size() > max_bytes {
            return Some(Err(header.size()));
        }
        Some(Ok(self.0.try_find_object(oid).ok()??.detach().data))
    }

    fn root_tree(&self, commit: Oid) -> Option<Oid> {
        let object = self.0.try_find_object(commit).ok()??;
        Some(object.peel_to_tree().ok()?.id.into())
    }

    fn tree_bytes(&self, oid: Oid) -> Option<Vec<u8>> {
        if gix::ObjectId::from(oid) == gix::ObjectId::empty_tree(gix::hash::Kind::Sha1) {
            return Some(Vec::new());
        }
        self.bytes(oid, Kind::Tree, MAX_TREE_BYTES)?.ok()
    }
}

struct Walk<'a> {
    reader: &'a Reader,
    limits: &'a TreeLimits,
    seen: usize,
    /// Of all paths: a long one can be given to many files in a few bytes.
    bytes: usize,
    tree: Tree,
}

impl Walk<'_> {
    /// Recursion is bounded by `limits.depth`, and by the length of a path.
    fn directory(&mut self, path: &str, depth: usize, data: &[u8]) -> Result<(), ObjectError> {
        for entry in TreeRefIter::from_bytes(data, gix::hash::Kind::Sha1) {
            let Ok(entry) = entry else {
                self.leave_out(LeftOut::Unreadable, path);
                break;
            };
            self.entry(path, depth, &entry)?;
        }
        Ok(())
    }

    /// Counts directories too: empty ones can be nested without end in a few bytes.
    fn count(&mut self, path: &str) -> Result<(), ObjectError> {
        self.seen += 1;
        if self.seen > self.limits.files {
            return Err(ObjectError::TooManyFiles(self.limits.files));
        }
        self.bytes += path.len();
        let limit = self.limits.files.saturating_mul(PATH_BYTES);
        if self.bytes > limit { Err(ObjectError::PathsTooLong(limit)) } else { Ok(()) }
    }

    fn leave_out(&mut self, reason: LeftOut, path: &str) {
        let end = path.floor_char_boundary(SHOWN_PATH_BYTES);
        let shown = path.get(..end).unwrap_or_default();
        let dots = if end < path.len() { "…" } else { "" };
        self.tree.left_out.push((reason, format!("{shown}{dots}")));
    }

    fn entry(
        &mut self,
        directory: &str,
        depth: usize,
        entry: &tree::EntryRef<'_>,
    ) -> Result<(), ObjectError> {
        let path = join(directory, entry.filename);
        if path.len() > MAX_PATH_BYTES {
            self.count("")?;
            self.leave_out(LeftOut::PathTooLong, &path);
            return Ok(());
        }
        self.count(&path)?;
        if !is_plain_name(entry.filename) {
            self.leave_out(LeftOut::Unreadable, &path);
            return Ok(());
        }
        let oid = Oid::from(entry.oid.to_owned());
        let kind = match entry.mode.kind() {
            tree::EntryKind::Tree => return self.subdirectory(&path, depth + 1, oid),
            tree::EntryKind::Blob => EntryKind::File,
            tree::EntryKind::BlobExecutable => EntryKind::Executable,
            tree::EntryKind::Link => EntryKind::Symlink,
            tree::EntryKind::Commit => EntryKind::Submodule,
        };
        self.tree.entries.push(TreeEntry { path, oid, kind });
        Ok(())
    }

    fn subdirectory(&mut self, path: &str, depth: usize, oid: Oid) -> Result<(), ObjectError> {
        if depth > self.limits.depth {
            self.leave_out(LeftOut::TooDeep, path);
        } else if let Some(data) = self.reader.tree_bytes(oid) {
            return self.directory(path, depth, &data);
        } else {
            self.leave_out(LeftOut::Unreadable, path);
        }
        Ok(())
    }
}

/// Git makes no such names; a forged tree could use them to point outside.
fn is_plain_name(name: &BStr) -> bool {
    !matches!(name.as_bytes(), b"" | b"." | b"..") && !name.contains(&b'/')
}

fn join(directory: &str, name: &BStr) -> String {
    let name = name.to_str_lossy();
    if directory.is_empty() { name.into_owned() } else { format!("{directory}/{name}") }
}

#[cfg(test)]
#[path = "objects_tests.rs"]
mod tests;
