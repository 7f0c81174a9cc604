//! The one pool: nobody outside `tenancy` gets a connection of it.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use chrono::{DateTime, Utc};
use sqlx::{
    Connection, PgConnection, Postgres, Transaction,
    postgres::{PgConnectOptions, PgPool, PgPoolOptions},
};

use super::{
    audit,
    changes::{self, Wake},
    grant::{Credential, Grant},
    layout::{self, IsolationReport, TableRights},
    store::{self, Context, Wanted},
    tx::{SystemReason, SystemTx, TenantTx},
};
use crate::{
    platform::tasks::Tasks,
    web::{AppError, Result},
};

/// How the database tells tenants' work from work across tenants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Isolation {
    /// The login may become `quarterdeck_tenant` and `quarterdeck_system`.
    TwoRoles,
    /// The login may not make roles: it owns the tables, FORCE and a transaction-local setting
    /// carry the isolation.
    OneLogin,
}

impl Isolation {
    pub(super) const fn tenant_role(self) -> &'static str {
        match self {
            Self::TwoRoles => "quarterdeck_tenant",
            Self::OneLogin => "none",
        }
    }

    pub(super) const fn system_role(self) -> &'static str {
        match self {
            Self::TwoRoles => "quarterdeck_system",
            Self::OneLogin => "none",
        }
    }
}

