//! The world as a program on the other side of the wire sees it.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use github_world::{AppCredentials, Fault, Role, World};
use reqwest::{Client, Response, StatusCode, redirect::Policy};
use serde_json::Value;

const CALLBACK: &str = "http://127.0.0.1:8080/callback";

struct Scene {
    world: World,
    app: AppCredentials,
    http: Client,
}

impl Scene {
    async fn new() -> Self {
        let world = World::start().await;
        world
            .organization("acme")
            .public_member("ada", Role::Admin)
            .private_member("ben", Role::Member)
            .team("Core Team", &["ben"]);
        world.user("dora");
        let app = world.oauth_app("Test", CALLBACK);
        drop(rustls::crypto::ring::default_provider().install_default());
        let http = Client::builder().redirect(Policy::none()).build().unwrap();
        Self { world, app, http }
    }

    fn token(&self, who: &str) -> String {
        self.world.token(who, &self.app.client_id, &["read:org", "user:email"])
    }

    async fn get(&self, path: &str, token: &str) -> Response {
        let url = self.world.api_url().join(path).unwrap();
        self.http.get(url).bearer_auth(token).send().await.unwrap()
    }

    async fn form(&self, path: &str, pairs: &[(&str, &str)]) -> Response {
        let url = self.world.web_url().join(path).unwrap();
        self.http.post(url).form(pairs).send().await.unwrap()
    }
}

fn header<'answer>(answer: &'answer Response, name: &str) -> &'answer str {
    answer.headers().get(name).map(|value| value.to_str().unwrap()).unwrap_or_default()
}

