//! Webhooks: signed, kept, given their effect once, tried again, shown.

use chrono::Duration;
use quarterdeck::{
    tenancy::{Role, SystemReason},
    webhooks::DeliveryWorker,
};
use ring::hmac;
use serde_json::{Value, json};

use crate::support::{Answer, Client, DatabaseLogin, World};

const PING: &str = r#"{"zen":"Design for failure.","hook_id":1}"#;

/// A hook of acme, as GitHub has it.
struct Hook<'a> {
    world: &'a World,
    path: String,
    secret: String,
}

/// What a delivery says of itself.
struct Told<'a> {
    guid: &'a str,
    event: &'a str,
    content_type: &'a str,
    signature: Option<String>,
}

impl<'a> Told<'a> {
    fn json(guid: &'a str, event: &'a str) -> Self {
        Self { guid, event, content_type: "application/json", signature: None }
    }
}

fn between<'a>(text: &'a str, start: &str, end: &str) -> &'a str {
    text.split_once(start).and_then(|(_, rest)| rest.split_once(end)).unwrap().0
}

fn sign(secret: &str, body: &[u8]) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    let tag = hmac::sign(&key, body);
    tag.as_ref().iter().fold("sha256=".to_owned(), |text, byte| format!("{text}{byte:02x}"))
}

impl<'a> Hook<'a> {
    async fn made(world: &'a World) -> Self {
        let page = world.owner().await.post("/acme/hooks", &[("name", "shop")]).await.expect(200);
        Self::on(world, &page)
    }

    fn on(world: &'a World, page: &Answer) -> Self {
        let url = between(&page.text, "aria-labelledby=\"url-label\">", "<");
        let secret = between(&page.text, "aria-labelledby=\"secret-label\">", "<").to_owned();
        Self { world, path: url.strip_prefix(&world.base).unwrap().to_owned(), secret }
    }

    async fn send(&self, told: &Told<'_>, body: impl Into<Vec<u8>>) -> Answer {
        let body = body.into();
        let signature = told.signature.clone().unwrap_or_else(|| sign(&self.secret, &body));
        let request = self
            .world
            .nobody()
            .request(reqwest::Method::POST, &self.path)
            .header("content-type", told.content_type)
            .header("x-github-event", told.event)
            .header("x-github-delivery", told.guid)
            .header("x-hub-signature-256", signature)
            .body(body);
        Answer::of(request).await
    }

    async fn tell(&self, guid: &str, event: &str, payload: &Value) {
        self.send(&Told::json(guid, event), payload.to_string()).await.expect(202);
    }
}

async fn work(world: &World) {
    let worker = DeliveryWorker::new(&world.db, &world.clock, &world.inbox);
    worker.run_until_idle().await.unwrap();
}

async fn listed(client: &Client, query: &str) -> Vec<Value> {
    let answer = client.get(&format!("/api/v2/webhooks/deliveries{query}")).await.expect(200);
    answer.json()["items"].as_array().unwrap().clone()
}

async fn states(world: &World) -> Vec<String> {
    let mut tx = world.db.system(SystemReason::TakeDelivery).await.unwrap();
    sqlx::query_scalar("SELECT guid || ' ' || state FROM deliveries ORDER BY id")
        .fetch_all(tx.connection())
        .await
        .unwrap()
}

#[actix_web::test]
async fn a_signed_delivery_is_kept_once_and_has_its_effect() {
    for login in [DatabaseLogin::MayMakeRoles, DatabaseLogin::Plain] {
        let world = World::with_login(login).await;
        let hook = Hook::made(&world).await;

        for _ in 0..3 {
            hook.send(&Told::json("one", "ping"), PING).await.expect(202);
        }
        assert_eq!(states(&world).await, ["one received"]);
        work(&world).await;

        assert_eq!(states(&world).await, ["one done"]);
        let page = world.owner().await.get("/acme/hooks").await.expect(200).text;
        assert!(page.contains("works"), "{page}");
    }
}

#[actix_web::test]
async fn what_is_not_githubs_is_refused_and_not_kept() {
    let world = World::new().await;
    let hook = Hook::made(&world).await;
    let other = Hook { world: &world, path: hook.path.clone(), secret: "another".to_owned() };

    other.send(&Told::json("one", "ping"), PING).await.expect(401);
    for signature in ["", "sha1=00", "sha256=zz", "sha256="] {
        let told = Told { signature: Some(signature.to_owned()), ..Told::json("one", "ping") };
        hook.send(&told, PING).await.expect(401);
    }
    let cut =
        Told { signature: Some(sign(&hook.secret, PING.as_bytes())), ..Told::json("one", "ping") };
    hook.send(&cut, &PING.as_bytes()[..20]).await.expect(401);
    hook.send(&Told { content_type: "text/plain", ..Told::json("one", "ping") }, PING)
        .await
        .expect(415);
    hook.send(&Told::json("", "ping"), PING).await.expect(400);
    hook.send(&Told::json("one", "no event"), PING).await.expect(400);
    let unknown = format!("/api/v2/webhooks/github/{}", world.acme);
    let nowhere = Hook { world: &world, path: unknown, secret: hook.secret.clone() };
    nowhere.send(&Told::json("one", "ping"), PING).await.expect(404);

    assert!(states(&world).await.is_empty());
    let refused = other.send(&Told::json("one", "ping"), "ghp_secret").await;
    assert!(!refused.text.contains("ghp_secret"), "{}", refused.text);
}

