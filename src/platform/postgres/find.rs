//! Finds the installations of PostgreSQL on this machine and chooses one.
//!
//! No program is run for it, since that would cost a start several milliseconds for each
//! installation: the version stands in the first line of `postgres.bki`, and `vector.control` in
//! the same folder's `extension` tells of pgvector.

use std::{
    fs::{self, File},
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
};

use super::{ManagedOptions, PostgresError};

pub(super) const OLDEST: u32 = 15;
pub(super) const NEWEST: u32 = 18;

/// Where `scripts/postgres` puts PostgreSQL for root, and Debian and Ubuntu put theirs.
const USUAL: [&str; 2] = ["/var/cache/quarterdeck/postgres", "/usr/lib/postgresql"];

/// One installation of PostgreSQL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Installation {
    pub(super) bin: PathBuf,
    pub(super) major: u32,
    has_vector: bool,
}

impl Installation {
    fn read(bin: &Path) -> Option<Self> {
        if !bin.join("postgres").is_file() || !bin.join("initdb").is_file() {
            return None;
        }
        let bin = bin.canonicalize().ok()?;
        let (major, share) =
            shares(&bin).into_iter().find_map(|share| Some((version(&share)?, share)))?;
        Some(Self { bin, major, has_vector: share.join("extension/vector.control").is_file() })
    }

    fn is_supported(&self) -> bool {
        (OLDEST..=NEWEST).contains(&self.major)
    }

    fn is_usable(&self) -> bool {
        self.is_supported() && self.has_vector
    }
}

/// The installation to run: of the version that made the cluster (`made_by`, its `PG_VERSION`),
/// else the preferred directory's newest, else the newest of all.
pub(super) fn find(
    options: &ManagedOptions,
    made_by: Option<&str>,
    data: &Path,
) -> Result<Installation, PostgresError> {
    let preferred = options.postgres_dir.as_deref().map(below).unwrap_or_default();
    let usual = options.cache_dirs.iter().map(PathBuf::as_path).chain(USUAL.map(Path::new));
    let mut others: Vec<_> = usual.flat_map(below).collect();
    others.extend(options.path.iter().filter_map(|bin| Installation::read(bin)));
    choose(preferred, others, made_by, data)
}

fn choose(
    preferred: Vec<Installation>,
    others: Vec<Installation>,
    made_by: Option<&str>,
    data: &Path,
) -> Result<Installation, PostgresError> {
    let fits = |one: &&Installation| made_by.is_none_or(|made_by| one.major.to_string() == made_by);
    let newest = |all: &[Installation]| {
        all.iter().filter(|one| one.is_usable()).filter(fits).max_by_key(|one| one.major).cloned()
    };
    if let Some(found) = newest(&preferred).or_else(|| newest(&others)) {
        return Ok(found);
    }
    let all = [preferred, others].concat();
    Err(why_none(&all, made_by, data))
}

fn why_none(all: &[Installation], made_by: Option<&str>, data: &Path) -> PostgresError {
    let supported = || all.iter().filter(|one| one.is_supported());
    if let Some(made_by) = made_by {
        if let Some(bare) = supported().find(|one| one.major.to_string() == made_by) {
            return PostgresError::NoVector { major: bare.major, bin: bare.bin.clone() };
        }
        let mut found: Vec<_> = supported().map(|one| one.major).collect();
        found.sort_unstable();
        found.dedup();
        return PostgresError::OtherMajor {
            data: data.to_owned(),
            made_by: made_by.to_owned(),
            found,
        };
    }
    if let Some(bare) = supported().max_by_key(|one| one.major) {
        return PostgresError::NoVector { major: bare.major, bin: bare.bin.clone() };
    }
    match all.first() {
        Some(other) => PostgresError::Unsupported { major: other.major, bin: other.bin.clone() },
        None => PostgresError::NotFound,
    }
}

/// The installations at a directory: itself, its `bin`, or those of its children and grandchildren.
fn below(dir: &Path) -> Vec<Installation> {
    let here = [dir.to_owned(), dir.join("bin")];
    let found: Vec<_> = here.iter().filter_map(|bin| Installation::read(bin)).collect();
    if !found.is_empty() {
        return found;
    }
    let children = children(dir);
    let grandchildren: Vec<_> = children.iter().flat_map(|child| self::children(child)).collect();
    children
        .iter()
        .chain(&grandchildren)
        .filter_map(|prefix| Installation::read(&prefix.join("bin")))
        .collect()
}

fn children(dir: &Path) -> Vec<PathBuf> {
    fs::read_dir(dir)
        .map(|entries| entries.flatten().map(|entry| entry.path()).collect())
        .unwrap_or_default()
}

