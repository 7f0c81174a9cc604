//! Which dependencies mean the repository's own projects.
//!
//! By the directory that the manifest gives, or else by name: two names are the same where the
//! detector's `normal_name` says so. A name that several projects share means the first that is no
//! fixture.

use std::collections::HashMap;

use super::{
    detectors::CHAIN,
    model::Dependency,
    paths,
    projects::{Directories, Standing},
};

/// The repository's own projects by ecosystem and name.
pub(super) struct Names<'a>(HashMap<(usize, String), &'a str>);

impl<'a> Names<'a> {
    pub(super) fn new(directories: &'a Directories<'_>) -> Self {
        let (fixtures, real): (Vec<_>, Vec<_>) =
            directories.iter().partition(|(directory, _)| paths::is_fixture(directory));
        let mut names = HashMap::new();
        for (directory, manifests) in real.into_iter().chain(fixtures) {
            let makers = manifests.iter().filter(|one| {
                one.standing == Standing::Project && one.directory == directory.as_str()
            });
            for one in makers {
                for name in one.manifest.name.iter().chain(&one.manifest.provides) {
                    let key = (one.detector, normal(one.detector, name));
                    names.entry(key).or_insert(directory.as_str());
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
        let named = || self.find(detector, &dependency.name).map(str::to_owned);
        let internal = dependency.internal.clone().or_else(named);
        Dependency { internal: internal.filter(|path| path != directory), ..dependency }
    }

    fn find(&self, detector: usize, name: &str) -> Option<&'a str> {
        self.0.get(&(detector, normal(detector, name))).copied()
    }
}

fn normal(detector: usize, name: &str) -> String {
    CHAIN.get(detector).map_or_else(|| name.to_owned(), |one| one.normal_name(name))
}
