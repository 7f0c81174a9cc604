//! What a project's page says besides its tasks: facts, dependencies, what runs, who works on it.

use super::{
    model::{
        Contributor, Dependency, LastChange, ProjectDetails, ProjectFacts, details::LicenceDetails,
    },
    store::Dependent,
    views::Viewing,
};
use crate::{
    scanner::model::{EntryKind, EntryPoint, Pipeline, Readme, Script},
    web::{
        html::{Link, counted, initials},
        time::{Count, Moment, bytes},
    },
};

/// How many rows a card shows; the rest is behind a word.
pub(super) const SHOWN: usize = 12;

/// What there is to know of a project in a few words each.
pub(super) struct About {
    pub(super) lead: Option<Lead>,
    pub(super) licence: Option<Licence>,
    pub(super) owners: Vec<String>,
    pub(super) size: String,
    pub(super) change: Option<Change>,
}

/// The first words of a README.
pub(super) struct Lead {
    pub(super) title: String,
    pub(super) text: String,
    pub(super) file: String,
}

pub(super) struct Licence {
    pub(super) id: String,
    /// Where that is told.
    pub(super) source: String,
    /// What the texts say instead, where they do.
    pub(super) other: Option<String>,
}

pub(super) struct Change {
    pub(super) at: Moment,
    pub(super) author: String,
    pub(super) subject: String,
    pub(super) href: String,
}

impl About {
    pub(super) fn new(
        name: &str,
        facts: &ProjectFacts,
        repository: &str,
        viewing: &Viewing,
    ) -> Self {
        let details = &facts.details;
        let files = usize::try_from(facts.files).unwrap_or(0);
        Self {
            lead: details.readme.as_ref().and_then(|readme| lead(name, readme)),
            licence: licence(&details.licence),
            owners: details.owners.clone(),
            size: format!(
                "{} in {}",
                bytes(Count::from_signed(facts.bytes).0),
                counted(files, "file", "files")
            ),
            change: facts
                .last_change
                .as_ref()
                .map(|change| self::change(change, repository, viewing)),
        }
    }
}

fn lead(name: &str, readme: &Readme) -> Option<Lead> {
    let title = readme.title.clone().filter(|title| !title.eq_ignore_ascii_case(name));
    let text = readme.paragraph.clone().unwrap_or_default();
    let is_empty = title.is_none() && text.is_empty();
    (!is_empty).then(|| Lead { title: title.unwrap_or_default(), text, file: readme.path.clone() })
}

fn licence(details: &LicenceDetails) -> Option<Licence> {
    let mut texts: Vec<&str> = details.texts.iter().map(|text| text.id.as_str()).collect();
    texts.dedup();
    let files: Vec<&str> = details.texts.iter().map(|text| text.path.as_str()).collect();
    match &details.declared {
        Some(declared) => Some(Licence {
            id: declared.clone(),
            source: "says the manifest".to_owned(),
            other: details
                .disagrees
                .then(|| format!("{} says {}", files.join(", "), texts.join(", "))),
        }),
        None if texts.is_empty() => None,
        None => Some(Licence {
            id: texts.join(", "),
            source: format!("by the text of {}", files.join(", ")),
            other: None,
        }),
    }
}

fn change(change: &LastChange, repository: &str, viewing: &Viewing) -> Change {
    Change {
        at: Moment::new(change.at, viewing.now),
        author: change.author.clone(),
        subject: change.subject.clone(),
        href: viewing.links.commit(repository, &change.commit.to_string()),
    }
}

/// Dependencies of one scope, the repository's own first.
pub(super) struct Group {
    pub(super) title: &'static str,
    pub(super) count: usize,
    pub(super) first: Vec<Requirement>,
    /// Behind a word, where there are many.
    pub(super) more: Vec<Requirement>,
}

pub(super) struct Requirement {
    pub(super) name: String,
    pub(super) version: String,
    /// The page of the project that it means.
    pub(super) href: Option<String>,
}

pub(super) fn groups(dependencies: Vec<Dependency>, viewing: &Viewing) -> Vec<Group> {
    let titles = [
        ("runtime", "To run"),
        ("optional", "Optional"),
        ("build", "To build"),
        ("development", "To develop and test"),
    ];
    let mut rest = dependencies;
    let mut groups = Vec::new();
    for (scope, title) in titles {
        let (own, others): (Vec<_>, Vec<_>) = rest.into_iter().partition(|one| one.scope == scope);
        rest = others;
        let mut rows: Vec<_> = own.into_iter().map(|one| requirement(one, viewing)).collect();
        rows.sort_by_key(|row| row.href.is_none());
        let more = rows.split_off(rows.len().min(SHOWN));
        if !rows.is_empty() {
            groups.push(Group { title, count: rows.len() + more.len(), first: rows, more });
        }
    }
    groups
}

