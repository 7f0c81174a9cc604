//! Disconnecting: hidden at once, had back within a day, deleted after it.

use chrono::Duration;
use quarterdeck::{app, repositories, tenancy::Role};

use super::Scene;
use crate::support::{DatabaseLogin, World};

async fn rows(world: &World, table: &'static str) -> i64 {
    let question = format!("SELECT count(*) FROM {table}");
    sqlx::query_scalar(sqlx::AssertSqlSafe(question))
        .fetch_one(world.begin(world.acme).await.connection())
        .await
        .unwrap()
}

/// Acme's repository with a project and a task in it, disconnected.
async fn disconnected(world: &World) -> crate::support::Client {
    let repository = world.repository("payouts");
    let files =
        [("tasklist.md", "- [ ] Retry\n"), ("Cargo.toml", "[package]\nname = \"payouts\"\n")];
    repository.commit("Start", &files);
    world.scan(world.acme, &repository).await;
    let owner = world.owner().await;
    let form = [("name", "payouts")];
    owner.post("/acme/repositories/payouts/removal", &form).await.expect(303);
    owner
}

#[actix_web::test]
async fn what_is_disconnected_is_seen_by_nobody_and_comes_back_whole() {
    for login in [DatabaseLogin::MayMakeRoles, DatabaseLogin::Plain] {
        let world = World::with_login(login).await;
        let owner = disconnected(&world).await;
        let (admin, viewer) = (world.member(Role::Admin).await, world.viewer().await);
        let program = world.program(world.acme, Role::Owner).await;

        for person in [&owner, &admin, &viewer] {
            person.get("/acme/repositories/payouts").await.expect(404);
            assert!(!person.get("/acme/tasks").await.expect(200).text.contains("Retry"));
            assert!(!person.get("/acme/projects").await.expect(200).text.contains("payouts"));
        }
        assert_eq!(
            program.get("/api/v2/tasks").await.expect(200).json()["items"]
                .as_array()
                .unwrap()
                .len(),
            0
        );
        assert_eq!(rows(&world, "repositories").await, 0);
        assert_eq!(rows(&world, "tasks").await, 0);
        assert!(!viewer.get("/acme/repositories").await.expect(200).text.contains("payouts"));

        let page = admin.get("/acme/repositories").await.expect(200).text;
        let undo = page.split("action=\"").find(|rest| rest.contains("/undo\"")).unwrap();
        let undo = undo.split('"').next().unwrap().to_owned();
        viewer.post(&undo, &[]).await.expect(403);
        world.neighbour().await.post(&undo, &[]).await.expect(404);
        admin.post(&undo, &[]).await.expect(303);
        admin.post(&undo, &[]).await.expect(404);
        world.run_jobs().await;

        owner.get("/acme/repositories/payouts").await.expect(200);
        assert!(viewer.get("/acme/tasks").await.expect(200).text.contains("Retry"));
    }
}

#[actix_web::test]
async fn adding_it_again_within_a_day_has_it_back() {
    let world = World::new().await;
    let owner = disconnected(&world).await;
    let source = world.repository_path("payouts");

    owner.post("/acme/repositories", &[("source", &source)]).await.expect(303);
    world.run_jobs().await;

    assert_eq!(rows(&world, "repositories").await, 1);
    assert_eq!(rows(&world, "tasks").await, 1);
    let page = owner.get("/acme/repositories").await.expect(200).text;
    assert!(!page.contains("/undo"), "{page}");
}

#[actix_web::test]
async fn after_a_day_it_is_deleted_with_its_mirror() {
    let world = World::new().await;
    let owner = disconnected(&world).await;
    app::keep_house(&world.db, &world.clock, &world.scans).await.unwrap();
    let mirrors =
        || std::fs::read_dir(world.scans.mirrors.join(world.acme.to_string())).unwrap().count();
    assert_eq!(mirrors(), 1, "it can still be had back");

    world.clock.advance(Duration::hours(25));
    app::keep_house(&world.db, &world.clock, &world.scans).await.unwrap();
    world.run_jobs().await;

    assert_eq!(mirrors(), 0);
    let page = owner.get("/acme/repositories").await.expect(200).text;
    assert!(!page.contains("payouts"), "{page}");
    let mut superuser = world.connect().await;
    sqlx::query("SELECT set_config('role', 'none', false), set_config('app.tenant_id', $1, false), set_config('app.hidden', '{}', false)")
        .bind(world.acme.to_string())
        .execute(&mut superuser)
        .await
        .unwrap();
    let left: i64 =
        sqlx::query_scalar("SELECT count(*) FROM tasks").fetch_one(&mut superuser).await.unwrap();
    assert_eq!(left, 0);
}

