//! The second factor: set up, asked for, used up, required.

use chrono::{DateTime, Duration, Utc};
use quarterdeck::tenancy::Role;
use totp_rs::{Builder, Secret};

use crate::support::{Answer, Client, World};

/// What is between two words of a page.
pub fn between<'a>(text: &'a str, start: &str, end: &str) -> &'a str {
    text.split_once(start).and_then(|(_, rest)| rest.split_once(end)).unwrap().0
}

pub fn code_at(secret: &str, at: DateTime<Utc>) -> String {
    let secret = Secret::try_from_base32(secret).unwrap();
    let totp = Builder::new()
        .with_secret(secret)
        .with_account_name("member")
        .with_issuer(None::<String>)
        .build()
        .unwrap();
    totp.generate(at.timestamp().unsigned_abs()).to_string()
}

struct Armed {
    world: World,
    person: Client,
    secret: String,
    codes: Vec<String>,
}

/// A member who has set a factor up.
async fn armed() -> Armed {
    let world = World::new().await;
    let person = world.member(Role::Owner).await;
    person.post("/account/factor/begin", &[]).await.expect(303);
    let page = person.get("/account/factor").await.expect(200);
    let secret = between(&page.text, "aria-label=\"Secret\">", "<").to_owned();
    let code = code_at(&secret, world.clock.now());
    let done = person.post("/account/factor/confirm", &[("code", &code)]).await.expect(200);
    let codes = between(&done.text, "aria-label=\"Codes\">", "</pre>");
    let codes = codes.split_whitespace().map(str::to_owned).collect();
    world.clock.advance(Duration::seconds(30));
    Armed { world, person, secret, codes }
}

async fn give(client: &Client, code: &str) -> Answer {
    client.post("/account/confirm", &[("code", code), ("next", "/acme/tasks")]).await
}

#[actix_web::test]
async fn another_browser_is_asked_for_a_code_before_anything_else() {
    let Armed { world, person, secret, .. } = armed().await;
    person.get("/acme").await.expect(200);
    let other = world.member(Role::Owner).await;

    let asked = other.get("/acme/tasks?state=open").await.expect(303);
    assert!(
        asked.header("location").starts_with("/account/confirm?next="),
        "{}",
        asked.header("location")
    );
    for path in ["/", "/account/sessions", "/account/factor", "/acme/events"] {
        assert_eq!(other.get(path).await.status, 303, "{path}");
    }
    other.get("/account/confirm").await.expect(200);
    assert_eq!(give(&other, "000000").await.status, 422);

    let code = code_at(&secret, world.clock.now());
    let let_in = give(&other, &code).await.expect(303);

    assert_eq!(let_in.header("location"), "/acme/tasks");
    other.get("/acme").await.expect(200);
}

#[actix_web::test]
async fn a_code_is_good_once() {
    let Armed { world, secret, .. } = armed().await;
    let (one, two) = (world.member(Role::Owner).await, world.member(Role::Owner).await);
    let code = code_at(&secret, world.clock.now());

    give(&one, &code).await.expect(303);

    let replayed = give(&two, &code).await.expect(422);
    assert!(replayed.text.contains("used already"), "{}", replayed.text);
    let earlier = code_at(&secret, world.clock.now() - Duration::seconds(30));
    assert_eq!(give(&two, &earlier).await.status, 422, "an earlier one");
}

#[actix_web::test]
async fn a_recovery_code_is_good_once() {
    let Armed { world, codes, .. } = armed().await;
    assert_eq!(codes.len(), 10);
    let (one, two) = (world.member(Role::Owner).await, world.member(Role::Owner).await);

    give(&one, &codes[0].to_uppercase()).await.expect(303);

    assert_eq!(give(&two, &codes[0]).await.status, 422);
    give(&two, &codes[1]).await.expect(303);
    assert!(two.get("/account/factor").await.expect(200).text.contains("8 recovery codes"));
}

#[actix_web::test]
async fn a_recovery_code_works_where_the_key_of_the_secret_is_lost() {
    let Armed { world, secret, codes, .. } = armed().await;
    let other = world.member(Role::Owner).await;
    let mut tx = world.db.system(quarterdeck::tenancy::SystemReason::Login).await.unwrap();
    sqlx::query("UPDATE factors SET sealed = 'lost.AAAA'").execute(tx.connection()).await.unwrap();
    tx.commit().await.unwrap();

    let refused = give(&other, &code_at(&secret, world.clock.now())).await.expect(422);
    assert!(refused.text.contains("recovery code"), "{}", refused.text);
    give(&other, &codes[0]).await.expect(303);
}

