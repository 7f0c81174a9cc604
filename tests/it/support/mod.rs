//! A running Quarterdeck with a database of its own, and the people who use it.

mod client;
pub mod database;
mod git;
mod issuer;
mod look;
pub mod routes;

use std::net::TcpListener;

use chrono::{DateTime, Utc};
use quarterdeck::{
    accounts::{self, sessions::SignIn, setup},
    app::{self, Parts},
    jobs::Worker,
    organizations::{self, OrganizationName, Slug},
    platform::{
        clock::Clock,
        config::{Config, Environment, LimitSettings},
        tasks::Tasks,
    },
    repositories::{self, ScanReason, Source},
    tenancy::{Db, Origin, Role, Sessions, SystemReason, TenantId, TenantTx, TokenScope},
    work::{self, ScanId, ScanSettings},
};
use secrecy::{ExposeSecret, SecretString};
use sqlx::PgConnection;

pub use client::{Answer, Client};
pub use database::Login as DatabaseLogin;
pub use git::Repository;
pub use issuer::Issuer;
pub use look::Look;

/// The time at which every test starts.
pub fn start_of_time() -> DateTime<Utc> {
    "2026-03-01T09:00:00Z".parse().unwrap()
}

/// Two organisations, `acme` and `globex`, with a person for each role, on a real server.
pub struct World {
    pub db: Db,
    pub clock: Clock,
    pub tasks: Tasks,
    pub scans: ScanSettings,
    pub sessions: Sessions,
    pub inbox: quarterdeck::webhooks::Inbox,
    pub base: String,
    /// A second server of the same site, where limits are shared.
    pub another: Option<String>,
    pub acme: TenantId,
    pub globex: TenantId,
    worker: Worker,
    files: tempfile::TempDir,
    database: database::Guard,
}

impl World {
    pub async fn new() -> Self {
        Self::with_login(DatabaseLogin::MayMakeRoles).await
    }

    /// The same on a database whose login may do this or that.
    pub async fn with_login(login: DatabaseLogin) -> Self {
        Self::with(login, |_| ()).await
    }

    /// The same with other settings of scans.
    pub async fn with_scans(change: impl FnOnce(&mut ScanSettings)) -> Self {
        Self::with(DatabaseLogin::MayMakeRoles, change).await
    }

    /// The same with another configuration.
    pub async fn with_config(configure: impl FnOnce(&mut Config)) -> Self {
        Self::with_all(DatabaseLogin::MayMakeRoles, configure, |_, _| ()).await
    }

    async fn with(login: DatabaseLogin, change: impl FnOnce(&mut ScanSettings)) -> Self {
        Self::with_all(login, |_| (), |parts, _| change(&mut parts.scans)).await
    }

    /// The same with other parts; the address of the server is known.
    pub async fn with_parts(login: DatabaseLogin, change: impl FnOnce(&mut Parts, &str)) -> Self {
        Self::with_all(login, |_| (), change).await
    }

    async fn with_all(
        login: DatabaseLogin,
        configure: impl FnOnce(&mut Config),
        change: impl FnOnce(&mut Parts, &str),
    ) -> Self {
        drop(rustls::crypto::ring::default_provider().install_default());
        quarterdeck::platform::jwt::install();
        let (database, options) = database::create(login).await;
        let files = tempfile::tempdir().unwrap();
        let mut config = Config {
            data_dir: Some(files.path().to_path_buf()),
            ..quarterdeck::platform::config::load(None, &Environment::default()).unwrap()
        };
        // All people of a test have the same address, and its clock stands still.
        config.limits = LimitSettings {
            address_requests: 0,
            credential_requests: 0,
            sign_ins: 0,
            webhooks: 0,
            failed_sign_ins: 0,
        };
        // Where the servers of the tests are.
        config.repositories.allowed_networks = vec!["127.0.0.0/8".parse().unwrap()];
        configure(&mut config);
        let clock = Clock::fixed(start_of_time());
        let tasks = Tasks::default();
        let db = Db::open(options.clone(), 8).await.unwrap();
        let mut parts = Parts::new(&config, db.clone(), clock.clone(), tasks.clone()).unwrap();
        parts.scans.policy.allowed_roots =
            repositories::source::AllowedRoots::Within(vec![files.path().canonicalize().unwrap()]);
        db.check_isolation().await.unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        if config.server.public_url.is_none() {
            parts.site.origin.clone_from(&base);
        }
        change(&mut parts, &base);
        app::watch_people(&mut parts);
        let another = (config.server.shared_limits).then(|| serve_again(&config, &parts));
        actix_web::rt::spawn(app::listen(&parts, listener, 1, 1).unwrap());
        db.listen(options, &tasks);
        let worker = Worker::new(db.clone(), clock.clone(), app::registry(&parts));
        let (acme, globex) = (found(&db, "acme", &clock).await, found(&db, "globex", &clock).await);
        let Parts { scans, sessions, inbox, .. } = parts;
        Self {
            db,
            clock,
            tasks,
            scans,
            sessions,
            inbox,
            base,
            another,
            acme,
            globex,
            worker,
            files,
            database,
        }
    }

