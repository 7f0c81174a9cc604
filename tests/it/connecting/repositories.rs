//! Choosing repositories, and the hooks that are made for them.

use quarterdeck::tenancy::SystemReason;

use super::Scene;

#[actix_web::test]
async fn repositories_are_searched_chosen_and_connected_once() {
    let scene = Scene::new().await;
    scene.github.repository("acme/shop").private();
    scene.github.repository("acme/till");
    scene.github.repository("acme/old-shop").archive(true);
    let made = scene.app().await;
    let here = format!("/acme/github/{}/repositories", made.id);

    let page = scene.page(&format!("{here}?q=SHOP")).await;
    assert!(page.contains("acme/shop") && page.contains("acme/old-shop"), "{page}");
    assert!(!page.contains("acme/till"), "{page}");
    assert!(page.contains("Private") && page.contains("Archived"), "{page}");
    scene.owner.post(&here, &[("repository", "4711")]).await.expect(422);

    let answer = scene.connect_all(&made).await.expect(200);
    assert!(answer.text.contains("Connected 3 repositories"), "{}", answer.text);
    let shop = scene
        .ask(
            "SELECT full_name || ' ' || visibility || ' ' || (connection_id IS NOT NULL) || ' ' || github_host
             FROM repositories WHERE name = 'shop'",
        )
        .await;
    let host = scene.web().replace("http://", "");
    assert_eq!(shop, format!("acme/shop private true {host}"));
    assert_eq!(scene.ask("SELECT count(*)::text FROM scans").await, "3");

    scene.github.repository("acme/till").rename("register");
    let shop = scene.github.repository("acme/shop").id().to_string();
    let register = scene.github.repository("acme/register").id().to_string();
    let form = [("repository", shop.as_str()), ("repository", register.as_str())];
    let again = scene.owner.post(&here, &form).await.expect(200);
    assert!(again.text.contains("2 were connected already"), "{}", again.text);
    assert_eq!(scene.ask("SELECT count(*)::text FROM repositories").await, "3");
    let page = scene.page("/acme/repositories").await;
    assert!(page.contains("acme/register") && page.contains("Private"), "{page}");
}

#[actix_web::test]
async fn long_lists_come_page_by_page() {
    let scene = Scene::new().await;
    for number in 0..130 {
        scene.github.repository(&format!("acme/part-{number:03}"));
    }
    let made = scene.app().await;
    let here = format!("/acme/github/{}/repositories", made.id);

    let first = scene.page(&here).await;
    let next = super::between(&first, "rel=\"next\"", ">").to_owned();
    assert!(next.is_empty(), "{next}");
    let href = first.split("href=\"").filter(|rest| rest.contains("rel=\"next\"")).last().unwrap();
    let href = super::unescaped(href.split('"').next().unwrap());
    let second = scene.page(&href).await;

    assert_eq!(first.matches("name=\"shown\"").count(), 100);
    assert_eq!(second.matches("name=\"shown\"").count(), 30);
    let elsewhere = scene.page(&format!("{here}?cursor=/user/emails")).await;
    assert_eq!(elsewhere.matches("name=\"shown\"").count(), 100);
}

#[actix_web::test]
async fn a_repository_of_a_token_gets_one_hook_however_often_its_job_runs() {
    let scene = Scene::new().await;
    scene.github.repository("acme/shop");
    let made = scene.token().await;

    for _ in 0..2 {
        let form = [("repository", scene.github.repository("acme/shop").id().to_string())];
        let form = [("repository", form[0].1.as_str())];
        let here = format!("/acme/github/{}/repositories", made.id);
        scene.owner.post(&here, &form).await.expect(200);
        scene.run_jobs().await;
    }

    let hooks = scene.github.repository("acme/shop").hooks();
    assert_eq!(hooks.len(), 1, "{hooks:?}");
    assert!(hooks[0].starts_with(&format!("{}/api/v2/webhooks/github/", scene.world.base)));
    let state = scene
        .ask("SELECT (github_id IS NOT NULL) || ' ' || (pinged_at IS NOT NULL) FROM hooks")
        .await;
    assert_eq!(state, "true true");

    // As if the answer to its making had been lost: it is found by its address.
    let mut tx = scene.world.begin(scene.world.acme).await;
    sqlx::query("UPDATE hooks SET github_id = NULL").execute(tx.connection()).await.unwrap();
    tx.commit().await.unwrap();
    scene.connect_again(&made).await;
    assert_eq!(scene.github.repository("acme/shop").hooks().len(), 1);
    assert_eq!(scene.ask("SELECT (github_id IS NOT NULL)::text FROM hooks").await, "true");
}

#[actix_web::test]
async fn a_rotated_secret_is_told_to_github() {
    let scene = Scene::new().await;
    scene.github.repository("acme/shop");
    let made = scene.token().await;
    scene.connect_again(&made).await;
    scene.world.clock.advance(chrono::Duration::minutes(2));
    let hook = scene.ask("SELECT id::text FROM hooks").await;

    scene.owner.post(&format!("/acme/hooks/{hook}/rotate"), &[]).await.expect(200);
    scene.run_jobs().await;
    scene.world.clock.advance(chrono::Duration::days(2));
    scene.github.repository("acme/shop").open_issue("ada", "The till jams");
    scene.told().await;

    let answered = scene.github.deliveries().last().and_then(|one| one.status);
    assert_eq!(answered, Some(202));
    scene.owner.post(&format!("/acme/hooks/{hook}/revoke"), &[]).await.expect(303);
    scene.run_jobs().await;
    assert!(scene.github.repository("acme/shop").hooks().is_empty());
}

