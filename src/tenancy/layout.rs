//! The database's side of the isolation: roles, migrations, rights, and the checks of all three.

use std::collections::BTreeSet;

use sqlx::{PgConnection, migrate::MigrateError};

use super::db::{Isolation, LoginError};

/// The lock under which one process at a time prepares a database.
const PREPARE_LOCK: i64 = 0x5144_0001;

const OLDEST_POSTGRES: i32 = 150_000;

/// What was wrong with one table when its isolation was tried.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct ProbeFinding {
    pub table: String,
    pub finding: String,
}

/// What the catalog says against a table.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct CatalogFinding {
    pub table: String,
    pub finding: String,
}

/// What the start-up checks found; nothing found means that all is well.
#[derive(Clone, Debug, serde::Serialize)]
pub struct IsolationReport {
    /// Every protected table with its class.
    pub tables: Vec<TableRights>,
    pub probe: Vec<ProbeFinding>,
    pub catalog: Vec<CatalogFinding>,
    pub two_roles: bool,
}

impl IsolationReport {
    pub const fn is_well(&self) -> bool {
        self.probe.is_empty() && self.catalog.is_empty()
    }

    /// The names with findings that are no protected table: tables that nobody protected, functions.
    pub fn unprotected(&self) -> BTreeSet<&str> {
        let named = self.catalog.iter().map(|found| found.table.as_str());
        named.filter(|name| !self.tables.iter().any(|table| table.table == *name)).collect()
    }

    /// What was found about one table.
    pub fn findings<'a>(&'a self, table: &'a str) -> impl Iterator<Item = &'a str> {
        let probe = self.probe.iter().map(|found| (&found.table, &found.finding));
        let catalog = self.catalog.iter().map(|found| (&found.table, &found.finding));
        probe
            .chain(catalog)
            .filter(move |(name, _)| *name == table)
            .map(|(_, finding)| finding.as_str())
    }
}

/// One table: its class, what either role may do to it, and its policies.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct TableRights {
    pub table: String,
    pub class: String,
    pub tenant: String,
    pub system: String,
    pub policies: Vec<String>,
}

/// Refuses a login that bypasses policies, makes the roles where it may, and brings the tables up
/// to date.
pub(super) async fn prepare(connection: &mut PgConnection) -> Result<Isolation, LoginError> {
    check_login(connection).await?;
    sqlx::query!("SELECT pg_advisory_lock($1)", PREPARE_LOCK).execute(&mut *connection).await?;
    require_vector(connection).await?;
    let isolation = find_isolation(connection).await?;
    sqlx::migrate!().run(&mut *connection).await.map_err(|error| match error {
        MigrateError::VersionMissing(_) => LoginError::NewerSchema,
        other => LoginError::Migration(other),
    })?;
    if isolation == Isolation::TwoRoles {
        sqlx::query!("SELECT app_grant()").execute(&mut *connection).await?;
    }
    sqlx::query!("SELECT pg_advisory_unlock($1)", PREPARE_LOCK).fetch_one(&mut *connection).await?;
    Ok(isolation)
}

/// Whether the newest migration that was made is the newest that this program has.
pub(super) async fn is_current(connection: &mut PgConnection) -> sqlx::Result<bool> {
    let newest = sqlx::migrate!().iter().map(|migration| migration.version).max();
    let made: Option<i64> =
        sqlx::query_scalar("SELECT max(version) FROM _sqlx_migrations WHERE success")
            .fetch_one(connection)
            .await?;
    Ok(made == newest)
}

async fn check_login(connection: &mut PgConnection) -> Result<(), LoginError> {
    let login = sqlx::query!(
        r#"SELECT rolname::text AS "name!", rolsuper AS "superuser!", rolbypassrls AS "bypasses!",
                  current_setting('server_version_num')::integer AS "version!",
                  current_setting('server_version') AS "version_name!"
           FROM pg_roles
           WHERE rolname = session_user"#
    )
    .fetch_one(connection)
    .await?;
    if login.version < OLDEST_POSTGRES {
        return Err(LoginError::TooOld { found: login.version_name });
    }
    let what = match (login.superuser, login.bypasses) {
        (true, _) => "a superuser",
        (false, true) => "marked BYPASSRLS",
        (false, false) => return Ok(()),
    };
    Err(LoginError::BypassesPolicies { login: login.name, what })
}

