//! Which dependencies mean the repository's own projects.
//!
//! By the directory that the manifest gives, or else by name: two names are the same where the
//! detector's `normal_name` says so. Of several projects with the name the nearest is meant, and
//! fixtures only among themselves.

use std::collections::HashMap;

use super::{
    detectors::CHAIN,
    model::Dependency,
    paths,
    projects::{Directories, Standing},
};

/// More projects of one name are copies of an example.
const MAX_PLACES: usize = 200;

/// The repository's own projects by ecosystem and name.
pub(super) struct Names<'a>(HashMap<(usize, String), Vec<&'a str>>);

impl<'a> Names<'a> {
    pub(super) fn new(directories: &'a Directories<'_>) -> Self {
        let mut names: HashMap<_, Vec<&str>> = HashMap::new();
        for (directory, manifests) in directories {
            let makers = manifests.iter().filter(|one| {
                one.standing == Standing::Project && one.directory == directory.as_str()
            });
            for one in makers {
                for name in one.manifest.name.iter().chain(&one.manifest.provides) {
                    let key = (one.detector, normal(one.detector, name));
                    let places = names.entry(key).or_default();
                    if places.len() < MAX_PLACES && places.last() != Some(&directory.as_str()) {
                        places.push(directory);
                    }
                }
            }
        }
        Self(names)
    }

    /// Says which of the repository's projects a dependency of the project in `directory` means;
    /// one that names itself, for its own tests or extras, means no other.
    pub(super) fn resolve(
        &self,
        detector: usize,
        dependency: Dependency,
        directory: &str,
    ) -> Dependency {
        let named = || self.find(detector, &dependency.name, directory).map(str::to_owned);
        let internal = dependency.internal.clone().or_else(named);
        Dependency { internal: internal.filter(|path| path != directory), ..dependency }
    }

    fn find(&self, detector: usize, name: &str, directory: &str) -> Option<&'a str> {
        let places = self.0.get(&(detector, normal(detector, name)))?.iter().copied();
        let is_allowed = |place: &&str| paths::is_fixture(directory) || !paths::is_fixture(place);
        // The first of equally near ones.
        places.filter(is_allowed).rev().max_by_key(|place| common(place, directory))
    }
}

/// How many directories two paths have in common from the root on.
fn common(one: &str, other: &str) -> usize {
    one.split('/').zip(other.split('/')).take_while(|(one, other)| one == other).count()
}

fn normal(detector: usize, name: &str) -> String {
    CHAIN.get(detector).map_or_else(|| name.to_owned(), |one| one.normal_name(name))
}
