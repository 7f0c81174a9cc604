//! Signing in with GitHub: who gets in, who does not and why, and what is worth nothing twice.

mod leaving;

use chrono::Duration;
use github_world::{Role as GitHubRole, World as GitHub};
use quarterdeck::accounts::sign_in::{GitHubSettings, Providers};
use url::Url;

use crate::{
    invitations::link,
    support::{Answer, Client, DatabaseLogin, World, start_of_time},
};

pub struct Scene {
    pub github: GitHub,
    pub world: World,
    client_id: String,
}

impl Scene {
    pub async fn new() -> Self {
        Self::with(&["acme"]).await
    }

    /// Ada owns acme on GitHub and says so, ben is a private member, cleo is invited, dora is a stranger.
    async fn with(allowed: &[&str]) -> Self {
        quarterdeck::platform::jwt::install();
        drop(rustls::crypto::ring::default_provider().install_default());
        let github = GitHub::start().await;
        github.set_time(start_of_time());
        github.user("ada").name("Ada Lovelace").public_email();
        github.user("dora");
        github
            .organization("acme")
            .public_member("ada", GitHubRole::Admin)
            .private_member("ben", GitHubRole::Member)
            .invited("cleo", GitHubRole::Member);
        let mut client_id = String::new();
        let world = World::with_parts(DatabaseLogin::MayMakeRoles, |parts, base| {
            let app = github.oauth_app("Quarterdeck", &format!("{base}/api/auth/callback"));
            client_id.clone_from(&app.client_id);
            let settings = GitHubSettings {
                web_url: github.web_url().to_string(),
                api_url: Some(github.api_url().to_string()),
                client_id: app.client_id,
                client_secret: app.client_secret.into(),
                app: None,
            };
            let allowed: Vec<_> = allowed.iter().map(|name| (*name).to_owned()).collect();
            let none = Providers::new(base, &parts.clock, &parts.sessions.keyring).unwrap();
            parts.providers = none.with_allowed(&allowed).unwrap().with_github(&settings).unwrap();
        })
        .await;
        Self { github, world, client_id }
    }

    /// Goes to GitHub as somebody and comes back, in a browser.
    pub async fn sign_in(&self, browser: &Client, login: &str) -> Answer {
        let back = self.authorize(browser, login).await;
        browser.get(&path_of(&back)).await
    }

    async fn authorize(&self, browser: &Client, login: &str) -> Url {
        let to = browser.get("/api/auth/login?next=/acme/tasks").await.expect(303);
        self.github.authorize(to.header("location"), login)
    }

    async fn run(&self, sql: &str) {
        let mut tx = self.world.begin(self.world.acme).await;
        sqlx::query(sqlx::AssertSqlSafe(sql.to_owned())).execute(tx.connection()).await.unwrap();
        tx.commit().await.unwrap();
    }

    async fn roles(&self) -> Vec<String> {
        let mut tx = self.world.begin(self.world.acme).await;
        sqlx::query_scalar(
            "SELECT login || ' ' || role || CASE WHEN deactivated_at IS NULL THEN '' ELSE ' out' END
             FROM memberships ORDER BY login",
        )
        .fetch_all(tx.connection())
        .await
        .unwrap()
    }
}

fn path_of(url: &Url) -> String {
    format!("{}?{}", url.path(), url.query().unwrap_or_default())
}

#[actix_web::test]
async fn the_first_member_becomes_owner_and_a_private_one_a_member() {
    let scene = Scene::new().await;
    let (ada, ben) = (scene.world.nobody(), scene.world.nobody());

    let answer = scene.sign_in(&ada, "ada").await.expect(303);
    assert_eq!(answer.header("location"), "/acme/tasks");
    scene.sign_in(&ben, "ben").await.expect(303);

    ada.get("/acme/isolation").await.expect(200);
    assert_eq!(ben.get("/acme/isolation").await.status, 403);
    assert_eq!(scene.roles().await, ["ada owner", "ben member"]);
    let me = ben.get("/api/auth/me").await.expect(200).json();
    assert_eq!((&me["login"], &me["organizations"][0]["role"]), (&"ben".into(), &"member".into()));
}

#[actix_web::test]
async fn a_name_that_the_person_chose_stays() {
    let scene = Scene::new().await;
    let ada = scene.world.nobody();
    scene.sign_in(&ada, "ada").await.expect(303);
    ada.post("/account/name", &[("name", "Countess")]).await.expect(303);

    scene.sign_in(&scene.world.nobody(), "ada").await.expect(303);

    let profile = ada.get("/account").await.expect(200).text;
    assert!(profile.contains("Countess") && profile.contains("GitHub"), "{profile}");
    assert!(!profile.contains("Ada Lovelace"), "{profile}");
}

