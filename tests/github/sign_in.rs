use github_world::AppCredentials;
use quarterdeck::github::{Error, OAuthRefusal, Pkce};
use secrecy::ExposeSecret;
use url::Url;

use crate::support::{CALLBACK, SCOPES, Scene, callback, query, secret};

#[tokio::test]
async fn a_person_who_agrees_comes_back_with_a_code_and_the_state() {
    let scene = Scene::new().await;
    let app = scene.oauth();

    let url = app.authorize_url(&secret("the state"), &Pkce::random(), &callback(), &SCOPES);
    let back = scene.world.authorize(url.as_str(), "ada");

    assert_eq!(query(&url, "scope").as_deref(), Some("read:org user:email"));
    assert_eq!(query(&url, "code_challenge_method").as_deref(), Some("S256"));
    assert_eq!(query(&back, "state").as_deref(), Some("the state"));
    assert!(back.as_str().starts_with(CALLBACK));
}

#[tokio::test]
async fn a_code_becomes_the_token_of_the_person_who_agreed() {
    let scene = Scene::new().await;

    let token = scene.sign_in(&scene.oauth(), "ada").await;
    let user = scene.client().user(&token.access).await.unwrap();

    assert_eq!(user.login.as_str(), "ada");
    assert_eq!(user.name.as_deref(), Some("Ada Lovelace"));
    assert_eq!(user.email.as_deref(), Some("ada@example.com"));
    assert_eq!(u64::try_from(user.id).unwrap(), scene.world.user("ada").id());
    assert_eq!(token.scopes, SCOPES);
    assert!(token.expires_at.is_none() && token.refresh.is_none());
}

#[tokio::test]
async fn a_code_works_once() {
    let scene = Scene::new().await;
    let app = scene.oauth();
    let (code, pkce) = scene.code(&app, "ada");
    let verifier = pkce.verifier();
    app.exchange(&code, pkce, &callback()).await.unwrap();

    let again = app.exchange(&code, Pkce::of_verifier(&verifier), &callback()).await;

    assert_eq!(again.unwrap_err(), OAuthRefusal::CodeRejected.into());
}

#[tokio::test]
async fn a_code_is_good_for_ten_minutes() {
    let scene = Scene::new().await;
    let app = scene.oauth();
    let (early, late) = (scene.code(&app, "ada"), scene.code(&app, "ada"));

    scene.advance(chrono::Duration::seconds(599));
    let in_time = app.exchange(&early.0, early.1, &callback()).await;
    scene.advance(chrono::Duration::seconds(1));
    let too_late = app.exchange(&late.0, late.1, &callback()).await;

    assert!(in_time.is_ok());
    assert_eq!(too_late.unwrap_err(), OAuthRefusal::CodeRejected.into());
}

#[tokio::test]
async fn a_code_is_nothing_without_its_verifier() {
    let scene = Scene::new().await;
    let app = scene.oauth();
    let (code, pkce) = scene.code(&app, "ada");

    let stolen = app.exchange(&code, Pkce::random(), &callback()).await;
    let after = app.exchange(&code, pkce, &callback()).await;

    assert_eq!(stolen.unwrap_err(), OAuthRefusal::CodeRejected.into());
    assert_eq!(after.unwrap_err(), OAuthRefusal::CodeRejected.into());
}

#[tokio::test]
async fn a_code_is_bound_to_the_address_it_was_sent_to() {
    let scene = Scene::new().await;
    let app = scene.oauth();
    let (code, pkce) = scene.code(&app, "ada");

    let elsewhere = Url::parse(&format!("{CALLBACK}/other")).unwrap();
    let refused = app.exchange(&code, pkce, &elsewhere).await;

    assert_eq!(refused.unwrap_err(), OAuthRefusal::RedirectMismatch.into());
}

#[tokio::test]
async fn a_code_is_bound_to_its_app() {
    let scene = Scene::new().await;
    let (code, pkce) = scene.code(&scene.oauth(), "ada");
    let other = scene.oauth_of(&scene.world.oauth_app("Another", CALLBACK));

    let refused = other.exchange(&code, pkce, &callback()).await;

    assert_eq!(refused.unwrap_err(), OAuthRefusal::CodeRejected.into());
}

#[tokio::test]
async fn a_wrong_secret_is_named_as_such() {
    let scene = Scene::new().await;
    let (code, pkce) = scene.code(&scene.oauth(), "ada");
    let wrong = AppCredentials { client_secret: "wrong".to_owned(), ..scene.oauth_app.clone() };

    let refused = scene.oauth_of(&wrong).exchange(&code, pkce, &callback()).await;

    assert_eq!(refused.unwrap_err(), OAuthRefusal::ClientCredentials.into());
}

#[tokio::test]
async fn github_refuses_in_the_address_it_sends_the_browser_back_to() {
    let scene = Scene::new().await;
    let app = scene.oauth();
    let ask = |redirect: &str| {
        let redirect = Url::parse(redirect).unwrap();
        app.authorize_url(&secret("the state"), &Pkce::random(), &redirect, &SCOPES)
    };
    let refusal = |url: &Url| OAuthRefusal::of_code(&query(url, "error").unwrap());

    let denied = scene.world.deny(ask(CALLBACK).as_str());
    let mismatch = scene.world.authorize(ask("https://evil.example/callback").as_str(), "ada");
    scene.world.suspend_app(&scene.oauth_app.client_id);
    let suspended = scene.world.authorize(ask(CALLBACK).as_str(), "ada");

    assert_eq!(refusal(&denied), OAuthRefusal::AccessDenied);
    assert_eq!(refusal(&mismatch), OAuthRefusal::RedirectMismatch);
    assert!(mismatch.as_str().starts_with(CALLBACK), "{mismatch}");
    assert_eq!(refusal(&suspended), OAuthRefusal::ApplicationSuspended);
    assert_eq!(query(&denied, "state").as_deref(), Some("the state"));
}

