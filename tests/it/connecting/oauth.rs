//! OAuth Apps: the way to GitHub and back, and what is refused on it.

use chrono::Duration;
use github_world::{AppCredentials, Fault};
use quarterdeck::tenancy::Role;
use url::Url;

use super::{Made, Scene, between, path_of};
use crate::support::{Answer, start_of_time};

/// Where GitHub is to lead back to, as the form shows it.
async fn shown_callback(scene: &Scene) -> String {
    let page = scene.page("/acme/github/oauth").await;
    between(&page, "aria-label=\"Authorization callback URL\">", "<").to_owned()
}

/// An OAuth App that is registered with what the form shows.
async fn registered(scene: &Scene) -> AppCredentials {
    scene.github.oauth_app("Quarterdeck", &shown_callback(scene).await)
}

async fn paste(scene: &Scene, (client_id, client_secret): (&str, &str)) -> Answer {
    let web = scene.web();
    let form =
        [("web_url", web.as_str()), ("client_id", client_id), ("client_secret", client_secret)];
    scene.owner.post("/acme/github/oauth", &form).await
}

/// Sets out: where the browser goes at GitHub.
async fn set_out(scene: &Scene, app: &AppCredentials) -> Url {
    let page = paste(scene, (&app.client_id, &app.client_secret)).await.expect(200);
    Url::parse(page.header("refresh").strip_prefix("0;url=").unwrap()).unwrap()
}

/// Sets out, and ada agrees: the address that GitHub leads back to.
async fn agreed(scene: &Scene, app: &AppCredentials) -> String {
    let to = set_out(scene, app).await;
    path_of(scene.github.authorize(to.as_str(), "ada").as_str())
}

fn asked(to: &Url, name: &str) -> String {
    to.query_pairs().find(|(key, _)| key == name).unwrap().1.into_owned()
}

/// Comes back, and is refused with these words.
#[track_caller]
fn assert_refused(answer: Answer, words: &str) {
    let answer = answer.expect(422);
    assert!(answer.text.contains(words), "{words}: {}", answer.text);
}

async fn connections(scene: &Scene) -> String {
    scene.ask("SELECT count(*)::text FROM connections").await
}

/// Whether a token that was not kept has been ended at GitHub.
fn is_given_back(scene: &Scene, app: &AppCredentials) -> bool {
    let line = format!("DELETE /api/v3/applications/{}/token 204", app.client_id);
    scene.github.requests().iter().any(|request| request.line() == line)
}

#[actix_web::test]
async fn whoever_lets_an_oauth_app_in_connects_github() {
    let scene = Scene::new().await;
    scene.github.repository("acme/shop").private();
    let app = registered(&scene).await;

    let to = set_out(&scene, &app).await;
    assert_eq!(asked(&to, "scope"), "repo admin:repo_hook read:org");
    assert_eq!(asked(&to, "code_challenge_method"), "S256");
    let callback = format!("{}/acme/github/oauth/callback", scene.world.base);
    assert_eq!(asked(&to, "redirect_uri"), callback);
    let back = scene.github.authorize(to.as_str(), "ada");
    let chosen = scene.owner.get(&path_of(back.as_str())).await.expect(303);
    let id = between(chosen.header("location"), "/acme/github/", "/repositories").to_owned();
    let made = Made { id, slug: String::new() };
    scene.connect_all(&made).await.expect(200);
    scene.run_jobs().await;

    assert_eq!(scene.github.repository("acme/shop").hooks().len(), 1);
    let page = scene.page(&format!("/acme/github/{}", made.id)).await;
    assert!(page.contains("Token of ada") && page.contains("GitHub has delivered to"), "{page}");
    assert!(!page.contains("to be repaired"), "{page}");
    let stored = scene
        .ask(
            "SELECT kind || ' ' || account || ' ' || (client_secret IS NULL) || ' ' || starts_with(token, 'gho_')
             FROM connections",
        )
        .await;
    assert_eq!(stored, "token ada true false");
    let written = scene
        .ask("SELECT string_agg(action, ' ' ORDER BY ordinal) FROM audit_log WHERE action LIKE 'connection.%'")
        .await;
    assert_eq!(written, "connection.begun connection.created");
    assert!(!is_given_back(&scene, &app));
}

#[actix_web::test]
async fn the_way_back_is_open_once_for_an_hour_and_for_who_set_out() {
    let scene = Scene::new().await;
    let app = registered(&scene).await;

    let back = agreed(&scene, &app).await;
    let admin = scene.world.member(Role::Admin).await;
    assert_refused(admin.get(&back).await, "by somebody else");
    assert_refused(scene.owner.get(&back).await, "has been used already");
    assert_eq!(connections(&scene).await, "0");

    let back = agreed(&scene, &app).await;
    scene.owner.get(&back).await.expect(303);
    assert_refused(scene.owner.get(&back).await, "has been used already");

    let neighbour = scene.world.neighbour().await;
    let state = asked(&set_out(&scene, &app).await, "state");
    let path = format!("/globex/github/oauth/callback?code=x&state={state}");
    assert_refused(neighbour.get(&path).await, "not begun here");
    let path = "/acme/github/oauth/callback?code=x&state=made-up";
    assert_refused(scene.owner.get(path).await, "not begun here");

    let back = agreed(&scene, &app).await;
    scene.world.clock.advance(Duration::minutes(61));
    assert_refused(scene.owner.get(&back).await, "longer than an hour. Begin again.");
    assert_eq!(connections(&scene).await, "1");
}

