//! An organisation in a database of its own, with a witness of what workers end.

use std::time::{Duration, Instant};

use quarterdeck::{
    organizations::{self, OrganizationName, Slug},
    platform::clock::Clock,
    repositories::{
        self, OnGitHub, ScanReason, Source,
        source::{AllowedRoots, FetchPolicy},
    },
    tenancy::{Db, SystemReason},
    work,
};
use sqlx::{
    AssertSqlSafe, ConnectOptions, Connection, Executor, PgConnection, postgres::PgConnectOptions,
};
use url::Url;

use crate::{
    database::{self, Guard, Login},
    history::{History, Place},
    picture::Picture,
};

const PATIENCE: Duration = Duration::from_mins(10);

/// Notes each delivery that ends as done, in the transaction that has its effect, with the process that did it.
const WITNESS: &str = "
    CREATE SCHEMA proof;
    CREATE TABLE proof.ended (guid text NOT NULL, process text NOT NULL);
    CREATE FUNCTION proof.note() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
    BEGIN
        INSERT INTO proof.ended VALUES (NEW.guid, current_setting('application_name'));
        RETURN NULL;
    END
    $$;
    CREATE TRIGGER proof_ended AFTER UPDATE ON deliveries
        FOR EACH ROW WHEN (NEW.state = 'done' AND OLD.state <> 'done') EXECUTE FUNCTION proof.note()";

/// The organisation `acme` and the repositories that it has connected.
pub struct Office {
    options: PgConnectOptions,
    /// Drops the database at the end.
    _guard: Option<Guard>,
}

impl Office {
    /// In a new database on the server of the tests.
    pub async fn found(history: &History) -> Self {
        let (guard, options) = database::create(Login::MayMakeRoles).await;
        Self { _guard: Some(guard), ..Self::found_in(options, &history.places).await }
    }

    /// In this database, which is empty or migrated.
    pub async fn found_in(options: PgConnectOptions, places: &[Place]) -> Self {
        let db = Db::open(options.clone(), 2).await.unwrap();
        let now = Clock::system().now();
        let (slug, name): (Slug, OrganizationName) =
            ("acme".parse().unwrap(), "Acme".parse().unwrap());
        let mut tx = db.system(SystemReason::CommandLine).await.unwrap();
        organizations::insert(&mut tx, &slug, &name, now).await.unwrap().unwrap();
        let grant = tx.grant_of_operator("acme").await.unwrap().unwrap();
        let mut tx = tx.enter(grant).await.unwrap();
        let policy = FetchPolicy {
            allowed_networks: vec!["127.0.0.0/8".parse().unwrap()],
            allowed_roots: AllowedRoots::Within(Vec::new()),
            credential: None,
        };
        for place in places {
            let source = Source::parse(&place.url, &policy).unwrap();
            work::connect(&mut tx, &source, ScanReason::Added, now).await.unwrap();
            // Known by its number from the beginning: a name that has changed since finds nothing.
            let there = OnGitHub::new(&place.url, place.id, &place.full_name).unwrap();
            repositories::find_on_github(&mut tx, &there).await.unwrap().unwrap();
        }
        tx.commit().await.unwrap();
        db.close().await;
        let office = Self { options, _guard: None };
        office.run(WITNESS).await;
        office
    }

    pub fn options(&self) -> PgConnectOptions {
        self.options.clone()
    }

    pub fn url(&self) -> Url {
        self.options.to_url_lossy()
    }

    /// A connection of the tables' owner that sees the organisation's rows.
    pub async fn connect(&self) -> PgConnection {
        let mut connection = PgConnection::connect_with(&self.options).await.unwrap();
        for setting in [
            "SELECT set_config('app.system', 'on', false)",
            "SELECT set_config('app.tenant_id', (SELECT tenant_id::text FROM organizations), false), set_config('app.hidden', '{}', false)",
        ] {
            connection.execute(setting).await.unwrap();
        }
        connection
    }

    pub async fn run(&self, sql: &str) {
        self.connect().await.execute(AssertSqlSafe(sql.to_owned())).await.unwrap();
    }

    async fn count(&self, sql: &'static str) -> i64 {
        sqlx::query_scalar(sql).fetch_one(&mut self.connect().await).await.unwrap()
    }

    /// Waits until nothing waits in the inbox; how long that took.
    pub async fn wait_until_idle(&self) -> Duration {
        let begun = Instant::now();
        let mut connection = self.connect().await;
        loop {
            let sql = "SELECT count(*) FROM deliveries WHERE state IN ('received', 'failed')";
            let waiting: i64 = sqlx::query_scalar(sql).fetch_one(&mut connection).await.unwrap();
            if waiting == 0 {
                return begun.elapsed();
            }
            assert!(begun.elapsed() < PATIENCE, "{waiting} deliveries wait");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// Has the leases end that nobody who is alive holds, as a minute does: for tests that cannot wait for it.
    pub async fn end_leases(&self) {
        self.run("UPDATE deliveries SET locked_until = now() WHERE state IN ('received', 'failed') AND locked_until > now()")
            .await;
    }

    /// How many deliveries are in the inbox, after a check that each is there once, had its effect once, and ended.
    pub async fn check_inbox(&self, accepted: usize) {
        let states: Vec<(String, i64)> =
            sqlx::query_as("SELECT state, count(*) FROM deliveries GROUP BY state ORDER BY state")
                .fetch_all(&mut self.connect().await)
                .await
                .unwrap();
        let accepted = i64::try_from(accepted).unwrap();
        assert_eq!(states, [("done".to_owned(), accepted)]);
        let guids = self.count("SELECT count(DISTINCT guid) FROM deliveries").await;
        assert_eq!(guids, accepted, "a GUID is there twice");
        let (ends, ended) = (
            self.count("SELECT count(*) FROM proof.ended").await,
            self.count("SELECT count(DISTINCT guid) FROM proof.ended").await,
        );
        assert_eq!(
            (ends, ended),
            (accepted, accepted),
            "a delivery had its effect twice, or not at all"
        );
    }

    /// How many deliveries each process ended.
    pub async fn shares(&self) -> Vec<(String, i64)> {
        sqlx::query_as(
            "SELECT process, count(*) FROM proof.ended GROUP BY process ORDER BY process",
        )
        .fetch_all(&mut self.connect().await)
        .await
        .unwrap()
    }

    pub async fn picture(&self) -> Picture {
        Picture::take(&mut self.connect().await).await
    }
}
