//! The audit log: what is written, who may read it, and that it stays as it was written.

mod chain;
mod entries;
mod reading;

use std::collections::BTreeSet;

use quarterdeck::{
    organizations::audit::{self, Entry, Event, Verified},
    tenancy::{Role, SystemReason, TenantId},
};
use secrecy::ExposeSecret;

use crate::support::{
    Answer, World,
    routes::{Things, entries, fill, method},
};

async fn newest(world: &World, tenant: TenantId, limit: i64) -> Vec<Entry> {
    audit::list(&mut world.begin(tenant).await, limit).await.unwrap()
}

async fn actions(world: &World, tenant: TenantId) -> Vec<String> {
    newest(world, tenant, 1_000).await.into_iter().map(|entry| entry.action).collect()
}

async fn verified(world: &World, tenant: TenantId) -> Verified {
    audit::verify(&mut world.begin(tenant).await).await.unwrap()
}

/// Adds so many entries, each in a transaction of its own.
async fn add(world: &World, tenant: TenantId, count: usize) {
    for number in 0..count {
        let mut tx = world.begin(tenant).await;
        let event = Event::new("scan.requested", "repository", number, world.clock.now())
            .detail(serde_json::json!({"ü": [number, 1.50, null], "b": "x"}));
        audit::record(&mut tx, event).await.unwrap();
        tx.commit().await.unwrap();
    }
}

/// Routes that change nothing of a kind that is written down: method, path, and why.
const SILENT: [(&str, &str, &str); 21] = [
    ("POST", "/api/v2/webhooks/github", "what GitHub tells stands in the inbox"),
    ("POST", "/{organization}/github/paste", "asks GitHub: see the tests of connecting"),
    ("POST", "/{organization}/github/oauth", "asks GitHub: see the tests of connecting"),
    ("POST", "/{organization}/github/token", "asks GitHub: see the tests of connecting"),
    (
        "POST",
        "/{organization}/github/{connection}/check",
        "asks GitHub: see the tests of connecting",
    ),
    ("POST", "/{organization}/github/{connection}/repositories", "asks GitHub: see the same"),
    (
        "POST",
        "/{organization}/repositories/disconnected/{disconnected}/undo",
        "needs one that is disconnected: see the same",
    ),
    ("POST", "/api/v2/webhooks/github/{hook}", "what GitHub tells stands in the inbox"),
    (
        "POST",
        "/api/v2/repositories/{repository}/sync/import",
        "needs a GitHub: see the tests of sync",
    ),
    (
        "POST",
        "/api/v2/repositories/{repository}/sync/resume",
        "needs a GitHub: see the tests of sync",
    ),
    (
        "POST",
        "/api/v2/repositories/{repository}/sync/cancel",
        "needs a GitHub: see the tests of sync",
    ),
    ("POST", "/{organization}/repositories/{repository}/sync/import", "see the tests of sync"),
    ("POST", "/{organization}/repositories/{repository}/sync/resume", "see the tests of sync"),
    ("POST", "/{organization}/repositories/{repository}/sync/cancel", "see the tests of sync"),
    ("POST", "/account/identities/remove", "needs a provider: see the tests of identities"),
    ("POST", "/account/identities/{provider}/add", "needs a provider: see the tests of identities"),
    ("POST", "/{organization}/settings/sign-in", "asks GitHub: see the tests of sign-in settings"),
    ("POST", "/{organization}/settings/sign-in/remove", "see the tests of sign-in settings"),
    ("POST", "/account/factor/confirm", "needs a code: see the test of a factor's life"),
    ("POST", "/account/factor/remove", "needs a code: see the test of a factor's life"),
    ("POST", "/account/confirm", "needs a code: see the test of a factor's life"),
];

