//! Tasks that stay the same while history moves, rewords, ticks and removes them.

use quarterdeck::{
    tenancy::{Role, TenantId},
    web::paging::PageRequest,
    work::{self, TaskEvent, TaskFilter},
};

use crate::support::{Repository, World};

const PLAN: &str =
    "## Payouts\n\n- [ ] Retry failed payouts\n- [ ] Tell the owner of the account\n";

/// `open b.md Retry: created by Ada, moved by Grace (a.md → b.md)`, sorted.
async fn told(world: &World, tenant: TenantId) -> Vec<String> {
    let mut tx = world.begin(tenant).await;
    let tasks = work::list_tasks(&mut tx, &TaskFilter::default(), &PageRequest::first(100)).await;
    let mut lines = Vec::new();
    for task in tasks.unwrap() {
        let events = work::list_task_events(&mut tx, task.id).await.unwrap();
        let events: Vec<String> = events.iter().map(told_of).collect();
        let there = if task.present { "" } else { " (gone)" };
        lines.push(format!(
            "{} {}{there} {}: {}",
            task.state.as_str(),
            path(&task),
            task.title,
            events.join(", ")
        ));
    }
    lines.sort();
    lines
}

fn path(task: &work::Task) -> &str {
    match &task.place {
        work::TaskPlace::File { path, .. } => path,
        work::TaskPlace::GitHub { url, .. } => url,
    }
}

fn told_of(event: &TaskEvent) -> String {
    let change = match (&event.from, &event.to) {
        (Some(from), Some(to)) => format!(" ({from} → {to})"),
        _ => String::new(),
    };
    format!("{} by {}{change}", event.kind.as_str(), event.deed.name)
}

async fn ids(world: &World, tenant: TenantId) -> Vec<(String, work::TaskId)> {
    let mut tx = world.begin(tenant).await;
    let tasks = work::list_tasks(&mut tx, &TaskFilter::default(), &PageRequest::first(100)).await;
    let mut ids: Vec<_> = tasks.unwrap().into_iter().map(|task| (task.title, task.id)).collect();
    ids.sort();
    ids
}

/// A history in which much happens to few tasks.
fn eventful(repository: &Repository, after_each: &mut dyn FnMut()) {
    let moved = "# Later\n\n- [ ] Retry failed payouts\n";
    let commits: [(&str, &[(&str, &str)]); 7] = [
        (
            "Ada",
            &[("tasklist.md", PLAN), ("a.rs", "// TODO(lin): park what failed twice\nfn a() {}\n")],
        ),
        (
            "Grace",
            &[
                ("tasklist.md", "## Payouts\n\n- [ ] Tell the owner of the account\n"),
                ("later/tasklist.md", moved),
            ],
        ),
        ("Lin", &[("later/tasklist.md", "# Later\n\n- [x] Retry all failed payouts\n")]),
        (
            "Grace",
            &[
                ("b.rs", "fn b() {\n    // TODO(lin): park what failed twice\n}\n"),
                ("a.rs", "fn a() {}\n"),
            ],
        ),
        ("Ada", &[("b.rs", "fn b() {}\n"), ("tasklist.md", "## Payouts\n\ntext\n")]),
        ("Lin", &[("tasklist.md", "## Payouts\n\n  * [ ] tell the owner  of the account.\n")]),
        ("Grace", &[("later/tasklist.md", "")]),
    ];
    for (author, files) in commits {
        repository.commit_as(author, files);
        after_each();
    }
}

const EVENTFUL: [&str; 3] = [
    "done later/tasklist.md (gone) Retry all failed payouts: created by Ada, \
     moved by Grace (tasklist.md → later/tasklist.md), \
     reworded by Lin (Retry failed payouts → Retry all failed payouts), done by Lin, removed by Grace",
    "open tasklist.md tell the owner of the account.: created by Ada, removed by Ada, returned by Lin",
    "removed b.rs (gone) park what failed twice: created by Ada, moved by Grace (a.rs → b.rs), removed by Ada",
];

