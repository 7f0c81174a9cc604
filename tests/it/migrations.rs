//! Each migration runs on rows that may be there before it.

use std::{fs, path::Path};

use quarterdeck::tenancy::Db;
use sqlx::{Connection, PgConnection};

use crate::support::{DatabaseLogin, database};

#[actix_web::test]
async fn every_migration_runs_on_sample_rows_and_keeps_them() {
    let (_guard, options) = database::create_empty(DatabaseLogin::MayMakeRoles).await;
    let mut owner = PgConnection::connect_with(&options).await.unwrap();
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/migrations");
    let mut sampled = 0;

    for migration in sqlx::migrate!().iter() {
        database::run(&mut owner, migration.sql.as_str().to_owned()).await.unwrap();
        let sample = samples.join(format!("{:04}.sql", migration.version));
        if let Ok(rows) = fs::read_to_string(sample) {
            database::run(&mut owner, rows).await.unwrap();
            sampled += 1;
        }
    }

    assert!(sampled >= 5, "the sample rows were not found");
    let tables: Vec<String> =
        sqlx::query_scalar("SELECT name::text FROM protected_tables ORDER BY name")
            .fetch_all(&mut owner)
            .await
            .unwrap();
    for table in tables {
        let count: i64 =
            sqlx::query_scalar(sqlx::AssertSqlSafe(format!("SELECT count(*) FROM {table}")))
                .fetch_one(&mut owner)
                .await
                .unwrap();
        assert_eq!(
            count, 1,
            "{table} has lost its sample row, or has none in tests/data/migrations"
        );
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
