//! Puts manifests together: one project a directory, with what it inherits and includes.

use std::{
    borrow::Cow,
    collections::{BTreeMap, HashMap, HashSet},
};

use super::{
    detectors::CHAIN,
    frameworks::Frameworks,
    gather::Stopped,
    heritage,
    internal::Names,
    manifest::{Manifest, Requirement},
    model::{Dependency, Pipeline, Project, WarningCode},
    paths, text,
    warnings::Warnings,
    workspaces::{self, Members},
};

/// Scripts, entry points and the like of one project; where there are more, they are generated.
const MAX_GATHERED: usize = 500;
/// Of a name that a directory gives.
const MAX_NAME: usize = 255;
/// What a project is called whose directory has no sign that can be shown.
const UNNAMED: &str = "unnamed";

/// A manifest where it stands.
#[derive(Debug, Clone)]
pub(super) struct Placed<'a> {
    pub(super) path: &'a str,
    /// The one it speaks of: its own, or that of a child it declares.
    pub(super) directory: Cow<'a, str>,
    /// Index into the chain: the order of precedence.
    pub(super) detector: usize,
    pub(super) manifest: Cow<'a, Manifest>,
    pub(super) standing: Standing,
}

impl Placed<'_> {
    fn is_in(&self, directory: &str) -> bool {
        self.directory == directory
    }
}

/// How a manifest stands to the project of its directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Standing {
    /// It makes one.
    Project,
    /// It makes one where there is none around.
    Component,
    /// It only adds to the one of its directory.
    Addition,
    /// It tells something of the nearest one.
    Remark,
}

/// The manifests of each project's directory, the most telling first.
pub(super) type Directories<'a> = BTreeMap<String, Vec<Placed<'a>>>;

/// Makes the projects, sorted by path, the root first; none where it was stopped.
pub(super) fn assemble(
    placed: &[Placed<'_>],
    existing: &HashSet<&str>,
    repository_name: &str,
    warnings: &mut Warnings,
    stopped: Stopped<'_>,
) -> Option<Vec<Project>> {
    let mut placed = placed.to_vec();
    placed.extend(children(&placed, existing));
    let mut placed = heritage::settle(&placed, stopped)?;
    workspaces::bound(&mut placed, warnings);
    promote(&mut placed);
    let directories = directories(&placed);
    let by_path = placed.iter().filter(|one| one.directory == paths::directory(one.path));
    let by_path: HashMap<&str, &Placed<'_>> = by_path.map(|one| (one.path, one)).collect();
    let names = Names::new(&directories);
    let frameworks = Frameworks::new();
    let mut projects: Vec<Project> = Vec::new();
    for (directory, manifests) in &directories {
        if stopped() {
            return None;
        }
        let mut project = project(directory, manifests, repository_name);
        for (detector, one) in dependencies(manifests, &directories, &by_path, warnings) {
            frameworks.tell(detector, &one.name, &mut project);
            project.dependencies.push(names.resolve(detector, one, directory));
        }
        projects.push(project);
    }
    place(&mut projects);
    let roots = workspace_roots(&directories);
    workspaces::join(&mut projects, &roots, &local(&placed), warnings, stopped)?;
    drop_presumed(&mut projects, &directories);
    Some(projects)
}

/// The projects that manifests declare in directories without a manifest of their own.
fn children<'a>(placed: &[Placed<'a>], existing: &HashSet<&str>) -> Vec<Placed<'a>> {
    let declared =
        placed.iter().flat_map(|one| one.manifest.children.iter().map(move |child| (one, child)));
    let placed = declared.filter_map(|(one, child)| {
        let directory = paths::join(&one.directory, &child.path)?;
        existing.contains(directory.as_str()).then_some(Placed {
            directory: Cow::Owned(directory),
            manifest: Cow::Owned(child.manifest.clone()),
            standing: Standing::Project,
            ..one.clone()
        })
    });
    placed.collect()
}

/// What would only add to the project around it is one of its own where a workspace names it.
fn promote(placed: &mut [Placed<'_>]) {
    if placed.iter().all(|one| one.standing != Standing::Component) {
        return;
    }
    let mut roots: HashMap<(usize, &str), Vec<Members<'_>>> = HashMap::new();
    for one in placed.iter() {
        if let Some(workspace) = &one.manifest.workspace {
            let members = Members::new(workspace, &[], "", one.path);
            roots.entry((one.detector, one.directory.as_ref())).or_default().push(members);
        }
    }
    let is_named = |one: &Placed<'_>| {
        paths::above(&one.directory).any(|root| {
            let relative = paths::relative(&one.directory, root).unwrap_or_default();
            let members = roots.get(&(one.detector, root)).into_iter().flatten();
            members.into_iter().any(|members| members.contains(relative))
        })
    };
    let is_promoted = |one: &Placed<'_>| one.standing == Standing::Component && is_named(one);
    let promoted: Vec<bool> = placed.iter().map(is_promoted).collect();
    for (one, _) in placed.iter_mut().zip(promoted).filter(|(_, promoted)| *promoted) {
        one.standing = Standing::Project;
    }
}