#[actix_web::test]
async fn one_scan_tells_the_whole_life() {
    let world = World::new().await;
    let repository = world.repository("eventful");
    eventful(&repository, &mut || ());

    world.scan(world.acme, &repository).await;

    assert_eq!(told(&world, world.acme).await, EVENTFUL);
}

#[actix_web::test]
async fn scans_on_the_way_tell_what_one_scan_tells() {
    let world = World::new().await;
    let repository = world.repository("eventful");
    let mut heads = Vec::new();
    eventful(&repository, &mut || {
        heads.push(repository.git(&["rev-parse", "HEAD"]).trim().to_owned());
    });

    let mut first_ids = Vec::new();
    for head in &heads {
        repository.git(&["reset", "--quiet", "--hard", head]);
        world.scan(world.acme, &repository).await;
        if first_ids.is_empty() {
            first_ids = ids(&world, world.acme).await;
        }
    }

    assert_eq!(told(&world, world.acme).await, EVENTFUL);
    let only_ids = |ids: Vec<(String, work::TaskId)>| {
        let mut ids: Vec<_> = ids.into_iter().map(|(_, id)| id).collect();
        ids.sort();
        ids
    };
    assert_eq!(only_ids(ids(&world, world.acme).await), only_ids(first_ids));
}

#[actix_web::test]
async fn a_task_that_is_picked_on_two_branches_and_merged_is_one() {
    let world = World::new().await;
    let repository = world.repository("merged");
    repository.commit_as(
        "Ada",
        &[("tasklist.md", "- [ ] One\n\ntext\n\n- [ ] Two\n"), ("a.rs", "fn a() {}\n")],
    );
    repository.git(&["checkout", "--quiet", "-b", "side"]);
    repository.commit_as("Grace", &[("a.rs", "// TODO: only once\nfn a() {}\n")]);
    let picked = repository.git(&["rev-parse", "HEAD"]);
    repository.commit_as("Grace", &[("tasklist.md", "- [ ] One\n\ntext\n\n- [x] Two\n")]);
    repository.git(&["checkout", "--quiet", "-b", "third", "main"]);
    repository.commit_as("Lin", &[("b.rs", "// FIXME: by the octopus\n")]);
    repository.git(&["checkout", "--quiet", "main"]);
    repository.git(&["cherry-pick", picked.trim()]);
    repository.commit_as("Ada", &[("tasklist.md", "- [x] One\n\ntext\n\n- [ ] Two\n")]);
    world.scan(world.acme, &repository).await;
    repository.git(&["merge", "--quiet", "--no-edit", "side", "third"]);

    world.scan(world.acme, &repository).await;

    let lines = told(&world, world.acme).await;
    assert_eq!(
        lines,
        [
            "done tasklist.md One: created by Ada, done by Ada",
            "done tasklist.md Two: created by Ada, done by Grace",
            "open a.rs only once: created by Grace",
            "open b.rs by the octopus: created by Lin",
        ]
    );
    repository.git(&["clone", "--quiet", ".", "../again"]);
    world.scan(world.globex, &world.repository("again")).await;
    assert_eq!(told(&world, world.globex).await, lines, "one scan of everything tells the same");
}

#[actix_web::test]
async fn a_force_push_tells_the_life_anew_and_keeps_ids() {
    let world = World::new().await;
    let repository = world.repository("rewritten");
    repository.commit_as("Ada", &[("tasklist.md", PLAN)]);
    repository.commit_as(
        "Grace",
        &[
            ("tasklist.md", &PLAN.replace("[ ] Tell", "[x] Tell")),
            ("a.rs", "// TODO: thrown away\n"),
        ],
    );
    world.scan(world.acme, &repository).await;
    let before = ids(&world, world.acme).await;

    repository.git(&["reset", "--quiet", "--hard", "HEAD~1"]);
    repository.commit_as("Lin", &[("tasklist.md", &PLAN.replace("[ ] Retry", "[x] Retry"))]);
    world.scan(world.acme, &repository).await;

    assert_eq!(
        told(&world, world.acme).await,
        [
            "done tasklist.md Retry failed payouts: created by Ada, done by Lin",
            "open tasklist.md Tell the owner of the account: created by Ada",
            "removed a.rs (gone) thrown away: created by Grace, removed by Lin",
        ]
    );
    assert_eq!(ids(&world, world.acme).await, before);
}

