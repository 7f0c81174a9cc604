//! Which files people say are not theirs to be counted: `.gitattributes` with linguist's names.
//!
//! `linguist-vendored` and `linguist-generated` take a path out of languages, notes and tasks;
//! `-linguist-vendored` brings back what this module's own list of directories would take out.
//! `linguist-documentation` is not code, and `linguist-language` names a file's language.

use super::paths;
use crate::repositories::{
    attributes::{AttributeRules, AttributeState},
    objects::{Blob, EntryKind, Reader, TreeEntry},
};

const NAMES: [&str; 4] =
    ["linguist-generated", "linguist-vendored", "linguist-documentation", "linguist-language"];

/// Files of rules; where there are more, somebody wants to keep us busy.
const MAX_FILES: usize = 200;
const MAX_BYTES: u64 = 256 * 1024;

/// What the `.gitattributes` of one commit say; asked for the paths of any commit.
#[derive(Debug, Default)]
pub struct Attributes(AttributeRules);

/// How a file counts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Treatment {
    /// Other people's: not looked at at all.
    pub(super) is_vendored: bool,
    /// Made by a program: only its manifest is read.
    pub(super) is_generated: bool,
    /// Prose: no code of its language.
    pub(super) is_documentation: bool,
    pub(super) language: Option<String>,
}

impl Treatment {
    /// Other people's or a program's work, whose notes and tasks do not count.
    pub(super) const fn is_foreign(&self) -> bool {
        self.is_vendored || self.is_generated
    }
}

impl Attributes {
    /// Reads those of a tree that speak of linguist's attributes.
    pub(super) fn read(entries: &[TreeEntry], reader: &Reader) -> Self {
        let files = entries.iter().filter(|entry| is_rules(entry)).take(MAX_FILES);
        let told = files.filter_map(|entry| match reader.blob(entry.oid, MAX_BYTES) {
            Blob::Bytes(bytes) if memchr::memmem::find(&bytes, b"linguist-").is_some() => {
                Some((paths::directory(&entry.path), bytes))
            }
            Blob::Bytes(_) | Blob::TooLarge(_) | Blob::Missing => None,
        });
        let files: Vec<_> = told.collect();
        Self(if files.is_empty() {
            AttributeRules::default()
        } else {
            AttributeRules::new(files, &NAMES)
        })
    }

    /// Of the rules of one directory.
    #[cfg(test)]
    pub(super) fn told(directory: &'static str, rules: &str) -> Self {
        Self(AttributeRules::new(vec![(directory, rules.as_bytes().to_vec())], &NAMES))
    }

    /// Whether a path holds other people's or a program's work, whose notes and tasks do not count.
    #[cfg(test)]
    fn is_foreign(&self, path: &str) -> bool {
        self.of(path).is_foreign()
    }

    pub(super) fn of(&self, path: &str) -> Treatment {
        let (vendored, minified) = (paths::is_vendored(path), paths::is_minified(path));
        if self.0.is_empty() {
            return Treatment { is_vendored: vendored || minified, ..Treatment::default() };
        }
        let mut states = self.0.states(path).into_iter();
        let (generated, said) = (flag(states.next()), flag(states.next()));
        let documentation = flag(states.next());
        let taken = vendored || (minified && generated != Some(false));
        Treatment {
            is_vendored: said.unwrap_or(taken),
            is_generated: generated == Some(true),
            is_documentation: documentation == Some(true),
            language: states.next().and_then(text),
        }
    }
}

fn is_rules(entry: &TreeEntry) -> bool {
    matches!(entry.kind, EntryKind::File | EntryKind::Executable)
        && (entry.path == ".gitattributes" || entry.path.ends_with("/.gitattributes"))
}

fn flag(state: Option<AttributeState>) -> Option<bool> {
    match state? {
        AttributeState::Set => Some(true),
        AttributeState::Unset => Some(false),
        AttributeState::Value(value) => Some(!matches!(value.as_str(), "false" | "0" | "no")),
        AttributeState::Unspecified => None,
    }
}

fn text(state: AttributeState) -> Option<String> {
    match state {
        AttributeState::Value(value) => Some(value),
        AttributeState::Set | AttributeState::Unset | AttributeState::Unspecified => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attributes(files: &[(&'static str, &str)]) -> Attributes {
        let files =
            files.iter().map(|(directory, text)| (*directory, text.as_bytes().to_vec())).collect();
        Attributes(AttributeRules::new(files, &NAMES))
    }

    #[test]
    fn without_rules_the_built_in_list_decides() {
        let none = Attributes::default();

        assert!(none.is_foreign("vendor/a.go"));
        assert!(none.is_foreign("web/app.min.js"));
        assert!(!none.is_foreign("src/a.go"));
    }

    #[test]
    fn rules_add_to_the_list_and_take_from_it() {
        let rules = attributes(&[
            (
                ".",
                "vendor/ours/** -linguist-vendored\nlib/** linguist-vendored=true\n*.pb.go linguist-generated\n*.min.js linguist-generated=false\n",
            ),
            ("lib/mine", "* linguist-vendored=false\n"),
        ]);

        assert!(!rules.is_foreign("vendor/ours/a.go"));
        assert!(rules.is_foreign("vendor/theirs/a.go"));
        assert!(rules.is_foreign("lib/a.js"));
        assert!(!rules.is_foreign("lib/mine/a.js"));
        assert!(rules.is_foreign("api/x.pb.go"));
        assert!(!rules.is_foreign("hand.min.js"));
    }

    #[test]
    fn documentation_and_languages_are_told() {
        let rules =
            attributes(&[(".", "docs/** linguist-documentation\n*.inc linguist-language=PHP\n")]);

        assert!(rules.of("docs/conf.py").is_documentation);
        assert_eq!(rules.of("a.inc").language.as_deref(), Some("PHP"));
        assert_eq!(rules.of("a.rs"), Treatment::default());
    }
}
