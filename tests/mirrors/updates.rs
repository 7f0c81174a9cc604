//! What happens upstream between two fetches, and to a mirror on this side.

use std::fs;

use quarterdeck::repositories::mirror::{FetchError, Watch};

use crate::repository::{Repository, any_path, git_with, limits};

#[test]
fn a_force_push_replaces_the_branch() {
    let repository = Repository::with_commits(3);
    repository.fetch().unwrap();
    repository.git(&["reset", "--hard", "--quiet", "HEAD~2"]);
    let rewritten = repository.commit("other", "instead\n");

    let fetched = repository.fetch().unwrap();

    assert!(fetched.changed);
    assert_eq!(fetched.head, Some(rewritten));
    assert_eq!(repository.mirrored(&["rev-list", "--count", "HEAD"]), "2");
}

#[test]
fn the_mirror_follows_a_renamed_default_branch() {
    let repository = Repository::with_commits(1);
    repository.fetch().unwrap();
    repository.git(&["branch", "--move", "main", "trunk"]);

    let fetched = repository.fetch().unwrap();

    assert!(fetched.changed);
    assert_eq!(fetched.default_branch.as_deref(), Some("trunk"));
    assert_eq!(repository.mirrored_references(), ["refs/heads/trunk"]);
    assert_eq!(repository.mirrored(&["symbolic-ref", "HEAD"]), "refs/heads/trunk");
}

#[test]
fn deleted_branches_and_tags_go_and_moved_tags_move() {
    let repository = Repository::with_commits(2);
    repository.git(&["branch", "side"]);
    repository.git(&["tag", "old"]);
    repository.git(&["tag", "moving", "HEAD~1"]);
    repository.fetch().unwrap();
    repository.git(&["branch", "--delete", "--force", "side"]);
    repository.git(&["tag", "--delete", "old"]);
    repository.git(&["tag", "--force", "moving"]);

    repository.fetch().unwrap();

    assert_eq!(repository.mirrored_references(), ["refs/heads/main", "refs/tags/moving"]);
    assert_eq!(repository.mirrored(&["rev-parse", "moving"]), repository.head().to_string());
}

#[test]
fn a_branch_may_become_a_directory_of_branches_and_back() {
    let repository = Repository::with_commits(1);
    repository.git(&["branch", "topic"]);
    repository.fetch().unwrap();
    repository.git(&["branch", "--move", "topic", "topic/one"]);
    repository.fetch().unwrap();
    assert_eq!(repository.mirrored_references(), ["refs/heads/main", "refs/heads/topic/one"]);

    repository.git(&["branch", "--move", "topic/one", "topic"]);
    repository.fetch().unwrap();

    assert_eq!(repository.mirrored_references(), ["refs/heads/main", "refs/heads/topic"]);
}

#[test]
fn a_repository_that_was_emptied_is_empty_here_too() {
    let repository = Repository::with_commits(1);
    repository.fetch().unwrap();
    repository.git(&["update-ref", "-d", "refs/heads/main"]);

    let fetched = repository.fetch().unwrap();

    assert!(fetched.changed);
    assert_eq!(fetched.head, None);
    assert!(repository.mirrored_references().is_empty());
}

#[test]
fn a_detached_head_is_taken_as_it_is() {
    let repository = Repository::with_commits(3);
    repository.git(&["checkout", "--quiet", "--detach", "HEAD~1"]);

    let fetched = repository.fetch().unwrap();

    assert_eq!(fetched.default_branch, None);
    assert_eq!(fetched.head, Some(repository.head()));
}

#[test]
fn references_that_are_neither_branch_nor_tag_stay_away() {
    let repository = Repository::with_commits(1);
    repository.git(&["update-ref", "refs/pull/1/head", "HEAD"]);
    repository.git(&[
        "update-ref",
        "refs/replace/0000000000000000000000000000000000000001",
        "HEAD",
    ]);
    repository.git(&["notes", "add", "-m", "note"]);

    repository.fetch().unwrap();

    assert_eq!(repository.mirrored_references(), ["refs/heads/main"]);
}

