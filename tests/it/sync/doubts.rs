//! What an event leaves in doubt is asked of GitHub.

use quarterdeck::{
    sync,
    tracker::{RefKind, Wanted},
};
use serde_json::json;

use super::{Scene, fill};

impl Scene {
    async fn want(&self, wanted: Vec<Wanted>) {
        let mut tx = self.begin().await;
        let now = self.world.clock.now();
        assert!(sync::request_wanted(&mut tx, self.repository, wanted, now).await.unwrap());
        tx.commit().await.unwrap();
        self.world.run_jobs().await;
    }
}

fn id(number: u64) -> i64 {
    i64::try_from(number).unwrap()
}

#[actix_web::test]
async fn whatever_is_in_doubt_is_fetched_and_counts() {
    let scene = Scene::new().await;
    let shop = scene.shop();
    shop.push("main", "ada", &["Open the shop"]);
    let label = shop.label("bug", "d73a4a");
    let milestone = shop.milestone("1.0");
    let issue = shop.open_issue("ada", "The till jams");
    let comment = shop.comment(issue, "ben", "Again?");
    shop.push("till", "ben", &["Oil the drawer"]);
    let pull = shop.open_pull_request("ben", "Mend the till", "till");
    let review = shop.review(pull, "ada", ("APPROVED", "At last."));
    let line = shop.review_comment(pull, "ada", (review, "till.rs", "Less oil."));
    let run = shop.request_run("ada");
    let release = shop.release("ada", "v1.0");
    let deployment = shop.deploy("ada", "production");
    let status = shop.deployment_status(deployment, "ada", "success");

    scene
        .want(vec![
            Wanted::Label { github_id: id(label), name: "bug".to_owned() },
            Wanted::Milestone { number: id(milestone) },
            Wanted::Issue { number: id(issue) },
            Wanted::IssueComment { github_id: id(comment) },
            Wanted::Pull { number: id(pull) },
            Wanted::PullCommits { number: id(pull) },
            Wanted::Review { number: id(pull), github_id: id(review) },
            Wanted::ReviewComment { github_id: id(line) },
            Wanted::WorkflowRun { github_id: id(run) },
            Wanted::Release { github_id: id(release) },
            Wanted::Deployment { github_id: id(deployment) },
            Wanted::DeploymentStatus { deployment: id(deployment), github_id: id(status) },
            Wanted::Reference { reference: RefKind::Branch, name: "till".to_owned() },
        ])
        .await;

    for sql in [
        "SELECT count(*) FROM labels",
        "SELECT count(*) FROM milestones",
        "SELECT count(*) FROM issues",
        "SELECT count(*) FROM comments WHERE kind = 'issue_comment'",
        "SELECT count(*) FROM pull_requests",
        "SELECT count(*) FROM pull_request_commits",
        "SELECT count(*) FROM reviews",
        "SELECT count(*) FROM comments WHERE kind = 'review_comment'",
        "SELECT count(*) FROM workflow_runs",
        "SELECT count(*) FROM releases",
        "SELECT count(*) FROM deployments",
        "SELECT count(*) FROM deployment_statuses",
        "SELECT count(*) FROM refs WHERE name = 'till' AND head IS NOT NULL",
    ] {
        assert_eq!(scene.number(sql).await, 1, "{sql}");
    }
}

#[actix_web::test]
async fn a_word_of_the_same_second_is_settled_by_github() {
    let scene = Scene::new().await;
    fill(scene.shop());
    scene.import().await;
    // The same second at GitHub, and another title there.
    scene.shop().edit_issue(231, json!({"title": "What GitHub says"}));

    scene.want(vec![Wanted::Issue { number: 231 }, Wanted::Issue { number: 231 }]).await;

    assert_eq!(
        scene.words("SELECT title FROM issues WHERE number = 231").await,
        ["What GitHub says"]
    );
}

#[actix_web::test]
async fn a_list_that_leaves_a_doubt_has_it_settled() {
    let scene = Scene::new().await;
    fill(scene.shop());
    scene.import().await;
    scene.shop().edit_issue(231, json!({"title": "What GitHub says"}));

    scene.import().await;

    assert_eq!(
        scene.words("SELECT title FROM issues WHERE number = 231").await,
        ["What GitHub says"]
    );
}

#[actix_web::test]
async fn what_is_gone_goes_and_does_not_come_back() {
    let scene = Scene::new().await;
    fill(scene.shop());
    scene.import().await;
    scene.shop().delete_issue(231);

    scene.want(vec![Wanted::Issue { number: 231 }]).await;
    scene
        .want(vec![Wanted::Reference { reference: RefKind::Branch, name: "none".to_owned() }])
        .await;

    assert_eq!(scene.number("SELECT count(*) FROM issues WHERE number = 231").await, 0);
    assert_eq!(scene.number("SELECT count(*) FROM tasks WHERE number = 231").await, 0);
}

#[actix_web::test]
async fn issues_that_are_switched_off_stay_here() {
    let scene = Scene::new().await;
    fill(scene.shop());
    scene.import().await;
    scene.shop().switch_issues(false);

    scene.want(vec![Wanted::Issue { number: 231 }]).await;

    assert_eq!(scene.number("SELECT count(*) FROM issues WHERE number = 231").await, 1);
}

#[actix_web::test]
async fn what_waits_to_be_fetched_is_not_fetched_twice() {
    let scene = Scene::new().await;
    scene.shop().open_issue("ada", "The till jams");
    scene.github.take_requests();

    scene.want(vec![Wanted::Issue { number: 1 }; 5]).await;

    assert_eq!(scene.github.take_requests().len(), 1);
}
