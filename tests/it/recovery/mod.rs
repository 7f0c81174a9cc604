//! What was missed of what GitHub has told: found in GitHub's log, brought back, and accounted for.

mod ledger;

use chrono::Duration;
use github_world::{GitHubApp, Role as GitHubRole, World as GitHub};
use quarterdeck::{
    tenancy::Role,
    webhooks::{
        DeliveryWorker,
        recovery::{self, Presence},
    },
};

use crate::support::{World, start_of_time};

const EVENTS: [&str; 2] = ["issues", "repository"];

/// Acme with an App of its own, whose hook is known here and at GitHub.
struct Scene {
    github: GitHub,
    world: World,
    app: GitHubApp,
    url: String,
    secret: String,
}

fn between<'a>(text: &'a str, start: &str, end: &str) -> &'a str {
    text.split_once(start).and_then(|(_, rest)| rest.split_once(end)).unwrap().0
}

impl Scene {
    async fn new() -> Self {
        quarterdeck::platform::jwt::install();
        drop(rustls::crypto::ring::default_provider().install_default());
        let github = GitHub::start().await;
        github.set_time(start_of_time());
        github.user("ada");
        github.organization("acme").public_member("ada", GitHubRole::Admin);
        let app = github.github_app("Deck", "https://deck.example/");
        github.install(app.app_id, "acme", &[("metadata", "read"), ("issues", "read")]);
        let world = World::new().await;
        let page = world.owner().await.post("/acme/hooks", &[("name", "Deck")]).await.expect(200);
        let url = between(&page.text, "aria-labelledby=\"url-label\">", "<").to_owned();
        let secret = between(&page.text, "aria-labelledby=\"secret-label\">", "<").to_owned();
        let scene = Self { github, world, app, url, secret };
        scene.connect().await;
        scene
    }

    /// As connecting does it.
    async fn connect(&self) {
        let id = quarterdeck::platform::ids::new();
        let place = format!("connections.private_key {id}");
        let key = self.app.private_key.as_bytes();
        let sealed = self.world.sessions.keyring.seal(&place, key).unwrap();
        let mut tx = self.world.begin(self.world.acme).await;
        sqlx::query(
            "INSERT INTO connections (tenant_id, id, kind, web_url, api_url, host, app_id, app_slug, app_name, private_key,
                                      version, created_by, created_at)
             VALUES ($1, $2, 'app', $3, $4, '127.0.0.1', $5, 'deck', 'Deck', $6, $2, 'Ada', $7)",
        )
        .bind(self.world.acme.as_uuid())
        .bind(id)
        .bind(self.github.web_url().as_str())
        .bind(self.github.api_url().as_str())
        .bind(i64::try_from(self.app.app_id).unwrap())
        .bind(sealed)
        .bind(self.world.clock.now())
        .execute(tx.connection())
        .await
        .unwrap();
        sqlx::query("UPDATE hooks SET connection_id = $1, app_id = $2")
            .bind(id)
            .bind(i64::try_from(self.app.app_id).unwrap())
            .execute(tx.connection())
            .await
            .unwrap();
        tx.commit().await.unwrap();
    }

    /// Where GitHub delivers to: to us, or to where nobody is.
    fn deliver_to(&self, is_here: bool) {
        let url = if is_here { self.url.as_str() } else { "http://127.0.0.1:1/" };
        self.github.app_hook(self.app.app_id, url, &self.secret, &EVENTS);
    }

    async fn open_issues(&self, count: usize) {
        let shop = self.github.repository("acme/shop");
        for number in 0..count {
            shop.open_issue("ada", &format!("Issue {number}"));
        }
        self.github.delivered().await;
    }

    /// Lets time pass without the server.
    fn skip(&self, by: Duration) {
        self.world.clock.advance(by);
        self.github.set_time(self.world.clock.now());
    }

    /// Lets time pass with the server, which looks every two minutes.
    async fn advance(&self, minutes: i32) {
        for _ in 0..minutes / 2 {
            self.skip(Duration::minutes(2));
            self.look().await;
        }
        self.skip(Duration::minutes(i64::from(minutes % 2)));
        self.look().await;
    }

    async fn look(&self) {
        self.look_as(Presence::begun(self.world.clock.now()).looked()).await.unwrap();
        self.world.run_jobs().await;
    }

    /// As a process that has been there for so long.
    async fn look_as(&self, presence: Presence) -> anyhow::Result<()> {
        recovery::look(&self.world.db, self.world.clock.now(), presence).await
    }

    async fn work(&self) {
        let world = &self.world;
        DeliveryWorker::new(&world.db, &world.clock, &world.inbox).run_until_idle().await.unwrap();
    }

    async fn texts(&self, sql: &'static str) -> Vec<String> {
        let mut tx = self.world.begin(self.world.acme).await;
        sqlx::query_scalar(sql).fetch_all(tx.connection()).await.unwrap()
    }

    /// How what was missed stands.
    async fn missed(&self) -> Vec<String> {
        self.texts(
            "SELECT state || ' ' || count(*)
             FROM (SELECT coalesce(way, lost, CASE WHEN asked_at IS NULL THEN 'out' ELSE 'asked' END) AS state
                   FROM missed_deliveries) AS missed
             GROUP BY state ORDER BY 1",
        )
        .await
    }

    async fn gaps(&self) -> Vec<String> {
        self.texts(
            "SELECT reason || CASE WHEN whole_at IS NULL THEN ' open' ELSE ' whole' END FROM gaps ORDER BY id",
        )
        .await
    }

    async fn inbox(&self) -> Vec<String> {
        self.texts("SELECT event || ' ' || state || ' ' || count(*) FROM deliveries GROUP BY event, state ORDER BY 1")
            .await
    }

    async fn page(&self) -> String {
        self.world.owner().await.get("/acme/gaps").await.expect(200).text
    }
}

