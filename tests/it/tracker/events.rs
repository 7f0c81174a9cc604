//! Events as GitHub sends them become rows, once, in whatever order they come.

use quarterdeck::{
    github::Event,
    repositories::RepositoryId,
    tenancy::TenantTx,
    tracker::{self, Applied, Outcome, RefKind, TrackerError, Wanted},
};
use serde_json::{Value, json};

use super::{
    Dice, LARGE, at, connected,
    payloads::{
        comment, event, issue, label, milestone, pull, push, reference, release, review_comment,
        small_pull, suite, with,
    },
    scalar,
    story::{comment_event, issue_event, pull_event, story},
};
use crate::support::World;

/// What a worker does with a delivery.
pub(super) async fn hear(
    tx: &mut TenantTx,
    repository: RepositoryId,
    (name, payload): (&str, &Value),
) -> tracker::Result<Outcome> {
    let now = at(0);
    match Event::parse(name, payload.to_string().as_bytes()).unwrap() {
        Event::Issues(event) => tracker::handle_issues(tx, repository, &event, now).await,
        Event::IssueComment(event) => {
            tracker::handle_issue_comment(tx, repository, &event, now).await
        }
        Event::PullRequest(event) => tracker::handle_pull_request(tx, repository, &event).await,
        Event::PullRequestReview(event) => {
            tracker::handle_pull_request_review(tx, repository, &event).await
        }
        Event::PullRequestReviewComment(event) => {
            tracker::handle_pull_request_review_comment(tx, repository, &event, now).await
        }
        Event::PullRequestReviewThread(event) => {
            tracker::handle_pull_request_review_thread(tx, repository, &event).await
        }
        Event::Label(event) => tracker::handle_label(tx, repository, &event, now).await,
        Event::Milestone(event) => tracker::handle_milestone(tx, repository, &event, now).await,
        Event::Release(event) => tracker::handle_release(tx, repository, &event, now).await,
        Event::Deployment(event) => tracker::handle_deployment(tx, repository, &event).await,
        Event::DeploymentStatus(event) => {
            tracker::handle_deployment_status(tx, repository, &event).await
        }
        Event::WorkflowRun(event) => tracker::handle_workflow_run(tx, repository, &event).await,
        Event::CheckSuite(event) => tracker::handle_check_suite(tx, repository, &event).await,
        Event::Push(event) => tracker::handle_push(tx, repository, &event).await,
        Event::Create(event) => tracker::handle_create(tx, repository, &event).await,
        Event::Delete(event) => tracker::handle_delete(tx, repository, &event).await,
        other => panic!("{other:?} is of no repository's rows"),
    }
}

