//! The bytes of a tree.
#![no_main]

use std::{fs, sync::LazyLock};

use libfuzzer_sys::fuzz_target;
use quarterdeck::{fuzzing, repositories::objects::ObjectStore};

/// An empty repository: whatever a tree names is missing from it.
static STORE: LazyLock<ObjectStore> = LazyLock::new(|| {
    let directory = tempfile::tempdir().unwrap().keep();
    for part in ["objects", "refs/heads"] {
        fs::create_dir_all(directory.join(part)).unwrap();
    }
    fs::write(directory.join("HEAD"), "ref: refs/heads/main\n").unwrap();
    ObjectStore::open(&directory).unwrap()
});

fuzz_target!(|input: &[u8]| {
    let Ok(tree) = fuzzing::tree(&STORE, input) else { return };
    for entry in &tree.entries {
        let mut parts = entry.path.split('/');
        assert!(parts.all(|part| !matches!(part, "" | "." | "..")), "{}", entry.path);
        assert!(entry.path.len() <= 2_000);
    }
});
