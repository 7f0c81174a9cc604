//! Each migration runs on rows that may be there before it.

use std::{collections::BTreeMap, fs, path::Path};

use quarterdeck::tenancy::Db;
use sqlx::{Connection, PgConnection};

use crate::support::{DatabaseLogin, database};

const TENANTS: [(&str, &str); 2] = [
    ("00000000-0000-7000-8000-000000000001", ""),
    ("00000000-0000-7000-8000-000000000101", "_second"),
];

/// How many rows a table has for a tenant.
type Rows = BTreeMap<(String, &'static str), i64>;

/// The connection is the owner's, so it says for whom it works; none, as where a server starts.
async fn work_for(owner: &mut PgConnection, tenant: Option<&str>) {
    let system = if tenant.is_some() { "on" } else { "" };
    sqlx::query(
        "SELECT set_config('app.tenant_id', $1, false), set_config('app.system', $2, false),
                set_config('app.hidden', $3, false)",
    )
    .bind(tenant.unwrap_or_default())
    .bind(system)
    .bind(if tenant.is_some() { "{}" } else { "" })
    .execute(&mut *owner)
    .await
    .unwrap();
}

async fn count_rows(owner: &mut PgConnection) -> Rows {
    let mut rows = Rows::new();
    for (tenant, _) in TENANTS {
        work_for(owner, Some(tenant)).await;
        let tables: Vec<String> = sqlx::query_scalar("SELECT name::text FROM protected_tables")
            .fetch_all(&mut *owner)
            .await
            .unwrap();
        for table in tables {
            let count = format!("SELECT count(*) FROM {table}");
            let count = sqlx::query_scalar(sqlx::AssertSqlSafe(count));
            rows.insert((table, tenant), count.fetch_one(&mut *owner).await.unwrap());
        }
    }
    work_for(owner, None).await;
    rows
}

/// Adds the rows that may be there after a migration; says whether there are such.
async fn add_samples(owner: &mut PgConnection, version: i64) -> bool {
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/migrations");
    let mut are_there = false;
    for (tenant, suffix) in TENANTS {
        let Ok(rows) = fs::read_to_string(samples.join(format!("{version:04}{suffix}.sql"))) else {
            continue;
        };
        work_for(owner, Some(tenant)).await;
        database::run(owner, rows).await.unwrap();
        are_there = true;
    }
    work_for(owner, None).await;
    are_there
}

#[actix_web::test]
async fn every_migration_runs_on_sample_rows_and_keeps_them() {
    let (_guard, options) = database::create_empty(DatabaseLogin::MayMakeRoles).await;
    let mut owner = PgConnection::connect_with(&options).await.unwrap();
    let mut before = Rows::new();
    let mut sampled = 0;

    for migration in sqlx::migrate!().iter() {
        database::run(&mut owner, migration.sql.as_str().to_owned()).await.unwrap();
        if !before.is_empty() {
            let after = count_rows(&mut owner).await;
            for (row, count) in &before {
                assert_eq!(after.get(row), Some(count), "{} changes {row:?}", migration.version);
            }
        }
        if add_samples(&mut owner, migration.version).await {
            before = count_rows(&mut owner).await;
            sampled += 1;
        }
    }

    assert!(sampled >= 5, "the sample rows were not found");
    let (first, _) = TENANTS[0];
    for ((table, _), count) in
        count_rows(&mut owner).await.iter().filter(|((_, tenant), _)| *tenant == first)
    {
        assert!(*count > 0, "{table} has no sample row in tests/data/migrations");
    }
    assert_numbers(&mut owner).await;
    assert_hiding(&mut owner).await;
}

/// The first organisation has a repository that is kept from somebody, the second none.
async fn assert_hiding(owner: &mut PgConnection) {
    for ((tenant, _), wanted) in TENANTS.into_iter().zip([true, false]) {
        work_for(owner, Some(tenant)).await;
        let hides: bool =
            sqlx::query_scalar("SELECT hides FROM organizations WHERE tenant_id::text = $1")
                .bind(tenant)
                .fetch_one(&mut *owner)
                .await
                .unwrap();
        assert_eq!(hides, wanted, "of {tenant}");
    }
}

/// What the samples come to: counted by a migration, of every organisation.
async fn assert_numbers(owner: &mut PgConnection) {
    for ((tenant, _), wanted) in
        TENANTS.into_iter().zip([[2, 1, 1, 1, 2, 1, 2], [1, 0, 0, 1, 1, 1, 1]])
    {
        work_for(owner, Some(tenant)).await;
        let found: Vec<Vec<i64>> = sqlx::query_scalar(
            "SELECT ARRAY[projects, fixtures, open_tasks, done_tasks, notes, fixmes, commits] FROM repository_numbers",
        )
        .fetch_all(&mut *owner)
        .await
        .unwrap();
        assert_eq!(found, [wanted], "of {tenant}");
    }
}

#[actix_web::test]
async fn opening_a_database_again_changes_nothing() {
    let (_guard, options) = database::create(DatabaseLogin::MayMakeRoles).await;

    for _ in 0..2 {
        let db = Db::open(options.clone(), 2).await.unwrap();
        assert!(db.is_current().await.unwrap());
        assert!(db.check_isolation().await.unwrap().is_well());
        db.close().await;
    }
}
