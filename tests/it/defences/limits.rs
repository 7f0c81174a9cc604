//! How much anybody may ask for, and how long somebody who guesses has to wait.

use chrono::Duration;
use quarterdeck::{platform::telemetry, tenancy::Role, web::assets::asset};
use reqwest::Method;
use secrecy::ExposeSecret;

use crate::support::{Answer, Client, World};

/// The seconds to wait; fails where the answer is no refusal.
#[track_caller]
fn refused(answer: Answer) -> u64 {
    let answer = answer.expect(429);
    answer.header("retry-after").parse().unwrap()
}

#[actix_web::test]
async fn an_address_has_so_many_requests_a_minute() {
    let world = World::with_config(|config| config.limits.address_requests = 5).await;
    let nobody = world.nobody();

    for path in ["/sign-in", "/api", "/acme", "/no/such/page", "/api/v2/tasks"] {
        assert_ne!(nobody.get(path).await.status, 429, "{path}");
    }
    // Signing in has a budget of its own, so there is one left.
    nobody.get("/api").await.expect(200);
    let page = nobody.get("/api").await;
    assert!(page.header("content-type").starts_with("text/html"), "{}", page.text);
    assert!(page.text.contains("Try again in 13 seconds"), "{}", page.text);
    assert!(page.header("content-security-policy").contains("default-src 'none'"));
    assert_eq!(refused(page), 13);
    let problem = nobody.get("/api/v2/tasks").await;
    assert_eq!(problem.header("content-type"), "application/problem+json");
    assert_eq!(problem.json()["status"], 429);
    refused(problem);
    for free in ["/api/health", "/api/health/ready", &asset("app.js")] {
        nobody.get(free).await.expect(200);
    }

    world.clock.advance(Duration::seconds(13));
    nobody.get("/api").await.expect(200);
    refused(nobody.get("/api").await);
    world.clock.advance(Duration::minutes(1));
    for _ in 0..5 {
        nobody.get("/api").await.expect(200);
    }
}

#[actix_web::test]
async fn a_good_credential_has_a_budget_of_its_own() {
    let world = World::with_config(|config| {
        config.limits.address_requests = 4;
        config.limits.credential_requests = 6;
    })
    .await;
    let program = world.program(world.acme, Role::Viewer).await;
    let person = world.viewer().await;

    // The first request of each shows that it is good; the address pays for that.
    program.get("/api/v2/tasks").await.expect(200);
    person.get("/acme").await.expect(200);
    for _ in 0..2 {
        world.nobody().get("/api").await.expect(200);
    }
    refused(world.nobody().get("/api").await);
    for _ in 0..6 {
        program.get("/api/v2/tasks").await.expect(200);
    }
    refused(program.get("/api/v2/tasks").await);
    for _ in 0..6 {
        person.get("/acme").await.expect(200);
    }
    refused(person.get("/acme").await);
}

#[actix_web::test]
async fn made_up_credentials_are_paid_by_the_address() {
    let world = World::with_config(|config| config.limits.address_requests = 6).await;

    for number in 0..6 {
        let value = format!("made-up-{number}");
        let client = match number % 2 {
            0 => Client::new(&world.base, Some(("authorization", format!("Bearer {value}")))),
            _ => Client::new(&world.base, Some(("cookie", format!("quarterdeck_session={value}")))),
        };
        // An answer that anybody gets proves nothing.
        client.get(if number < 4 { "/api" } else { "/api/v2/tasks" }).await;
    }

    let again = Client::new(&world.base, Some(("authorization", "Bearer made-up-0".to_owned())));
    refused(again.get("/api").await);
    refused(world.nobody().get("/api").await);
}

#[actix_web::test]
async fn signing_in_and_webhooks_have_budgets_of_their_own() {
    let world = World::with_config(|config| {
        config.limits.sign_ins = 3;
        config.limits.webhooks = 2;
    })
    .await;
    let (nobody, owner) = (world.nobody(), world.owner().await);

    for path in ["/sign-in", "/setup/wrong", "/api/auth/callback?code=x"] {
        assert_ne!(nobody.get(path).await.status, 429, "{path}");
    }
    refused(nobody.get("/sign-in").await);
    // Whoever is signed in cannot try more codes than others.
    refused(owner.get("/api/auth/callback?code=x").await);
    for _ in 0..2 {
        let sent = nobody.post_json("/api/v2/webhooks/github", &serde_json::json!({})).await;
        assert_eq!(sent.status, 404, "there is no such route yet");
    }
    refused(nobody.post_json("/api/v2/webhooks/github", &serde_json::json!({})).await);
    nobody.get("/api").await.expect(200);
    owner.get("/acme").await.expect(200);
}

async fn from(world: &World, address: &str) -> Answer {
    let request = world.nobody().request(Method::GET, "/api");
    Answer::of(request.header("x-forwarded-for", address)).await
}

