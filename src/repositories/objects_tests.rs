use super::*;
use crate::repositories::testing::TestRepository;

fn paths(tree: &Tree) -> Vec<&str> {
    tree.entries.iter().map(|entry| entry.path.as_str()).collect()
}

#[test]
fn a_work_tree_and_its_bare_clone_read_alike() {
    let repository = TestRepository::with(&[("a/b.txt", "b"), ("c.txt", "c")]);
    let bare = repository.bare_clone();

    for path in [repository.path(), &repository.path().join(".git"), bare.path()] {
        let store = ObjectStore::open(path).unwrap();
        let head = store.head().unwrap().unwrap();
        assert_eq!(head.branch.as_deref(), Some("main"));
        let tree = store.tree(head.commit, &TreeLimits::default()).unwrap();
        assert_eq!(paths(&tree), ["a/b.txt", "c.txt"]);
        let blob = store.reader().blob(tree.entries[0].oid, 10);
        assert_eq!(blob, Blob::Bytes(b"b".to_vec()));
    }
}

#[test]
fn a_repository_without_commits_has_no_head() {
    let repository = TestRepository::empty();

    assert_eq!(ObjectStore::open(repository.path()).unwrap().head().unwrap(), None);
}

#[test]
fn a_detached_head_has_a_commit_and_no_branch() {
    let repository = TestRepository::with(&[("a", "1")]);
    repository.git(&["checkout", "--quiet", "--detach"]);

    let head = ObjectStore::open(repository.path()).unwrap().head().unwrap().unwrap();

    assert_eq!(head.branch, None);
    assert_eq!(head.commit.to_string(), repository.git(&["rev-parse", "HEAD"]));
}

#[test]
fn a_folder_without_git_is_refused_in_words() {
    let folder = tempfile::tempdir().unwrap();

    let error = ObjectStore::open(folder.path()).err().unwrap();

    assert!(error.to_string().contains("is not a git repository"), "{error}");
}

#[test]
fn limits_name_the_key_that_raises_them() {
    let repository = TestRepository::with(&[("a/b/c/d.txt", ""), ("e.txt", "")]);
    let store = ObjectStore::open(repository.path()).unwrap();
    let head = store.head().unwrap().unwrap().commit;

    let files = store.tree(head, &TreeLimits { files: 3, depth: 9 }).unwrap_err();
    let names = "n/".repeat(900);
    let long = TestRepository::with(&[("x", "")]);
    let blob = long.git(&["rev-parse", "HEAD:x"]);
    long.git(&["update-index", "--add", "--cacheinfo", &format!("100644,{blob},{names}x")]);
    long.git(&["commit", "--quiet", "-m", "Deep"]);
    let deep = ObjectStore::open(long.path()).unwrap();
    let paths = deep
        .tree(deep.head().unwrap().unwrap().commit, &TreeLimits { files: 1_000, depth: 999 })
        .unwrap_err();

    assert!(matches!(files, ObjectError::TooManyFiles(3)));
    assert!(files.to_string().contains("`scanner.max_files`"));
    assert!(matches!(paths, ObjectError::PathsTooLong(256_000)));
    assert!(paths.to_string().contains("`scanner.max_files`"));
    assert!(store.tree(head, &TreeLimits { files: 5, depth: 3 }).is_ok());
}

#[test]
fn what_lies_too_deep_is_left_out_and_named() {
    let repository = TestRepository::with(&[("a/b/c/d.txt", ""), ("e.txt", "")]);
    let store = ObjectStore::open(repository.path()).unwrap();
    let head = store.head().unwrap().unwrap().commit;

    let tree = store.tree(head, &TreeLimits { files: 9, depth: 2 }).unwrap();

    assert_eq!(paths(&tree), ["e.txt"]);
    assert_eq!(tree.left_out, [(LeftOut::TooDeep, "a/b/c".to_owned())]);
}

#[test]
fn a_large_blob_gives_its_size_only() {
    let repository = TestRepository::with(&[("a", &"x".repeat(100))]);
    let store = ObjectStore::open(repository.path()).unwrap();
    let head = store.head().unwrap().unwrap().commit;
    let oid = store.tree(head, &TreeLimits::default()).unwrap().entries[0].oid;

    assert_eq!(store.reader().blob(oid, 99), Blob::TooLarge(100));
    assert!(matches!(store.reader().blob(oid, 100), Blob::Bytes(_)));
}

#[test]
fn a_blob_of_many_megabytes_is_read_where_it_is_asked_for() {
    let repository = TestRepository::with(&[("a", &"x".repeat(20 * 1024 * 1024))]);
    repository.git(&["gc", "--quiet"]);
    let store = ObjectStore::open(repository.path()).unwrap();
    let oid = repository.git(&["rev-parse", "HEAD:a"]).parse().unwrap();

    let blob = store.reader().blob(oid, 32 * 1024 * 1024);

    assert!(matches!(blob, Blob::Bytes(bytes) if bytes.len() == 20 * 1024 * 1024));
}

#[test]
fn missing_and_damaged_objects_are_values() {
    let repository = TestRepository::with(&[("a", "1"), ("d/b", "2")]);
    let store = ObjectStore::open(repository.path()).unwrap();
    let head = store.head().unwrap().unwrap().commit;
    let blob = store.tree(head, &TreeLimits::default()).unwrap().entries[0].oid;
    repository.damage_object(&blob.to_string());
    repository.remove_object(&repository.git(&["rev-parse", "HEAD:d"]));

    let store = ObjectStore::open(repository.path()).unwrap();
    let tree = store.tree(head, &TreeLimits::default()).unwrap();

    assert_eq!(paths(&tree), ["a"]);
    assert_eq!(tree.left_out, [(LeftOut::Unreadable, "d".to_owned())]);
    assert_eq!(store.reader().blob(blob, 10), Blob::Missing);
    let absent = Oid::from_bytes([7; 20]);
    assert_eq!(store.reader().blob(absent, 10), Blob::Missing);
    assert!(matches!(
        store.tree(absent, &TreeLimits::default()),
        Err(ObjectError::MissingCommit(_))
    ));
}

#[test]
fn replacement_objects_are_not_followed() {
    let repository = TestRepository::with(&[("a", "1"), ("b", "2")]);
    let a = repository.git(&["rev-parse", "HEAD:a"]);
    let b = repository.git(&["rev-parse", "HEAD:b"]);
    repository.git(&["replace", &a, &b]);

    let store = ObjectStore::open(repository.path()).unwrap();

    assert_eq!(store.reader().blob(a.parse().unwrap(), 9), Blob::Bytes(b"1".to_vec()));
}

#[test]
fn symlinks_and_executables_are_told_apart() {
    let repository = TestRepository::with(&[("run.sh", "#!/bin/sh\n")]);
    std::os::unix::fs::symlink("/etc/passwd", repository.path().join("link")).unwrap();
    repository.git(&["update-index", "--chmod=+x", "run.sh"]);
    repository.git(&["add", "link"]);
    repository.git(&["commit", "--quiet", "-m", "more"]);

    let store = ObjectStore::open(repository.path()).unwrap();
    let head = store.head().unwrap().unwrap().commit;
    let tree = store.tree(head, &TreeLimits::default()).unwrap();

    let kinds: Vec<_> = tree.entries.iter().map(|entry| entry.kind).collect();
    assert_eq!(kinds, [EntryKind::Symlink, EntryKind::Executable]);
}
