//! What an entry says: who did it, from where, by what, and in whose log it stands.

use chrono::Duration;
use quarterdeck::{
    organizations::audit::Event,
    tenancy::{AccountId, Origin, Role, SystemReason},
};
use secrecy::ExposeSecret;

use super::{actions, newest, verified};
use crate::support::{Answer, Client, DatabaseLogin, World};

#[actix_web::test]
async fn an_entry_says_who_from_where_and_what_became_of_what() {
    let world = World::new().await;
    let owner = world.owner().await;

    let request = owner
        .request(reqwest::Method::POST, "/acme/organization")
        .header("sec-fetch-site", "same-origin")
        .header("user-agent", "Mozilla/5.0 (X11; Linux) Firefox/140.0")
        .header("content-type", "application/x-www-form-urlencoded")
        .body("name=Acme+Works");
    let answer = Answer::of(request).await.expect(303);

    let entry = newest(&world, world.acme, 1).await.remove(0);
    assert_eq!(
        (entry.action.as_str(), entry.actor_name.as_str()),
        ("organization.renamed", "The owner")
    );
    assert_eq!(entry.before.unwrap()["name"], "acme");
    assert_eq!(entry.after.unwrap()["name"], "Acme Works");
    assert_eq!(entry.address, "127.0.0.1");
    assert!(entry.user_agent.contains("Firefox/140"));
    assert_eq!(entry.request_id, answer.header("x-request-id"));
    assert_eq!(entry.person_id, entry.actor_id);

    let page = owner.get("/acme/audit").await.expect(200).text;
    for shown in
        ["Renamed the organisation", "The owner", "Acme Works", "Firefox on Linux", "127.0.0.1"]
    {
        assert!(page.contains(shown), "{shown}");
    }
}

#[actix_web::test]
async fn the_entry_of_a_token_names_its_person() {
    let world = World::new().await;
    let (admin, program) =
        (world.member(Role::Admin).await, world.program(world.acme, Role::Admin).await);
    admin.get("/acme").await.expect(200);
    let mut tx = world.begin(world.acme).await;
    sqlx::query("UPDATE api_tokens SET account_id = (SELECT account_id FROM memberships WHERE login = 'admin')")
        .execute(tx.connection())
        .await
        .unwrap();
    tx.commit().await.unwrap();

    program.get("/api/v2/tasks").await.expect(200);

    let used = newest(&world, world.acme, 1).await.remove(0);
    assert_eq!(
        (used.action.as_str(), used.actor_kind.as_str(), used.actor_name.as_str()),
        ("token.used", "token", "test")
    );
    assert_eq!(used.person_name.as_deref(), Some("The admin"));
    let page = admin.get("/acme/audit").await.expect(200).text;
    assert!(page.contains("token of The admin"), "{page}");
}

#[actix_web::test]
async fn the_use_of_a_token_is_written_once_an_hour() {
    let world = World::new().await;
    let program = world.program(world.acme, Role::Viewer).await;
    let used = || async {
        actions(&world, world.acme).await.iter().filter(|action| *action == "token.used").count()
    };

    for _ in 0..4 {
        program.get("/api/v2/tasks").await.expect(200);
        program.get("/api/v2/tasks").await.expect(200);
        world.clock.advance(Duration::minutes(10));
    }
    assert_eq!(used().await, 1);
    world.clock.advance(Duration::minutes(30));
    program.get("/api/v2/tasks").await.expect(200);

    assert_eq!(used().await, 2);
}

async fn join_both(world: &World) -> AccountId {
    let member = world.member(Role::Member).await;
    member.get("/acme").await.expect(200);
    let mut tx = world.db.system(SystemReason::Login).await.unwrap();
    let account = quarterdeck::accounts::find_account_id(&mut tx, "member").await.unwrap().unwrap();
    let now = world.clock.now();
    quarterdeck::organizations::add_member(&mut tx, world.globex, account, Role::Viewer, now)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    account
}