/// All that is kept, without the ids that are made up here, and in their place the people.
async fn everything(tx: &mut TenantTx) -> Vec<String> {
    let mut all = Vec::new();
    for sql in [
        "SELECT 'issue ' || (to_jsonb(t) - 'author_id' - 'assignees')::text || coalesce(a.github_id, 0)
                || ARRAY(SELECT github_id FROM contributors c WHERE c.id = ANY (t.assignees) ORDER BY 1)::text
         FROM issues t LEFT JOIN contributors a ON a.id = t.author_id",
        "SELECT 'pull ' || (to_jsonb(t) - 'author_id' - 'merged_by_id' - 'requested_reviewers')::text
                || coalesce(a.github_id, 0) || ' ' || coalesce(m.github_id, 0)
                || ARRAY(SELECT github_id FROM contributors c WHERE c.id = ANY (t.requested_reviewers) ORDER BY 1)::text
         FROM pull_requests t
         LEFT JOIN contributors a ON a.id = t.author_id
         LEFT JOIN contributors m ON m.id = t.merged_by_id",
        "SELECT 'comment ' || (to_jsonb(t) - 'author_id')::text || coalesce(a.github_id, 0)
         FROM comments t LEFT JOIN contributors a ON a.id = t.author_id",
        "SELECT 'review ' || (to_jsonb(t) - 'author_id')::text || coalesce(a.github_id, 0)
         FROM reviews t LEFT JOIN contributors a ON a.id = t.author_id",
        "SELECT 'milestone ' || (to_jsonb(t) - 'creator_id')::text || coalesce(a.github_id, 0)
         FROM milestones t LEFT JOIN contributors a ON a.id = t.creator_id",
        "SELECT 'release ' || (to_jsonb(t) - 'author_id')::text || coalesce(a.github_id, 0)
         FROM releases t LEFT JOIN contributors a ON a.id = t.author_id",
        "SELECT 'deployment ' || (to_jsonb(t) - 'creator_id')::text || coalesce(a.github_id, 0)
         FROM deployments t LEFT JOIN contributors a ON a.id = t.creator_id",
        "SELECT 'status ' || (to_jsonb(t) - 'creator_id')::text || coalesce(a.github_id, 0)
         FROM deployment_statuses t LEFT JOIN contributors a ON a.id = t.creator_id",
        "SELECT 'run ' || (to_jsonb(t) - 'actor_id')::text || coalesce(a.github_id, 0)
         FROM workflow_runs t LEFT JOIN contributors a ON a.id = t.actor_id",
        "SELECT 'suite ' || to_jsonb(t)::text FROM check_suites t",
        "SELECT 'label ' || to_jsonb(t)::text FROM labels t",
        "SELECT 'ref ' || to_jsonb(t)::text FROM refs t",
        "SELECT 'grave ' || to_jsonb(t)::text FROM tombstones t",
        "SELECT 'person ' || (to_jsonb(t) - 'id' - 'told_at')::text FROM contributors t",
        "SELECT 'closing ' || pull || ' ' || issue FROM pull_request_closings",
        "SELECT 'task ' || (to_jsonb(t) - 'id')::text FROM tasks t WHERE number IS NOT NULL",
        "SELECT 'link ' || pull.number || ' ' || issue.number FROM task_links l
         JOIN tasks pull ON pull.id = l.from_task JOIN tasks issue ON issue.id = l.to_task",
        "SELECT 'numbers ' || to_jsonb(t)::text FROM repository_numbers t",
    ] {
        let found: Vec<String> = sqlx::query_scalar(sql).fetch_all(tx.connection()).await.unwrap();
        all.extend(found);
    }
    all.sort();
    all
}

#[actix_web::test]
async fn events_in_any_order_and_doubled_end_in_the_same_rows() {
    let world = World::new().await;
    let repository = connected(&world, "api", 1).await;
    let mut tx = world.begin(world.acme).await;
    for (name, payload) in story() {
        let outcome = hear(&mut tx, repository, (name, &payload)).await.unwrap();
        let doubts = outcome.applied == Applied::Doubtful;
        assert!(!doubts && outcome.applied != Applied::Stale, "{name}: {outcome:?}");
    }
    let told = everything(&mut tx).await;
    drop(tx);

    for seed in 0..12 {
        let mut dice = Dice(seed);
        let mut story = [story(), story()].concat();
        for place in (1..story.len()).rev() {
            story.swap(place, dice.roll(place + 1));
        }
        let mut tx = world.begin(world.acme).await;
        for (name, payload) in &story {
            hear(&mut tx, repository, (name, payload)).await.unwrap();
        }

        let rows = everything(&mut tx).await;
        let other: Vec<_> = rows.iter().filter(|row| !told.contains(row)).collect();
        let lost: Vec<_> = told.iter().filter(|row| !rows.contains(row)).collect();
        assert_eq!((other, lost), (vec![], vec![]), "seed {seed}");
    }
}

