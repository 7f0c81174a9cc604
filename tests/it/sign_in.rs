//! Setup links, sessions, and what a browser is told.

use chrono::Duration;
use quarterdeck::tenancy::Role;
use secrecy::ExposeSecret;

use crate::support::{Answer, World};

const FORM: [(&str, &str); 3] =
    [("name", "Ada Lovelace"), ("login", "ada"), ("organization", "Acme Works")];

fn session_of(answer: &Answer) -> String {
    let cookie = answer.header("set-cookie");
    cookie.split(';').next().unwrap_or_default().to_owned()
}

#[actix_web::test]
async fn a_setup_link_makes_an_owner_and_works_once() {
    let world = World::new().await;
    let secret = world.setup_secret(None).await;
    let path = format!("/setup/{}", secret.expose_secret());
    let nobody = world.nobody();

    nobody.get(&path).await.expect(200);
    let opened = nobody.post(&path, &FORM).await.expect(303);

    assert_eq!(opened.header("location"), "/acme");
    let cookie = opened.header("set-cookie").to_owned();
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax"), "{cookie}");
    assert!(!cookie.contains("Secure"), "loopback http cannot keep a secure cookie: {cookie}");
    let ada = crate::support::Client::new(&world.base, Some(("cookie", session_of(&opened))));
    let page = ada.get("/acme").await.expect(200);
    assert!(page.text.contains("Ada Lovelace"));
    assert_eq!(nobody.post(&path, &FORM).await.status, 410, "a second use");
    assert_eq!(nobody.get(&path).await.status, 410);
}

#[actix_web::test]
async fn a_setup_link_is_too_old_after_thirty_minutes() {
    let world = World::new().await;
    let secret = world.setup_secret(None).await;

    world.clock.advance(Duration::minutes(31));

    let answer = world.nobody().post(&format!("/setup/{}", secret.expose_secret()), &FORM).await;
    assert_eq!(answer.status, 410);
    assert!(answer.text.contains("quarterdeck setup-link"), "{}", answer.text);
}

#[actix_web::test]
async fn wrong_fields_keep_what_was_typed_and_the_link() {
    let world = World::new().await;
    let path = format!("/setup/{}", world.setup_secret(None).await.expose_secret());

    let wrong = [("name", ""), ("login", "not a login"), ("organization", "Acme")];
    let answer = world.nobody().post(&path, &wrong).await.expect(422);

    assert!(answer.text.contains("not a login"), "{}", answer.text);
    world.nobody().post(&path, &FORM).await.expect(303);
}

#[actix_web::test]
async fn a_link_for_one_organisation_does_not_open_another_ones_account() {
    let world = World::new().await;
    world.neighbour().await;
    let path = format!("/setup/{}", world.setup_secret(Some(world.acme)).await.expose_secret());

    let answer = world
        .nobody()
        .post(&path, &[("name", "X"), ("login", "neighbour"), ("organization", "Acme")])
        .await;

    assert_eq!(answer.status, 422, "{}", answer.text);
    assert_eq!(answer.header("set-cookie"), "");
}

#[actix_web::test]
async fn a_link_lets_an_owner_in_again_who_was_deactivated() {
    let world = World::new().await;
    let owner = world.owner().await;
    let mut tx = world.begin(world.acme).await;
    sqlx::query("UPDATE memberships SET deactivated_at = now()")
        .execute(tx.connection())
        .await
        .unwrap();
    tx.commit().await.unwrap();
    assert_eq!(owner.get("/acme").await.status, 404);
    let path = format!("/setup/{}", world.setup_secret(Some(world.acme)).await.expose_secret());

    let form = [("name", "The owner"), ("login", "owner"), ("organization", "acme")];
    world.nobody().post(&path, &form).await.expect(303);

    owner.get("/acme").await.expect(200);
}

#[actix_web::test]
async fn two_people_with_one_link_make_one_owner() {
    let world = World::new().await;
    let path = format!("/setup/{}", world.setup_secret(None).await.expose_secret());
    let nobody = world.nobody();

    let (one, two) = futures_util::join!(
        nobody.post(&path, &FORM),
        nobody.post(&path, &[("name", "B"), ("login", "b"), ("organization", "B")])
    );

    let mut statuses = [one.status.as_u16(), two.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [303, 410]);
}

