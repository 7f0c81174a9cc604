//! The submodules of a commit: the paths of its tree, with what `.gitmodules` says of them.

use std::collections::{HashMap, HashSet};

use super::{model::Submodule, model::WarningCode, text, warnings::Warnings};
use crate::repositories::{
    Oid,
    objects::{Blob, Reader, TreeEntry},
    submodules::{self, ModuleEntry},
};

const FILE: &str = ".gitmodules";
const MAX_BYTES: u64 = 256 * 1024;

/// Joins the commits at paths with their entries; what has none is a warning.
pub(super) fn find(
    entries: &[TreeEntry],
    pinned: Vec<(String, Oid)>,
    reader: &Reader,
    warnings: &mut Warnings,
) -> Vec<Submodule> {
    if pinned.is_empty() {
        return Vec::new();
    }
    let mut told = told(entries, reader, warnings);
    // Paths that are no UTF-8 may read alike.
    let mut seen = HashSet::new();
    let pinned = pinned.into_iter().filter(|(path, _)| seen.insert(path.clone()));
    let found = pinned.map(|(path, commit)| {
        let entry = told.remove(&path);
        if entry.is_none() {
            warnings.add(WarningCode::SubmoduleNotFollowed, &path, "This is a submodule, but `.gitmodules` does not say of which repository: add its entry, or remove the path.");
        }
        let line = |text: String| text::some_line(&text, 2_048);
        let (url, branch) = entry.map_or((None, None), |entry| (line(entry.url), entry.branch));
        Submodule { path, url, branch: branch.and_then(line), commit }
    });
    found.collect()
}

fn told(
    entries: &[TreeEntry],
    reader: &Reader,
    warnings: &mut Warnings,
) -> HashMap<String, ModuleEntry> {
    let file = entries.iter().find(|entry| entry.path == FILE);
    let Some(Blob::Bytes(bytes)) = file.map(|entry| reader.blob(entry.oid, MAX_BYTES)) else {
        return HashMap::new();
    };
    match submodules::parse(&bytes) {
        Ok(entries) => entries.into_iter().map(|entry| (entry.path.clone(), entry)).collect(),
        Err(reason) => {
            let message = format!(
                "It cannot be parsed, so submodules have no addresses: {}.",
                text::line(&reason, 300)
            );
            warnings.add(WarningCode::BrokenManifest, FILE, message);
            HashMap::new()
        }
    }
}
