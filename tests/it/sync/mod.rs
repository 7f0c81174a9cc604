//! Reading a repository from GitHub, and keeping it in step: against the world.

mod compare;
mod complete;
mod doubts;
mod import;
mod pages;
mod people;
mod trouble;

use chrono::Duration;
use github_world::{RepositoryHandle, Role, World as GitHub};
use quarterdeck::{
    connections::ConnectionId,
    repositories::{self, RepositoryId},
    sync,
    tenancy::TenantTx,
};

use crate::support::{World, start_of_time};

/// Acme here and at GitHub, with a repository that is one of GitHub's and a token to ask by.
struct Scene {
    world: World,
    github: GitHub,
    repository: RepositoryId,
}

impl Scene {
    async fn new() -> Self {
        Self::of(GitHub::start().await, World::new().await).await
    }

    /// Another Quarterdeck that reads from the same GitHub.
    async fn beside(other: Self) -> Self {
        Self::of(other.github, World::new().await).await
    }

    async fn of(github: GitHub, world: World) -> Self {
        github.set_time(start_of_time());
        github.user("ada").name("Ada Lovelace");
        github
            .organization("acme")
            .public_member("ada", Role::Admin)
            .private_member("ben", Role::Member);
        let shop = github.repository("acme/shop").id();
        let repository = here(&world, shop, &github).await;
        connect(&world, &github).await;
        Self { world, github, repository }
    }

    fn shop(&self) -> RepositoryHandle<'_> {
        self.github.repository("acme/shop")
    }

    async fn begin(&self) -> TenantTx {
        self.world.begin(self.world.acme).await
    }

    /// Asks for the reading, and does what waits.
    async fn import(&self) {
        self.request().await;
        self.world.run_jobs().await;
    }

    async fn request(&self) {
        let mut tx = self.begin().await;
        let now = self.world.clock.now();
        let became = sync::request_import(&mut tx, self.repository, now).await.unwrap();
        assert_eq!(became, sync::Requested::Begun);
        tx.commit().await.unwrap();
    }

    /// Time passes here and at GitHub.
    fn advance(&self, by: Duration) {
        self.world.clock.advance(by);
        self.github.advance(by);
    }

    /// What is due is asked for and done.
    async fn tick(&self) {
        sync::request_due(&self.world.db, self.world.clock.now()).await.unwrap();
        self.world.run_jobs().await;
    }

    async fn number(&self, sql: &'static str) -> i64 {
        let mut tx = self.begin().await;
        sqlx::query_scalar(sql).fetch_one(tx.connection()).await.unwrap()
    }

    async fn words(&self, sql: &'static str) -> Vec<String> {
        let mut tx = self.begin().await;
        sqlx::query_scalar(sql).fetch_all(tx.connection()).await.unwrap()
    }

    /// How each resource stands, as `issues done 12`.
    async fn states(&self) -> Vec<String> {
        self.words("SELECT resource || ' ' || state || ' ' || items FROM imports ORDER BY resource")
            .await
    }

    async fn state(&self, resource: &str) -> String {
        let all = self.states().await;
        all.into_iter().find(|one| one.starts_with(&format!("{resource} "))).unwrap()
    }
}

/// A repository here that is this one of GitHub's.
async fn here(world: &World, github_id: u64, github: &GitHub) -> RepositoryId {
    let repository = world.repository("shop");
    repository.commit("Start", &[("README.md", "Shop")]);
    world.scan(world.acme, &repository).await;
    let mut tx = world.begin(world.acme).await;
    let id = repositories::find_named(&mut tx, "shop").await.unwrap().unwrap().id;
    sqlx::query("UPDATE repositories SET github_host = $2, github_id = $3, full_name = 'acme/shop' WHERE id = $1")
        .bind(id.as_uuid())
        .bind(host(github))
        .bind(i64::try_from(github_id).unwrap())
        .execute(tx.connection())
        .await
        .unwrap();
    tx.commit().await.unwrap();
    id
}

fn host(github: &GitHub) -> String {
    let url = github.web_url();
    format!("{}:{}", url.host_str().unwrap(), url.port().unwrap())
}

/// Ada's token, by which GitHub is asked.
async fn connect(world: &World, github: &GitHub) -> ConnectionId {
    let app = github.oauth_app("Quarterdeck", "http://127.0.0.1:8080/api/auth/callback");
    let token = github.token("ada", &app.client_id, &["repo"]);
    let id = ConnectionId::new();
    let place = format!("connections.token {id}");
    let sealed = world.sessions.keyring.seal(&place, token.as_bytes()).unwrap();
    let web = github.web_url();
    let web = web.as_str().trim_end_matches('/');
    let mut tx = world.begin(world.acme).await;
    sqlx::query(
        "INSERT INTO connections (tenant_id, id, kind, web_url, api_url, host, account, account_id, token, token_hint,
                                  version, created_by, created_at)
         VALUES ($1, $2, 'token', $3, $3, $4, 'ada', 7, $5, 'cdef', gen_random_uuid(), 'Ada', $6)",
    )
    .bind(world.acme.as_uuid())
    .bind(id.as_uuid())
    .bind(web)
    .bind(host(github))
    .bind(sealed)
    .bind(world.clock.now())
    .execute(tx.connection())
    .await
    .unwrap();
    tx.commit().await.unwrap();
    id
}

