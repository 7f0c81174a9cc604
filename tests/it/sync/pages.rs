//! The page and the API: what they show, who may do what.

use quarterdeck::tenancy::Role;
use serde_json::Value;

use super::{Scene, fill};

const PAGE: &str = "/acme/repositories/shop/sync";

impl Scene {
    fn api(&self) -> String {
        format!("/api/v2/repositories/{}/sync", self.repository)
    }
}

#[actix_web::test]
async fn the_page_shows_how_far_each_resource_is() {
    let scene = Scene::new().await;
    fill(scene.shop());
    let owner = scene.world.owner().await;
    let empty = owner.get(PAGE).await.expect(200).text;
    assert!(empty.contains("not read yet") && empty.contains("Read it"), "{empty}");

    owner.post(&format!("{PAGE}/import"), &[]).await.expect(303);
    let waiting = owner.get(PAGE).await.expect(200).text;
    assert!(waiting.contains("reading") && waiting.contains("Cancel"), "{waiting}");
    scene.world.run_jobs().await;

    let page = owner.get(PAGE).await.expect(200).text;
    for shown in
        ["in step", "Pull requests", "Read all again", "requests an hour", "a token of ada"]
    {
        assert!(page.contains(shown), "{shown}: {page}");
    }
    assert!(!page.contains("Cancel"), "{page}");
    let repository = owner.get("/acme/repositories/shop").await.expect(200).text;
    assert!(repository.contains(PAGE), "{repository}");
}

#[actix_web::test]
async fn a_reading_is_cancelled_and_goes_on_where_it_stopped() {
    let scene = Scene::new().await;
    fill(scene.shop());
    let owner = scene.world.owner().await;
    scene.request().await;

    owner.post(&format!("{PAGE}/cancel"), &[]).await.expect(303);
    scene.world.run_jobs().await;
    assert!(scene.states().await.iter().all(|state| state.ends_with(" cancelled 0")));
    let page = owner.get(PAGE).await.expect(200).text;
    assert!(page.contains("cancelled") && page.contains("Go on"), "{page}");

    owner.post(&format!("{PAGE}/resume"), &[]).await.expect(303);
    scene.world.run_jobs().await;
    assert!(scene.states().await.iter().all(|state| state.contains(" done ")));
    let actions = scene
        .words("SELECT action FROM audit_log WHERE action LIKE 'sync.%' ORDER BY ordinal")
        .await;
    assert_eq!(actions, ["sync.cancelled", "sync.resumed"]);
}

#[actix_web::test]
async fn who_may_see_may_not_act() {
    let scene = Scene::new().await;
    for role in [Role::Viewer, Role::Member, Role::Manager] {
        let person = scene.world.member(role).await;
        let page = person.get(PAGE).await.expect(200).text;
        assert!(!page.contains("sync/import"), "{page}");
        for action in ["import", "resume", "cancel"] {
            person.post(&format!("{PAGE}/{action}"), &[]).await.expect(403);
        }
    }
    scene.world.stranger().await.get(PAGE).await.expect(404);
    scene.world.neighbour().await.get(PAGE).await.expect(404);
    assert!(scene.states().await.is_empty());
}

#[actix_web::test]
async fn the_api_says_the_same() {
    let scene = Scene::new().await;
    fill(scene.shop());
    let program = scene.world.program(scene.world.acme, Role::Admin).await;
    let import = program
        .post_json(&format!("{}/import", scene.api()), &serde_json::json!({}))
        .await
        .expect(202);
    assert_eq!(import.json()["running"], true);
    scene.world.run_jobs().await;

    let told = program.get(&scene.api()).await.expect(200).json();

    assert_eq!((&told["running"], &told["on_github"]), (&Value::Bool(false), &Value::Bool(true)));
    assert_eq!(told["resources"].as_array().unwrap().len(), 12);
    assert!(told["complete_through"].is_string() && told["quota"]["limit"] == 5_000, "{told}");
    for action in ["resume", "cancel"] {
        program
            .post_json(&format!("{}/{action}", scene.api()), &serde_json::json!({}))
            .await
            .expect(409);
    }
}

#[actix_web::test]
async fn a_repository_without_a_connection_says_what_to_do() {
    let scene = Scene::new().await;
    let owner = scene.world.owner().await;
    let mut tx = scene.begin().await;
    sqlx::query("DELETE FROM connections").execute(tx.connection()).await.unwrap();
    tx.commit().await.unwrap();
    let page = owner.get(PAGE).await.expect(200).text;
    assert!(page.contains("No connection to its GitHub"), "{page}");
    assert!(page.contains("href=\"/acme/github\">Connect GitHub"), "{page}");
    let page = scene.world.viewer().await.get(PAGE).await.expect(200).text;
    assert!(page.contains("An administrator") && !page.contains("Connect GitHub"), "{page}");

    let mut tx = scene.begin().await;
    sqlx::query("UPDATE repositories SET github_host = NULL, github_id = NULL, full_name = NULL")
        .execute(tx.connection())
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let page = owner.get(PAGE).await.expect(200).text;
    assert!(page.contains("Not known to be on GitHub"), "{page}");
    owner.post(&format!("{PAGE}/import"), &[]).await.expect(303);
    assert!(scene.states().await.is_empty());
}
