//! The tokens of a GitHub App, which end after eight hours.

use std::time::Duration as Time;

use chrono::Duration;
use github_world::{Fault, Logged, Role as GitHubRole, World as GitHub};
use quarterdeck::{
    accounts::sign_in::{AskAgain, GitHubSettings, Providers},
    github::{Hosts, Http, Limits, OAuthApp, Reach, UserToken},
    jobs,
    tenancy::SystemReason,
};
use secrecy::ExposeSecret;

use crate::support::{Client, DatabaseLogin, World, start_of_time};

struct Scene {
    github: GitHub,
    world: World,
    client_id: String,
    client_secret: String,
    ada: Client,
    ben: Client,
}

impl Scene {
    /// Ada and ben are signed in by a GitHub App that asks as them: its key was not given.
    async fn new() -> Self {
        quarterdeck::platform::jwt::install();
        drop(rustls::crypto::ring::default_provider().install_default());
        let github = GitHub::start().await;
        github.set_time(start_of_time());
        github
            .organization("acme")
            .public_member("ada", GitHubRole::Admin)
            .private_member("ben", GitHubRole::Member);
        let (mut client_id, mut client_secret) = (String::new(), String::new());
        let world = World::with_parts(DatabaseLogin::MayMakeRoles, |parts, base| {
            let app = github.github_app("Quarterdeck", &format!("{base}/api/auth/callback"));
            github.install(app.app_id, "acme", &[("members", "read")]);
            client_id.clone_from(&app.client_id);
            client_secret.clone_from(&app.client_secret);
            let settings = GitHubSettings {
                web_url: github.web_url().to_string(),
                api_url: Some(github.api_url().to_string()),
                client_id: app.client_id,
                client_secret: app.client_secret.into(),
                app: None,
            };
            let none = Providers::new(base, &parts.clock, &parts.sessions.keyring).unwrap();
            let allowed = none.with_allowed(&["acme".to_owned()]).unwrap();
            parts.providers = allowed.with_github(&settings).unwrap();
        })
        .await;
        let (ada, ben) = (world.nobody(), world.nobody());
        let scene = Self { github, world, client_id, client_secret, ada, ben };
        scene.sign_in(&scene.ada, "ada").await;
        scene.sign_in(&scene.ben, "ben").await;
        scene
    }

    async fn sign_in(&self, browser: &Client, login: &str) {
        let to = browser.get("/api/auth/login").await.expect(303);
        let back = self.github.authorize(to.header("location"), login);
        let back = format!("{}?{}", back.path(), back.query().unwrap());
        browser.get(&back).await.expect(303);
    }

    /// Time passes here and there.
    fn pass(&self, time: Duration) {
        self.world.clock.advance(time);
        self.github.advance(time);
    }

    async fn stored(&self, login: &str) -> (String, String) {
        let mut tx = self.world.db.system(SystemReason::Login).await.unwrap();
        sqlx::query_as("SELECT token, refresh_token FROM identities WHERE login = $1")
            .bind(login)
            .fetch_one(tx.connection())
            .await
            .unwrap()
    }

    /// Spends what ben's next token is got by, as another process does.
    async fn spend(&self) -> UserToken {
        let keyring = &self.world.sessions.keyring;
        let place = self.place_of("refresh_token").await;
        let refresh = keyring.open_text(&place, &self.stored("ben").await.1).unwrap();
        let reach = Reach::within(&["127.0.0.0/8".parse().unwrap()]);
        let http = Http::new(Limits::default(), &reach).unwrap();
        let hosts = Hosts::new(self.github.web_url().as_str(), None).unwrap();
        let credentials = (self.client_id.as_str(), &self.client_secret.as_str().into());
        let app = OAuthApp::new(&http, &hosts, credentials, self.world.clock.clone()).unwrap();
        app.refresh(&refresh).await.unwrap()
    }