#[actix_web::test]
async fn a_session_ends_by_time_and_by_signing_out() {
    let world = World::new().await;
    let (viewer, owner) = (world.viewer().await, world.owner().await);
    viewer.get("/acme").await.expect(200);

    viewer.post("/sign-out", &[]).await.expect(303);
    assert_eq!(viewer.get("/acme").await.status, 303, "signed out");

    world.clock.advance(Duration::days(31));
    let late = owner.get("/acme/tasks?state=open").await.expect(303);
    assert_eq!(late.header("location"), "/sign-in?next=%2Facme%2Ftasks%3Fstate%3Dopen");
}

#[actix_web::test]
async fn a_person_ends_the_other_sessions_and_nobody_elses() {
    let world = World::new().await;
    let (here, there) = (world.member(Role::Member).await, world.member(Role::Member).await);
    let owner = world.owner().await;

    here.post("/account/sessions/end-others", &[]).await.expect(303);

    assert_eq!(there.get("/acme").await.status, 303);
    assert_eq!(here.get("/acme").await.status, 200);
    assert_eq!(owner.get("/acme").await.status, 200);
}

#[actix_web::test]
async fn a_removed_member_is_out_at_once() {
    let world = World::new().await;
    let stranger = world.stranger().await;

    assert_eq!(stranger.get("/acme").await.status, 404);
    assert_eq!(stranger.get("/").await.status.as_u16() / 100, 3);
}

#[actix_web::test]
async fn a_change_from_another_site_is_refused() {
    let world = World::new().await;
    let owner = world.owner().await;
    let from = |name: &'static str, value: &'static str| {
        let request =
            owner.request(reqwest::Method::POST, "/acme/organization").header(name, value);
        Answer::of(
            request.header("content-type", "application/x-www-form-urlencoded").body("name=Taken"),
        )
    };

    let refused = from("sec-fetch-site", "cross-site").await.expect(403);
    assert!(refused.text.contains("another site"), "{}", refused.text);
    assert_eq!(from("sec-fetch-site", "same-site").await.status, 403);
    assert_eq!(from("origin", "https://evil.example").await.status, 403);
    assert_eq!(from("origin", "null").await.status, 403);
    assert_eq!(from("sec-fetch-site", "same-origin").await.status, 303);
}

#[actix_web::test]
async fn every_answer_carries_the_security_headers() {
    let world = World::new().await;
    let owner = world.owner().await;

    for path in ["/acme", "/sign-in", "/api/health", "/acme/no-such-page", "/api/v2/tasks"] {
        let answer = owner.get(path).await;

        assert!(answer.header("content-security-policy").contains("script-src 'self'"), "{path}");
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(answer.header("cache-control"), "no-store", "{path}");
        assert!(!answer.header("x-request-id").is_empty(), "{path}");
    }
}

#[actix_web::test]
async fn errors_are_pages_for_people_and_problems_for_programs() {
    let world = World::new().await;
    let owner = world.owner().await;

    let page = owner.get("/acme/projects/nonsense").await;
    let problem = world.nobody().get("/api/v2/tasks").await.expect(401);

    assert_eq!(page.status, 404);
    assert!(
        page.header("content-type").starts_with("text/html") && page.text.contains("<h1>"),
        "{}",
        page.text
    );
    assert_eq!(problem.header("content-type"), "application/problem+json");
    assert_eq!(problem.header("www-authenticate"), "Bearer");
    assert_eq!(problem.json()["status"], 401);
}

#[actix_web::test]
async fn head_is_answered_as_get_without_a_body() {
    let world = World::new().await;
    let owner = world.owner().await;

    for path in ["/acme", "/sign-in", "/api/health"] {
        let answer = Answer::of(owner.request(reqwest::Method::HEAD, path)).await.expect(200);
        assert_eq!(answer.text, "", "{path}");
        assert!(!answer.header("content-type").is_empty(), "{path}");
    }
    assert_eq!(world.nobody().status(reqwest::Method::HEAD, "/acme").await, 303);
}

#[actix_web::test]
async fn readiness_says_what_is_well() {
    let world = World::new().await;

    let ready = world.nobody().get("/api/health/ready").await.expect(200);

    assert_eq!(ready.json()["isolation"], true);
    assert_eq!(ready.json()["database"], true);
}
