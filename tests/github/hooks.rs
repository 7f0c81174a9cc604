use chrono::Duration;
use github_world::Role;
use quarterdeck::github::{
    ApiError, Cursor, Event, FullName,
    api::{HookPlace, NewHook},
    model::HookDelivery,
};
use serde_json::json;

use crate::{
    receiver::Receiver,
    support::{Scene, secret},
};

const EVENTS: [&str; 2] = ["push", "repository"];

fn shop() -> FullName {
    FullName::parse("acme/shop").unwrap()
}

#[tokio::test]
async fn a_hook_is_made_pinged_and_taken_away() {
    let scene = Scene::new().await;
    scene.world.repository("acme/shop").private();
    let (receiver, client) = (Receiver::start(), scene.client());
    receiver.accept_secrets(&["first"]);
    let access = scene.access("ada", &["repo"]);
    let api = client.by(&access);

    let new = NewHook { url: &receiver.url, secret: &secret("first"), events: &EVENTS };
    let hook = api.create_hook(&shop(), &new).await.unwrap();
    api.ping_hook(&shop(), hook.id).await.unwrap();
    scene.world.delivered().await;
    let known = api.hook(&shop(), hook.id).await.unwrap();
    let again = api.create_hook(&shop(), &new).await.unwrap_err();
    api.delete_hook(&shop(), hook.id).await.unwrap();

    let came = receiver.take();
    assert_eq!(came.len(), 2);
    for ping in came {
        let Event::Ping(event) = ping.event else { panic!("{:?}", ping.event) };
        assert_eq!((ping.signed, event.hook_id), (Ok(()), Some(hook.id)));
        assert_eq!(ping.target, "repository");
    }
    assert_eq!(known.events, EVENTS);
    assert_eq!(known.last_response.unwrap().code, Some(202));
    let reason = "Validation Failed: Hook already exists on this repository".to_owned();
    assert_eq!(again, ApiError::Refused { reason });
    assert_eq!(api.hook(&shop(), hook.id).await, Err(ApiError::NotFound));
}

#[tokio::test]
async fn a_secret_is_changed_while_both_are_taken() {
    let scene = Scene::new().await;
    let repository = scene.world.repository("acme/shop");
    let (receiver, client) = (Receiver::start(), scene.client());
    receiver.accept_secrets(&["first", "second"]);
    let access = scene.access("ada", &["repo"]);
    let api = client.by(&access);
    let new = NewHook { url: &receiver.url, secret: &secret("first"), events: &EVENTS };
    let hook = api.create_hook(&shop(), &new).await.unwrap();

    repository.archive(true);
    scene.advance(Duration::seconds(1));
    let new = NewHook { secret: &secret("second"), ..new };
    api.update_hook(&shop(), hook.id, &new).await.unwrap();
    repository.archive(false);
    scene.world.delivered().await;

    let signed: Vec<_> = receiver.take().into_iter().map(|one| one.signed).collect();
    assert_eq!(signed, [Ok(()); 3]);
}

#[tokio::test]
async fn only_owners_make_hooks() {
    let scene = Scene::new().await;
    scene.world.repository("acme/shop").private();
    let client = scene.client();
    let url = "https://hooks.example/".parse().unwrap();
    let new = NewHook { url: &url, secret: &secret("s"), events: &EVENTS };

    for (who, scopes) in [("ben", ["repo"]), ("dora", ["repo"]), ("ada", ["read:org"])] {
        let access = scene.access(who, &scopes);
        let refused = client.by(&access).create_hook(&shop(), &new).await.unwrap_err();
        assert_eq!(refused, ApiError::NotFound, "{who}");
    }
}