/// Why a database cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum LoginError {
    #[error(
        "the database login `{login}` is {what}, so Postgres would not keep organisations apart; make a login \
         of its own (CREATE ROLE quarterdeck LOGIN PASSWORD '…' NOSUPERUSER NOBYPASSRLS; ALTER DATABASE … OWNER \
         TO quarterdeck) and put it into DATABASE_URL"
    )]
    BypassesPolicies { login: String, what: &'static str },
    #[error(
        "the database has no pgvector; install the package (postgresql-NN-pgvector) on its server and run there, as \
         a superuser, in this database: CREATE EXTENSION vector"
    )]
    NoVector,
    #[error("PostgreSQL {found} is too old; Quarterdeck needs 15 or newer")]
    TooOld { found: String },
    #[error(
        "the tables are newer than this program; start a newer Quarterdeck, or restore the backup made before it"
    )]
    NewerSchema,
    #[error("the database's tables could not be made or changed")]
    Migration(#[source] sqlx::migrate::MigrateError),
    #[error("the database cannot be reached")]
    Unreachable(#[from] sqlx::Error),
}

/// The database, by transactions only.
#[derive(Clone, Debug)]
pub struct Db {
    pool: PgPool,
    isolation: Isolation,
    wake: Wake,
    /// Whether the isolation was well when it was tried last; false before the first time.
    isolated: Arc<AtomicBool>,
}

impl Db {
    /// Checks the login, brings the tables up to date, and opens the pool.
    pub async fn open(options: PgConnectOptions, max_connections: u32) -> Result<Self, LoginError> {
        let direct = options.clone();
        Self::open_past_pooler(options, &direct, max_connections).await
    }

    /// The same, where `options` lead through a transaction pooler: locks and migrations need one session,
    /// and so the `direct` address.
    pub async fn open_past_pooler(
        options: PgConnectOptions,
        direct: &PgConnectOptions,
        max_connections: u32,
    ) -> Result<Self, LoginError> {
        let mut connection = PgConnection::connect_with(direct).await?;
        let isolation = layout::prepare(&mut connection).await?;
        connection.close().await?;
        Ok(Self {
            pool: pool(options, max_connections, isolation),
            isolation,
            wake: Wake::default(),
            isolated: Arc::default(),
        })
    }

    pub const fn isolation(&self) -> Isolation {
        self.isolation
    }

    /// What wakes workers and open pages.
    pub const fn wake(&self) -> &Wake {
        &self.wake
    }

    /// Listens for notifications until the process stops; `options` go past any pooler.
    pub fn listen(&self, options: PgConnectOptions, tasks: &Tasks) {
        let (wake, stop) = (self.wake.clone(), tasks.stopping().clone());
        tasks.spawn("listen", async move { changes::listen(options, wake, stop).await });
    }

    /// Begins a transaction under a grant, which is looked up again: an error where the person has been
    /// removed or signed out since, and less than before where they were demoted.
    pub(super) async fn begin_as(
        &self,
        grant: &Grant,
        read_only: bool,
        now: DateTime<Utc>,
    ) -> Result<TenantTx> {
        if matches!(grant.credential, Credential::Own) {
            return Ok(self.begin_own(grant, read_only).await?);
        }
        let wanted = Wanted {
            credential: &grant.credential,
            slug: &grant.organization.slug,
            origin: &grant.origin,
            now,
            read_only,
        };
        let (inner, found) = self.begin_wanted(&wanted).await?;
        let grant = found.grant.ok_or(AppError::NotFound)?;
        Ok(TenantTx::new(inner, grant, self.isolation))
    }

    /// Begins a transaction for whoever a session or token stands for now.
    pub(super) async fn begin_wanted(
        &self,
        wanted: &Wanted<'_>,
    ) -> Result<(Transaction<'static, Postgres>, Context)> {
        #[expect(clippy::disallowed_methods, reason = "the kernel is where transactions begin")]
        let mut inner = self.pool.begin().await?;
        let found = store::enter_context(&mut inner, self.isolation, wanted).await?;
        let found = found.ok_or(AppError::Unauthorized)?;
        if let Some(grant) = &found.grant {
            grant.confirmation.require()?;
        }
        Ok((inner, found))
    }

    async fn begin_own(&self, grant: &Grant, read_only: bool) -> sqlx::Result<TenantTx> {
        #[expect(clippy::disallowed_methods, reason = "the kernel is where transactions begin")]
        let mut inner = self.pool.begin().await?;
        store::enter_tenant(&mut inner, self.isolation, grant, read_only).await?;
        Ok(TenantTx::new(inner, grant.clone(), self.isolation))
    }

    /// Begins a transaction for the tenant of a grant: for jobs and the command line, which were
    /// given theirs by a look-up; handlers have their [`Scope`](super::Scope).
    pub async fn begin_granted(&self, grant: &Grant) -> sqlx::Result<TenantTx> {
        self.begin_own(grant, false).await
    }

    /// Deletes the entries of an organisation's audit log that are older than it keeps them, and writes
    /// that down; returns how many.
    pub async fn forget_audit(&self, grant: &Grant, now: DateTime<Utc>) -> sqlx::Result<u64> {
        let mut tx = self.begin_own(grant, false).await?;
        let tenant = tx.tenant();
        let gone = audit::forget(&mut tx.inner, self.isolation, tenant).await?;
        let Some((entries, through)) = gone else { return Ok(0) };
        let event = audit::Event::new("audit.forgotten", "audit", tenant, now)
            .detail(serde_json::json!({"entries": entries, "through": through}));
        tx.record(event);
        tx.commit().await?;
        Ok(entries)
    }

    /// Begins a transaction across tenants.
    pub async fn system(&self, reason: SystemReason) -> sqlx::Result<SystemTx> {
        if let Some(begin) = reason.begins_by(self.isolation) {
            #[expect(clippy::disallowed_methods, reason = "the kernel is where transactions begin")]
            let inner = self.pool.begin_with(begin).await?;
            return Ok(SystemTx { inner, reason, isolation: self.isolation, drafts: Vec::new() });
        }
        #[expect(clippy::disallowed_methods, reason = "the kernel is where transactions begin")]
        let mut inner = self.pool.begin().await?;
        store::enter_system(&mut inner, self.isolation, reason.plans()).await?;
        Ok(SystemTx { inner, reason, isolation: self.isolation, drafts: Vec::new() })
    }

    /// Tries the isolation with rows of two made-up tenants, rolled back, and checks the catalog.
    pub async fn check_isolation(&self) -> sqlx::Result<IsolationReport> {
        #[expect(clippy::disallowed_methods, reason = "the kernel is where transactions begin")]
        let mut inner = self.pool.begin().await?;
        let report = layout::check(&mut inner, self.isolation).await?;
        inner.rollback().await?;
        self.isolated.store(report.is_well(), Ordering::Relaxed);
        Ok(report)
    }

    /// What the last check found: whether organisations are kept apart.
    pub fn is_isolated(&self) -> bool {
        self.isolated.load(Ordering::Relaxed)
    }

    /// Whether the tables are those that this program knows.
    pub async fn is_current(&self) -> sqlx::Result<bool> {
        let mut inner = self.begin_as_login().await?;
        layout::is_current(&mut inner).await
    }

    /// Every table with its class, the rights of both roles and its policies, from the catalog.
    pub async fn table_rights(&self) -> sqlx::Result<Vec<TableRights>> {
        let mut inner = self.begin_as_login().await?;
        layout::rights(&mut inner).await
    }

    /// The schema's tables and their references as a Mermaid entity diagram.
    pub async fn entity_diagram(&self) -> sqlx::Result<String> {
        let mut inner = self.begin_as_login().await?;
        layout::diagram(&mut inner).await
    }

    /// Begins a transaction as the login, which owns the list of protected tables; the connection
    /// starts as the tenant role, which may not read it.
    async fn begin_as_login(&self) -> sqlx::Result<Transaction<'static, Postgres>> {
        #[expect(clippy::disallowed_methods, reason = "the kernel is where transactions begin")]
        let mut inner = self.pool.begin().await?;
        sqlx::query("SELECT set_config('role', 'none', true)").execute(&mut *inner).await?;
        Ok(inner)
    }

    pub async fn close(&self) {
        self.pool.close().await;
    }
}

/// The pool; its connections start as the tenant role with no tenant set, so that a query that
/// went round the kernel would see nothing.
fn pool(options: PgConnectOptions, max_connections: u32, isolation: Isolation) -> PgPool {
    PgPoolOptions::new()
        .max_connections(max_connections)
        .acquire_timeout(Duration::from_secs(5))
        .test_before_acquire(false)
        .after_connect(move |connection, _| {
            Box::pin(async move {
                sqlx::query!("SELECT set_config('role', $1, false)", isolation.tenant_role())
                    .fetch_one(connection)
                    .await
                    .map(|_| ())
            })
        })
        .connect_lazy_with(options)
}
