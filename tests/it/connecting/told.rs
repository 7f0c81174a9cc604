//! What GitHub tells of an App, its installations and its people.

use quarterdeck::tenancy::Role;
use reqwest::Method;
use serde_json::json;

use super::{Scene, path_of, received::Told};
use crate::support::Answer;

#[actix_web::test]
async fn a_suspended_and_a_removed_installation_are_followed() {
    let scene = Scene::new().await;
    let made = scene.app().await;
    let installation: u64 =
        scene.ask("SELECT installation_id::text FROM connections").await.parse().unwrap();
    let here = format!("/acme/github/{}", made.id);

    scene.github.suspend_installation(installation);
    scene.told().await;
    let page = scene.page(&here).await;
    assert!(page.contains("suspended"), "{page}");
    let list = scene.page(&format!("{here}/repositories")).await;
    assert!(list.contains("has suspended"), "{list}");

    scene.github.unsuspend_installation(installation);
    scene.told().await;
    assert!(!scene.page(&here).await.contains("suspended"));

    scene.github.uninstall(installation);
    scene.told().await;
    let page = scene.page(&here).await;
    assert!(page.contains("not installed"), "{page}");
    assert!(page.contains(&format!("/apps/{}/installations/new", made.slug)), "{page}");
}

#[actix_web::test]
async fn repositories_that_an_app_loses_stay_without_it() {
    let scene = Scene::new().await;
    scene.github.repository("acme/shop").private();
    scene.github.repository("acme/till");
    scene.github.repository("acme/sign");
    let made = scene.app().await;
    scene.connect_all(&made).await.expect(200);
    let installation: u64 =
        scene.ask("SELECT installation_id::text FROM connections").await.parse().unwrap();
    scene.github.select_repositories(installation, &["acme/shop", "acme/till", "acme/sign"]);
    scene.github.select_repositories(installation, &["acme/till"]);
    scene.told().await;
    scene.run_jobs().await;

    // Whom everybody may read, the App may read as well.
    let page = scene.page("/acme/repositories/sign").await;
    assert!(!page.contains("may not reach this repository"), "{page}");
    let page = scene.page("/acme/repositories/shop").await;
    assert!(page.contains("may not reach this repository any more"), "{page}");
    assert!(!scene.page("/acme/repositories/till").await.contains("any more"));
    assert_eq!(
        scene.ask("SELECT name FROM repositories WHERE connection_id IS NULL").await,
        "shop"
    );

    scene.github.select_repositories(installation, &["acme/shop", "acme/till"]);
    let id = scene.github.repository("acme/shop").id().to_string();
    let here = format!("/acme/github/{}/repositories", made.id);
    scene.owner.post(&here, &[("repository", id.as_str())]).await.expect(200);
    assert!(!scene.page("/acme/repositories/shop").await.contains("any more"));
}

#[actix_web::test]
async fn an_old_word_of_lost_repositories_takes_none_away() {
    let scene = Scene::new().await;
    for name in ["acme/shop", "acme/till"] {
        scene.github.repository(name);
    }
    let made = scene.app().await;
    scene.connect_all(&made).await.expect(200);
    let installation: u64 =
        scene.ask("SELECT installation_id::text FROM connections").await.parse().unwrap();
    scene.github.select_repositories(installation, &["acme/shop", "acme/till"]);
    scene.github.select_repositories(installation, &["acme/till"]);
    scene.github.select_repositories(installation, &["acme/shop", "acme/till"]);
    scene.told().await;
    scene.run_jobs().await;
    let without = "SELECT count(*)::text FROM repositories WHERE connection_id IS NULL";
    assert_eq!(scene.ask(without).await, "0", "GitHub says by now that it is reached");

    let app = scene.ask("SELECT app_id::text FROM connections").await;
    let secret = scene.github.app_hook_secret(app.parse().unwrap());
    let told = scene.github.deliveries();
    let old = told.iter().find(|one| one.action.as_deref() == Some("removed")).unwrap();
    let again = Told { event: &old.event, ..Told::of(&scene, &app) };
    assert_eq!(again.send_body(&scene, &secret, old.payload.to_string()).await, 202);
    scene.told().await;
    scene.run_jobs().await;

    assert_eq!(scene.ask(without).await, "0");
}

#[actix_web::test]
async fn an_installation_that_is_gone_says_nothing_of_its_repositories() {
    let scene = Scene::new().await;
    scene.github.repository("acme/shop");
    let made = scene.app().await;
    scene.connect_all(&made).await.expect(200);
    let installation: u64 =
        scene.ask("SELECT installation_id::text FROM connections").await.parse().unwrap();
    scene.github.select_repositories(installation, &["acme/shop"]);
    scene.github.select_repositories(installation, &[]);
    scene.told().await;
    scene.github.uninstall(installation);
    scene.run_jobs().await;

    let without = "SELECT count(*)::text FROM repositories WHERE connection_id IS NULL";
    assert_eq!(scene.ask(without).await, "0");
}

