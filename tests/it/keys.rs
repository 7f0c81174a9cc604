//! The keys: sealing anew, retiring, losing them, and changing the one that signs.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    process::{Command, Output},
    time::Duration as Time,
};

use chrono::Duration;
use quarterdeck::{
    accounts::{
        self,
        keys::{self, Resealed},
    },
    organizations::audit,
    platform::keyring::{self, Keyring},
    tenancy::{Role, SystemReason, TenantId},
};
use secrecy::ExposeSecret;
use sqlx::ConnectOptions;

use crate::{
    github_sign_in::Scene,
    support::{Client, World, database},
};

async fn actions(world: &World, tenant: TenantId) -> Vec<(String, String)> {
    let entries = audit::list(&mut world.begin(tenant).await, 100).await.unwrap();
    entries.into_iter().map(|entry| (entry.action, entry.actor_kind)).collect()
}

fn file_of(world: &World) -> PathBuf {
    world.scans.mirrors.parent().unwrap().join("keys")
}

async fn used(world: &World) -> Vec<(String, String, i64)> {
    let mut tx = world.db.system(SystemReason::CommandLine).await.unwrap();
    let used = keys::count(&mut tx).await.unwrap();
    used.into_iter().map(|found| (found.key, found.column, found.count)).collect()
}

/// Somebody signed in with GitHub, whose session was renewed, who begins a factor and a sign-in: all
/// that is sealed is there, sealed by the product.
async fn sealed() -> (Scene, Client) {
    let scene = Scene::new().await;
    let ada = scene.world.nobody();
    scene.sign_in(&ada, "ada").await.expect(303);
    ada.post("/account/factor/begin", &[]).await.expect(303);
    scene.world.clock.advance(Duration::minutes(16));
    ada.get("/acme").await.expect(200);
    scene.world.nobody().get("/api/auth/login").await.expect(303);
    (scene, ada)
}

#[actix_web::test]
async fn everything_is_sealed_anew_and_the_old_key_can_go() {
    let (scene, _ada) = sealed().await;
    let world = &scene.world;
    let file = file_of(world);
    let old = world.sessions.keyring.ids().next().unwrap().to_owned();
    let before = used(world).await;
    let columns: BTreeSet<_> = before.iter().map(|(_, column, _)| column.as_str()).collect();
    assert_eq!(columns.len(), 5, "{before:?}");
    assert!(before.iter().all(|(key, ..)| *key == old));

    let new = keyring::add_to_file(&file).unwrap();
    let (both, _) = Keyring::open_or_make(&file).unwrap();
    let done = keys::reseal(&world.db, &both).await.unwrap();

    let total = before.iter().map(|(_, _, count)| u64::try_from(*count).unwrap()).sum();
    assert_eq!(done, Resealed { anew: total, closed: 0 });
    assert!(used(world).await.iter().all(|(key, ..)| *key == new));
    assert!(keyring::retire_from_file(&file, &old).unwrap());
    let (alone, _) = Keyring::open_or_make(&file).unwrap();
    let mut tx = world.db.system(SystemReason::Login).await.unwrap();
    let (account, factor): (uuid::Uuid, String) =
        sqlx::query_as("SELECT account_id, sealed FROM factors")
            .fetch_one(tx.connection())
            .await
            .unwrap();
    alone.open(&format!("factors.sealed {account}"), &factor).unwrap();
    drop(tx);
    assert_eq!(
        keys::reseal(&world.db, &alone).await.unwrap(),
        Resealed::default(),
        "a second time"
    );
}

#[actix_web::test]
async fn what_a_lost_key_sealed_stays_closed_and_is_counted() {
    let (scene, _ada) = sealed().await;
    let other = Keyring::of_secrets(&"quite another secret".to_owned().into()).unwrap();
    let before = used(&scene.world).await;

    let done = keys::reseal(&scene.world.db, &other).await.unwrap();

    assert_eq!(done.anew, 0);
    assert!(done.closed >= 5, "{done:?}");
    assert_eq!(used(&scene.world).await, before, "nothing is thrown away");
}

