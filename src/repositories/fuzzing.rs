//! Reading objects and answers that a fuzzer made up.

use std::path::Path;

use super::{
    history::{self, Commit},
    mirror::{self, FetchError, Fetched},
    objects::{ObjectError, ObjectStore, Tree, TreeLimits},
};

/// What the bytes of a commit say, with the bytes of a mailmap; none where they are no commit.
pub fn commit(bytes: &[u8], mailmap: &[u8]) -> Option<Commit> {
    history::decoded(bytes, mailmap)
}

/// The files of a tree of these bytes, in a repository that need not have what it names.
pub fn tree(store: &ObjectStore, bytes: &[u8]) -> Result<Tree, ObjectError> {
    store.tree_of(bytes, &TreeLimits { files: 1_000, depth: 20 })
}

/// A fetch into an empty directory, from a server that says this whatever it is asked.
pub fn receive(directory: &Path, answers: &[u8]) -> Result<Fetched, FetchError> {
    mirror::receive_from(directory, answers)
}
