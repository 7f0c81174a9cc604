//! Several ways of signing in to one account: added by who is signed in, and never the last one removed.

use chrono::Duration;
use github_world::{Role as GitHubRole, World as GitHub};
use quarterdeck::{
    accounts::sign_in::{DomainClaim, GitHubSettings, OidcSettings, Providers, Rule},
    tenancy::SystemReason,
};
use serde_json::{Value, json};
use url::Url;

use crate::{
    factors::{between, code_at},
    support::{Answer, Client, DatabaseLogin, Issuer, World, start_of_time},
};

struct Scene {
    github: GitHub,
    issuer: Issuer,
    world: World,
}

const PAGE: &str = "/account/identities";

fn ada() -> Value {
    json!({"sub": "1", "email": "ada@acme.com", "email_verified": true})
}

impl Scene {
    /// Ada and ben belong to acme on GitHub; the issuer's word lets nobody in by itself.
    async fn new() -> Self {
        quarterdeck::platform::jwt::install();
        drop(rustls::crypto::ring::default_provider().install_default());
        let (github, issuer) = (GitHub::start().await, Issuer::start());
        github.set_time(start_of_time());
        github
            .organization("acme")
            .public_member("ada", GitHubRole::Admin)
            .private_member("ben", GitHubRole::Member);
        let oidc = OidcSettings {
            name: "okta".to_owned(),
            label: "Okta".to_owned(),
            issuer: issuer.url.clone(),
            client_id: "quarterdeck".to_owned(),
            client_secret: "of the tests".into(),
            rule: Rule::new(DomainClaim::Email, &[]).unwrap(),
            organization: None,
        };
        let world = World::with_parts(DatabaseLogin::MayMakeRoles, |parts, base| {
            let app = github.oauth_app("Quarterdeck", &format!("{base}/api/auth/callback"));
            let settings = GitHubSettings {
                web_url: github.web_url().to_string(),
                api_url: Some(github.api_url().to_string()),
                client_id: app.client_id,
                client_secret: app.client_secret.into(),
                app: None,
            };
            let none = Providers::new(base, &parts.clock, &parts.sessions.keyring).unwrap();
            let github = none.with_allowed(&["acme".to_owned()]).unwrap().with_github(&settings);
            parts.providers = github.unwrap().with_oidc(&oidc).unwrap();
        })
        .await;
        Self { github, issuer, world }
    }

    async fn by_github(&self, login: &str) -> Client {
        let browser = self.world.nobody();
        let to = browser.get("/api/auth/login").await.expect(303);
        let back = self.github.authorize(to.header("location"), login);
        browser.get(&path_of(&back)).await.expect(303);
        browser
    }

    /// Where the page that follows the button leads to.
    async fn set_out(&self, browser: &Client, provider: &str) -> String {
        let page = browser.post(&format!("{PAGE}/{provider}/add"), &[]).await.expect(200);
        page.header("refresh").strip_prefix("0;url=").unwrap().to_owned()
    }

    async fn add_okta(&self, browser: &Client, claims: &Value) -> Answer {
        let to = self.set_out(browser, "okta").await;
        let back = self.issuer.authorize(&to, claims).await;
        browser.get(&back).await
    }

    async fn by_okta(&self, claims: &Value) -> (Client, Answer) {
        let browser = self.world.nobody();
        let to = browser.get("/api/auth/login?provider=okta").await.expect(303);
        let back = self.issuer.authorize(to.header("location"), claims).await;
        let answer = browser.get(&back).await;
        (browser, answer)
    }
}

fn path_of(url: &Url) -> String {
    format!("{}?{}", url.path(), url.query().unwrap_or_default())
}

#[actix_web::test]
async fn an_account_that_was_added_gets_its_person_into_the_same_account() {
    let scene = Scene::new().await;
    let browser = scene.by_github("ada").await;
    let id = browser.get("/api/auth/me").await.expect(200).json()["id"].clone();

    let back = scene.add_okta(&browser, &ada()).await.expect(303);

    assert_eq!(back.header("location"), PAGE);
    let page = browser.get(PAGE).await.expect(200).text;
    for shown in ["GitHub", "Okta", "ada@acme.com", "lets you into an organisation"] {
        assert!(page.contains(shown), "{shown}: {page}");
    }
    let (other, answer) = scene.by_okta(&ada()).await;
    answer.expect(303);
    assert_eq!(other.get("/api/auth/me").await.expect(200).json()["id"], id);
    let log = crate::members::log(&scene.world).await;
    assert!(log.contains(&"identity.added ada".to_owned()), "{log:?}");
}

