//! Names and addresses of repositories that cannot be given to them.

use std::time::Duration;

use quarterdeck::{repositories::Source, tenancy::Role};
use serde_json::json;

use crate::support::{Answer, World};

#[actix_web::test]
async fn a_name_or_address_that_another_has_is_refused_beside_its_field() {
    let world = World::new().await;
    let (one, two) = (world.repository("one"), world.repository("two"));
    for repository in [&one, &two] {
        repository.commit("One", &[("a.txt", "a\n")]);
        world.scan(world.acme, repository).await;
    }
    let admin = world.program(world.acme, Role::Admin).await;
    let owner = world.owner().await;

    for (body, field) in [
        (json!({"name": "two"}), "name"),
        (json!({"name": ".."}), "name"),
        (json!({"name": "a b"}), "name"),
        (json!({"source": two.path()}), "source"),
        (json!({"source": "/etc"}), "source"),
    ] {
        let refused = admin.patch_json("/api/v2/repositories/one", &body).await.expect(422).json();
        assert_eq!(refused["errors"][0]["field"], field, "{refused}");
    }
    let form = [("name", "two"), ("source", one.path())];
    let page = owner.post("/acme/repositories/one/settings", &form).await.expect(422);
    assert!(page.text.contains("Another repository is called `two`."), "{}", page.text);
    let form = [("name", "three"), ("source", one.path())];
    owner.post("/acme/repositories/one/settings", &form).await.expect(303);
    owner.get("/acme/repositories/three").await.expect(200);
    world.run_jobs().await;
}

/// Waits until somebody waits for a lock in this database.
async fn somebody_waits(world: &World) {
    let mut connection = world.connect().await;
    for _ in 0..1_000 {
        let waiting: bool = sqlx::query_scalar(
            "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock')",
        )
        .fetch_one(&mut connection)
        .await
        .unwrap();
        if waiting {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("nobody waits for a lock");
}

/// Does a statement as somebody else, who commits once the answer waits for it.
async fn overtaken(world: &World, statement: &str, answer: impl Future<Output = Answer>) -> Answer {
    let mut tx = world.begin(world.acme).await;
    sqlx::query(sqlx::AssertSqlSafe(statement)).execute(tx.connection()).await.unwrap();
    let (answer, ()) = tokio::join!(answer, async {
        somebody_waits(world).await;
        tx.commit().await.unwrap();
    });
    answer
}

#[actix_web::test]
async fn a_name_or_address_that_somebody_takes_at_the_same_moment_is_refused_beside_its_field() {
    let world = World::new().await;
    let (one, two, free) =
        (world.repository("one"), world.repository("two"), world.repository("free"));
    for repository in [&one, &two] {
        repository.commit("Start", &[("a.txt", "a\n")]);
        world.scan(world.acme, repository).await;
    }
    let owner = world.owner().await;
    let admin = world.program(world.acme, Role::Admin).await;
    let key = Source::parse(free.path(), &world.scans.policy).unwrap().normalized();
    let takes_address =
        |key: &str| format!("UPDATE repositories SET source_key = '{key}' WHERE name <> 'two'");
    let page = "/acme/repositories/two/settings";
    let item = "/api/v2/repositories/two";
    let taken =
        |what: &str| format!("Another repository has been given this {what} at this moment.");

    let form = [("name", "three"), ("source", two.path())];
    let takes_name = "UPDATE repositories SET name = 'three' WHERE name = 'one'";
    let refused = overtaken(&world, takes_name, owner.post(page, &form)).await.expect(422);
    assert!(refused.text.contains(&taken("name")), "{}", refused.text);

    let body = json!({"name": "four"});
    let takes_name = "UPDATE repositories SET name = 'four' WHERE name = 'three'";
    let refused = overtaken(&world, takes_name, admin.patch_json(item, &body)).await;
    let refused = refused.expect(422).json();
    assert_eq!(refused["errors"][0], json!({"field": "name", "message": taken("name")}));

    let form = [("name", "two"), ("source", free.path())];
    let refused = overtaken(&world, &takes_address(&key), owner.post(page, &form)).await;
    let refused = refused.expect(422);
    assert!(refused.text.contains(&taken("address")), "{}", refused.text);

    let mut tx = world.begin(world.acme).await;
    let elsewhere = takes_address("/elsewhere");
    sqlx::query(sqlx::AssertSqlSafe(elsewhere)).execute(tx.connection()).await.unwrap();
    tx.commit().await.unwrap();
    let body = json!({"source": free.path()});
    let refused = overtaken(&world, &takes_address(&key), admin.patch_json(item, &body)).await;
    let refused = refused.expect(422).json();
    assert_eq!(refused["errors"][0], json!({"field": "source", "message": taken("address")}));
}
