//! API tokens: made by people, shown once, narrow, used, ended.

use chrono::Duration;
use quarterdeck::{
    accounts::tokens,
    organizations::audit,
    tenancy::{Role, SystemReason},
};

use crate::support::{Answer, Client, DatabaseLogin, World};

/// What is between two words of a page.
fn between<'a>(text: &'a str, start: &str, end: &str) -> &'a str {
    text.split_once(start).and_then(|(_, rest)| rest.split_once(end)).unwrap().0
}

pub fn program(world: &World, secret: &str) -> Client {
    Client::new(&world.base, Some(("authorization", format!("Bearer {secret}"))))
}

fn wish<'a>(name: &'a str, scope: &'a str) -> [(&'static str, &'a str); 3] {
    [("name", name), ("scope", scope), ("days", "30")]
}

pub async fn made(person: &Client, name: &str, scope: &str) -> String {
    let page = person.post("/acme/tokens", &wish(name, scope)).await.expect(200);
    between(&page.text, "aria-label=\"Token\">", "<").to_owned()
}

async fn id_of(world: &World, name: &str) -> String {
    let mut tx = world.begin(world.acme).await;
    sqlx::query_scalar("SELECT id::text FROM api_tokens WHERE name = $1")
        .bind(name)
        .fetch_one(tx.connection())
        .await
        .unwrap()
}

async fn run(world: &World, sql: &'static str) {
    let mut tx = world.db.system(SystemReason::Login).await.unwrap();
    sqlx::query(sql).execute(tx.connection()).await.unwrap();
    tx.commit().await.unwrap();
}

async fn count(world: &World, action: &str) -> usize {
    let entries = audit::list(&mut world.begin(world.acme).await, 100).await.unwrap();
    entries.iter().filter(|entry| entry.action == action).count()
}

#[actix_web::test]
async fn a_person_makes_a_token_that_is_shown_once_and_stored_nowhere() {
    for login in [DatabaseLogin::MayMakeRoles, DatabaseLogin::Plain] {
        let world = World::with_login(login).await;
        let member = world.member(Role::Member).await;

        let page = member.post("/acme/tokens", &wish("Nightly report", "read")).await.expect(200);

        assert_eq!(page.header("cache-control"), "no-store");
        let secret = between(&page.text, "aria-label=\"Token\">", "<");
        assert!(secret.starts_with(tokens::PREFIX) && secret.len() > 40, "{secret}");
        let shown = program(&world, secret).get("/api/v2/token").await.expect(200).json();
        assert_eq!(
            (&shown["name"], &shown["scope"], &shown["login"], &shown["state"]),
            (&"Nightly report".into(), &"read".into(), &"member".into(), &"active".into())
        );
        assert!(shown["expires_at"].as_str().unwrap().starts_with("2026-03-31T09:00:00"));

        let list = member.get("/acme/tokens").await.expect(200).text;
        assert!(list.contains("Nightly report") && !list.contains(secret));
        assert!(list.contains(&format!("…{}", secret.get(secret.len() - 4..).unwrap())), "{list}");
        let mut tx = world.begin(world.acme).await;
        let rows: Vec<String> = sqlx::query_scalar(
            "SELECT api_tokens::text FROM api_tokens UNION ALL SELECT audit_log::text FROM audit_log",
        )
        .fetch_all(tx.connection())
        .await
        .unwrap();
        assert!(rows.len() > 2 && rows.iter().all(|row| !row.contains(secret)), "{rows:?}");
    }
}

#[actix_web::test]
async fn what_a_token_cannot_be_is_said_beside_the_field_and_what_was_typed_stays() {
    let world = World::new().await;
    let member = world.member(Role::Member).await;
    for (form, words) in [
        ([("name", " "), ("scope", "read"), ("days", "7")], "1 to 100 characters"),
        ([("name", "mine"), ("scope", "root"), ("days", "7")], "Choose one of the scopes"),
        ([("name", "mine"), ("scope", "read"), ("days", "never")], "Choose one of the times"),
    ] {
        let refused = member.post("/acme/tokens", &form).await.expect(422);

        assert!(refused.text.contains(words), "{words}: {}", refused.text);
        assert!(refused.text.contains(&format!("value=\"{}\"", form[0].1)), "{words}");
    }
    assert_eq!(count(&world, "token.created").await, 0);
}

