//! Credentials of GitHub that an owner pastes: checked, sealed, in use at once, and the configuration's first.

use chrono::Duration;
use github_world::{GitHubApp, Role as GitHubRole, World as GitHub};
use quarterdeck::{
    accounts::sign_in::{GitHubSettings, Providers},
    organizations::audit,
    tenancy::{Role, SystemReason},
};

use crate::support::{Answer, Client, DatabaseLogin, World, start_of_time};

const PAGE: &str = "/acme/settings/sign-in";

struct Scene {
    github: GitHub,
    world: World,
    app: GitHubApp,
    owner: Client,
}

impl Scene {
    /// Two servers of one site; acme lets the members of its GitHub organisation in.
    async fn new() -> Self {
        quarterdeck::platform::jwt::install();
        drop(rustls::crypto::ring::default_provider().install_default());
        let github = GitHub::start().await;
        github.set_time(start_of_time());
        github.organization("acme").private_member("ben", GitHubRole::Member);
        let callback = "http://127.0.0.1:8080/api/auth/callback";
        let app = github.github_app("Quarterdeck", callback);
        github.install(app.app_id, "acme", &[("members", "read")]);
        let world = World::with_config(|config| config.server.shared_limits = true).await;
        let owner = world.owner().await;
        let newcomers = [("github_organizations", "acme"), ("default_role", "member")];
        owner.post("/acme/organization/newcomers", &newcomers).await.expect(303);
        Self { github, world, app, owner }
    }

    /// The form as an owner fills it, with other values over them.
    async fn paste(&self, over: &[(&str, &str)]) -> Answer {
        let (web_url, app_id) = (self.github.web_url(), self.app.app_id.to_string());
        let mut form = vec![
            ("web_url", web_url.as_str()),
            ("client_id", &self.app.client_id),
            ("client_secret", &self.app.client_secret),
            ("app_id", &app_id),
            ("private_key", self.app.private_key),
            ("webhook_secret", "It's a Secret to Everybody"),
        ];
        for (name, value) in over {
            form.iter_mut().find(|(field, _)| field == name).unwrap().1 = value;
        }
        self.owner.post(PAGE, &form).await
    }

    async fn sign_in(&self, base: &str) -> Answer {
        let browser = Client::new(base, None);
        let to = browser.get("/api/auth/login?provider=github").await.expect(303);
        let back = self.github.authorize(to.header("location"), "ben");
        browser.get(&format!("{}?{}", back.path(), back.query().unwrap())).await
    }

    async fn offers_github(&self, base: &str) -> bool {
        let page = Client::new(base, None).get("/sign-in").await.expect(200);
        page.text.contains("Sign in with GitHub")
    }
}

#[actix_web::test]
async fn what_an_owner_pastes_counts_at_once_on_every_server() {
    let scene = Scene::new().await;
    let another = scene.world.another.clone().unwrap();
    for base in [&scene.world.base, &another] {
        assert!(!scene.offers_github(base).await);
    }

    scene.paste(&[]).await.expect(303);

    for base in [&scene.world.base, &another] {
        assert!(scene.offers_github(base).await, "{base}");
        scene.sign_in(base).await.expect(303);
    }
    scene.owner.post(&format!("{PAGE}/remove"), &[]).await.expect(303);
    for base in [&scene.world.base, &another] {
        assert!(!scene.offers_github(base).await, "{base}");
    }
    scene.owner.post(&format!("{PAGE}/remove"), &[]).await.expect(404);
    let log = crate::members::log(&scene.world).await;
    for action in ["provider.credentials_set", "provider.credentials_removed"] {
        assert!(log.contains(&format!("{action} The owner")), "{log:?}");
    }
}

