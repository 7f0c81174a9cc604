//! What every answer says to browsers, and where people go to sign in.

use quarterdeck::web::assets::asset;
use reqwest::Method;

use crate::support::{Answer, World};

const ALWAYS: [(&str, &str); 6] = [
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "same-origin"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    ("x-permitted-cross-domain-policies", "none"),
    ("permissions-policy", "camera=()"),
];

fn check(answer: &Answer, what: &str) {
    for (name, value) in ALWAYS {
        assert!(answer.header(name).contains(value), "{what}: {name}: {}", answer.header(name));
    }
    let policy = answer.header("content-security-policy");
    for part in [
        "default-src 'none'",
        "script-src 'self';",
        "style-src 'self';",
        "form-action 'self';",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    ] {
        assert!(policy.contains(part), "{what}: {policy}");
    }
    assert!(!policy.contains("unsafe-"), "{what}: {policy}");
    assert!(!answer.header("x-request-id").is_empty(), "{what}");
}

/// A page, an API answer, errors as page and as problem, an asset, redirects, a refusal.
async fn all_kinds(world: &World) -> Vec<(&'static str, u16, Answer)> {
    let nobody = world.nobody();
    let large = nobody
        .request(Method::POST, "/setup/no-such-secret")
        .header("content-type", "application/x-www-form-urlencoded")
        .body("x".repeat(70_000));
    let foreign = nobody.request(Method::POST, "/sign-out").header("sec-fetch-site", "cross-site");
    vec![
        ("a page", 200, nobody.get("/sign-in").await),
        ("an answer of the API", 200, nobody.get("/api/health").await),
        ("an asset", 200, nobody.get(&asset("app.js")).await),
        ("no asset", 404, nobody.get("/static/nothing.js").await),
        ("a redirect", 303, nobody.get("/acme").await),
        ("an error page", 404, nobody.get("/no/such/page/at/all").await),
        ("a problem", 401, nobody.get("/api/v2/tasks").await),
        ("another method", 405, Answer::of(nobody.request(Method::DELETE, "/sign-in")).await),
        ("a body that is too large", 413, Answer::of(large).await),
        ("from another site", 403, Answer::of(foreign).await),
    ]
}

#[actix_web::test]
async fn every_kind_of_answer_carries_every_header() {
    let world = World::new().await;

    for (what, status, answer) in all_kinds(&world).await {
        let answer = answer.expect(status);
        check(&answer, what);
        assert_eq!(answer.header("strict-transport-security"), "", "{what}: this site is http");
        let kept =
            if what == "an asset" { "public, max-age=31536000, immutable" } else { "no-store" };
        assert_eq!(answer.header("cache-control"), kept, "{what}");
    }
}

#[actix_web::test]
async fn a_site_on_https_is_kept_there() {
    let world = World::with_config(|config| {
        config.server.public_url = Some("https://quarterdeck.example".parse().unwrap());
    })
    .await;

    for (what, status, answer) in all_kinds(&world).await {
        let answer = answer.expect(status);
        check(&answer, what);
        assert_eq!(
            answer.header("strict-transport-security"),
            "max-age=31536000; includeSubDomains",
            "{what}"
        );
    }
}

#[actix_web::test]
async fn signing_in_knows_the_way_back() {
    let world = World::new().await;
    let nobody = world.nobody();
    let location = |answer: Answer| answer.expect(303).header("location").to_owned();

    assert_eq!(location(nobody.get("/").await), "/sign-in");
    assert_eq!(location(nobody.get("/acme").await), "/sign-in?next=%2Facme");
    assert_eq!(
        location(nobody.get("/acme/tasks?q=a%20b&state=open").await),
        "/sign-in?next=%2Facme%2Ftasks%3Fq%3Da%2520b%26state%3Dopen"
    );
    assert_eq!(location(nobody.post("/acme/organization", &[("name", "x")]).await), "/sign-in");
    let long = format!("/acme/tasks?q={}", "a".repeat(2_000));
    assert_eq!(location(nobody.get(&long).await), "/sign-in");

    let part = |page: &str| {
        let request = nobody.request(Method::GET, "/acme/tasks?cursor=x");
        request.header("hx-request-type", "partial").header("hx-current-url", page)
    };
    let inside =
        Answer::of(part(&format!("{}/acme/tasks?state=done", world.base))).await.expect(401);
    assert_eq!(inside.header("hx-redirect"), "/sign-in?next=%2Facme%2Ftasks%3Fstate%3Ddone");
    let odd = Answer::of(part("https://evil.example//evil.example")).await.expect(401);
    assert_eq!(odd.header("hx-redirect"), "/sign-in");
}
