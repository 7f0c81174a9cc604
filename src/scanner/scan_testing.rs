//! What the tests of whole scans share.

use super::{
    KnownFacts, Scan, ScanOptions, Watch,
    model::{Project, ScanReport, WarningCode},
    scan,
};
use crate::repositories::{objects::ObjectStore, testing::TestRepository};

pub(super) fn run(repository: &TestRepository, known: &KnownFacts) -> Scan {
    let store = ObjectStore::open(repository.path()).unwrap();
    let head = store.head().unwrap().unwrap();
    scan(&store, head.commit, &ScanOptions::new("demo"), known, &Watch::default()).unwrap()
}

pub(super) fn report(files: &[(&str, &str)]) -> ScanReport {
    run(&TestRepository::with(files), &KnownFacts::new()).report
}

pub(super) fn project<'a>(report: &'a ScanReport, path: &str) -> &'a Project {
    report.projects.iter().find(|project| project.path == path).unwrap()
}

pub(super) fn outline(report: &ScanReport) -> Vec<(&str, &str, &str)> {
    report
        .projects
        .iter()
        .map(|one| (one.path.as_str(), one.name.as_str(), one.kind.as_str()))
        .collect()
}

pub(super) fn codes(report: &ScanReport) -> Vec<(WarningCode, Option<&str>)> {
    report.warnings.iter().map(|one| (one.code, one.path.as_deref())).collect()
}
