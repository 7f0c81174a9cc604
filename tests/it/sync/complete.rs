//! Until when all is known: what is said of it is never more than what was read.

use std::collections::BTreeSet;

use chrono::{DateTime, Duration, Utc};
use github_world::Fault;
use quarterdeck::{
    sync,
    tenancy::{Role, SystemReason},
};
use serde_json::Value;

use super::{Scene, compare::read, fill};

impl Scene {
    /// Until when comparisons have found what was changed.
    async fn through(&self) -> DateTime<Utc> {
        let mut tx = self.begin().await;
        sqlx::query_scalar("SELECT through FROM syncs").fetch_one(tx.connection()).await.unwrap()
    }

    /// What the API says.
    async fn told(&self) -> Value {
        let program = self.world.program(self.world.acme, Role::Admin).await;
        let path = format!("/api/v2/repositories/{}/sync", self.repository);
        program.get(&path).await.expect(200).json()
    }

    /// Until when the API says that issues, pull requests and comments are here.
    async fn complete_through(&self) -> Option<DateTime<Utc>> {
        self.told().await["complete_through"].as_str().map(|time| time.parse().unwrap())
    }

    async fn complaint(&self) -> Option<String> {
        let mut tx = self.begin().await;
        sqlx::query_scalar("SELECT error FROM syncs").fetch_one(tx.connection()).await.unwrap()
    }

    /// What is due is asked for, and all of it done but comparisons.
    async fn tick_without_comparison(&self) {
        sync::request_due(&self.world.db, self.world.clock.now()).await.unwrap();
        let mut tx = self.world.db.system(SystemReason::ClaimJob).await.unwrap();
        sqlx::query("DELETE FROM jobs WHERE kind = 'reconcile_repository'")
            .execute(tx.connection())
            .await
            .unwrap();
        tx.commit().await.unwrap();
        self.world.run_jobs().await;
    }
}

/// How `resource` stands in an answer of the API.
fn resource<'a>(told: &'a Value, resource: &str) -> &'a Value {
    let all = told["resources"].as_array().unwrap();
    all.iter().find(|one| one["resource"] == resource).unwrap()
}

#[actix_web::test]
async fn a_comparison_that_is_cut_says_nothing_of_the_rest_and_has_all_read_once_more() {
    let scene = read().await;
    scene.tick().await;
    let (known, again) =
        (scene.through().await, "SELECT count(*) FROM comments WHERE body LIKE 'Again%'");
    for time in 0..25 {
        scene.shop().comment(231, "ben", &format!("Again {time}"));
    }

    scene.github.shorten_pages(Some(1));
    scene.advance(Duration::minutes(16));
    scene.tick().await;
    assert_eq!(scene.number(again).await, 20);
    assert_eq!(scene.through().await, known);
    assert_eq!(scene.complete_through().await, Some(known));
    assert!(scene.complaint().await.unwrap().starts_with("More was changed"));

    scene.github.shorten_pages(None);
    scene.advance(Duration::minutes(1));
    scene.tick_without_comparison().await;
    assert_eq!(scene.number(again).await, 25);
    assert_eq!(scene.through().await, known);
    assert_eq!(scene.complete_through().await, Some(scene.world.clock.now()));

    // What was read since is not compared again: that would be cut each time.
    scene.github.shorten_pages(Some(1));
    scene.advance(Duration::minutes(16));
    scene.tick().await;
    assert_eq!(scene.through().await, scene.world.clock.now());
    assert_eq!(scene.complaint().await, None);
}

#[actix_web::test]
async fn comparisons_that_are_cut_have_all_read_once_an_hour_at_most() {
    let scene = Scene::new().await;
    let issue = scene.shop().open_issue("ada", "The till jams");
    scene.import().await;
    scene.github.shorten_pages(Some(1));
    let mut passes = BTreeSet::new();

    for quarter in 1..=8 {
        for time in 0..25 {
            scene.shop().comment(issue, "ben", &format!("Again {quarter} {time}"));
        }
        scene.advance(Duration::minutes(16));
        scene.tick().await;
        passes.extend(scene.words("SELECT pass::text FROM imports").await);
    }

    assert_eq!(passes.len(), 3, "the first one, and two in as many hours");
}

