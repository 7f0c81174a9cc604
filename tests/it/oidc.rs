//! Signing in by an issuer of OpenID Connect: whose word lets in, and which word is worth nothing.

use chrono::Duration;
use quarterdeck::{
    accounts::sign_in::{DomainClaim, OidcSettings, Providers, Rule},
    organizations::audit,
    tenancy::Role,
};
use serde_json::{Value, json};

use crate::{
    invitations::link,
    support::{Answer, Client, DatabaseLogin, Issuer, World},
};

struct Scene {
    issuer: Issuer,
    world: World,
}

/// Ada of acme.com, as the issuer says it.
fn ada() -> Value {
    json!({"sub": "1", "name": "Ada Lovelace", "email": "ada@acme.com", "email_verified": true})
}

/// The same with other claims over them.
fn ada_but(claims: &Value) -> Value {
    let mut all = ada();
    let all_claims = all.as_object_mut().unwrap();
    for (name, value) in claims.as_object().unwrap() {
        all_claims.insert(name.clone(), value.clone());
    }
    all
}

impl Scene {
    async fn new() -> Self {
        Self::with(DomainClaim::Email, &["acme.com"], None).await
    }

    async fn with(claim: DomainClaim, domains: &[&str], organization: Option<&str>) -> Self {
        let issuer = Issuer::start();
        let domains: Vec<_> = domains.iter().map(|domain| (*domain).to_owned()).collect();
        let settings = OidcSettings {
            name: "okta".to_owned(),
            label: "Okta".to_owned(),
            issuer: issuer.url.clone(),
            client_id: "quarterdeck".to_owned(),
            client_secret: "of the tests".into(),
            rule: Rule::new(claim, &domains).unwrap(),
            organization: organization.map(str::to_owned),
        };
        let world = World::with_parts(DatabaseLogin::MayMakeRoles, |parts, base| {
            let none = Providers::new(base, &parts.clock, &parts.sessions.keyring).unwrap();
            parts.providers = none.with_oidc(&settings).unwrap();
        })
        .await;
        Self { issuer, world }
    }

    /// Goes to the issuer as somebody and comes back, in a browser.
    async fn sign_in(&self, browser: &Client, claims: &Value) -> Answer {
        let back = self.authorize(browser, claims).await;
        browser.get(&back).await
    }

    async fn authorize(&self, browser: &Client, claims: &Value) -> String {
        let to = browser.get("/api/auth/login?provider=okta&next=/acme/tasks").await.expect(303);
        self.issuer.authorize(to.header("location"), claims).await
    }

    async fn roles(&self, tenant: quarterdeck::tenancy::TenantId) -> Vec<String> {
        let mut tx = self.world.begin(tenant).await;
        sqlx::query_scalar(
            "SELECT login || ' ' || role || CASE WHEN deactivated_at IS NULL THEN '' ELSE ' out' END
             FROM memberships ORDER BY created_at, login",
        )
        .fetch_all(tx.connection())
        .await
        .unwrap()
    }

    async fn log(&self) -> Vec<String> {
        let entries = audit::list(&mut self.world.begin(self.world.acme).await, 100).await.unwrap();
        entries
            .into_iter()
            .map(|entry| format!("{} by {}", entry.action, entry.actor_name))
            .collect()
    }
}

#[actix_web::test]
async fn people_of_an_allowed_domain_get_in_and_the_first_becomes_owner() {
    let scene = Scene::new().await;
    let browser = scene.world.nobody();
    let page = browser.get("/sign-in").await.expect(200);
    assert!(page.text.contains("Sign in with Okta"), "{}", page.text);
    assert!(!page.text.contains("Sign in with GitHub"));

    let answer = scene.sign_in(&browser, &ada()).await.expect(303);
    assert_eq!(answer.header("location"), "/acme/tasks");
    let ben = json!({"sub": "2", "email": "ben@ACME.com", "email_verified": true});
    scene.sign_in(&scene.world.nobody(), &ben).await.expect(303);

    assert_eq!(scene.roles(scene.world.acme).await, ["ada owner", "ben member"]);
    let me = browser.get("/api/auth/me").await.expect(200).json();
    assert_eq!((&me["name"], &me["login"]), (&"Ada Lovelace".into(), &"ada".into()));
    let log = scene.log().await;
    assert!(log.contains(&"member.let_in by Ada Lovelace".to_owned()), "{log:?}");
    assert!(log.contains(&"account.signed_in by Ada Lovelace".to_owned()), "{log:?}");
}