/// pgvector must be there; a login that owns a trusted extension's rights may add it itself.
async fn require_vector(connection: &mut PgConnection) -> Result<(), LoginError> {
    let found = sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM pg_extension WHERE extname = 'vector') AS "found!""#
    )
    .fetch_one(&mut *connection)
    .await?;
    if found {
        return Ok(());
    }
    match sqlx::query("CREATE EXTENSION vector").execute(connection).await {
        Ok(_) => Ok(()),
        Err(error) => {
            tracing::debug!(%error, "The login may not create the extension");
            Err(LoginError::NoVector)
        }
    }
}

/// Makes the two roles where the login may, and finds out whether it can become them.
async fn find_isolation(connection: &mut PgConnection) -> sqlx::Result<Isolation> {
    sqlx::query(
        "DO $$
         DECLARE
             wanted text;
         BEGIN
             FOREACH wanted IN ARRAY ARRAY['quarterdeck_tenant', 'quarterdeck_system'] LOOP
                 IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = wanted)
                    AND (SELECT rolcreaterole FROM pg_roles WHERE rolname = session_user) THEN
                     BEGIN
                         EXECUTE format('CREATE ROLE %I NOLOGIN NOBYPASSRLS', wanted);
                     EXCEPTION WHEN duplicate_object OR unique_violation THEN
                         NULL;
                     END;
                 END IF;
                 IF EXISTS (SELECT FROM pg_roles WHERE rolname = wanted)
                    AND NOT pg_has_role(session_user, wanted, CASE WHEN current_setting('server_version_num')::integer >= 160000 THEN 'SET' ELSE 'MEMBER' END) THEN
                     BEGIN
                         EXECUTE format('GRANT %I TO %I', wanted, session_user);
                     EXCEPTION WHEN insufficient_privilege THEN
                         NULL;
                     END;
                 END IF;
             END LOOP;
         END
         $$",
    )
    .execute(&mut *connection)
    .await?;
    let both = sqlx::query_scalar!(
        r#"SELECT count(*) = 2 AS "both!"
           FROM pg_roles
           WHERE rolname IN ('quarterdeck_tenant', 'quarterdeck_system')
             AND NOT rolsuper
             AND NOT rolbypassrls
             AND pg_has_role(session_user, oid, CASE WHEN current_setting('server_version_num')::integer >= 160000 THEN 'SET' ELSE 'MEMBER' END)"#
    )
    .fetch_one(connection)
    .await?;
    Ok(if both { Isolation::TwoRoles } else { Isolation::OneLogin })
}

/// Tries the isolation and reads the catalog; the caller rolls back.
pub(super) async fn check(
    connection: &mut PgConnection,
    isolation: Isolation,
) -> sqlx::Result<IsolationReport> {
    let probe = sqlx::query_as!(
        ProbeFinding,
        r#"SELECT table_name AS "table!", finding AS "finding!" FROM app_probe($1, $2)"#,
        isolation.tenant_role(),
        isolation.system_role(),
    )
    .fetch_all(&mut *connection)
    .await?;
    Ok(IsolationReport {
        probe,
        catalog: catalog_findings(&mut *connection).await?,
        tables: rights(connection).await?,
        two_roles: isolation == Isolation::TwoRoles,
    })
}

