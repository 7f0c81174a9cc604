//! Scans from request to result.

use quarterdeck::{
    tenancy::{Role, TenantId},
    web::paging::PageRequest,
    work::{self, ScanState},
};

use crate::support::World;

const PLAN: &str = "# Plan\n\n## Payouts\n\n- [x] TASK-PAY-1 Retry once\n- [ ] TASK-PAY-2 Park after the second failure\n  - [ ] Tell the owner\n";

#[actix_web::test]
async fn a_scan_stores_projects_tasks_notes_and_commits() {
    let world = World::new().await;
    let repository = world.repository("payouts");
    repository.commit(
        "Start",
        &[
            ("Cargo.toml", "[package]\nname = \"payouts\"\nversion = \"0.2.0\"\n\n[dependencies]\nserde = \"1\"\n"),
            ("src/main.rs", "fn main() {\n    // TODO: park failed payouts\n}\n"),
            ("tasklist.md", PLAN),
        ],
    );

    let id = world.scan(world.acme, &repository).await;

    let found = world.look(world.acme, id).await;
    assert_eq!(found.scan.state, ScanState::Succeeded, "{:?}", found.scan.error);
    let counts = found.scan.found.unwrap();
    assert_eq!(
        (counts.projects, counts.tasks, counts.todos, counts.commits, counts.files),
        (1, 3, 1, 1, 3)
    );
    assert_eq!(found.projects, ["rust . payouts 0.2.0"]);
    assert_eq!(
        found.tasks,
        [
            "done TASK-PAY-1 Retry once",
            "open TASK-PAY-2 Park after the second failure",
            "open  Tell the owner",
            "open TODO park failed payouts",
        ]
    );
    assert_eq!(found.commits, ["Start"]);
}

#[actix_web::test]
async fn a_second_scan_keeps_ids_and_marks_what_is_gone() {
    let world = World::new().await;
    let repository = world.repository("payouts");
    repository.commit("Start", &[("tasklist.md", PLAN), ("a.rs", "// FIXME: later\nfn a() {}\n")]);
    let first = world.scan(world.acme, &repository).await;
    let before = world.look(world.acme, first).await;

    let done = PLAN.replace("- [ ] TASK-PAY-2", "- [x] TASK-PAY-2");
    repository.commit("Finish", &[("tasklist.md", &done), ("a.rs", "fn a() {}\n")]);
    let second = world.scan(world.acme, &repository).await;

    let after = world.look(world.acme, second).await;
    assert_eq!(after.scan.found.unwrap().commits, 1, "only the new commit is read");
    assert_eq!(after.task_ids, before.task_ids);
    assert_eq!(
        after.tasks,
        [
            "done TASK-PAY-1 Retry once",
            "done TASK-PAY-2 Park after the second failure",
            "open  Tell the owner",
            "removed FIXME later",
        ]
    );
    assert_eq!(after.commits.len(), 2);
}

#[actix_web::test]
async fn a_force_push_drops_the_commits_it_threw_away() {
    let world = World::new().await;
    let repository = world.repository("rewritten");
    repository.commit("Keep", &[("a.txt", "a\n")]).commit("Throw away", &[("a.txt", "b\n")]);
    world.scan(world.acme, &repository).await;

    repository.git(&["reset", "--quiet", "--hard", "HEAD~1"]);
    repository.commit("Instead", &[("a.txt", "c\n")]);
    let scan = world.scan(world.acme, &repository).await;

    let mut subjects = world.look(world.acme, scan).await.commits;
    subjects.sort();
    assert_eq!(subjects, ["Instead", "Keep"]);
}

#[actix_web::test]
async fn a_failed_scan_says_why_and_leaves_the_last_result() {
    let world = World::new().await;
    let repository = world.repository("gone");
    repository.commit("Start", &[("tasklist.md", "- [ ] Stay\n")]);
    world.scan(world.acme, &repository).await;

    std::fs::remove_dir_all(repository.path()).unwrap();
    let connected = world.rescan(world.acme, "gone").await;

    let after = world.look(world.acme, connected).await;
    assert_eq!(after.scan.state, ScanState::Failed);
    assert!(
        after.scan.error.as_deref().is_some_and(|error| error.contains("gone")),
        "{:?}",
        after.scan.error
    );
    assert_eq!(after.tasks, ["open  Stay"]);
}