#[actix_web::test]
async fn a_comparison_to_which_a_list_is_not_shown_says_nothing_of_it() {
    let scene = read().await;
    scene.tick().await;
    let known = scene.through().await;
    scene.shop().comment(231, "ben", "Again");
    scene.github.answer_at("/issues/comments?", Some(Fault::Status(404)));

    scene.advance(Duration::minutes(16));
    scene.tick().await;

    assert_eq!(scene.complete_through().await, Some(known));
    assert!(scene.complaint().await.unwrap().contains("does not let this connection see"));
    scene.github.answer_at("/issues/comments?", None);
    scene.advance(Duration::minutes(16));
    scene.tick().await;
    assert_eq!(scene.complete_through().await, Some(scene.world.clock.now()));
}

#[actix_web::test]
async fn a_daily_reading_that_finds_another_under_way_comes_after_it() {
    let scene = read().await;
    scene.tick().await;
    let reset = scene.github.now() + Duration::minutes(40);
    scene.github.limit("ada", 1_004, reset);
    scene.request().await;
    scene.world.run_jobs().await;
    assert!(scene.states().await.iter().any(|state| state.contains(" quota ")));
    let mut tx = scene.begin().await;
    sqlx::query("UPDATE syncs SET sweep_due_at = due_at").execute(tx.connection()).await.unwrap();
    tx.commit().await.unwrap();
    let standing = "SELECT DISTINCT reason || ' ' || state FROM imports ORDER BY 1";

    scene.advance(Duration::minutes(16));
    scene.tick().await;
    assert!(scene.words(standing).await.iter().all(|one| one.starts_with("import ")));
    scene.github.limit("ada", 5_000, reset + Duration::hours(1));
    scene.advance(Duration::minutes(30));
    scene.world.run_jobs().await;
    assert_eq!(scene.words(standing).await, ["import done"]);
    scene.tick().await;

    assert_eq!(scene.words(standing).await, ["sweep done"]);
}

#[actix_web::test]
async fn a_list_that_breaks_off_in_the_middle_is_not_complete() {
    let scene = Scene::new().await;
    fill(scene.shop());
    scene.github.answer_at("after=", Some(Fault::Status(404)));
    scene.import().await;

    let told = scene.told().await;
    let issues = resource(&told, "issues");
    assert_eq!((&issues["state"], &issues["complete_through"]), (&"failed".into(), &Value::Null));
    assert!(issues["items"].as_i64().unwrap() > 0, "{issues}");
    assert!(issues["error"].as_str().unwrap().contains("broke off"), "{issues}");
    assert_eq!(told["complete_through"], Value::Null);
    assert_eq!(scene.state("labels").await, "labels done 1", "the rest goes on");

    scene.github.answer_at("after=", None);
    scene.import().await;
    assert_eq!(scene.complete_through().await, Some(scene.world.clock.now()));
}

#[actix_web::test]
async fn a_list_that_is_not_shown_is_neither_complete_nor_switched_off() {
    let scene = Scene::new().await;
    fill(scene.shop());
    for part in ["/issues?", "/pulls?"] {
        scene.github.answer_at(part, Some(Fault::Status(404)));
    }
    scene.import().await;

    let told = scene.told().await;
    for not_shown in ["issues", "pull_requests"] {
        let list = resource(&told, not_shown);
        assert_eq!((&list["state"], &list["remark"]), (&"failed".into(), &Value::Null), "{list}");
        assert!(list["error"].as_str().unwrap().contains("let this connection see"), "{list}");
    }
    // Of pull requests that are not known it is not known either what belongs to them.
    assert_eq!(resource(&told, "reviews")["complete_through"], Value::Null);
    assert_eq!(told["complete_through"], Value::Null);
}
