//! What projects are like besides their manifests: README, licence texts, owners, size, tests.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::{
    codeowners::Codeowners,
    detectors::FileName,
    licence::{self, Licences},
    model::{LicenceText, Project, Readme},
    paths,
    readme::{self, ReadmeHead},
    report::Owners,
    test_files,
};

/// Licence texts of one directory; where there are more, it is a collection of texts.
const MAX_TEXTS: usize = 8;

/// A file that tells of its directory without being a manifest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Document {
    Readme,
    Licence,
}

/// What such a file says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DocumentFact {
    Readme(ReadmeHead),
    /// The SPDX id of the text; none where it is no known one.
    Licence(Option<String>),
}

impl Document {
    pub(super) fn of(name: &str) -> Option<Self> {
        if readme::rank(name).is_some() {
            return Some(Self::Readme);
        }
        licence::is_licence(name).then_some(Self::Licence)
    }

    /// Names it in a fact's key; a README's name says how it is marked up.
    pub(super) fn key(self, name: &str) -> String {
        match self {
            Self::Readme => format!("readme:{name}"),
            Self::Licence => "licence".to_owned(),
        }
    }

    pub(super) fn read(self, path: &str, source: &[u8], licences: &Licences) -> DocumentFact {
        match self {
            Self::Readme => DocumentFact::Readme(readme::head(FileName(path).name(), source)),
            Self::Licence => DocumentFact::Licence(licences.identify(source)),
        }
    }
}

/// What the files of a commit tell of the directories they lie in.
#[derive(Debug, Default)]
pub(super) struct Details<'a> {
    documents: Vec<(&'a str, &'a DocumentFact)>,
    sizes: Vec<(&'a str, u64)>,
}

impl<'a> Details<'a> {
    pub(super) fn document(&mut self, path: &'a str, fact: &'a DocumentFact) {
        self.documents.push((path, fact));
    }

    pub(super) fn size(&mut self, path: &'a str, bytes: u64) {
        self.sizes.push((path, bytes));
    }

    /// How many files there are, and how large they are together.
    pub(super) fn total(&self) -> (u64, u64) {
        let files = u64::try_from(self.sizes.len()).unwrap_or(u64::MAX);
        (files, self.sizes.iter().map(|(_, bytes)| bytes).sum())
    }

    /// Fills in what each project has; all but owners and licences are of its own files only.
    pub(super) fn describe(
        &self,
        projects: &mut [Project],
        owners: &Owners,
        codeowners: Option<&Codeowners>,
    ) {
        self.measure(projects, owners);
        let (readmes, texts) = (self.readmes(), self.licences());
        for project in projects {
            project.readme = readmes.get(project.path.as_str()).map(|(path, head)| Readme {
                path: (*path).to_owned(),
                title: head.title.clone(),
                paragraph: head.paragraph.clone(),
            });
            project.licence_texts = paths::around(&project.path)
                .find_map(|directory| texts.get(directory))
                .cloned()
                .unwrap_or_default();
            if let Some(codeowners) = codeowners {
                project.owners = codeowners.of_directory(&project.path);
            }
            project.licence_disagrees = project.licence.as_deref().is_some_and(|declared| {
                let texts = project.licence_texts.iter().map(|text| text.id.as_str());
                !project.licence_texts.is_empty() && licence::disagrees(declared, texts)
            });
        }
    }

    fn measure(&self, projects: &mut [Project], owners: &Owners) {
        for (path, bytes) in &self.sizes {
            let Some(project) = owners.of(path).and_then(|(_, index)| projects.get_mut(index))
            else {
                continue;
            };
            project.files += 1;
            project.bytes += bytes;
            project.test_files += u64::from(test_files::is_test(path));
        }
    }

    fn readmes(&self) -> HashMap<&'a str, (&'a str, &'a ReadmeHead)> {
        let mut best: HashMap<&str, (usize, &str, &ReadmeHead)> = HashMap::new();
        for (path, fact) in &self.documents {
            let DocumentFact::Readme(head) = fact else { continue };
            let rank = readme::rank(FileName(path).name()).unwrap_or(usize::MAX);
            let directory = paths::directory(path);
            if best.get(directory).is_none_or(|(other, ..)| rank < *other) {
                best.insert(directory, (rank, path, head));
            }
        }
        best.into_iter().map(|(directory, (_, path, head))| (directory, (path, head))).collect()
    }

    fn licences(&self) -> HashMap<&'a str, Vec<LicenceText>> {
        let mut texts: HashMap<&str, Vec<LicenceText>> = HashMap::new();
        for (path, fact) in &self.documents {
            let DocumentFact::Licence(Some(id)) = fact else { continue };
            let found = texts.entry(paths::directory(path)).or_default();
            if found.len() < MAX_TEXTS {
                found.push(LicenceText { id: id.clone(), path: (*path).to_owned() });
            }
        }
        texts
    }
}