#[actix_web::test]
async fn an_empty_repository_has_a_result_too() {
    let world = World::new().await;
    let repository = world.repository("empty");

    let scan = world.scan(world.acme, &repository).await;

    let found = world.look(world.acme, scan).await;
    assert_eq!(found.scan.state, ScanState::Succeeded, "{:?}", found.scan.error);
    assert_eq!(found.scan.found.unwrap().commits, 0);
}

#[actix_web::test]
async fn a_repository_whose_branches_are_gone_comes_to_nothing() {
    let world = World::new().await;
    let repository = world.repository("emptied");
    repository.commit("Start", &[("tasklist.md", PLAN), ("a.rs", "// FIXME: later\n")]);
    world.scan(world.acme, &repository).await;

    repository.git(&["update-ref", "-d", "HEAD"]);
    let scan = world.rescan(world.acme, "emptied").await;

    let found = world.look(world.acme, scan).await;
    assert_eq!(found.scan.state, ScanState::Succeeded, "{:?}", found.scan.error);
    assert_eq!(found.commits, Vec::<String>::new());
    assert!(found.tasks.iter().all(|task| !task.starts_with("open")), "{:?}", found.tasks);
}

#[actix_web::test]
async fn open_pages_hear_of_a_scan_once_it_is_committed() {
    let world = World::new().await;
    let viewer = world.member(Role::Viewer).await;
    let neighbour = world.neighbour().await;
    let mut stream = viewer.events("/acme/events").await;
    let mut elsewhere = neighbour.events("/globex/events").await;
    assert_eq!(stream.next_event().await, "ready");
    assert_eq!(elsewhere.next_event().await, "ready");

    let repository = world.repository("heard");
    repository.commit("Start", &[("a.txt", "a\n")]);
    world.scan(world.acme, &repository).await;

    assert_eq!(stream.next_event().await, "repositories");
    assert_eq!(stream.next_event().await, "scans");
    assert!(elsewhere.is_silent().await, "another organisation's stream says nothing");
}

#[actix_web::test]
async fn adding_a_repository_twice_at_once_connects_it_once() {
    let world = World::new().await;
    let owner = world.owner().await;
    let repository = world.repository("twice");
    repository.commit("Start", &[("a.txt", "a\n")]);
    let form = [("source", repository.path())];

    let (one, two) = futures_util::join!(
        owner.post("/acme/repositories", &form),
        owner.post("/acme/repositories", &form)
    );

    let mut statuses = [one.status.as_u16(), two.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [303, 422], "{} {}", one.text, two.text);
    world.run_jobs().await;
    let list = owner.get("/acme/repositories").await.expect(200);
    assert_eq!(list.text.matches("/acme/repositories/twice\"").count(), 1, "{}", list.text);
}

#[actix_web::test]
async fn a_repository_is_removed_by_typing_its_name() {
    let world = World::new().await;
    let owner = world.owner().await;
    let repository = world.repository("removed");
    repository.commit("Start", &[("tasklist.md", "- [ ] Gone with it\n")]);
    world.scan(world.acme, &repository).await;
    let mirrors = || walk(&world.scans.mirrors);
    assert_eq!(mirrors(), 1);

    let wrong = owner.post("/acme/repositories/removed/removal", &[("name", "other")]).await;
    assert_eq!(wrong.status, 422);
    owner.get("/acme/repositories/removed").await.expect(200);
    owner.post("/acme/repositories/removed/removal", &[("name", "removed")]).await.expect(303);
    world.run_jobs().await;

    owner.get("/acme/repositories/removed").await.expect(404);
    assert!(!owner.get("/acme/tasks").await.text.contains("Gone with it"));
    assert_eq!(mirrors(), 1, "it can be had back");
    world.clock.advance(chrono::Duration::hours(25));
    quarterdeck::app::keep_house(&world.db, &world.clock, &world.scans).await.unwrap();
    world.run_jobs().await;
    assert_eq!(mirrors(), 0, "the mirror is deleted too");
}

/// How many mirrors there are.
fn walk(mirrors: &std::path::Path) -> usize {
    let tenants = std::fs::read_dir(mirrors).unwrap();
    tenants.map(|tenant| std::fs::read_dir(tenant.unwrap().path()).unwrap().count()).sum()
}

