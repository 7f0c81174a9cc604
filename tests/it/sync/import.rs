//! A whole reading, and one that is interrupted.

use std::time::Duration as Span;

use chrono::Duration;
use quarterdeck::{
    github::model::Issue,
    tenancy::SystemReason,
    tracker::{self, Deleted, Kind, NewIssue, Word},
};
use serde_json::json;

use super::{Scene, fill, rows};
use crate::support::World;

#[actix_web::test]
async fn a_reading_ends_with_all_that_github_has() {
    let scene = Scene::new().await;
    fill(scene.shop());
    scene.github.deep_pages_from(200);
    scene.import().await;

    let states = scene.states().await;
    assert_eq!(
        states,
        [
            "branches done 3",
            "comments done 461",
            "deployment_statuses done 2",
            "deployments done 1",
            "issues done 232",
            "labels done 1",
            "milestones done 1",
            "pull_requests done 2",
            "releases done 1",
            "review_comments done 1",
            "reviews done 2",
            "workflow_runs done 1",
        ]
    );
    for (sql, count) in [
        ("SELECT count(*) FROM issues", 232),
        ("SELECT count(*) FROM issues WHERE state = 'closed'", 1),
        ("SELECT count(*) FROM comments", 462),
        ("SELECT count(*) FROM pull_requests WHERE merged_at IS NOT NULL", 1),
        ("SELECT count(*) FROM pull_requests WHERE additions = 3", 2),
        ("SELECT count(*) FROM reviews", 2),
        ("SELECT count(*) FROM refs WHERE head IS NOT NULL", 3),
        ("SELECT count(*) FROM tasks WHERE source = 'issue'", 232),
        ("SELECT count(*) FROM task_links", 1),
        ("SELECT count(*) FROM tombstones", 0),
    ] {
        assert_eq!(scene.number(sql).await, count, "{sql}");
    }
    for number in [1, 230, 231, 232] {
        let told = scene.shop().issue(number);
        let mut tx = scene.begin().await;
        let here: (String, String, i64) =
            sqlx::query_as("SELECT title, state, comments FROM issues WHERE number = $1")
                .bind(i64::try_from(number).unwrap())
                .fetch_one(tx.connection())
                .await
                .unwrap();
        assert_eq!(
            json!([here.0, here.1, here.2]),
            json!([told["title"], told["state"], told["comments"]])
        );
    }
    let asked = scene.github.requests();
    assert!(!asked.iter().any(|one| one.status == 422), "{asked:#?}");
    scene.world.check_numbers(scene.world.acme).await;
}

#[actix_web::test]
async fn the_newest_of_everything_is_there_after_the_first_pages() {
    let scene = Scene::new().await;
    fill(scene.shop());
    scene.request().await;

    // The repository, labels, milestones, branches, issues, and the question after those.
    run_until_asked(&scene, 6).await;

    assert_eq!(scene.number("SELECT max(number) FROM issues").await, 232);
    assert!(scene.number("SELECT count(*) FROM issues").await <= 100);
}

#[actix_web::test]
async fn a_second_reading_changes_nothing() {
    let scene = Scene::new().await;
    fill(scene.shop());
    scene.import().await;
    let (first, states) = (rows(&scene).await, scene.states().await);

    scene.import().await;

    assert_eq!(rows(&scene).await, first);
    assert_eq!(scene.states().await, states);
}

#[actix_web::test]
async fn many_at_once_say_what_one_by_one_do() {
    let many = Scene::new().await;
    fill(many.shop());
    many.import().await;
    let (told, states) = (rows(&many).await, many.states().await);
    let asked = many.github.take_requests();
    assert!(!asked.iter().any(|one| one.path.ends_with("/reviews")));
    assert_eq!(asked.iter().filter(|one| one.path == "/graphql").count(), 1);

    let singly = Scene::beside(many).await;
    singly.github.refuse_graphql(true);
    singly.import().await;

    assert_eq!(rows(&singly).await, told);
    assert_eq!(singly.states().await, states);
    let asked = singly.github.requests();
    assert_eq!(asked.iter().filter(|one| one.path.ends_with("/reviews")).count(), 2);
}

#[actix_web::test]
async fn a_limit_of_graphql_is_waited_out() {
    let scene = Scene::new().await;
    fill(scene.shop());
    scene.github.use_graphql_up(true);
    scene.import().await;
    assert_eq!(scene.state("reviews").await, "reviews quota 0");

    scene.github.use_graphql_up(false);
    scene.advance(Duration::minutes(61));
    scene.world.run_jobs().await;

    assert_eq!(scene.state("reviews").await, "reviews done 2");
}

/// Runs a worker until GitHub has been asked so often, and ends it there, as a server that is killed.
async fn run_until_asked(scene: &Scene, times: usize) {
    let until = scene.github.requests().len() + times;
    let asked = async {
        while scene.github.requests().len() < until {
            tokio::time::sleep(Span::from_millis(1)).await;
        }
        // At another moment each time: before the answer, while it is written, after.
        tokio::time::sleep(Span::from_millis(u64::try_from(until % 7 * 3).unwrap())).await;
    };
    let worker = scene.world.worker();
    tokio::select! {
        done = worker.run_until_idle() => done.unwrap(),
        () = asked => {}
    }
    // What it held is free once its lease has run out.
    scene.advance(Duration::seconds(16));
}