#[actix_web::test]
async fn people_of_other_domains_read_why_and_leave_nothing_behind() {
    let scene = Scene::new().await;
    for (claims, words) in [
        (json!({"email": "ada@acme.com.evil.org"}), "Accounts of acme.com.evil.org"),
        (json!({"email": "ada@evil-acme.com"}), "Accounts of evil-acme.com"),
        (json!({"email_verified": false}), "has not verified your e-mail address"),
        (json!({"email_verified": null}), "has not verified your e-mail address"),
        (json!({"email": null}), "says no e-mail address"),
    ] {
        let browser = scene.world.nobody();
        let answer = scene.sign_in(&browser, &ada_but(&claims)).await.expect(403);

        assert!(answer.text.contains(words), "{claims}: {}", answer.text);
        assert_eq!(browser.get("/api/auth/me").await.status, 401);
    }
    assert!(scene.roles(scene.world.acme).await.is_empty());
}

#[actix_web::test]
async fn of_google_the_hosted_domain_counts() {
    let scene = Scene::with(DomainClaim::Hosted, &["acme.com"], None).await;

    let private = scene.sign_in(&scene.world.nobody(), &ada()).await.expect(403);
    assert!(private.text.contains("Private accounts"), "{}", private.text);
    let hosted = ada_but(&json!({"hd": "acme.com", "email": "ada@alias.org"}));
    scene.sign_in(&scene.world.nobody(), &hosted).await.expect(303);

    assert_eq!(scene.roles(scene.world.acme).await, ["ada owner"]);
}

#[actix_web::test]
async fn an_address_that_is_only_told_apart_counts_as_well() {
    let scene = Scene::new().await;
    let apart = json!({"sub": "1", "userinfo": {"sub": "1", "email": "ada@acme.com", "email_verified": true}});
    scene.sign_in(&scene.world.nobody(), &apart).await.expect(303);

    let anothers = json!({"sub": "2", "userinfo": {"sub": "1", "email": "b@acme.com", "email_verified": true}});
    let refused = scene.sign_in(&scene.world.nobody(), &anothers).await.expect(403);
    assert!(refused.text.contains("does not say your address"), "{}", refused.text);
}

#[actix_web::test]
async fn people_are_let_into_the_organisation_that_the_configuration_names() {
    let scene = Scene::with(DomainClaim::Email, &["acme.com"], Some("globex")).await;

    scene.sign_in(&scene.world.nobody(), &ada()).await.expect(303);

    assert!(scene.roles(scene.world.acme).await.is_empty());
    assert_eq!(scene.roles(scene.world.globex).await, ["ada owner"]);
}

#[actix_web::test]
async fn without_a_domain_only_a_link_of_an_invitation_lets_in() {
    let scene = Scene::with(DomainClaim::Email, &[], None).await;
    let owner = scene.world.owner().await;
    let refused = scene.sign_in(&scene.world.nobody(), &ada()).await.expect(403);
    assert!(refused.text.contains("Nobody has invited ada@acme.com"), "{}", refused.text);

    let path = link(&owner.post("/acme/invitations", &[("role", "manager")]).await.expect(200));
    let for_ada = link(
        &owner.post("/acme/invitations", &[("login", "ada"), ("role", "admin")]).await.expect(200),
    );
    let follow = async |path: &str, claims: &Value| {
        let browser = scene.world.nobody();
        let login = format!("/api/auth/login?provider=okta&next={path}");
        let to = browser.get(&login).await.expect(303);
        let back = scene.issuer.authorize(to.header("location"), claims).await;
        browser.get(&back).await
    };
    // A name that anybody can choose at an issuer is not GitHub's login.
    let named = ada_but(&json!({"preferred_username": "ada"}));
    assert_eq!(follow(&for_ada, &named).await.status, 403);
    follow(&path, &ada()).await.expect(303);

    assert_eq!(scene.roles(scene.world.acme).await, ["ada manager", "owner owner"]);
    let again = scene.sign_in(&scene.world.nobody(), &ada()).await;
    assert_eq!(again.status, 303, "known by now: {}", again.text);
}