/// Every text of the sources that names a column and is a place that something is sealed for stands in
/// the queries that seal anew.
#[actix_web::test]
async fn every_place_that_something_is_sealed_for_is_sealed_anew() {
    let world = World::new().await;
    let columns: BTreeSet<String> = sqlx::query_scalar(
        "SELECT table_name || '.' || column_name FROM information_schema.columns
         WHERE table_schema = 'public' AND data_type = 'text'",
    )
    .fetch_all(&mut world.connect().await)
    .await
    .unwrap()
    .into_iter()
    .collect();
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let queries = std::fs::read_to_string(sources.join("accounts/keys/store.rs")).unwrap();
    let (mut directories, mut found) = (vec![sources], BTreeSet::new());
    while let Some(directory) = directories.pop() {
        for entry in std::fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                directories.push(path);
                continue;
            }
            let text = std::fs::read_to_string(&path).unwrap_or_default();
            for literal in text.split('"').skip(1) {
                let name = literal.split(' ').next().unwrap_or_default();
                if columns.contains(name) {
                    found.insert(name.to_owned());
                }
            }
        }
    }

    assert!(found.len() >= 5, "{found:?}");
    for place in found {
        assert!(
            queries.contains(&format!("'{place}")),
            "{place} is not sealed anew: see accounts/keys/store.rs"
        );
    }
}

/// Runs the program on the world's database.
async fn command(world: &World, arguments: &[&str]) -> Output {
    let name: String = sqlx::query_scalar("SELECT current_database()::text")
        .fetch_one(&mut world.connect().await)
        .await
        .unwrap();
    let url =
        database::admin_options("QUARTERDECK_TEST_DATABASE_URL").database(&name).to_url_lossy();
    let mut command = Command::new(env!("CARGO_BIN_EXE_quarterdeck"));
    command
        .args(arguments)
        .env("DATABASE_URL", url.as_str())
        .env("QUARTERDECK_DATA_DIR", world.scans.mirrors.parent().unwrap());
    tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap()
}

fn said(output: &Output) -> (bool, String) {
    let text = [output.stdout.as_slice(), &output.stderr].concat();
    (output.status.success(), String::from_utf8(text).unwrap())
}

#[actix_web::test]
async fn an_operator_adds_a_key_seals_anew_and_retires_the_old_one() {
    let (scene, _ada) = sealed().await;
    let world = &scene.world;
    let old = world.sessions.keyring.ids().next().unwrap().to_owned();
    let run = async |arguments: &[&str]| said(&command(world, arguments).await);

    let (is_done, words) = run(&["keys", "retire", &old]).await;
    assert!(!is_done && words.contains("the key that seals"), "{words}");
    let (is_done, words) = run(&["keys", "add"]).await;
    assert!(is_done, "{words}");
    let (_, words) = run(&["keys", "list"]).await;
    assert!(words.contains(&format!("{old}\topens\t1 in factors.sealed")), "{words}");
    let (is_done, words) = run(&["keys", "retire", &old]).await;
    assert!(!is_done && words.contains("still seals"), "{words}");
    let (is_done, words) = run(&["keys", "reseal"]).await;
    assert!(is_done && words.contains("Sealed "), "{words}");
    let (is_done, words) = run(&["keys", "retire", &old]).await;
    assert!(is_done, "{words}");

    let (_, words) = run(&["keys", "list"]).await;
    assert_eq!(words.lines().count(), 1, "{words}");
    assert!(words.contains("\tseals\t1 in factors.sealed, 1 in identities.token"), "{words}");
}

#[actix_web::test]
async fn an_operator_takes_away_a_factor_that_was_lost() {
    let world = World::new().await;
    let member = world.member(Role::Member).await;
    member.post("/account/factor/begin", &[]).await.expect(303);

    let (is_done, words) = said(&command(&world, &["people", "remove-factor", "MEMBER"]).await);
    assert!(is_done, "{words}");

    let page = member.get("/account/factor").await.expect(200).text;
    assert!(page.contains("Set it up"), "{page}");
    assert_eq!(
        actions(&world, world.acme).await[0],
        ("factor.removed".to_owned(), "command".to_owned())
    );
    let (is_done, words) = said(&command(&world, &["people", "remove-factor", "member"]).await);
    assert!(!is_done && words.contains("no second factor"), "{words}");
    let mut tx = world.db.system(SystemReason::CommandLine).await.unwrap();
    let nobody = quarterdeck::tenancy::AccountId::new();
    assert!(!accounts::remove_factor(&mut tx, nobody, world.clock.now()).await.unwrap());
}

