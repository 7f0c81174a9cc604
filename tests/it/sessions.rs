//! Passes, their renewal, and what a stolen secret comes to.

use chrono::Duration;
use quarterdeck::tenancy::Role;
use secrecy::ExposeSecret;

use crate::support::{Client, World};

const SECRET: &str = "quarterdeck_session";
const PASS: &str = "quarterdeck_pass";

fn with(world: &World, secret: &str) -> Client {
    Client::browser(&world.base, &format!("{SECRET}={secret}"))
}

#[actix_web::test]
async fn a_pass_is_good_for_a_quarter_of_an_hour_and_then_renewed() {
    let world = World::new().await;
    let member = world.member(Role::Member).await;

    member.get("/acme").await.expect(200);
    let first = (member.cookie(SECRET), member.cookie(PASS));
    assert!(first.1.is_some());
    member.get("/acme").await.expect(200);
    assert_eq!((member.cookie(SECRET), member.cookie(PASS)), first, "nothing to renew yet");

    world.clock.advance(Duration::minutes(16));
    member.get("/acme").await.expect(200);

    assert_ne!(member.cookie(SECRET), first.0);
    assert_ne!(member.cookie(PASS), first.1);
}

#[actix_web::test]
async fn two_tabs_with_one_secret_get_the_same_successor() {
    let world = World::new().await;
    let member = world.member(Role::Member).await;
    let secret = member.cookie(SECRET).unwrap();
    let (one, two) = (with(&world, &secret), with(&world, &secret));

    let (first, second) = futures_util::join!(one.get("/acme"), two.get("/acme"));

    assert_eq!((first.status.as_u16(), second.status.as_u16()), (200, 200));
    assert_eq!(one.cookie(SECRET), two.cookie(SECRET));
    assert_ne!(one.cookie(SECRET).unwrap(), secret);
}

#[actix_web::test]
async fn an_old_secret_shown_again_ends_the_session_for_all_who_have_it() {
    let world = World::new().await;
    let member = world.member(Role::Member).await;
    let stolen = member.cookie(SECRET).unwrap();
    member.get("/acme").await.expect(200);
    world.clock.advance(Duration::seconds(31));

    assert_eq!(with(&world, &stolen).get("/acme").await.status, 303, "the thief");

    assert_eq!(member.get("/acme").await.status, 303, "the person, whose pass names the session");
}

#[actix_web::test]
async fn a_secret_two_renewals_old_is_stolen_even_within_the_half_minute() {
    let world = World::new().await;
    let member = world.member(Role::Member).await;
    let oldest = member.cookie(SECRET).unwrap();
    for _ in 0..2 {
        let next = with(&world, &member.cookie(SECRET).unwrap());
        next.get("/acme").await.expect(200);
        member.keep(&format!("{SECRET}={}", next.cookie(SECRET).unwrap()));
        world.clock.advance(Duration::milliseconds(1));
    }

    assert_eq!(with(&world, &oldest).get("/acme").await.status, 303);
    assert_eq!(member.get("/acme").await.status, 303);
}

#[actix_web::test]
async fn a_session_ends_after_a_week_without_a_visit_and_after_ninety_days_in_any_case() {
    let world = World::new().await;
    let (idle, busy) = (world.member(Role::Member).await, world.owner().await);
    idle.get("/acme").await.expect(200);

    for _ in 0..15 {
        busy.get("/acme").await.expect(200);
        world.clock.advance(Duration::days(6));
    }

    assert_eq!(busy.get("/acme").await.status, 303, "ninety days");
    assert_eq!(idle.get("/acme").await.status, 303, "a week");
}

#[actix_web::test]
async fn a_forged_pass_is_worth_nothing() {
    let world = World::new().await;
    let member = world.member(Role::Member).await;
    member.get("/acme").await.expect(200);
    let pass = member.cookie(PASS).unwrap();
    let parts: Vec<_> = pass.split('.').collect();

    for forged in [
        format!("{}.{}.{}", parts[0], parts[1], "A".repeat(86)),
        format!("{}.{}.", "eyJhbGciOiJub25lIn0", parts[1]),
        "nonsense".to_owned(),
    ] {
        let thief = Client::browser(&world.base, &format!("{PASS}={forged}"));
        assert_eq!(thief.get("/acme").await.status, 303, "{forged}");
    }
    let without_secret = Client::browser(&world.base, &format!("{PASS}={pass}"));
    without_secret.get("/acme").await.expect(200);
}

#[actix_web::test]
async fn the_published_keys_check_a_pass_and_an_old_key_counts_for_an_hour() {
    let world = World::new().await;
    let member = world.member(Role::Member).await;
    member.get("/acme").await.expect(200);
    let keys = || async { world.nobody().get("/.well-known/jwks.json").await.expect(200).json() };
    let before = keys().await;
    assert_eq!(before["keys"][0]["crv"], "Ed25519");
    let pass = member.cookie(PASS).unwrap();
    let header = jsonwebtoken::decode_header(&pass).unwrap();
    assert_eq!(before["keys"][0]["kid"], header.kid.unwrap());

    world
        .sessions
        .keys
        .rotate(&world.db, &world.sessions.keyring, world.clock.now())
        .await
        .unwrap();

    let after = keys().await;
    assert_eq!(after["keys"].as_array().unwrap().len(), 2);
    assert_ne!(after["keys"][0]["kid"], before["keys"][0]["kid"]);
    let tab = Client::browser(&world.base, &format!("{PASS}={pass}"));
    tab.get("/acme").await.expect(200);
    world.clock.advance(Duration::minutes(61));
    assert_eq!(keys().await["keys"].as_array().unwrap().len(), 1);
}

#[actix_web::test]
async fn a_demotion_counts_at_the_next_request() {
    let world = World::new().await;
    let admin = world.member(Role::Admin).await;
    admin.get("/acme/isolation").await.expect(200);

    let mut tx = world.begin(world.acme).await;
    sqlx::query("UPDATE memberships SET role = 'viewer' WHERE login = 'admin'")
        .execute(tx.connection())
        .await
        .unwrap();
    tx.commit().await.unwrap();

    assert_eq!(admin.get("/acme/isolation").await.status, 403);
}

#[actix_web::test]
async fn somebody_deactivated_is_let_in_nowhere() {
    let world = World::new().await;
    let member = world.member(Role::Member).await;
    member.get("/acme").await.expect(200);

    let mut tx = world.begin(world.acme).await;
    sqlx::query("UPDATE memberships SET deactivated_at = now() WHERE login = 'member'")
        .execute(tx.connection())
        .await
        .unwrap();
    tx.commit().await.unwrap();

    assert_eq!(member.get("/acme").await.status, 404);
    let me = member.get("/api/auth/me").await.expect(200).json();
    assert_eq!(me["organizations"].as_array().unwrap().len(), 0, "{me}");
}

#[actix_web::test]
async fn a_secret_is_stored_as_its_hash_alone() {
    let world = World::new().await;
    let member = world.member(Role::Member).await;
    member.get("/acme").await.expect(200);
    let secret = secrecy::SecretString::from(member.cookie(SECRET).unwrap());

    let mut tx = world.db.system(quarterdeck::tenancy::SystemReason::Login).await.unwrap();
    let rows: Vec<String> = sqlx::query_scalar(
        "SELECT sessions::text FROM sessions UNION ALL SELECT signing_keys::text FROM signing_keys",
    )
    .fetch_all(tx.connection())
    .await
    .unwrap();

    assert!(rows.len() >= 2);
    assert!(rows.iter().all(|row| !row.contains(secret.expose_secret())));
}
