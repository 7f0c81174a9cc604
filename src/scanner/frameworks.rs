//! Which dependencies are frameworks, and which are what a project is tested with.

use std::collections::HashMap;

use super::{
    detectors::CHAIN,
    frameworks_table::{FRAMEWORKS, Kinds, Row, TEST_TOOLS},
    model::Project,
};

/// The tables, made quick to ask.
pub(super) struct Frameworks {
    frameworks: Index,
    test_tools: Index,
}

/// What is known of one kind's packages.
#[derive(Default)]
struct Known {
    names: HashMap<&'static str, &'static str>,
    beginnings: Vec<Row>,
}

struct Index(HashMap<&'static str, Known>);

impl Frameworks {
    pub(super) fn new() -> Self {
        Self { frameworks: Index::new(FRAMEWORKS), test_tools: Index::new(TEST_TOOLS) }
    }

    /// Notes on the project what a dependency of it tells.
    pub(super) fn tell(&self, detector: usize, dependency: &str, project: &mut Project) {
        let Some(detector) = CHAIN.get(detector) else { return };
        let name = detector.normal_name(dependency).to_lowercase();
        for (index, labels) in [
            (&self.frameworks, &mut project.frameworks),
            (&self.test_tools, &mut project.test_tools),
        ] {
            let label = index.label(detector.kind(), &name);
            if let Some(label) = label.filter(|label| !labels.iter().any(|known| known == label)) {
                labels.push(label.to_owned());
            }
        }
    }
}

impl Index {
    fn new(table: &[(Kinds, &'static [Row])]) -> Self {
        let mut index: HashMap<_, Known> = HashMap::new();
        for (kinds, rows) in table {
            for kind in *kinds {
                let known = index.entry(*kind).or_default();
                for (name, label) in *rows {
                    match name.strip_suffix('*') {
                        Some(beginning) => known.beginnings.push((beginning, label)),
                        None => _ = known.names.insert(name, label),
                    }
                }
            }
        }
        Self(index)
    }

    fn label(&self, kind: &str, name: &str) -> Option<&'static str> {
        let known = self.0.get(kind)?;
        let by_beginning = || known.beginnings.iter().find(|(start, _)| name.starts_with(start));
        known.names.get(name).copied().or_else(|| by_beginning().map(|(_, label)| *label))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(kind: &str, names: &[&str]) -> (Vec<String>, Vec<String>) {
        let detector = CHAIN.iter().position(|one| one.kind() == kind).unwrap();
        let mut project = Project::default();
        for name in names {
            Frameworks::new().tell(detector, name, &mut project);
        }
        (project.frameworks, project.test_tools)
    }

    #[test]
    fn frameworks_and_test_tools_are_told_apart_and_once() {
        let (frameworks, tests) = told("npm", &["react", "next", "react", "vitest", "left-pad"]);

        assert_eq!(frameworks, ["React", "Next.js"]);
        assert_eq!(tests, ["Vitest"]);
    }

    #[test]
    fn names_are_compared_as_the_ecosystem_does() {
        assert_eq!(told("python", &["Django", "Pytest_Asyncio"]).0, ["Django"]);
        assert_eq!(told("python", &["Django", "Pytest_Asyncio"]).1, ["pytest"]);
        assert_eq!(told("rust", &["react"]).0, [""; 0]);
    }

    #[test]
    fn rows_are_in_lower_case_and_of_kinds_that_a_detector_may_have() {
        for (kinds, rows) in FRAMEWORKS.iter().chain(TEST_TOOLS) {
            assert!(kinds.iter().all(|kind| kind.chars().all(|c| c.is_ascii_lowercase())));
            for (name, label) in *rows {
                assert_eq!(*name, name.to_lowercase(), "{label}");
            }
        }
    }
}
