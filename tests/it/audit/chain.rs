//! That the log stays as it was written: its chain, and what retention leaves of it.

use chrono::{DateTime, Duration, Utc};
use quarterdeck::tenancy::{Role, SystemReason};
use sqlx::{Connection, PgConnection};

use super::{add, newest, verified};
use crate::support::{DatabaseLogin, World, database};

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
