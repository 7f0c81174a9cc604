//! A GitHub App from its manifest to its installation.

use chrono::Duration;
use quarterdeck::{
    connections::{Connections, Unusable},
    github::Reach,
    sync,
    tenancy::Role,
};

use super::{Scene, between, path_of};
use crate::support::DatabaseLogin;

#[actix_web::test]
async fn an_app_is_made_from_its_manifest_installed_and_heard() {
    for login in [DatabaseLogin::MayMakeRoles, DatabaseLogin::Plain] {
        let scene = Scene::with(login).await;
        let (page, manifest, state) = scene.begin(&scene.owner, &[]).await;

        let policy = page.header("content-security-policy");
        assert!(policy.contains(&format!("form-action 'self' {};", scene.web())), "{policy}");
        assert_eq!(manifest["public"], false);
        let hook = format!("{}/api/v2/webhooks/github", scene.world.base);
        assert_eq!(manifest["hook_attributes"]["url"], hook);

        let back = scene.github.agree_to_manifest("acme", &manifest, &state);
        let install = scene.owner.get(&path_of(back.as_str())).await.expect(303);
        let slug = between(install.header("location"), "/apps/", "/").to_owned();
        assert_eq!(
            install.header("location"),
            format!("{}/apps/{slug}/installations/new", scene.web())
        );
        let list = scene.page("/acme/github").await;
        assert!(list.contains("not installed") && list.contains("Quarterdeck acme"), "{list}");

        let setup = scene.github.install_app(&slug);
        let chosen = scene.owner.get(&path_of(&setup)).await.expect(303);
        scene.told().await;

        let list = scene.page("/acme/github").await;
        assert!(list.contains("installed") && !list.contains("not installed"), "{list}");
        let here = chosen.header("location").trim_end_matches("/repositories").to_owned();
        let page = scene.page(&here).await;
        assert!(page.contains("GitHub has delivered to"), "{page}");
        assert!(
            page.contains("agrees with GitHub") && page.contains("all that it needs"),
            "{page}"
        );
        let secrets = scene.ask("SELECT private_key || client_secret FROM connections").await;
        assert!(!secrets.contains("PRIVATE KEY"), "{secrets}");
    }
}

#[actix_web::test]
async fn a_state_is_good_once_for_an_hour_and_for_who_set_out() {
    let scene = Scene::new().await;
    let (_, manifest, state) = scene.begin(&scene.owner, &[]).await;
    let agree = || path_of(scene.github.agree_to_manifest("acme", &manifest, &state).as_str());

    let admin = scene.world.member(Role::Admin).await;
    let foreign = admin.get(&agree()).await.expect(422);
    assert!(foreign.text.contains("by somebody else"), "{}", foreign.text);
    let used = scene.owner.get(&agree()).await.expect(422);
    assert!(used.text.contains("has been used already"), "{}", used.text);

    let (_, _, state) = scene.begin(&scene.owner, &[]).await;
    scene.world.clock.advance(Duration::minutes(61));
    let late = path_of(scene.github.agree_to_manifest("acme", &manifest, &state).as_str());
    let late = scene.owner.get(&late).await.expect(422);
    assert!(late.text.contains("longer than an hour"), "{}", late.text);

    let neighbour = scene.world.neighbour().await;
    let (_, _, state) = scene.begin(&scene.owner, &[]).await;
    let other = format!("/globex/github/callback?code=x&state={state}");
    neighbour.get(&other).await.expect(422);
    scene.owner.get("/acme/github/callback?code=x&state=made-up").await.expect(422);
    assert_eq!(scene.ask("SELECT count(*)::text FROM connections").await, "0");
}

#[actix_web::test]
async fn a_code_that_github_does_not_know_connects_nothing() {
    let scene = Scene::new().await;
    let (_, _, state) = scene.begin(&scene.owner, &[]).await;

    let answer = scene
        .owner
        .get(&format!("/acme/github/callback?code=wrong&state={state}"))
        .await
        .expect(422);

    assert!(answer.text.contains("does not take the code"), "{}", answer.text);
    assert_eq!(scene.ask("SELECT count(*)::text FROM connections").await, "0");
}