#[actix_web::test]
async fn a_secret_is_sealed_and_never_shown_again() {
    let scene = Scene::new().await;
    scene.paste(&[]).await.expect(303);
    let GitHubApp { client_secret, private_key, .. } = &scene.app;

    let page = scene.owner.get(PAGE).await.expect(200).text;
    let ends = client_secret.get(client_secret.len() - 4..).unwrap();
    assert!(page.contains(&format!("ends with <code>{ends}</code>")), "{page}");
    let mut tx = scene.world.db.system(SystemReason::Site).await.unwrap();
    let row: String =
        sqlx::query_scalar("SELECT provider_credentials::text FROM provider_credentials")
            .fetch_one(tx.connection())
            .await
            .unwrap();
    let entries = audit::list(&mut scene.world.begin(scene.world.acme).await, 10).await.unwrap();
    let log = format!("{entries:?}");
    let part_of_key = private_key.lines().nth(3).unwrap();
    for secret in [client_secret.as_str(), part_of_key, "to Everybody"] {
        for (place, text) in [("page", &page), ("row", &row), ("log", &log)] {
            assert!(!text.contains(secret), "{secret} in the {place}");
        }
    }
}

#[actix_web::test]
async fn what_github_does_not_take_is_said_beside_its_field_and_not_saved() {
    let scene = Scene::new().await;
    let another_key = include_str!("../data/keys/other-rsa.pem");
    for (field, value, words) in [
        ("client_secret", "wrong", "does not take the client id and secret"),
        ("client_secret", "", "Paste the client secret"),
        ("client_id", "Iv23liwrong", "is not that of the App"),
        ("client_id", "", "what the App&#39;s page on GitHub shows"),
        ("app_id", "7", "does not know the App"),
        ("app_id", "seven", "is a number"),
        ("app_id", "", "which has an id as well"),
        ("private_key", another_key, "its private key is another one"),
        ("private_key", "-----BEGIN RSA PRIVATE KEY-----", "not a whole private key"),
        ("web_url", "http://127.0.0.1:1", "cannot be reached"),
        ("web_url", "http://git.acme.example", "is not https"),
        ("web_url", "here", "not an address"),
    ] {
        let refused = scene.paste(&[(field, value)]).await.expect(422);

        assert!(refused.text.contains(words), "{field} {value}: {}", refused.text);
        // GitHub does not say which of the two is wrong.
        let beside = if value == another_key { "app_id" } else { field };
        assert!(refused.text.contains(&format!("error-{beside}")), "{field}: {}", refused.text);
        assert!(!refused.text.contains(&scene.app.client_secret), "{field}");
    }
    scene.github.set_time(start_of_time() - Duration::minutes(20));
    let refused = scene.paste(&[]).await.expect(422);
    assert!(refused.text.contains("clock is wrong"), "{}", refused.text);
    assert!(!scene.offers_github(&scene.world.base).await);
}

#[actix_web::test]
async fn a_secret_that_is_left_empty_stays_for_the_same_app() {
    let scene = Scene::new().await;
    scene.paste(&[]).await.expect(303);

    scene
        .paste(&[("client_secret", ""), ("private_key", ""), ("webhook_secret", "")])
        .await
        .expect(303);
    scene.sign_in(&scene.world.base).await.expect(303);

    let other = scene.github.oauth_app("Another", "http://127.0.0.1:8080/api/auth/callback");
    let as_oauth = [("client_id", &*other.client_id), ("app_id", ""), ("private_key", "")];
    let empty = [as_oauth.as_slice(), &[("client_secret", "")]].concat();
    scene.paste(&empty).await.expect(422);
    let whole = [as_oauth.as_slice(), &[("client_secret", &*other.client_secret)]].concat();
    scene.paste(&whole).await.expect(303);
    scene.sign_in(&scene.world.base).await.expect(303);
    let page = scene.owner.get(PAGE).await.expect(200).text;
    assert!(!page.contains("Private key</dt>"), "{page}");
}

#[actix_web::test]
async fn only_owners_of_the_first_organisation_say_how_people_sign_in() {
    let scene = Scene::new().await;
    let neighbour = scene.world.neighbour().await;
    let page = neighbour.get("/globex/settings/sign-in").await.expect(200).text;
    assert!(page.contains("the whole server"), "{page}");
    assert!(!page.contains("Client id"), "{page}");
    let form = [("web_url", "https://github.com"), ("client_id", "x"), ("client_secret", "y")];
    neighbour.post("/globex/settings/sign-in", &form).await.expect(409);
    neighbour.post("/globex/settings/sign-in/remove", &[]).await.expect(409);
    neighbour.get(PAGE).await.expect(404);

    let admin = scene.world.member(Role::Admin).await;
    admin.get(PAGE).await.expect(403);
    admin.post(PAGE, &form).await.expect(403);
    let program = scene.world.program(scene.world.acme, Role::Owner).await;
    assert_eq!(program.post(PAGE, &form).await.status, 409, "a token is nobody");
}

