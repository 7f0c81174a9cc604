//! The files of a mirror: making, locking, cleaning and opening them, and its references.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    fs::{self, DirBuilder, File, TryLockError},
    io::{self, Write as _},
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
};

use super::FetchError;
use crate::repositories::Oid;

const LOCK: &str = "fetch.lock";
const PACKED: &str = "packed-refs";
const CONFIG: &str = "[core]\n\trepositoryformatversion = 0\n\tbare = true\n";

/// Makes an empty mirror unless one is there.
///
/// By hand rather than with `gix::init_bare`, which reads the user's configuration and templates.
pub(super) fn create(path: &Path) -> Result<(), FetchError> {
    if path.join("HEAD").exists() {
        return Ok(());
    }
    let make = || -> io::Result<()> {
        let mut directories = DirBuilder::new();
        directories.recursive(true).mode(0o700);
        for part in ["objects/pack", "objects/info", "refs/heads", "refs/tags"] {
            directories.create(path.join(part))?;
        }
        fs::write(path.join("config"), CONFIG)?;
        // Last: with HEAD the directory is a repository.
        replace(path, "HEAD", b"ref: refs/heads/main\n")
    };
    make().map_err(|source| disk(path, source))
}

/// Held while a fetch runs; the system lets go of it when the process ends, however it ends.
pub(super) fn lock(path: &Path) -> Result<File, FetchError> {
    let file = File::create(path.join(LOCK)).map_err(|source| disk(path, source))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(FetchError::Busy),
        Err(TryLockError::Error(source)) => Err(disk(path, source)),
    }
}

/// Bytes of a mirror on the disk: its packs, finished or not.
pub(super) fn size(path: &Path) -> u64 {
    let packs = fs::read_dir(path.join("objects/pack"));
    let files = packs.into_iter().flatten().flatten().filter_map(|file| file.metadata().ok());
    files.map(|file| file.len()).sum()
}

/// The names of a mirror's packs.
pub(super) fn packs(path: &Path) -> Result<BTreeSet<PathBuf>, FetchError> {
    let files = files(&path.join("objects/pack")).map_err(|source| disk(path, source))?;
    Ok(files.into_iter().collect())
}

/// Removes the packs that were not there before; nothing refers to them yet.
pub(super) fn remove_new_packs(path: &Path, before: &BTreeSet<PathBuf>) -> Result<(), FetchError> {
    let now = packs(path)?;
    let mut new = now.difference(before);
    new.try_for_each(fs::remove_file).map_err(|source| disk(path, source))
}

/// Removes what a fetch left behind that was killed: unfinished packs and lock files.
pub(super) fn clean(path: &Path) -> Result<(), FetchError> {
    let leftovers = || -> io::Result<Vec<PathBuf>> {
        let packs = files(&path.join("objects/pack"))?;
        let unfinished = packs.iter().filter(|file| is_unfinished(file));
        let root = files(path)?;
        let locks = root.iter().filter(|file| is_stale(file));
        Ok(unfinished.chain(locks).cloned().collect())
    };
    leftovers()
        .and_then(|files| files.iter().try_for_each(fs::remove_file))
        .and_then(|()| forget_incoming(path))
        .map_err(|source| disk(path, source))
}

/// Takes out references that were fetched but never became those of the mirror.
fn forget_incoming(path: &Path) -> io::Result<()> {
    let text = match fs::read_to_string(path.join(PACKED)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        answer => answer?,
    };
    if !text.contains(" refs/incoming/") {
        return Ok(());
    }
    let mut is_kept = true;
    let kept = text.split_inclusive('\n').filter(|line| {
        // A line with ^ belongs to the one before it.
        is_kept = if line.starts_with('^') { is_kept } else { !line.contains(" refs/incoming/") };
        is_kept
    });
    replace(path, PACKED, kept.collect::<String>().as_bytes())
}

