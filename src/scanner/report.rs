//! Puts the facts of all files together: what a repository's commit says.

use std::{
    borrow::Cow,
    collections::{BTreeMap, HashMap, HashSet},
};

use super::{
    codeowners::Codeowners,
    details::Details,
    detectors::{CHAIN, FileName},
    facts::{BlobFacts, Reading, Unread},
    gather::Stopped,
    languages,
    manifest::{Contribution, Finding, TaskList},
    model::{Language, OwnersFile, Project, ScanReport, Task, Todo, TreeSize, WarningCode},
    paths,
    projects::{self, Placed, Standing},
    warnings::Warnings,
};

/// A file of the commit that counts.
pub(super) struct CountedFile {
    pub(super) path: String,
    pub(super) is_generated: bool,
    pub(super) is_documentation: bool,
}

/// The facts of all files, on their way into a report.
#[derive(Default)]
pub(super) struct Assembly<'a> {
    files: Vec<Seen<'a>>,
    manifests: Vec<Placed<'a>>,
    lists: Vec<(&'a str, &'a TaskList)>,
    details: Details<'a>,
    size: TreeSize,
    pub(super) warnings: Warnings,
}

/// A file whose text was looked at.
#[derive(Clone, Copy)]
struct Seen<'a> {
    path: &'a str,
    facts: &'a BlobFacts,
    is_generated: bool,
    is_documentation: bool,
}

impl<'a> Assembly<'a> {
    pub(super) fn new(warnings: Warnings) -> Self {
        Self { warnings, ..Self::default() }
    }

    pub(super) fn file(&mut self, file: &'a CountedFile, reading: Reading, facts: &'a BlobFacts) {
        let &CountedFile { ref path, is_generated, is_documentation } = file;
        self.details.size(path, facts.size);
        if let Some(document) = &facts.document {
            self.details.document(path, document);
        }
        match facts.unread {
            Some(Unread::LargeFilePointer) => self.pointer(path, reading, facts),
            Some(Unread::Binary | Unread::Minified) => {}
            None => self.files.push(Seen { path, facts, is_generated, is_documentation }),
        }
        if let (Some(detector), Some(finding)) = (reading.detector, &facts.finding) {
            self.finding(file, detector, finding);
        }
    }

    /// Pointers are counted; only a manifest that is one is missed.
    fn pointer(&mut self, path: &str, reading: Reading, facts: &BlobFacts) {
        self.size.large_files += 1;
        self.size.large_bytes += facts.large_file.as_ref().map_or(0, |file| file.size);
        if reading.detector.is_some() {
            self.warnings.add(
                WarningCode::LargeFilePointer,
                path,
                "Only a Git LFS pointer is in the repository, so what this file says is not read.",
            );
        }
    }

    fn finding(&mut self, file: &'a CountedFile, detector: usize, finding: &'a Finding) {
        let path = file.path.as_str();
        for problem in &finding.problems {
            self.warnings.add(problem.code, path, problem.message.clone());
        }
        let (manifest, standing) = match &finding.contribution {
            Contribution::Project(manifest) => (manifest, Standing::Project),
            Contribution::Addition(manifest) => (manifest, Standing::Addition),
            Contribution::Component(manifest) => (manifest, Standing::Component),
            Contribution::Remark(manifest) => (manifest, Standing::Remark),
            Contribution::Tasks(_) if file.is_generated => return,
            Contribution::Tasks(list) => return self.lists.push((path, list)),
        };
        let directory = Cow::Borrowed(paths::directory(path));
        let manifest = Cow::Borrowed(manifest.as_ref());
        self.manifests.push(Placed { path, directory, detector, manifest, standing });
    }

    pub(super) fn too_large(&mut self, path: &'a str, size: u64, limit: u64) {
        self.details.size(path, size);
        if languages::is_lock_file(path) {
            return;
        }
        let is_manifest = CHAIN.iter().any(|one| one.reads(FileName(path)));
        let what = if is_manifest { "manifest" } else { "file" };
        let message = format!(
            "The {what} has {size} bytes, more than the {limit} of `scanner.max_blob_bytes`, and was not read."
        );
        self.warnings.add(WarningCode::FileTooLarge, path, message);
    }

