//! Which projects are members of which workspace.

use std::collections::{BTreeMap, HashMap};

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};

use super::{
    manifest::Workspace,
    model::{Project, WarningCode},
    paths,
    warnings::Warnings,
};

/// More patterns than this are no workspace; compiling them costs memory.
const MAX_PATTERNS: usize = 1_000;

/// The patterns of one workspace, compiled.
pub(super) struct Members<'a> {
    kind: &'a str,
    manifest: &'a str,
    wanted: GlobSet,
    unwanted: GlobSet,
    /// Patterns without wildcards: each must name a project.
    literal: Vec<String>,
}

impl<'a> Members<'a> {
    pub(super) fn new(workspace: &'a Workspace, kind: &'a str, manifest: &'a str) -> Self {
        let patterns = workspace.members.iter().take(MAX_PATTERNS);
        let (negative, positive): (Vec<_>, Vec<_>) =
            patterns.map(String::as_str).partition(|pattern| pattern.starts_with('!'));
        let negative = negative.iter().map(|pattern| pattern.trim_start_matches('!'));
        let excluded = workspace.exclude.iter().take(MAX_PATTERNS).map(String::as_str);
        let literal = positive.iter().filter(|pattern| !pattern.contains(['*', '?', '[', '{']));
        Self {
            kind,
            manifest,
            literal: literal.map(|pattern| cleaned(pattern)).collect(),
            wanted: glob_set(positive.into_iter()),
            unwanted: glob_set(negative.chain(excluded)),
        }
    }

    /// `relative` is the project's path from the workspace's root, empty for the root itself.
    fn contains(&self, relative: &str) -> bool {
        let excluded = || {
            // Excluding a directory excludes what lies in it.
            paths::around(relative).any(|path| self.unwanted.is_match(path))
        };
        !relative.is_empty() && self.wanted.is_match(relative) && !excluded()
    }
}

/// Marks each project with the nearest workspace that names it.
pub(super) fn join(
    projects: &mut [Project],
    roots: &BTreeMap<&str, Vec<Members<'_>>>,
    warnings: &mut Warnings,
) {
    for project in projects.iter_mut() {
        let root = paths::above(&project.path).find(|path| {
            let relative = paths::relative(&project.path, path).unwrap_or_default();
            roots.get(path).into_iter().flatten().any(|members| {
                let same = project.kind == members.kind
                    || project.also.iter().any(|kind| kind == members.kind);
                same && members.contains(relative)
            })
        });
        project.workspace = root.map(str::to_owned);
        // What a workspace names is part of the product, wherever it lies.
        project.fixture &=
            project.workspace.is_none() || paths::is_fixture_directory(&project.path);
    }
    let by_path: HashMap<&str, &Project> =
        projects.iter().map(|project| (project.path.as_str(), project)).collect();
    for (root, members) in roots {
        for member in members {
            for literal in &member.literal {
                let path = paths::join(root, literal);
                if path.is_none_or(|path| !by_path.contains_key(path.as_str())) {
                    let message = format!(
                        "The workspace names `{literal}`, but there is no project: correct or remove the entry."
                    );
                    warnings.add(WarningCode::WorkspacePattern, member.manifest, message);
                }
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
        Members::new(&workspace, "npm", "package.json").contains(path)
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
}
