//! A database of its own on the server that a benchmark is told of.

use std::time::Duration;

use quarterdeck::platform::ids;
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};
use url::Url;

/// How often and after what time a database is dropped again: it cannot be while PostgreSQL itself
/// tidies up in it.
const DROPS: usize = 100;
const WAIT: Duration = Duration::from_millis(100);

/// A database that is dropped by [`Throwaway::drop`].
pub(crate) struct Throwaway {
    admin: Url,
    name: String,
}

impl Throwaway {
    /// Makes a database beside the one that the address names.
    pub(crate) async fn create(admin: Url) -> anyhow::Result<Self> {
        let database = Self { admin, name: format!("bench_{}", ids::new().simple()) };
        database.run(&format!("CREATE DATABASE {}", database.name)).await?;
        Ok(database)
    }

    pub(crate) fn url(&self) -> Url {
        let mut url = self.admin.clone();
        url.set_path(&self.name);
        url
    }

    pub(crate) async fn drop(self) -> anyhow::Result<()> {
        let drop = format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name);
        for _ in 0..DROPS {
            if self.run(&drop).await.is_ok() {
                return Ok(());
            }
            tokio::time::sleep(WAIT).await;
        }
        self.run(&drop).await
    }

    async fn run(&self, sql: &str) -> anyhow::Result<()> {
        let mut connection = PgConnection::connect(self.admin.as_str()).await?;
        connection.execute(AssertSqlSafe(sql.to_owned())).await?;
        Ok(connection.close().await?)
    }
}