#[actix_web::test]
async fn a_scan_that_cannot_succeed_is_tried_three_times_and_says_why() {
    let world = World::new().await;
    // Nobody listens on port 9.
    let scan = world.request_url_scan(world.acme, "http://127.0.0.1:9/nobody.git").await;

    for _ in 0..2 {
        world.run_jobs().await;
        let waiting = world.look(world.acme, scan).await.scan;
        assert_eq!(waiting.state, ScanState::Queued);
        assert!(
            waiting.error.as_deref().is_some_and(|error| error.contains("127.0.0.1")),
            "{waiting:?}"
        );
        world.clock.advance(chrono::Duration::minutes(1));
    }
    world.run_jobs().await;

    let ended = world.look(world.acme, scan).await.scan;
    assert_eq!(ended.state, ScanState::Failed, "{ended:?}");
    assert!(ended.finished_at.is_some());
}

#[actix_web::test]
async fn asking_twice_at_once_makes_one_scan() {
    let world = World::new().await;
    let owner = world.owner().await;
    let repository = world.repository("asked");
    repository.commit("Start", &[("a.txt", "a\n")]);
    world.scan(world.acme, &repository).await;

    futures_util::join!(
        owner.post("/acme/repositories/asked/scans", &[]),
        owner.post("/acme/repositories/asked/scans", &[])
    );
    world.run_jobs().await;

    let mut tx = world.begin(world.acme).await;
    let all = work::list_scans(&mut tx, None, &PageRequest::first(10)).await.unwrap();
    assert_eq!(all.len(), 2, "the first one and one more");
    assert!(all.iter().all(|scan| scan.state == ScanState::Succeeded), "{all:?}");
}

#[actix_web::test]
async fn an_interrupted_scan_whose_job_waits_is_not_asked_for_in_vain() {
    let world = World::new().await;
    let repository = world.repository("interrupted");
    repository.commit("Start", &[("a.txt", "a\n")]);
    let first = world.request_scan(world.acme, &repository).await;
    world.pretend_running(first).await;

    let second = world.request_scan(world.acme, &repository).await;
    world.run_jobs().await;

    for scan in [first, second] {
        assert_eq!(world.look(world.acme, scan).await.scan.state, ScanState::Succeeded);
    }
}

#[actix_web::test]
async fn a_mirror_that_lost_its_objects_is_made_anew() {
    let world = World::new().await;
    let repository = world.repository("damaged");
    repository.commit("Start", &[("tasklist.md", "- [ ] Stay\n")]);
    world.scan(world.acme, &repository).await;
    let mut directories = vec![world.scans.mirrors.clone()];
    while let Some(directory) = directories.pop() {
        for entry in std::fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                directories.push(path);
            } else if path
                .extension()
                .is_some_and(|extension| extension == "pack" || extension == "idx")
            {
                std::fs::remove_file(path).unwrap();
            }
        }
    }

    let again = world.rescan(world.acme, "damaged").await;

    let look = world.look(world.acme, again).await;
    assert_eq!(look.scan.state, ScanState::Succeeded, "{:?}", look.scan.error);
    assert_eq!(look.tasks, ["open  Stay"]);
}

#[actix_web::test]
async fn a_list_by_a_repository_that_is_not_there_is_empty() {
    let world = World::new().await;
    let viewer = world.viewer().await;
    let repository = world.repository("listed");
    repository.commit("Start", &[("tasklist.md", "- [ ] Only by its own name\n")]);
    world.scan(world.acme, &repository).await;

    for query in ["?repository=listed", "?repository="] {
        let page = viewer.get(&format!("/acme/tasks{query}")).await.expect(200);
        assert!(page.text.contains("Only by its own name"), "{query}");
    }
    for query in ["?repository=other", "?project=nonsense", "?repository=%00"] {
        let page = viewer.get(&format!("/acme/tasks{query}")).await;
        assert!(!page.text.contains("Only by its own name"), "{query}");
    }
}

