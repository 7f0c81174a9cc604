//! The kernel in both modes of the database.

use quarterdeck::{
    platform::config::Environment,
    tenancy::{Db, LoginError, SystemReason},
};
use sqlx::{Connection, PgConnection};

use crate::support::{DatabaseLogin, World, database};

#[actix_web::test]
async fn the_probe_and_the_catalog_find_nothing_with_two_roles() {
    let world = World::new().await;

    let report = world.db.check_isolation().await.unwrap();

    assert!(report.two_roles);
    assert!(report.is_well(), "{report:#?}");
    assert!(report.tables.len() >= 19);
}

#[actix_web::test]
async fn the_probe_and_the_catalog_find_nothing_with_one_login() {
    let world = World::with_login(DatabaseLogin::Plain).await;

    let report = world.db.check_isolation().await.unwrap();

    assert!(!report.two_roles);
    assert!(report.is_well(), "{report:#?}");
}

#[actix_web::test]
async fn a_table_that_is_not_protected_is_found() {
    let (_guard, options) = database::create(DatabaseLogin::MayMakeRoles).await;
    let mut owner = PgConnection::connect_with(&options).await.unwrap();
    let harm = [
        "CREATE TABLE forgotten (tenant_id uuid, secret text UNIQUE)",
        "DROP POLICY tenant_all ON tasks",
        "CREATE POLICY tenant_all ON tasks USING (true) WITH CHECK (true)",
        "DROP POLICY tenant_all ON teams",
        "CREATE POLICY tenant_all ON teams USING (true) WITH CHECK (true)",
        "DROP POLICY visible ON projects",
        "ALTER TABLE commits NO FORCE ROW LEVEL SECURITY",
    ];
    for statement in harm {
        database::run(&mut owner, statement.to_owned()).await.unwrap();
    }

    let report = Db::open(options, 2).await.unwrap().check_isolation().await.unwrap();

    let found = |table: &str| report.findings(table).collect::<Vec<_>>().join("; ");
    assert!(found("forgotten").contains("is not protected"), "{report:#?}");
    assert!(found("forgotten").contains("does not start with tenant_id"), "{report:#?}");
    assert!(found("teams").contains("seen without an organisation"), "{report:#?}");
    assert!(found("projects").contains("hides the rows of hidden repositories"), "{report:#?}");
    assert!(found("tasks").contains("another organisation's row can be deleted"), "{report:#?}");
    assert!(found("commits").contains("not enabled and forced"), "{report:#?}");
}

#[actix_web::test]
async fn a_superuser_is_refused_in_words() {
    let options = database::admin_options("QUARTERDECK_TEST_SUPERUSER_DATABASE_URL");

    let error = Db::open(options, 2).await.unwrap_err();

    assert!(matches!(error, LoginError::BypassesPolicies { .. }), "{error}");
    assert!(error.to_string().contains("NOSUPERUSER NOBYPASSRLS"), "{error}");
}

#[actix_web::test]
async fn a_login_that_bypasses_policies_is_refused() {
    let options = database::admin_options("QUARTERDECK_TEST_SUPERUSER_DATABASE_URL");
    let mut superuser = PgConnection::connect_with(&options).await.unwrap();
    let make = "DO $$ BEGIN CREATE ROLE quarterdeck_bypass LOGIN BYPASSRLS; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$";
    database::run(&mut superuser, make.to_owned()).await.unwrap();

    let error = Db::open(options.username("quarterdeck_bypass"), 2).await.unwrap_err();

    assert!(error.to_string().contains("BYPASSRLS"), "{error}");
}

#[actix_web::test]
async fn a_connection_without_a_tenant_sees_nothing() {
    for login in [DatabaseLogin::MayMakeRoles, DatabaseLogin::Plain] {
        let world = World::with_login(login).await;
        let repository = world.repository("seen");
        repository.commit("First", &[("tasklist.md", "- [ ] Seen by acme only\n")]);
        world.scan(world.acme, &repository).await;

        let mut tx = world.db.system(SystemReason::Health).await.unwrap();
        let seen = sqlx::query_scalar::<_, i64>("SELECT count(*) FROM tasks")
            .fetch_one(tx.connection())
            .await;

        // With two roles Postgres refuses; with one login it shows no row.
        assert!(!matches!(seen, Ok(1..)), "{login:?}: {seen:?}");
    }
}

#[test]
fn the_environment_of_tests_is_no_configuration() {
    let environment = Environment::from_pairs([("QUARTERDECK_TEST_DATABASE_URL", "postgres://x")]);

    assert!(
        quarterdeck::platform::config::load(None, &environment).unwrap().database.url.is_none()
    );
}