    /// None where it was stopped.
    pub(super) fn report(
        mut self,
        repository_name: &str,
        owners_file: Option<(&str, &Codeowners)>,
        stopped: Stopped<'_>,
    ) -> Option<ScanReport> {
        let directories = directories(&self.files);
        let mut projects = projects::assemble(
            &self.manifests,
            &directories,
            repository_name,
            &mut self.warnings,
            stopped,
        )?;
        let owners = Owners::new(&projects);
        self.details.describe(&mut projects, &owners, owners_file.map(|(_, owners)| owners));
        let languages = count_languages(&self.files, &owners, &mut projects);
        let todos = self.todos(&owners);
        let tasks = self.tasks(&owners);
        warn_of_duplicates(&tasks, &mut self.warnings);
        let (files, bytes) = self.details.total();
        let owners_file = owners_file.map(|(path, owners)| OwnersFile {
            path: path.to_owned(),
            rules: u64::try_from(owners.len()).unwrap_or(u64::MAX),
            owners: owners.of_directory("."),
        });
        Some(ScanReport {
            projects,
            tasks,
            todos,
            languages,
            size: TreeSize { files, bytes, ..self.size },
            submodules: Vec::new(),
            owners_file,
            warnings: self.warnings.finish(),
        })
    }

    fn todos(&mut self, owners: &Owners) -> Vec<Todo> {
        let mut todos = Vec::new();
        for file in self.files.iter().filter(|file| !file.is_generated) {
            let room = MAX_REPORTED.saturating_sub(todos.len());
            if room < file.facts.markers.len() {
                self.warnings.add(WarningCode::ListTruncated, file.path, TOO_MANY);
            }
            todos.extend(todos_of(file.path, file.facts, owners).take(room));
        }
        todos.sort_by(|a, b| (&a.path, a.line).cmp(&(&b.path, b.line)));
        todos
    }

    fn tasks(&mut self, owners: &Owners) -> Vec<Task> {
        self.lists.sort_by_key(|(path, _)| *path);
        let mut tasks = Vec::new();
        for (path, list) in &self.lists {
            let first = tasks.len();
            // Tasks stand behind those they are part of, so that none loses its parent.
            let room = MAX_REPORTED.saturating_sub(first);
            if room < list.tasks.len() {
                self.warnings.add(WarningCode::ListTruncated, path, TOO_MANY);
            }
            tasks.extend(tasks_of(path, list, first, owners).take(room));
        }
        tasks
    }
}

/// Tasks, and notes, of one repository. The same small file at a great many paths would else fill
/// the memory.
const MAX_REPORTED: usize = 200_000;
const TOO_MANY: &str =
    "The repository has more of them than are kept, so those from here on are left out.";

/// All directories that have a file below them.
fn directories<'a>(files: &[Seen<'a>]) -> HashSet<&'a str> {
    let mut all = HashSet::from(["."]);
    for file in files {
        for directory in paths::around(paths::directory(file.path)) {
            if !all.insert(directory) {
                break;
            }
        }
    }
    all
}

/// The report of files that are at hand.
#[cfg(feature = "fuzzing")]
pub(super) fn report_of(
    files: &[(&str, Reading, BlobFacts)],
    owners: Option<(&str, &Codeowners)>,
) -> ScanReport {
    let counted = |path: &str| CountedFile {
        path: path.to_owned(),
        is_generated: false,
        is_documentation: false,
    };
    let counted: Vec<_> = files.iter().map(|(path, ..)| counted(path)).collect();
    let mut assembly = Assembly::default();
    for (file, (_, reading, facts)) in counted.iter().zip(files) {
        assembly.file(file, *reading, facts);
    }
    assembly.report("demo", owners, &|| false).unwrap_or_default()
}