/// A workspace that nothing declares is one only where it has members.
fn drop_presumed(projects: &mut [Project], directories: &Directories<'_>) {
    let used: HashSet<String> = projects.iter().filter_map(|one| one.workspace.clone()).collect();
    for project in projects.iter_mut().filter(|one| one.workspace_root) {
        let manifests = directories.get(&project.path).into_iter().flatten();
        let mut workspaces = manifests.filter_map(|one| one.manifest.workspace.as_ref());
        project.workspace_root =
            used.contains(&project.path) || workspaces.any(|one| !one.presumed);
    }
}

/// For each directory those that its manifests depend on by path.
fn local(placed: &[Placed<'_>]) -> HashMap<String, Vec<String>> {
    let mut local: HashMap<String, Vec<String>> = HashMap::new();
    for one in placed.iter().filter(|one| !one.manifest.local.is_empty()) {
        let found = one.manifest.local.iter().filter_map(|path| paths::join(&one.directory, path));
        local.entry(one.directory.to_string()).or_default().extend(found);
    }
    local
}

/// Groups by directory; what adds to a project goes to that project or nowhere.
fn directories<'a>(placed: &[Placed<'a>]) -> Directories<'a> {
    let mut directories = Directories::new();
    for one in placed.iter().filter(|one| one.standing == Standing::Project) {
        directories.entry(one.directory.to_string()).or_default().push(one.clone());
    }
    let mut components: Vec<_> =
        placed.iter().filter(|one| one.standing == Standing::Component).collect();
    components.sort_by_key(|one| one.directory.len());
    for one in components {
        let home = paths::around(&one.directory).find(|path| directories.contains_key(*path));
        let home = home.unwrap_or(&one.directory).to_owned();
        directories.entry(home).or_default().push(one.clone());
    }
    if directories.is_empty() {
        directories.insert(".".to_owned(), Vec::new());
    }
    for one in placed {
        let home = match one.standing {
            Standing::Project | Standing::Component => continue,
            Standing::Addition => homes(one.path).find(|path| directories.contains_key(*path)),
            Standing::Remark => {
                paths::around(&one.directory).find(|path| directories.contains_key(*path))
            }
        };
        if let Some(manifests) = home.and_then(|home| directories.get_mut(home)) {
            manifests.push(one.clone());
        }
    }
    for manifests in directories.values_mut() {
        manifests
            .sort_by_key(|one| (one.standing, one.detector, one.manifest.name.is_none(), one.path));
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

/// The fields, each from the first manifest of the directory that has it.
fn project(directory: &str, manifests: &[Placed<'_>], repository_name: &str) -> Project {
    let own = || {
        let makes = [Standing::Project, Standing::Component, Standing::Addition];
        manifests.iter().filter(move |one| makes.contains(&one.standing) && one.is_in(directory))
    };
    let first = |field: fn(&Manifest) -> &Option<String>| {
        own().find_map(|one| field(&one.manifest).clone())
    };
    let mut kinds = kinds(manifests).into_iter().map(str::to_owned);
    let makers = own().filter(|one| one.standing != Standing::Addition);
    // Its own file before that of a parent which declares it, and one that names it before others.
    let manifest = makers.min_by_key(|one| {
        (
            paths::directory(one.path) != directory,
            one.standing,
            one.detector,
            one.manifest.name.is_none(),
        )
    });
    Project {
        path: directory.to_owned(),
        name: first(|one| &one.name).unwrap_or_else(|| name_of(directory, repository_name)),
        kind: kinds.next().unwrap_or_else(fallback_kind),
        also: kinds.collect(),
        version: first(|one| &one.version),
        description: first(|one| &one.description),
        licence: first(|one| &one.licence),
        manifest: manifest.map(|one| one.path.to_owned()),
        workspace_root: manifests.iter().any(|one| one.manifest.workspace.is_some()),
        private: own().any(|one| one.manifest.private),
        tools: gathered(manifests, |one| &one.tools),
        frameworks: gathered(manifests, |one| &one.frameworks),
        test_tools: gathered(manifests, |one| &one.test_tools),
        entry_points: gathered(manifests, |one| &one.entry_points),
        scripts: gathered(manifests, |one| &one.scripts),
        pipelines: pipelines(manifests),
        ..Project::default()
    }
}

/// Of what makes the project and lives in it, in the order of precedence.
fn kinds<'k>(manifests: &[Placed<'_>]) -> Vec<&'k str> {
    let mut kinds: Vec<&str> = Vec::new();
    for one in manifests {
        let is_told = matches!(one.standing, Standing::Project | Standing::Component);
        if let Some(detector) = CHAIN.get(one.detector).filter(|_| is_told) {
            kinds.push(detector.kind());
        }
    }
    let mut seen = HashSet::new();
    kinds.retain(|kind| seen.insert(*kind));
    kinds
}

