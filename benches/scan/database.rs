//! A throwaway database with an organisation, and the job that scans for it.

use std::{path::Path, time::Duration};

use anyhow::{Context, ensure};
use quarterdeck::{
    connections::Connections,
    github::Reach,
    jobs::{Registry, Worker},
    organizations::{self, OrganizationName, Slug},
    platform::{
        clock::Clock,
        config::{self, Environment},
        keyring::Keyring,
    },
    repositories::{ScanReason, Source},
    tenancy::{Db, Grant, SystemReason},
    work::{self, Scan, ScanId, ScanSettings, ScanState},
};
use url::Url;

use crate::throwaway::Throwaway;

const SLUG: &str = "bench";
const VARIABLE: &str = "QUARTERDECK_TEST_DATABASE_URL";
/// How often somebody who waits looks.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// A database beside the one that the tests' variable names; gone after [`Database::drop`].
pub(crate) struct Database {
    throwaway: Throwaway,
    db: Db,
    grant: Grant,
    settings: ScanSettings,
    worker: Worker,
    clock: Clock,
}

/// What jobs are done; nothing is asked of GitHub.
fn registry(settings: &ScanSettings, clock: &Clock) -> anyhow::Result<Registry> {
    let keyring = Keyring::of_secrets(&"sixteen letters or more".into())?;
    let connections = Connections::new(clock, &keyring, &Reach::default())?;
    Ok(work::register_jobs(Registry::default(), settings.clone(), connections))
}

impl Database {
    pub(crate) async fn create(mirrors: &Path) -> anyhow::Result<Self> {
        let throwaway = Throwaway::create(admin()?).await?;
        let db = Db::open(throwaway.url().as_str().parse()?, 8).await?;
        let clock = Clock::system();
        let grant = found(&db, &clock).await?;
        let config = config::load(None, &Environment::default())?;
        let settings = ScanSettings::from_config(&config, mirrors.to_path_buf());
        let worker = Worker::new(db.clone(), clock.clone(), registry(&settings, &clock)?);
        Ok(Self { throwaway, db, grant, settings, worker, clock })
    }

    pub(crate) fn url(&self) -> String {
        self.throwaway.url().to_string()
    }

    /// Asks for a scan; the first time it connects the repository.
    pub(crate) async fn request(&self, repository: &Path) -> anyhow::Result<ScanId> {
        let path = repository.canonicalize()?;
        let source = Source::parse(&path.to_string_lossy(), &self.settings.any_path())?;
        let mut tx = self.db.begin_granted(&self.grant).await?;
        let now = self.clock.now();
        let connected = work::connect(&mut tx, &source, ScanReason::Command, now).await?;
        tx.commit().await?;
        Ok(connected.scan)
    }

    /// Runs the jobs that wait, here.
    pub(crate) async fn run_jobs(&self) -> anyhow::Result<()> {
        self.worker.run_until_idle().await
    }

    /// Waits for a scan that somebody else runs.
    pub(crate) async fn wait(&self, scan: ScanId) -> anyhow::Result<Scan> {
        loop {
            let scan = self.find(scan).await?;
            match scan.state {
                ScanState::Succeeded => return Ok(scan),
                ScanState::Failed | ScanState::Cancelled => {
                    anyhow::bail!("the scan ended without a result: {:?}", scan.error)
                }
                ScanState::Queued | ScanState::Running => tokio::time::sleep(LOOK_EVERY).await,
            }
        }
    }

    pub(crate) async fn find(&self, scan: ScanId) -> anyhow::Result<Scan> {
        let mut tx = self.db.begin_granted(&self.grant).await?;
        work::find_scan(&mut tx, scan).await?.context("the scan is gone")
    }

    pub(crate) async fn drop(self) -> anyhow::Result<()> {
        self.db.close().await;
        self.throwaway.drop().await
    }
}

async fn found(db: &Db, clock: &Clock) -> anyhow::Result<Grant> {
    let (slug, name): (Slug, OrganizationName) = (SLUG.parse()?, SLUG.parse()?);
    let mut tx = db.system(SystemReason::CommandLine).await?;
    let made = organizations::insert(&mut tx, &slug, &name, clock.now()).await?;
    ensure!(made.is_some(), "the organisation is there already");
    let grant = tx.grant_of_operator(SLUG).await?.context("the organisation is gone")?;
    tx.commit().await?;
    Ok(grant)
}

#[expect(
    clippy::disallowed_methods,
    reason = "benchmarks are told by the environment where their server is, as tests are"
)]
fn admin() -> anyhow::Result<Url> {
    let url = std::env::var(VARIABLE)
        .with_context(|| format!("{VARIABLE} is not set: run scripts/bench"))?;
    Ok(Url::parse(&url)?)
}
