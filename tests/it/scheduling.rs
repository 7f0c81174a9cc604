//! Scans in the queue: cancelled, bounded, in turns, within limits, and kept only so long.

use std::{
    fs,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use quarterdeck::{
    app,
    jobs::{self, Failure, Job, Registry, Worker},
    repositories::RepositoryId,
    tenancy::{Role, TenantId},
    work::{self, ScanId, ScanState},
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::support::World;

/// An address where connections are taken and nothing is ever said.
fn silent_address() -> (std::net::TcpListener, String) {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/silent.git", listener.local_addr().unwrap());
    (listener, url)
}

async fn wait_for(world: &World, scan: ScanId, state: ScanState) {
    let patience = Instant::now() + Duration::from_secs(30);
    while world.look(world.acme, scan).await.scan.state != state {
        assert!(Instant::now() < patience, "the scan is not {state:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn audit_count(world: &World, action: &str) -> usize {
    let mut tx = world.begin(world.acme).await;
    let entries = quarterdeck::organizations::audit::list(&mut tx, 100).await.unwrap();
    entries.iter().filter(|entry| entry.action == action).count()
}

#[actix_web::test]
async fn a_running_scan_is_cancelled_within_a_moment_and_only_once() {
    let world = World::new().await;
    let member = world.member(Role::Member).await;
    let (_listener, url) = silent_address();
    let scan = world.request_url_scan(world.acme, &url).await;
    let worker = world.worker();
    let run = actix_web::rt::spawn(async move { worker.run_until_idle().await.unwrap() });
    wait_for(&world, scan, ScanState::Running).await;

    let began = Instant::now();
    let path = format!("/acme/scans/{scan}/cancel");
    let (one, two) = futures_util::join!(member.post(&path, &[]), member.post(&path, &[]));
    run.await.unwrap();

    assert!(began.elapsed() < Duration::from_secs(8), "{:?}", began.elapsed());
    assert_eq!((one.status, two.status), (303.try_into().unwrap(), 303.try_into().unwrap()));
    let ended = world.look(world.acme, scan).await.scan;
    assert_eq!(ended.state, ScanState::Cancelled);
    assert_eq!(ended.error.as_deref(), Some("Cancelled by The member."));
    assert_eq!(audit_count(&world, "scan.cancelled").await, 1);
    let page = member.get(&format!("/acme/scans/{scan}")).await.expect(200).text;
    assert!(page.contains("Cancelled by The member."), "{page}");
    assert!(page.contains("Scan again") && !page.contains("/cancel\""), "{page}");
}

#[actix_web::test]
async fn a_waiting_scan_is_cancelled_and_its_job_does_nothing() {
    let world = World::new().await;
    let repository = world.repository("waiting");
    repository.commit("Start", &[("tasklist.md", "- [ ] Stay\n")]);
    let first = world.scan(world.acme, &repository).await;
    repository.commit("More", &[("tasklist.md", "- [x] Stay\n")]);
    let second = world.request_scan(world.acme, &repository).await;
    let program = world.program(world.acme, Role::Member).await;
    let cancel = |scan: ScanId| format!("/api/v2/scans/{scan}/cancel");

    let cancelled = program.post_json(&cancel(second), &Value::Null).await.expect(200).json();
    let again = program.post_json(&cancel(second), &Value::Null).await.expect(200).json();
    world.run_jobs().await;

    assert_eq!((&cancelled["state"], &again), (&json!("cancelled"), &cancelled));
    let look = world.look(world.acme, second).await;
    assert_eq!(look.scan.state, ScanState::Cancelled);
    assert_eq!(look.tasks, ["open  Stay"], "the result of the scan before stays");
    let late = program.post_json(&cancel(first), &Value::Null).await.expect(409).json();
    assert_eq!(late["detail"], "The scan has ended already: it has succeeded.");
    let stranger = world.program(world.globex, Role::Owner).await;
    stranger.post_json(&cancel(second), &Value::Null).await.expect(404);
    let next = world.rescan(world.acme, "waiting").await;
    assert_eq!(world.look(world.acme, next).await.tasks, ["done  Stay"]);
}

/// A job that notes that it ran.
#[derive(Serialize, Deserialize)]
struct Note {
    number: u32,
}

impl Job for Note {
    const KIND: &'static str = "note";
    const ATTEMPTS: u16 = 1;

    fn lane(&self) -> String {
        format!("note:{}", self.number)
    }
}

async fn enqueue(world: &World, tenant: TenantId, numbers: std::ops::Range<u32>) {
    let mut tx = world.begin(tenant).await;
    for number in numbers {
        jobs::enqueue(&mut tx, &Note { number }, world.clock.now()).await.unwrap();
    }
    tx.commit().await.unwrap();
}

#[actix_web::test]
async fn an_organisation_with_fifty_jobs_does_not_starve_another() {
    let world = World::new().await;
    enqueue(&world, world.acme, 0..50).await;
    world.clock.advance(chrono::Duration::seconds(1));
    enqueue(&world, world.globex, 0..3).await;
    let order = Arc::new(Mutex::new(Vec::new()));
    let noted = Arc::clone(&order);
    let registry = Registry::default().with(move |context, _: Note| {
        noted.lock().unwrap().push(context.grant.organization().slug.clone());
        async { Ok::<(), Failure>(()) }
    });

    Worker::new(world.db.clone(), world.clock.clone(), registry).run_until_idle().await.unwrap();

    let order = order.lock().unwrap();
    assert_eq!(order.len(), 53);
    let globex: Vec<usize> =
        order.iter().enumerate().filter(|(_, slug)| *slug == "globex").map(|(at, _)| at).collect();
    assert!(globex.iter().all(|at| *at <= 6), "{globex:?}");
}

#[actix_web::test]
async fn no_more_jobs_run_at_once_than_are_allowed() {
    let world = World::new().await;
    enqueue(&world, world.acme, 0..5).await;
    enqueue(&world, world.globex, 0..3).await;
    let (running, most, done) = (
        Arc::new(AtomicUsize::new(0)),
        Arc::new(AtomicUsize::new(0)),
        Arc::new(AtomicUsize::new(0)),
    );
    let counts = (Arc::clone(&running), Arc::clone(&most), Arc::clone(&done));
    let registry = Registry::default().with(move |_, _: Note| {
        let (running, most, done) = counts.clone();
        async move {
            most.fetch_max(running.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            tokio::time::sleep(Duration::from_millis(60)).await;
            running.fetch_sub(1, Ordering::SeqCst);
            done.fetch_add(1, Ordering::SeqCst);
            Ok::<(), Failure>(())
        }
    });
    let worker = Worker::new(world.db.clone(), world.clock.clone(), registry);
    let tasks = world.tasks.clone();
    world.tasks.spawn("worker", async move { worker.work(2, tasks).await });

    let patience = Instant::now() + Duration::from_secs(30);
    while done.load(Ordering::SeqCst) < 8 {
        assert!(Instant::now() < patience, "{done:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(most.load(Ordering::SeqCst), 2);
}

#[actix_web::test]
async fn a_waiting_scan_says_how_many_of_the_own_come_first() {
    let world = World::new().await;
    let mut scans = Vec::new();
    for (tenant, name) in [(world.globex, "theirs"), (world.acme, "one"), (world.acme, "two")] {
        let repository = world.repository(name);
        repository.commit("Start", &[("a.txt", "a\n")]);
        scans.push(world.request_scan(tenant, &repository).await);
    }
    let viewer = world.viewer().await;

    let first = viewer.get(&format!("/acme/scans/{}", scans[1])).await.expect(200).text;
    let second = viewer.get(&format!("/acme/scans/{}", scans[2])).await.expect(200).text;

    assert!(first.contains("Waiting for a free slot"), "{first}");
    assert!(second.contains("Waiting, 1 scan before this one"), "{second}");
    assert!(!first.contains("/cancel\""), "a viewer has no button: {first}");
}

#[actix_web::test]
async fn a_scan_that_takes_too_much_memory_is_ended_in_words() {
    static HELD: AtomicU64 = AtomicU64::new(0);
    let world = World::with_scans(|scans| {
        scans.reading.max_memory_bytes = Some(64 << 20);
        // Each look sees 20 MiB more.
        scans.reading.memory = || Some(HELD.fetch_add(20 << 20, Ordering::Relaxed));
    })
    .await;
    let (_listener, url) = silent_address();
    let scan = world.request_url_scan(world.acme, &url).await;

    world.run_jobs().await;

    let ended = world.look(world.acme, scan).await.scan;
    assert_eq!(ended.state, ScanState::Failed);
    let error = ended.error.unwrap();
    assert!(error.contains("scanner.max_memory_bytes"), "{error}");
}

#[actix_web::test]
async fn a_reading_without_a_database_keeps_to_its_time() {
    let world = World::with_scans(|scans| scans.reading.timeout = Duration::ZERO).await;
    let repository = world.repository("long");
    repository.commit_many(3_000);
    let source = quarterdeck::repositories::Source::parse(repository.path(), &world.scans.policy);
    let directory = tempfile::tempdir().unwrap();

    let error = work::read_once(&directory.path().join("m.git"), &source.unwrap(), &world.scans);

    let error = error.unwrap_err().to_string();
    assert!(error.contains("scanner.timeout_seconds"), "{error}");
}

#[actix_web::test]
async fn a_scan_tells_what_changed_since_the_one_before() {
    let world = World::new().await;
    let program = world.program(world.acme, Role::Viewer).await;
    let repository = world.repository("changing");
    let manifest = |version: &str, serde: &str| {
        format!(
            "[package]\nname = \"api\"\nversion = \"{version}\"\n\n[dependencies]\nserde = \"{serde}\"\n"
        )
    };
    repository.commit(
        "Start",
        &[
            ("Cargo.toml", &manifest("0.1.0", "1")),
            ("a.rs", "fn a() {}\n"),
            (
                "tasklist.md",
                "- [ ] TASK-A-1 Close me\n- [ ] TASK-A-2 Drop me\n- [x] TASK-A-3 Again\n",
            ),
        ],
    );
    let first = world.scan(world.acme, &repository).await;
    repository.commit(
        "Go on",
        &[
            ("Cargo.toml", &manifest("0.2.0", "1.0.200")),
            ("a.rs", "fn a() {}\nfn b() {}\n"),
            ("web/package.json", "{\"name\": \"web\"}"),
            ("tasklist.md", "- [x] TASK-A-1 Close me\n- [ ] TASK-A-3 Again\n- [ ] TASK-A-4 New\n"),
        ],
    );
    let second = world.scan(world.acme, &repository).await;
    let third = world.scan(world.acme, &repository).await;

    let get = |path: String| {
        let program = program.clone();
        async move { program.get(&path).await.expect(200).json() }
    };
    assert_eq!(get(format!("/api/v2/scans/{first}")).await["changes"], Value::Null);
    let counts = get(format!("/api/v2/scans/{second}")).await["changes"].clone();
    assert_eq!(counts["tasks"], json!({"opened": 1, "closed": 1, "reopened": 1, "gone": 1}));
    assert_eq!(counts["projects"], json!({"added": 1, "removed": 0, "changed": 1}));
    assert_eq!(counts["dependencies"], json!({"added": 0, "removed": 0, "changed": 1}));
    let none = get(format!("/api/v2/scans/{third}")).await["changes"].clone();
    assert_eq!(none["tasks"]["opened"], 0);
    let list = get(format!("/api/v2/scans/{second}/changes?limit=200")).await;
    let said: Vec<String> = list["items"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|item| item["area"] != "languages")
        .map(|item| {
            let text = |field: &str| item[field].as_str().unwrap_or("-").to_owned();
            format!("{} {} {} {}", text("kind"), text("subject"), text("before"), text("after"))
        })
        .collect();
    for expected in [
        "changed api 0.1.0 0.2.0",
        "added web - -",
        "closed Close me open done",
        "gone Drop me open removed",
        "reopened Again done open",
        "opened New - open",
        "changed serde 1 1.0.200",
    ] {
        assert!(said.iter().any(|one| one == expected), "{expected} is not in {said:#?}");
    }
    assert!(list["items"].as_array().unwrap().iter().any(|item| item["subject"] == "Rust"));
    let viewer = world.viewer().await;
    let page = |scan: ScanId| {
        let viewer = viewer.clone();
        async move { viewer.get(&format!("/acme/scans/{scan}")).await.expect(200).text }
    };
    assert!(page(first).await.contains("no scan before to compare with"));
    assert!(page(second).await.contains("1.0.200"));
    assert!(page(third).await.contains("the same projects, tasks"));
}

#[actix_web::test]
async fn old_scans_go_but_never_the_last_that_succeeded() {
    let world = World::with_scans(|scans| scans.retention.scans = 2).await;
    let repository = world.repository("kept");
    repository.commit("Start", &[("a.txt", "a\n")]);
    let first = world.scan(world.acme, &repository).await;
    let succeeded = world.rescan(world.acme, "kept").await;
    fs::remove_dir_all(repository.path()).unwrap();
    let mut failed = Vec::new();
    for _ in 0..3 {
        failed.push(world.rescan(world.acme, "kept").await);
    }

    app::keep_house(&world.db, &world.clock, &world.scans).await.unwrap();

    let mut tx = world.begin(world.acme).await;
    let page = quarterdeck::web::paging::PageRequest::first(50);
    let left: Vec<ScanId> =
        work::list_scans(&mut tx, None, &page).await.unwrap().iter().map(|scan| scan.id).collect();
    assert_eq!(left, [failed[2], failed[1], succeeded], "without {first}");
}

fn names(directory: &std::path::Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(directory)
        .map(|entries| {
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
        })
        .unwrap_or_default();
    names.sort();
    names
}

#[actix_web::test]
async fn a_mirror_that_nobody_uses_goes_and_comes_back_with_the_next_scan() {
    let world = World::new().await;
    let program = world.program(world.acme, Role::Viewer).await;
    let repository = world.repository("idle");
    repository.commit("Start", &[("tasklist.md", "- [ ] Stay\n")]);
    let scan = world.scan(world.acme, &repository).await;
    let mirrors = world.scans.mirrors.join(world.acme.to_string());
    let keep = || app::keep_house(&world.db, &world.clock, &world.scans);
    let size =
        || async { program.get("/api/v2/repositories/idle").await.json()["mirror_bytes"].clone() };
    assert!(size().await.as_u64().is_some_and(|bytes| bytes > 0));

    world.clock.advance(chrono::Duration::days(89));
    keep().await.unwrap();
    assert_eq!(names(&mirrors).len(), 1, "it is kept for 90 days");
    world.clock.advance(chrono::Duration::days(2));
    world.pretend_running(scan).await;
    keep().await.unwrap();
    assert_eq!(names(&mirrors).len(), 1, "a running scan keeps it");
    world.pretend_ended(scan).await;
    keep().await.unwrap();

    assert_eq!(names(&mirrors), Vec::<String>::new());
    assert_eq!(size().await, Value::Null);
    let again = world.rescan(world.acme, "idle").await;
    let look = world.look(world.acme, again).await;
    assert_eq!(
        (look.scan.state, look.tasks),
        (ScanState::Succeeded, vec!["open  Stay".to_owned()])
    );
    assert_eq!(names(&mirrors).len(), 1);
    assert!(size().await.as_u64().is_some());
}

#[actix_web::test]
async fn leftovers_of_crashes_go_and_what_is_not_ours_stays() {
    let world = World::new().await;
    let repository = world.repository("mine");
    repository.commit("Start", &[("a.txt", "a\n")]);
    let scan = world.scan(world.acme, &repository).await;
    let id = world.look(world.acme, scan).await.scan.repository_id;
    let mirrors = world.scans.mirrors.join(world.acme.to_string());
    let stray = RepositoryId::new();
    let gone = TenantId::new();
    for name in [
        format!("{id}.git.fresh"),
        format!("{id}.git.old"),
        format!("{id}.git.aside-0"),
        format!("{stray}.git"),
        "notes".to_owned(),
    ] {
        fs::create_dir_all(mirrors.join(name).join("objects/pack")).unwrap();
    }
    fs::create_dir_all(world.scans.mirrors.join(gone.to_string()).join("x.git")).unwrap();

    app::keep_house(&world.db, &world.clock, &world.scans).await.unwrap();

    let mut expected = vec![format!("{id}.git"), "notes".to_owned()];
    expected.sort();
    assert_eq!(names(&mirrors), expected);
    assert_eq!(names(&world.scans.mirrors), [world.acme.to_string()]);
}
