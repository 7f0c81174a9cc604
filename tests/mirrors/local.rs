//! Repositories of this machine: which may be read, and how.

use std::{
    fs,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    process::Command,
};

use quarterdeck::repositories::{
    Mirror, Source,
    mirror::{FetchError, Watch},
    source::{AllowedRoots, FetchPolicy, SourceError},
};

use crate::repository::{Repository, any_path, git, limits};

fn within(root: &Path) -> FetchPolicy {
    let allowed_roots = AllowedRoots::Within(vec![root.to_owned()]);
    FetchPolicy { allowed_roots, ..FetchPolicy::public_only() }
}

fn parse(path: &Path, policy: &FetchPolicy) -> Result<Source, SourceError> {
    Source::parse(path.to_str().unwrap(), policy)
}

#[test]
fn work_trees_bare_repositories_and_linked_work_trees_are_read() {
    let repository = Repository::with_commits(2);
    let root = repository.directory.path();
    git(root, &["clone", "--quiet", "--bare", "work", "bare.git"]);
    repository.git(&["worktree", "add", "--quiet", "../linked"]);

    for name in ["work", "bare.git", "linked", "work/.git"] {
        let source = parse(&root.join(name), &within(root)).unwrap();
        let mirror = Mirror::at(root.join(format!("mirror-of-{}", name.replace('/', "-"))));
        let fetched = mirror.fetch(&source, &within(root), &limits(), &Watch::none()).unwrap();

        assert_eq!(fetched.head, Some(repository.head()), "{name}");
    }
    assert_eq!(parse(&root.join("bare.git"), &within(root)).unwrap().display_name(), "bare");
}

#[test]
fn an_empty_local_repository_has_no_head() {
    let fetched = Repository::empty().fetch().unwrap();

    assert_eq!((fetched.head, fetched.changed), (None, true));
}

#[test]
fn a_path_outside_the_allowed_roots_is_refused_whether_it_exists_or_not() {
    let inside = Repository::with_commits(1);
    let outside = Repository::with_commits(1);
    let policy = within(inside.directory.path());

    let existing = parse(&outside.work(), &policy).unwrap_err();
    let missing = parse(Path::new("/no/such/place"), &policy).unwrap_err();
    let climbing = parse(&inside.work().join("../../..").join("etc"), &policy).unwrap_err();

    assert!(matches!(existing, SourceError::OutsideAllowedRoots(_)), "{existing:?}");
    assert!(matches!(missing, SourceError::OutsideAllowedRoots(_)), "{missing:?}");
    assert!(matches!(climbing, SourceError::OutsideAllowedRoots(_)), "{climbing:?}");
}

#[test]
fn what_exists_outside_the_roots_cannot_be_probed() {
    let outside = Repository::with_commits(1);
    let root = tempfile::TempDir::new().unwrap();
    let link = root.path().join("link");
    symlink(outside.directory.path(), &link).unwrap();
    let climb = root.path().join("../..").join(outside.work().strip_prefix("/").unwrap());

    for (existing, missing) in [
        (link.join("work"), link.join("missing")),
        (climb.clone(), climb.with_file_name("missing")),
    ] {
        for path in [existing, missing] {
            let answer = parse(&path, &within(root.path()));

            assert!(matches!(answer, Err(SourceError::OutsideAllowedRoots(_))), "{answer:?}");
        }
    }
    let inside = parse(&root.path().join("missing"), &within(root.path()));
    assert!(matches!(inside, Err(SourceError::Unreadable { .. })), "{inside:?}");
}

#[test]
fn a_root_is_no_prefix_of_its_neighbours_name() {
    let repository = Repository::with_commits(1);
    let root = repository.directory.path().join("wor");
    fs::create_dir(&root).unwrap();

    let error = parse(&repository.work(), &within(&root)).unwrap_err();

    assert!(matches!(error, SourceError::OutsideAllowedRoots(_)), "{error:?}");
}