    /// How another server connects to the database.
    pub fn database_options(&self) -> sqlx::postgres::PgConnectOptions {
        self.database.options()
    }

    /// A file of the server's data directory.
    pub fn data_file(&self, name: &str) -> std::path::PathBuf {
        self.files.path().join(name)
    }

    /// A connection of the login that owns the tables.
    pub async fn connect(&self) -> PgConnection {
        self.database.connect().await
    }

    /// Somebody of this role in `acme`, signed in.
    pub async fn member(&self, role: Role) -> Client {
        self.sign_in(self.acme, role.as_str(), Some(role)).await
    }

    pub async fn owner(&self) -> Client {
        self.member(Role::Owner).await
    }

    pub async fn viewer(&self) -> Client {
        self.member(Role::Viewer).await
    }

    /// The owner of the other organisation.
    pub async fn neighbour(&self) -> Client {
        self.sign_in(self.globex, "neighbour", Some(Role::Owner)).await
    }

    /// Somebody who is signed in and belongs to no organisation.
    pub async fn stranger(&self) -> Client {
        self.sign_in(self.acme, "stranger", None).await
    }

    /// Another session of somebody who may belong to nothing any more.
    pub async fn sign_in_again(&self, login: &str) -> Client {
        self.sign_in(self.acme, login, None).await
    }

    /// Somebody who is not signed in.
    pub fn nobody(&self) -> Client {
        Client::new(&self.base, None)
    }

    /// A program with a token of this role in an organisation.
    pub async fn program(&self, tenant: TenantId, role: Role) -> Client {
        let slug = if tenant == self.acme { "acme" } else { "globex" };
        let mut tx = self.db.system(SystemReason::CommandLine).await.unwrap();
        let grant = tx.grant_of_operator(slug).await.unwrap().unwrap();
        let mut tx = tx.enter(grant).await.unwrap();
        let wanted = accounts::tokens::NewToken {
            name: &"test".parse().unwrap(),
            scope: TokenScope::Admin,
            role,
            person: None,
            expires_at: None,
        };
        let token = accounts::tokens::create(&mut tx, &wanted, self.clock.now()).await.unwrap();
        tx.commit().await.unwrap();
        Client::new(
            &self.base,
            Some(("authorization", format!("Bearer {}", token.expose_secret()))),
        )
    }

    pub(super) async fn sign_in(
        &self,
        tenant: TenantId,
        login: &str,
        role: Option<Role>,
    ) -> Client {
        let now = self.clock.now();
        let mut tx = self.db.system(SystemReason::Login).await.unwrap();
        let account = match accounts::find_account_id(&mut tx, login).await.unwrap() {
            Some(account) => account,
            None => accounts::insert_account(&mut tx, login, &format!("The {login}"), now)
                .await
                .unwrap(),
        };
        if let Some(role) = role {
            organizations::add_member(&mut tx, tenant, account, role, now).await.unwrap();
        }
        let session = accounts::sessions::start(
            &mut tx,
            account,
            &SignIn { origin: &Origin::default(), now, sessions: &self.sessions },
        )
        .await
        .unwrap();
        tx.commit().await.unwrap();
        Client::browser(&self.base, &format!("quarterdeck_session={}", session.expose_secret()))
    }

    /// A setup link's secret; for an organisation, or the first one.
    pub async fn setup_secret(&self, organization: Option<TenantId>) -> SecretString {
        let mut tx = self.db.system(SystemReason::Login).await.unwrap();
        let secret = setup::issue(&mut tx, organization, self.clock.now()).await.unwrap();
        tx.commit().await.unwrap();
        secret
    }

    /// A new git repository below the directory that may be added by path.
    pub fn repository(&self, name: &str) -> Repository {
        Repository::create(&self.files.path().join(name))
    }

    /// Where [`Self::repository`] has one of that name.
    pub fn repository_path(&self, name: &str) -> String {
        self.files.path().join(name).canonicalize().unwrap().to_string_lossy().into_owned()
    }

    /// Connects a repository to an organisation and scans it to the end.
    pub async fn scan(&self, tenant: TenantId, repository: &Repository) -> ScanId {
        let scan = self.request_scan(tenant, repository).await;
        self.run_jobs().await;
        scan
    }

