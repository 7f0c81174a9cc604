//! Words, what was deleted, and the repositories that they are about.

use quarterdeck::{
    repositories::{self, RepositoryId},
    tenancy::Role,
    tracker::{self, Applied, Kind, NewIssue, TrackerError, Word},
};

use super::{
    LARGE, at, closed, comment, connected, deleted, issue, label, pull, review, rows, run, scalar,
};
use crate::support::World;

#[actix_web::test]
async fn two_repositories_have_their_own_objects_of_the_same_ids() {
    let world = World::new().await;
    let (api, web) = (connected(&world, "api", 1).await, connected(&world, "web", 2).await);
    let mut tx = world.begin(world.acme).await;
    for repository in [api, web] {
        let first =
            tracker::apply_issue(&mut tx, repository, &issue(12, 1), Word::Heard).await.unwrap();
        assert_eq!(first, Applied::Written);
    }
    let gone = deleted(Kind::Issue, LARGE + 12, Some(12));
    tracker::delete(&mut tx, api, gone, at(2)).await.unwrap();

    let again =
        tracker::apply_issue(&mut tx, web, &closed(12, 3, "completed"), Word::Heard).await.unwrap();

    assert_eq!(again, Applied::Written);
    assert_eq!(
        scalar::<i64>(&mut tx, "SELECT count(*) FROM tasks WHERE number = 12 AND state = 'done'")
            .await,
        1
    );
    tx.commit().await.unwrap();
    world.check_numbers(world.acme).await;
}

#[actix_web::test]
async fn open_objects_are_listed_for_reconciliation() {
    let world = World::new().await;
    let repository = connected(&world, "api", 1).await;
    let mut tx = world.begin(world.acme).await;
    let issues = [issue(12, 1), closed(13, 1, "completed"), issue(14, 1)];
    tracker::apply_issues(&mut tx, repository, &issues, Word::Heard).await.unwrap();

    let all = tracker::list_open_issues(&mut tx, repository, 0).await.unwrap();
    let later = tracker::list_open_issues(&mut tx, repository, LARGE + 12).await.unwrap();

    assert_eq!(all.iter().map(|open| open.number).collect::<Vec<_>>(), [12, 14]);
    assert_eq!(later.iter().map(|open| open.number).collect::<Vec<_>>(), [14]);
    assert!(tracker::list_open_pulls(&mut tx, repository, 0).await.unwrap().is_empty());
}

#[actix_web::test]
async fn a_repository_that_is_not_githubs_takes_no_word() {
    let world = World::new().await;
    let repository = world.repository("local");
    repository.commit("Start", &[("a", "a\n")]);
    world.scan(world.acme, &repository).await;
    let mut tx = world.begin(world.acme).await;
    let id = repositories::find_named(&mut tx, "local").await.unwrap().unwrap().id;

    let refused = tracker::apply_issue(&mut tx, id, &issue(12, 1), Word::Heard).await;

    assert!(matches!(refused, Err(TrackerError::NotConnected(_))), "{refused:?}");
    let other =
        tracker::apply_issue(&mut tx, RepositoryId::new(), &issue(12, 1), Word::Heard).await;
    assert!(matches!(other, Err(TrackerError::NotConnected(_))), "{other:?}");
}

#[actix_web::test]
async fn of_a_hidden_repository_nothing_is_listed() {
    let world = World::new().await;
    let repository = connected(&world, "api", 1).await;
    let mut tx = world.begin(world.acme).await;
    tracker::apply_issue(&mut tx, repository, &issue(12, 1), Word::Heard).await.unwrap();
    sqlx::query("UPDATE repositories SET restricted = true")
        .execute(tx.connection())
        .await
        .unwrap();
    tx.commit().await.unwrap();

    let member = world.member(Role::Member).await;
    let owner = world.owner().await;

    assert!(!member.get("/acme/tasks?source=issue").await.expect(200).text.contains("Issue 12"));
    assert!(owner.get("/acme/tasks?source=issue").await.expect(200).text.contains("Issue 12"));
}

#[actix_web::test]
async fn a_scan_and_words_of_github_leave_each_other_alone() {
    let world = World::new().await;
    let repository = connected(&world, "api", 1).await;
    let mut tx = world.begin(world.acme).await;
    let same_words = NewIssue { title: "Retry failed payouts".to_owned(), ..issue(12, 1) };
    tracker::apply_issue(&mut tx, repository, &same_words, Word::Heard).await.unwrap();
    tracker::apply_pull(&mut tx, repository, &pull(13, 1, "Closes #12"), Word::Heard)
        .await
        .unwrap();
    let before = rows(&mut tx).await;
    tx.commit().await.unwrap();

    world.rescan(world.acme, "api").await;

    let mut tx = world.begin(world.acme).await;
    assert_eq!(rows(&mut tx).await, before);
    world.check_numbers(world.acme).await;
}

#[actix_web::test]
async fn what_was_deleted_stays_so_with_what_stood_under_it() {
    let world = World::new().await;
    let repository = connected(&world, "api", 1).await;
    let mut tx = world.begin(world.acme).await;
    tracker::apply_issue(&mut tx, repository, &issue(12, 1), Word::Heard).await.unwrap();
    tracker::apply_comment(&mut tx, repository, &comment(12, 1), Word::Heard).await.unwrap();
    let gone = deleted(Kind::Issue, LARGE + 12, Some(12));

    for _ in 0..2 {
        tracker::delete(&mut tx, repository, gone, at(3)).await.unwrap();
    }
    let late =
        tracker::apply_issue(&mut tx, repository, &issue(12, 9), Word::Fetched).await.unwrap();
    let under =
        tracker::apply_comment(&mut tx, repository, &comment(12, 9), Word::Heard).await.unwrap();
    // A label of the same number is another thing.
    let label = label(LARGE + 12, "bug");
    let beside = tracker::apply_label(&mut tx, repository, &label, Word::Heard).await.unwrap();

    assert_eq!((late, under, beside), (Applied::Buried, Applied::Buried, Applied::Written));
    for sql in [
        "SELECT count(*) FROM issues",
        "SELECT count(*) FROM comments",
        "SELECT count(*) FROM tasks WHERE number = 12",
    ] {
        assert_eq!(scalar::<i64>(&mut tx, sql).await, 0, "{sql}");
    }
    tx.commit().await.unwrap();
    world.check_numbers(world.acme).await;
}

#[actix_web::test]
async fn every_kind_can_be_deleted_before_it_was_heard_of() {
    let world = World::new().await;
    let repository = connected(&world, "api", 1).await;
    let mut tx = world.begin(world.acme).await;
    for kind in [
        Kind::Issue,
        Kind::Pull,
        Kind::IssueComment,
        Kind::ReviewComment,
        Kind::Review,
        Kind::Label,
        Kind::Milestone,
        Kind::Release,
        Kind::Deployment,
        Kind::DeploymentStatus,
        Kind::WorkflowRun,
        Kind::CheckSuite,
    ] {
        tracker::delete(&mut tx, repository, deleted(kind, LARGE, None), at(0)).await.unwrap();
    }

    let late = [
        tracker::apply_comment(&mut tx, repository, &comment(12, 1), Word::Heard).await.unwrap(),
        tracker::apply_run(&mut tx, repository, &run(1, "queued", 1), Word::Heard).await.unwrap(),
        tracker::apply_review(&mut tx, repository, &review("approved", None), Word::Heard)
            .await
            .unwrap(),
    ];

    assert_eq!(late, [Applied::Buried; 3]);
    assert_eq!(scalar::<i64>(&mut tx, "SELECT count(*) FROM tombstones").await, 12);
}