#[test]
fn nothing_inside_the_roots_leads_out_of_them() {
    let outside = Repository::with_commits(1);
    let git_directory = outside.work().join(".git");
    let root = tempfile::TempDir::new().unwrap();
    let at = |name: &str| -> PathBuf { root.path().join(name) };
    symlink(outside.work(), at("link")).unwrap();
    fs::create_dir(at("gitfile")).unwrap();
    fs::write(at("gitfile/.git"), format!("gitdir: {}\n", git_directory.display())).unwrap();
    fs::create_dir(at("linked-git")).unwrap();
    symlink(&git_directory, at("linked-git/.git")).unwrap();
    fs::create_dir(at("linked-objects")).unwrap();
    git(&at("linked-objects"), &["init", "--quiet"]);
    fs::remove_dir_all(at("linked-objects/.git/objects")).unwrap();
    symlink(git_directory.join("objects"), at("linked-objects/.git/objects")).unwrap();
    fs::create_dir(at("alternates")).unwrap();
    git(&at("alternates"), &["init", "--quiet"]);
    let alternate = format!("{}\n", git_directory.join("objects").display());
    fs::write(at("alternates/.git/objects/info/alternates"), alternate).unwrap();

    for name in ["link", "gitfile", "linked-git", "linked-objects", "alternates"] {
        let answer = parse(&at(name), &within(root.path()));

        assert!(matches!(answer, Err(SourceError::OutsideAllowedRoots(_))), "{name}: {answer:?}");
    }
}

#[test]
fn a_root_that_is_a_link_is_meant_as_what_it_leads_to() {
    let repository = Repository::with_commits(1);
    let link = repository.directory.path().join("root");
    symlink(repository.work(), &link).unwrap();

    assert!(parse(&repository.work(), &within(&link)).is_ok());
    assert!(parse(&link, &within(&link)).is_ok());
}

#[test]
fn a_directory_without_a_repository_is_refused() {
    let directory = tempfile::TempDir::new().unwrap();

    let error = parse(directory.path(), &any_path()).unwrap_err();

    assert!(matches!(error, SourceError::NotARepository(_)), "{error:?}");
}

#[test]
fn a_relative_path_is_for_the_command_line_only() {
    let policy = within(Path::new("/tmp"));

    assert!(matches!(Source::parse("some/where", &policy), Err(SourceError::RelativePath(_))));
    assert!(matches!(
        Source::parse("some/where", &any_path()),
        Err(SourceError::Unreadable { .. })
    ));
}

/// Only root can give a repository away, which is how containers run their tests.
#[test]
fn a_repository_of_another_user_is_read() {
    if !nix::unistd::geteuid().is_root() {
        return;
    }
    let repository = Repository::with_commits(2);
    let owned =
        Command::new("chown").args(["-R", "65534:65534"]).arg(repository.work()).status().unwrap();
    assert!(owned.success());

    let fetched = repository.fetch().unwrap();

    assert!(fetched.head.is_some());
}

#[test]
fn nothing_that_the_repository_configures_is_run() {
    let repository = Repository::with_commits(1);
    let trap = repository.directory.path().join("sprung");
    let script = repository.directory.path().join("trap.sh");
    fs::write(&script, format!("#!/bin/sh\ntouch {}\nexec \"$@\"\n", trap.display())).unwrap();
    Command::new("chmod").arg("+x").arg(&script).status().unwrap();
    let script = script.to_str().unwrap();
    for key in [
        "uploadpack.packObjectsHook",
        "core.fsmonitor",
        "core.sshCommand",
        "core.gitProxy",
        "core.pager",
    ] {
        repository.git(&["config", key, script]);
    }
    for hook in ["post-checkout", "reference-transaction", "pre-auto-gc", "post-update"] {
        fs::copy(script, repository.work().join(".git/hooks").join(hook)).unwrap();
    }
    // A missing object would be fetched from here, by a program of the repository's choice.
    repository.git(&["config", "core.repositoryFormatVersion", "1"]);
    repository.git(&["config", "extensions.partialClone", "origin"]);
    repository.git(&["config", "remote.origin.promisor", "true"]);
    repository.git(&["config", "remote.origin.url", &format!("ext::{script}")]);
    repository.git(&["config", "protocol.ext.allow", "always"]);
    let blob = repository.git(&["rev-parse", "HEAD:file"]);
    let (directory, file) = blob.split_at(2);
    fs::remove_file(repository.work().join(".git/objects").join(directory).join(file)).unwrap();

    let error = repository.fetch().unwrap_err();

    assert!(
        matches!(error, FetchError::UploadPack { .. } | FetchError::Broken { .. }),
        "{error:?}"
    );
    assert!(!trap.exists());
}

#[test]
fn a_repository_that_names_objects_by_sha256_is_refused_in_words() {
    let directory = tempfile::TempDir::new().unwrap();
    git(directory.path(), &["init", "--quiet", "--object-format=sha256", "work"]);
    git(&directory.path().join("work"), &["commit", "--quiet", "--allow-empty", "--message", "x"]);
    let source = parse(&directory.path().join("work"), &any_path()).unwrap();
    let mirror = Mirror::at(directory.path().join("mirror"));

    let error = mirror.fetch(&source, &any_path(), &limits(), &Watch::none()).unwrap_err();

    assert!(matches!(error, FetchError::ObjectFormat(_)), "{error:?}");
}