    /// Connects a repository to an organisation and asks for its scan.
    pub async fn request_scan(&self, tenant: TenantId, repository: &Repository) -> ScanId {
        let source = Source::parse(repository.path(), &self.scans.policy).unwrap();
        let slug = if tenant == self.acme { "acme" } else { "globex" };
        let mut tx = self.db.system(SystemReason::CommandLine).await.unwrap();
        let grant = tx.grant_of_operator(slug).await.unwrap().unwrap();
        drop(tx);
        let mut tx = self.db.begin_granted(&grant).await.unwrap();
        let connected =
            work::connect(&mut tx, &source, ScanReason::Added, self.clock.now()).await.unwrap();
        tx.commit().await.unwrap();
        connected.scan
    }

    /// Connects a repository by its address and asks for its scan.
    pub async fn request_url_scan(&self, tenant: TenantId, url: &str) -> ScanId {
        let source = Source::parse(url, &self.scans.policy).unwrap();
        let mut tx = self.begin(tenant).await;
        let connected =
            work::connect(&mut tx, &source, ScanReason::Added, self.clock.now()).await.unwrap();
        tx.commit().await.unwrap();
        connected.scan
    }

    /// Leaves a scan as a killed server does: its row says running, its job waits.
    pub async fn pretend_running(&self, scan: ScanId) {
        let mut tx = self.begin(self.acme).await;
        sqlx::query("UPDATE scans SET state = 'running' WHERE id = $1")
            .bind(scan.as_uuid())
            .execute(tx.connection())
            .await
            .unwrap();
        tx.commit().await.unwrap();
    }

    /// Counts attempts of the waiting jobs, as killed servers leave them.
    pub async fn pretend_attempts(&self, attempts: i32) {
        let mut tx = self.db.system(SystemReason::ClaimJob).await.unwrap();
        sqlx::query("UPDATE jobs SET attempts = $1")
            .bind(attempts)
            .execute(tx.connection())
            .await
            .unwrap();
        tx.commit().await.unwrap();
    }

    /// Marks a scan as one that has succeeded.
    pub async fn pretend_ended(&self, scan: ScanId) {
        let mut tx = self.begin(self.acme).await;
        sqlx::query("UPDATE scans SET state = 'succeeded' WHERE id = $1")
            .bind(scan.as_uuid())
            .execute(tx.connection())
            .await
            .unwrap();
        tx.commit().await.unwrap();
    }

    /// Forgets what was read of blobs, so that the next scan reads them again.
    pub async fn forget_facts(&self, tenant: TenantId) {
        let mut tx = self.begin(tenant).await;
        sqlx::query("DELETE FROM blob_facts").execute(tx.connection()).await.unwrap();
        tx.commit().await.unwrap();
    }

    /// Begins a transaction as the operator, for looking at rows.
    pub async fn begin(&self, tenant: TenantId) -> TenantTx {
        let slug = if tenant == self.acme { "acme" } else { "globex" };
        let mut tx = self.db.system(SystemReason::CommandLine).await.unwrap();
        let grant = tx.grant_of_operator(slug).await.unwrap().unwrap();
        drop(tx);
        self.db.begin_granted(&grant).await.unwrap()
    }

    /// Another worker of the same queue.
    pub fn worker(&self) -> Worker {
        self.worker.clone()
    }

    /// Runs the queue until nothing in it is ready.
    pub async fn run_jobs(&self) {
        self.worker.run_until_idle().await.unwrap();
        assert_eq!(self.worker.backlog().await.unwrap(), 0, "jobs were left");
    }
}

impl Drop for World {
    fn drop(&mut self) {
        self.tasks.stopping().cancel();
    }
}

/// Starts another server of the same site, as another process would be.
fn serve_again(config: &Config, parts: &Parts) -> String {
    let Parts { db, clock, tasks, .. } = parts.clone();
    let again = Parts::new(config, db, clock, tasks).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    actix_web::rt::spawn(app::listen(&again, listener, 1, 1).unwrap());
    base
}

async fn found(db: &Db, slug: &str, clock: &Clock) -> TenantId {
    let (slug, name): (Slug, OrganizationName) = (slug.parse().unwrap(), slug.parse().unwrap());
    let mut tx = db.system(SystemReason::CommandLine).await.unwrap();
    let id = organizations::insert(&mut tx, &slug, &name, clock.now()).await.unwrap().unwrap();
    tx.commit().await.unwrap();
    // The second organisation is younger than the first.
    clock.advance(chrono::Duration::milliseconds(1));
    id
}