#[actix_web::test]
async fn what_becomes_of_a_repository_is_shown() {
    let scene = Scene::new().await;
    scene.github.repository("acme/shop");
    let made = scene.app().await;
    scene.connect_all(&made).await.expect(200);

    scene.github.advance(chrono::Duration::seconds(5));
    scene.github.repository("acme/shop").privatize();
    scene.github.repository("acme/shop").archive(true);
    scene.github.repository("acme/shop").rename("store");
    scene.told().await;
    let page = scene.page("/acme/repositories").await;
    for shown in ["Private", "Archived", "acme/store"] {
        assert!(page.contains(shown), "{shown}: {page}");
    }
    scene.github.repository("acme/store").delete();
    scene.told().await;

    let page = scene.page("/acme/repositories/shop").await;
    assert!(page.contains("Deleted at GitHub") && page.contains("acme/store"), "{page}");
}

#[actix_web::test]
async fn a_repository_that_github_has_again_is_deleted_no_longer() {
    let scene = Scene::new().await;
    let shop = || scene.github.repository("acme/shop");
    shop();
    let made = scene.app().await;
    scene.connect_all(&made).await.expect(200);
    let deleted = "SELECT (deleted_at IS NOT NULL)::text FROM repositories";
    // GitHub's administrators have it back with its number; nothing tells of that.
    let delete = || async {
        shop().tell("repository", json!({"action": "deleted"}));
        scene.told().await;
        assert_eq!(scene.ask(deleted).await, "true");
    };

    delete().await;
    shop().tell("repository", json!({"action": "edited", "changes": {}}));
    scene.told().await;
    assert_eq!(scene.ask(deleted).await, "true", "it may have been told before");
    scene.github.advance(chrono::Duration::seconds(5));
    shop().archive(true);
    scene.told().await;
    assert_eq!(scene.ask(deleted).await, "false");

    delete().await;
    scene.world.clock.advance(chrono::Duration::minutes(1));
    scene.github.set_time(scene.world.clock.now());
    let here = format!("/acme/github/{}/repositories", made.id);
    let id = shop().id().to_string();
    scene.owner.post(&here, &[("repository", id.as_str())]).await.expect(200);
    assert_eq!(scene.ask(deleted).await, "false");
}

#[actix_web::test]
async fn whoever_takes_their_authorization_back_is_signed_out() {
    let scene = Scene::new().await;
    let (_, manifest, state) = scene.begin(&scene.owner, &[("signs_in", "1")]).await;
    let back = scene.github.agree_to_manifest("acme", &manifest, &state);
    scene.owner.get(&path_of(back.as_str())).await.expect(303);
    let member = scene.world.member(Role::Member).await;
    let client = scene.ask("SELECT client_id FROM connections").await;
    let ada = scene.github.user("ada").id();
    let provider = format!("github:{}", scene.web().replace("http://", ""));
    let mut tx = scene.world.db.system(quarterdeck::tenancy::SystemReason::Login).await.unwrap();
    sqlx::query(
        "INSERT INTO identities (provider, subject, account_id, login, token, created_at, used_at, checked_at)
         SELECT $1, $2, id, 'ada', 'sealed', now(), now(), now() FROM accounts WHERE login = 'member'",
    )
    .bind(&provider)
    .bind(ada.to_string())
    .execute(tx.connection())
    .await
    .unwrap();
    tx.commit().await.unwrap();
    member.get("/acme").await.expect(200);

    scene.github.user("ada").revoke_app(&client);
    scene.told().await;
    scene.world.run_jobs().await;

    assert_ne!(member.get("/acme").await.status, 200);
    let mut tx = scene.world.db.system(quarterdeck::tenancy::SystemReason::Login).await.unwrap();
    let token: Option<String> =
        sqlx::query_scalar("SELECT token FROM identities WHERE subject = $1")
            .bind(ada.to_string())
            .fetch_one(tx.connection())
            .await
            .unwrap();
    assert_eq!(token, None);
}

#[actix_web::test]
async fn words_about_an_installation_that_nobody_knows_change_nothing() {
    let scene = Scene::new().await;
    scene.app().await;
    let known = scene.ask("SELECT installation_id::text FROM connections").await;
    let hook = scene.owner.post("/acme/hooks", &[("name", "by hand")]).await.expect(200);
    let url = super::between(&hook.text, "aria-labelledby=\"url-label\">", "<");
    let secret = super::between(&hook.text, "aria-labelledby=\"secret-label\">", "<");
    let body = json!({"action": "deleted", "installation": {"id": 7, "account": {"id": 1, "login": "acme"}, "app_id": 7}}).to_string();
    let request = scene
        .world
        .nobody()
        .request(Method::POST, url.strip_prefix(&scene.world.base).unwrap())
        .header("content-type", "application/json")
        .header("x-github-event", "installation")
        .header("x-github-delivery", "one")
        .header("x-hub-signature-256", github_world::signature(secret, body.as_bytes()))
        .body(body);
    assert_eq!(Answer::of(request).await.status, 202);
    scene.told().await;

    assert_eq!(scene.ask("SELECT installation_id::text FROM connections").await, known);
    let remark = scene.ask("SELECT remark FROM deliveries WHERE guid = 'one'").await;
    assert!(remark.contains("no connection"), "{remark}");
}