#[actix_web::test]
async fn after_five_wrong_codes_the_right_one_has_to_wait() {
    let Armed { world, secret, .. } = armed().await;
    let other = world.member(Role::Owner).await;
    for _ in 0..5 {
        assert_eq!(give(&other, "000000").await.status, 422);
    }

    let right = code_at(&secret, world.clock.now());
    let refused = give(&other, &right).await.expect(422);
    assert!(refused.text.contains("quarter of an hour"), "{}", refused.text);

    world.clock.advance(Duration::minutes(14));
    other.get("/account/confirm").await.expect(200);
    world.clock.advance(Duration::minutes(2));
    give(&other, &code_at(&secret, world.clock.now())).await.expect(303);
}

#[actix_web::test]
async fn what_is_dangerous_asks_again_after_ten_minutes() {
    let Armed { world, person, secret, .. } = armed().await;
    let rename = || person.post("/acme/organization", &[("name", "Acme Works")]);
    rename().await.expect(303);

    world.clock.advance(Duration::minutes(11));

    let asked = rename().await.expect(303);
    assert!(
        asked.header("location").starts_with("/account/confirm"),
        "{}",
        asked.header("location")
    );
    give(&person, &code_at(&secret, world.clock.now())).await.expect(303);
    assert_eq!(rename().await.expect(303).header("location"), "/acme/organization");
}

#[actix_web::test]
async fn a_factor_is_taken_away_for_a_code_only() {
    let Armed { world, person, secret, .. } = armed().await;
    assert_eq!(person.post("/account/factor/remove", &[("code", "000000")]).await.status, 422);
    person.post("/account/factor/begin", &[]).await.expect(303);
    let page = person.get("/account/factor").await.expect(200);
    assert!(!page.text.contains("aria-label=\"Secret\""), "beginning again does not undo it");

    let code = code_at(&secret, world.clock.now());
    person.post("/account/factor/remove", &[("code", &code)]).await.expect(303);

    world.member(Role::Owner).await.get("/acme").await.expect(200);
}

#[actix_web::test]
async fn an_organisation_that_requires_a_factor_leads_people_to_it() {
    let world = World::new().await;
    let (owner, member) = (world.owner().await, world.member(Role::Member).await);
    assert_eq!(member.post("/acme/organization/factor", &[("required", "on")]).await.status, 403);
    owner.post("/acme/organization/factor", &[("required", "on")]).await.expect(303);

    let led = member.get("/acme").await.expect(303);
    assert!(led.header("location").starts_with("/account/factor"), "{}", led.header("location"));
    member.get("/account/factor").await.expect(200);
    let program = world.program(world.acme, Role::Member).await;
    program.get("/api/v2/tasks").await.expect(200);

    member.post("/account/factor/begin", &[]).await.expect(303);
    let page = member.get("/account/factor").await.expect(200);
    let secret = between(&page.text, "aria-label=\"Secret\">", "<").to_owned();
    let code = code_at(&secret, world.clock.now());
    member.post("/account/factor/confirm", &[("code", &code)]).await.expect(200);
    member.get("/acme").await.expect(200);
}

#[actix_web::test]
async fn the_secret_is_stored_sealed() {
    let Armed { world, secret, .. } = armed().await;
    let mut tx = world.db.system(quarterdeck::tenancy::SystemReason::Login).await.unwrap();

    let row: String = sqlx::query_scalar("SELECT factors::text FROM factors")
        .fetch_one(tx.connection())
        .await
        .unwrap();

    assert!(!row.contains(&secret));
    let raw = Secret::try_from_base32(&secret).unwrap();
    assert!(!row.contains(std::str::from_utf8(raw.as_ref()).unwrap_or("no text")), "{row}");
}

#[actix_web::test]
async fn a_factors_life_is_written_down() {
    let Armed { world, person, secret, .. } = armed().await;
    let other = world.member(Role::Owner).await;
    give(&other, "000000").await.expect(422);
    give(&other, &code_at(&secret, world.clock.now())).await.expect(303);
    world.clock.advance(Duration::seconds(30));
    let code = code_at(&secret, world.clock.now());
    person.post("/account/factor/remove", &[("code", &code)]).await.expect(303);

    let mut tx = world.begin(world.acme).await;
    let entries = quarterdeck::organizations::audit::list(&mut tx, 10).await.unwrap();
    let actions: Vec<_> = entries.iter().rev().map(|entry| entry.action.as_str()).collect();
    let wanted = ["begun", "set_up", "refused", "confirmed", "removed"];
    assert_eq!(actions, wanted.map(|what| format!("factor.{what}")));
}