/// Which project a file belongs to: the nearest one around it.
pub(super) struct Owners(HashMap<String, usize>);

impl Owners {
    fn new(projects: &[Project]) -> Self {
        Self(projects.iter().enumerate().map(|(index, one)| (one.path.clone(), index)).collect())
    }

    /// The directory and index of the project.
    pub(super) fn of<'p>(&self, path: &'p str) -> Option<(&'p str, usize)> {
        paths::around(paths::directory(path))
            .find_map(|directory| Some((directory, *self.0.get(directory)?)))
    }

    fn name(&self, path: &str) -> Option<String> {
        self.of(path).map(|(directory, _)| directory.to_owned())
    }
}

fn count_languages(files: &[Seen<'_>], owners: &Owners, projects: &mut [Project]) -> Vec<Language> {
    let mut all: BTreeMap<&str, Language> = BTreeMap::new();
    let mut by_project: Vec<BTreeMap<&str, Language>> = vec![BTreeMap::new(); projects.len()];
    for Seen { path, facts, .. } in
        files.iter().filter(|file| !file.is_generated && !file.is_documentation)
    {
        let (Some(name), Some(lines)) = (&facts.language, facts.lines) else { continue };
        let own = owners.of(path).and_then(|(_, index)| by_project.get_mut(index));
        for counts in std::iter::once(&mut all).chain(own) {
            let language = counts.entry(name).or_default();
            language.files += 1;
            language.code += u64::from(lines.code);
            language.comments += u64::from(lines.comments);
            language.blanks += u64::from(lines.blanks);
        }
    }
    for (project, counts) in projects.iter_mut().zip(by_project) {
        project.languages = sorted(counts);
    }
    sorted(all)
}

fn sorted(counts: BTreeMap<&str, Language>) -> Vec<Language> {
    let named = |(name, counts): (&str, Language)| Language { name: name.to_owned(), ..counts };
    let mut languages: Vec<_> = counts.into_iter().map(named).collect();
    languages.sort_by(|a, b| (b.code, &a.name).cmp(&(a.code, &b.name)));
    languages
}

fn todos_of(path: &str, facts: &BlobFacts, owners: &Owners) -> impl Iterator<Item = Todo> {
    let project = (!facts.markers.is_empty()).then(|| owners.name(path)).flatten();
    let fixture = paths::is_fixture_directory(paths::directory(path));
    facts.markers.iter().map(move |fact| Todo {
        marker: fact.marker,
        text: fact.text.clone(),
        author: fact.author.clone(),
        path: path.to_owned(),
        line: fact.line,
        project: project.clone(),
        fixture,
    })
}

fn tasks_of(
    path: &str,
    list: &TaskList,
    first: usize,
    owners: &Owners,
) -> impl Iterator<Item = Task> {
    let project = owners.name(path);
    let fixture = paths::is_fixture_directory(paths::directory(path));
    list.tasks.iter().map(move |fact| Task {
        id: fact.id.clone(),
        title: fact.title.clone(),
        done: fact.done,
        section: fact.section.clone(),
        depth: fact.depth,
        parent: fact.parent.map(|parent| first + parent),
        path: path.to_owned(),
        line: fact.line,
        project: project.clone(),
        fixture,
        attributes: fact.attributes.clone().or(&list.defaults),
    })
}

fn warn_of_duplicates(tasks: &[Task], warnings: &mut Warnings) {
    let mut first: HashMap<&str, &Task> = HashMap::new();
    for task in tasks {
        let Some(id) = &task.id else { continue };
        if let Some(other) = first.get(id.as_str()) {
            let message = format!(
                "Line {} gives the id `{id}` again, after {} line {}: give one of them another number.",
                task.line, other.path, other.line
            );
            warnings.add(WarningCode::DuplicateTaskId, &task.path, message);
        } else {
            first.insert(id, task);
        }
    }
}
