//! What happens to a repository, its mirror and its disk between two scans.

use std::{
    fs,
    path::{Path, PathBuf},
};

use quarterdeck::{
    repositories::{ScanReason, Source},
    tenancy::Role,
    work::{self, ScanId, ScanState},
};
use serde_json::json;

use crate::support::{Repository, World};

/// The one mirror of `acme`.
fn mirror(world: &World) -> PathBuf {
    let tenant = world.scans.mirrors.join(world.acme.to_string());
    fs::read_dir(tenant).unwrap().next().unwrap().unwrap().path()
}

fn packs(mirror: &Path, extension: &str) -> Vec<PathBuf> {
    let files = fs::read_dir(mirror.join("objects/pack")).unwrap();
    let files = files.map(|file| file.unwrap().path());
    files.filter(|file| file.extension().is_some_and(|found| found == extension)).collect()
}

async fn succeeded(world: &World, scan: ScanId) -> crate::support::Look {
    let look = world.look(world.acme, scan).await;
    assert_eq!(look.scan.state, ScanState::Succeeded, "{:?}", look.scan.error);
    look
}

async fn failure(world: &World, scan: ScanId) -> String {
    let look = world.look(world.acme, scan).await;
    assert_eq!(look.scan.state, ScanState::Failed);
    look.scan.error.unwrap()
}

/// A repository whose second commit is waiting to be scanned.
async fn with_news(world: &World, name: &str) -> Repository {
    let repository = world.repository(name);
    repository.commit("One", &[("tasklist.md", "- [ ] First\n"), ("a.rs", "fn a() {}\n")]);
    world.scan(world.acme, &repository).await;
    repository.commit("Two", &[("tasklist.md", "- [x] First\n- [ ] Second\n")]);
    repository
}

#[actix_web::test]
async fn another_default_branch_takes_over() {
    let world = World::new().await;
    let repository = world.repository("switched");
    repository.commit("One", &[("tasklist.md", "- [ ] Of main\n")]);
    world.scan(world.acme, &repository).await;
    repository.git(&["checkout", "--quiet", "--orphan", "next"]);
    repository.commit("Afresh", &[("tasklist.md", "- [ ] Of next\n")]);

    let look = succeeded(&world, world.rescan(world.acme, "switched").await).await;

    assert_eq!(look.scan.branch.as_deref(), Some("next"));
    assert_eq!(look.commits, ["Afresh"]);
    assert_eq!(look.tasks, ["removed  Of main", "open  Of next"]);
}

#[actix_web::test]
async fn a_truncated_pack_is_noticed_and_fetched_again() {
    let world = World::new().await;
    let _repository = with_news(&world, "truncated").await;
    let pack = packs(&mirror(&world), "pack").remove(0);
    let bytes = fs::read(&pack).unwrap();
    fs::remove_file(&pack).unwrap();
    fs::write(&pack, &bytes[..bytes.len() / 2]).unwrap();

    let look = succeeded(&world, world.rescan(world.acme, "truncated").await).await;

    assert_eq!(look.tasks, ["done  First", "open  Second"]);
    assert_eq!(look.commits.len(), 2);
}

#[actix_web::test]
async fn a_pack_with_garbage_in_it_is_noticed_and_fetched_again() {
    let world = World::new().await;
    let repository = world.repository("garbled");
    repository.commit("One", &[("tasklist.md", "- [ ] First\n")]);
    world.scan(world.acme, &repository).await;
    let pack = packs(&mirror(&world), "pack").remove(0);
    let mut bytes = fs::read(&pack).unwrap();
    let end = bytes.len() - 20;
    for byte in &mut bytes[12..end] {
        *byte ^= 0x55;
    }
    fs::remove_file(&pack).unwrap();
    fs::write(&pack, &bytes).unwrap();
    repository.commit("Two", &[("tasklist.md", "- [x] First\n")]);

    let look = succeeded(&world, world.rescan(world.acme, "garbled").await).await;

    assert_eq!(look.tasks, ["done  First"]);
    assert_eq!(look.commits.len(), 2);
}