#[actix_web::test]
async fn an_installation_of_another_account_is_refused() {
    let scene = Scene::new().await;
    let made = scene.app().await;
    let app: i64 = scene.ask("SELECT app_id::text FROM connections").await.parse().unwrap();
    scene.github.organization("globex");
    let foreign = scene.github.install(app.try_into().unwrap(), "globex", &[("metadata", "read")]);

    let path = format!("/acme/github/{}/installed?installation_id={foreign}", made.id);
    let answer = scene.owner.get(&path).await.expect(422);
    assert!(answer.text.contains("of another account than acme"), "{}", answer.text);
    let path = format!("/acme/github/{}/installed?installation_id=999999", made.id);
    let answer = scene.owner.get(&path).await.expect(422);
    assert!(answer.text.contains("not installed on acme"), "{}", answer.text);
    scene.told().await;

    assert_eq!(scene.ask("SELECT account FROM connections").await, "acme");
}

#[actix_web::test]
async fn people_sign_in_by_the_new_app_where_an_owner_of_the_first_organisation_says_so() {
    let scene = Scene::new().await;
    let page = scene.page("/acme/github").await;
    assert!(page.contains("name=\"signs_in\""), "{page}");
    let (_, manifest, state) = scene.begin(&scene.owner, &[("signs_in", "1")]).await;
    let back = scene.github.agree_to_manifest("acme", &manifest, &state);
    scene.owner.get(&path_of(back.as_str())).await.expect(303);

    let door = scene.world.nobody().get("/sign-in").await.expect(200).text;
    assert!(door.contains("Sign in with GitHub"), "{door}");
    let page = scene.page("/acme/github").await;
    assert!(!page.contains("name=\"signs_in\""), "it is set up by now: {page}");
    let settings = scene.page("/acme/settings/sign-in").await;
    assert!(settings.contains("Quarterdeck acme"), "{settings}");
    let neighbour = scene.world.neighbour().await;
    let page = neighbour.get("/globex/github").await.expect(200).text;
    assert!(!page.contains("name=\"signs_in\""), "{page}");
}

#[actix_web::test]
async fn only_owners_and_admins_connect_github() {
    let scene = Scene::new().await;
    let made = scene.app().await;
    let here = format!("/acme/github/{}", made.id);

    for role in [Role::Viewer, Role::Member, Role::Manager] {
        let person = scene.world.member(role).await;
        person.get("/acme/github").await.expect(403);
        person.get(&here).await.expect(403);
        person.get(&format!("{here}/repositories")).await.expect(403);
        person.post("/acme/github/apps", &[("owner", "acme")]).await.expect(403);
        person.post(&format!("{here}/removal"), &[]).await.expect(403);
    }
    for stranger in [scene.world.stranger().await, scene.world.neighbour().await] {
        stranger.get(&here).await.expect(404);
        stranger.post(&format!("{here}/repositories"), &[("all", "1")]).await.expect(404);
    }
    scene.world.member(Role::Admin).await.get(&here).await.expect(200);
}

#[actix_web::test]
async fn an_address_of_this_machine_is_no_webhook_of_githubs() {
    let scene = Scene::new().await;
    let form = [("web_url", "https://github.com"), ("owner", "acme")];

    let page = scene.owner.post("/acme/github/apps", &form).await.expect(200);

    assert!(page.text.contains("without a webhook"), "{}", page.text);
    assert!(!page.text.contains("hook_attributes"), "{}", page.text);
    let form = [("web_url", "ftp://x"), ("owner", "not a name")];
    let page = scene.owner.post("/acme/github/apps", &form).await.expect(422);
    assert!(page.text.contains("error-web_url") && page.text.contains("error-owner"));
}