#[actix_web::test]
async fn whoever_does_not_belong_is_told_why_and_leaves_nothing_behind() {
    let scene = Scene::new().await;
    for (login, words) in [("dora", "not a member"), ("cleo", "not accepted yet")] {
        let browser = scene.world.nobody();

        let answer = scene.sign_in(&browser, login).await.expect(403);

        assert!(answer.text.contains(words), "{login}: {}", answer.text);
        assert_eq!(browser.get("/acme").await.status, 303, "{login} is not signed in");
    }
    assert!(scene.roles().await.is_empty());
    assert!(scene.github.requests().len() > 4);
}

#[actix_web::test]
async fn restrictions_of_the_organisation_are_named() {
    let scene = Scene::new().await;
    scene.github.organization("acme").restrict_third_parties(true);
    let answer = scene.sign_in(&scene.world.nobody(), "ben").await.expect(403);
    assert!(answer.text.contains("restricts third-party applications"), "{}", answer.text);

    scene.github.organization("acme").restrict_third_parties(false);
    scene.github.organization("acme").enforce_sso(true);
    let answer = scene.sign_in(&scene.world.nobody(), "ben").await.expect(403);
    assert!(answer.text.contains("single sign-on"), "{}", answer.text);
    assert!(answer.text.contains("Sign on to the organisation"), "{}", answer.text);
}

#[actix_web::test]
async fn without_an_allowed_organisation_only_the_invited_get_in() {
    let scene = Scene::with(&[]).await;
    let refused = scene.sign_in(&scene.world.nobody(), "dora").await.expect(403);
    assert!(refused.text.contains("Nobody has invited dora"), "{}", refused.text);

    let acme = scene.world.acme;
    scene.run(&format!(
        "INSERT INTO invitations (tenant_id, id, login, role, secret_hash, invited_by, created_at, expires_at)
         VALUES ('{acme}', gen_random_uuid(), 'Dora', 'manager', '\\x01', 'Ada', '2026-03-01', '2026-03-08')"
    )).await;
    let dora = scene.world.nobody();
    scene.sign_in(&dora, "dora").await.expect(303);

    assert_eq!(scene.roles().await, ["dora manager"]);
    scene.run("UPDATE memberships SET deactivated_at = now()").await;
    let again = scene.sign_in(&scene.world.nobody(), "dora").await;
    assert_eq!(again.status, 403, "an invitation is good once");
}

#[actix_web::test]
async fn an_organisation_of_its_own_settings_lets_its_members_in() {
    let scene = Scene::with(&[]).await;
    scene
        .run("UPDATE organizations SET github_organizations = '{acme}', default_role = 'viewer'")
        .await;

    scene.sign_in(&scene.world.nobody(), "ada").await.expect(303);
    scene.sign_in(&scene.world.nobody(), "ben").await.expect(303);

    assert_eq!(scene.roles().await, ["ada owner", "ben viewer"]);
}

#[actix_web::test]
async fn a_state_is_good_once_and_in_its_browser_only() {
    let scene = Scene::new().await;
    let (ada, thief) = (scene.world.nobody(), scene.world.nobody());
    let back = path_of(&scene.authorize(&ada, "ada").await);

    let stolen = thief.get(&back).await.expect(400);
    assert!(stolen.text.contains("another browser"), "{}", stolen.text);
    let late = ada.get(&back).await.expect(400);
    assert!(late.text.contains("used already"), "whoever tried it has used it up: {}", late.text);

    let back = path_of(&scene.authorize(&ada, "ada").await);
    ada.get(&back).await.expect(303);
    assert_eq!(ada.get(&back).await.status, 400, "a second time");
    for forged in ["/api/auth/callback", "/api/auth/callback?state=x&code=y"] {
        assert_eq!(ada.get(forged).await.status, 400, "{forged}");
    }
}

#[actix_web::test]
async fn a_sign_in_takes_no_longer_than_ten_minutes() {
    let scene = Scene::new().await;
    let ada = scene.world.nobody();
    let back = path_of(&scene.authorize(&ada, "ada").await);

    scene.world.clock.advance(Duration::minutes(11));

    assert!(ada.get(&back).await.expect(400).text.contains("ten minutes"));
}

#[actix_web::test]
async fn a_code_of_another_sign_in_is_refused() {
    let scene = Scene::new().await;
    let (ada, ben) = (scene.world.nobody(), scene.world.nobody());
    let of_ada = scene.authorize(&ada, "ada").await;
    let of_ben = scene.authorize(&ben, "ben").await;
    let value = |url: &Url, name: &str| {
        url.query_pairs().find(|(key, _)| key == name).unwrap().1.into_owned()
    };

    // Ben's code in Ada's way back: it was made for another verifier.
    let mixed = format!(
        "/api/auth/callback?state={}&code={}",
        value(&of_ada, "state"),
        value(&of_ben, "code")
    );
    let answer = ada.get(&mixed).await.expect(403);

    assert!(answer.text.contains("code from GitHub"), "{}", answer.text);
    assert!(scene.roles().await.is_empty());
}