#[actix_web::test]
async fn an_address_is_believed_of_a_trusted_proxy_alone() {
    let open = World::with_config(|config| config.limits.address_requests = 2).await;
    from(&open, "203.0.113.1").await.expect(200);
    from(&open, "203.0.113.2").await.expect(200);
    refused(from(&open, "203.0.113.3").await);

    let behind = World::with_config(|config| {
        config.limits.address_requests = 2;
        config.server.trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()];
    })
    .await;
    for _ in 0..2 {
        from(&behind, "203.0.113.1").await.expect(200);
    }
    refused(from(&behind, "198.51.100.1, 203.0.113.1").await);
    from(&behind, "203.0.113.2").await.expect(200);
    from(&behind, "2001:db8::1").await.expect(200);
    from(&behind, "[2001:db8::2]:443").await.expect(200);
    refused(from(&behind, "2001:db8::3").await);
}

#[actix_web::test]
async fn two_servers_share_one_budget() {
    let world = World::with_config(|config| {
        config.server.shared_limits = true;
        config.limits.address_requests = 4;
    })
    .await;
    let servers = [world.base.clone(), world.another.clone().unwrap()];
    let ask = |number: usize| {
        let client = Client::new(&servers[number % 2], None);
        async move { client.get("/api").await }
    };

    let answers = futures_util::future::join_all((0..8).map(ask)).await;
    let served = answers.iter().filter(|answer| answer.status == 200).count();
    assert_eq!(served, 4, "each of them alone would have served all eight");
    assert!((1..=16).contains(&refused(ask(0).await)));

    let mut owner = world.connect().await;
    let whole = "SELECT set_config('app.system', 'on', false)";
    sqlx::query(whole).execute(&mut owner).await.unwrap();
    let kept: Vec<Vec<u8>> =
        sqlx::query_scalar("SELECT key FROM rate_limits").fetch_all(&mut owner).await.unwrap();
    assert_eq!(kept.len(), 1);
    assert_eq!(kept[0].len(), 32, "a hash, no address");
    // A minute later.
    world.clock.advance(Duration::minutes(1));
    sqlx::query("UPDATE rate_limits SET whole_at = whole_at - interval '1 minute'")
        .execute(&mut owner)
        .await
        .unwrap();
    for number in 0..4 {
        ask(number).await.expect(200);
    }
    refused(ask(1).await);
}

#[actix_web::test]
async fn limits_go_on_without_the_table_they_are_shared_in() {
    let world = World::with_config(|config| {
        config.server.shared_limits = true;
        config.limits.address_requests = 2;
    })
    .await;
    let mut owner = world.connect().await;
    sqlx::query("DROP TABLE rate_limits").execute(&mut owner).await.unwrap();

    for _ in 0..2 {
        world.nobody().get("/api").await.expect(200);
    }
    refused(world.nobody().get("/api").await);
}

#[actix_web::test]
async fn whoever_guesses_waits_longer_each_time() {
    let world = World::with_config(|config| config.limits.failed_sign_ins = 2).await;
    let nobody = world.nobody();
    let guess = |secret: &str| {
        let (nobody, path) = (nobody.clone(), format!("/setup/{secret}"));
        async move { nobody.get(&path).await }
    };

    for secret in ["a", "b", "c"] {
        guess(secret).await.expect(410);
    }
    assert_eq!(refused(guess("d").await), 2, "a second, and never too early");
    refused(nobody.get("/sign-in").await);
    nobody.get("/api").await.expect(200);
    world.clock.advance(Duration::seconds(2));
    guess("e").await.expect(410);
    assert_eq!(refused(guess("f").await), 3, "two seconds");

    world.clock.advance(Duration::seconds(3));
    let good = format!("/setup/{}", world.setup_secret(None).await.expose_secret());
    nobody.get(&good).await.expect(200);
    let form = [("name", "Ada Lovelace"), ("login", "ada"), ("organization", "Acme Works")];
    nobody.post(&good, &form).await.expect(303);
    for secret in ["g", "h", "i"] {
        guess(secret).await.expect(410);
    }
    refused(guess("j").await);
}

#[actix_web::test]
async fn refusals_are_counted() {
    let handle = telemetry::start_metrics().unwrap();
    let world = World::with_config(|config| {
        config.limits.address_requests = 1;
        config.limits.failed_sign_ins = 1;
    })
    .await;
    let nobody = world.nobody();

    nobody.get("/api").await.expect(200);
    for _ in 0..2 {
        refused(nobody.get("/api").await);
    }
    for _ in 0..2 {
        nobody.get("/setup/wrong").await.expect(410);
    }
    refused(nobody.get("/setup/wrong").await);

    let text = handle.render();
    for line in [
        "quarterdeck_http_refusals_total{budget=\"address\"} 2",
        "quarterdeck_http_refusals_total{budget=\"failures\"} 1",
    ] {
        assert!(text.contains(line), "{line} is not in {text}");
    }
}