#[actix_web::test]
async fn owners_of_the_first_organisation_have_another_key_sign() {
    let world = World::new().await;
    let (owner, admin, neighbour) =
        (world.owner().await, world.member(Role::Admin).await, world.neighbour().await);
    owner.get("/acme").await.expect(200);
    let published = async || {
        let keys = world.nobody().get("/.well-known/jwks.json").await.expect(200).json();
        keys["keys"].as_array().unwrap().len()
    };
    assert_eq!(published().await, 1);

    admin.get("/acme/keys").await.expect(403);
    let elsewhere = neighbour.get("/globex/keys").await.expect(200).text;
    assert!(elsewhere.contains("whole site") && !elsewhere.contains("acme"), "{elsewhere}");
    neighbour.post("/globex/keys/rotate", &[]).await.expect(409);
    let program = world.program(world.acme, Role::Owner).await;
    program.post("/acme/keys/rotate", &[]).await.expect(403);
    assert_eq!(published().await, 1);
    owner.post("/acme/keys/rotate", &[]).await.expect(303);

    assert_eq!(published().await, 2);
    owner.get("/acme").await.expect(200);
    let page = owner.get("/acme/keys").await.expect(200).text;
    assert!(
        page.contains("signs") && page.contains("still counts") && page.contains("seals"),
        "{page}"
    );
    let seed = std::fs::read_to_string(file_of(&world)).unwrap();
    let secret = seed.lines().last().unwrap().split(' ').nth(1).unwrap().to_owned();
    assert!(!page.contains(&secret));
    assert_eq!(actions(&world, world.acme).await[0].0, "signing_key.rotated");
    world.clock.advance(Duration::minutes(61));
    assert_eq!(published().await, 1, "an hour later the old one counts no more");
}

#[actix_web::test]
async fn whose_token_of_github_is_lost_with_its_key_is_led_to_signing_in_again() {
    let scene = Scene::new().await;
    let world = &scene.world;
    let ada = world.nobody();
    scene.sign_in(&ada, "ada").await.expect(303);
    let mut tx = world.db.system(SystemReason::Login).await.unwrap();
    sqlx::query("UPDATE identities SET token = 'lost.AAAA'")
        .execute(tx.connection())
        .await
        .unwrap();
    tx.commit().await.unwrap();

    world.clock.advance(Duration::minutes(16));
    let mut answer = ada.get("/acme/tasks").await;
    for _ in 0..100 {
        if answer.status != 200 {
            break;
        }
        tokio::time::sleep(Time::from_millis(50)).await;
        answer = ada.get("/acme/tasks").await;
    }

    let location = answer.expect(303).header("location").to_owned();
    assert!(location.starts_with("/account/reconnect?next="), "{location}");
    ada.get("/account").await.expect(303);
    let page = ada.get(&location).await.expect(200).text;
    assert!(page.contains("lost the key") && page.contains("/api/auth/login?next="), "{page}");
    scene.sign_in(&ada, "ada").await.expect(303);
    ada.get("/acme/isolation").await.expect(200);
    let told = actions(world, world.acme).await;
    assert_eq!(told.iter().filter(|(action, _)| action == "account.reconnection_asked").count(), 1);
}

#[actix_web::test]
async fn a_setup_link_is_a_way_back_where_github_cannot_be_asked() {
    let world = World::new().await;
    let owner = world.owner().await;
    let mut tx = world.db.system(SystemReason::Login).await.unwrap();
    sqlx::query("UPDATE accounts SET reconnect_since = now()")
        .execute(tx.connection())
        .await
        .unwrap();
    tx.commit().await.unwrap();
    assert_eq!(owner.get("/acme").await.status, 303);
    let link = format!("/setup/{}", world.setup_secret(Some(world.acme)).await.expose_secret());

    let form = [("name", "The owner"), ("login", "owner"), ("organization", "acme")];
    world.nobody().post(&link, &form).await.expect(303);

    owner.get("/acme").await.expect(200);
}