#[actix_web::test]
async fn a_form_is_taken_and_30_megabytes_are_not() {
    let world = World::new().await;
    let hook = Hook::made(&world).await;
    let form = format!(
        "payload={}",
        url::form_urlencoded::byte_serialize(PING.as_bytes()).collect::<String>()
    );
    let told =
        Told { content_type: "application/x-www-form-urlencoded", ..Told::json("form", "ping") };

    hook.send(&told, form).await.expect(202);
    hook.send(&told, "other=1").await.expect(400);
    hook.send(&Told::json("large", "push"), vec![b' '; 30 << 20]).await.expect(413);
    let large = format!("{{\"padding\":\"{}\"}}", "x".repeat(20 << 20));
    hook.send(&Told::json("fits", "unheard_of"), large).await.expect(202);
    work(&world).await;

    assert_eq!(states(&world).await, ["form done", "fits done"]);
}

#[actix_web::test]
async fn what_cannot_be_read_is_a_dead_letter_that_says_where_and_can_be_tried_again() {
    let world = World::new().await;
    let (hook, admin) = (Hook::made(&world).await, world.member(Role::Admin).await);
    hook.tell("odd", "push", &json!({"ref": "refs/heads/main", "before": 7})).await;
    hook.send(&Told::json("bytes", "issues"), &b"\xff\xfe{"[..]).await.expect(202);
    work(&world).await;

    assert_eq!(states(&world).await, ["odd dead", "bytes dead"]);
    let program = world.program(world.acme, Role::Admin).await;
    let dead = listed(&program, "?state=dead").await;
    assert_eq!(dead[1]["error_path"], "before", "{dead:?}");
    let page = admin.get("/acme/deliveries").await.expect(200).text;
    assert!(page.contains("failed for good"), "{page}");
    let id = dead[0]["id"].as_str().unwrap();
    let here = format!("/acme/deliveries/{id}");
    admin.get(&here).await.expect(200);
    admin.post(&format!("{here}/replay"), &[]).await.expect(303);
    admin.post(&format!("{here}/replay"), &[]).await.expect(409);
    assert_eq!(listed(&program, "?state=received").await.len(), 1);
    admin.post("/acme/deliveries/replay", &[]).await.expect(303);
    assert_eq!(listed(&program, "?state=received").await.len(), 2);
}

#[actix_web::test]
async fn unknown_events_and_repositories_that_are_not_connected_end_as_done_with_a_remark() {
    let world = World::new().await;
    let hook = Hook::made(&world).await;
    hook.tell("star", "star", &json!({"action": "created"})).await;
    hook.tell("push", "push", &push(7, "https://github.com/acme/unknown")).await;
    work(&world).await;

    let program = world.program(world.acme, Role::Admin).await;
    let done = listed(&program, "?state=done").await;
    assert!(done[0]["remark"].as_str().unwrap().contains("not connected"), "{done:?}");
    assert!(done[1]["remark"].as_str().unwrap().contains("star"), "{done:?}");
}

fn push(id: i64, page: &str) -> Value {
    json!({
        "ref": "refs/heads/main",
        "before": "0".repeat(40),
        "after": "1".repeat(40),
        "repository": {
            "id": id, "name": "shop", "full_name": "acme/shop", "private": false,
            "html_url": page, "default_branch": "main",
        },
    })
}

#[actix_web::test]
async fn a_push_has_its_repository_scanned_and_known_by_its_number() {
    let world = World::new().await;
    let hook = Hook::made(&world).await;
    world.request_url_scan(world.acme, "https://github.com/acme/shop.git").await;
    let mut tx = world.begin(world.acme).await;
    sqlx::query("UPDATE scans SET state = 'failed'").execute(tx.connection()).await.unwrap();
    tx.commit().await.unwrap();

    hook.tell("one", "push", &push(9_007_199_254_740_993, "https://github.com/acme/shop")).await;
    work(&world).await;

    let mut tx = world.begin(world.acme).await;
    let reasons: Vec<String> =
        sqlx::query_scalar("SELECT reason FROM scans WHERE state = 'queued'")
            .fetch_all(tx.connection())
            .await
            .unwrap();
    assert_eq!(reasons, ["push"]);
    let known: (i64, String) = sqlx::query_as("SELECT github_id, github_host FROM repositories")
        .fetch_one(tx.connection())
        .await
        .unwrap();
    assert_eq!(known, (9_007_199_254_740_993, "github.com".to_owned()));
}