#[actix_web::test]
async fn tasks_of_an_older_version_get_their_life_and_keep_their_ids() {
    let world = World::new().await;
    let repository = world.repository("older");
    eventful(&repository, &mut || ());
    world.scan(world.acme, &repository).await;
    let before = ids(&world, world.acme).await;
    let mut tx = world.begin(world.acme).await;
    for statement in [
        "DELETE FROM task_events",
        "UPDATE tasks SET opened_commit = NULL, opened_name = NULL, opened_email = NULL, opened_at = NULL,
                          closed_commit = NULL, closed_name = NULL, closed_email = NULL, closed_at = NULL",
        "UPDATE repositories SET life_version = 0",
    ] {
        sqlx::query(statement).execute(tx.connection()).await.unwrap();
    }
    tx.commit().await.unwrap();

    let scan = world.rescan(world.acme, "older").await;

    assert_eq!(told(&world, world.acme).await, EVENTFUL);
    assert_eq!(ids(&world, world.acme).await, before);
    assert_eq!(world.look(world.acme, scan).await.scan.found.unwrap().commits, 0, "none is new");
}

#[actix_web::test]
async fn pages_and_api_show_the_life() {
    let world = World::new().await;
    let repository = world.repository("shown");
    eventful(&repository, &mut || ());
    world.scan(world.acme, &repository).await;
    let (viewer, program) = (world.viewer().await, world.program(world.acme, Role::Viewer).await);
    let task = program.get("/api/v2/tasks?q=retry").await.json()["items"][0].clone();

    let detail =
        program.get(&format!("/api/v2/tasks/{}", task["id"].as_str().unwrap())).await.json();
    let page =
        viewer.get(&format!("/acme/tasks/{}", task["id"].as_str().unwrap())).await.expect(200);
    let list = viewer.get("/acme/tasks").await.expect(200);

    let kinds: Vec<&str> = detail["events"]
        .as_array()
        .unwrap()
        .iter()
        .map(|event| event["kind"].as_str().unwrap())
        .collect();
    assert_eq!(kinds, ["created", "moved", "reworded", "done", "removed"]);
    assert_eq!(detail["opened"]["name"], "Ada");
    assert_eq!(detail["closed"]["name"], "Lin");
    assert_eq!(detail["events"][1]["to"], "later/tasklist.md");
    assert_eq!((&detail["present"], &detail["state"]), (&false.into(), &"done".into()));
    let commit = detail["closed"]["commit"].as_str().unwrap();
    for text in [
        "Retry failed payouts",
        "reworded",
        "no longer there",
        &format!("/acme/commits/shown/{commit}"),
    ] {
        assert!(page.text.contains(text), "{text} is not on the page: {}", page.text);
    }
    assert!(
        list.text.contains(">3 weeks</span><span class=\"of-project\"> by Ada"),
        "{}",
        list.text
    );
}

#[actix_web::test]
async fn tasks_are_listed_by_age() {
    let world = World::new().await;
    let repository = world.repository("aged");
    repository.commit_as("Ada", &[("tasklist.md", PLAN)]);
    world.scan(world.acme, &repository).await;
    let (viewer, program) = (world.viewer().await, world.program(world.acme, Role::Viewer).await);
    let count = |answer: serde_json::Value| answer["items"].as_array().unwrap().len();

    let before = program.get("/api/v2/tasks?opened_before=2026-02-01").await.json();
    let after = program.get("/api/v2/tasks?opened_before=2026-02-01T10:00:01Z").await.json();
    let wrong = program.get("/api/v2/tasks?opened_before=yesterday").await;
    let young = viewer.get("/acme/tasks?age=month").await.expect(200);
    world.clock.advance(chrono::Duration::days(3));
    let old = viewer.get("/acme/tasks?age=month").await.expect(200);

    assert_eq!((count(before), count(after), wrong.status.as_u16()), (0, 2, 400));
    assert!(!young.text.contains("Retry failed payouts"));
    assert!(old.text.contains("Retry failed payouts"));
}
