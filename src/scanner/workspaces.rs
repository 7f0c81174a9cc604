//! Which projects are members of which workspace.

use std::collections::{BTreeMap, HashMap, HashSet};

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};

use super::{
    gather::Stopped,
    manifest::{Child, Workspace},
    model::{Project, WarningCode},
    paths,
    projects::Placed,
    warnings::Warnings,
};

/// More patterns than this are no workspace; compiling them costs memory.
const MAX_PATTERNS: usize = 1_000;
/// Of all workspaces of a repository together.
const MAX_ALL_PATTERNS: usize = 10_000;
const TOO_MANY: &str = "Workspaces name more patterns than are read, so members that only the last ones name are missing here.";
const TOO_MANY_EXCLUSIONS: &str =
    "Workspaces exclude more patterns than are read, so this one is not read as a workspace.";

/// How many patterns may still be compiled.
struct Patterns(usize);

impl Default for Patterns {
    fn default() -> Self {
        Self(MAX_ALL_PATTERNS)
    }
}

impl Patterns {
    /// Takes so many of `wanted` as there is room for.
    fn take(&mut self, wanted: usize) -> usize {
        let taken = wanted.min(MAX_PATTERNS).min(self.0);
        self.0 -= taken;
        taken
    }

    /// Takes what there is room for of a workspace.
    ///
    /// Exclusions first, and all of them: without one there would be members that nobody named.
    fn fit(&mut self, workspace: &Workspace) -> Fit {
        let (negative, positive): (Vec<&String>, Vec<&String>) =
            workspace.members.iter().partition(|pattern| pattern.starts_with('!'));
        let excluding = negative.len() + workspace.exclude.len();
        if self.take(excluding) < excluding {
            return Fit::NoExclusions;
        }
        let naming = self.take(positive.len());
        if naming == positive.len() {
            return Fit::Whole;
        }
        let members = negative.into_iter().chain(positive.into_iter().take(naming));
        Fit::Part(Workspace { members: members.cloned().collect(), ..workspace.clone() })
    }
}

/// What of a workspace there is room for.
enum Fit {
    Whole,
    Part(Workspace),
    /// Not even for all that it excludes.
    NoExclusions,
}

/// Leaves out the patterns that there is no room for, from the first directory to the last.
///
/// Done once, so that whoever asks for the members of a workspace hears of the same ones.
pub(super) fn bound(placed: &mut [Placed<'_>], warnings: &mut Warnings) {
    let mut order: Vec<&mut Placed<'_>> =
        placed.iter_mut().filter(|one| one.manifest.workspace.is_some()).collect();
    order.sort_by(|one, other| {
        (&one.directory, one.detector, one.path).cmp(&(
            &other.directory,
            other.detector,
            other.path,
        ))
    });
    let mut patterns = Patterns::default();
    for one in order {
        let fit = one.manifest.workspace.as_ref().map(|workspace| patterns.fit(workspace));
        let (workspace, words) = match fit {
            None | Some(Fit::Whole) => continue,
            Some(Fit::Part(workspace)) => (Some(workspace), TOO_MANY),
            Some(Fit::NoExclusions) => (None, TOO_MANY_EXCLUSIONS),
        };
        one.manifest.to_mut().workspace = workspace;
        warnings.add(WarningCode::ListTruncated, one.path, words);
    }
}

/// The patterns of one workspace, compiled.
pub(super) struct Members<'a> {
    kind: &'a str,
    manifest: &'a str,
    wanted: GlobSet,
    unwanted: GlobSet,
    /// What the manifest makes projects itself.
    declared: HashSet<String>,
    /// Patterns without wildcards: each must name a project.
    literal: Vec<String>,
}

impl<'a> Members<'a> {
    pub(super) fn new(
        workspace: &'a Workspace,
        children: &[Child],
        kind: &'a str,
        manifest: &'a str,
    ) -> Self {
        let (negative, positive): (Vec<_>, Vec<_>) = workspace
            .members
            .iter()
            .map(String::as_str)
            .partition(|pattern| pattern.starts_with('!'));
        let negative = negative.iter().map(|pattern| pattern.trim_start_matches('!'));
        let excluded = workspace.exclude.iter().map(String::as_str);
        let literal = positive.iter().filter(|pattern| !pattern.contains(['*', '?', '[', '{']));
        Self {
            kind,
            manifest,
            literal: literal.map(|pattern| cleaned(pattern)).collect(),
            declared: children.iter().filter_map(|child| paths::join(".", &child.path)).collect(),
            wanted: glob_set(positive.into_iter()),
            unwanted: glob_set(negative.chain(excluded)),
        }
    }

