//! What manifests take from others: from those above, or from the parent that they name.
//!
//! Workspaces, parent projects, version catalogues and central version files are all the same
//! here: something [`Shared`], and an order in which to ask for it.

use std::{borrow::Cow, collections::HashMap};

use super::{
    detectors::CHAIN,
    gather::Stopped,
    manifest::{Field, Heritage, Manifest, Requirement, Shared},
    paths,
    projects::Placed,
    text,
};

/// Parents of parents; where there are more, they are made up.
const MAX_PARENTS: usize = 20;
/// Placeholders inside the values of placeholders.
const MAX_DEPTH: usize = 8;
/// Placeholders replaced in one text: a value may hold many, each of which may again.
const MAX_EXPANSIONS: usize = 100;
const MAX_LENGTH: usize = 256;

/// Gives each manifest what it takes from others, so that from here on each stands for itself;
/// none where it was stopped.
pub(super) fn settle<'a>(placed: &[Placed<'a>], stopped: Stopped<'_>) -> Option<Vec<Placed<'a>>> {
    let estate = Estate::new(placed);
    let settled = placed.iter().map(|one| {
        if is_settled(&one.manifest) {
            return Some(one.clone());
        }
        let settled = || Placed { manifest: Cow::Owned(estate.settled(one)), ..one.clone() };
        (!stopped()).then(settled)
    });
    settled.collect()
}

fn is_settled(manifest: &Manifest) -> bool {
    let fields = [&manifest.name, &manifest.version, &manifest.description, &manifest.licence];
    let texts = fields.into_iter().flatten().chain(&manifest.provides);
    let requirements = || manifest.dependencies.iter();
    manifest.inherits.is_empty()
        && !requirements().any(|one| one.inherited)
        && !texts.chain(requirements().map(|one| &one.name)).any(|text| has_placeholder(text))
        && !requirements()
            .filter_map(|one| one.requirement.as_ref())
            .any(|one| has_placeholder(one))
}

/// All that is shared in a repository, by where it can be found.
struct Estate<'p, 'a> {
    by_path: HashMap<&'p str, &'p Placed<'a>>,
    /// By detector and directory.
    shared: HashMap<(usize, String), Vec<&'p Shared>>,
}

impl<'p, 'a> Estate<'p, 'a> {
    fn new(placed: &'p [Placed<'a>]) -> Self {
        let mut shared: HashMap<_, Vec<_>> = HashMap::new();
        for one in placed {
            let Some(given) = one.manifest.shared.as_deref() else { continue };
            let at = given.at.as_deref().unwrap_or(".");
            if let Some(directory) = paths::join(&one.directory, at) {
                shared.entry((one.detector, directory)).or_default().push(given);
            }
        }
        let own = placed.iter().filter(|one| one.directory == paths::directory(one.path));
        Self { by_path: own.map(|one| (one.path, one)).collect(), shared }
    }

    /// What a manifest can ask, the nearest first.
    fn sources(&self, one: &'p Placed<'a>) -> Vec<&'p Shared> {
        match one.manifest.heritage {
            Heritage::Above => self.above(one),
            Heritage::Parent { .. } | Heritage::Nothing => self.line(one),
        }
    }

    fn above(&self, one: &Placed<'_>) -> Vec<&'p Shared> {
        let directories = paths::around(&one.directory);
        let found =
            directories.filter_map(|path| self.shared.get(&(one.detector, path.to_owned())));
        found.flatten().copied().collect()
    }

    /// From parent to parent.
    fn line(&self, one: &'p Placed<'a>) -> Vec<&'p Shared> {
        let parents = std::iter::successors(Some(one), |one| self.parent(one));
        parents.take(MAX_PARENTS).filter_map(|one| one.manifest.shared.as_deref()).collect()
    }

    fn parent(&self, one: &Placed<'_>) -> Option<&'p Placed<'a>> {
        let Heritage::Parent { path, name } = &one.manifest.heritage else { return None };
        let found = *self.by_path.get(paths::join(&one.directory, path)?.as_str())?;
        let is_meant = found.detector == one.detector && found.manifest.provides.contains(name);
        is_meant.then_some(found)
    }

    fn settled(&self, one: &'p Placed<'a>) -> Manifest {
        let sources = self.sources(one);
        let expand = |text: &str| Expansion { sources: &sources, left: MAX_EXPANSIONS }.line(text);
        let mut manifest = one.manifest.clone().into_owned();
        inherit(&mut manifest, &sources);
        for field in [&mut manifest.name, &mut manifest.description] {
            *field = field.take().map(|text| expand(&text));
        }
        for field in [&mut manifest.version, &mut manifest.licence] {
            // One that stays a placeholder tells nobody anything.
            *field = field.take().map(|text| expand(&text)).filter(|text| !has_placeholder(text));
        }
        manifest.provides.iter_mut().for_each(|name| *name = expand(name));
        let asked = std::mem::take(&mut manifest.dependencies);
        let found = asked.into_iter().flat_map(|asked| found(asked, one.detector, &sources));
        manifest.dependencies = found
            .map(|found| Requirement {
                name: expand(&found.name),
                requirement: found.requirement.map(|text| expand(&text)),
                ..found
            })
            .collect();
        manifest
    }
}