/// What all manifests say together, each once.
fn gathered<T: Clone + PartialEq>(
    manifests: &[Placed<'_>],
    field: fn(&Manifest) -> &Vec<T>,
) -> Vec<T> {
    let mut all: Vec<T> = Vec::new();
    for item in manifests.iter().flat_map(|one| field(&one.manifest)) {
        if all.len() < MAX_GATHERED && !all.contains(item) {
            all.push(item.clone());
        }
    }
    all
}

fn pipelines(manifests: &[Placed<'_>]) -> Vec<Pipeline> {
    let told = manifests
        .iter()
        .flat_map(|one| one.manifest.pipelines.iter().map(move |pipeline| (one.path, pipeline)));
    told.take(MAX_GATHERED)
        .map(|(path, pipeline)| Pipeline { file: Some(path.to_owned()), ..pipeline.clone() })
        .collect()
}

fn name_of(directory: &str, repository_name: &str) -> String {
    let last = directory.rsplit_once('/').map_or(directory, |(_, name)| name);
    let name = if directory == "." { repository_name } else { last };
    // Git takes any sign in a path but NUL.
    text::some_line(name, MAX_NAME).unwrap_or_else(|| UNNAMED.to_owned())
}

/// What a project is that no detector made: the last link of the chain.
fn fallback_kind() -> String {
    CHAIN.iter().find(|detector| detector.is_fallback()).map_or("", |one| one.kind()).to_owned()
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

/// All direct dependencies: of the manifests, and of the files that they include.
fn dependencies(
    manifests: &[Placed<'_>],
    directories: &Directories<'_>,
    by_path: &HashMap<&str, &Placed<'_>>,
    warnings: &mut Warnings,
) -> Vec<(usize, Dependency)> {
    let mut seen: HashSet<(usize, Option<String>)> = HashSet::new();
    let mut dependencies = Vec::new();
    let mut visited: HashSet<String> = manifests.iter().map(|one| one.path.to_owned()).collect();
    let mut open: Vec<&Placed<'_>> = manifests.iter().rev().collect();
    while let Some(one) = open.pop() {
        for requirement in &one.manifest.dependencies {
            let name = CHAIN.get(one.detector).map(|it| it.normal_name(&requirement.name));
            if seen.insert((one.detector, name)) {
                dependencies.push((one.detector, dependency(requirement, one, directories)));
            }
        }
        for include in &one.manifest.includes {
            let Some(path) = paths::join(paths::directory(one.path), include) else { continue };
            match by_path.get(path.as_str()) {
                Some(included) if visited.insert(path) => open.push(included),
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

fn dependency(one: &Requirement, at: &Placed<'_>, directories: &Directories<'_>) -> Dependency {
    let path = one.path.as_ref().and_then(|path| paths::join(&at.directory, path));
    Dependency {
        name: one.name.clone(),
        requirement: one.requirement.clone(),
        scope: one.scope,
        internal: path.filter(|directory| directories.contains_key(directory)),
    }
}

/// The workspaces by their directory; what one declares is a member without being named.
fn workspace_roots<'d>(directories: &'d Directories<'_>) -> BTreeMap<&'d str, Vec<Members<'d>>> {
    let mut roots: BTreeMap<&str, Vec<Members<'_>>> = BTreeMap::new();
    for (directory, manifests) in directories {
        for one in manifests {
            let Some(workspace) = &one.manifest.workspace else { continue };
            let kind = CHAIN.get(one.detector).map_or("", |detector| detector.kind());
            let children = &one.manifest.children;
            let members = Members::new(workspace, children, kind, one.path);
            roots.entry(directory.as_str()).or_default().push(members);
        }
    }
    roots
}

#[cfg(test)]
#[path = "projects_tests.rs"]
mod tests;