#[actix_web::test]
async fn a_story_ends_in_what_it_tells() {
    let world = World::new().await;
    let repository = connected(&world, "api", 1).await;
    let mut tx = world.begin(world.acme).await;
    for (name, payload) in story() {
        hear(&mut tx, repository, (name, &payload)).await.unwrap();
    }

    let rows = everything(&mut tx).await;
    let of = |kind: &str| rows.iter().filter(|row| row.starts_with(kind)).count();
    let counts = ["issue ", "pull ", "comment ", "review ", "release ", "deployment ", "status "];
    assert_eq!(counts.map(of), [3, 1, 1, 1, 1, 1, 2]);
    let counts = ["run ", "suite ", "label ", "milestone ", "grave ", "person ", "task ", "link "];
    assert_eq!(counts.map(of), [1, 1, 1, 1, 2, 3, 4, 2], "{rows:#?}");
    for (sql, wanted) in [
        (
            "SELECT string_agg(name || coalesce(left(encode(head, 'hex'), 1), '-'), ' ' ORDER BY name) FROM refs",
            "maine ship-",
        ),
        ("SELECT attributes ->> 'milestone' FROM tasks WHERE number = 14", "1.1"),
        ("SELECT attributes ->> 'assignees' FROM tasks WHERE number = 12", r#"["benjamin"]"#),
        ("SELECT attributes ->> 'status' FROM tasks WHERE number = 13", "merged"),
        ("SELECT additions || ' ' || updated_at - created_at FROM pull_requests", "21 00:00:14"),
        ("SELECT login FROM contributors WHERE is_bot", "github-actions[bot]"),
        ("SELECT coalesce(author, '-') FROM tasks WHERE number = 16", "-"),
        ("SELECT state FROM reviews", "dismissed"),
        ("SELECT conclusion FROM workflow_runs", "success"),
        ("SELECT log_url FROM deployment_statuses LIMIT 1", "https://ci.example/1"),
    ] {
        assert_eq!(scalar::<String>(&mut tx, sql).await, wanted, "{sql}");
    }
    tx.commit().await.unwrap();
    world.check_numbers(world.acme).await;
}

#[actix_web::test]
async fn what_events_leave_in_doubt_is_wanted() {
    let world = World::new().await;
    let repository = connected(&world, "api", 1).await;
    let mut tx = world.begin(world.acme).await;
    let other = |value: Value, over: Value| with(value, over);
    let mut wanted = Vec::new();
    for (name, payload) in story() {
        hear(&mut tx, repository, (name, &payload)).await.unwrap();
    }
    for (name, payload) in [
        issue_event("edited", other(issue(14, 27), json!({"title": "Of the same second"}))),
        ("label", event("edited", json!({"label": label(LARGE, "defect"), "changes": {}}))),
        ("milestone", event("edited", json!({"milestone": milestone("1.2", 22)}))),
        ("release", event("edited", json!({"release": release(16, "Another")}))),
        ("create", reference("next", 30)),
        ("push", push("refs/heads/main", 'd', '7', 12)),
        (
            "check_suite",
            event(
                "completed",
                json!({"check_suite": other(suite("completed", 10), json!({"conclusion": "failure"}))}),
            ),
        ),
        pull_event("synchronize", other(pull(17, 40, 'a'), json!({"body": null}))),
    ] {
        wanted.extend(hear(&mut tx, repository, (name, &payload)).await.unwrap().wanted);
    }

    let reference =
        |name: &str| Wanted::Reference { reference: RefKind::Branch, name: name.to_owned() };
    assert_eq!(
        wanted,
        [
            Wanted::Issue { number: 14 },
            Wanted::Label { github_id: LARGE, name: "defect".to_owned() },
            Wanted::Milestone { number: 1 },
            Wanted::Release { github_id: LARGE },
            reference("next"),
            reference("main"),
            Wanted::CheckSuite { github_id: 80 },
            Wanted::PullCommits { number: 17 },
        ]
    );
    let written = serde_json::to_value(&wanted).unwrap();
    assert_eq!(written[0], json!({"kind": "issue", "number": 14}));
    assert_eq!(serde_json::from_value::<Vec<Wanted>>(written).unwrap(), wanted);
}

#[actix_web::test]
async fn a_thread_brings_its_comments_and_a_pull_requests_comment_no_issue() {
    let world = World::new().await;
    let repository = connected(&world, "api", 1).await;
    let mut tx = world.begin(world.acme).await;
    let thread =
        json!({"node_id": "PRRT_1", "comments": [review_comment(1, 6), review_comment(2, 7)]});
    let subject =
        json!({"thread": thread, "pull_request": small_pull(13, 8, 'a'), "updated_at": at(8)});
    let as_issue =
        with(issue(13, 9), json!({"pull_request": {"url": "", "html_url": "", "merged_at": null}}));

    for (name, payload) in [
        ("pull_request_review_thread", event("resolved", subject)),
        comment_event("created", comment(3, 13, 9), as_issue),
    ] {
        hear(&mut tx, repository, (name, &payload)).await.unwrap();
    }

    let kinds: String =
        scalar(&mut tx, "SELECT string_agg(kind, ' ' ORDER BY kind) FROM comments").await;
    assert_eq!(kinds, "issue_comment review_comment review_comment");
    assert_eq!(scalar::<i64>(&mut tx, "SELECT count(*) FROM issues").await, 0);
    assert_eq!(scalar::<i64>(&mut tx, "SELECT count(*) FROM pull_requests").await, 1);
}

#[actix_web::test]
async fn a_transferred_issue_is_gone_and_deletions_may_come_first() {
    let world = World::new().await;
    let repository = connected(&world, "api", 1).await;
    let mut tx = world.begin(world.acme).await;
    let review =
        json!({"comment": review_comment(LARGE, 6), "pull_request": small_pull(13, 8, 'a')});
    let milestone = json!({"milestone": milestone("1.0", 1)});
    let release = json!({"release": release(1, "One")});
    let label = json!({"label": label(LARGE, "bug")});

    for (name, payload) in [
        issue_event("transferred", issue(12, 1)),
        issue_event("opened", issue(12, 0)),
        issue_event("edited", issue(12, 9)),
        ("pull_request_review_comment", event("deleted", review.clone())),
        ("pull_request_review_comment", event("edited", review)),
        ("milestone", event("deleted", milestone.clone())),
        ("milestone", event("edited", milestone)),
        ("release", event("deleted", release.clone())),
        ("release", event("edited", release)),
        ("label", event("deleted", label.clone())),
        ("label", event("edited", label)),
    ] {
        let outcome = hear(&mut tx, repository, (name, &payload)).await.unwrap();
        let is_end = payload["action"] == "deleted" || payload["action"] == "transferred";
        let expected = if is_end { Applied::Written } else { Applied::Buried };
        assert_eq!(outcome.applied, expected, "{name} {}", payload["action"]);
    }

    let left = everything(&mut tx).await;
    let has = |kind: &str| left.iter().any(|row| row.starts_with(kind));
    assert!(
        !["issue ", "comment ", "milestone ", "release ", "label "].into_iter().any(has),
        "{left:#?}"
    );
}

#[actix_web::test]
async fn what_cannot_be_digested_says_where_and_writes_nothing() {
    let world = World::new().await;
    let repository = connected(&world, "api", 1).await;
    let mut tx = world.begin(world.acme).await;
    let short =
        with(small_pull(13, 1, 'a'), json!({"head": {"ref": "ship", "sha": "abc", "repo": null}}));

    for ((name, payload), wanted) in [
        (issue_event("opened", with(issue(12, 1), json!({"number": 0}))), "issue.number"),
        (pull_event("opened", short), "pull_request.head.sha"),
        (("push", push("refs/heads/main", 'z', 'a', 1)), "before"),
    ] {
        let refused = hear(&mut tx, repository, (name, &payload)).await.unwrap_err();
        let TrackerError::Indigestible { path, .. } = &refused else { panic!("{refused}") };
        assert_eq!(*path, wanted);
        assert!(!refused.to_string().contains("abc"), "{refused}");
    }

    assert_eq!(scalar::<i64>(&mut tx, "SELECT count(*) FROM contributors").await, 0);
    let note = ("push", &push("refs/notes/commits", '0', 'a', 1));
    assert_eq!(hear(&mut tx, repository, note).await.unwrap().applied, Applied::Unchanged);
}
