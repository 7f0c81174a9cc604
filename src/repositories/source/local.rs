//! Finding and fencing the git directory of a local path.

use std::{
    fs,
    path::{Component, Path, PathBuf},
};

use super::{AllowedRoots, LocalPath, SourceError};

/// How many alternates of alternates are looked into; git itself stops at five.
const ALTERNATES_DEPTH: usize = 5;

/// The canonical path and its git directory, all of it inside the allowed roots.
pub(super) fn parse(text: &str, roots: &AllowedRoots) -> Result<LocalPath, SourceError> {
    let fence = Fence::new(roots)?;
    let given = Path::new(text);
    if !given.is_absolute() && !fence.is_open() {
        return Err(SourceError::RelativePath(text.to_owned()));
    }
    let path = fence.admit(given)?;
    let git_directory = find_git_directory(&path, &fence)?;
    // Any of these may be a link or a file that leads out again.
    let common = common_directory(&git_directory, &fence)?;
    let objects = fence.admit(&common.join("objects"))?;
    let refs = fence.admit(&common.join("refs"))?;
    let mut roots = vec![path.clone(), git_directory.clone(), common, objects.clone(), refs];
    admit_alternates(&objects, &fence, ALTERNATES_DEPTH, &mut roots)?;
    Ok(LocalPath { path, git_directory, roots: outermost(roots) })
}

/// Those of the directories that lie in none of the others.
fn outermost(mut roots: Vec<PathBuf>) -> Vec<PathBuf> {
    roots.sort();
    roots.dedup();
    // A directory sorts before all that is in it.
    let mut kept: Vec<PathBuf> = Vec::new();
    for root in roots {
        if !kept.iter().any(|outer| root.starts_with(outer)) {
            kept.push(root);
        }
    }
    kept
}

/// The allowed roots, free of symbolic links.
struct Fence {
    /// None where everything is allowed.
    roots: Option<Vec<PathBuf>>,
    /// Whether what lies outside lay inside once.
    is_moved: bool,
}

impl Fence {
    fn new(roots: &AllowedRoots) -> Result<Self, SourceError> {
        match roots {
            AllowedRoots::Any => Ok(Self { roots: None, is_moved: false }),
            AllowedRoots::Within(roots) if roots.is_empty() => Err(SourceError::PathsOff),
            AllowedRoots::Within(roots) => Ok(Self { roots: Some(real(roots)), is_moved: false }),
            // These had no link in them: one that has now leads to where nobody allowed it.
            AllowedRoots::Trusted { within, trusted } => {
                let is_moved = |root: &PathBuf| root.canonicalize().is_ok_and(|real| real != *root);
                let trusted = trusted.iter().filter(|root| !is_moved(root)).cloned();
                Ok(Self {
                    roots: Some(real(within).into_iter().chain(trusted).collect()),
                    is_moved: true,
                })
            }
        }
    }

    fn outside(&self, path: &Path) -> SourceError {
        if self.is_moved {
            SourceError::Moved(path.to_owned())
        } else {
            SourceError::OutsideAllowedRoots(path.to_owned())
        }
    }

    const fn is_open(&self) -> bool {
        self.roots.is_none()
    }

    /// The path without links, if it lies inside; whether a path outside exists is not told.
    fn admit(&self, path: &Path) -> Result<PathBuf, SourceError> {
        match path.canonicalize() {
            Ok(real) if self.contains(&real) => Ok(real),
            Err(error) if self.would_contain(path) => Err(unreadable(path, &error)),
            Ok(_) | Err(_) => Err(self.outside(path)),
        }
    }

    fn contains(&self, real: &Path) -> bool {
        self.roots.as_ref().is_none_or(|roots| roots.iter().any(|root| real.starts_with(root)))
    }

    /// Whether a path that does not exist would lie inside, by the part of it that does.
    fn would_contain(&self, path: &Path) -> bool {
        let climbs = path.components().any(|part| part == Component::ParentDir);
        let existing = path.ancestors().find_map(|part| part.canonicalize().ok());
        let is_trusted = self.is_moved
            && self.roots.as_ref().is_some_and(|roots| roots.iter().any(|root| root == path));
        is_trusted
            || self.is_open()
            || (!climbs && existing.is_some_and(|existing| self.contains(&existing)))
    }
}

/// The roots without links; one that does not exist contains nothing.
fn real(roots: &[PathBuf]) -> Vec<PathBuf> {
    roots.iter().filter_map(|root| root.canonicalize().ok()).collect()
}

fn find_git_directory(path: &Path, fence: &Fence) -> Result<PathBuf, SourceError> {
    if looks_like_git(path) {
        return Ok(path.to_owned());
    }
    let inner = path.join(".git");
    if !inner.exists() {
        return Err(SourceError::NotARepository(path.to_owned()));
    }
    let inner = fence.admit(&inner)?;
    let directory =
        if inner.is_file() { fence.admit(&path.join(pointer(&inner, "gitdir:")?))? } else { inner };
    if directory.join("HEAD").exists() {
        Ok(directory)
    } else {
        Err(SourceError::NotARepository(path.to_owned()))
    }
}

fn looks_like_git(path: &Path) -> bool {
    path.join("HEAD").is_file() && path.join("objects").is_dir() && path.join("refs").is_dir()
}

/// A linked worktree keeps its objects in the directory that `commondir` names.
fn common_directory(git_directory: &Path, fence: &Fence) -> Result<PathBuf, SourceError> {
    let link = git_directory.join("commondir");
    if !link.exists() {
        return Ok(git_directory.to_owned());
    }
    let link = fence.admit(&link)?;
    fence.admit(&git_directory.join(pointer(&link, "")?))
}

fn admit_alternates(
    objects: &Path,
    fence: &Fence,
    depth: usize,
    found: &mut Vec<PathBuf>,
) -> Result<(), SourceError> {
    let list = objects.join("info/alternates");
    if !list.exists() {
        return Ok(());
    }
    if depth == 0 {
        // git looks no further either.
        return if fence.is_open() { Ok(()) } else { Err(fence.outside(&list)) };
    }
    let text = fs::read_to_string(&list).map_err(|error| unreadable(&list, &error))?;
    for line in text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let alternate = match fence.admit(&objects.join(line)) {
            // git warns of an alternate that is not there, and goes on.
            Err(_) if fence.is_open() => continue,
            admitted => admitted?,
        };
        admit_alternates(&alternate, fence, depth - 1, found)?;
        found.push(alternate);
    }
    Ok(())
}

/// The path that a one-line file names after its prefix.
fn pointer(file: &Path, prefix: &str) -> Result<PathBuf, SourceError> {
    let text = fs::read_to_string(file).map_err(|error| unreadable(file, &error))?;
    text.trim_end()
        .strip_prefix(prefix)
        .map(|target| PathBuf::from(target.trim_start()))
        .ok_or_else(|| SourceError::NotARepository(file.to_owned()))
}

fn unreadable(path: &Path, error: &std::io::Error) -> SourceError {
    SourceError::Unreadable { path: path.to_owned(), reason: error.to_string() }
}