/// What a page's form is sent so that it succeeds; `thing` stands for the repository's name, and
/// `place` for the path of one that can be added.
const FORMS: [(&str, &[(&str, &str)]); 26] = [
    ("/{organization}/github/apps", &[("web_url", "https://github.com"), ("owner", "acme")]),
    ("/{organization}/hooks", &[("name", "shop")]),
    ("/{organization}/members/{account}", &[("role", "manager")]),
    ("/{organization}/members/{account}/state", &[("active", "no")]),
    ("/{organization}/members/{account}/removal", &[("login", "person-acme")]),
    ("/{organization}/invitations", &[("role", "viewer"), ("days", "7")]),
    ("/{organization}/organization/newcomers", &[("default_role", "viewer")]),
    ("/{organization}/repositories/{repository}/access", &[("restricted", "yes")]),
    ("/{organization}/teams", &[("name", "Core")]),
    ("/{organization}/teams/{team}/members", &[("login", "owner")]),
    ("/{organization}/teams/{team}/members/{account}", &[("what", "lead")]),
    ("/{organization}/organization", &[("name", "Other")]),
    ("/{organization}/teams/{team}", &[("name", "Other")]),
    ("/{organization}/tokens", &[("name", "report"), ("scope", "read"), ("days", "7")]),
    ("/account/name", &[("name", "Another Name")]),
    ("/account/deletion", &[("login", "member")]),
    ("/{organization}/leave", &[("slug", "acme")]),
    ("/{organization}/audit/retention", &[("days", "90")]),
    ("/{organization}/repositories", &[("source", "place")]),
    ("/{organization}/repositories/{repository}/removal", &[("name", "thing")]),
    (
        "/{organization}/repositories/{repository}/settings",
        &[("name", "other-name"), ("source", "place")],
    ),
    ("/setup/{secret}", &[("name", "Ada"), ("login", "ada"), ("organization", "Acme")]),
    ("/invitations/{secret}", &[]),
    ("/sign-out", &[]),
    ("/api/auth/logout", &[]),
    ("/account/factor/begin", &[]),
];

/// Forms that are buttons alone: the last words of their addresses.
const BUTTONS: [&str; 12] = [
    "/github/{connection}/removal",
    "/hooks/{hook}/rotate",
    "/replay",
    "/end-others",
    "/end",
    "/organization/factor",
    "/revoke",
    "/renew",
    "/keys/rotate",
    "/teams/{team}/removal",
    "/scans",
    "/cancel",
];

/// What a route is sent so that it succeeds, as JSON or as a form.
fn body(
    method: &str,
    path: &str,
    things: &Things,
    place: &str,
) -> Result<serde_json::Value, Vec<(&'static str, String)>> {
    if path.starts_with("/api/v2/") {
        return Ok(json_body(method, path, place));
    }
    if let Some((_, fields)) = FORMS.iter().find(|(known, _)| *known == path) {
        let value = |value: &str| match value {
            "place" => place.to_owned(),
            "thing" => things.repository_name.clone(),
            other => other.to_owned(),
        };
        return Err(fields.iter().map(|(name, text)| (*name, value(text))).collect());
    }
    assert!(
        BUTTONS.iter().any(|end| path.ends_with(end)),
        "no case for {method} {path}: add one to tests/it/audit.rs"
    );
    Err(Vec::new())
}

fn json_body(method: &str, path: &str, place: &str) -> serde_json::Value {
    match (method, path) {
        ("POST", "/api/v2/repositories") => serde_json::json!({"source": place}),
        ("PATCH", "/api/v2/repositories/{repository}") => {
            serde_json::json!({"name": "other-name"})
        }
        ("PATCH", "/api/v2/members/{account}") => serde_json::json!({"role": "viewer"}),
        ("DELETE", _)
        | (
            "POST",
            "/api/v2/repositories/{repository}/scans"
            | "/api/v2/scans/{scan}/cancel"
            | "/api/v2/webhooks/deliveries/{delivery}/replay",
        ) => serde_json::json!({}),
        _ => panic!("no case for {method} {path}: add one to tests/it/audit.rs"),
    }
}