/// What the catalog says against any table of the schema.
#[expect(clippy::too_many_lines, reason = "it is one query")]
async fn catalog_findings(connection: &mut PgConnection) -> sqlx::Result<Vec<CatalogFinding>> {
    sqlx::query_as!(
        CatalogFinding,
        r#"WITH tables AS (
               SELECT c.oid, c.relname, c.relrowsecurity, c.relforcerowsecurity, p.class,
                      EXISTS (SELECT FROM pg_attribute a
                              WHERE a.attrelid = c.oid AND a.attname = 'tenant_id' AND NOT a.attisdropped) AS tenanted
               FROM pg_class c
               LEFT JOIN protected_tables p ON p.name = c.relname
               WHERE c.relnamespace = 'public'::regnamespace
                 AND c.relkind IN ('r', 'p')
                 AND c.relname NOT IN ('_sqlx_migrations', 'protected_tables')
           )
           SELECT relname::text AS "table!", 'is not protected: its migration lacks SELECT app_protect(…)' AS "finding!"
           FROM tables WHERE class IS NULL
           UNION ALL
           SELECT relname::text, 'row-level security is not enabled and forced'
           FROM tables WHERE NOT (relrowsecurity AND relforcerowsecurity)
           UNION ALL
           SELECT relname::text, 'has no policy that checks what is written'
           FROM tables t
           WHERE NOT EXISTS (SELECT FROM pg_policy WHERE polrelid = t.oid AND polwithcheck IS NOT NULL)
           UNION ALL
           SELECT relname::text, 'has a class that needs tenant_id, and no such column'
           FROM tables WHERE class <> 'system' AND NOT tenanted
           UNION ALL
           SELECT relname::text, 'tenant_id may be null'
           FROM tables t
           JOIN pg_attribute a ON a.attrelid = t.oid AND a.attname = 'tenant_id' AND NOT a.attnotnull
           UNION ALL
           -- An organisation's slug is its public address, unique among all by intention.
           SELECT t.relname::text, format('the unique key %s does not start with tenant_id', i.relname)
           FROM tables t
           JOIN pg_index x ON x.indrelid = t.oid AND x.indisunique
           JOIN pg_class i ON i.oid = x.indexrelid
           JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = x.indkey[0]
           WHERE t.tenanted AND a.attname <> 'tenant_id' AND i.relname <> 'organizations_slug_key'
           UNION ALL
           SELECT t.relname::text, format('the foreign key %s does not carry tenant_id', c.conname)
           FROM tables t
           JOIN pg_constraint c ON c.conrelid = t.oid AND c.contype = 'f'
           JOIN tables other ON other.oid = c.confrelid AND other.tenanted
           WHERE t.tenanted
             AND NOT EXISTS (SELECT FROM pg_attribute a
                             WHERE a.attrelid = t.oid AND a.attnum = ANY (c.conkey) AND a.attname = 'tenant_id')
           UNION ALL
           -- Tables of a repository, and tables of what is a repository's, show nothing of hidden ones.
           SELECT t.relname::text, 'has no policy that hides the rows of hidden repositories: SELECT app_hide(…)'
           FROM tables t
           WHERE (EXISTS (SELECT FROM pg_attribute a
                          WHERE a.attrelid = t.oid AND a.attname = 'repository_id' AND NOT a.attisdropped)
                  OR EXISTS (SELECT FROM pg_constraint c
                             JOIN pg_policy p ON p.polrelid = c.confrelid AND p.polname = 'visible'
                             WHERE c.conrelid = t.oid AND c.contype = 'f'))
             AND NOT EXISTS (SELECT FROM pg_policy WHERE polrelid = t.oid AND polname = 'visible' AND NOT polpermissive)
           UNION ALL
           SELECT c.relname::text, 'is a view without security_invoker'
           FROM pg_class c
           WHERE c.relnamespace = 'public'::regnamespace
             AND c.relkind IN ('v', 'm')
             AND NOT coalesce(c.reloptions::text[] @> ARRAY['security_invoker=true'], false)
           UNION ALL
           SELECT p.proname::text, 'is a function that runs with its owner''s rights'
           FROM pg_proc p
           WHERE p.pronamespace = 'public'::regnamespace
             AND p.prosecdef
             AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')
           ORDER BY 1, 2"#
    )
    .fetch_all(connection)
    .await
}