#[actix_web::test]
async fn neither_way_back_takes_up_what_was_begun_for_the_other() {
    let scene = Scene::new().await;
    let app = registered(&scene).await;
    let (_, _, of_manifest) = scene.begin(&scene.owner, &[]).await;
    let of_oauth = asked(&set_out(&scene, &app).await, "state");

    for (way, state) in [("oauth/callback", of_manifest), ("callback", of_oauth)] {
        let path = format!("/acme/github/{way}?code=x&state={state}");
        assert_refused(scene.owner.get(&path).await, "not begun here");
    }
}

#[actix_web::test]
async fn what_github_refuses_is_said_and_nothing_is_stored() {
    let scene = Scene::new().await;
    let app = registered(&scene).await;

    let denied = scene.github.deny(set_out(&scene, &app).await.as_str());
    let denied = path_of(denied.as_str());
    assert_refused(scene.owner.get(&denied).await, "have not let the OAuth App in");
    assert_refused(scene.owner.get(&denied).await, "has been used already");

    for (said, words) in [
        ("code=wrong", "does not take the code"),
        ("error=redirect_uri_mismatch", "callback URL to http"),
        ("error=application_suspended", "has suspended the application"),
        ("error=something_new", "refuses it: something_new"),
    ] {
        let state = asked(&set_out(&scene, &app).await, "state");
        let path = format!("/acme/github/oauth/callback?{said}&state={state}");
        assert_refused(scene.owner.get(&path).await, words);
    }

    let back = agreed(&scene, &app).await;
    scene.github.next_answer(Fault::Status(502));
    assert_refused(scene.owner.get(&back).await, "Begin again.");
    let back = agreed(&scene, &app).await;
    scene.github.change_secret(&app.client_id);
    assert_refused(scene.owner.get(&back).await, "client id and secret any more");
    assert_eq!(connections(&scene).await, "0");
}

#[actix_web::test]
async fn what_is_wrong_in_the_form_is_said_before_anybody_is_sent_to_github() {
    let scene = Scene::new().await;
    let app = registered(&scene).await;

    for (id, secret, field) in [
        (app.client_id.as_str(), "another-secret", "client_secret"),
        ("Ov23liUnknown", "another-secret", "client_secret"),
        (app.client_id.as_str(), " ", "client_secret"),
        ("two words", "another-secret", "client_id"),
    ] {
        let answer = paste(&scene, (id, secret)).await.expect(422);
        assert!(answer.text.contains(&format!("error-{field}")), "{field}: {}", answer.text);
        assert!(!answer.text.contains("another-secret"), "{}", answer.text);
    }
    let form = [("web_url", "ftp://x"), ("client_id", "x"), ("client_secret", "x")];
    let answer = scene.owner.post("/acme/github/oauth", &form).await.expect(422);
    assert!(answer.text.contains("error-web_url"), "{}", answer.text);
    assert_eq!(scene.ask("SELECT count(*)::text FROM connection_attempts").await, "0");
}

#[actix_web::test]
async fn a_right_that_was_not_granted_is_named_and_the_token_given_back() {
    let scene = Scene::new().await;
    let app = registered(&scene).await;
    let mut to = set_out(&scene, &app).await;
    let less: Vec<(String, String)> = to
        .query_pairs()
        .map(|(name, value)| (name.into_owned(), value.replace("admin:repo_hook ", "")))
        .collect();
    to.query_pairs_mut().clear().extend_pairs(less);
    assert_eq!(asked(&to, "scope"), "repo read:org");

    let back = scene.github.authorize(to.as_str(), "ada");

    let answer = scene.owner.get(&path_of(back.as_str())).await;
    assert_refused(answer, "admin:repo_hook is missing");
    assert!(is_given_back(&scene, &app));
    assert_eq!(connections(&scene).await, "0");
}

#[actix_web::test]
async fn a_token_that_cannot_be_looked_at_is_given_back() {
    let scene = Scene::new().await;
    let app = registered(&scene).await;
    scene.github.limit("ada", 0, start_of_time() + Duration::minutes(30));

    let back = agreed(&scene, &app).await;

    assert_refused(scene.owner.get(&back).await, "no more requests before 09:01:00 UTC");
    assert!(is_given_back(&scene, &app));
    assert_eq!(connections(&scene).await, "0");
}

#[actix_web::test]
async fn a_github_apps_id_is_no_oauth_apps() {
    let scene = Scene::new().await;
    let app = scene.github.github_app("An App", &shown_callback(&scene).await);
    let app = AppCredentials { client_id: app.client_id, client_secret: app.client_secret };

    let back = agreed(&scene, &app).await;

    assert_refused(scene.owner.get(&back).await, "Paste the App itself");
    assert!(is_given_back(&scene, &app));
    assert_eq!(connections(&scene).await, "0");
}
