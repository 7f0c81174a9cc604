//! The audit log: what is written, who may read it, and that it stays as it was written.

use std::collections::BTreeSet;

use chrono::{DateTime, Duration, Utc};
use quarterdeck::{
    organizations::audit::{self, AuditFilter, Entry, Event, Verified},
    tenancy::{AccountId, Origin, Role, SystemReason, TenantId},
    web::paging::PageRequest,
};
use secrecy::ExposeSecret;
use sqlx::{Connection, PgConnection};

use crate::support::{
    Answer, Client, DatabaseLogin, World, database,
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

/// A superuser of the world's database, for whom no policy counts and no trigger fires.
async fn tamperer(world: &World) -> PgConnection {
    let name: String = sqlx::query_scalar("SELECT current_database()::text")
        .fetch_one(&mut world.connect().await)
        .await
        .unwrap();
    let admin = database::admin_options("QUARTERDECK_TEST_SUPERUSER_DATABASE_URL");
    let mut superuser = PgConnection::connect_with(&admin.database(&name)).await.unwrap();
    database::run(&mut superuser, "SET session_replication_role = replica".to_owned())
        .await
        .unwrap();
    superuser
}

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

#[actix_web::test]
async fn what_was_tampered_with_is_found_with_its_place() {
    for (harm, ordinal, what) in [
        ("UPDATE audit_log SET actor_name = 'Eve' WHERE ordinal = 3", 3, "not what was written"),
        ("UPDATE audit_log SET detail = detail || '{\"b\": \"y\"}' WHERE ordinal = 1", 1, "not what was written"),
        ("UPDATE audit_log SET before = '{}' WHERE ordinal = 5", 5, "not what was written"),
        ("DELETE FROM audit_log WHERE ordinal = 2", 2, "missing"),
        ("DELETE FROM audit_log WHERE ordinal = 5", 5, "newest entries are missing"),
        ("DELETE FROM audit_log", 1, "newest entries are missing"),
        (
            "UPDATE audit_log SET ordinal = -4 WHERE ordinal = 4; UPDATE audit_log SET ordinal = 4 WHERE ordinal = 2;
             UPDATE audit_log SET ordinal = 2 WHERE ordinal = -4",
            2,
            "not what was written",
        ),
        (
            "INSERT INTO audit_log (tenant_id, id, at, actor_kind, actor_name, action, subject_kind, subject_id, ordinal, hash)
             SELECT tenant_id, gen_random_uuid(), at, 'command', 'x', 'scan.requested', 'repository', '9', 6, hash
             FROM audit_log WHERE ordinal = 5",
            6,
            "not what was written",
        ),
        ("DELETE FROM audit_chains", 1, "added past"),
    ] {
        let world = World::new().await;
        add(&world, world.acme, 5).await;
        let whole = verified(&world, world.acme).await;
        assert_eq!((whole.entries, whole.broken), (5, None));

        database::run(&mut tamperer(&world).await, harm.to_owned()).await.unwrap();

        let broken = verified(&world, world.acme).await.broken.unwrap_or_else(|| panic!("{harm}"));
        assert_eq!(broken.ordinal, ordinal, "{harm}: {}", broken.what);
        assert!(broken.what.contains(what), "{harm}: {}", broken.what);
    }
}

#[actix_web::test]
async fn nobody_but_a_superuser_changes_what_is_written() {
    for login in [DatabaseLogin::MayMakeRoles, DatabaseLogin::Plain] {
        let world = World::with_login(login).await;
        add(&world, world.acme, 3).await;
        for statement in [
            "UPDATE audit_log SET actor_name = 'Eve'",
            "DELETE FROM audit_log",
            "TRUNCATE audit_log",
        ] {
            let mut tx = world.begin(world.acme).await;
            drop(sqlx::query(statement).execute(tx.connection()).await);
            drop(tx.commit().await);
            let mut tx = world.db.system(SystemReason::Retention).await.unwrap();
            drop(sqlx::query(statement).execute(tx.connection()).await);
            drop(tx.commit().await);
            let mut owner = world.connect().await;
            drop(sqlx::query(statement).execute(&mut owner).await);

            let found = verified(&world, world.acme).await;
            assert_eq!((found.entries, found.broken), (3, None), "{login:?}: {statement}");
        }
    }
}

#[actix_web::test]
async fn a_forged_place_in_the_chain_is_not_taken() {
    let world = World::new().await;
    add(&world, world.acme, 1).await;

    let mut tx = world.begin(world.acme).await;
    sqlx::query(
        "INSERT INTO audit_log (tenant_id, id, at, actor_kind, actor_name, action, subject_kind, subject_id, ordinal, hash)
         VALUES ($1, gen_random_uuid(), now(), 'command', 'x', 'scan.requested', 'repository', '9', 77, 'x')",
    )
    .bind(world.acme.as_uuid())
    .execute(tx.connection())
    .await
    .unwrap();
    tx.commit().await.unwrap();

    let found = verified(&world, world.acme).await;
    assert_eq!((found.entries, found.ordinal, found.broken), (2, 2, None));
}

#[actix_web::test]
async fn twenty_at_once_write_one_chain_each() {
    let world = World::new().await;

    let writers = (0..20).map(|number| {
        let (world, tenant) = (&world, if number % 4 == 0 { world.globex } else { world.acme });
        async move { add(world, tenant, 5).await }
    });
    futures_util::future::join_all(writers).await;

    let (acme, globex) = (verified(&world, world.acme).await, verified(&world, world.globex).await);
    assert_eq!((acme.entries, acme.broken), (75, None));
    assert_eq!((globex.entries, globex.broken), (25, None));
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

/// The database's own time, by which retention goes.
async fn real_now(world: &World) -> DateTime<Utc> {
    sqlx::query_scalar("SELECT now()").fetch_one(&mut world.connect().await).await.unwrap()
}

async fn keep_days(world: &World, days: i32) {
    let mut tx = world.begin(world.acme).await;
    sqlx::query("UPDATE organizations SET audit_keep_days = $1")
        .bind(days)
        .execute(tx.connection())
        .await
        .unwrap();
    tx.commit().await.unwrap();
}

async fn forget(world: &World) -> u64 {
    let mut tx = world.db.system(SystemReason::Retention).await.unwrap();
    let grants = tx.grants_of_retention().await.unwrap();
    drop(tx);
    let mut gone = 0;
    for grant in &grants {
        gone += world.db.forget_audit(grant, world.clock.now()).await.unwrap();
    }
    gone
}

#[actix_web::test]
async fn retention_deletes_what_is_too_old_and_leaves_a_chain() {
    for login in [DatabaseLogin::MayMakeRoles, DatabaseLogin::Plain] {
        let world = World::with_login(login).await;
        world.clock.advance(real_now(&world).await - world.clock.now() - Duration::days(50));
        add(&world, world.acme, 4).await;
        add(&world, world.globex, 2).await;
        world.clock.advance(Duration::days(50));
        add(&world, world.acme, 3).await;

        assert_eq!(forget(&world).await, 0, "nobody said how long it is kept");
        keep_days(&world, 60).await;
        assert_eq!(forget(&world).await, 0, "nothing is that old");
        keep_days(&world, 30).await;
        assert_eq!(forget(&world).await, 4);

        let found = verified(&world, world.acme).await;
        // The three that are new, and the one about the deletion.
        assert_eq!(
            (found.entries, found.forgotten, found.ordinal, found.broken),
            (4, 4, 8, None),
            "{login:?}"
        );
        assert_eq!(newest(&world, world.acme, 1).await[0].action, "audit.forgotten");
        assert_eq!(verified(&world, world.globex).await.entries, 2);
        assert_eq!(forget(&world).await, 0);

        database::run(
            &mut tamperer(&world).await,
            "DELETE FROM audit_log WHERE ordinal = 5".to_owned(),
        )
        .await
        .unwrap();
        assert_eq!(verified(&world, world.acme).await.broken.unwrap().ordinal, 5);
    }
}

#[actix_web::test]
async fn the_system_role_deletes_nothing_that_is_younger_than_it_is_kept() {
    for login in [DatabaseLogin::MayMakeRoles, DatabaseLogin::Plain] {
        let world = World::with_login(login).await;
        world.clock.advance(real_now(&world).await - world.clock.now() - Duration::days(29));
        add(&world, world.acme, 3).await;
        keep_days(&world, 30).await;
        let mut tx = world.begin(world.acme).await;
        sqlx::query("UPDATE audit_chains SET forgotten = 3")
            .execute(tx.connection())
            .await
            .unwrap();
        tx.commit().await.unwrap();

        let mut tx = world.db.system(SystemReason::Retention).await.unwrap();
        sqlx::query("SELECT set_config('app.tenant_id', $1, true)")
            .bind(world.acme.to_string())
            .execute(tx.connection())
            .await
            .unwrap();
        let gone = sqlx::query("DELETE FROM audit_log").execute(tx.connection()).await.unwrap();

        assert_eq!(gone.rows_affected(), 0, "{login:?}");
    }
}

#[actix_web::test]
async fn an_owner_says_how_long_the_log_is_kept() {
    let world = World::new().await;
    let (owner, admin) = (world.owner().await, world.member(Role::Admin).await);
    let path = "/acme/audit/retention";

    let refused = owner.post(path, &[("days", "29")]).await.expect(422);
    assert!(refused.text.contains("from 30 to"), "{}", refused.text);
    admin.post(path, &[("days", "90")]).await.expect(403);
    owner.post(path, &[("days", "90")]).await.expect(303);
    assert!(admin.get("/acme/audit").await.text.contains("deleted after 90 days"));
    owner.post(path, &[("days", "90")]).await.expect(303);
    owner.post(path, &[("days", "")]).await.expect(303);

    let found = newest(&world, world.acme, 10).await;
    let days: Vec<_> =
        found.iter().map(|entry| entry.after.clone().unwrap()["days"].clone()).collect();
    assert_eq!(days, [serde_json::Value::Null, 90.into()], "what changes nothing is no entry");
}

#[actix_web::test]
async fn an_export_holds_what_the_filter_leaves_and_is_written_down() {
    let world = World::new().await;
    let admin = world.member(Role::Admin).await;
    add(&world, world.acme, 600).await;
    add(&world, world.globex, 1).await;
    let mut tx = world.begin(world.acme).await;
    let event =
        Event::new("repository.added", "repository", "=1+1", world.clock.now()).by_unknown("@eve");
    audit::record(&mut tx, event).await.unwrap();
    tx.commit().await.unwrap();

    let all = admin.get("/acme/audit/export.json").await.expect(200);
    assert!(all.header("content-disposition").contains("acme-audit-2026-03-01.json"));
    let ordinals: Vec<_> = all
        .json()
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| entry["ordinal"].as_i64().unwrap())
        .collect();
    assert_eq!(ordinals, (1..=601).rev().collect::<Vec<_>>());
    let table = admin.get("/acme/audit/export.csv?action=repository.added").await.expect(200);
    let lines: Vec<_> = table.text.lines().collect();
    assert_eq!(lines.len(), 2, "{}", table.text);
    assert!(lines[1].contains("'@eve") && lines[1].contains("'=1+1"), "{}", lines[1]);
    let none = admin.get("/acme/audit/export.json?q=nothing-is-like-this").await.expect(200);
    assert_eq!(none.json(), serde_json::json!([]));

    let told = newest(&world, world.acme, 3).await;
    assert!(told.iter().all(|entry| entry.action == "audit.exported"));
    assert_eq!(told[1].detail["filters"]["action"], "repository.added");
    world.member(Role::Manager).await.get("/acme/audit/export.csv").await.expect(403);
}

#[actix_web::test]
async fn the_log_is_read_to_its_end_and_by_filters() {
    let world = World::new().await;
    let program = world.program(world.acme, Role::Admin).await;
    add(&world, world.acme, 7).await;

    let (mut path, mut seen) =
        ("/api/v2/audit?limit=3&action=scan.requested".to_owned(), Vec::new());
    loop {
        let page = program.get(&path).await.expect(200).json();
        seen.extend(
            page["items"]
                .as_array()
                .unwrap()
                .iter()
                .map(|entry| entry["subject_id"].as_str().unwrap().to_owned()),
        );
        let Some(next) = page["next"].as_str() else { break };
        path = format!("/api/v2/audit?limit=3&action=scan.requested&cursor={next}");
    }
    assert_eq!(seen, ["6", "5", "4", "3", "2", "1", "0"]);

    let count = async |query: &str| {
        let page = program.get(&format!("/api/v2/audit?{query}")).await.expect(200).json();
        page["items"].as_array().unwrap().len()
    };
    assert_eq!(count("actor_kind=command").await, 8, "and the token that was made");
    assert_eq!(count("subject_kind=token").await, 2, "made and used");
    assert_eq!(count("until=2026-03-01").await, 0);
    assert_eq!(count("from=2026-03-01&q=TOKEN.Made").await, 0);
    assert_eq!(count("q=COMMAND%20line").await, 8);
    for wrong in ["actor=me", "from=soon", "nope=1", "cursor="] {
        program.get(&format!("/api/v2/audit?{wrong}")).await.expect(400);
    }
    world.program(world.acme, Role::Manager).await.get("/api/v2/audit").await.expect(403);
}

#[actix_web::test]
async fn the_page_goes_on_filters_and_says_when_nothing_matches() {
    let world = World::new().await;
    let admin = world.member(Role::Admin).await;
    let empty = admin.get("/acme/audit").await.expect(200).text;
    assert!(empty.contains("Nothing yet"), "{empty}");
    add(&world, world.acme, 3).await;

    let first = admin.get("/acme/audit?limit=2").await.expect(200).text;
    let next = first.split("rel=\"next\"").next().unwrap().rsplit("href=\"").next().unwrap();
    let next = next.split('"').next().unwrap().replace("&#38;", "&").replace("&amp;", "&");
    let second = admin.get(&next).await.expect(200).text;

    assert_eq!(first.matches("<details><summary>").count(), 2);
    assert_eq!(second.matches("<details><summary>").count(), 1);
    let none = admin.get("/acme/audit?from=2026-03-02").await.expect(200).text;
    assert!(none.contains("Nothing matches"), "{none}");
    let some =
        admin.get("/acme/audit?actor=command&kind=repository&to=2026-03-01").await.expect(200).text;
    assert_eq!(some.matches("<details><summary>").count(), 3);
}

#[actix_web::test]
async fn two_organisations_never_see_each_others_log() {
    let world = World::new().await;
    add(&world, world.acme, 2).await;
    let (neighbour, program) =
        (world.neighbour().await, world.program(world.globex, Role::Owner).await);

    neighbour.get("/acme/audit").await.expect(404);
    neighbour.get("/acme/audit/export.csv").await.expect(404);
    neighbour.post("/acme/audit/retention", &[("days", "90")]).await.expect(404);
    assert!(neighbour.get("/globex/audit").await.expect(200).text.contains("Made an API token"));
    let page = program.get("/api/v2/audit?action=scan.requested").await.expect(200).json();
    assert_eq!(page["items"].as_array().unwrap().len(), 0);
    let mut tx = world.begin(world.globex).await;
    let first = PageRequest::first(10);
    let filter =
        AuditFilter { action: Some("scan.requested".to_owned()), ..AuditFilter::default() };
    assert!(audit::list_page(&mut tx, &filter, &first).await.unwrap().is_empty());
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