#[tokio::test]
async fn what_was_missed_is_in_the_log_and_comes_again() {
    let scene = Scene::new().await;
    let repository = scene.world.repository("acme/shop");
    let (receiver, client) = (Receiver::start(), scene.client());
    let (app, app_id) = scene.app();
    scene.world.install(app_id, "acme", &[("metadata", "read")]);
    scene.world.app_hook(app_id, receiver.url.as_str(), "s", &["repository"]);
    scene.world.delivered().await;
    receiver.take();
    receiver.answer(503);

    repository.rename("store");
    scene.world.delivered().await;
    receiver.answer(202);
    let access = scene.app_access(&app);
    let api = client.by(&access);
    let config = api.app_hook().await.unwrap();
    let other = "https://deck.example/hook".parse().unwrap();
    let elsewhere = api.update_app_hook(&other, &secret("s")).await.unwrap();
    api.update_app_hook(&receiver.url, &secret("s")).await.unwrap();
    let log = api.page(&Cursor::deliveries(&HookPlace::App)).await.unwrap().items;
    let detail = api.delivery(&HookPlace::App, log[0].id).await.unwrap();
    api.redeliver(&HookPlace::App, log[0].id).await.unwrap();
    scene.world.delivered().await;
    let after = api.page(&Cursor::deliveries(&HookPlace::App)).await.unwrap().items;

    assert_eq!(config.url.as_deref(), Some(receiver.url.as_str()));
    assert_eq!(elsewhere.url.as_deref(), Some(other.as_str()));
    assert!(!log[0].succeeded());
    assert_eq!((log[0].event.as_str(), log[0].action.as_deref()), ("repository", Some("renamed")));
    let body = serde_json::to_vec(&detail.request.payload).unwrap();
    let came = receiver.take();
    let [first, second] = &came[..] else { panic!("{came:?}") };
    assert_eq!(first.guid, second.guid);
    assert_eq!(first.event, Event::parse("repository", &body).unwrap());
    assert_eq!(first.target, "integration");
    assert!(after[0].succeeded() && after[0].redelivery);
    assert_eq!(after[0].guid, log[0].guid);
}

#[tokio::test]
async fn the_log_is_read_page_by_page_to_its_end() {
    let scene = Scene::new().await;
    let repository = scene.world.repository("acme/shop");
    let (receiver, client) = (Receiver::start(), scene.client());
    let access = scene.access("ada", &["repo"]);
    let api = client.by(&access);
    let new = NewHook { url: &receiver.url, secret: &secret("s"), events: &["star"] };
    let hook = api.create_hook(&shop(), &new).await.unwrap();
    for _ in 0..249 {
        repository.tell("star", json!({"action": "created"}));
    }
    scene.world.delivered().await;

    let mut next = Some(Cursor::deliveries(&HookPlace::Repository(shop(), hook.id)));
    let mut found: Vec<HookDelivery> = Vec::new();
    let mut pages = 0;
    while let Some(cursor) = next {
        let resumed = Cursor::resume(cursor.as_str()).unwrap();
        let page = api.page(&resumed).await.unwrap();
        found.extend(page.items);
        (next, pages) = (page.next, pages + 1);
    }

    assert_eq!((found.len(), pages), (250, 3));
    assert!(found.windows(2).all(|pair| pair[0].id > pair[1].id));
    assert_eq!(found.last().unwrap().event, "ping");
}

#[tokio::test]
async fn what_is_held_back_comes_late_twice_and_in_another_order() {
    let scene = Scene::new().await;
    let repository = scene.world.repository("acme/shop");
    let (receiver, client) = (Receiver::start(), scene.client());
    let access = scene.access("ada", &["repo"]);
    let new = NewHook { url: &receiver.url, secret: &secret("s"), events: &EVENTS };
    client.by(&access).create_hook(&shop(), &new).await.unwrap();
    scene.world.delivered().await;
    receiver.take();

    scene.world.hold_deliveries();
    repository.privatize();
    repository.publicize();
    scene.world.delivered().await;
    let before = receiver.take().len();
    scene.world.release_deliveries(|held| {
        held.reverse();
        held.extend(held.first().copied());
    });
    scene.world.delivered().await;

    let guids: Vec<String> = receiver.take().into_iter().map(|one| one.guid).collect();
    let sent: Vec<String> =
        scene.world.deliveries()[1..].iter().map(|one| one.guid.clone()).collect();
    assert_eq!(before, 0);
    assert_eq!(guids[..2], [sent[1].clone(), sent[0].clone()]);
}

