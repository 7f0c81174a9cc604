//! Connecting GitHub: an App by its manifest, pasted fields, OAuth Apps, tokens, repositories, and what GitHub tells of them.

mod apps;
mod disconnecting;
mod oauth;
mod pasting;
mod received;
mod repositories;
mod teams;
mod told;

use github_world::World as GitHub;
use quarterdeck::{platform::config::Config, tenancy::SystemReason, webhooks::DeliveryWorker};
use serde_json::Value;
use url::Url;

use crate::support::{Answer, Client, DatabaseLogin, World, start_of_time};

/// A GitHub with the organisation acme, and a site of which it knows nothing yet.
struct Scene {
    github: GitHub,
    world: World,
    owner: Client,
}

/// A connection that a test has made.
struct Made {
    id: String,
    /// What the App is called in GitHub's addresses.
    slug: String,
}

async fn github() -> GitHub {
    quarterdeck::platform::jwt::install();
    drop(rustls::crypto::ring::default_provider().install_default());
    let github = GitHub::start().await;
    github.set_time(start_of_time());
    github.organization("acme").public_member("ada", github_world::Role::Admin);
    github
}

fn between<'a>(text: &'a str, start: &str, end: &str) -> &'a str {
    let found = text.split_once(start).and_then(|(_, rest)| rest.split_once(end));
    found.unwrap_or_else(|| panic!("`{start}` … `{end}` is not in {text}")).0
}

fn unescaped(text: &str) -> String {
    let pairs = [
        ("&quot;", "\""),
        ("&#34;", "\""),
        ("&#39;", "'"),
        ("&#x27;", "'"),
        ("&lt;", "<"),
        ("&#60;", "<"),
        ("&gt;", ">"),
        ("&#62;", ">"),
        ("&#38;", "&"),
        ("&amp;", "&"),
    ];
    pairs.iter().fold(text.to_owned(), |text, (from, to)| text.replace(from, to))
}

fn path_of(address: &str) -> String {
    let url = Url::parse(address).unwrap();
    format!("{}?{}", url.path(), url.query().unwrap_or_default())
}

impl Scene {
    async fn new() -> Self {
        Self::with(DatabaseLogin::MayMakeRoles).await
    }

    async fn with(login: DatabaseLogin) -> Self {
        let github = github().await;
        Self::on(World::with_login(login).await, github).await
    }

    /// The same with another configuration, which may name the GitHub.
    async fn configured(configure: impl FnOnce(&mut Config, &GitHub)) -> Self {
        let github = github().await;
        let world = World::with_config(|config| configure(config, &github)).await;
        Self::on(world, github).await
    }

    async fn on(world: World, github: GitHub) -> Self {
        let owner = world.owner().await;
        Self { github, world, owner }
    }

    fn web(&self) -> String {
        self.github.web_url().as_str().trim_end_matches('/').to_owned()
    }

    /// Sets out to make an App in acme's name: the manifest and the state.
    async fn begin(&self, client: &Client, more: &[(&str, &str)]) -> (Answer, Value, String) {
        let web = self.web();
        let mut form = vec![("web_url", web.as_str()), ("owner", "acme")];
        form.extend(more);
        let page = client.post("/acme/github/apps", &form).await.expect(200);
        let manifest = unescaped(between(&page.text, "name=\"manifest\" value=\"", "\""));
        let manifest = serde_json::from_str(&manifest).unwrap();
        let state = between(&page.text, "settings/apps/new?state=", "\"").to_owned();
        (page, manifest, state)
    }

    /// Goes the whole way: the App is made and installed.
    async fn app(&self) -> Made {
        let (_, manifest, state) = self.begin(&self.owner, &[]).await;
        let back = self.github.agree_to_manifest("acme", &manifest, &state);
        let install = self.owner.get(&path_of(back.as_str())).await.expect(303);
        let slug = between(install.header("location"), "/apps/", "/").to_owned();
        let setup = self.github.install_app(&slug);
        let answer = self.owner.get(&path_of(&setup)).await.expect(303);
        let id = between(answer.header("location"), "/acme/github/", "/").to_owned();
        self.told().await;
        Made { id, slug }
    }

    /// Pastes a token of ada's.
    async fn token(&self) -> Made {
        let app = self.github.oauth_app("Tokens", "https://nowhere.example");
        let token = self.github.token("ada", &app.client_id, &["repo", "admin:repo_hook"]);
        let web = self.web();
        let form = [("web_url", web.as_str()), ("token", token.as_str())];
        let answer = self.owner.post("/acme/github/token", &form).await.expect(303);
        let id = between(answer.header("location"), "/acme/github/", "/").to_owned();
        Made { id, slug: String::new() }
    }

    /// Waits until GitHub has told all, and works it through.
    async fn told(&self) {
        self.github.delivered().await;
        let worker = DeliveryWorker::new(&self.world.db, &self.world.clock, &self.world.inbox);
        worker.run_until_idle().await.unwrap();
    }

    async fn page(&self, path: &str) -> String {
        self.owner.get(path).await.expect(200).text
    }

    /// Connects what is on the first page of a connection's repositories.
    async fn connect_all(&self, made: &Made) -> Answer {
        let here = format!("/acme/github/{}/repositories", made.id);
        let page = self.page(&here).await;
        let shown: Vec<&str> = page
            .split("name=\"shown\" value=\"")
            .skip(1)
            .map(|rest| rest.split('"').next().unwrap())
            .collect();
        let mut form = vec![("all", "1")];
        form.extend(shown.iter().map(|id| ("shown", *id)));
        self.owner.post(&here, &form).await
    }

    /// One row of a question to the database as the operator of acme.
    async fn ask(&self, question: &'static str) -> String {
        let mut tx = self.world.begin(self.world.acme).await;
        let row: Option<String> =
            sqlx::query_scalar(question).fetch_one(tx.connection()).await.unwrap();
        row.unwrap_or_default()
    }

    /// Runs the jobs about hooks and people, and forgets the scans: this GitHub has no git.
    async fn run_jobs(&self) {
        let mut tx = self.world.db.system(SystemReason::ClaimJob).await.unwrap();
        sqlx::query("DELETE FROM jobs WHERE kind = 'scan_repository'")
            .execute(tx.connection())
            .await
            .unwrap();
        tx.commit().await.unwrap();
        self.world.run_jobs().await;
        self.told().await;
    }
}
