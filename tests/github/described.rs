//! Everything that goes over the wire, compared with what GitHub publishes about its API.

use std::{
    io::Write,
    path::Path,
    process::{Command, Stdio},
};

use chrono::Duration;
use github_world::World;
use quarterdeck::github::{
    ApiError, Cursor, FullName,
    api::{HookPlace, NewHook, Newest},
};
use serde_json::{Value, json};

use crate::{
    receiver::Receiver,
    support::{Scene, login, query, secret},
};

/// What is wrong with the requests, the answers and the webhooks of a world that keeps bodies.
pub(crate) fn offences(world: &World) -> Vec<String> {
    let requests = world.requests();
    let exchanges = requests.iter().filter(|one| !one.path.starts_with("/login/")).map(|one| {
        json!({
            "method": one.method, "path": one.path, "query": one.query, "body": one.body,
            "status": one.status, "answer": one.answer,
        })
    });
    let deliveries = world.deliveries();
    let webhooks = deliveries.iter().map(|one| json!({"event": one.event, "payload": one.payload}));
    validate(&exchanges.chain(webhooks).collect())
}

fn validate(exchanges: &Value) -> Vec<String> {
    let home = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/openapi");
    let mut node = Command::new("node")
        .arg("validate.mjs")
        .current_dir(home)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("Node is installed");
    node.stdin.take().unwrap().write_all(exchanges.to_string().as_bytes()).unwrap();
    let output = node.wait_with_output().unwrap();
    serde_json::from_slice(&output.stdout)
        .expect("`npm ci` has run in tests/openapi, as scripts/test does")
}

fn shop() -> FullName {
    FullName::parse("acme/shop").unwrap()
}

#[test]
fn what_is_not_described_is_found() {
    let issues = |query: &str| {
        json!({"method": "GET", "path": "/repos/acme/shop/issues", "query": query, "body": "",
            "status": 200, "answer": "[]"})
    };
    let hook = |body: Value| {
        json!({"method": "POST", "path": "/repositories/7/hooks", "query": "", "body": body.to_string(),
            "status": 422, "answer": "{}"})
    };
    let wrong = json!([
        issues("state=all&per_page=100"),
        issues("colour=red"),
        issues("state=odd"),
        {"method": "GET", "path": "/repos/acme/shop/isues", "query": "", "body": "", "status": 404, "answer": "{}"},
        {"method": "DELETE", "path": "/user", "query": "", "body": "", "status": 404, "answer": "{}"},
        {"method": "GET", "path": "/user", "query": "", "body": "", "status": 200, "answer": "{}"},
        hook(json!({"name": "web", "config": {"url": "https://a.example"}})),
        hook(json!({"name": "web", "config": {"uri": "https://a.example"}})),
        hook(json!({"name": "web", "events": "push"})),
        {"event": "star", "payload": {"action": "created"}},
    ]);

    let found = validate(&wrong);

    let has = |words: &str| found.iter().any(|one| one.contains(words));
    assert!(has("colour=red 200: unknown parameter colour"), "{found:#?}");
    assert!(has("state=odd 200: parameter state: . must be equal to one of"), "{found:#?}");
    assert!(has("isues? 404: not described") && has("DELETE /user? 404: not described"));
    assert!(has("GET /user? 200: answer: . must have required property"), "{found:#?}");
    assert!(has("body: /config must NOT have additional properties"), "{found:#?}");
    assert!(has("body: /events must be array") && has("star created: . must have required"));
    assert!(!has("per_page"), "{found:#?}");
}

#[tokio::test]
async fn people_and_apps_are_asked_about_as_described() {
    let scene = Scene::new().await;
    scene.world.keep_bodies();
    let (client, token) = (scene.client(), scene.token("ada"));

    client.user(&token).await.unwrap();
    client.verified_emails(&token).await.unwrap();
    client.membership_as_person(&token, &login("acme")).await.unwrap();
    let (app, _) = scene.installed(&[("members", "read")]);
    app.describe().await.unwrap();
    app.membership(&login("acme"), &login("ben")).await.unwrap();
    let budget = quarterdeck::github::Budget::new(quarterdeck::platform::clock::Clock::system());
    let own = app.access(&budget, quarterdeck::github::Urgency::Person).unwrap();
    let installations = client.by(&own).page(&Cursor::installations()).await.unwrap().items;
    client.by(&own).installation(installations[0].id).await.unwrap();
    client.by(&own).app().await.unwrap();
    assert!(client.by(&own).clock().await.unwrap().is_some());
    scene.oauth().revoke(&token).await.unwrap();
    let manifest = json!({"name": "Deck", "url": "https://deck.example", "redirect_url": "https://deck.example/"});
    let back = scene.world.agree_to_manifest("acme", &manifest, "s");
    client.convert_manifest(&secret(&query(&back, "code").unwrap())).await.unwrap();

    assert_eq!(offences(&scene.world), Vec::<String>::new());
}