#[tokio::test]
async fn many_deliveries_come_at_once() {
    let scene = Scene::new().await;
    let repository = scene.world.repository("acme/shop");
    let (receiver, client) = (Receiver::start(), scene.client());
    receiver.accept_secrets(&["s"]);
    let access = scene.access("ada", &["repo"]);
    let new = NewHook { url: &receiver.url, secret: &secret("s"), events: &["star"] };
    client.by(&access).create_hook(&shop(), &new).await.unwrap();
    scene.world.add_senders(7);

    for _ in 0..300 {
        repository.tell("star", json!({"action": "created"}));
    }
    scene.world.delivered().await;

    let mut guids: Vec<String> = receiver.take().into_iter().map(|one| one.guid).collect();
    guids.sort_unstable();
    guids.dedup();
    assert_eq!(guids.len(), 301);
    assert!(scene.world.deliveries().iter().all(|one| one.status == Some(202)));
}

#[tokio::test]
async fn a_repository_that_was_renamed_is_found_by_all_its_names() {
    let scene = Scene::new().await;
    let repository = scene.world.repository("acme/shop");
    let client = scene.client();
    let access = scene.access("ada", &["repo"]);
    let api = client.by(&access);
    repository.rename("store");
    scene.world.organization("globex");
    repository.transfer("globex");

    let id = i64::try_from(repository.id()).unwrap();
    for found in [api.repository(&shop()).await, api.repository_by_id(id).await] {
        let found = found.unwrap();
        assert_eq!((found.id, found.full_name.as_str()), (id, "globex/store"));
    }
    let url = "https://hooks.example/".parse().unwrap();
    let new = NewHook { url: &url, secret: &secret("s"), events: &EVENTS };
    scene.world.organization("globex").private_member("ada", Role::Admin);
    let hook = api.create_hook(&shop(), &new).await.unwrap();
    let now = FullName::parse("globex/store").unwrap();
    assert_eq!(api.hook(&now, hook.id).await.unwrap().id, hook.id);
    let enterprise = scene.on_enterprise();
    let access = enterprise.access("ada", &["repo"]);
    let found = enterprise.client().by(&access).repository(&shop()).await.unwrap();
    assert_eq!(found.id, id);
}

#[tokio::test]
async fn a_manifest_becomes_an_app_once() {
    let scene = Scene::new().await;
    let manifest = json!({
        "name": "Quarterdeck of Acme", "url": "https://deck.example",
        "hook_attributes": {"url": "https://deck.example/hook", "active": true},
        "redirect_url": "https://deck.example/back", "callback_urls": ["https://deck.example/cb"],
        "public": false, "default_events": ["push"], "default_permissions": {"contents": "read"},
    });

    let back = scene.world.agree_to_manifest("acme", &manifest, "the state");
    let code = secret(&crate::support::query(&back, "code").unwrap());
    let app = scene.client().convert_manifest(&code).await.unwrap();
    let again = scene.client().convert_manifest(&code).await.unwrap_err();
    let late = scene.world.agree_to_manifest("acme", &manifest, "the state");
    scene.advance(Duration::hours(1));
    let late = secret(&crate::support::query(&late, "code").unwrap());
    let late = scene.client().convert_manifest(&late).await.unwrap_err();

    assert_eq!(crate::support::query(&back, "state").as_deref(), Some("the state"));
    assert_eq!(
        (app.name.as_str(), app.slug.as_str()),
        ("Quarterdeck of Acme", "quarterdeck-of-acme")
    );
    assert_eq!(app.owner.name(), Some("acme"));
    assert!(app.webhook_secret.is_some());
    let app_id = u64::try_from(app.id).unwrap();
    let pem = secrecy::ExposeSecret::expose_secret(&app.pem).to_owned();
    assert_eq!(scene.app_with(app_id, &pem).describe().await.unwrap().id, app.id);
    assert_eq!((again, late), (ApiError::NotFound, ApiError::NotFound));
}