#[actix_web::test]
async fn garbage_among_the_references_is_no_obstacle() {
    let world = World::new().await;
    let _repository = with_news(&world, "references").await;
    let mirror = mirror(&world);
    fs::write(mirror.join("packed-refs"), "this is no list\n\0\0\n").unwrap();
    fs::write(mirror.join("HEAD"), "nonsense\n").unwrap();
    fs::create_dir_all(mirror.join("refs/heads")).unwrap();
    fs::write(mirror.join("refs/heads/broken"), "zzzz\n").unwrap();

    let look = succeeded(&world, world.rescan(world.acme, "references").await).await;

    assert_eq!(look.tasks, ["done  First", "open  Second"]);
}

#[actix_web::test]
async fn a_mirror_that_vanished_is_fetched_again() {
    let world = World::new().await;
    let _repository = with_news(&world, "vanished").await;
    fs::remove_dir_all(mirror(&world)).unwrap();

    let look = succeeded(&world, world.rescan(world.acme, "vanished").await).await;

    assert_eq!(look.tasks, ["done  First", "open  Second"]);
    assert_eq!(look.scan.found.unwrap().commits, 1, "what is known is not read again");
}

#[actix_web::test]
async fn a_shallow_source_is_read_with_a_warning_and_whole_once_it_is_whole() {
    let world = World::new().await;
    let origin = world.repository("origin");
    for message in ["One", "Two", "Three"] {
        origin.commit(message, &[("tasklist.md", &format!("- [ ] Task {message}\n"))]);
    }
    let path = PathBuf::from(origin.path()).with_file_name("shallow");
    let from = format!("file://{}", origin.path());
    origin.git(&["clone", "--quiet", "--depth", "1", &from, path.to_str().unwrap()]);
    let shallow = Repository::create(&path);

    let first = succeeded(&world, world.scan(world.acme, &shallow).await).await;
    assert_eq!(first.commits, ["Three"]);
    assert!(first.scan.warnings > 0, "{:?}", first.scan);
    shallow.git(&["fetch", "--quiet", "--unshallow"]);
    let second = succeeded(&world, world.rescan(world.acme, "shallow").await).await;

    assert_eq!((second.commits.len(), second.scan.warnings), (3, 0));
    let viewer = world.program(world.acme, Role::Viewer).await;
    let commits = viewer.get("/api/v2/commits?repository=shallow").await.expect(200).json();
    let newest = &commits["items"].as_array().unwrap().iter().find(|one| one["subject"] == "Three");
    assert_eq!(newest.unwrap()["insertions"], 1, "what could not be counted before is counted");
}

#[actix_web::test]
async fn a_renamed_repository_keeps_what_was_read_and_follows_its_new_address() {
    let world = World::new().await;
    let repository = with_news(&world, "old-name").await;
    let admin = world.program(world.acme, Role::Admin).await;
    let elsewhere = PathBuf::from(repository.path()).with_file_name("moved");
    fs::rename(repository.path(), &elsewhere).unwrap();
    let before = admin.get("/api/v2/repositories/old-name").await.expect(200).json();

    let body = json!({"name": "new-name", "source": elsewhere.to_str().unwrap()});
    let changed = admin.patch_json("/api/v2/repositories/old-name", &body).await.expect(200).json();
    world.run_jobs().await;

    assert_eq!(changed["repository"]["id"], before["id"]);
    assert_eq!(changed["scan"]["state"], "queued");
    admin.get("/api/v2/repositories/old-name").await.expect(404);
    let scan: ScanId = changed["scan"]["id"].as_str().unwrap().parse().unwrap();
    let look = succeeded(&world, scan).await;
    assert_eq!(look.tasks, ["done  First", "open  Second"]);
    assert_eq!(look.scan.repository, "new-name");
    assert_eq!(look.scan.found.unwrap().commits, 1, "what is known is not read again");
    let same = admin.patch_json("/api/v2/repositories/new-name", &body).await.expect(200).json();
    assert_eq!(same["scan"], json!(null), "nothing was different");
}