#[test]
fn what_a_killed_fetch_left_is_cleared_away() {
    let repository = Repository::with_commits(1);
    repository.fetch().unwrap();
    let mirror = repository.mirror();
    let leftovers = [
        "objects/pack/.tmpAb12Cd",
        "objects/pack/pack-00000000000000000000000000000000000000aa.pack",
        "objects/pack/pack-00000000000000000000000000000000000000bb.keep",
        "packed-refs.lock",
        "packed-refs.new",
        "shallow.lock",
    ];
    for name in leftovers {
        fs::write(mirror.path().join(name), "half").unwrap();
    }
    repository.commit("file", "more\n");

    let fetched = repository.fetch().unwrap();

    assert_eq!(fetched.head, Some(repository.head()));
    for name in leftovers {
        assert!(!mirror.path().join(name).exists(), "{name}");
    }
}

#[test]
fn two_fetches_at_once_do_not_meet() {
    let repository = Repository::with_commits(1);
    repository.fetch().unwrap();
    let lock = fs::File::create(repository.mirror().path().join("fetch.lock")).unwrap();
    lock.lock().unwrap();

    let error = repository.fetch().unwrap_err();

    assert!(matches!(error, FetchError::Busy), "{error:?}");
    drop(lock);
    repository.fetch().unwrap();
}

#[test]
fn a_damaged_mirror_is_named_and_can_be_made_again() {
    let repository = Repository::with_commits(3);
    repository.fetch().unwrap();
    let packs = repository.mirror().path().join("objects/pack");
    for file in fs::read_dir(&packs).unwrap() {
        let file = file.unwrap().path();
        if file.extension().is_some_and(|extension| extension == "idx") {
            fs::write(file, b"no index").unwrap();
        }
    }

    let error = repository.fetch().unwrap_err();
    let remade = repository
        .mirror()
        .remake(&repository.source(), &any_path(), &limits(), &Watch::none())
        .unwrap();

    assert!(error.is_damage(), "{error:?}");
    assert_eq!(remade.head, Some(repository.head()));
    repository.mirrored(&["fsck", "--strict"]);
    let left: Vec<_> = fs::read_dir(repository.directory.path())
        .unwrap()
        .map(|file| file.unwrap().file_name())
        .collect();
    assert_eq!(left.len(), 2, "{left:?}");
}

#[test]
fn a_mirror_without_its_configuration_is_damaged() {
    let repository = Repository::with_commits(1);
    repository.fetch().unwrap();
    fs::write(repository.mirror().path().join("config"), "[core]\n\trepositoryformatversion = 9\n")
        .unwrap();

    let error = repository.fetch().unwrap_err();

    assert!(error.is_damage(), "{error:?}");
}

#[test]
fn the_mirror_stands_alone_without_hooks_or_alternates() {
    let repository = Repository::with_commits(1);

    repository.fetch().unwrap();

    let mirror = repository.mirror();
    assert!(!mirror.path().join("hooks").exists());
    assert!(!mirror.path().join("objects/info/alternates").exists());
    assert!(mirror.size() > 0);
    mirror.remove().unwrap();
    assert!(!mirror.path().exists());
}

#[test]
fn many_packs_become_one() {
    let repository = Repository::with_commits(2);
    repository.fetch().unwrap();
    let mirror = repository.mirror();
    let packs = || {
        let files = fs::read_dir(mirror.path().join("objects/pack")).unwrap();
        files
            .filter(|file| {
                file.as_ref().unwrap().path().extension().is_some_and(|end| end == "pack")
            })
            .count()
    };
    for number in 0..55 {
        let blob = git_with(mirror.path(), &["hash-object", "-w", "--stdin"], &number.to_string());
        git_with(mirror.path(), &["pack-objects", "--quiet", "objects/pack/pack"], &blob);
    }
    assert!(packs() > 50);
    let new = repository.commit("file", "new\n");

    let fetched = repository.fetch().unwrap();

    assert_eq!(fetched.head, Some(new));
    assert_eq!(packs(), 1);
    repository.mirrored(&["fsck", "--strict"]);
    assert!(!repository.fetch().unwrap().changed);
}