async fn logins(answer: Response) -> Vec<String> {
    let list: Vec<Value> = answer.json().await.unwrap();
    list.iter().map(|one| one["login"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn one_signs_in_by_hand_in_a_browser() {
    let scene = Scene::new().await;
    let question = format!("client_id={}&state=abc&scope=read:org", scene.app.client_id);

    let page = scene.get(&format!("/login/oauth/authorize?{question}"), "").await;
    let html = page.text().await.unwrap();
    let pressed = [("question", question.as_str()), ("login", "ben")];
    let agreed = scene.form("/login/oauth/authorize", &pressed).await;
    let cancelled = scene.form("/login/oauth/authorize", &pressed[..1]).await;

    assert!(html.contains("Authorize as ben"), "{html}");
    assert_eq!(agreed.status(), StatusCode::FOUND);
    assert!(header(&agreed, "location").starts_with(&format!("{CALLBACK}?code=")));
    assert!(header(&agreed, "location").ends_with("&state=abc"));
    assert!(header(&cancelled, "location").contains("error=access_denied"));
}

#[tokio::test]
async fn a_hint_leaves_one_person_to_pick() {
    let scene = Scene::new().await;
    let path = format!("/login/oauth/authorize?client_id={}&login=ada", scene.app.client_id);

    let html = scene.get(&path, "").await.text().await.unwrap();

    assert!(html.contains("Authorize as ada") && !html.contains("Authorize as ben"));
}

#[tokio::test]
async fn an_app_that_nobody_knows_has_no_page() {
    let scene = Scene::new().await;

    let answer = scene.get("/login/oauth/authorize?client_id=unknown", "").await;

    assert_eq!(answer.status(), StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn tokens_come_as_a_form_unless_json_is_asked_for() {
    let scene = Scene::new().await;
    let url = format!(
        "{}login/oauth/authorize?client_id={}&scope=user:email,read:org",
        scene.world.web_url(),
        scene.app.client_id
    );
    let back = scene.world.authorize(&url, "ada");
    let code = back.query_pairs().find(|(name, _)| name == "code").unwrap().1.into_owned();
    let pairs = [
        ("client_id", scene.app.client_id.as_str()),
        ("client_secret", scene.app.client_secret.as_str()),
        ("code", code.as_str()),
    ];

    let good = scene.form("/login/oauth/access_token", &pairs).await;
    let good_type = header(&good, "content-type").to_owned();
    let good = good.text().await.unwrap();
    let replayed = scene.form("/login/oauth/access_token", &pairs).await;

    assert!(good_type.starts_with("application/x-www-form-urlencoded"));
    assert!(good.starts_with("access_token=gho_"), "{good}");
    assert!(good.contains("scope=read%3Aorg%2Cuser%3Aemail") && good.contains("token_type=bearer"));
    assert_eq!(replayed.status(), StatusCode::OK);
    assert!(replayed.text().await.unwrap().starts_with("error=bad_verification_code"));
}

#[tokio::test]
async fn answers_have_the_headers_of_github() {
    let scene = Scene::new().await;

    let answer = scene.get("/user", &scene.token("ada")).await;

    assert_eq!(header(&answer, "x-oauth-scopes"), "read:org, user:email");
    assert_eq!(header(&answer, "x-ratelimit-limit"), "5000");
    assert_eq!(header(&answer, "x-ratelimit-resource"), "core");
    assert!(!header(&answer, "x-github-request-id").is_empty());
    let user: Value = answer.json().await.unwrap();
    assert_eq!(user["login"], "ada");
    assert_eq!(user["type"], "User");
}

#[tokio::test]
async fn what_is_known_already_is_not_sent_again() {
    let scene = Scene::new().await;
    let token = scene.token("ada");
    let tag = header(&scene.get("/user", &token).await, "etag").to_owned();

    let url = scene.world.api_url().join("/user").unwrap();
    let again = scene.http.get(url.clone()).bearer_auth(&token).header("if-none-match", &tag);
    let unchanged = again.send().await.unwrap();
    scene.world.user("ada").name("Ada");
    let again = scene.http.get(url).bearer_auth(&token).header("if-none-match", &tag);

    assert_eq!(unchanged.status(), StatusCode::NOT_MODIFIED);
    assert_eq!(again.send().await.unwrap().status(), StatusCode::OK);
}

#[tokio::test]
async fn an_enterprise_server_says_its_version_and_no_limits() {
    let scene = Scene::new().await;

    let answer = scene.get("/api/v3/user", &scene.token("ada")).await;

    assert!(!header(&answer, "x-github-enterprise-version").is_empty());
    assert_eq!(header(&answer, "x-ratelimit-limit"), "");
    let user: Value = answer.json().await.unwrap();
    assert!(user["url"].as_str().unwrap().ends_with("/api/v3/users/ada"));
}

#[tokio::test]
async fn private_members_are_seen_by_members_alone() {
    let scene = Scene::new().await;

    let inside = scene.get("/orgs/acme/members", &scene.token("ada")).await;
    let outside = scene.get("/orgs/acme/members", &scene.token("dora")).await;
    let asked = scene.get("/orgs/acme/memberships/ben", &scene.token("dora")).await;
    let teams = scene.get("/orgs/acme/teams", &scene.token("dora")).await;

    assert_eq!(logins(inside).await, ["ada", "ben"]);
    assert_eq!(logins(outside).await, ["ada"]);
    assert_eq!(asked.status(), StatusCode::FORBIDDEN);
    assert_eq!(teams.status(), StatusCode::NOT_FOUND);
    let refusal: Value = asked.json().await.unwrap();
    let words = "You must be a member of acme to see membership information for ben.";
    assert_eq!(refusal["message"], words);
    assert!(
        refusal["documentation_url"]
            .as_str()
            .unwrap()
            .starts_with("https://docs.github.com/rest/orgs")
    );
}

#[tokio::test]
async fn lists_are_paged_by_link() {
    let scene = Scene::new().await;
    for number in 0..5 {
        scene.world.organization("acme").private_member(&format!("p{number}"), Role::Member);
    }
    let token = scene.token("ada");

    let first = scene.get("/orgs/acme/members?per_page=3", &token).await;
    let link = header(&first, "link").to_owned();
    let last = scene.get("/orgs/acme/members?per_page=3&page=3", &token).await;

    assert!(link.contains("/orgs/acme/members?per_page=3&page=2>; rel=\"next\""), "{link}");
    assert!(link.contains("page=3>; rel=\"last\""), "{link}");
    assert!(!header(&last, "link").contains("next"));
    assert_eq!(logins(last).await, ["p4"]);
}

#[tokio::test]
async fn teams_have_members() {
    let scene = Scene::new().await;
    let token = scene.token("ada");

    let teams: Value = scene.get("/orgs/acme/teams", &token).await.json().await.unwrap();
    let members = scene.get("/orgs/acme/teams/core-team/members", &token).await;

    assert_eq!(teams[0]["slug"], "core-team");
    assert_eq!(logins(members).await, ["ben"]);
}

#[tokio::test]
async fn organisations_that_want_sign_on_or_restrict_apps_are_left_out_of_the_list() {
    let scene = Scene::new().await;
    let secured = scene.world.organization("secured").private_member("ben", Role::Member);
    secured.enforce_sso(true);
    let restricting = scene.world.organization("restricting").private_member("ben", Role::Member);
    restricting.restrict_third_parties(true);

    let answer = scene.get("/user/orgs", &scene.token("ben")).await;

    let header = header(&answer, "x-github-sso").to_owned();
    assert_eq!(header, format!("partial-results; organizations={}", secured.id()));
    assert_eq!(logins(answer).await, ["acme"]);
}

#[tokio::test]
async fn credentials_are_good_or_bad() {
    let scene = Scene::new().await;
    let token = scene.token("ada");
    scene.world.revoke_token(&token);

    let revoked = scene.get("/user", &token).await;
    let invented = scene.get("/user", "gho_invented").await;
    let none = scene.http.get(scene.world.api_url().join("/user").unwrap()).send().await.unwrap();

    for (answer, words) in [
        (revoked, "Bad credentials"),
        (invented, "Bad credentials"),
        (none, "Requires authentication"),
    ] {
        assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
        assert_eq!(answer.json::<Value>().await.unwrap()["message"], words);
    }
}

#[tokio::test]
async fn what_is_ordered_happens_once_and_is_written_down() {
    let scene = Scene::new().await;
    scene.world.next_answer(Fault::Status(502));
    let token = scene.token("ada");

    let broken = scene.get("/user", &token).await;
    let whole = scene.get("/users/ben", &token).await;

    assert_eq!(broken.status(), StatusCode::BAD_GATEWAY);
    assert_eq!(whole.status(), StatusCode::OK);
    let lines: Vec<String> =
        scene.world.take_requests().iter().map(github_world::Logged::line).collect();
    assert_eq!(lines, ["GET /user 502", "GET /users/ben 200"]);
    assert_eq!(scene.world.requests(), []);
}

#[tokio::test]
async fn a_suspended_person_is_refused() {
    let scene = Scene::new().await;
    let token = scene.token("ben");
    scene.world.user("ben").suspend();

    assert_eq!(scene.get("/user", &token).await.status(), StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn people_are_found_by_name_and_by_id_and_renamed() {
    let scene = Scene::new().await;
    let (token, id) = (scene.token("ada"), scene.world.user("ben").id());
    scene.world.user("ben").rename("benjamin");

    let by_id: Value = scene.get(&format!("/user/{id}"), &token).await.json().await.unwrap();
    let gone = scene.get("/users/ben", &token).await;

    assert_eq!(by_id["login"], "benjamin");
    assert_eq!(gone.status(), StatusCode::NOT_FOUND);
    assert_eq!(scene.get("/orgs/acme/memberships/benjamin", &token).await.status(), StatusCode::OK);
}