#[actix_web::test]
async fn a_token_that_may_make_no_hook_leaves_words_and_no_dead_job() {
    let scene = Scene::new().await;
    scene.github.repository("acme/shop");
    let app = scene.github.oauth_app("Tokens", "https://nowhere.example");
    scene.github.organization("acme").private_member("ben", github_world::Role::Member);
    let token = scene.github.token("ben", &app.client_id, &[]);
    let web = scene.web();
    let form = [("web_url", web.as_str()), ("token", token.as_str())];
    let answer = scene.owner.post("/acme/github/token", &form).await.expect(303);
    let id = super::between(answer.header("location"), "/acme/github/", "/").to_owned();
    scene.connect_again(&super::Made { id: id.clone(), slug: String::new() }).await;

    let page = scene.page("/acme/repositories/shop").await;
    assert!(page.contains("It has no webhook at GitHub"), "{page}");
    let page = scene.page(&format!("/acme/github/{id}")).await;
    assert!(page.contains("not at GitHub"), "{page}");
    assert_eq!(scene.ask("SELECT count(*)::text FROM jobs WHERE state = 'dead'").await, "0");
}

#[actix_web::test]
async fn an_address_is_known_as_the_repository_that_github_has_there() {
    let scene = Scene::new().await;
    scene.github.repository("acme/shop");
    let made = scene.app().await;
    scene.connect_all(&made).await.expect(200);
    scene.github.repository("acme/shop").rename("store");

    let old = format!("{}/acme/shop", scene.web());
    let new = format!("{}/acme/store", scene.web());
    for address in [&old, &new] {
        let answer =
            scene.owner.post("/acme/repositories", &[("source", address)]).await.expect(422);
        assert!(answer.text.contains("connected already, as `shop`"), "{}", answer.text);
    }
    let page = scene.page("/acme/repositories/shop").await;
    assert!(page.contains("acme/store"), "{page}");
    let public = format!("{}/other/thing", scene.web());
    scene.owner.post("/acme/repositories", &[("source", &public)]).await.expect(303);
    assert_eq!(scene.ask("SELECT count(*)::text FROM repositories").await, "2");
}

impl Scene {
    /// Connects acme/shop, or connects it once more, and runs what follows.
    async fn connect_again(&self, made: &super::Made) {
        let id = self.github.repository("acme/shop").id().to_string();
        let here = format!("/acme/github/{}/repositories", made.id);
        self.owner.post(&here, &[("repository", id.as_str())]).await.expect(200);
        self.run_jobs().await;
    }
}

#[actix_web::test]
async fn a_token_that_the_server_of_git_refuses_is_followed_by_another() {
    let scene = Scene::new().await;
    scene.github.repository("acme/shop").private();
    let made = scene.app().await;
    scene.connect_all(&made).await.expect(200);
    let mut tx = scene.world.db.system(SystemReason::ClaimJob).await.unwrap();
    sqlx::query("DELETE FROM jobs WHERE kind <> 'scan_repository'")
        .execute(tx.connection())
        .await
        .unwrap();
    tx.commit().await.unwrap();
    scene.github.take_requests();
    scene.github.next_answer(github_world::Fault::Status(401));

    scene.world.run_jobs().await;

    let asked = scene.github.take_requests();
    let fetches: Vec<_> =
        asked.iter().filter(|one| one.path.ends_with("/acme/shop.git/info/refs")).collect();
    let statuses: Vec<u16> = fetches.iter().map(|one| one.status).collect();
    assert_eq!(statuses, [401, 404], "this GitHub has no git: {asked:?}");
    let said = |position: usize| fetches[position].header("authorization").unwrap();
    assert!(said(0).starts_with("Basic ") && said(1).starts_with("Basic "));
    assert_ne!(said(0), said(1));
}

#[actix_web::test]
async fn github_is_heard_by_the_secret_that_it_has_until_it_is_told_another() {
    let scene = Scene::new().await;
    scene.github.repository("acme/shop");
    let made = scene.token().await;
    scene.connect_all(&made).await.expect(200);
    scene.run_jobs().await;
    let hook = scene.ask("SELECT id::text FROM hooks").await;
    for _ in 0..2 {
        scene.owner.post(&format!("/acme/hooks/{hook}/rotate"), &[]).await.expect(200);
        scene.world.clock.advance(chrono::Duration::seconds(61));
    }
    let heard = async |title: &str| {
        scene.github.repository("acme/shop").open_issue("ada", title);
        scene.github.delivered().await;
        scene.github.deliveries().last().unwrap().status
    };
    let held = "SELECT count(held_secret)::text FROM hooks";

    assert_eq!(heard("The till jams").await, Some(202));
    assert_eq!(scene.ask(held).await, "1");
    scene.run_jobs().await;
    scene.world.clock.advance(chrono::Duration::seconds(6));
    assert_eq!(heard("It jams again").await, Some(202));
    assert_eq!(scene.ask(held).await, "0", "GitHub has the newest");
}
