use std::{net::TcpListener, time::Instant};

use chrono::Duration;
use github_world::Fault;
use quarterdeck::github::{Client, Error, Hosts, Http, Limits, OAuthApp, Reach};
use secrecy::ExposeSecret;

use crate::support::{Scene, callback, impatient, login, secret, start_of_time};

#[tokio::test]
async fn an_enterprise_server_is_asked_below_api_v3() {
    let scene = Scene::new().await.on_enterprise();

    let token = scene.sign_in(&scene.oauth(), "ben").await;
    let user = scene.client().user(&token.access).await.unwrap();
    let membership = scene.client().membership_as_person(&token.access, &login("acme")).await;
    let (app, _) = scene.installed(&[("members", "read")]);
    let by_app = app.membership(&login("acme"), &login("ben")).await;
    scene.oauth().revoke(&token.access).await.unwrap();

    assert_eq!(user.login.as_str(), "ben");
    assert_eq!(membership, by_app);
    let paths: Vec<String> =
        scene.world.requests().iter().map(github_world::Logged::line).collect();
    assert_eq!(
        paths,
        [
            "POST /login/oauth/access_token 200",
            "GET /api/v3/user 200",
            "GET /api/v3/user/memberships/orgs/acme 200",
            "GET /api/v3/orgs/acme/installation 200",
            &format!("POST /api/v3/app/installations/{}/access_tokens 201", installation(&paths)),
            "GET /api/v3/orgs/acme/memberships/ben 200",
            &format!("DELETE /api/v3/applications/{}/token 204", scene.oauth_app.client_id),
        ]
    );
}

fn installation(paths: &[String]) -> String {
    let line = paths.iter().find(|path| path.contains("/access_tokens")).unwrap();
    line.chars()
        .skip_while(|character| !character.is_ascii_digit())
        .skip(1)
        .skip_while(|character| !character.is_ascii_digit())
        .take_while(char::is_ascii_digit)
        .collect()
}

#[tokio::test]
async fn every_request_says_who_asks_and_what_it_understands() {
    let scene = Scene::new().await;
    scene.client().user(&scene.token("ada")).await.unwrap();

    let requests = scene.world.requests();
    let request = requests.last().unwrap();

    assert_eq!(request.header("user-agent"), Some("quarterdeck/0.1.0"));
    assert_eq!(request.header("accept"), Some("application/vnd.github+json"));
    assert_eq!(request.header("x-github-api-version"), Some("2022-11-28"));
    assert!(request.header("authorization").unwrap().starts_with("Bearer gho_"));
}

#[tokio::test]
async fn a_server_that_is_silent_is_given_up() {
    let scene = Scene::limited(impatient()).await;
    scene.world.next_answer(Fault::Silence(std::time::Duration::from_secs(20)));

    let begun = Instant::now();
    let refused = scene.client().user(&scene.token("ada")).await.unwrap_err();

    let reason = "it took too long to answer".to_owned();
    assert_eq!(refused, Error::Unreachable { reason });
    assert!(begun.elapsed() < std::time::Duration::from_secs(5));
    assert!(scene.client().user(&scene.token("ada")).await.is_ok());
}

#[tokio::test]
async fn a_silent_sign_in_is_given_up_too() {
    let scene = Scene::limited(impatient()).await;
    let app = scene.oauth();
    let (code, pkce) = scene.code(&app, "ada");
    scene.world.next_answer(Fault::Silence(std::time::Duration::from_secs(20)));

    let refused = app.exchange(&code, pkce, &callback()).await.unwrap_err();

    assert!(matches!(refused, Error::Unreachable { .. }), "{refused:?}");
}

#[tokio::test]
async fn an_answer_that_is_too_long_is_not_read() {
    let scene = Scene::limited(Limits { body: 10_000, ..Limits::default() }).await;
    let token = scene.token("ada");
    let app = scene.oauth();
    let (code, pkce) = scene.code(&app, "ada");

    scene.world.next_answer(Fault::Oversized(20_000));
    let asked = scene.client().user(&token).await.unwrap_err();
    scene.world.next_answer(Fault::Oversized(20_000));
    let exchanged = app.exchange(&code, pkce, &callback()).await.unwrap_err();

    let reason = "an answer of more than 10000 bytes".to_owned();
    assert_eq!(asked, Error::Unexpected { reason });
    assert_eq!(exchanged, asked);
}

#[tokio::test]
async fn what_breaks_off_or_breaks_down_is_worth_another_try() {
    let scene = Scene::new().await;
    let (client, token) = (scene.client(), scene.token("ada"));

    for fault in [Fault::Truncated, Fault::Status(500), Fault::Status(502), Fault::Status(503)] {
        scene.world.next_answer(fault.clone());
        let refused = client.user(&token).await.unwrap_err();
        assert!(matches!(refused, Error::Unreachable { .. }), "{fault:?}: {refused:?}");
    }
    assert!(client.user(&token).await.is_ok());
}

#[tokio::test]
async fn a_sign_in_that_breaks_down_says_so() {
    let scene = Scene::new().await;
    let app = scene.oauth();

    for fault in [Fault::Status(500), Fault::NotJson, Fault::Truncated] {
        let (code, pkce) = scene.code(&app, "ada");
        scene.world.next_answer(fault.clone());
        let refused = app.exchange(&code, pkce, &callback()).await.unwrap_err();
        let is_told = matches!(refused, Error::Unreachable { .. } | Error::Unexpected { .. });
        assert!(is_told, "{fault:?}: {refused:?}");
    }
}