#[actix_web::test]
async fn a_mirror_that_would_take_too_much_disk_fails_and_does_not_grow() {
    let world = World::with_scans(|scans| scans.fetch.max_mirror_bytes = 20_000).await;
    let repository = with_news(&world, "heavy").await;
    let before = quarterdeck::repositories::Mirror::at(mirror(&world)).size();
    // Nothing that compresses.
    let mut state = 1_u32;
    let noise: String = (0..60_000)
        .map(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            char::from(b'!' + u8::try_from((state >> 24) % 90).unwrap())
        })
        .collect();
    repository.commit("Heavy", &[("noise.txt", &noise)]);

    for _ in 0..2 {
        let scan = world.rescan(world.acme, "heavy").await;
        let error = failure(&world, scan).await;
        assert!(error.contains("repositories.max_mirror_bytes"), "{error}");
        assert_eq!(world.look(world.acme, scan).await.tasks, ["open  First"]);
        assert_eq!(quarterdeck::repositories::Mirror::at(mirror(&world)).size(), before);
    }
}

#[actix_web::test]
async fn a_disk_that_is_full_is_said_and_leaves_the_last_result() {
    let world = World::with_scans(|scans| scans.fetch.min_free_bytes = u64::MAX).await;
    let (_listener, url) = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/slow.git", listener.local_addr().unwrap());
        (listener, url)
    };
    let scan = world.request_url_scan(world.acme, &url).await;

    world.run_jobs().await;

    let waiting = world.look(world.acme, scan).await.scan;
    assert_eq!(waiting.state, ScanState::Queued, "it is tried again");
    let error = waiting.error.unwrap();
    assert!(error.contains("repositories.min_free_bytes"), "{error}");
}

#[actix_web::test]
async fn an_error_of_the_disk_does_not_tell_where_mirrors_lie() {
    let world = World::new().await;
    let repository = world.repository("unwritable");
    repository.commit("One", &[("a.txt", "a\n")]);
    // A file where the organisation's directory would be.
    fs::create_dir_all(&world.scans.mirrors).unwrap();
    fs::write(world.scans.mirrors.join(world.acme.to_string()), "").unwrap();

    let scan = world.scan(world.acme, &repository).await;

    let error = world.look(world.acme, scan).await.scan.error.unwrap();
    assert!(error.contains("cannot write its copy"), "{error}");
    assert!(!error.contains(world.scans.mirrors.to_str().unwrap()), "{error}");
}

#[actix_web::test]
async fn a_file_whose_content_is_missing_is_a_warning_and_the_rest_is_read() {
    let world = World::new().await;
    let repository = world.repository("holes");
    repository.commit("One", &[("tasklist.md", "- [ ] Task\n"), ("lost.rs", "// TODO: lost\n")]);
    let blob = repository.git(&["rev-parse", "HEAD:lost.rs"]).trim().to_owned();
    let scan = world.scan(world.acme, &repository).await;
    assert_eq!(world.look(world.acme, scan).await.scan.warnings, 0);
    // The source has lost it as well, and the new commit's file of that content cannot be read.
    repository.commit("Two", &[("again.md", "text\n")]);
    let (folder, file) = blob.split_at(2);
    let object = format!(".git/objects/{folder}/{file}");
    fs::remove_file(Path::new(repository.path()).join(object)).unwrap();
    let mirror = mirror(&world);
    let unpacked = tempfile::tempdir().unwrap();
    unpack_without(&mirror, unpacked.path(), &blob);
    world.forget_facts(world.acme).await;

    let look = succeeded(&world, world.rescan(world.acme, "holes").await).await;

    assert_eq!(look.scan.warnings, 1);
    assert!(look.tasks.contains(&"open  Task".to_owned()), "{:?}", look.tasks);
}