    /// Stores what came of it.
    async fn store(&self, token: &UserToken) {
        let keyring = &self.world.sessions.keyring;
        let refresh = token.refresh.as_ref().unwrap();
        let mut sealed = Vec::new();
        for (column, secret) in [("token", &token.access), ("refresh_token", refresh)] {
            let place = self.place_of(column).await;
            sealed.push(keyring.seal(&place, secret.expose_secret().as_bytes()).unwrap());
        }
        let mut tx = self.world.db.system(SystemReason::Login).await.unwrap();
        sqlx::query(
            "UPDATE identities SET token = $1, refresh_token = $2, token_expires_at = $3 WHERE login = 'ben'",
        )
        .bind(&sealed[0])
        .bind(&sealed[1])
        .bind(token.expires_at)
        .execute(tx.connection())
        .await
        .unwrap();
        tx.commit().await.unwrap();
    }

    async fn place_of(&self, column: &str) -> String {
        let mut tx = self.world.db.system(SystemReason::Login).await.unwrap();
        let whose: String = sqlx::query_scalar(
            "SELECT provider || ' ' || subject FROM identities WHERE login = 'ben'",
        )
        .fetch_one(tx.connection())
        .await
        .unwrap();
        format!("identities.{column} {whose}")
    }

    /// How many times a token was asked for and answered.
    fn refreshed(&self) -> usize {
        let asked = self.github.requests();
        let is_it = |one: &&Logged| one.path == "/login/oauth/access_token" && one.status != 0;
        asked.iter().filter(is_it).count()
    }

    /// With an API token that ben has made.
    async fn program_of_ben(&self) -> Client {
        let secret = crate::tokens::made(&self.ben, "Report", "read").await;
        crate::tokens::program(&self.world, &secret)
    }

    async fn run(&self, sql: &'static str) {
        let mut tx = self.world.db.system(SystemReason::Login).await.unwrap();
        sqlx::query(sql).execute(tx.connection()).await.unwrap();
        tx.commit().await.unwrap();
    }

    async fn log(&self) -> Vec<String> {
        crate::members::log(&self.world).await
    }
}

/// Waits until something is so, for five seconds. What is asked of GitHub meanwhile may be known before the
/// request that occasioned it is answered, so that its answer says nothing.
async fn until(mut is_so: impl AsyncFnMut() -> bool) -> bool {
    for _ in 0..100 {
        if is_so().await {
            return true;
        }
        tokio::time::sleep(Time::from_millis(50)).await;
    }
    false
}

#[actix_web::test]
async fn a_token_that_has_ended_is_followed_by_the_next_and_nobody_has_to_sign_in_again() {
    let scene = Scene::new().await;
    let mut last = scene.stored("ben").await;
    assert!(!last.0.contains("ghu_") && !last.1.contains("ghr_"), "{last:?}");

    for _ in 0..2 {
        scene.pass(Duration::hours(9));
        scene.ben.get("/acme").await.expect(200);

        assert!(until(async || scene.stored("ben").await != last).await, "no other token");
        last = scene.stored("ben").await;
        assert!(!last.0.contains("ghu_") && !last.1.contains("ghr_"), "{last:?}");
        tokio::time::sleep(Time::from_millis(200)).await;
        scene.ben.get("/acme").await.expect(200);
    }
}

#[actix_web::test]
async fn a_github_that_is_away_spends_nothing_and_puts_nobody_out() {
    let scene = Scene::new().await;
    let last = scene.stored("ben").await;
    scene.github.next_answer(Fault::Status(502));
    let asked = scene.github.requests().len();

    scene.pass(Duration::hours(9));
    scene.ben.get("/acme").await.expect(200);
    assert!(until(async || scene.github.requests().len() > asked).await);
    tokio::time::sleep(Time::from_millis(200)).await;
    scene.ben.get("/acme").await.expect(200);
    assert_eq!(scene.stored("ben").await, last);

    scene.pass(Duration::minutes(16));
    scene.ben.get("/acme").await.expect(200);
    assert!(until(async || scene.stored("ben").await != last).await, "the next time it is");
}