#[actix_web::test]
async fn an_account_is_found_by_issuer_and_subject_and_never_by_an_address() {
    let scene = Scene::new().await;
    scene.sign_in(&scene.world.nobody(), &ada()).await.expect(303);

    let moved = ada_but(&json!({"email": "countess@acme.com", "name": "Countess"}));
    let same = scene.world.nobody();
    scene.sign_in(&same, &moved).await.expect(303);
    let other = ada_but(&json!({"sub": "2"}));
    scene.sign_in(&scene.world.nobody(), &other).await.expect(303);

    assert_eq!(scene.roles(scene.world.acme).await, ["ada owner", "ada-2 member"]);
    let me = same.get("/api/auth/me").await.expect(200).json();
    assert_eq!(me["organizations"][0]["role"], "owner");
}

#[actix_web::test]
async fn whom_the_issuer_no_longer_counts_to_the_domain_is_out_but_never_the_last_owner() {
    let scene = Scene::new().await;
    let ben = json!({"sub": "2", "email": "ben@acme.com", "email_verified": true});
    scene.sign_in(&scene.world.nobody(), &ada()).await.expect(303);
    let browser = scene.world.nobody();
    scene.sign_in(&browser, &ben).await.expect(303);
    browser.get("/acme").await.expect(200);

    let left = json!({"sub": "2", "email": "ben@home.org", "email_verified": true});
    let refused = scene.sign_in(&scene.world.nobody(), &left).await.expect(403);
    assert!(refused.text.contains("Accounts of home.org"), "{}", refused.text);
    assert_eq!(browser.get("/acme").await.status, 404, "at once");
    let left = ada_but(&json!({"email": "ada@home.org"}));
    scene.sign_in(&scene.world.nobody(), &left).await.expect(303);

    assert_eq!(scene.roles(scene.world.acme).await, ["ada owner", "ben member out"]);
    let put_out = format!("member.put_out by {}", scene.issuer.url);
    assert!(scene.log().await.contains(&put_out), "{:?}", scene.log().await);
    scene.sign_in(&scene.world.nobody(), &ben).await.expect(303);
    assert_eq!(scene.roles(scene.world.acme).await, ["ada owner", "ben member"]);
}

#[actix_web::test]
async fn a_word_that_is_not_in_order_is_worth_nothing() {
    let scene = Scene::new().await;
    for (claims, words) in [
        (json!({"nonce": "of another sign-in"}), "its word is of another sign-in"),
        (json!({"nonce": null}), "its word is of another sign-in"),
        (json!({"aud": "another"}), "its word is for another application"),
        (json!({"aud": ["quarterdeck", "another"]}), "its word is for another application"),
        (json!({"iss": "https://evil.example"}), "its word is another issuer"),
        // The clock of the tests stands in March 2026.
        (json!({"exp": 1_767_225_600}), "its word has expired"),
        (json!({"break": "signature", "email_verified": false}), "its signature is wrong"),
        (json!({"break": "none"}), "its signature is wrong"),
    ] {
        let answer = scene.sign_in(&scene.world.nobody(), &ada_but(&claims)).await.expect(403);
        assert!(answer.text.contains(words), "{claims}: {}", answer.text);
    }
    assert!(scene.roles(scene.world.acme).await.is_empty());
}

#[actix_web::test]
async fn an_issuer_may_change_its_keys() {
    let scene = Scene::new().await;
    scene.sign_in(&scene.world.nobody(), &ada()).await.expect(303);

    scene.issuer.rotate().await;
    scene.world.clock.advance(Duration::minutes(2));

    // Old and new key sign in turns.
    for _ in 0..2 {
        scene.sign_in(&scene.world.nobody(), &ada()).await.expect(303);
    }
}