#[actix_web::test]
async fn a_token_may_no_more_than_its_scope_nor_than_its_person() {
    let world = World::new().await;
    let (member, admin) = (world.member(Role::Member).await, world.member(Role::Admin).await);
    let reader = program(&world, &made(&member, "reader", "read").await);
    let wide = program(&world, &made(&member, "wide", "admin").await);
    let of_admin = program(&world, &made(&admin, "of admin", "admin").await);
    let narrow = program(&world, &made(&admin, "narrow", "write").await);

    reader.get("/api/v2/tasks").await.expect(200);
    let refused = reader.delete("/api/v2/token").await.expect(403);
    assert!(refused.text.contains("scope write"), "{}", refused.text);
    wide.get("/api/v2/audit").await.expect(403);
    narrow.get("/api/v2/audit").await.expect(403);
    of_admin.get("/api/v2/audit").await.expect(200);

    run(&world, "UPDATE memberships SET role = 'member' WHERE login = 'admin'").await;
    of_admin.get("/api/v2/audit").await.expect(403);
    run(&world, "UPDATE memberships SET role = 'owner' WHERE login = 'member'").await;
    wide.get("/api/v2/audit").await.expect(403);
}

#[actix_web::test]
async fn no_token_makes_another_one_or_revokes_any_but_itself() {
    let world = World::new().await;
    let owner = world.owner().await;
    let secret = made(&owner, "mighty", "admin").await;
    made(&owner, "other", "read").await;
    let (mighty, other) = (program(&world, &secret), id_of(&world, "other").await);

    let refused = mighty.post("/acme/tokens", &wish("more", "read")).await.expect(403);
    assert!(refused.text.contains("No token may do this"), "{}", refused.text);
    mighty.post(&format!("/acme/tokens/{other}/revoke"), &[]).await.expect(404);
    mighty.post(&format!("/acme/tokens/everybody/{other}/revoke"), &[]).await.expect(403);
    assert_eq!(count(&world, "token.created").await, 2);

    mighty.delete("/api/v2/token").await.expect(204);
    mighty.get("/api/v2/token").await.expect(401);
    assert_eq!(count(&world, "token.revoked").await, 1);
}

#[actix_web::test]
async fn a_token_that_ended_says_how() {
    let world = World::new().await;
    let member = world.member(Role::Member).await;
    let (old, gone) = (made(&member, "old", "read").await, made(&member, "gone", "read").await);
    let id = id_of(&world, "gone").await;
    let problem = async |secret: &str| {
        let answer = program(&world, secret).get("/api/v2/tasks").await.expect(401);
        assert_eq!(answer.header("www-authenticate"), "Bearer");
        answer.json()["detail"].as_str().unwrap().to_owned()
    };

    member.post(&format!("/acme/tokens/{id}/revoke"), &[]).await.expect(303);
    assert!(problem(&gone).await.contains("was revoked"));
    run(&world, "UPDATE memberships SET deactivated_at = now() WHERE login = 'member'").await;
    assert!(problem(&old).await.contains("not let into"));
    run(&world, "UPDATE memberships SET deactivated_at = NULL").await;
    world.clock.advance(Duration::days(30));
    assert!(problem(&old).await.contains("has expired"));
    assert!(problem("qdk_never").await.contains("Send an API token"));

    let back = world.member(Role::Member).await;
    let list = back.get("/acme/tokens").await.expect(200).text;
    assert!(list.contains("expired") && list.contains("revoked"), "{list}");
    assert!(!list.contains("/revoke"), "there is nothing left to revoke");
}

#[actix_web::test]
async fn administrators_see_and_revoke_everybodys_and_others_only_their_own() {
    let world = World::new().await;
    let (admin, member) = (world.member(Role::Admin).await, world.member(Role::Member).await);
    let manager = world.member(Role::Manager).await;
    let secret = made(&member, "theirs", "write").await;
    let id = id_of(&world, "theirs").await;

    manager.get("/acme/tokens/everybody").await.expect(403);
    assert!(!manager.get("/acme/tokens").await.expect(200).text.contains("theirs"));
    manager.post(&format!("/acme/tokens/{id}/revoke"), &[]).await.expect(404);
    manager.post(&format!("/acme/tokens/everybody/{id}/revoke"), &[]).await.expect(403);
    program(&world, &secret).get("/api/v2/tasks").await.expect(200);

    for (query, is_there) in
        [("", true), ("?q=MEMBER", true), ("?q=nobody", false), ("?state=ended", false)]
    {
        let page = admin.get(&format!("/acme/tokens/everybody{query}")).await.expect(200).text;
        assert_eq!(page.contains("theirs"), is_there, "{query}");
    }
    admin.post(&format!("/acme/tokens/everybody/{id}/revoke"), &[]).await.expect(303);

    program(&world, &secret).get("/api/v2/tasks").await.expect(401);
    let entry = audit::list(&mut world.begin(world.acme).await, 1).await.unwrap().remove(0);
    assert_eq!((entry.action.as_str(), entry.actor_name.as_str()), ("token.revoked", "The admin"));
    assert_eq!(
        (&entry.detail["name"], &entry.detail["person"]),
        (&"theirs".into(), &"member".into())
    );
}