#[actix_web::test]
async fn a_removed_connection_leaves_its_repositories_and_takes_its_secrets() {
    let scene = Scene::new().await;
    scene.github.repository("acme/shop");
    let made = scene.app().await;
    scene.connect_all(&made).await.expect(200);
    let removal = format!("/acme/github/{}/removal", made.id);

    let page = scene.page(&removal).await;
    assert!(page.contains("What stays") && page.contains("/settings/apps/"), "{page}");
    scene.owner.post(&removal, &[]).await.expect(303);
    scene.run_jobs().await;

    assert_eq!(scene.ask("SELECT count(*)::text FROM connections").await, "0");
    assert_eq!(scene.ask("SELECT count(*)::text FROM hooks WHERE revoked_at IS NULL").await, "0");
    assert_eq!(
        scene.ask("SELECT name FROM repositories WHERE connection_id IS NULL").await,
        "shop"
    );
    scene.owner.post(&removal, &[]).await.expect(404);
}

#[actix_web::test]
async fn a_connection_that_is_being_removed_is_asked_by_no_more_but_for_its_hooks() {
    let scene = Scene::new().await;
    scene.github.repository("acme/shop");
    let made = scene.token().await;
    scene.connect_all(&made).await.expect(200);
    scene.run_jobs().await;
    assert_eq!(scene.github.repository("acme/shop").hooks().len(), 1);
    scene.owner.post(&format!("/acme/github/{}/removal", made.id), &[]).await.expect(303);
    // Whoever had the page of repositories open has just connected it by this connection.
    let mut tx = scene.world.begin(scene.world.acme).await;
    for sql in [
        "UPDATE repositories SET connection_id = (SELECT id FROM connections)",
        "DELETE FROM syncs",
    ] {
        sqlx::query(sql).execute(tx.connection()).await.unwrap();
    }
    tx.commit().await.unwrap();

    let (clock, keyring) = (&scene.world.clock, &scene.world.sessions.keyring);
    let connections = Connections::new(clock, keyring, &Reach::default()).unwrap();
    let mut tx = scene.world.begin(scene.world.acme).await;
    let opened = connections.open(&mut tx, made.id.parse().unwrap()).await.unwrap();
    assert!(matches!(opened, Some(Err(Unusable::Removed))));
    drop(tx);
    sync::request_due(&scene.world.db, scene.world.clock.now()).await.unwrap();
    assert_eq!(scene.ask("SELECT count(*)::text FROM syncs").await, "0");
    let page = scene.page("/acme/repositories/shop/sync").await;
    assert!(page.contains("No connection to its GitHub"), "{page}");
    let page = scene.page(&format!("/acme/github/{}", made.id)).await;
    assert!(page.contains("is being removed"), "{page}");

    scene.run_jobs().await;
    assert!(scene.github.repository("acme/shop").hooks().is_empty());
    assert_eq!(scene.ask("SELECT count(*)::text FROM connections").await, "0");
    assert_eq!(scene.ask("SELECT count(*)::text FROM jobs WHERE state = 'dead'").await, "0");
}

#[actix_web::test]
async fn nobody_is_sent_to_github_for_a_connection_too_many() {
    let scene = Scene::new().await;
    let mut tx = scene.world.begin(scene.world.acme).await;
    let tenant = scene.world.acme.as_uuid();
    sqlx::query(
        "INSERT INTO connections (tenant_id, id, kind, web_url, host, account, account_id, token, token_hint, version,
                                  created_by, created_at)
         SELECT $1, gen_random_uuid(), 'token', 'https://github.com', 'github.com', 'ada', n, 'sealed', 'cdef',
                gen_random_uuid(), 'Ada', now()
         FROM generate_series(1, 100) AS n",
    )
    .bind(tenant)
    .execute(tx.connection())
    .await
    .unwrap();
    tx.commit().await.unwrap();

    let web = scene.web();
    let form = [("web_url", web.as_str()), ("owner", "acme")];
    let page = scene.owner.post("/acme/github/apps", &form).await.expect(409);

    assert!(page.text.contains("There are 100 connections"), "{}", page.text);
}
