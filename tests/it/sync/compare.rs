//! What nothing has told of is found by comparing.

use chrono::Duration;
use serde_json::json;

use super::{Scene, fill, rows};

/// Read whole, and an hour later.
pub(super) async fn read() -> Scene {
    let scene = Scene::new().await;
    fill(scene.shop());
    scene.advance(Duration::minutes(1));
    scene.import().await;
    scene.tick().await;
    scene.advance(Duration::hours(1));
    scene
}

#[actix_web::test]
async fn what_was_missed_is_found_within_a_quarter_of_an_hour() {
    let scene = read().await;
    scene.tick().await;
    scene.advance(Duration::minutes(1));
    let shop = scene.shop();
    shop.edit_issue(231, json!({"title": "The till is stuck"}));
    shop.close_issue(231);
    let new = shop.open_issue("ben", "Sell umbrellas");
    let comment = shop.comment(new, "ada", "In all colours.");
    shop.edit_comment(comment, "In black.");
    shop.push("sign", "ben", &["A sign"]);
    let pull = shop.open_pull_request("ben", "Put up a sign", "sign");
    shop.review(pull, "ada", ("APPROVED", "Fine."));
    scene.github.delivered().await;
    assert_eq!(scene.number("SELECT count(*) FROM issues").await, 232);

    scene.advance(Duration::minutes(16));
    scene.tick().await;

    for (sql, count) in [
        ("SELECT count(*) FROM issues", 233),
        (
            "SELECT count(*) FROM issues WHERE number = 231 AND state = 'closed' AND title = 'The till is stuck'",
            1,
        ),
        ("SELECT count(*) FROM comments WHERE body = 'In black.'", 1),
        ("SELECT count(*) FROM pull_requests", 3),
        ("SELECT count(*) FROM reviews", 3),
        ("SELECT count(*) FROM pull_request_commits WHERE subject = 'A sign'", 1),
    ] {
        assert_eq!(scene.number(sql).await, count, "{sql}");
    }
}

#[actix_web::test]
async fn what_was_deleted_at_github_goes_and_what_is_open_there_comes() {
    let scene = read().await;
    scene.shop().delete_issue(7);
    // Here by mistake: closed, and one that is not known at all, both older than any list of changes.
    let mut tx = scene.begin().await;
    for sql in [
        "UPDATE issues SET state = 'closed', updated_at = '2001-01-01' WHERE number = 9",
        "DELETE FROM issues WHERE number = 11",
        "UPDATE pull_requests SET state = 'closed', updated_at = '2001-01-01' WHERE number = 234",
    ] {
        sqlx::query(sql).execute(tx.connection()).await.unwrap();
    }
    tx.commit().await.unwrap();

    scene.tick().await;

    assert_eq!(scene.number("SELECT count(*) FROM issues WHERE number = 7").await, 0);
    assert_eq!(scene.number("SELECT count(*) FROM tombstones WHERE number = 7").await, 1);
    assert_eq!(
        scene
            .number("SELECT count(*) FROM issues WHERE number IN (9, 11) AND state = 'open'")
            .await,
        2
    );
    assert_eq!(
        scene
            .number("SELECT count(*) FROM pull_requests WHERE number = 234 AND state = 'open'")
            .await,
        1
    );
}

#[actix_web::test]
async fn nothing_goes_where_github_does_not_show_the_repository() {
    let scene = read().await;
    let before = rows(&scene).await;
    scene.shop().delete();

    scene.tick().await;

    assert_eq!(rows(&scene).await, before);
    let error = scene.words("SELECT error FROM syncs").await;
    assert!(error[0].starts_with("GitHub does not have the repository"), "{error:?}");
}

#[actix_web::test]
async fn branches_are_compared_hourly() {
    let scene = read().await;
    scene.shop().delete_branch("door", "ada");
    scene.shop().push("window", "ada", &["Glass"]);

    scene.tick().await;

    let branches = scene.words("SELECT name FROM refs WHERE head IS NOT NULL ORDER BY name").await;
    assert_eq!(branches, ["main", "till", "window"]);
}

#[actix_web::test]
async fn everything_is_read_once_more_a_day_and_reviews_only_where_something_changed() {
    let scene = read().await;
    scene.advance(Duration::hours(26));
    scene.github.take_requests();

    scene.tick().await;

    let asked = scene.github.take_requests();
    assert!(
        asked
            .iter()
            .any(|one| one.query.contains("state=all") && one.query.contains("sort=created"))
    );
    assert!(!asked.iter().any(|one| one.path.ends_with("/reviews")), "no pull request has changed");
    assert_eq!(
        scene.words("SELECT DISTINCT reason || ' ' || state FROM imports").await,
        ["sweep done"]
    );
}

#[actix_web::test]
async fn two_processes_ask_for_what_is_due_once() {
    let scene = read().await;
    let (db, now) = (scene.world.db.clone(), scene.world.clock.now());

    let asking = (0..4).map(|_| quarterdeck::sync::request_due(&db, now));
    for asked in futures_util::future::join_all(asking).await {
        asked.unwrap();
    }

    let mut tx = db.system(quarterdeck::tenancy::SystemReason::ClaimJob).await.unwrap();
    let queued: i64 = sqlx::query_scalar("SELECT count(*) FROM jobs WHERE state = 'queued'")
        .fetch_one(tx.connection())
        .await
        .unwrap();
    assert_eq!(queued, 1);
}

#[actix_web::test]
async fn a_repository_that_came_to_be_known_is_read_by_itself() {
    let scene = Scene::new().await;
    fill(scene.shop());

    scene.tick().await;

    assert_eq!(scene.number("SELECT count(*) FROM issues").await, 232);
    assert_eq!(
        scene.words("SELECT DISTINCT reason || ' ' || state FROM imports").await,
        ["import done"]
    );
}

#[actix_web::test]
async fn what_is_deleted_at_github_is_asked_for_once_a_day_and_goes_on_when_it_is_back() {
    let scene = read().await;
    let mut tx = scene.begin().await;
    sqlx::query("UPDATE repositories SET deleted_at = $1")
        .bind(scene.world.clock.now())
        .execute(tx.connection())
        .await
        .unwrap();
    tx.commit().await.unwrap();
    scene.shop().open_issue("ben", "Sell umbrellas");
    scene.github.delivered().await;
    scene.github.take_requests();

    scene.advance(Duration::hours(2));
    scene.tick().await;
    assert_eq!(scene.github.take_requests().len(), 0);

    scene.advance(Duration::hours(24));
    scene.tick().await;
    let back = "SELECT count(*) FROM repositories WHERE deleted_at IS NULL";
    assert_eq!(scene.number(back).await, 1);
    let new = "SELECT count(*) FROM issues WHERE title = 'Sell umbrellas'";
    assert_eq!(scene.number(new).await, 1);
}