#[actix_web::test]
async fn two_who_spend_the_same_at_once_put_nobody_out() {
    let scene = Scene::new().await;
    scene.pass(Duration::hours(9));
    scene.github.take_requests();
    scene.github.next_answer(Fault::Late(Time::from_secs(2)));

    scene.ben.get("/acme").await.expect(200);
    assert!(until(async || !scene.github.requests().is_empty()).await, "nobody asks");
    scene.store(&scene.spend().await).await;
    assert!(until(async || scene.refreshed() == 2).await, "the other was answered as well");

    let asked = async || scene.github.requests().iter().any(|one| one.path.contains("members"));
    assert!(until(asked).await, "the token that is there is asked by");
    tokio::time::sleep(Time::from_millis(200)).await;
    scene.ben.get("/acme").await.expect(200);
    let log = scene.log().await;
    assert!(!log.contains(&"session.ended_by_provider GitHub".to_owned()), "{log:?}");
}

#[actix_web::test]
async fn what_was_spent_a_moment_ago_puts_nobody_out_before_it_can_be_stored() {
    let scene = Scene::new().await;
    scene.pass(Duration::hours(9));
    scene.spend().await;
    let now = scene.world.clock.now();
    let mut tx = scene.world.db.system(SystemReason::Login).await.unwrap();
    let person: String = sqlx::query_scalar(
        "UPDATE identities SET checked_at = $1 WHERE login = 'ben' RETURNING subject",
    )
    .bind(now - Duration::seconds(60))
    .fetch_one(tx.connection())
    .await
    .unwrap();
    tx.commit().await.unwrap();
    let host = scene.github.web_url().as_str().trim_start_matches("http://").replace('/', "");
    let job = AskAgain { host, person: person.parse().unwrap() };
    let mut tx = scene.world.begin(scene.world.acme).await;
    jobs::enqueue(&mut tx, &job, now).await.unwrap();
    tx.commit().await.unwrap();

    scene.world.run_jobs().await;
    assert_eq!(scene.ben.get("/acme").await.status, 200);

    // Whoever spent it never stored what came of it.
    scene.pass(Duration::minutes(16));
    scene.ben.get("/acme").await;
    assert!(until(async || scene.ben.get("/acme").await.status == 303).await, "signed in still");
}

#[actix_web::test]
async fn an_identity_at_another_github_is_asked_about_only_where_there_is_none_at_this() {
    let scene = Scene::new().await;
    let program = scene.program_of_ben().await;
    scene
        .run(
            "INSERT INTO identities (provider, subject, account_id, login, created_at, used_at, checked_at)
             SELECT 'github:git.acme.example', '77', account_id, 'ben-before', created_at, used_at, checked_at - interval '1 day'
             FROM identities WHERE login = 'ben'",
        )
        .await;

    program.get(TOKEN).await.expect(200);
    tokio::time::sleep(Time::from_millis(500)).await;

    program.get(TOKEN).await.expect(200);
}

#[actix_web::test]
async fn whoever_takes_their_word_back_is_signed_out_which_is_written_down() {
    let scene = Scene::new().await;
    scene.github.user("ben").revoke_app(&scene.client_id);

    scene.pass(Duration::hours(9));
    scene.ben.get("/acme").await;

    assert!(until(async || scene.ben.get("/acme").await.status == 303).await, "signed in still");
    let log = scene.log().await;
    assert!(log.contains(&"session.ended_by_provider GitHub".to_owned()), "{log:?}");
}

#[actix_web::test]
async fn whom_github_puts_out_between_sign_ins_stands_in_the_log() {
    let scene = Scene::new().await;
    scene.github.organization("acme").remove("ben");

    scene.pass(Duration::minutes(16));
    scene.ben.get("/acme").await;

    assert!(until(async || scene.ben.get("/acme").await.status == 303).await, "signed in still");
    let log = scene.log().await;
    for entry in ["member.put_out GitHub", "session.ended_by_provider GitHub"] {
        assert!(log.contains(&entry.to_owned()), "{entry}: {log:?}");
    }
    assert!(log.contains(&"member.let_in ben".to_owned()), "{log:?}");
    scene.ada.get("/acme").await.expect(200);
}