#[actix_web::test]
async fn what_is_had_back_at_the_last_moment_is_not_deleted() {
    let world = World::new().await;
    let _owner = disconnected(&world).await;
    world.clock.advance(Duration::hours(25));
    let now = world.clock.now();
    let mut tx = world.begin(world.acme).await;
    let due = repositories::disconnected::list_due(&mut tx, now).await.unwrap();
    let id = due[0].id;
    drop(tx);

    // Somebody presses Undo after it was listed.
    let mut tx = world.begin(world.acme).await;
    repositories::disconnected::reconnect(&mut tx, id).await.unwrap().unwrap();
    tx.commit().await.unwrap();
    let mut tx = world.begin(world.acme).await;
    assert!(!repositories::disconnected::delete(&mut tx, id, now).await.unwrap());
    tx.commit().await.unwrap();

    assert_eq!(rows(&world, "repositories").await, 1);
    assert_eq!(rows(&world, "tasks").await, 1);
}

#[actix_web::test]
async fn one_that_cannot_be_deleted_keeps_no_other() {
    let world = World::new().await;
    let owner = disconnected(&world).await;
    let other = world.repository("till");
    other.commit("Start", &[("README.md", "Till")]);
    world.scan(world.acme, &other).await;
    owner.post("/acme/repositories/till/removal", &[("name", "till")]).await.expect(303);
    let mut login = world.connect().await;
    for sql in [
        "CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'kept'; END $$",
        "CREATE TRIGGER keep BEFORE DELETE ON repositories FOR EACH ROW WHEN (OLD.name = 'payouts') EXECUTE FUNCTION keep()",
    ] {
        sqlx::query(sql).execute(&mut login).await.unwrap();
    }
    world.clock.advance(Duration::hours(25));

    app::keep_house(&world.db, &world.clock, &world.scans).await.unwrap();

    let mut tx = world.begin(world.acme).await;
    let due = repositories::disconnected::list_due(&mut tx, world.clock.now()).await.unwrap();
    assert_eq!(due.iter().map(|one| one.name.as_str()).collect::<Vec<_>>(), ["payouts"]);
}

#[actix_web::test]
async fn what_github_told_meanwhile_is_asked_for_when_it_is_had_back() {
    let scene = Scene::new().await;
    scene.github.repository("acme/shop");
    let made = scene.token().await;
    scene.connect_all(&made).await.expect(200);
    scene.run_jobs().await;
    scene.owner.post("/acme/repositories/shop/removal", &[("name", "shop")]).await.expect(303);
    scene.run_jobs().await;
    scene.github.repository("acme/shop").open_issue("ada", "The till jams");
    scene.told().await;

    let page = scene.page("/acme/repositories").await;
    let undo = page.split("action=\"").find(|rest| rest.contains("/undo\"")).unwrap();
    scene.owner.post(undo.split('"').next().unwrap(), &[]).await.expect(303);
    scene.run_jobs().await;

    assert_eq!(scene.ask("SELECT title FROM issues").await, "The till jams");
}

#[actix_web::test]
async fn what_github_tells_of_it_is_passed_over_and_its_hook_is_taken_away() {
    let scene = Scene::new().await;
    scene.github.repository("acme/shop");
    let made = scene.token().await;
    scene.connect_all(&made).await.expect(200);
    scene.run_jobs().await;
    assert_eq!(scene.github.repository("acme/shop").hooks().len(), 1);

    let removal = "/acme/repositories/shop/removal";
    let page = scene.page(removal).await;
    assert!(page.contains("For a day"), "{page}");
    scene.owner.post(removal, &[("name", "shop")]).await.expect(303);
    scene.github.repository("acme/shop").open_issue("ada", "The till jams");
    scene.told().await;
    let remark = scene.ask("SELECT remark FROM deliveries WHERE event = 'issues'").await;
    assert!(remark.contains("not connected"), "{remark}");
    scene.run_jobs().await;
    assert!(scene.github.repository("acme/shop").hooks().is_empty());

    scene.connect_all(&made).await.expect(200);
    scene.run_jobs().await;
    assert_eq!(scene.github.repository("acme/shop").hooks().len(), 1);
    assert_eq!(scene.ask("SELECT count(*)::text FROM repositories").await, "1");
}