#[actix_web::test]
async fn a_few_that_were_missed_are_delivered_again() {
    let scene = Scene::new().await;
    scene.deliver_to(true);
    scene.github.delivered().await;
    scene.deliver_to(false);
    scene.open_issues(3).await;
    scene.deliver_to(true);
    scene.github.delivered().await;
    assert!(scene.page().await.contains("No gap"));

    scene.advance(1).await;
    scene.github.delivered().await;
    // The three, and the ping of the address where nobody was.
    assert_eq!(
        (scene.missed().await, scene.gaps().await),
        (vec!["asked 4".into()], vec!["missed open".into()])
    );
    scene.advance(1).await;
    scene.work().await;

    assert_eq!(
        (scene.missed().await, scene.gaps().await),
        (vec!["redelivered 4".into()], vec!["missed whole".into()])
    );
    assert_eq!(scene.inbox().await, ["issues done 3", "ping done 3"]);
    let page = scene.page().await;
    assert!(page.contains("4 delivered again") && page.contains("Deck was not reached"), "{page}");
}

#[actix_web::test]
async fn what_github_cannot_bring_is_read_from_its_log() {
    let scene = Scene::new().await;
    scene.deliver_to(false);
    scene.open_issues(3).await;

    scene.advance(1).await;
    scene.look().await;
    scene.work().await;

    assert_eq!(
        (scene.missed().await, scene.gaps().await),
        (vec!["read 4".into()], vec!["missed whole".into()])
    );
    assert_eq!(scene.inbox().await, ["issues done 3", "ping done 1"]);
    // And those that are asked for and do not come.
    scene.deliver_to(true);
    scene.github.delivered().await;
    scene.work().await;
    scene.deliver_to(false);
    scene.open_issues(2).await;
    scene.advance(6).await;
    assert_eq!(scene.missed().await, ["asked 3", "read 4"]);
    scene.github.delivered().await;
    scene.advance(3).await;
    assert_eq!(
        (scene.missed().await, scene.gaps().await.pop()),
        (vec!["read 7".into()], Some("missed whole".into()))
    );
}

#[actix_web::test]
async fn many_are_read_and_each_has_its_effect_once() {
    let scene = Scene::new().await;
    scene.deliver_to(true);
    scene.github.delivered().await;
    scene.deliver_to(false);
    scene.open_issues(130).await;
    scene.deliver_to(true);
    scene.github.delivered().await;

    scene.advance(1).await;
    scene.work().await;
    // GitHub brings some of them all the same.
    let issues: Vec<_> =
        scene.github.deliveries().into_iter().filter(|one| one.event == "issues").take(5).collect();
    for one in issues {
        scene.github.redeliver(one.id);
    }
    scene.github.delivered().await;
    scene.advance(10).await;
    scene.work().await;

    assert_eq!(
        (scene.missed().await, scene.gaps().await),
        (vec!["read 131".into()], vec!["missed whole".into()])
    );
    assert_eq!(scene.inbox().await, ["issues done 130", "ping done 3"]);
}

#[actix_web::test]
async fn a_time_in_which_the_server_was_down_is_a_gap_until_the_log_has_been_read() {
    let scene = Scene::new().await;
    scene.deliver_to(true);
    scene.github.delivered().await;
    scene.look().await;
    assert!(scene.gaps().await.is_empty());

    scene.skip(Duration::minutes(20));
    scene.look_as(Presence::begun(scene.world.clock.now())).await.unwrap();
    assert_eq!(scene.gaps().await, ["down open"]);
    scene.world.run_jobs().await;
    // What GitHub tried in its last half minute may not be in the log yet.
    assert_eq!(scene.gaps().await, ["down open"]);
    scene.advance(6).await;

    assert_eq!(scene.gaps().await, ["down whole"]);
    let page = scene.page().await;
    assert!(page.contains("The server was down") && page.contains("20 min"), "{page}");
    // Two processes beat as one.
    scene.advance(2).await;
    scene.look().await;
    assert_eq!(scene.gaps().await.len(), 1);
}

#[actix_web::test]
async fn a_log_that_cannot_be_read_is_told_and_read_later_from_where_it_was_whole() {
    let scene = Scene::new().await;
    scene.deliver_to(false);
    scene.open_issues(2).await;
    scene.skip(Duration::minutes(1));
    scene.github.next_answer(github_world::Fault::Status(500));

    scene.look().await;
    let page = scene.page().await;
    assert!(page.contains("log of Deck could not be read"), "{page}");
    assert!(scene.gaps().await.is_empty());
    scene.advance(6).await;
    scene.look().await;

    assert_eq!(scene.missed().await, ["read 3"]);
    assert!(!scene.page().await.contains("could not be read"));
}

#[actix_web::test]
async fn hooks_made_by_hand_are_told_apart_and_only_admins_see_gaps() {
    let scene = Scene::new().await;
    let owner = scene.world.owner().await;
    assert!(!owner.get("/acme/gaps").await.expect(200).text.contains("Recent Deliveries"));
    owner.post("/acme/hooks", &[("name", "By hand")]).await.expect(200);

    assert!(owner.get("/acme/gaps").await.expect(200).text.contains("Recent Deliveries"));
    assert_eq!(scene.world.member(Role::Member).await.get("/acme/gaps").await.status, 403);
    assert_eq!(scene.world.viewer().await.get("/acme/gaps").await.status, 403);
    assert_eq!(scene.world.stranger().await.get("/acme/gaps").await.status, 404);
}
