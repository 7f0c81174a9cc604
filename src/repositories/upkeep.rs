//! What lies in the directory of mirrors, and putting aside what nobody needs any more.
//!
//! A directory is first renamed, in one step, and deleted afterwards: whoever comes meanwhile finds
//! no mirror, never half of one. Whether it may be put aside is the caller's to know.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use super::RepositoryId;
use crate::{platform::ids, tenancy::TenantId};

/// The part of a name that says that it only waits to be deleted.
const ASIDE: &str = ".aside-";

/// What a directory below an organisation's is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    Mirror,
    /// One that was being made anew, or the old one that it was to replace.
    HalfMade,
    /// Put aside, and to be deleted.
    Aside,
}

/// A directory among an organisation's mirrors.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    pub repository: RepositoryId,
    pub part: Part,
    pub path: PathBuf,
}

/// Lists an organisation's directories; names that Quarterdeck does not give are left out.
pub fn list_entries(mirrors: &Path, tenant: TenantId) -> io::Result<Vec<Entry>> {
    let names = names(&mirrors.join(tenant.to_string()))?;
    Ok(names.into_iter().filter_map(|(name, path)| entry(&name, path)).collect())
}

/// Lists the organisations that have a directory.
pub fn list_tenants(mirrors: &Path) -> io::Result<Vec<TenantId>> {
    Ok(names(mirrors)?.into_iter().filter_map(|(name, _)| name.parse().ok()).collect())
}

fn names(directory: &Path) -> io::Result<Vec<(String, PathBuf)>> {
    let entries = match fs::read_dir(directory) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    entries
        .map(|entry| entry.map(|entry| (entry.file_name().to_string_lossy().into(), entry.path())))
        .collect()
}

fn entry(name: &str, path: PathBuf) -> Option<Entry> {
    let (id, rest) = name.split_once(".git")?;
    let part = match rest {
        "" => Part::Mirror,
        ".fresh" | ".old" => Part::HalfMade,
        aside if aside.starts_with(ASIDE) => Part::Aside,
        _ => return None,
    };
    Some(Entry { repository: id.parse().ok()?, part, path })
}

/// Puts a directory aside; where it is put.
pub fn put_aside(path: &Path) -> io::Result<PathBuf> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!("{ASIDE}{}", ids::new().simple()));
    let aside = path.with_file_name(name);
    fs::rename(path, &aside)?;
    Ok(aside)
}

/// Deletes what was put aside; that it is gone already is as good.
pub fn delete(path: &Path) -> io::Result<()> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        Ok(()) | Err(_) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_ours_are_listed_and_say_what_they_are() {
        let directory = tempfile::tempdir().unwrap();
        let (tenant, id) = (TenantId::new(), RepositoryId::new());
        let root = directory.path().join(tenant.to_string());
        let mirror = format!("{id}.git");
        let names = [mirror.clone(), format!("{id}.git.fresh"), format!("{id}.git.odd")];
        for name in names.iter().map(String::as_str).chain(["notes", "lost+found", "x.git"]) {
            fs::create_dir_all(root.join(name)).unwrap();
        }

        let aside = put_aside(&root.join(&mirror)).unwrap();

        let mut found = list_entries(directory.path(), tenant).unwrap();
        found.sort_by_key(|entry| entry.path.clone());
        let parts: Vec<Part> = found.iter().map(|entry| entry.part).collect();
        assert_eq!(parts, [Part::Aside, Part::HalfMade]);
        assert_eq!(found.first().map(|entry| &entry.path), Some(&aside));
        delete(&aside).unwrap();
        delete(&aside).unwrap();
        assert_eq!(list_tenants(directory.path()).unwrap(), [tenant]);
        assert_eq!(list_tenants(&root.join("nowhere")).unwrap(), []);
    }
}
