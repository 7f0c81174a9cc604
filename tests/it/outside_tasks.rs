//! Tasks that come from GitHub, beside those that scans find.

use chrono::{DateTime, Utc};
use quarterdeck::{
    repositories::{self, RepositoryId},
    tenancy::{Role, TenantTx},
    web::paging::PageRequest,
    work::{self, OutsideTask, Task, TaskFilter, TaskSource, TaskState},
};
use serde_json::json;

use crate::support::{DatabaseLogin, Repository, World};

const PLAN: &str = "- [ ] Retry failed payouts\n- [ ] Tell the owner\n- [ ] Ship\n";

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn outside(number: i64, source: TaskSource, title: &str) -> OutsideTask {
    OutsideTask {
        number,
        source,
        title: title.to_owned(),
        state: TaskState::Open,
        author: Some("octocat".to_owned()),
        attributes: json!({"labels": ["bug"], "assignees": ["ada"]}),
        url: format!("https://github.com/acme/payouts/issues/{number}"),
        opened_at: at("2026-01-02T03:04:05Z"),
        closed_at: None,
        updated_at: at("2026-01-03T03:04:05Z"),
    }
}

async fn id_of(tx: &mut TenantTx, name: &str) -> RepositoryId {
    repositories::find_named(tx, name).await.unwrap().unwrap().id
}

async fn put(world: &World, name: &str, tasks: &[OutsideTask]) {
    let mut tx = world.begin(world.acme).await;
    let repository = id_of(&mut tx, name).await;
    work::put_outside_tasks(&mut tx, repository, tasks).await.unwrap();
    tx.commit().await.unwrap();
}

async fn listed(world: &World, sources: &[TaskSource]) -> Vec<Task> {
    let filter = TaskFilter { sources: sources.to_vec(), ..TaskFilter::default() };
    let mut tx = world.begin(world.acme).await;
    work::list_tasks(&mut tx, &filter, &PageRequest::first(100)).await.unwrap()
}

async fn outsiders(world: &World) -> Vec<String> {
    let tasks = listed(world, &[TaskSource::Issue, TaskSource::Pull]).await;
    // All that is known of them, and under which ids.
    tasks.iter().map(|task| serde_json::to_string(task).unwrap()).collect()
}

/// A scanned repository with an issue that has the words of its first box, and a pull request.
async fn beside(world: &World) -> Repository {
    let repository = world.repository("payouts");
    repository.commit("Start", &[("tasklist.md", PLAN), ("a.rs", "// TODO: park it\n")]);
    world.scan(world.acme, &repository).await;
    let issue = outside(12, TaskSource::Issue, "Retry failed payouts");
    put(world, "payouts", &[issue, outside(13, TaskSource::Pull, "Ship")]).await;
    repository
}

#[actix_web::test]
async fn a_scan_leaves_issues_and_pull_requests_as_they_are() {
    let world = World::new().await;
    let repository = beside(&world).await;
    let before = outsiders(&world).await;

    for (message, files) in [
        ("Tick", vec![("tasklist.md", "- [x] Retry failed payouts\n- [ ] Tell the owner\n")]),
        (
            "Move",
            vec![
                ("tasklist.md", ""),
                ("b.md", ""),
                ("project-plan.md", "- [ ] Retry failed payouts\n"),
            ],
        ),
        ("Empty", vec![("project-plan.md", ""), ("a.rs", "")]),
    ] {
        repository.commit(message, &files);
        let scan = world.rescan(world.acme, "payouts").await;
        world.look(world.acme, scan).await;

        assert_eq!(outsiders(&world).await, before, "after {message}");
    }
}

#[actix_web::test]
async fn a_scan_of_the_whole_history_leaves_issues_as_they_are_and_tells_no_news_of_them() {
    let world = World::new().await;
    let repository = beside(&world).await;
    let before = outsiders(&world).await;
    let mut tx = world.begin(world.acme).await;
    sqlx::query("UPDATE repositories SET life_version = 0").execute(tx.connection()).await.unwrap();
    tx.commit().await.unwrap();
    let mut closed = outside(12, TaskSource::Issue, "Retry failed payouts");
    closed.state = TaskState::Done;
    put(&world, "payouts", &[closed.clone()]).await;

    repository.commit("More", &[("c.rs", "fn c() {}\n")]);
    let scan = world.rescan(world.acme, "payouts").await;

    let look = world.look(world.acme, scan).await;
    let news = look.scan.changes.unwrap().tasks;
    assert_eq!((news.opened, news.closed, news.reopened, news.gone), (0, 0, 0, 0));
    put(&world, "payouts", &[outside(12, TaskSource::Issue, "Retry failed payouts")]).await;
    assert_eq!(outsiders(&world).await, before);
}