    /// `relative` is the project's path from the workspace's root, empty for the root itself.
    pub(super) fn contains(&self, relative: &str) -> bool {
        let is_named = || self.wanted.is_match(relative) && !self.excludes(relative);
        !relative.is_empty() && (self.declared.contains(relative) || is_named())
    }

    /// Excluding a directory excludes what lies in it.
    fn excludes(&self, relative: &str) -> bool {
        paths::around(relative).any(|path| self.unwanted.is_match(path))
    }
}

/// Marks each project with the nearest workspace that names it, or that depends on it by path; none
/// where it was stopped.
pub(super) fn join(
    projects: &mut [Project],
    roots: &BTreeMap<&str, Vec<Members<'_>>>,
    local: &HashMap<String, Vec<String>>,
    warnings: &mut Warnings,
    stopped: Stopped<'_>,
) -> Option<()> {
    for project in projects.iter_mut() {
        if stopped() {
            return None;
        }
        project.workspace = named_by(project, roots).map(str::to_owned);
    }
    let indices: HashMap<String, usize> =
        projects.iter().enumerate().map(|(index, one)| (one.path.clone(), index)).collect();
    for (root, members) in roots {
        if stopped() {
            return None;
        }
        follow(projects, &indices, (root, members), local);
        warn_of_absent(&indices, root, members, warnings);
    }
    for project in projects.iter_mut().filter(|project| project.workspace.is_some()) {
        // What a workspace names is part of the product, though it lies below a folder of tests.
        project.fixture = paths::is_fixture_directory(&project.path);
    }
    Some(())
}

fn named_by<'p>(project: &'p Project, roots: &BTreeMap<&str, Vec<Members<'_>>>) -> Option<&'p str> {
    paths::above(&project.path).find(|path| {
        let relative = paths::relative(&project.path, path).unwrap_or_default();
        let mut members = roots.get(path).into_iter().flatten();
        members.any(|members| is_of(project, members.kind) && members.contains(relative))
    })
}

fn is_of(project: &Project, kind: &str) -> bool {
    project.kind == kind || project.also.iter().any(|also| also == kind)
}