#[actix_web::test]
async fn the_lists_go_on_and_the_api_has_everybodys() {
    let world = World::new().await;
    let member = world.member(Role::Member).await;
    for number in 0..3 {
        made(&member, &format!("token {number}"), "read").await;
    }
    let program = world.program(world.acme, Role::Admin).await;

    let first = program.get("/api/v2/tokens?limit=3").await.expect(200).json();
    let next = first["next"].as_str().unwrap();
    let rest = program.get(&format!("/api/v2/tokens?cursor={next}")).await.expect(200).json();

    let names = |page: &serde_json::Value| -> Vec<String> {
        let items = page["items"].as_array().unwrap();
        items.iter().map(|item| item["name"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(names(&first), ["test", "token 2", "token 1"]);
    assert_eq!(names(&rest), ["token 0"]);
    let own = member.get("/acme/tokens?limit=2").await.expect(200).text;
    assert!(own.contains("token 2") && !own.contains("token 0") && own.contains("Next page"));
    assert_eq!(
        program.get("/api/v2/tokens?active=false").await.json()["items"],
        serde_json::json!([])
    );
    world.program(world.acme, Role::Manager).await.get("/api/v2/tokens").await.expect(403);
}

#[actix_web::test]
async fn making_a_token_asks_for_the_second_factor_again() {
    let world = World::new().await;
    let member = world.member(Role::Member).await;
    member.get("/acme").await.expect(200);
    run(&world, "UPDATE accounts SET factor_since = '2026-01-01' WHERE login = 'member'").await;
    run(&world, "UPDATE sessions SET confirmed_at = '2026-03-01 08:45Z'").await;

    let asked = member.post("/acme/tokens", &wish("mine", "read")).await.expect(303);
    assert!(asked.header("location").starts_with("/account/confirm"));
    run(&world, "UPDATE sessions SET confirmed_at = '2026-03-01 08:55Z'").await;

    made(&member, "mine", "read").await;
}

async fn used_from(program: &Client, address: &str) {
    let request = program.request(reqwest::Method::GET, "/api/v2/tasks");
    Answer::of(request.header("x-forwarded-for", address)).await.expect(200);
}

#[actix_web::test]
async fn use_from_another_address_is_written_at_once_and_else_once_an_hour() {
    let world = World::with_config(|config| {
        config.server.trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()];
    })
    .await;
    let secret = made(&world.member(Role::Member).await, "wanderer", "read").await;
    let wanderer = program(&world, &secret);

    for address in ["192.0.2.1", "192.0.2.1", "192.0.2.2", "192.0.2.1", "192.0.2.2"] {
        used_from(&wanderer, address).await;
    }
    let entries = audit::list(&mut world.begin(world.acme).await, 2).await.unwrap();
    let addresses: Vec<_> = entries.iter().map(|entry| entry.address.as_str()).collect();
    assert_eq!(addresses, ["192.0.2.2", "192.0.2.1"]);
    assert_eq!(count(&world, "token.used").await, 2);

    world.clock.advance(Duration::minutes(61));
    used_from(&wanderer, "192.0.2.2").await;
    assert_eq!(count(&world, "token.used").await, 3);
}

#[actix_web::test]
async fn its_last_use_is_written_every_five_minutes_at_most() {
    let world = World::new().await;
    let member = world.member(Role::Member).await;
    let program = program(&world, &made(&member, "busy", "read").await);
    let used = async || {
        let shown = program.get("/api/v2/token").await.expect(200).json();
        shown["last_used_at"].as_str().unwrap().get(..16).unwrap().to_owned()
    };

    assert_eq!(used().await, "2026-03-01T09:00");
    world.clock.advance(Duration::minutes(4));
    assert_eq!(used().await, "2026-03-01T09:00");
    world.clock.advance(Duration::minutes(2));
    assert_eq!(used().await, "2026-03-01T09:06");
}

#[actix_web::test]
async fn a_token_that_ended_is_forgotten_after_ninety_days() {
    let world = World::new().await;
    let member = world.member(Role::Member).await;
    made(&member, "stays", "read").await;
    made(&member, "goes", "read").await;
    let goes = format!("/acme/tokens/{}/revoke", id_of(&world, "goes").await);
    member.post(&goes, &[]).await.expect(303);
    let forget = async || {
        let mut tx = world.db.system(SystemReason::Retention).await.unwrap();
        let gone = tokens::forget_ended(&mut tx, world.clock.now()).await.unwrap();
        tx.commit().await.unwrap();
        gone
    };

    world.clock.advance(Duration::days(90));
    assert_eq!(forget().await, 0);
    world.clock.advance(Duration::days(1));
    assert_eq!(forget().await, 1);
    id_of(&world, "stays").await;
}