const TOKEN: &str = "/api/v2/token";

#[actix_web::test]
async fn an_api_token_of_whom_github_puts_out_stops_too() {
    let scene = Scene::new().await;
    let program = scene.program_of_ben().await;
    program.get(TOKEN).await;
    scene.github.organization("acme").remove("ben");

    scene.pass(Duration::minutes(16));
    program.get(TOKEN).await;

    assert!(until(async || program.get(TOKEN).await.status == 401).await, "it goes on");
    let log = scene.log().await;
    assert!(log.contains(&"member.put_out GitHub".to_owned()), "{log:?}");
}

#[actix_web::test]
async fn an_api_token_of_whoever_takes_their_word_back_rests_until_they_give_it_again() {
    let scene = Scene::new().await;
    let program = scene.program_of_ben().await;
    scene.github.user("ben").revoke_app(&scene.client_id);
    scene.github.user("ada").revoke_app(&scene.client_id);

    scene.pass(Duration::minutes(16));
    program.get(TOKEN).await;
    scene.ada.get("/acme").await;

    assert!(until(async || program.get(TOKEN).await.status == 401).await, "it goes on");
    assert!(until(async || scene.ada.get("/acme").await.status == 303).await, "signed in still");
    scene.sign_in(&scene.ada, "ada").await;
    let page = scene.ada.get("/acme/organization").await;
    assert_eq!(page.status, 200, "{:?}", page.headers);
    scene.sign_in(&scene.ben, "ben").await;
    program.get(TOKEN).await.expect(200);
}

#[actix_web::test]
async fn an_api_token_waits_for_its_person_to_sign_in_again_where_the_server_lost_their_word() {
    let scene = Scene::new().await;
    let program = scene.program_of_ben().await;
    scene.run("UPDATE identities SET token = NULL, refresh_token = NULL WHERE login = 'ben'").await;

    scene.pass(Duration::minutes(16));
    program.get(TOKEN).await;

    assert!(until(async || program.get(TOKEN).await.status == 403).await, "it goes on");
    let refused = program.get(TOKEN).await;
    assert!(refused.text.contains("Sign in with GitHub again"), "{}", refused.text);
    scene.sign_in(&scene.ben, "ben").await;
    program.get(TOKEN).await.expect(200);
}

#[actix_web::test]
async fn no_github_is_told_the_token_of_another_one() {
    let scene = Scene::new().await;
    let program = scene.program_of_ben().await;
    scene.run("UPDATE identities SET provider = 'github:git.acme.example'").await;
    scene.github.take_requests();

    scene.pass(Duration::hours(9));
    program.get(TOKEN).await;

    assert!(until(async || program.get(TOKEN).await.status == 403).await, "it goes on");
    for request in scene.github.take_requests() {
        let told = request.header("authorization").unwrap_or_default();
        assert!(!told.contains("ghu_"), "{request:?}");
        assert_ne!(request.path, "/login/oauth/access_token", "nor what the next is got by");
    }
}

#[actix_web::test]
async fn open_pages_of_an_organisation_end_for_whom_a_sign_in_puts_out_of_it() {
    let scene = Scene::new().await;
    scene
        .run(
            "INSERT INTO memberships (tenant_id, account_id, role, login, name, avatar_url, source, created_at)
             SELECT o.tenant_id, a.id, 'member', a.login, a.name, a.avatar_url, 'owner', a.created_at
             FROM accounts a, organizations o WHERE a.login = 'ben' AND o.slug = 'globex'",
        )
        .await;
    let mut events = scene.ben.events("/acme/events").await;
    scene.github.organization("acme").remove("ben");

    scene.sign_in(&scene.world.nobody(), "ben").await;

    tokio::time::timeout(Time::from_secs(5), events.ended()).await.expect("the stream ends");
}