fn inherit(manifest: &mut Manifest, sources: &[&Shared]) {
    for field in &manifest.inherits {
        let (own, shared): (_, fn(&Shared) -> &Option<String>) = match field {
            Field::Version => (&mut manifest.version, |one| &one.version),
            Field::Description => (&mut manifest.description, |one| &one.description),
            Field::Licence => (&mut manifest.licence, |one| &one.licence),
        };
        if own.is_none() {
            *own = sources.iter().find_map(|one| shared(one).clone());
        }
    }
}

/// The packages that an inherited requirement means, with their versions.
fn found(asked: Requirement, detector: usize, sources: &[&Shared]) -> Vec<Requirement> {
    if !asked.inherited {
        return vec![asked];
    }
    let alias = sources.iter().find_map(|one| one.aliases.get(&asked.name));
    let names = alias.cloned().unwrap_or_else(|| vec![asked.name.clone()]);
    let found = names.into_iter().map(|name| {
        let version = version(&asked, &name, detector, sources);
        Requirement {
            requirement: version.or_else(|| asked.requirement.clone()),
            name,
            inherited: false,
            ..asked.clone()
        }
    });
    found.collect()
}

fn version(
    asked: &Requirement,
    name: &str,
    detector: usize,
    sources: &[&Shared],
) -> Option<String> {
    let normal = CHAIN.get(detector).map(|one| one.normal_name(name));
    let which = asked.requirement.as_ref().map(|which| format!("{name} {which}"));
    let keys = [Some(asked.name.as_str()), Some(name), normal.as_deref()];
    let keys = if which.is_some() { [which.as_deref(), None, None] } else { keys };
    let mut keys = keys.into_iter().flatten();
    keys.find_map(|key| sources.iter().find_map(|one| one.dependencies.get(key))).cloned()
}

/// Replaces the placeholders of one text, as far as their values are known.
struct Expansion<'s> {
    sources: &'s [&'s Shared],
    left: usize,
}

impl Expansion<'_> {
    fn line(&mut self, text: &str) -> String {
        if !has_placeholder(text) {
            return text.to_owned();
        }
        text::line(&self.expand(text, 0), MAX_LENGTH)
    }

    fn expand(&mut self, text: &str, depth: usize) -> String {
        let mut expanded = String::new();
        let mut rest = text;
        while let Some((before, placeholder, after)) = placeholder(rest) {
            expanded.push_str(before);
            let name = placeholder.get(2..placeholder.len() - 1).unwrap_or_default();
            match self.value(name).filter(|_| depth < MAX_DEPTH && self.left > 0) {
                Some(value) => {
                    self.left -= 1;
                    expanded.push_str(&self.expand(value, depth + 1));
                }
                None => expanded.push_str(placeholder),
            }
            rest = after;
        }
        expanded.push_str(rest);
        expanded
    }

    /// Some tools tell names apart by case, and some keep theirs in lower case for not doing so.
    fn value<'v>(&self, name: &str) -> Option<&'v str>
    where
        Self: 'v,
    {
        let lower = name.to_lowercase();
        let find = |name: &str| self.sources.iter().find_map(|one| one.properties.get(name));
        find(name).or_else(|| find(&lower)).map(String::as_str)
    }
}

pub(super) fn has_placeholder(text: &str) -> bool {
    placeholder(text).is_some()
}

/// The first `${name}` or `$(name)`, with what stands before and after it.
fn placeholder(text: &str) -> Option<(&str, &str, &str)> {
    let start = text
        .match_indices('$')
        .map(|(at, _)| at)
        .find(|at| text.get(at + 1..).is_some_and(|rest| rest.starts_with(['{', '('])))?;
    let (before, rest) = text.split_at_checked(start)?;
    let close = if rest.starts_with("${") { '}' } else { ')' };
    let end = rest.find(close)? + 1;
    let (placeholder, after) = rest.split_at_checked(end)?;
    Some((before, placeholder, after))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expanded(text: &str, properties: &[(&str, &str)]) -> String {
        let properties =
            properties.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())).collect();
        let shared = Shared { properties, ..Shared::default() };
        Expansion { sources: &[&shared], left: MAX_EXPANSIONS }.line(text)
    }

    #[test]
    fn placeholders_are_replaced_as_far_as_they_are_known() {
        let properties = [("revision", "1.${patch}"), ("patch", "7"), ("major", "2")];

        assert_eq!(expanded("v${revision}-x", &properties), "v1.7-x");
        assert_eq!(expanded("$(Major).0", &properties), "2.0");
        assert_eq!(expanded("${unknown}", &properties), "${unknown}");
        assert_eq!(expanded("a $ b ${ c", &properties), "a $ b ${ c");
    }

    #[test]
    fn placeholders_that_multiply_end() {
        let many = "${a}".repeat(60);
        let properties = [("a", many.as_str()), ("b", "${b}")];
        let start = crate::platform::clock::CpuTime::start();

        assert!(expanded("${a}", &properties).len() < 300);
        assert_eq!(expanded("${b}", &properties), "${b}");
        assert!(start.elapsed().as_secs() < 1, "{:?}", start.elapsed());
    }
}