fn requirement(dependency: Dependency, viewing: &Viewing) -> Requirement {
    Requirement {
        href: dependency.project_id.map(|id| viewing.links.project(id)),
        name: dependency.name,
        version: dependency.requirement,
    }
}

/// The projects of the repository that need this one.
pub(super) fn dependents(found: Vec<Dependent>, viewing: &Viewing) -> Vec<Link> {
    found.into_iter().map(|one| Link::new(one.name, viewing.links.project(one.id))).collect()
}

/// What a project is made with, how it is tested and what checks it.
pub(super) struct Making {
    pub(super) tools: String,
    pub(super) frameworks: String,
    pub(super) tests: String,
    pub(super) pipelines: Vec<PipelineRow>,
}

/// Something that runs in continuous integration.
#[derive(Debug)]
pub struct PipelineRow {
    pub name: String,
    pub system: String,
    pub triggers: String,
    pub jobs: String,
    pub file: String,
    /// It runs for the whole repository, not for this project alone.
    pub is_around: bool,
}

impl Making {
    pub(super) fn new(facts: &ProjectFacts) -> Self {
        let details = &facts.details;
        let own = details.pipelines.iter().map(|pipeline| PipelineRow::new(pipeline, false));
        let around = facts.around.iter().map(|pipeline| PipelineRow::new(pipeline, true));
        Self {
            tools: details.tools.join(", "),
            frameworks: details.frameworks.join(", "),
            tests: tests(details),
            pipelines: own.chain(around).collect(),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.tools.is_empty()
            && self.frameworks.is_empty()
            && self.tests.is_empty()
            && self.pipelines.is_empty()
    }
}

fn tests(details: &ProjectDetails) -> String {
    let files = usize::try_from(details.test_files).unwrap_or(usize::MAX);
    let mut parts = Vec::new();
    if !details.test_tools.is_empty() {
        parts.push(details.test_tools.join(", "));
    }
    if files > 0 {
        parts.push(counted(files, "test file", "test files"));
    }
    parts.join(", ")
}

impl PipelineRow {
    pub fn new(pipeline: &Pipeline, is_around: bool) -> Self {
        let jobs = pipeline.jobs.len();
        Self {
            name: pipeline.name.clone(),
            system: pipeline.system.clone(),
            triggers: pipeline.triggers.join(", "),
            jobs: if jobs == 0 { String::new() } else { counted(jobs, "job", "jobs") },
            file: pipeline.file.clone().unwrap_or_default(),
            is_around,
        }
    }
}

/// What starts a project or stands in front of it.
pub(super) struct Entry {
    pub(super) kind: &'static str,
    pub(super) name: String,
    pub(super) target: String,
}

pub(super) fn entries(points: &[EntryPoint]) -> (Vec<Entry>, Vec<Entry>) {
    let mut rows: Vec<_> = points.iter().map(entry).collect();
    let more = rows.split_off(rows.len().min(SHOWN));
    (rows, more)
}

fn entry(point: &EntryPoint) -> Entry {
    Entry {
        kind: match point.kind {
            EntryKind::Binary => "program",
            EntryKind::Library => "library",
            EntryKind::Plugin => "plugin",
            EntryKind::Service => "service",
            EntryKind::Example => "example",
        },
        name: point.name.clone(),
        target: point.target.clone().unwrap_or_default(),
    }
}

/// Scripts, and those behind a word.
pub(super) fn scripts(all: Vec<Script>) -> (Vec<Script>, Vec<Script>) {
    let mut rows = all;
    let more = rows.split_off(rows.len().min(SHOWN));
    (rows, more)
}

/// Somebody who changed a project.
pub(super) struct Person {
    pub(super) name: String,
    pub(super) initials: String,
    pub(super) commits: String,
    pub(super) last: Moment,
}

pub(super) fn people(contributors: &[Contributor], viewing: &Viewing) -> Vec<Person> {
    let people = contributors.iter().take(SHOWN).map(|one| Person {
        name: one.name.clone(),
        initials: initials(&one.name),
        commits: counted(usize::try_from(one.commits).unwrap_or(0), "commit", "commits"),
        last: Moment::new(one.last_at, viewing.now),
    });
    people.collect()
}