#[actix_web::test]
async fn a_scan_that_ended_its_server_each_time_fails_in_words() {
    let world = World::new().await;
    let repository = world.repository("deadly");
    repository.commit("Start", &[("a.txt", "a\n")]);
    let scan = world.request_scan(world.acme, &repository).await;
    world.pretend_attempts(3).await;

    world.run_jobs().await;

    let ended = world.look(world.acme, scan).await.scan;
    assert_eq!(ended.state, ScanState::Failed, "{ended:?}");
    assert!(
        ended.error.as_deref().is_some_and(|error| error.contains("server ended")),
        "{ended:?}"
    );
}

/// Everything that scans store of an organisation's repositories, but for ids and times.
const STORED: &str = "
    SELECT concat_ws('|', 'project', p.path, p.name, p.kind, p.also, p.version, p.description, p.licence, p.manifest,
                     parent.path, p.workspace_root, p.private, p.fixture) AS line
    FROM projects p LEFT JOIN projects parent ON parent.id = p.parent_id
    UNION ALL
    SELECT concat_ws('|', 'dependency', p.path, d.name, d.scope, d.requirement)
    FROM dependencies d JOIN projects p ON p.id = d.project_id
    UNION ALL
    SELECT concat_ws('|', 'language', p.path, l.name, l.files, l.code, l.comments, l.blanks)
    FROM project_languages l JOIN projects p ON p.id = l.project_id
    UNION ALL
    SELECT concat_ws('|', 'language', l.name, l.files, l.code, l.comments, l.blanks) FROM languages l
    UNION ALL
    SELECT concat_ws('|', 'task', t.source, t.key, t.marker, t.title, t.state, t.section, t.depth, t.path, t.line, p.path)
    FROM tasks t LEFT JOIN projects p ON p.id = t.project_id WHERE t.state <> 'removed'
    UNION ALL
    SELECT concat_ws('|', 'commit', encode(oid, 'hex'), parents, insertions, deletions, files) FROM commits
    UNION ALL
    SELECT concat_ws('|', 'fact', encode(blob, 'hex'), reading, facts) FROM blob_facts
    ORDER BY line";

async fn stored(world: &World, tenant: TenantId) -> Vec<String> {
    let mut tx = world.begin(tenant).await;
    sqlx::query_scalar(STORED).fetch_all(tx.connection()).await.unwrap()
}

/// Changes, adds and removes files of every kind, differently at each step.
fn edit(repository: &crate::support::Repository, step: usize) {
    let directory = ["core", "web", "tools"][step % 3];
    let manifest = format!(
        "[package]\nname = \"{directory}\"\nversion = \"0.{step}.0\"\n\n[dependencies]\nserde = \"1.{}\"\nlibrary-{} = \"2\"\n",
        step % 2,
        step % 4
    );
    let source =
        format!("fn main() {{\n{}    // TODO: step {}\n}}\n", "    go();\n".repeat(step), step % 5);
    let plan =
        format!("# Plan {step}\n\n- [{}] TASK-P-{step} Go\n- [ ] Stay\n", ["x", " "][step % 2]);
    repository.commit(
        &format!("Step {step}"),
        &[
            (&format!("{directory}/Cargo.toml"), &manifest),
            (&format!("{directory}/src/part_{}.rs", step % 4), &source),
            ("tasklist.md", &plan),
            (&format!("scripts/run_{}.py", step % 6), &format!("print({step})\n")),
        ],
    );
    if step % 5 == 4 {
        repository.git(&["rm", "-r", "--quiet", directory]);
        repository.commit("Remove it", &[]);
    }
    if step == 9 {
        repository.git(&["reset", "--quiet", "--hard", "HEAD~3"]);
    }
}

#[actix_web::test]
async fn scanning_again_stores_what_a_first_scan_would() {
    let world = World::new().await;
    let repository = world.repository("edited");
    repository.commit("Start", &[("README.md", "# Edited\n")]);
    world.scan(world.acme, &repository).await;
    for step in 0..16 {
        edit(&repository, step);
        if step % 2 == 1 {
            world.rescan(world.acme, "edited").await;
            world.check_numbers(world.acme).await;
        }
    }

    world.scan(world.globex, &repository).await;

    let (again, first) = (stored(&world, world.acme).await, stored(&world, world.globex).await);
    assert!(first.len() > 40, "{first:#?}");
    assert_eq!(again, first);
}