/// The references as they are on the disk, to be compared.
pub(super) fn snapshot(path: &Path) -> Result<[Vec<u8>; 2], FetchError> {
    let read = |name: &str| match fs::read(path.join(name)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        answer => answer.map_err(|source| disk(path, source)),
    };
    Ok([read(PACKED)?, read("HEAD")?])
}

/// Opens the mirror with nothing from outside of it, and with memory bounded.
pub(super) fn open(path: &Path, max_object_bytes: u64) -> Result<gix::Repository, FetchError> {
    let options = gix::open::Options::isolated()
        // Its owner is this process, or whoever restored the backup.
        .with(gix::sec::Trust::Full)
        .open_path_as_is(true)
        .config_overrides([
            format!("gitoxide.objects.allocLimit={max_object_bytes}"),
            "core.logAllRefUpdates=false".to_owned(),
        ]);
    gix::open_opts(path, options).map_err(|error| FetchError::Damaged { reason: error.to_string() })
}

/// The references of a mirror: names to objects, and what HEAD says.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct References {
    pub(super) targets: BTreeMap<String, Oid>,
    pub(super) head: Option<Head>,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Head {
    Branch(String),
    Detached(Oid),
}

impl References {
    /// Makes these the references of the mirror, and no others.
    pub(super) fn write(&self, path: &Path) -> Result<(), FetchError> {
        // References first: HEAD may name a branch that only now exists.
        replace(path, PACKED, self.packed().as_bytes())
            .and_then(|()| replace(path, "HEAD", self.head_line().as_bytes()))
            .map_err(|source| disk(path, source))
    }

    /// The file format of `git pack-refs`: git and gix search it by halves, so it is sorted.
    fn packed(&self) -> String {
        let mut text = String::from("# pack-refs with: sorted \n");
        for (name, target) in &self.targets {
            // Writing to a String cannot fail.
            writeln!(text, "{target} {name}").unwrap_or_default();
        }
        text
    }

    fn head_line(&self) -> String {
        match &self.head {
            Some(Head::Branch(name)) => format!("ref: {name}\n"),
            Some(Head::Detached(id)) => format!("{id}\n"),
            None => "ref: refs/heads/main\n".to_owned(),
        }
    }
}

/// A directory next to the mirror, on the same file system.
pub(super) fn beside(path: &Path, word: &str) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{word}"));
    path.with_file_name(name)
}

pub(super) fn remove(path: &Path) -> Result<(), FetchError> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(disk(path, error)),
        Ok(()) | Err(_) => Ok(()),
    }
}

pub(super) fn rename(from: &Path, to: &Path) -> Result<(), FetchError> {
    fs::rename(from, to).map_err(|source| disk(to, source))
}

fn files(directory: &Path) -> io::Result<Vec<PathBuf>> {
    fs::read_dir(directory)?
        .map(|entry| entry.map(|entry| entry.path()))
        .filter(|path| path.as_ref().is_ok_and(|path| path.is_file()) || path.is_err())
        .collect()
}

/// Anything but a pack and its index, both there.
fn is_unfinished(file: &Path) -> bool {
    let other = match file.extension().and_then(|extension| extension.to_str()) {
        Some("pack") => "idx",
        Some("idx") => "pack",
        _ => return true,
    };
    !file.with_extension(other).exists()
}

fn is_stale(file: &Path) -> bool {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    name != LOCK && (name.ends_with(".lock") || name.ends_with(".new"))
}

/// Puts a file in place in one step, after its content has reached the disk.
fn replace(path: &Path, name: &str, content: &[u8]) -> io::Result<()> {
    let aside = path.join(format!("{name}.new"));
    let mut file = File::create(&aside)?;
    file.write_all(content)?;
    file.sync_all()?;
    fs::rename(aside, path.join(name))
}

/// The path is for the log: where mirrors lie is the server's own affair.
fn disk(path: &Path, source: io::Error) -> FetchError {
    tracing::warn!(path = %path.display(), "A mirror cannot be written: {source}");
    FetchError::Disk { source }
}
