//! What session, access and policies cost: a request's statements against its query alone.
//!
//! The reference is the same query of the same rows, sent bare: no transaction, no look-up of who asks,
//! and on tables without policies, of which views show the one organisation's rows. Both are run by
//! pgbench, in turns.

use std::{fmt::Write as _, path::Path};

use anyhow::Context;
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};
use url::Url;

use super::{
    database::LARGE,
    pgbench::Script,
    record::{Recording, Statement},
};

/// How often both are measured, for how many seconds each, on how many connections.
const ROUNDS: usize = 5;
const SECONDS: u64 = 3;
const CONNECTIONS: [usize; 2] = [2, 8];

/// The words by which the look-up of who asks is known.
const CONTEXT: &str = "app_context(";

/// Has policies count or not, and makes the views of the one organisation's rows.
const SWITCH: &str = "
    DO $$
    DECLARE
        name text;
    BEGIN
        CREATE SCHEMA IF NOT EXISTS bare;
        FOR name IN SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND {which} LOOP
            EXECUTE format('ALTER TABLE public.%I {force} FORCE ROW LEVEL SECURITY', name);
            EXECUTE format('ALTER TABLE public.%I {able} ROW LEVEL SECURITY', name);
            IF EXISTS (SELECT FROM pg_attribute WHERE attrelid = ('public.' || quote_ident(name))::regclass AND attname = 'tenant_id') THEN
                EXECUTE format('CREATE OR REPLACE VIEW bare.%I AS SELECT * FROM public.%I WHERE tenant_id = %L', name, name, '{tenant}');
            END IF;
        END LOOP;
    END
    $$";

/// Measures one request in both ways and prints a line for each number of connections.
pub(crate) async fn measure(
    (list, recording): (String, &Recording),
    pgbench: &Path,
    database: &Url,
) -> anyhow::Result<String> {
    let whole = recording.statements();
    anyhow::ensure!(
        whole.iter().filter(|statement| statement.sql.contains(CONTEXT)).count() == 1,
        "{list} does not look up once who asks"
    );
    let query: Vec<Statement> =
        whole.iter().filter(|statement| is_query(statement)).cloned().collect();
    let (whole, query) = (Script::new(&whole), Script::new(&query));
    let tables = Tables::of(database).await?;
    let mut lines = String::new();
    for connections in CONNECTIONS {
        let mut figures = Vec::new();
        for _ in 0..ROUNDS {
            let with = whole.run(pgbench, database, connections, SECONDS)?;
            tables.switch(false).await?;
            let without = query.run(pgbench, &tables.bare(), connections, SECONDS);
            tables.switch(true).await?;
            figures.push((with, without?));
        }
        figures.sort_by(|one, other| (one.0 / one.1).total_cmp(&(other.0 / other.1)));
        let (with, without) = *figures.get(ROUNDS / 2).context("nothing was measured")?;
        let cost = (1.0 - with / without) * 100.0;
        writeln!(lines, "| {list} | {connections} | {with:.0} | {without:.0} | {cost:.0} % |")?;
    }
    Ok(lines)
}

fn is_query(statement: &Statement) -> bool {
    statement.sql.starts_with("SELECT") && !statement.sql.contains(CONTEXT)
}

/// The tables whose policies are switched off and on again.
struct Tables {
    database: Url,
    tenant: String,
    names: Vec<String>,
}

impl Tables {
    async fn of(database: &Url) -> anyhow::Result<Self> {
        let mut connection = PgConnection::connect(database.as_str()).await?;
        let names = sqlx::query_scalar(
            "SELECT relname::text FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relrowsecurity",
        )
        .fetch_all(&mut connection)
        .await?;
        connection.execute("SET app.system = 'on'").await?;
        let tenant =
            sqlx::query_scalar("SELECT tenant_id::text FROM organizations WHERE slug = $1")
                .bind(LARGE)
                .fetch_one(&mut connection)
                .await?;
        Ok(Self { database: database.clone(), tenant, names })
    }

    async fn switch(&self, on: bool) -> anyhow::Result<()> {
        let names: Vec<String> = self.names.iter().map(|name| format!("'{name}'")).collect();
        let (force, able) = if on { ("", "ENABLE") } else { ("NO", "DISABLE") };
        let sql = SWITCH
            .replace("{which}", &format!("relname IN ({})", names.join(", ")))
            .replace("{force}", force)
            .replace("{able}", able)
            .replace("{tenant}", &self.tenant);
        let mut connection = PgConnection::connect(self.database.as_str()).await?;
        connection.execute(AssertSqlSafe(sql)).await?;
        Ok(connection.close().await?)
    }

    /// The address by which names of tables mean the views, planned as the server has it.
    fn bare(&self) -> Url {
        let mut url = self.database.clone();
        let options = "-c search_path=bare,public -c plan_cache_mode=force_custom_plan -c random_page_cost=1.1";
        url.query_pairs_mut().append_pair("options", options);
        // libpq reads %20, and not the plus sign of forms.
        let query = url.query().map(|query| query.replace('+', "%20"));
        url.set_query(query.as_deref());
        url
    }
}
