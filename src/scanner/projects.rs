//! Puts manifests together: one project a directory, with what it inherits and includes.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::{
    detectors::CHAIN,
    manifest::{Field, Manifest, Requirement, Workspace},
    model::{Dependency, Project, WarningCode},
    paths,
    warnings::Warnings,
    workspaces::Members,
};

/// A manifest where it stands.
#[derive(Debug, Clone, Copy)]
pub(super) struct Placed<'a> {
    pub(super) path: &'a str,
    /// Index into the chain: the order of precedence.
    pub(super) detector: usize,
    pub(super) manifest: &'a Manifest,
    /// False for one that only adds to a project.
    pub(super) makes_project: bool,
}

/// The manifests of one directory, the most telling first.
type Directories<'a> = BTreeMap<&'a str, Vec<Placed<'a>>>;

/// Makes the projects, sorted by path, the root first.
pub(super) fn assemble(
    placed: &[Placed<'_>],
    repository_name: &str,
    warnings: &mut Warnings,
) -> Vec<Project> {
    let directories = directories(placed);
    let by_path: HashMap<&str, Placed<'_>> = placed.iter().map(|one| (one.path, *one)).collect();
    let mut projects: Vec<Project> = Vec::new();
    for (directory, manifests) in &directories {
        let mut project = project(directory, manifests, repository_name);
        project.dependencies = dependencies(manifests, &directories, &by_path, warnings);
        inherit(&mut project, manifests, &directories);
        projects.push(project);
    }
    if projects.is_empty() {
        projects.extend(fallback(repository_name));
    }
    place(&mut projects);
    let roots = workspace_roots(&directories);
    super::workspaces::join(&mut projects, &roots, &local(placed), warnings);
    projects
}

/// For each directory those that its manifests depend on by path.
fn local<'a>(placed: &[Placed<'a>]) -> HashMap<&'a str, Vec<String>> {
    let mut local: HashMap<&str, Vec<String>> = HashMap::new();
    for one in placed.iter().filter(|one| !one.manifest.local.is_empty()) {
        let directory = paths::directory(one.path);
        let found = one.manifest.local.iter().filter_map(|path| paths::join(directory, path));
        local.entry(directory).or_default().extend(found);
    }
    local
}

/// Groups by directory; what adds to a project goes to that project or nowhere.
fn directories<'a>(placed: &[Placed<'a>]) -> Directories<'a> {
    let mut directories = Directories::new();
    for one in placed.iter().filter(|one| one.makes_project) {
        directories.entry(paths::directory(one.path)).or_default().push(*one);
    }
    for one in placed.iter().filter(|one| !one.makes_project) {
        let home = homes(one.path).find(|directory| directories.contains_key(directory));
        if let Some(manifests) = home.and_then(|home| directories.get_mut(home)) {
            manifests.push(*one);
        }
    }
    for manifests in directories.values_mut() {
        manifests.sort_by_key(|one| (!one.makes_project, one.detector, one.path));
    }
    directories
}

/// Where an addition may belong: its directory, or for `requirements/dev.txt` the one above.
fn homes(path: &str) -> impl Iterator<Item = &str> {
    let directory = paths::directory(path);
    let name = directory.rsplit_once('/').map_or(directory, |(_, name)| name);
    let above = paths::above(directory).next().filter(|_| name == "requirements");
    std::iter::once(directory).chain(above)
}