#[actix_web::test]
async fn what_a_person_does_stands_in_the_log_of_each_of_their_organisations() {
    for login in [DatabaseLogin::MayMakeRoles, DatabaseLogin::Plain] {
        let world = World::with_login(login).await;
        let account = join_both(&world).await;
        let add = || async {
            for _ in 0..5 {
                let mut tx = world.db.system(SystemReason::Login).await.unwrap();
                let event = Event::new("session.ended", "session", "s", world.clock.now());
                tx.record(Some(account), &Origin::default(), &event).await.unwrap();
                tx.commit().await.unwrap();
            }
        };

        futures_util::join!(add(), add(), add(), add());

        for tenant in [world.acme, world.globex] {
            let found = verified(&world, tenant).await;
            assert_eq!((found.entries, found.broken), (20, None), "{login:?}");
            let entry = newest(&world, tenant, 1).await.remove(0);
            assert_eq!(
                (entry.actor_id, entry.actor_name.as_str()),
                (Some(account.as_uuid()), "The member")
            );
        }
    }
}

#[actix_web::test]
async fn what_nobody_known_does_is_of_no_organisation_where_there_are_two() {
    let world = World::new().await;
    let mut tx = world.db.system(SystemReason::Login).await.unwrap();
    let event = Event::new("setup_link.refused", "setup_link", "s", world.clock.now());
    tx.record(None, &Origin::default(), &event).await.unwrap();
    tx.commit().await.unwrap();

    assert!(actions(&world, world.acme).await.is_empty());
    assert!(actions(&world, world.globex).await.is_empty());
}

#[actix_web::test]
async fn ending_sessions_and_stolen_secrets_are_written_down() {
    let world = World::new().await;
    let (here, there) = (world.member(Role::Member).await, world.member(Role::Member).await);
    there.get("/acme").await.expect(200);
    here.post("/account/sessions/end-others", &[]).await.expect(303);
    let old = here.cookie("quarterdeck_session").unwrap();
    world.clock.advance(Duration::minutes(16));
    here.get("/acme").await.expect(200);
    world.clock.advance(Duration::minutes(1));
    let thief = Client::browser(&world.base, &format!("quarterdeck_session={old}"));
    thief.get("/acme").await.expect(303);
    let again = world.member(Role::Member).await;
    again.post("/sign-out", &[]).await.expect(303);

    let found = newest(&world, world.acme, 10).await;
    let actions: Vec<_> = found.iter().map(|entry| entry.action.as_str()).collect();
    assert_eq!(actions, ["session.signed_out", "session.stolen", "session.others_ended"]);
    assert_eq!(found[1].actor_kind, "unknown");
    assert_eq!(found[1].address, "127.0.0.1");
    assert!(self::actions(&world, world.globex).await.is_empty());
}

#[actix_web::test]
async fn a_setup_link_shown_again_or_too_late_is_refused_and_written_down() {
    let world = World::new().await;
    let form = [("name", "Ada"), ("login", "ada"), ("organization", "Acme")];
    let used = format!("/setup/{}", world.setup_secret(Some(world.acme)).await.expose_secret());
    let late = format!("/setup/{}", world.setup_secret(Some(world.acme)).await.expose_secret());
    let nobody = world.nobody();

    nobody.post(&used, &form).await.expect(303);
    nobody.post(&used, &form).await.expect(410);
    world.clock.advance(Duration::minutes(31));
    nobody.get(&late).await.expect(410);
    nobody.post("/setup/never-was-one", &form).await.expect(410);

    let found = newest(&world, world.acme, 10).await;
    let told: Vec<_> =
        found.iter().map(|entry| (entry.action.as_str(), entry.detail["why"].as_str())).collect();
    assert_eq!(
        told,
        [
            ("setup_link.refused", Some("too old")),
            ("setup_link.refused", Some("used")),
            ("setup_link.used", None),
        ]
    );
    assert!(found.iter().all(|entry| entry.address == "127.0.0.1"));
}