#[tokio::test]
async fn nobody_is_there() {
    let scene = Scene::new().await;
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let hosts = Hosts::new(&format!("http://{free}"), None).unwrap();
    let client = Client::new(&scene.http, &hosts, scene.clock.clone()).unwrap();

    let refused = client.user(&scene.token("ada")).await.unwrap_err();

    assert!(matches!(refused, Error::Unreachable { .. }), "{refused:?}");
}

#[tokio::test]
async fn a_page_for_people_is_not_an_answer() {
    let scene = Scene::new().await;
    scene.world.next_answer(Fault::NotJson);

    let refused = scene.client().user(&scene.token("ada")).await.unwrap_err();

    assert!(matches!(refused, Error::Unexpected { .. }), "{refused:?}");
    assert!(!refused.to_string().contains("network"), "{refused}");
}

#[tokio::test]
async fn a_redirect_is_not_followed_with_a_token() {
    let scene = Scene::new().await;
    let elsewhere = github_world::World::start().await;
    let to = elsewhere.web_url().join("/user").unwrap().to_string();

    scene.world.next_answer(Fault::Redirect(to.clone()));
    let asked = scene.client().user(&scene.token("ada")).await.unwrap_err();
    let app = scene.oauth();
    let (code, pkce) = scene.code(&app, "ada");
    scene.world.next_answer(Fault::Redirect(to));
    let exchanged = app.exchange(&code, pkce, &callback()).await.unwrap_err();

    assert!(matches!(asked, Error::Unexpected { .. }), "{asked:?}");
    assert!(matches!(exchanged, Error::Unexpected { .. }), "{exchanged:?}");
    assert_eq!(elsewhere.requests(), []);
}

#[tokio::test]
async fn a_github_is_asked_only_where_it_may_be() {
    let scene = Scene::new().await;
    let (access, token) = (scene.access("ada", &["repo"]), scene.token("ada"));
    let port = scene.world.web_url().port().unwrap();
    for web in [format!("http://127.0.0.1:{port}"), format!("http://localhost:{port}")] {
        let hosts = Hosts::new(&web, None).unwrap();
        let ask = async |reach: &Reach| {
            let http = Http::new(Limits::default(), reach).unwrap();
            let client = Client::new(&http, &hosts, scene.clock.clone()).unwrap();
            let credentials = (scene.oauth_app.client_id.as_str(), &secret("x"));
            let oauth = OAuthApp::new(&http, &hosts, credentials, scene.clock.clone()).unwrap();
            [
                client.user(&token).await.map(|_| ()).map_err(|error| error.to_string()),
                client.by(&access).person().await.map(|_| ()).map_err(|error| error.to_string()),
                oauth.check().await.map_err(|error| error.to_string()),
                http.look(&hosts).await.map_err(|error| error.to_string()),
            ]
        };

        for refused in ask(&Reach::default()).await {
            let words = refused.unwrap_err();
            assert!(words.contains("leads to a loopback address"), "{web}: {words}");
        }
        assert_eq!(scene.world.take_requests(), []);
        let [asked, by_api, _, looked] = ask(&Reach::default().trusting(&hosts)).await;
        assert_eq!((asked, by_api, looked), (Ok(()), Ok(()), Ok(())), "{web}");
        scene.world.take_requests();
    }
}

#[tokio::test]
async fn a_used_up_budget_says_when_it_is_new() {
    let scene = Scene::new().await;
    let reset = start_of_time() + Duration::minutes(20);
    scene.world.limit("ada", 1, reset);
    let (client, token) = (scene.client(), scene.token("ada"));

    let last = client.user(&token).await;
    let refused = client.user(&token).await;
    scene.advance(Duration::minutes(20));
    let later = client.user(&token).await;

    assert!(last.is_ok());
    assert_eq!(refused.unwrap_err(), Error::RateLimited { until: reset });
    assert!(later.is_ok());
}

#[tokio::test]
async fn too_much_at_once_says_how_long_to_wait() {
    let scene = Scene::new().await;
    let (client, token) = (scene.client(), scene.token("ada"));

    for (retry_after, status, seconds) in
        [(Some(90), 429, 90), (Some(30), 403, 30), (None, 429, 60), (None, 403, 60)]
    {
        scene.world.next_answer(Fault::SecondaryLimit { retry_after, status });
        let refused = client.user(&token).await.unwrap_err();
        let until = start_of_time() + Duration::seconds(seconds);
        assert_eq!(refused, Error::RateLimited { until }, "{retry_after:?} {status}");
    }
}

#[tokio::test]
async fn no_error_holds_a_token() {
    let scene = Scene::limited(impatient()).await;
    let (client, token) = (scene.client(), scene.token("ada"));
    let faults = [
        Fault::Status(500),
        Fault::Status(418),
        Fault::Silence(std::time::Duration::from_secs(20)),
        Fault::Truncated,
        Fault::NotJson,
        Fault::Redirect("http://127.0.0.1:9/".to_owned()),
    ];

    for fault in faults {
        scene.world.next_answer(fault.clone());
        let refused = client.user(&token).await.unwrap_err();
        let shown = format!("{refused} {refused:?}");
        assert!(!shown.contains(token.expose_secret()), "{fault:?}: {shown}");
    }
}