/// The fields, each from the first manifest that has it.
fn project(directory: &str, manifests: &[Placed<'_>], repository_name: &str) -> Project {
    let first = |field: fn(&Manifest) -> &Option<String>| {
        manifests.iter().find_map(|one| field(one.manifest).clone())
    };
    let mut kinds: Vec<&str> = Vec::new();
    for one in manifests.iter().filter(|one| one.makes_project) {
        let kind = CHAIN.get(one.detector).map_or("generic", |detector| detector.kind());
        if !kinds.contains(&kind) {
            kinds.push(kind);
        }
    }
    let mut kinds = kinds.into_iter().map(str::to_owned);
    Project {
        path: directory.to_owned(),
        name: first(|one| &one.name).unwrap_or_else(|| name_of(directory, repository_name)),
        kind: kinds.next().unwrap_or_default(),
        also: kinds.collect(),
        version: first(|one| &one.version),
        description: first(|one| &one.description),
        licence: first(|one| &one.licence),
        manifest: manifests.first().map(|one| one.path.to_owned()),
        workspace_root: manifests.iter().any(|one| one.manifest.workspace.is_some()),
        private: manifests.iter().any(|one| one.manifest.private),
        ..Project::default()
    }
}

fn name_of(directory: &str, repository_name: &str) -> String {
    let last = directory.rsplit_once('/').map_or(directory, |(_, name)| name);
    if directory == "." { repository_name.to_owned() } else { last.to_owned() }
}

/// The last link of the chain, for a repository where nothing else was found.
fn fallback(repository_name: &str) -> Option<Project> {
    let (detector, manifest) =
        CHAIN.iter().find_map(|detector| Some((detector, detector.fallback()?)))?;
    Some(Project {
        path: ".".to_owned(),
        name: manifest.name.unwrap_or_else(|| repository_name.to_owned()),
        kind: detector.kind().to_owned(),
        ..Project::default()
    })
}

/// Fills in what follows from the paths alone.
fn place(projects: &mut [Project]) {
    let all: HashSet<String> = projects.iter().map(|project| project.path.clone()).collect();
    for project in projects {
        project.parent =
            paths::above(&project.path).find(|path| all.contains(*path)).map(str::to_owned);
        project.fixture = paths::is_fixture(&project.path);
    }
}

/// The nearest workspace of the same ecosystem, from `directory` upwards.
fn workspace_around<'a>(
    directory: &str,
    detector: usize,
    directories: &Directories<'a>,
) -> Option<&'a Workspace> {
    paths::around(directory).find_map(|path| {
        let manifests = directories.get(path)?;
        let mut same = manifests.iter().filter(|one| one.detector == detector);
        same.find_map(|one| one.manifest.workspace.as_ref())
    })
}

fn inherit(project: &mut Project, manifests: &[Placed<'_>], directories: &Directories<'_>) {
    for one in manifests.iter().filter(|one| !one.manifest.inherits.is_empty()) {
        let Some(workspace) = workspace_around(&project.path, one.detector, directories) else {
            continue;
        };
        for field in &one.manifest.inherits {
            let (own, shared) = match field {
                Field::Version => (&mut project.version, &workspace.version),
                Field::Description => (&mut project.description, &workspace.description),
                Field::Licence => (&mut project.licence, &workspace.licence),
            };
            if own.is_none() {
                own.clone_from(shared);
            }
        }
    }
}

/// All direct dependencies: of the manifests, and of the files that they include.
fn dependencies(
    manifests: &[Placed<'_>],
    directories: &Directories<'_>,
    by_path: &HashMap<&str, Placed<'_>>,
    warnings: &mut Warnings,
) -> Vec<Dependency> {
    let mut seen: HashSet<(usize, Option<String>)> = HashSet::new();
    let mut dependencies = Vec::new();
    let mut visited: HashSet<String> = manifests.iter().map(|one| one.path.to_owned()).collect();
    let mut open: Vec<Placed<'_>> = manifests.iter().rev().copied().collect();
    while let Some(one) = open.pop() {
        for requirement in &one.manifest.dependencies {
            let name = CHAIN.get(one.detector).map(|it| it.normal_name(&requirement.name));
            if seen.insert((one.detector, name)) {
                dependencies.push(resolved(requirement, &one, directories));
            }
        }
        for include in &one.manifest.includes {
            let Some(path) = paths::join(paths::directory(one.path), include) else { continue };
            match by_path.get(path.as_str()) {
                Some(included) if visited.insert(path) => open.push(*included),
                Some(_) => {}
                None => warnings.add(
                    WarningCode::IncludeNotFound,
                    one.path,
                    format!("It includes `{include}`, which is missing or is not named like a requirements file, so its dependencies are not listed."),
                ),
            }
        }
    }
    dependencies
}

fn resolved(one: &Requirement, at: &Placed<'_>, directories: &Directories<'_>) -> Dependency {
    let shared = || {
        let directory = paths::directory(at.path);
        let workspace = workspace_around(directory, at.detector, directories)?;
        workspace.dependencies.get(&one.name).cloned()
    };
    let requirement = if one.inherited { shared() } else { one.requirement.clone() };
    Dependency { name: one.name.clone(), requirement, scope: one.scope }
}

fn workspace_roots<'a>(directories: &Directories<'a>) -> BTreeMap<&'a str, Vec<Members<'a>>> {
    let mut roots: BTreeMap<&str, Vec<Members<'_>>> = BTreeMap::new();
    for (directory, manifests) in directories {
        for one in manifests {
            if let Some(workspace) = &one.manifest.workspace {
                let kind = CHAIN.get(one.detector).map_or("", |detector| detector.kind());
                roots.entry(*directory).or_default().push(Members::new(workspace, kind, one.path));
            }
        }
    }
    roots
}

#[cfg(test)]
#[path = "projects_tests.rs"]
mod tests;