#[actix_web::test]
async fn every_route_that_changes_something_writes_it_down() {
    for entry in entries().iter().filter(|entry| entry.method != "GET") {
        let called = format!("{} {}", entry.method, entry.path);
        if SILENT.iter().any(|(method, path, _)| called == format!("{method} {path}")) {
            continue;
        }
        let world = World::new().await;
        let mut things = world.things(world.acme, "thing").await;
        let other = world.repository("new-place");
        other.commit("First", &[("a.rs", "fn main() {}\n")]);
        if entry.path.ends_with("/cancel") {
            let again = world.repository("waits");
            again.commit("First", &[("a.rs", "fn main() {}\n")]);
            things.scan = world.request_scan(world.acme, &again).await;
        }
        let program = world.program(world.acme, Role::Owner).await;
        program.get("/api/v2/tasks").await.expect(200);
        let mut path = fill(entry.path, "acme", &things);
        if entry.path == "/setup/{secret}" {
            path = format!("/setup/{}", world.setup_secret(Some(world.acme)).await.expose_secret());
        }
        let mut person = world.owner().await;
        // The last owner may not go.
        if matches!(entry.path, "/account/deletion" | "/{organization}/leave") {
            person = world.member(Role::Member).await;
        }
        if entry.path == "/invitations/{secret}" {
            let invited = person.post("/acme/invitations", &[("role", "viewer")]).await;
            path = crate::invitations::link(&invited);
            person = world.stranger().await;
        }
        if entry.path.contains("{session}") {
            let id: uuid::Uuid = sqlx::query_scalar("SELECT s.id FROM sessions s JOIN accounts a ON a.id = s.account_id WHERE a.login = 'owner'")
                .fetch_one(world.db.system(SystemReason::Login).await.unwrap().connection())
                .await
                .unwrap();
            path = path.replace(&uuid::Uuid::nil().to_string(), &id.to_string());
        }
        if entry.path.contains("{token}") {
            let form = [("name", "mine"), ("scope", "read"), ("days", "7")];
            person.post("/acme/tokens", &form).await.expect(200);
            let mut tx = world.begin(world.acme).await;
            let id: uuid::Uuid =
                sqlx::query_scalar("SELECT id FROM api_tokens WHERE name = 'mine'")
                    .fetch_one(tx.connection())
                    .await
                    .unwrap();
            path = path.replace(&uuid::Uuid::nil().to_string(), &id.to_string());
        }
        let before = actions(&world, world.acme).await.len();

        let answer = match body(entry.method.as_str(), entry.path, &things, other.path()) {
            Ok(json) => {
                let request = program
                    .request(method(entry), &path)
                    .header("content-type", "application/json");
                Answer::of(request.body(json.to_string())).await
            }
            Err(form) => {
                let form: Vec<_> =
                    form.iter().map(|(name, value)| (*name, value.as_str())).collect();
                person.post(&path, &form).await
            }
        };

        assert!(
            answer.status.is_success() || answer.status == 303,
            "{called}: {} {}",
            answer.status,
            answer.text
        );
        let after = actions(&world, world.acme).await;
        assert!(after.len() > before, "{called} writes nothing down");
        for action in &after {
            assert_ne!(audit::in_words(action), action, "{action} has no words");
        }
        assert_eq!(verified(&world, world.acme).await.broken, None, "{called}");
    }
}

/// The actions that the sources name where an event is made.
fn written_actions() -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut directories = vec![std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src")];
    while let Some(directory) = directories.pop() {
        for entry in std::fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                directories.push(path);
                continue;
            }
            let text = std::fs::read_to_string(&path).unwrap_or_default();
            for start in
                ["Event::new(", "event(", "record(tx, ", "&person, ", "person, ", "signed_in, "]
            {
                for rest in text.split(start).skip(1) {
                    let Some(rest) = rest.trim_start().strip_prefix('"') else { continue };
                    let name = rest.split('"').next().unwrap_or_default();
                    let is_action = name.split('.').count() == 2
                        && name.chars().all(|letter| {
                            letter.is_ascii_lowercase() || matches!(letter, '.' | '_')
                        });
                    if is_action {
                        found.insert(name.to_owned());
                    }
                }
            }
        }
    }
    found
}

#[test]
fn every_action_has_words_and_all_words_an_action() {
    let known: BTreeSet<String> =
        audit::ACTIONS.iter().map(|(action, _)| (*action).to_owned()).collect();

    assert_eq!(written_actions(), known);
}