#[actix_web::test]
async fn what_the_configuration_says_goes_over_it_and_is_only_shown() {
    let github = GitHub::start().await;
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
        parts.providers = none.with_github(&settings).unwrap();
    })
    .await;
    let owner = world.owner().await;

    let page = owner.get(PAGE).await.expect(200).text;

    assert!(
        page.contains("By the server&#39;s configuration")
            || page.contains("By the server's configuration"),
        "{page}"
    );
    assert!(!page.contains("<form class=\"fields"), "{page}");
    let form = [("web_url", "https://github.com"), ("client_id", "x"), ("client_secret", "y")];
    owner.post(PAGE, &form).await.expect(409);
}

#[actix_web::test]
async fn credentials_whose_key_is_lost_are_said_to_be() {
    let scene = Scene::new().await;
    scene.paste(&[]).await.expect(303);
    let mut tx = scene.world.db.system(SystemReason::Site).await.unwrap();
    sqlx::query(
        "UPDATE provider_credentials SET client_secret = 'lost.AAAA', version = gen_random_uuid()",
    )
    .execute(tx.connection())
    .await
    .unwrap();
    tx.commit().await.unwrap();

    assert!(!scene.offers_github(&scene.world.base).await);
    let page = scene.owner.get(PAGE).await.expect(200).text;
    assert!(page.contains("cannot be read any more"), "{page}");
    scene.paste(&[]).await.expect(303);
    assert!(scene.offers_github(&scene.world.base).await);
}

#[actix_web::test]
async fn a_secret_is_told_to_no_other_github_than_it_was_given_for() {
    let scene = Scene::new().await;
    scene.paste(&[]).await.expect(303);
    let other = GitHub::start().await;
    let url = other.web_url().to_string();
    let secrets = [("client_secret", ""), ("private_key", ""), ("webhook_secret", "")];

    let refused =
        scene.paste(&[[("web_url", &*url)].as_slice(), &secrets].concat()).await.expect(422);

    for (field, _) in secrets {
        assert!(refused.text.contains(&format!("error-{field}")), "{field}: {}", refused.text);
    }
    assert_eq!(other.requests().len(), 0);
    scene.sign_in(&scene.world.base).await.expect(303);
}

#[actix_web::test]
async fn another_github_is_not_set_up_while_people_have_signed_in_by_the_one() {
    let scene = Scene::new().await;
    scene.paste(&[]).await.expect(303);
    scene.sign_in(&scene.world.base).await.expect(303);
    let other = GitHub::start().await;
    other.set_time(start_of_time());
    let app = other.github_app("Quarterdeck", "http://127.0.0.1:8080/api/auth/callback");
    let (url, id) = (other.web_url().to_string(), app.app_id.to_string());
    let whole = [
        ("web_url", &*url),
        ("client_id", &*app.client_id),
        ("client_secret", &*app.client_secret),
        ("app_id", &*id),
        ("private_key", app.private_key),
    ];

    let refused = scene.paste(&whole).await.expect(422);

    assert!(refused.text.contains("error-web_url"), "{}", refused.text);
    assert!(refused.text.contains("People sign in by the GitHub at"), "{}", refused.text);
    let mut tx = scene.world.db.system(SystemReason::Login).await.unwrap();
    sqlx::query("DELETE FROM identities").execute(tx.connection()).await.unwrap();
    tx.commit().await.unwrap();
    scene.paste(&whole).await.expect(303);
}

#[actix_web::test]
async fn what_people_gave_one_github_is_not_kept_for_what_is_set_up_anew() {
    let scene = Scene::new().await;
    scene.paste(&[]).await.expect(303);
    scene.sign_in(&scene.world.base).await.expect(303);
    scene.owner.post(&format!("{PAGE}/remove"), &[]).await.expect(303);

    scene.paste(&[]).await.expect(303);

    let mut tx = scene.world.db.system(SystemReason::Login).await.unwrap();
    let kept: Vec<bool> = sqlx::query_scalar("SELECT token IS NOT NULL FROM identities")
        .fetch_all(tx.connection())
        .await
        .unwrap();
    assert_eq!(kept, [false]);
}