/// From the root and its members along path dependencies, as far as they stay inside the root.
fn follow(
    projects: &mut [Project],
    indices: &HashMap<String, usize>,
    (root, members): (&str, &[Members<'_>]),
    local: &HashMap<String, Vec<String>>,
) {
    let is_member = |one: &&Project| one.path == root || one.workspace.as_deref() == Some(root);
    let mut open: Vec<String> =
        projects.iter().filter(is_member).map(|project| project.path.clone()).collect();
    while let Some(directory) = open.pop() {
        for path in local.get(directory.as_str()).into_iter().flatten() {
            let relative = paths::relative(path, root).filter(|relative| !relative.is_empty());
            let (Some(relative), Some(index)) = (relative, indices.get(path)) else { continue };
            let Some(project) = projects.get_mut(*index) else { continue };
            let is_free = project.workspace.is_none() && !project.workspace_root;
            if is_free && !members.iter().any(|members| members.excludes(relative)) {
                project.workspace = Some(root.to_owned());
                open.push(path.clone());
            }
        }
    }
}

fn warn_of_absent(
    indices: &HashMap<String, usize>,
    root: &str,
    members: &[Members<'_>],
    warnings: &mut Warnings,
) {
    for member in members {
        for literal in &member.literal {
            if paths::join(root, literal).is_none_or(|path| !indices.contains_key(&path)) {
                let message = format!(
                    "The workspace names `{literal}`, but there is no project: correct or remove the entry."
                );
                warnings.add(WarningCode::WorkspacePattern, member.manifest, message);
            }
        }
    }
}

fn cleaned(pattern: &str) -> String {
    let pattern = pattern.trim_end_matches('/');
    pattern.strip_prefix("./").unwrap_or(pattern).to_owned()
}

/// Patterns that are no globs are left out: they match nothing in the tools either.
fn glob_set<'p>(patterns: impl Iterator<Item = &'p str>) -> GlobSet {
    let mut set = GlobSetBuilder::new();
    for pattern in patterns {
        let cleaned = cleaned(pattern);
        if let Ok(glob) = GlobBuilder::new(&cleaned).literal_separator(true).build() {
            set.add(glob);
        }
    }
    set.build().unwrap_or_else(|_| GlobSet::empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contains(members: &[&str], exclude: &[&str], path: &str) -> bool {
        let owned = |texts: &[&str]| texts.iter().map(|&text| text.to_owned()).collect();
        let workspace =
            Workspace { members: owned(members), exclude: owned(exclude), ..Workspace::default() };
        Members::new(&workspace, &[], "npm", "package.json").contains(path)
    }

    #[test]
    fn globs_name_members() {
        assert!(contains(&["packages/*"], &[], "packages/a"));
        assert!(!contains(&["packages/*"], &[], "packages/a/b"));
        assert!(contains(&["packages/**"], &[], "packages/a/b"));
        assert!(contains(&["./tools/", "a"], &[], "tools"));
        assert!(!contains(&["*"], &[], ""));
    }

    #[test]
    fn exclusions_take_members_away() {
        assert!(!contains(&["packages/*", "!packages/old"], &[], "packages/old"));
        assert!(!contains(&["packages/**"], &["packages/old"], "packages/old/a"));
        assert!(contains(&["packages/**"], &["packages/old"], "packages/older"));
    }

    #[test]
    fn broken_globs_match_nothing() {
        assert!(!contains(&["[", "{a"], &[], "a"));
    }

    fn many(number: usize, pattern: &str) -> Vec<String> {
        (0..number).map(|number| format!("{pattern}{number}/*")).collect()
    }

    #[test]
    fn all_workspaces_of_a_repository_share_the_room_for_patterns() {
        let members = many(MAX_PATTERNS, "packages/");
        let workspace = Workspace { members, ..Workspace::default() };
        let mut patterns = Patterns::default();

        for _ in 0..MAX_ALL_PATTERNS / MAX_PATTERNS {
            assert!(matches!(patterns.fit(&workspace), Fit::Whole));
        }
        assert!(
            matches!(patterns.fit(&workspace), Fit::Part(Workspace { members, .. }) if members.is_empty())
        );
    }

    #[test]
    fn exclusions_among_the_members_are_read_before_them() {
        let members = [many(MAX_PATTERNS + 9, "packages/"), vec!["!packages/1/old".to_owned()]];
        let workspace = Workspace { members: members.concat(), ..Workspace::default() };

        let Fit::Part(part) = Patterns::default().fit(&workspace) else { panic!("all of it") };

        assert_eq!(part.members.len(), MAX_PATTERNS + 1);
        let members = Members::new(&part, &[], "npm", "package.json");
        assert!(members.contains("packages/1/new"));
        assert!(!members.contains("packages/1/old"));
    }

    #[test]
    fn a_workspace_whose_exclusions_are_too_many_names_nothing() {
        let exclusions = [many(MAX_PATTERNS, "!packages/"), vec!["!tools/*".to_owned()]].concat();
        let excluding = Workspace {
            members: vec!["**".to_owned()],
            exclude: exclusions.clone(),
            presumed: false,
        };
        let negating = Workspace {
            members: [vec!["**".to_owned()], exclusions].concat(),
            ..Workspace::default()
        };

        for workspace in [excluding, negating] {
            assert!(matches!(Patterns::default().fit(&workspace), Fit::NoExclusions));
        }
    }

    proptest::proptest! {
        #[test]
        fn any_pattern_is_taken_or_left(patterns in proptest::collection::vec("[a*?!/\\[\\]{},.-]{0,8}|\\PC{0,8}", 0..6), path in "[ab]{1,3}(/[ab]{1,3}){0,3}") {
            let patterns: Vec<&str> = patterns.iter().map(String::as_str).collect();

            // Whatever they say, what names a path names it, and what excludes it excludes it.
            contains(&patterns, &[], &path);
            proptest::prop_assert!(contains(&[path.as_str()], &[], &path));
            proptest::prop_assert!(!contains(&[&patterns[..], &["**"]].concat(), &[path.as_str()], &path));
        }
    }
}
