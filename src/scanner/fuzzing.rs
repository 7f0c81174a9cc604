//! Reading files that a fuzzer made up.

use super::{
    codeowners::{self, Codeowners},
    facts::{BlobFacts, Reading, Tools},
    model::ScanReport,
    report::report_of,
};

/// What a file of this path and these bytes says; none where its path promises nothing.
pub fn facts(path: &str, source: &[u8]) -> Option<BlobFacts> {
    let reading = Reading::in_language(path, None);
    (!reading.is_size_only()).then(|| Tools::new().facts(source, reading, path))
}

/// What the files of a commit come to together.
pub fn report(files: &[(&str, &[u8])]) -> ScanReport {
    let mut tools = Tools::new();
    let mut read = Vec::new();
    for (path, source) in files {
        let reading = Reading::in_language(path, None);
        read.push((*path, reading, tools.facts(source, reading, path)));
    }
    let place = |(path, _): &&(&str, &[u8])| codeowners::PLACES.contains(path);
    let owners = files
        .iter()
        .find(place)
        .map(|(path, source)| (*path, Codeowners::parse(&String::from_utf8_lossy(source))));
    report_of(&read, owners.as_ref().map(|(path, owners)| (*path, owners)))
}