/// Lets a reading be written only now and then: pages are fetched, and their transactions fail.
async fn break_commits(world: &World) {
    let mut connection = world.connect().await;
    let sql = "CREATE SEQUENCE broken_commits;
        GRANT ALL ON SEQUENCE broken_commits TO PUBLIC;
        CREATE FUNCTION break_commit() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF nextval('broken_commits') % 3 = 0 THEN RAISE EXCEPTION 'the server has ended'; END IF;
            RETURN NULL;
        END $$;
        CREATE CONSTRAINT TRIGGER break_commit AFTER UPDATE ON imports DEFERRABLE INITIALLY DEFERRED
        FOR EACH ROW EXECUTE FUNCTION break_commit();";
    sqlx::raw_sql(sql).execute(&mut connection).await.unwrap();
}

#[actix_web::test]
async fn pages_whose_transactions_fail_are_read_again_and_counted_once() {
    let whole = Scene::new().await;
    fill(whole.shop());
    whole.import().await;
    let (told, states) = (rows(&whole).await, whole.states().await);

    let broken = Scene::beside(whole).await;
    break_commits(&broken.world).await;
    broken.request().await;
    for _ in 0..100 {
        broken.world.run_jobs().await;
        broken.advance(Duration::minutes(2));
    }

    assert_eq!(broken.states().await, states);
    assert_eq!(rows(&broken).await, told);
}

#[actix_web::test]
async fn a_server_that_ends_at_any_moment_loses_and_doubles_nothing() {
    let whole = Scene::new().await;
    fill(whole.shop());
    whole.import().await;
    let (told, states) = (rows(&whole).await, whole.states().await);

    let killed = Scene::beside(whole).await;
    killed.request().await;
    for kill in 0..200 {
        // Now and then it lives for as long as the longest step, five pull requests, takes.
        run_until_asked(&killed, 2 + kill % 10).await;
        if killed.states().await == states {
            break;
        }
        // Attempts that end with their server count, and a person may go on from there.
        killed.world.pretend_attempts(0).await;
    }

    assert_eq!(killed.states().await, states);
    assert_eq!(rows(&killed).await, told);
}

#[actix_web::test]
async fn two_workers_share_a_reading_and_double_nothing() {
    let whole = Scene::new().await;
    fill(whole.shop());
    whole.import().await;
    let (told, states) = (rows(&whole).await, whole.states().await);

    let shared = Scene::beside(whole).await;
    shared.request().await;
    // A second job of the same reading, as where a lease was lost.
    let mut tx = shared.world.db.system(SystemReason::ClaimJob).await.unwrap();
    sqlx::query(
        "INSERT INTO jobs (tenant_id, id, kind, payload, lane, run_at, max_attempts, created_at)
         SELECT tenant_id, gen_random_uuid(), kind, payload, 'another', run_at, max_attempts, created_at FROM jobs",
    )
    .execute(tx.connection())
    .await
    .unwrap();
    tx.commit().await.unwrap();
    let (one, two) = (shared.world.worker(), shared.world.worker());
    for _ in 0..20 {
        let (first, second) = futures_util::join!(one.run_until_idle(), two.run_until_idle());
        first.unwrap();
        second.unwrap();
    }

    assert_eq!(shared.states().await, states);
    assert_eq!(rows(&shared).await, told);
}

#[actix_web::test]
async fn events_in_the_middle_count_by_their_time_whatever_a_page_says() {
    let scene = Scene::new().await;
    fill(scene.shop());
    scene.request().await;
    let told = |number: u64, title: &str, later: Duration| {
        let issue: Issue = serde_json::from_value(scene.shop().issue(number)).unwrap();
        let updated_at = issue.updated_at + later;
        NewIssue::try_from(&Issue { title: title.to_owned(), updated_at, ..issue }).unwrap()
    };
    let gone = told(230, "", Duration::zero());
    let gone = Deleted { kind: Kind::Issue, github_id: gone.github_id, number: Some(230) };
    let mut tx = scene.begin().await;
    for event in [told(231, "Older", -Duration::hours(1)), told(232, "Newer", Duration::hours(1))] {
        tracker::apply_issue(&mut tx, scene.repository, &event, Word::Heard).await.unwrap();
    }
    tracker::delete(&mut tx, scene.repository, gone, scene.world.clock.now()).await.unwrap();
    tx.commit().await.unwrap();

    scene.world.run_jobs().await;

    let titles = scene.words("SELECT title FROM issues WHERE number >= 230 ORDER BY number").await;
    assert_eq!(titles, ["The till jams", "Newer"]);
    assert_eq!(scene.number("SELECT count(*) FROM comments WHERE number = 230").await, 0);
    assert_eq!(scene.state("issues").await, "issues done 232");
}

#[actix_web::test]
async fn a_repository_that_is_renamed_in_the_middle_is_read_on() {
    let scene = Scene::new().await;
    fill(scene.shop());
    scene.request().await;
    run_until_asked(&scene, 8).await;
    scene.shop().rename("store");
    scene.world.run_jobs().await;

    assert_eq!(scene.number("SELECT count(*) FROM issues").await, 232);
    assert_eq!(scene.state("comments").await, "comments done 461");
    // The next comparison learns the name.
    scene.advance(Duration::minutes(16));
    scene.tick().await;
    assert_eq!(scene.words("SELECT full_name FROM repositories").await, ["acme/store"]);
}

#[actix_web::test]
async fn what_is_switched_off_is_said_and_keeps_nothing_from_the_rest() {
    let scene = Scene::new().await;
    fill(scene.shop());
    scene.shop().switch_issues(false);
    scene.import().await;

    assert_eq!(scene.state("issues").await, "issues done 0");
    assert_eq!(scene.state("pull_requests").await, "pull_requests done 2");
    let remark = scene.words("SELECT remark FROM imports WHERE resource = 'issues'").await;
    assert_eq!(remark, ["Issues are switched off at GitHub."]);
}
