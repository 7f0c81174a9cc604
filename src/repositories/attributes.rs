//! What a tree's `.gitattributes` say of a path.
//!
//! The nearest file to a path comes before those above it, and in a file the last line that fits,
//! as git has it. Nothing outside the tree is read: no user's and no system's attributes.

use std::path::{Path, PathBuf};

use gix::{
    attrs::{
        Search, StateRef,
        search::{MetadataCollection, Outcome},
    },
    bstr::BStr,
    glob::pattern::Case,
};

/// What is said of one attribute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AttributeState {
    Set,
    Unset,
    Value(String),
    Unspecified,
}

/// The attributes of some names for every path of a tree.
#[derive(Debug, Default)]
pub struct AttributeRules {
    search: Search,
    /// Initialised with the names, and copied for each question.
    outcome: Outcome,
}

impl AttributeRules {
    /// Takes the contents of `.gitattributes` by their directory (`.` for the root), in any order.
    pub fn new(mut files: Vec<(&str, Vec<u8>)>, names: &[&str]) -> Self {
        files.sort_by_key(|(directory, _)| depth(directory));
        let (mut search, mut collection) = (Search::default(), MetadataCollection::default());
        for (directory, bytes) in files {
            let is_root = directory == ".";
            let place = if is_root { PathBuf::new() } else { PathBuf::from(directory) };
            let source = place.join(".gitattributes");
            // It fails for a directory without a path of bytes only, which there is none of here.
            let added = search.add_patterns_buffer(
                &bytes,
                source,
                Some(Path::new("")),
                &mut collection,
                is_root,
            );
            drop(added);
        }
        let mut outcome = Outcome::default();
        outcome.initialize_with_selection(&collection, names);
        Self { search, outcome }
    }

    /// Whether nothing is said of any path.
    pub fn is_empty(&self) -> bool {
        self.search.num_pattern_lists() == 0
    }

    /// What is said of a file, in the order of the names.
    pub fn states(&self, path: &str) -> Vec<AttributeState> {
        let mut outcome = self.outcome.clone();
        let path: &BStr = path.into();
        self.search.pattern_matching_relative_path(
            path,
            Case::Sensitive,
            Some(false),
            &mut outcome,
        );
        outcome.iter_selected().map(|found| state(found.assignment.state)).collect()
    }
}

fn depth(directory: &str) -> usize {
    if directory == "." { 0 } else { directory.split('/').count() }
}

fn state(state: StateRef<'_>) -> AttributeState {
    match state {
        StateRef::Set => AttributeState::Set,
        StateRef::Unset => AttributeState::Unset,
        StateRef::Value(value) => AttributeState::Value(value.as_bstr().to_string()),
        StateRef::Unspecified => AttributeState::Unspecified,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn states(files: &[(&'static str, &str)], path: &str) -> Vec<AttributeState> {
        let files =
            files.iter().map(|(directory, text)| (*directory, text.as_bytes().to_vec())).collect();
        AttributeRules::new(files, &["a", "b"]).states(path)
    }

    #[test]
    fn the_last_line_and_the_nearest_file_win() {
        let files = [("sub", "*.c -a\n"), (".", "*.c a b=x\n*.c b=y\n/top.c !b\n")];

        let value = |text: &str| AttributeState::Value(text.to_owned());
        assert_eq!(states(&files, "x.c"), [AttributeState::Set, value("y")]);
        assert_eq!(states(&files, "sub/deep/x.c"), [AttributeState::Unset, value("y")]);
        assert_eq!(states(&files, "top.c"), [AttributeState::Set, AttributeState::Unspecified]);
        assert_eq!(states(&files, "x.h"), vec![AttributeState::Unspecified; 2]);
    }

    #[test]
    fn macros_stand_for_attributes_in_the_root_only() {
        let root = [(".", "[attr]ours a b=z\nlib/** ours\n")];
        let below = [("lib", "[attr]ours a\n* ours\n")];

        assert_eq!(states(&root, "lib/x").first(), Some(&AttributeState::Set));
        assert_eq!(states(&below, "lib/x").first(), Some(&AttributeState::Unspecified));
    }
}