#[tokio::test]
async fn an_error_that_nobody_knows_is_shortened_to_a_word() {
    let refusal = OAuthRefusal::of_code(&format!("<script>{}", "x".repeat(500)));

    assert!(refusal.to_string().len() < 100);
    assert!(!refusal.to_string().contains('<'));
}

#[tokio::test]
async fn who_has_no_verified_address_cannot_sign_in() {
    let scene = Scene::new().await;
    scene.world.user("ada").emails(&[("ada@example.com", false)]);
    let app = scene.oauth();
    let (code, pkce) = scene.code(&app, "ada");

    let refused = app.exchange(&code, pkce, &callback()).await;

    assert_eq!(refused.unwrap_err(), OAuthRefusal::UnverifiedEmail.into());
}

#[tokio::test]
async fn a_token_of_a_github_app_ends_and_is_refreshed_once() {
    let scene = Scene::new().await;
    let registered = scene.world.github_app("Quarterdeck App", CALLBACK);
    let (client_id, client_secret) = (registered.client_id, registered.client_secret);
    let app = scene.oauth_of(&AppCredentials { client_id, client_secret });
    let client = scene.client();

    let token = scene.sign_in(&app, "ada").await;
    scene.advance(chrono::Duration::hours(8));
    let expired = client.user(&token.access).await;
    let refresh = token.refresh.unwrap();
    let next = app.refresh(&refresh).await.unwrap();
    let replayed = app.refresh(&refresh).await;

    assert_eq!(token.expires_at, Some(scene.world.now()));
    assert!(token.refresh_expires_at > token.expires_at);
    assert!(token.scopes.is_empty());
    assert_eq!(expired.unwrap_err(), Error::TokenRejected);
    assert_eq!(client.user(&next.access).await.unwrap().login.as_str(), "ada");
    assert_eq!(replayed.unwrap_err(), OAuthRefusal::RefreshRejected.into());
}

#[tokio::test]
async fn a_token_that_is_revoked_is_over() {
    let scene = Scene::new().await;
    let (app, client) = (scene.oauth(), scene.client());
    let (one, other) = (scene.token("ada"), scene.token("ada"));

    app.revoke(&one).await.unwrap();

    assert_eq!(client.user(&one).await.unwrap_err(), Error::TokenRejected);
    assert!(client.user(&other).await.is_ok());
    // Again is as good as once.
    app.revoke(&one).await.unwrap();
    app.revoke_grant(&other).await.unwrap();
    assert_eq!(client.user(&other).await.unwrap_err(), Error::TokenRejected);
}

#[tokio::test]
async fn a_wrong_secret_revokes_nothing() {
    let scene = Scene::new().await;
    let token = scene.token("ada");
    let wrong = AppCredentials { client_secret: "wrong".to_owned(), ..scene.oauth_app.clone() };

    let refused = scene.oauth_of(&wrong).revoke(&token).await;

    assert_eq!(refused.unwrap_err(), OAuthRefusal::ClientCredentials.into());
    assert!(scene.client().user(&token).await.is_ok());
}

#[tokio::test]
async fn a_person_takes_back_what_it_has_allowed() {
    let scene = Scene::new().await;
    let token = scene.sign_in(&scene.oauth(), "ben").await;

    scene.world.user("ben").revoke_app(&scene.oauth_app.client_id);

    assert_eq!(scene.client().user(&token.access).await.unwrap_err(), Error::TokenRejected);
}

#[tokio::test]
async fn verified_addresses_come_with_the_primary_one_first() {
    let scene = Scene::new().await;
    let emails =
        [("ada@new.example", true), ("ada@old.example", true), ("eve@bank.example", false)];
    scene.world.user("ada").emails(&emails);

    let verified = scene.client().verified_emails(&scene.token("ada")).await.unwrap();

    let addresses: Vec<&str> = verified.iter().map(|email| email.address.as_str()).collect();
    assert_eq!(addresses, ["ada@new.example", "ada@old.example"]);
    assert!(verified.first().unwrap().is_primary);
}

#[tokio::test]
async fn addresses_take_a_scope() {
    let scene = Scene::new().await;
    let token = scene.world.token("ada", &scene.oauth_app.client_id, &["read:org"]);

    let refused = scene.client().verified_emails(&secret(&token)).await;

    assert!(matches!(refused, Err(Error::MissingPermission { .. })), "{refused:?}");
}

#[tokio::test]
async fn nothing_secret_is_shown() {
    let scene = Scene::new().await;
    let app = scene.oauth();
    let (code, pkce) = scene.code(&app, "ada");
    let verifier = pkce.verifier();
    let shown = format!("{app:?} {pkce:?} {code:?}");

    let token = app.exchange(&code, pkce, &callback()).await.unwrap();
    let shown = format!("{shown} {token:?}");

    for hidden in [
        token.access.expose_secret(),
        code.expose_secret(),
        verifier.expose_secret(),
        &scene.oauth_app.client_secret,
    ] {
        assert!(!shown.contains(hidden), "{shown}");
    }
}