fn issue(action: &str, state: &str, at: &str) -> Value {
    let mut told = push(7, "https://github.com/acme/shop");
    let told = told.as_object_mut().unwrap();
    json!({
        "action": action,
        "repository": told.remove("repository").unwrap(),
        "sender": {"id": 5, "login": "ada", "type": "User"},
        "issue": {
            "id": 70, "number": 12, "title": "Prices are wrong", "body": null, "state": state,
            "html_url": "https://github.com/acme/shop/issues/12", "user": null, "labels": [],
            "assignees": [], "milestone": null, "comments": 0, "locked": false,
            "created_at": "2026-01-01T10:00:00Z", "updated_at": at,
            "closed_at": (state == "closed").then_some(at),
        },
    })
}

#[actix_web::test]
async fn an_issue_is_a_task_by_its_newest_word_whatever_came_when_and_how_often() {
    let world = World::new().await;
    let hook = Hook::made(&world).await;
    world.request_url_scan(world.acme, "https://github.com/acme/shop.git").await;
    let closed = issue("closed", "closed", "2026-01-01T12:00:00Z");

    hook.tell("two", "issues", &closed).await;
    hook.tell("one", "issues", &issue("opened", "open", "2026-01-01T10:00:00Z")).await;
    hook.tell("three", "issues", &closed).await;
    work(&world).await;

    let program = world.program(world.acme, Role::Admin).await;
    let tasks = program.get("/api/v2/tasks?source=issue").await.expect(200).json();
    assert_eq!(tasks["items"].as_array().unwrap().len(), 1, "{tasks}");
    assert_eq!(tasks["items"][0]["state"], "done", "{tasks}");
    assert_eq!(tasks["items"][0]["number"], 12, "{tasks}");
    let told = listed(&program, "?state=done&event=issues").await;
    assert_eq!(told.len(), 3, "{told:?}");
    let remarks: Vec<_> = told.iter().map(|one| one["remark"].as_str().unwrap_or("")).collect();
    assert_eq!(remarks, ["", "Something newer is known already.", ""]);
}

#[actix_web::test]
async fn an_open_page_of_tasks_hears_of_an_issue() {
    let world = World::new().await;
    let hook = Hook::made(&world).await;
    world.request_url_scan(world.acme, "https://github.com/acme/shop.git").await;
    let member = world.member(Role::Member).await;
    let mut stream = member.events("/acme/events").await;

    hook.tell("one", "issues", &issue("opened", "open", "2026-01-01T10:00:00Z")).await;
    work(&world).await;

    while stream.next_event().await != "tasks" {}
    let page = member.get("/acme/tasks").await.expect(200).text;
    assert!(page.contains("Prices are wrong") && page.contains("tasks from:#live"), "{page}");
}

#[actix_web::test]
async fn both_secrets_count_for_a_day_after_a_rotation_and_none_after_a_revocation() {
    let world = World::new().await;
    let (before, owner) = (Hook::made(&world).await, world.owner().await);
    let id = before.path.rsplit('/').next().unwrap().to_owned();
    let page = owner.post(&format!("/acme/hooks/{id}/rotate"), &[]).await.expect(200);
    let after = Hook::on(&world, &page);
    // The same page sent again takes nothing away.
    owner.post(&format!("/acme/hooks/{id}/rotate"), &[]).await.expect(409);
    world.clock.advance(Duration::seconds(6));

    after.send(&Told::json("one", "ping"), PING).await.expect(202);
    before.send(&Told::json("two", "ping"), PING).await.expect(202);
    world.clock.advance(Duration::hours(25));
    before.send(&Told::json("three", "ping"), PING).await.expect(401);

    let owner = world.sign_in_again("owner").await;
    owner.post(&format!("/acme/hooks/{id}/revoke"), &[]).await.expect(303);
    world.clock.advance(Duration::seconds(6));
    after.send(&Told::json("four", "ping"), PING).await.expect(404);
    owner.post(&format!("/acme/hooks/{id}/rotate"), &[]).await.expect(404);
}

#[actix_web::test]
async fn a_second_rotation_takes_no_secret_away_that_github_may_still_have() {
    let world = World::new().await;
    let (first, owner) = (Hook::made(&world).await, world.owner().await);
    let id = first.path.rsplit('/').next().unwrap();
    let mut hooks = Vec::new();
    for _ in 0..2 {
        let page = owner.post(&format!("/acme/hooks/{id}/rotate"), &[]).await.expect(200);
        hooks.push(Hook::on(&world, &page));
        world.clock.advance(Duration::seconds(61));
    }

    for (guid, hook) in [("one", &first), ("two", &hooks[0]), ("three", &hooks[1])] {
        hook.send(&Told::json(guid, "ping"), PING).await.expect(202);
    }
    world.clock.advance(Duration::hours(24));
    first.send(&Told::json("four", "ping"), PING).await.expect(401);
    hooks[0].send(&Told::json("five", "ping"), PING).await.expect(401);
    hooks[1].send(&Told::json("six", "ping"), PING).await.expect(202);
}
