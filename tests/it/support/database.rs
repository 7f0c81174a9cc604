//! A database a test, copied from one that was migrated once.

use std::str::FromStr;

use quarterdeck::{platform::ids, tenancy::Db};
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection, postgres::PgConnectOptions};

/// What the application's login may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Login {
    MayMakeRoles,
    /// A plain owner of its database, as hosted Postgres gives it.
    Plain,
}

impl Login {
    fn variable(self) -> &'static str {
        match self {
            Self::MayMakeRoles => "QUARTERDECK_TEST_DATABASE_URL",
            Self::Plain => "QUARTERDECK_TEST_PLAIN_DATABASE_URL",
        }
    }
}

/// Drops the database at the end of the test.
pub struct Guard {
    admin: PgConnectOptions,
    name: String,
}

impl Guard {
    pub async fn connect(&self) -> PgConnection {
        PgConnection::connect_with(&self.options()).await.unwrap()
    }

    pub fn options(&self) -> PgConnectOptions {
        self.admin.clone().database(&self.name)
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        let (admin, name) = (self.admin.clone(), self.name.clone());
        let dropped = std::thread::spawn(move || {
            let runtime =
                tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async move {
                if let Ok(mut connection) = PgConnection::connect_with(&admin).await {
                    drop(
                        run(
                            &mut connection,
                            format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"),
                        )
                        .await,
                    );
                }
            });
        });
        drop(dropped.join());
    }
}

/// How to connect to the server that `scripts/test` started.
#[expect(
    clippy::disallowed_methods,
    reason = "tests are told by the environment where their server is"
)]
pub fn admin_options(variable: &str) -> PgConnectOptions {
    let url = std::env::var(variable).unwrap_or_else(|_| {
        panic!("{variable} is not set: run scripts/test, or `eval $(scripts/dev-database)`")
    });
    PgConnectOptions::from_str(&url).unwrap()
}

pub async fn create(login: Login) -> (Guard, PgConnectOptions) {
    let admin = admin_options(login.variable());
    let mut connection = PgConnection::connect_with(&admin).await.unwrap();
    let template = template(&mut connection, &admin, login).await;
    let name = format!("test_{}", ids::new().simple());
    run(&mut connection, format!("CREATE DATABASE {name} TEMPLATE {template}")).await.unwrap();
    let options = admin.clone().database(&name);
    (Guard { admin, name }, options)
}

/// A database without any table.
pub async fn create_empty(login: Login) -> (Guard, PgConnectOptions) {
    let admin = admin_options(login.variable());
    let mut connection = PgConnection::connect_with(&admin).await.unwrap();
    let name = format!("test_{}", ids::new().simple());
    run(&mut connection, format!("CREATE DATABASE {name}")).await.unwrap();
    let options = admin.clone().database(&name);
    (Guard { admin, name }, options)
}

/// Makes the migrated database that others are copied from, where it is not there yet.
async fn template(connection: &mut PgConnection, admin: &PgConnectOptions, login: Login) -> String {
    let migrator = sqlx::migrate!();
    let sum = migrator
        .iter()
        .flat_map(|migration| migration.checksum.iter())
        .fold(7_u64, |sum, byte| sum.wrapping_mul(31).wrapping_add(u64::from(*byte)));
    let name = format!("template_{login:?}_{sum:x}").to_lowercase();
    run(connection, "SELECT pg_advisory_lock(42)".to_owned()).await.unwrap();
    let there: bool =
        sqlx::query_scalar("SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)")
            .bind(&name)
            .fetch_one(&mut *connection)
            .await
            .unwrap();
    if !there {
        let draft = format!("{name}_draft");
        run(connection, format!("DROP DATABASE IF EXISTS {draft}")).await.unwrap();
        run(connection, format!("CREATE DATABASE {draft}")).await.unwrap();
        Db::open(admin.clone().database(&draft), 1).await.unwrap().close().await;
        run(connection, format!("ALTER DATABASE {draft} RENAME TO {name}")).await.unwrap();
    }
    run(connection, "SELECT pg_advisory_unlock(42)".to_owned()).await.unwrap();
    name
}

pub async fn run(connection: &mut PgConnection, sql: String) -> sqlx::Result<()> {
    connection.execute(AssertSqlSafe(sql)).await.map(|_| ())
}