/// Makes the mirror's pack anew without one object.
fn unpack_without(mirror: &Path, scratch: &Path, without: &str) {
    let git = |arguments: &[&str], input: Option<fs::File>| {
        let mut command = std::process::Command::new("git");
        command.args(arguments).current_dir(scratch).env("GIT_CONFIG_GLOBAL", "/dev/null");
        if let Some(input) = input {
            command.stdin(input);
        }
        let output = command.output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    git(&["init", "--quiet", "--bare", "."], None);
    for pack in packs(mirror, "pack") {
        git(&["unpack-objects", "-q"], Some(fs::File::open(&pack).unwrap()));
        fs::remove_file(pack.with_extension("idx")).unwrap();
        fs::remove_file(pack).unwrap();
    }
    let all = git(&["cat-file", "--batch-all-objects", "--batch-check=%(objectname)"], None);
    let kept = all.lines().filter(|line| *line != without).collect::<Vec<_>>().join("\n") + "\n";
    let list = scratch.join("list");
    fs::write(&list, kept).unwrap();
    let target = mirror.join("objects/pack/pack");
    let target = target.to_str().unwrap();
    git(&["pack-objects", "-q", target], Some(fs::File::open(&list).unwrap()));
}

/// Adds a repository as the command line does, which may name any path.
async fn connect_by_command(world: &World, path: &Path) -> ScanId {
    let source = Source::parse(path.to_str().unwrap(), &world.scans.any_path()).unwrap();
    let mut tx = world.begin(world.acme).await;
    let connected =
        work::connect(&mut tx, &source, ScanReason::Command, world.clock.now()).await.unwrap();
    tx.commit().await.unwrap();
    world.run_jobs().await;
    connected.scan
}

#[actix_web::test]
async fn a_repository_of_the_command_line_is_not_followed_elsewhere() {
    let world = World::new().await;
    let outside = tempfile::tempdir().unwrap();
    let root = outside.path().canonicalize().unwrap();
    let mine = Repository::create(&root.join("mine"));
    mine.commit("One", &[("tasklist.md", "- [ ] Mine\n")]);
    let secret = Repository::create(&root.join("secret"));
    secret.commit("One", &[("tasklist.md", "- [ ] Secret\n")]);
    succeeded(&world, connect_by_command(&world, &root.join("mine")).await).await;
    mine.commit("Two", &[("tasklist.md", "- [ ] Mine\n- [ ] Too\n")]);
    let look = succeeded(&world, world.rescan(world.acme, "mine").await).await;
    assert_eq!(look.tasks, ["open  Mine", "open  Too"], "it is read again where it lies");

    let (real, aside) = (root.join("mine"), root.join("aside"));
    fs::rename(&real, &aside).unwrap();
    std::os::unix::fs::symlink(root.join("secret"), &real).unwrap();
    let linked = failure(&world, world.rescan(world.acme, "mine").await).await;
    fs::remove_file(&real).unwrap();
    fs::create_dir(&real).unwrap();
    fs::write(real.join(".git"), format!("gitdir: {}\n", root.join("secret/.git").display()))
        .unwrap();
    let pointed = failure(&world, world.rescan(world.acme, "mine").await).await;
    fs::remove_dir_all(&real).unwrap();
    fs::rename(&aside, &real).unwrap();
    let alternates = real.join(".git/objects/info/alternates");
    fs::create_dir_all(alternates.parent().unwrap()).unwrap();
    fs::write(&alternates, format!("{}\n", root.join("secret/.git/objects").display())).unwrap();
    let borrowed = failure(&world, world.rescan(world.acme, "mine").await).await;

    for error in [&linked, &pointed, &borrowed] {
        assert!(error.contains("leads elsewhere"), "{error}");
    }
    let look = succeeded(&world, connect_by_command(&world, &real).await).await;
    assert_eq!(look.tasks, ["open  Mine", "open  Too"], "adding it again trusts what is there now");
}