#[actix_web::test]
async fn somebody_who_says_no_at_github_is_not_signed_in() {
    let scene = Scene::new().await;
    let ada = scene.world.nobody();
    let to = ada.get("/api/auth/login").await.expect(303);
    let back = scene.github.deny(to.header("location"));

    let answer = ada.get(&path_of(&back)).await.expect(403);

    assert!(answer.text.contains("not let the application in"), "{}", answer.text);
}

#[actix_web::test]
async fn a_login_that_somebody_typed_into_a_setup_link_is_not_theirs() {
    let scene = Scene::new().await;
    let squatter = scene.world.member(quarterdeck::tenancy::Role::Member).await;
    scene.run("UPDATE memberships SET login = 'ada'").await;
    let mut tx = scene.world.db.system(quarterdeck::tenancy::SystemReason::Login).await.unwrap();
    sqlx::query("UPDATE accounts SET login = 'ada'").execute(tx.connection()).await.unwrap();
    tx.commit().await.unwrap();

    scene.sign_in(&scene.world.nobody(), "ada").await.expect(303);

    assert_eq!(scene.roles().await, ["ada member", "ada-2 owner"]);
    assert_eq!(squatter.get("/acme/isolation").await.status, 403);
}

#[actix_web::test]
async fn somebody_who_renames_themselves_stays_the_same_person() {
    let scene = Scene::new().await;
    scene.sign_in(&scene.world.nobody(), "ada").await.expect(303);
    scene.github.user("ada").rename("countess");

    scene.sign_in(&scene.world.nobody(), "countess").await.expect(303);

    assert_eq!(scene.roles().await, ["countess owner"]);
}

#[actix_web::test]
async fn the_token_of_github_is_stored_sealed() {
    let scene = Scene::new().await;
    scene.sign_in(&scene.world.nobody(), "ada").await.expect(303);

    let mut tx = scene.world.db.system(quarterdeck::tenancy::SystemReason::Login).await.unwrap();
    let token: String = sqlx::query_scalar("SELECT token FROM identities")
        .fetch_one(tx.connection())
        .await
        .unwrap();

    assert!(!token.contains("gho_"), "{token}");
    let key = scene.world.sessions.keyring.ids().next().unwrap().to_owned();
    assert!(token.starts_with(&format!("{key}.")), "{token}");
    assert!(!scene.client_id.is_empty());
}

#[actix_web::test]
async fn a_program_signs_out_by_the_api() {
    let scene = Scene::new().await;
    let ada = scene.world.nobody();
    scene.sign_in(&ada, "ada").await.expect(303);

    ada.post("/api/auth/logout", &[]).await.expect(204);

    assert_eq!(ada.get("/api/auth/me").await.status, 401);
    assert_eq!(ada.cookie("quarterdeck_session"), None);
}

#[actix_web::test]
async fn an_invitations_link_lets_in_whom_nothing_else_does() {
    let scene = Scene::with(&[]).await;
    let owner = scene.world.owner().await;
    let for_dora = [("login", "Dora"), ("role", "viewer")];
    let path = link(&owner.post("/acme/invitations", &for_dora).await.expect(200));
    let sign_in = async |login: &str, next: &str| {
        let browser = scene.world.nobody();
        let to = browser.get(&format!("/api/auth/login?next={next}")).await.expect(303);
        let back = scene.github.authorize(to.header("location"), login);
        let answer = browser.get(&path_of(&back)).await;
        (browser, answer)
    };

    let (_, refused) = sign_in("ben", &path).await;
    assert_eq!(refused.status, 403, "the link is for dora");
    let (dora, answer) = sign_in("dora", &path).await;
    assert_eq!(answer.expect(303).header("location"), "/acme");
    assert_eq!(dora.get(&path).await.expect(303).header("location"), "/acme");
    dora.get("/acme").await.expect(200);

    let for_anybody = [("role", "manager")];
    let path = link(&owner.post("/acme/invitations", &for_anybody).await.expect(200));
    let (ben, answer) = sign_in("ben", &path).await;
    answer.expect(303);
    ben.post("/acme/teams", &[("name", "Core")]).await.expect(303);
    let (_, late) = sign_in("cleo", &path).await;
    assert_eq!(late.status, 403, "a link is good once");
    assert!(late.text.contains("has been used already"), "{}", late.text);
    assert_eq!(scene.roles().await, ["ben manager", "dora viewer", "owner owner"]);
    let log = crate::members::log(&scene.world).await;
    for who in ["dora", "ben"] {
        assert!(log.contains(&format!("invitation.accepted {who}")), "{log:?}");
    }
    let refused = log.iter().filter(|entry| entry.starts_with("invitation.refused ")).count();
    assert_eq!(refused, 2, "the replay, and the link that was for another: {log:?}");
}