/// Where the files that belong to a `bin` may be: beside it, or where distributions move them.
fn shares(bin: &Path) -> Vec<PathBuf> {
    let Some(prefix) = bin.parent() else { return Vec::new() };
    let mut shares =
        vec![prefix.join("share/postgresql"), prefix.join("share"), prefix.join("share/pgsql")];
    if let Ok(version) = prefix.strip_prefix("/usr/lib/postgresql") {
        shares.insert(0, Path::new("/usr/share/postgresql").join(version));
    }
    shares
}

/// The major version that a folder of shared files belongs to; its `postgres.bki` begins with
/// `# PostgreSQL 17`.
fn version(share: &Path) -> Option<u32> {
    let mut line = String::new();
    BufReader::new(File::open(share.join("postgres.bki")).ok()?).read_line(&mut line).ok()?;
    line.strip_prefix("# PostgreSQL ")?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn installation(major: u32, has_vector: bool) -> Installation {
        Installation { bin: format!("/opt/{major}/bin").into(), major, has_vector }
    }

    fn chosen(
        preferred: &[Installation],
        others: &[Installation],
        made_by: Option<&str>,
    ) -> Result<u32, String> {
        choose(preferred.to_vec(), others.to_vec(), made_by, Path::new("/data"))
            .map(|found| found.major)
            .map_err(|error| error.to_string())
    }

    fn lay_out(prefix: &Path, share: &str, major: u32, has_vector: bool) {
        fs::create_dir_all(prefix.join("bin")).unwrap();
        fs::create_dir_all(prefix.join(share).join("extension")).unwrap();
        fs::write(prefix.join("bin/postgres"), "").unwrap();
        fs::write(prefix.join("bin/initdb"), "").unwrap();
        fs::write(prefix.join(share).join("postgres.bki"), format!("# PostgreSQL {major}\nmore\n"))
            .unwrap();
        if has_vector {
            fs::write(prefix.join(share).join("extension/vector.control"), "").unwrap();
        }
    }

    #[test]
    fn a_new_cluster_takes_the_newest_version_that_is_supported_and_has_pgvector() {
        let all = [
            installation(14, true),
            installation(15, true),
            installation(17, true),
            installation(18, false),
            installation(19, true),
        ];

        assert_eq!(chosen(&[], &all, None), Ok(17));
    }

    #[test]
    fn the_named_directory_goes_before_a_newer_version_elsewhere() {
        assert_eq!(chosen(&[installation(16, true)], &[installation(18, true)], None), Ok(16));
        assert_eq!(chosen(&[installation(16, false)], &[installation(18, true)], None), Ok(18));
    }

    #[test]
    fn a_cluster_is_run_by_the_version_that_made_it() {
        assert_eq!(
            chosen(&[installation(18, true)], &[installation(16, true)], Some("16")),
            Ok(16)
        );
    }

    #[test]
    fn a_cluster_of_another_version_is_refused_with_both_versions() {
        let error = chosen(&[], &[installation(18, true)], Some("16")).unwrap_err();

        assert!(error.contains("made by PostgreSQL 16, and only 18 is here"), "{error}");
    }

    #[test]
    fn a_missing_extension_is_named_with_the_place_and_the_repair() {
        for made_by in [None, Some("15")] {
            let error = chosen(&[], &[installation(15, false)], made_by).unwrap_err();

            assert!(error.contains("PostgreSQL 15 at /opt/15/bin, without pgvector"), "{error}");
            assert!(error.contains("postgresql-15-pgvector"), "{error}");
        }
    }

    #[test]
    fn no_postgres_at_all_and_one_that_is_too_old_are_different_errors() {
        let none = chosen(&[], &[], None).unwrap_err();
        let old = chosen(&[], &[installation(13, true)], None).unwrap_err();

        assert!(none.starts_with("found no PostgreSQL 15 to 18"), "{none}");
        assert!(old.contains("found PostgreSQL 13 at /opt/13/bin, but"), "{old}");
    }

    #[test]
    fn installations_are_found_at_below_and_two_below_a_directory() {
        let root = tempfile::tempdir().unwrap();
        lay_out(&root.path().join("package/eighteen"), "share/postgresql", 18, true);
        lay_out(&root.path().join("built"), "share", 16, false);

        let mut majors: Vec<_> =
            below(root.path()).iter().map(|one| (one.major, one.has_vector)).collect();
        majors.sort_unstable();

        assert_eq!(majors, [(16, false), (18, true)]);
        assert_eq!(below(&root.path().join("built")).len(), 1);
        assert_eq!(below(&root.path().join("built/bin")).len(), 1);
    }
}
