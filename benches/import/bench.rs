//! A GitHub with many issues, and a throwaway database that reads them.

use anyhow::{Context, ensure};
use github_world::World;
use quarterdeck::{
    connections::{ConnectionId, Connections},
    github::Reach,
    jobs::{Registry, Worker},
    organizations::{self, OrganizationName, Slug},
    platform::{clock::Clock, keyring::Keyring},
    repositories::{NewRepository, RepositoryId, SourceKind, insert},
    sync,
    tenancy::{Db, Grant, SystemReason},
};
use secrecy::SecretString;
use url::Url;

use crate::throwaway::Throwaway;

const SLUG: &str = "bench";
const DATABASE: &str = "QUARTERDECK_TEST_DATABASE_URL";
/// What servers seal their secrets with, so that one of its own opens what was sealed here.
const KEYS: &str = "QUARTERDECK_KEYS__SECRET";

/// Gone after [`Bench::drop`].
pub(crate) struct Bench {
    throwaway: Throwaway,
    github: World,
    db: Db,
    grant: Grant,
    clock: Clock,
    repository: RepositoryId,
    registry: Registry,
    issues: u64,
    comments: u64,
}

impl Bench {
    /// With so many issues, and so many comments on each.
    pub(crate) async fn create((issues, comments): (u64, u64)) -> anyhow::Result<Self> {
        let github = World::start().await;
        github.user("ada");
        let bench = github.repository("ada/bench");
        bench.generate_issues(issues, comments);
        let throwaway = Throwaway::create(Url::parse(&variable(DATABASE)?)?).await?;
        let db = Db::open(throwaway.url().as_str().parse()?, 8).await?;
        let clock = Clock::system();
        let grant = found(&db, &clock).await?;
        let keyring = Keyring::of_secrets(&SecretString::from(variable(KEYS)?))?;
        let repository = connect(&db, &grant, (&github, bench.id()), &keyring).await?;
        let reach = Reach::within(&["127.0.0.0/8".parse()?]);
        let registry =
            sync::register_jobs(Registry::default(), Connections::new(&clock, &keyring, &reach)?);
        Ok(Self { throwaway, github, db, grant, clock, repository, registry, issues, comments })
    }

    pub(crate) fn url(&self) -> String {
        self.throwaway.url().to_string()
    }

    pub(crate) async fn request(&self) -> anyhow::Result<()> {
        let mut tx = self.db.begin_granted(&self.grant).await?;
        sync::request_import(&mut tx, self.repository, self.clock.now()).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Runs the jobs that wait, here.
    pub(crate) async fn run_jobs(&self) -> anyhow::Result<()> {
        let worker = Worker::new(self.db.clone(), self.clock.clone(), self.registry.clone());
        worker.run_until_idle().await
    }

    /// Whether somebody has read all of it.
    pub(crate) async fn is_over(&self) -> anyhow::Result<bool> {
        let mut tx = self.db.begin_granted(&self.grant).await?;
        let left: i64 = sqlx::query_scalar(
            "SELECT count(*) FROM imports WHERE state NOT IN ('done', 'failed', 'cancelled')",
        )
        .fetch_one(tx.connection())
        .await?;
        Ok(left == 0)
    }

    /// Fails unless all that GitHub has is here.
    pub(crate) async fn check(&self) -> anyhow::Result<()> {
        let mut tx = self.db.begin_granted(&self.grant).await?;
        let (issues, comments): (i64, i64) =
            sqlx::query_as("SELECT (SELECT count(*) FROM issues), (SELECT count(*) FROM comments)")
                .fetch_one(tx.connection())
                .await?;
        let errors: Vec<String> = sqlx::query_scalar(
            "SELECT resource || ': ' || error FROM imports WHERE error IS NOT NULL",
        )
        .fetch_all(tx.connection())
        .await?;
        ensure!(errors.is_empty(), "the reading failed: {errors:?}");
        let is_whole = u64::try_from(issues)? == self.issues
            && u64::try_from(comments)? == self.issues * self.comments;
        ensure!(is_whole, "{issues} issues and {comments} comments are here");
        Ok(())
    }

    pub(crate) async fn drop(self) -> anyhow::Result<()> {
        drop(self.github);
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

/// A repository that is GitHub's, and a token to ask by, of a GitHub that has no limits.
async fn connect(
    db: &Db,
    grant: &Grant,
    (github, github_id): (&World, u64),
    keyring: &Keyring,
) -> anyhow::Result<RepositoryId> {
    let app = github.oauth_app("Quarterdeck", "http://127.0.0.1:8080/api/auth/callback");
    let token = github.token("ada", &app.client_id, &["repo"]);
    let (id, repository, now) = (ConnectionId::new(), RepositoryId::new(), Clock::system().now());
    let sealed = keyring.seal(&format!("connections.token {id}"), token.as_bytes())?;
    let (web, api) = (github.web_url(), github.enterprise_api_url());
    let host = format!("127.0.0.1:{}", web.port().context("the world has a port")?);
    let mut tx = db.begin_granted(grant).await?;
    let new = NewRepository {
        id: repository,
        name: "bench",
        source_kind: SourceKind::Url,
        source: "https://git.example/ada/bench",
        source_key: "https://git.example/ada/bench",
        trusted_roots: &[],
        created_at: now,
    };
    insert(&mut tx, &new).await?;
    sqlx::query(
        "UPDATE repositories SET github_host = $1, github_id = $2, full_name = 'ada/bench'",
    )
    .bind(&host)
    .bind(i64::try_from(github_id)?)
    .execute(tx.connection())
    .await?;
    sqlx::query(
        "INSERT INTO connections (tenant_id, id, kind, web_url, api_url, host, account, account_id, token, token_hint,
                                  version, created_by, created_at)
         VALUES ($1, $2, 'token', $3, $4, $5, 'ada', 7, $6, 'cdef', gen_random_uuid(), 'bench', now())",
    )
    .bind(grant.organization().id.as_uuid())
    .bind(id.as_uuid())
    .bind(web.as_str().trim_end_matches('/'))
    .bind(api.as_str())
    .bind(&host)
    .bind(sealed)
    .execute(tx.connection())
    .await?;
    tx.commit().await?;
    Ok(repository)
}

#[expect(
    clippy::disallowed_methods,
    reason = "benchmarks are told by the environment where their server is, as tests are"
)]
fn variable(name: &str) -> anyhow::Result<String> {
    std::env::var(name).with_context(|| format!("{name} is not set: run scripts/bench"))
}