#[actix_web::test]
async fn numbers_follow_each_change_without_being_counted_anew() {
    let world = World::new().await;
    beside(&world).await;
    let mut issue = outside(12, TaskSource::Issue, "Retry failed payouts");
    let mut pull = outside(13, TaskSource::Pull, "Ship");
    world.check_numbers(world.acme).await;

    for state in [TaskState::Open, TaskState::Done, TaskState::Done, TaskState::Open] {
        (issue.state, pull.state) = (state, state);
        put(&world, "payouts", &[issue.clone(), pull.clone()]).await;
        world.check_numbers(world.acme).await;
    }

    let mut tx = world.begin(world.acme).await;
    let repository = id_of(&mut tx, "payouts").await;
    work::delete_outside_tasks(&mut tx, repository, &[12, 13, 14]).await.unwrap();
    tx.commit().await.unwrap();
    world.check_numbers(world.acme).await;
    assert_eq!(outsiders(&world).await, Vec::<String>::new());
}

#[actix_web::test]
async fn the_numbers_of_one_repository_are_not_those_of_another() {
    let world = World::new().await;
    beside(&world).await;
    let other = world.repository("api");
    other.commit("Start", &[("tasklist.md", PLAN)]);
    world.scan(world.acme, &other).await;

    put(&world, "api", &[outside(12, TaskSource::Issue, "Another twelve")]).await;

    world.check_numbers(world.acme).await;
    let titles: Vec<_> =
        listed(&world, &[TaskSource::Issue]).await.into_iter().map(|task| task.title).collect();
    assert_eq!(titles, ["Retry failed payouts", "Another twelve"]);
}

#[actix_web::test]
async fn an_issue_is_listed_by_its_number_and_leads_to_github() {
    let world = World::new().await;
    beside(&world).await;
    let viewer = world.viewer().await;

    let page = viewer.get("/acme/tasks?source=issue").await.expect(200);

    let link = r#"<a href="https://github.com/acme/payouts/issues/12" rel="noreferrer">#12</a>"#;
    assert!(page.text.contains(link), "{}", page.text);
    assert!(page.text.contains("octocat"));
    assert!(!page.text.contains("Tell the owner") && !page.text.contains("park it"));
    let planned = viewer.get("/acme/tasks?source=planned").await.expect(200);
    assert!(planned.text.contains("#12") && planned.text.contains("Tell the owner"));
    assert!(!planned.text.contains("#13") && !planned.text.contains("park it"));
    let overview = viewer.get("/acme").await.expect(200);
    assert!(overview.text.contains("Pull requests") && overview.text.contains("4 open tasks"));
}

#[actix_web::test]
async fn a_pull_request_shows_the_issues_that_it_closes() {
    let world = World::new().await;
    beside(&world).await;
    let mut tx = world.begin(world.acme).await;
    let repository = id_of(&mut tx, "payouts").await;
    work::relink_closings(&mut tx, repository, &[13], &[(13, 12), (13, 99)]).await.unwrap();
    work::link_closings(&mut tx, repository, &[(13, 12)]).await.unwrap();
    tx.commit().await.unwrap();
    let [issue, pull] = &listed(&world, &[TaskSource::Issue, TaskSource::Pull]).await[..] else {
        panic!("there are two");
    };
    let viewer = world.viewer().await;

    let page = viewer.get(&format!("/acme/tasks/{}", pull.id)).await.expect(200);
    assert!(page.text.contains("<dt>Closes</dt>"), "{}", page.text);
    assert!(page.text.contains(&issue.id.to_string()));
    assert!(page.text.contains("<dt>Labels</dt><dd>bug</dd>"));
    let page = viewer.get(&format!("/acme/tasks/{}", issue.id)).await.expect(200);
    assert!(page.text.contains("<dt>Closed by</dt>") && page.text.contains("#13 Ship"));
    let program = world.program(world.acme, Role::Viewer).await;
    let detail = program.get(&format!("/api/v2/tasks/{}", issue.id)).await.expect(200).json();
    assert_eq!(detail["number"], 12);
    assert_eq!(detail["path"], json!(null));
    assert_eq!(detail["opened_at"], "2026-01-02T03:04:05Z");
    assert_eq!(detail["links"][0]["kind"], "closed_by");
    assert_eq!(detail["links"][0]["number"], 13);
    let listed = program.get("/api/v2/tasks?source=pull").await.expect(200).json();
    assert_eq!(listed["items"].as_array().unwrap().len(), 1);

    let mut tx = world.begin(world.acme).await;
    work::relink_closings(&mut tx, repository, &[13], &[]).await.unwrap();
    assert!(work::list_task_links(&mut tx, pull.id).await.unwrap().is_empty());
}

#[actix_web::test]
async fn links_between_hidden_tasks_are_hidden() {
    for login in [DatabaseLogin::MayMakeRoles, DatabaseLogin::Plain] {
        let world = World::with_login(login).await;
        beside(&world).await;
        let pull = listed(&world, &[TaskSource::Pull]).await.remove(0);
        let mut tx = world.begin(world.acme).await;
        sqlx::query("UPDATE repositories SET restricted = true")
            .execute(tx.connection())
            .await
            .unwrap();
        tx.commit().await.unwrap();

        let member = world.member(Role::Member).await;

        assert_eq!(member.get(&format!("/acme/tasks/{}", pull.id)).await.status, 404);
        let page = member.get("/acme/tasks?source=pull&status=all").await.expect(200);
        assert!(!page.text.contains("#13"));
    }
}