#[tokio::test]
async fn hooks_and_deliveries_are_as_described() {
    let scene = Scene::new().await;
    scene.world.keep_bodies();
    let repository = scene.world.repository("acme/shop").private();
    let (receiver, client) = (Receiver::start(), scene.client());
    let access = scene.access("ada", &["repo"]);
    let api = client.by(&access);
    let new = NewHook { url: &receiver.url, secret: &secret("s"), events: &["*"] };

    let hook = api.create_hook(&shop(), &new).await.unwrap().id;
    assert_eq!(api.page(&Cursor::hooks(&shop())).await.unwrap().items[0].id, hook);
    api.person().await.unwrap();
    api.hook(&shop(), hook).await.unwrap();
    api.update_hook(&shop(), hook, &new).await.unwrap();
    api.ping_hook(&shop(), hook).await.unwrap();
    repository.rename("store");
    repository.archive(true);
    repository.archive(false);
    repository.publicize();
    repository.privatize();
    scene.world.delivered().await;
    let store = FullName::parse("acme/store").unwrap();
    for place in [HookPlace::Repository(store.clone(), hook), HookPlace::App] {
        let (app, app_id) = scene.app();
        let access = match &place {
            HookPlace::App => scene.app_access(&app),
            HookPlace::Repository(..) => access.clone(),
        };
        scene.world.app_hook(app_id, receiver.url.as_str(), "s", &[]);
        scene.world.delivered().await;
        let api = client.by(&access);
        if place == HookPlace::App {
            let url = api.app_hook().await.unwrap().url.unwrap().parse().unwrap();
            api.update_app_hook(&url, &secret("s")).await.unwrap();
        }
        let log = api.page(&Cursor::deliveries(&place)).await.unwrap().items;
        api.delivery(&place, log[0].id).await.unwrap();
        api.redeliver(&place, log[0].id).await.unwrap();
    }
    api.repository(&shop()).await.unwrap();
    api.delete_hook(&store, hook).await.unwrap();
    scene.world.delivered().await;

    assert_eq!(offences(&scene.world), Vec::<String>::new());
}

#[tokio::test]
async fn issues_are_as_described() {
    let scene = Scene::new().await;
    scene.world.keep_bodies();
    let repository = scene.world.repository("acme/shop");
    let (receiver, client) = (Receiver::start(), scene.client());
    let access = scene.access("ada", &["repo"]);
    let api = client.by(&access);
    let new = NewHook { url: &receiver.url, secret: &secret("s"), events: &["*"] };
    api.create_hook(&shop(), &new).await.unwrap();
    repository.generate_issues(150, 1);
    repository.label("bug", "d73a4a");
    repository.milestone("1.0");
    let number = repository.open_issue("ada", "The till jams");
    repository.label_issue(number, "bug");
    repository.assign_issue(number, "ben");
    let comment = repository.comment(number, "ben", "Again?");
    repository.edit_comment(comment, "Again!");
    repository.edit_issue(number, json!({"title": "The till is stuck"}));
    repository.close_issue(number);
    repository.reopen_issue(number);
    scene.world.delivered().await;

    let since = Some(scene.world.now() - Duration::days(500));
    for newest in [Newest::Changed, Newest::Made] {
        let first = api.page(&Cursor::issues(&shop(), newest, since)).await.unwrap();
        api.page(&first.next.unwrap()).await.unwrap();
        let etag = first.etag.unwrap();
        api.page_unless(&Cursor::issues(&shop(), newest, since), &etag).await.unwrap();
        api.page(&Cursor::comments(&shop(), newest, since)).await.unwrap();
    }
    api.page(&Cursor::open_issues(&shop())).await.unwrap();
    api.page(&Cursor::comments_of(&shop(), 151)).await.unwrap();
    api.page(&Cursor::labels(&shop())).await.unwrap();
    api.page(&Cursor::milestones(&shop())).await.unwrap();
    api.issue(&shop(), 151).await.unwrap();
    api.comment(&shop(), i64::try_from(comment).unwrap()).await.unwrap();
    assert_eq!(api.issue(&shop(), 999).await, Err(ApiError::NotFound));
    repository.delete_comment(comment);
    repository.delete_issue(number);
    scene.world.delivered().await;

    assert_eq!(offences(&scene.world), Vec::<String>::new());
}

#[tokio::test]
async fn single_things_are_asked_for_as_described() {
    let scene = Scene::new().await;
    scene.world.keep_bodies();
    let repository = scene.world.repository("acme/shop");
    let client = scene.client();
    let access = scene.access("ada", &["repo"]);
    let api = client.by(&access);
    let id = |number: u64| i64::try_from(number).unwrap();
    repository.push("main", "ada", &["Open the shop"]);
    let milestone = repository.milestone("1.0");
    repository.push("till/drawer", "ben", &["Oil the drawer"]);
    let pull = repository.open_pull_request("ben", "Mend the till", "till/drawer");
    let review = repository.review(pull, "ada", ("APPROVED", "At last."));
    let line = repository.review_comment(pull, "ada", (review, "till.rs", "Less oil."));
    let (run, release) = (repository.request_run("ada"), repository.release("ada", "v1.0"));
    let deployment = repository.deploy("ada", "production");
    let status = repository.deployment_status(deployment, "ada", "success");

    api.milestone(&shop(), id(milestone)).await.unwrap();
    api.review(&shop(), (id(pull), id(review))).await.unwrap();
    api.review_comment(&shop(), id(line)).await.unwrap();
    api.workflow_run(&shop(), id(run)).await.unwrap();
    api.release(&shop(), id(release)).await.unwrap();
    api.deployment(&shop(), id(deployment)).await.unwrap();
    api.deployment_status(&shop(), (id(deployment), id(status))).await.unwrap();
    let head = api.reference(&shop(), "heads/till/drawer").await.unwrap();
    assert_eq!(Some(head), repository.head("till/drawer"));
    assert_eq!(api.reference(&shop(), "heads/none").await, Err(ApiError::NotFound));
    assert_eq!(api.release(&shop(), 1).await, Err(ApiError::NotFound));
    repository.switch_issues(false);
    assert_eq!(api.issue(&shop(), 1).await, Err(ApiError::Gone));

    assert_eq!(offences(&scene.world), Vec::<String>::new());
}
