//! Changes are made from this site's pages, or by programs.

use quarterdeck::tenancy::Role;
use reqwest::{Method, StatusCode};

use crate::support::{
    Answer, Client, World,
    routes::{entries, method},
};

/// A path whose parameters name nothing.
fn path_of(pattern: &str) -> String {
    let segments = pattern.split('/').map(|segment| match segment {
        "{organization}" => "acme".to_owned(),
        other if other.starts_with('{') => uuid::Uuid::nil().to_string(),
        fixed => fixed.to_owned(),
    });
    segments.collect::<Vec<_>>().join("/")
}

async fn send(client: &Client, method: Method, path: &str, headers: &[(&str, &str)]) -> Answer {
    let request = client.request(method, path);
    Answer::of(headers.iter().fold(request, |request, (name, value)| request.header(*name, *value)))
        .await
}

#[actix_web::test]
async fn no_change_is_taken_from_another_site() {
    let world = World::new().await;
    let owner = world.owner().await;
    let (_, port) = world.base.rsplit_once(':').unwrap();
    let other_port = format!("http://127.0.0.1:{}", port.parse::<u16>().unwrap() ^ 1);
    let other_scheme = world.base.replace("http:", "https:");
    let foreign: [&[(&str, &str)]; 8] = [
        &[("sec-fetch-site", "cross-site")],
        &[("sec-fetch-site", "same-site")],
        &[("sec-fetch-site", "cross-site"), ("origin", &world.base)],
        &[("sec-fetch-site", "something new")],
        &[("origin", "null")],
        &[("origin", "https://evil.example")],
        &[("origin", &other_port)],
        &[("origin", &other_scheme)],
    ];

    let mut methods = std::collections::BTreeSet::new();
    for entry in entries().iter().filter(|entry| entry.method != actix_web::http::Method::GET) {
        let path = path_of(entry.path);
        for headers in foreign {
            let answer = send(&owner, method(entry), &path, headers).await;
            assert_eq!(answer.status, StatusCode::FORBIDDEN, "{} {path} {headers:?}", entry.method);
            assert!(
                answer.text.contains("another site"),
                "{} {path}: {}",
                entry.method,
                answer.text
            );
        }
        methods.insert(entry.method.to_string());
    }
    assert!(methods.contains("POST") && methods.contains("DELETE"), "{methods:?}");
    // No route takes these yet; they are refused before anybody looks.
    for other in [Method::PUT, Method::PATCH, Method::from_bytes(b"QUERY").unwrap()] {
        let answer = send(&owner, other, "/acme/organization", foreign[0]).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN);
    }
}

#[actix_web::test]
async fn this_site_and_programs_are_let_through() {
    let world = World::new().await;
    let owner = world.owner().await;
    let base = world.base.clone();
    let allowed: [&[(&str, &str)]; 4] = [
        &[("sec-fetch-site", "same-origin"), ("origin", &base)],
        &[("sec-fetch-site", "none")],
        &[("origin", &base)],
        &[],
    ];

    for headers in allowed {
        let answer = send(&owner, Method::POST, "/account/sessions/end-others", headers).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{headers:?}: {}", answer.text);
    }
    // Reading is no change: links from other sites work.
    let linked = send(&owner, Method::GET, "/acme", &[("sec-fetch-site", "cross-site")]).await;
    assert_eq!(linked.status, StatusCode::OK);
}

#[actix_web::test]
async fn a_token_speaks_for_itself_unless_a_cookie_does_too() {
    let world = World::new().await;
    let program = world.program(world.acme, Role::Owner).await;
    let path = format!("/api/v2/repositories/{}", uuid::Uuid::nil());
    let foreign = ("origin", "https://dashboard.example");

    let alone = send(&program, Method::DELETE, &path, &[foreign]).await;
    assert_eq!(alone.status, StatusCode::NOT_FOUND, "{}", alone.text);
    let cookie = ("cookie", "quarterdeck_session=x");
    let both = send(&program, Method::DELETE, &path, &[foreign, cookie]).await;
    assert_eq!(both.status, StatusCode::FORBIDDEN);
    assert!(both.text.contains("another site"), "{}", both.text);
    let basic = ("authorization", "Basic dTpw");
    let other = send(&world.nobody(), Method::DELETE, &path, &[foreign, basic]).await;
    assert_eq!(other.status, StatusCode::FORBIDDEN);
}