#[actix_web::test]
async fn a_state_is_good_once_in_its_browser_and_a_code_once() {
    let scene = Scene::new().await;
    let (browser, thief) = (scene.world.nobody(), scene.world.nobody());
    let back = scene.authorize(&browser, &ada()).await;
    assert!(thief.get(&back).await.expect(400).text.contains("another browser"));
    assert!(browser.get(&back).await.expect(400).text.contains("used already"));

    let back = scene.authorize(&browser, &ada()).await;
    browser.get(&back).await.expect(303);
    assert_eq!(browser.get(&back).await.status, 400, "a second time");

    let code = |path: &str| {
        let query = path.split_once('?').unwrap().1.to_owned();
        let mut pairs = url::form_urlencoded::parse(query.as_bytes()).into_owned();
        pairs.find(|(name, _)| name == "code").unwrap().1
    };
    let (used, next) = (code(&back), scene.authorize(&browser, &ada()).await);
    let replayed = browser.get(&next.replace(&code(&next), &used)).await.expect(403);
    assert!(replayed.text.contains("expired or was used before"), "{}", replayed.text);

    let late = scene.authorize(&browser, &ada()).await;
    scene.world.clock.advance(Duration::minutes(11));
    assert!(browser.get(&late).await.expect(400).text.contains("ten minutes"));
    let refused = audit::list(&mut scene.world.begin(scene.world.acme).await, 100).await.unwrap();
    assert!(
        refused
            .iter()
            .all(|entry| entry.action != "account.signed_in" || entry.actor_name == "Ada Lovelace")
    );
}

#[actix_web::test]
async fn an_answer_of_another_issuer_is_refused_before_it_is_given_the_code() {
    let scene = Scene::new().await;
    let browser = scene.world.nobody();
    let to = browser.get("/api/auth/login?provider=okta").await.expect(303);
    let elsewhere = format!("{}&iss=https://evil.example", to.header("location"));
    let back = scene.issuer.authorize(&elsewhere, &ada()).await;

    let answer = browser.get(&back).await.expect(403);

    assert!(answer.text.contains("another provider"), "{}", answer.text);
}

#[actix_web::test]
async fn an_issuer_that_is_away_is_said_to_be() {
    let Scene { issuer, world } = Scene::new().await;
    drop(issuer);

    let answer = world.nobody().get("/api/auth/login?provider=okta").await.expect(502);

    assert!(answer.text.contains("cannot be asked"), "{}", answer.text);
    assert_eq!(world.nobody().get("/api/auth/login?provider=nobody").await.status, 404);
    assert_eq!(world.nobody().get("/api/auth/login").await.status, 404);
    world.member(Role::Member).await.get("/acme").await.expect(200);
}

#[actix_web::test]
async fn the_organisation_that_the_configuration_names_may_be_any_of_many() {
    let scene = Scene::with(DomainClaim::Email, &["acme.com"], Some("globex")).await;
    let mut tx = scene.world.db.system(quarterdeck::tenancy::SystemReason::Site).await.unwrap();
    sqlx::query(
        "INSERT INTO organizations (tenant_id, slug, name, created_at)
         SELECT gen_random_uuid(), 'older-' || n, 'Older', '2000-01-01' FROM generate_series(1, 101) n",
    )
    .execute(tx.connection())
    .await
    .unwrap();
    tx.commit().await.unwrap();

    scene.sign_in(&scene.world.nobody(), &ada()).await.expect(303);

    assert_eq!(scene.roles(scene.world.globex).await, ["ada owner"]);
}

#[actix_web::test]
async fn the_page_of_privacy_names_whom_people_are_asked_of() {
    let scene = Scene::new().await;
    let page = scene.world.nobody().get("/privacy").await.expect(200).text;
    assert!(page.contains("sent anywhere but to Okta, to ask who you are"), "{page}");
    assert!(!page.contains("GitHub, to ask"), "{page}");
}