#[actix_web::test]
async fn the_account_of_somebody_else_is_not_taken_over() {
    let scene = Scene::new().await;
    let (adas, bens) = (scene.by_github("ada").await, scene.by_github("ben").await);
    scene.add_okta(&adas, &ada()).await.expect(303);

    let refused = scene.add_okta(&bens, &ada()).await.expect(403);
    assert!(refused.text.contains("belongs to another person"), "{}", refused.text);
    let second = scene.add_okta(&adas, &json!({"sub": "2"})).await.expect(403);
    assert!(second.text.contains("already"), "{}", second.text);

    // The same address at another subject is another person.
    let (_, answer) =
        scene.by_okta(&json!({"sub": "3", "email": "ada@acme.com", "email_verified": true})).await;
    assert_eq!(answer.status, 403);
    let log = crate::members::log(&scene.world).await;
    assert!(log.contains(&"identity.refused ben".to_owned()), "{log:?}");
}

#[actix_web::test]
async fn what_one_person_has_begun_is_not_added_to_the_next_one_in_the_same_browser() {
    let scene = Scene::new().await;
    let browser = scene.by_github("ada").await;
    let to = scene.set_out(&browser, "okta").await;
    let back = scene.issuer.authorize(&to, &ada()).await;
    browser.post("/sign-out", &[]).await.expect(303);

    let answer = browser.get(&back).await.expect(403);

    assert!(answer.text.contains("signed out meanwhile"), "{}", answer.text);
    assert_eq!(scene.by_okta(&ada()).await.1.status, 403);
}

#[actix_web::test]
async fn the_same_number_at_another_github_is_somebody_else() {
    let scene = Scene::new().await;
    let id =
        async |browser: Client| browser.get("/api/auth/me").await.expect(200).json()["id"].clone();
    let first = id(scene.by_github("ada").await).await;
    assert_eq!(id(scene.by_github("ada").await).await, first);

    let mut tx = scene.world.db.system(SystemReason::Login).await.unwrap();
    let moved = "UPDATE identities SET provider = 'github:git.acme.example'";
    sqlx::query(moved).execute(tx.connection()).await.unwrap();
    tx.commit().await.unwrap();

    assert_ne!(id(scene.by_github("ada").await).await, first);
}

#[actix_web::test]
async fn the_last_way_in_stays_and_so_does_the_one_that_vouches() {
    let scene = Scene::new().await;
    let browser = scene.by_github("ada").await;
    let github = scene.github.user("ada").id().to_string();
    let web_url = scene.github.web_url();
    let provider = format!("github:127.0.0.1:{}", web_url.port().unwrap());
    let remove = async |provider: &str, subject: &str| {
        let form = [("provider", provider), ("subject", subject)];
        browser.post(&format!("{PAGE}/remove"), &form).await
    };
    assert!(remove(&provider, &github).await.expect(409).text.contains("only way in"));
    scene.add_okta(&browser, &ada()).await.expect(303);
    assert!(remove(&provider, &github).await.expect(409).text.contains("by this account"));
    remove(&provider, "7").await.expect(404);

    remove(&scene.issuer.url, "1").await.expect(303);

    assert_eq!(scene.by_okta(&ada()).await.1.status, 403, "nobody knows it any more");
    let log = crate::members::log(&scene.world).await;
    assert!(log.contains(&"identity.removed ada".to_owned()), "{log:?}");
}

#[actix_web::test]
async fn a_code_is_asked_for_again_before_a_way_in_is_added() {
    let scene = Scene::new().await;
    let browser = scene.by_github("ada").await;
    browser.post("/account/factor/begin", &[]).await.expect(303);
    let page = browser.get("/account/factor").await.expect(200);
    let secret = between(&page.text, "aria-label=\"Secret\">", "<").to_owned();
    let now = || scene.world.clock.now();
    let form = [("code", &*code_at(&secret, now()))];
    browser.post("/account/factor/confirm", &form).await.expect(200);
    scene.world.clock.advance(Duration::minutes(11));

    let refused = browser.post(&format!("{PAGE}/okta/add"), &[]).await;
    assert_ne!(refused.status, 200, "{}", refused.text);
    assert!(refused.header("refresh").is_empty());
    let form = [("code", &*code_at(&secret, now())), ("next", PAGE)];
    browser.post("/account/confirm", &form).await.expect(303);

    scene.add_okta(&browser, &ada()).await.expect(303);
}