/// The rights of both roles as the catalog has them; of one login, as its policies have them.
pub(super) async fn rights(connection: &mut PgConnection) -> sqlx::Result<Vec<TableRights>> {
    sqlx::query_as!(
        TableRights,
        r#"WITH verbs AS (SELECT * FROM unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE']) WITH ORDINALITY AS v (verb, place)),
           roles AS (SELECT oid, rolname FROM pg_roles WHERE rolname IN ('quarterdeck_tenant', 'quarterdeck_system')
                     AND pg_has_role(session_user, oid, CASE WHEN current_setting('server_version_num')::integer >= 160000 THEN 'SET' ELSE 'MEMBER' END)),
           allowed AS (
               SELECT c.oid AS table_oid, w.prefix, v.verb, v.place
               FROM pg_class c
               CROSS JOIN verbs v
               CROSS JOIN (VALUES ('tenant'), ('system')) AS w (prefix)
               LEFT JOIN roles r ON r.rolname = 'quarterdeck_' || w.prefix
               WHERE EXISTS (SELECT FROM pg_policy p
                             WHERE p.polrelid = c.oid
                               AND p.polname LIKE w.prefix || '%'
                               AND (p.polcmd = '*' OR p.polcmd = CASE v.verb WHEN 'SELECT' THEN 'r' WHEN 'INSERT' THEN 'a'
                                                                            WHEN 'UPDATE' THEN 'w' ELSE 'd' END::"char"))
                 AND (r.oid IS NULL OR has_table_privilege(r.oid, c.oid, v.verb))
           )
           SELECT p.name::text AS "table!", p.class AS "class!",
                  coalesce((SELECT string_agg(lower(verb), ', ' ORDER BY place) FROM allowed a
                            WHERE a.table_oid = c.oid AND a.prefix = 'tenant'), 'none') AS "tenant!",
                  coalesce((SELECT string_agg(lower(verb), ', ' ORDER BY place) FROM allowed a
                            WHERE a.table_oid = c.oid AND a.prefix = 'system'), 'none') AS "system!",
                  coalesce((SELECT array_agg(polname::text ORDER BY polname) FROM pg_policy WHERE polrelid = c.oid), '{}') AS "policies!"
           FROM protected_tables p
           JOIN pg_class c ON c.relname = p.name AND c.relnamespace = 'public'::regnamespace
           ORDER BY p.name"#
    )
    .fetch_all(connection)
    .await
}

/// Draws the tables and their references for Mermaid.
pub(super) async fn diagram(connection: &mut PgConnection) -> sqlx::Result<String> {
    let tables = sqlx::query!(
        r#"SELECT c.relname::text AS "name!",
                  array_agg(format('%s %s%s', replace(format_type(a.atttypid, NULL), ' ', '_'), a.attname,
                            CASE WHEN a.attnum = ANY (k.indkey) THEN ' PK' ELSE '' END) ORDER BY a.attnum) AS "columns!"
           FROM protected_tables p
           JOIN pg_class c ON c.relname = p.name AND c.relnamespace = 'public'::regnamespace
           JOIN pg_index k ON k.indrelid = c.oid AND k.indisprimary
           JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
           GROUP BY c.relname
           ORDER BY c.relname"#
    )
    .fetch_all(&mut *connection)
    .await?;
    let references = sqlx::query!(
        r#"SELECT DISTINCT o.relname::text AS "one!", m.relname::text AS "many!"
           FROM pg_constraint c
           JOIN pg_class m ON m.oid = c.conrelid
           JOIN pg_class o ON o.oid = c.confrelid
           JOIN protected_tables p ON p.name = m.relname
           WHERE c.contype = 'f'
           ORDER BY 1, 2"#
    )
    .fetch_all(connection)
    .await?;
    let arrows = references
        .iter()
        .map(|reference| format!("    {} ||--o{{ {} : has", reference.one, reference.many));
    let boxes = tables.iter().map(|table| entity(&table.name, &table.columns));
    let lines = std::iter::once("erDiagram".to_owned()).chain(arrows).chain(boxes);
    Ok(lines.collect::<Vec<_>>().join("\n"))
}

/// One table with its columns.
fn entity(name: &str, columns: &[String]) -> String {
    let columns: Vec<String> = columns
        .iter()
        .map(|column| format!("        {}\n", column.replace("[]", "_array")))
        .collect();
    format!("    {name} {{\n{}    }}", columns.concat())
}