/// Some of everything, all in one second for each.
fn fill(shop: RepositoryHandle<'_>) {
    shop.generate_issues(230, 2);
    shop.label("bug", "d73a4a");
    shop.milestone("1.0");
    shop.push("main", "ada", &["Open the shop", "Paint the door"]);
    let issue = shop.open_issue("ada", "The till jams");
    shop.label_issue(issue, "bug");
    shop.assign_issue(issue, "ben");
    shop.comment(issue, "ben", "It is the drawer.");
    let other = shop.open_issue("", "Somebody who is gone has written this");
    shop.close_issue(other);
    shop.push("till", "ben", &["Oil the drawer", "Oil it again"]);
    let pull = shop.open_pull_request("ben", "Mend the till", "till");
    shop.edit_pull_request(pull, serde_json::json!({"body": format!("Closes #{issue}")}));
    let review = shop.review(pull, "ada", ("APPROVED", "At last."));
    shop.review_comment(pull, "ada", (review, "till.rs", "A bit less oil."));
    shop.push("door", "ada", &["Green"]);
    let second = shop.open_pull_request("ada", "Paint the door green", "door");
    shop.review(second, "ben", ("CHANGES_REQUESTED", "Blue!"));
    shop.merge_pull_request(pull, "ada");
    let run = shop.request_run("ada");
    shop.finish_run(run, "success");
    shop.release("ada", "v1.0");
    let deployment = shop.deploy("ada", "production");
    shop.deployment_status(deployment, "ada", "in_progress");
    shop.deployment_status(deployment, "ada", "success");
}

/// All rows that come from GitHub, without what is made up here.
async fn rows(scene: &Scene) -> Vec<String> {
    let mut all = Vec::new();
    for sql in [
        "SELECT 'issue ' || (to_jsonb(t) - 'tenant_id' - 'repository_id' - 'author_id' - 'closed_by_id' - 'assignees')::text
                || coalesce(a.login, '-') || ARRAY(SELECT login FROM contributors c WHERE c.id = ANY (t.assignees) ORDER BY login)::text
         FROM issues t LEFT JOIN contributors a ON a.id = t.author_id",
        "SELECT 'pull ' || (to_jsonb(t) - 'tenant_id' - 'repository_id' - 'author_id' - 'merged_by_id' - 'requested_reviewers' - 'counted_at')::text
                || coalesce(a.login, '-')
         FROM pull_requests t LEFT JOIN contributors a ON a.id = t.author_id",
        "SELECT 'commit ' || (to_jsonb(t) - 'tenant_id' - 'repository_id' - 'author_id')::text FROM pull_request_commits t",
        // Without what GraphQL is not asked for and most lists leave out.
        "SELECT 'review ' || (to_jsonb(t) - 'tenant_id' - 'repository_id' - 'author_id' - 'node_id' - 'updated_at')::text
         FROM reviews t",
        "SELECT 'comment ' || (to_jsonb(t) - 'tenant_id' - 'repository_id' - 'author_id')::text FROM comments t",
        "SELECT 'label ' || (to_jsonb(t) - 'tenant_id' - 'repository_id')::text FROM labels t",
        "SELECT 'milestone ' || (to_jsonb(t) - 'tenant_id' - 'repository_id' - 'creator_id')::text FROM milestones t",
        "SELECT 'release ' || (to_jsonb(t) - 'tenant_id' - 'repository_id' - 'author_id')::text FROM releases t",
        "SELECT 'deployment ' || (to_jsonb(t) - 'tenant_id' - 'repository_id' - 'creator_id')::text FROM deployments t",
        "SELECT 'status ' || (to_jsonb(t) - 'tenant_id' - 'repository_id' - 'creator_id')::text FROM deployment_statuses t",
        "SELECT 'run ' || (to_jsonb(t) - 'tenant_id' - 'repository_id' - 'actor_id')::text FROM workflow_runs t",
        "SELECT 'ref ' || kind || ' ' || name || ' ' || coalesce(encode(head, 'hex'), 'gone') FROM refs",
        "SELECT 'person ' || login || ' ' || is_bot FROM contributors",
        "SELECT 'task ' || source || ' ' || number || ' ' || state || ' ' || title FROM tasks WHERE number IS NOT NULL",
        "SELECT 'link ' || pull.number || ' ' || issue.number FROM task_links l
         JOIN tasks pull ON pull.id = l.from_task JOIN tasks issue ON issue.id = l.to_task",
    ] {
        all.extend(scene.words(sql).await);
    }
    all.sort();
    all
}
