//! Apps and tokens that are pasted: checked with GitHub, stored sealed, never shown again.

use super::Scene;

/// What the form of an App is sent.
struct Pasted<'a> {
    web: &'a str,
    app_id: String,
    key: &'a str,
}

impl Pasted<'_> {
    async fn send(&self, scene: &Scene, more: &[(&str, &str)]) -> crate::support::Answer {
        let mut form = vec![
            ("web_url", self.web),
            ("owner", "acme"),
            ("app_id", &self.app_id),
            ("private_key", self.key),
            ("webhook_secret", "a pasted secret"),
        ];
        form.extend(more);
        scene.owner.post("/acme/github/paste", &form).await
    }
}

#[actix_web::test]
async fn a_pasted_app_is_checked_stored_and_found_where_it_is_installed() {
    let scene = Scene::new().await;
    let app = scene.github.github_app("By Hand", "https://nowhere.example");
    scene.github.install(app.app_id, "acme", &[("metadata", "read"), ("issues", "read")]);
    let web = scene.web();
    let pasted = Pasted { web: &web, app_id: app.app_id.to_string(), key: app.private_key };

    let answer = pasted.send(&scene, &[]).await.expect(303);

    let page = scene.page(answer.header("location")).await;
    assert!(page.contains("By Hand") && page.contains("installed"), "{page}");
    assert!(page.contains("may not read contents, pull requests"), "{page}");
    assert!(page.contains("/settings/installations/"), "{page}");
    assert!(!page.contains("a pasted secret") && !page.contains("PRIVATE KEY"), "{page}");
    pasted.send(&scene, &[]).await.expect(409);
}

#[actix_web::test]
async fn what_is_wrong_is_said_beside_its_field_and_nothing_is_stored() {
    let scene = Scene::new().await;
    let app = scene.github.github_app("By Hand", "https://nowhere.example");
    let web = scene.web();
    let other_key = include_str!("../../data/keys/other-rsa.pem");
    let id = app.app_id.to_string();
    for (app_id, key, field) in [
        (id.as_str(), "no key", "private_key"),
        (id.as_str(), other_key, "app_id"),
        ("4711", app.private_key, "app_id"),
        ("seven", app.private_key, "app_id"),
    ] {
        let pasted = Pasted { web: &web, app_id: app_id.to_owned(), key };
        let answer = pasted.send(&scene, &[]).await.expect(422);
        assert!(answer.text.contains(&format!("error-{field}")), "{field}: {}", answer.text);
        assert!(!answer.text.contains("a pasted secret"), "{}", answer.text);
    }
    let pasted = Pasted { web: &web, app_id: id, key: app.private_key };
    let client = [("client_id", "Iv1.other"), ("client_secret", "x")];
    let answer = pasted.send(&scene, &client).await.expect(422);
    assert!(answer.text.contains("not that of the App By Hand"), "{}", answer.text);
    assert_eq!(scene.ask("SELECT count(*)::text FROM connections").await, "0");
}

#[actix_web::test]
async fn a_token_is_checked_and_a_wrong_one_refused() {
    let scene = Scene::new().await;
    let web = scene.web();
    for token in ["short", "ghp_000000000000000000000000000000000000", "two words in a token"] {
        let form = [("web_url", web.as_str()), ("token", token)];
        let answer = scene.owner.post("/acme/github/token", &form).await.expect(422);
        assert!(answer.text.contains("error-token"), "{}", answer.text);
        assert!(!answer.text.contains("ghp_0000"), "{}", answer.text);
    }

    let made = scene.token().await;

    let page = scene.page(&format!("/acme/github/{}", made.id)).await;
    assert!(page.contains("Token of ada") && page.contains("Token ends with"), "{page}");
    let stored = scene.ask("SELECT token FROM connections").await;
    assert!(!stored.contains("gho_"), "{stored}");
}

#[actix_web::test]
async fn an_app_that_is_not_installed_yet_is_looked_for_again() {
    let scene = Scene::new().await;
    let app = scene.github.github_app("By Hand", "https://nowhere.example");
    let web = scene.web();
    let pasted = Pasted { web: &web, app_id: app.app_id.to_string(), key: app.private_key };
    let here = pasted.send(&scene, &[]).await.expect(303).header("location").to_owned();
    assert!(scene.page(&here).await.contains("is not installed yet"));

    scene.owner.post(&format!("{here}/check"), &[]).await.expect(422);
    scene.github.install(app.app_id, "acme", &[("metadata", "read")]);
    scene.owner.post(&format!("{here}/check"), &[]).await.expect(303);

    assert_eq!(scene.ask("SELECT account FROM connections").await, "acme");
}

#[actix_web::test]
async fn a_clock_that_is_wrong_is_named() {
    let scene = Scene::new().await;
    let made = scene.token().await;
    scene.github.advance(chrono::Duration::minutes(5));

    let page = scene.page(&format!("/acme/github/{}", made.id)).await;

    assert!(page.contains("300 seconds behind"), "{page}");
}

#[actix_web::test]
async fn a_github_in_the_servers_own_network_is_not_asked() {
    let scene = Scene::configured(|config, _| config.repositories.allowed_networks.clear()).await;
    let app = scene.github.github_app("By Hand", "https://nowhere.example");
    let (id, port) = (app.app_id.to_string(), scene.github.web_url().port().unwrap());
    for web in [scene.web(), format!("http://localhost:{port}"), "https://10.0.0.1".to_owned()] {
        let token =
            [("web_url", web.as_str()), ("token", "ghp_000000000000000000000000000000000000")];
        let manifest = [("web_url", web.as_str()), ("owner", "acme")];
        let sign_in = [
            ("web_url", web.as_str()),
            ("client_id", &app.client_id),
            ("client_secret", &app.client_secret),
            ("app_id", &id),
            ("private_key", app.private_key),
        ];
        let pasted = Pasted { web: &web, app_id: id.clone(), key: app.private_key };
        let answers = [
            scene.owner.post("/acme/github/token", &token).await,
            scene.owner.post("/acme/github/apps", &manifest).await,
            scene.owner.post("/acme/settings/sign-in", &sign_in).await,
            pasted.send(&scene, &[]).await,
        ];
        for answer in answers {
            let answer = answer.expect(422);
            assert!(answer.text.contains("error-web_url"), "{web}: {}", answer.text);
            let kind = if web.contains("10.") { "a private" } else { "a loopback" };
            let words = format!("leads to {kind} address");
            assert!(answer.text.contains(&words), "{web}: {}", answer.text);
            assert!(answer.text.contains("repositories.allowed_networks"), "{}", answer.text);
        }
    }
    assert_eq!(scene.github.requests(), []);
    assert_eq!(scene.ask("SELECT count(*)::text FROM connections").await, "0");
}

#[actix_web::test]
async fn a_github_that_the_configuration_names_is_asked_wherever_it_is() {
    let scene = Scene::configured(|config, github| {
        config.repositories.allowed_networks.clear();
        config.github.web_url = github.web_url().to_string();
    })
    .await;

    let made = scene.app().await;

    let page = scene.page(&format!("/acme/github/{}", made.id)).await;
    assert!(page.contains("agrees with GitHub"), "{page}");
}
