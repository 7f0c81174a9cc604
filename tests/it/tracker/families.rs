//! What each family keeps, and what follows from it.

use chrono::{DateTime, Utc};
use quarterdeck::{
    tenancy::TenantTx,
    tracker::{
        self, Applied, Kind, NewDeployment, NewDeploymentStatus, NewIssue, NewMilestone, NewPull,
        NewPullCommit, NewRef, Person, Push, RefKind, Word,
    },
};

use super::{Dice, LARGE, at, connected, deleted, issue, label, oid, person, pull, review, scalar};
use crate::support::World;

#[actix_web::test]
async fn deleted_users_are_nobody_and_bots_are_marked() {
    let world = World::new().await;
    let repository = connected(&world, "api", 1).await;
    let mut tx = world.begin(world.acme).await;
    let nobody = NewIssue {
        author: None,
        assignees: Vec::new(),
        people: Vec::new(),
        title: "Nul\0ls".to_owned(),
        url: Some("javascript:alert(1)".to_owned()),
        ..issue(12, 1)
    };
    let robot = Person { is_bot: true, ..person(LARGE, "renovate[bot]") };
    let by_robot = NewIssue { author: Some(LARGE), people: vec![robot], ..issue(13, 1) };

    tracker::apply_issues(&mut tx, repository, &[nobody, by_robot], Word::Heard).await.unwrap();

    let task: (String, Option<String>, String) =
        sqlx::query_as("SELECT title, author, url FROM tasks WHERE number = 12")
            .fetch_one(tx.connection())
            .await
            .unwrap();
    assert_eq!(
        task,
        ("Nul\u{fffd}ls".to_owned(), None, "https://github.com/acme/api/issues/12".to_owned())
    );
    let bots: Vec<(i64, String)> =
        sqlx::query_as("SELECT github_id, login FROM contributors WHERE is_bot")
            .fetch_all(tx.connection())
            .await
            .unwrap();
    assert_eq!(bots, [(LARGE, "renovate[bot]".to_owned())]);
}

#[actix_web::test]
async fn people_are_known_by_their_id_whatever_they_are_called() {
    let world = World::new().await;
    let repository = connected(&world, "api", 1).await;
    let mut tx = world.begin(world.acme).await;
    let called = |login: &str, second| NewIssue {
        people: vec![person(1, login), person(2, "ben")],
        ..issue(12, second)
    };

    for (login, second) in [("ada", 1), ("lovelace", 3)] {
        tracker::apply_issue(&mut tx, repository, &called(login, second), Word::Heard)
            .await
            .unwrap();
    }
    let older = NewIssue { people: vec![person(1, "ada"), person(2, "ben")], ..issue(14, 2) };
    tracker::apply_issue(&mut tx, repository, &older, Word::Heard).await.unwrap();

    let login: String = scalar(&mut tx, "SELECT login FROM contributors WHERE github_id = 1").await;
    assert_eq!(login, "lovelace");
    assert_eq!(scalar::<i64>(&mut tx, "SELECT count(*) FROM contributors").await, 2);
}

#[actix_web::test]
async fn accounts_are_linked_to_members_alone() {
    let world = World::new().await;
    let repository = connected(&world, "api", 1).await;
    world.owner().await;
    let mut tx = world.begin(world.acme).await;
    tracker::apply_issue(&mut tx, repository, &issue(12, 1), Word::Heard).await.unwrap();
    let member: uuid::Uuid = scalar(&mut tx, "SELECT account_id FROM memberships LIMIT 1").await;
    let account = |id: uuid::Uuid| id.to_string().parse().unwrap();

    let links = [(1, account(member)), (2, account(uuid::Uuid::from_u128(7)))];
    tracker::link_accounts(&mut tx, "github.com", &links).await.unwrap();
    tracker::link_accounts(&mut tx, "github.example.com", &[(2, account(member))]).await.unwrap();

    let linked: Vec<i64> =
        sqlx::query_scalar("SELECT github_id FROM contributors WHERE account_id IS NOT NULL")
            .fetch_all(tx.connection())
            .await
            .unwrap();
    assert_eq!(linked, [1]);
}

#[actix_web::test]
async fn a_renamed_label_is_renamed_on_its_tasks() {
    let world = World::new().await;
    let repository = connected(&world, "api", 1).await;
    let mut tx = world.begin(world.acme).await;
    tracker::apply_issue(&mut tx, repository, &issue(12, 1), Word::Heard).await.unwrap();
    let labels = "SELECT attributes ->> 'labels' FROM tasks WHERE number = 12";
    assert_eq!(scalar::<String>(&mut tx, labels).await, r#"["bug"]"#);
    let renamed = label(LARGE, "defect");

    let heard = tracker::apply_label(&mut tx, repository, &renamed, Word::Heard).await.unwrap();
    let fetched = tracker::apply_label(&mut tx, repository, &renamed, Word::Fetched).await.unwrap();

    assert_eq!((heard, fetched), (Applied::Doubtful, Applied::Written));
    assert_eq!(scalar::<String>(&mut tx, labels).await, r#"["defect"]"#);
    // An issue that still names the old label takes nothing back.
    tracker::apply_issue(&mut tx, repository, &issue(12, 2), Word::Heard).await.unwrap();
    assert_eq!(scalar::<String>(&mut tx, labels).await, r#"["defect"]"#);
    tracker::delete(&mut tx, repository, deleted(Kind::Label, LARGE, None), at(3)).await.unwrap();
    assert_eq!(scalar::<Option<String>>(&mut tx, labels).await, None);
}

#[actix_web::test]
async fn a_milestone_is_shown_by_its_title_of_now() {
    let world = World::new().await;
    let repository = connected(&world, "api", 1).await;
    let mut tx = world.begin(world.acme).await;
    let milestone = |title: &str, second| NewMilestone {
        github_id: LARGE,
        node_id: None,
        number: 1,
        title: title.to_owned(),
        description: None,
        is_open: true,
        url: None,
        creator: Some(1),
        due_on: None,
        created_at: Some(at(0)),
        closed_at: None,
        updated_at: Some(at(second)),
        people: vec![person(1, "ada")],
    };
    let inside = NewIssue {
        milestone: Some(LARGE),
        in_milestone: Some(milestone("1.0", 1)),
        ..issue(12, 1)
    };

    tracker::apply_issue(&mut tx, repository, &inside, Word::Heard).await.unwrap();
    let title = "SELECT attributes ->> 'milestone' FROM tasks WHERE number = 12";
    assert_eq!(scalar::<String>(&mut tx, title).await, "1.0");
    tracker::apply_milestone(&mut tx, repository, &milestone("1.1", 2), Word::Heard).await.unwrap();
    assert_eq!(scalar::<String>(&mut tx, title).await, "1.1");
}

#[actix_web::test]
async fn a_list_takes_nothing_away_that_it_leaves_out() {
    let world = World::new().await;
    let repository = connected(&world, "api", 1).await;
    let mut tx = world.begin(world.acme).await;
    let listed = pull(13, 1, "");
    let whole = NewPull { additions: Some(10), merged_by: Some(2), ..listed.clone() };
    let additions = "SELECT additions FROM pull_requests";

    for new in [&listed, &whole, &listed] {
        tracker::apply_pull(&mut tx, repository, new, Word::Heard).await.unwrap();
    }
    assert_eq!(scalar::<Option<i64>>(&mut tx, additions).await, Some(10));
    let later =
        tracker::apply_pull(&mut tx, repository, &pull(13, 2, ""), Word::Heard).await.unwrap();
    assert_eq!(later, Applied::Written);
    assert_eq!(scalar::<Option<i64>>(&mut tx, additions).await, Some(10));
}

#[actix_web::test]
async fn the_commits_of_a_pull_request_are_those_of_its_head() {
    let world = World::new().await;
    let repository = connected(&world, "api", 1).await;
    let mut tx = world.begin(world.acme).await;
    tracker::apply_pull(&mut tx, repository, &pull(13, 1, ""), Word::Heard).await.unwrap();
    let commit = |digit, second| NewPullCommit {
        oid: oid(digit),
        authored_at: Some(at(second)),
        committed_at: Some(at(second)),
        author: Some(LARGE),
        author_name: Some("Cy".to_owned()),
        subject: "Ship".to_owned(),
        person: Some(person(LARGE, "cy")),
    };
    let mut replace = async |id, head: char, commits: &[NewPullCommit]| {
        tracker::replace_pull_commits(&mut tx, repository, (id, &oid(head)), commits).await.unwrap()
    };
    let both = [commit('c', -50), commit('a', 1)];

    assert_eq!(replace(LARGE + 13, 'a', &both).await, Applied::Written);
    assert_eq!(replace(LARGE + 13, 'a', &both).await, Applied::Unchanged);
    assert_eq!(replace(LARGE + 13, 'd', &both[..1]).await, Applied::Stale);
    assert_eq!(replace(LARGE + 99, 'a', &both).await, Applied::Stale);

    let first: DateTime<Utc> =
        scalar(&mut tx, "SELECT min(authored_at) FROM pull_request_commits").await;
    assert_eq!(first, at(-50));
    assert_eq!(
        scalar::<i64>(
            &mut tx,
            "SELECT count(*) FROM pull_request_commits p JOIN contributors c ON c.id = p.author_id"
        )
        .await,
        2
    );
}

#[actix_web::test]
async fn a_review_is_sent_once_and_dismissed_once() {
    let world = World::new().await;
    let repository = connected(&world, "api", 1).await;
    let mut tx = world.begin(world.acme).await;
    let mut apply = async |state, updated_at| {
        tracker::apply_review(&mut tx, repository, &review(state, updated_at), Word::Heard)
            .await
            .unwrap()
    };

    assert_eq!(apply("dismissed", None).await, Applied::Written);
    assert_eq!(apply("approved", Some(at(9))).await, Applied::Stale);
    assert_eq!(apply("dismissed", Some(at(9))).await, Applied::Unchanged);
    let state: (String, DateTime<Utc>) = sqlx::query_as("SELECT state, submitted_at FROM reviews")
        .fetch_one(tx.connection())
        .await
        .unwrap();
    assert_eq!(state, ("dismissed".to_owned(), at(5)));
}

#[actix_web::test]
async fn a_status_may_come_before_its_deployment() {
    let world = World::new().await;
    let repository = connected(&world, "api", 1).await;
    let mut tx = world.begin(world.acme).await;
    let status = |github_id, state: &str, second| NewDeploymentStatus {
        github_id,
        node_id: None,
        deployment: LARGE,
        state: state.to_owned(),
        environment: Some("production".to_owned()),
        environment_url: None,
        log_url: None,
        description: None,
        creator: Some(1),
        created_at: at(second),
        updated_at: at(second),
        people: vec![person(1, "ada")],
    };
    let deployment = NewDeployment {
        github_id: LARGE,
        node_id: None,
        oid: oid('a'),
        reference: "main".to_owned(),
        environment: "prod".to_owned(),
        task: None,
        description: None,
        creator: None,
        production: Some(true),
        transient: None,
        created_at: at(0),
        updated_at: at(0),
        people: Vec::new(),
    };

    let statuses = [status(2, "inactive", 9), status(1, "success", 2), status(1, "success", 2)];
    let applied = tracker::apply_deployment_statuses(&mut tx, repository, &statuses, Word::Heard)
        .await
        .unwrap();
    tracker::apply_deployment(&mut tx, repository, &deployment, Word::Heard).await.unwrap();

    assert_eq!(applied, [Applied::Written, Applied::Written, Applied::Unchanged]);
    let first: DateTime<Utc> = scalar(
        &mut tx,
        "SELECT min(s.created_at) FROM deployment_statuses s JOIN deployments d ON d.github_id = s.deployment
         WHERE s.state = 'success' AND d.production",
    )
    .await;
    assert_eq!(first, at(2));
}

#[actix_web::test]
async fn a_reference_stands_where_the_last_push_brought_it() {
    let world = World::new().await;
    let repository = connected(&world, "api", 1).await;
    let mut tx = world.begin(world.acme).await;
    let push = |before: Option<char>, after: Option<char>, second| Push {
        kind: RefKind::Branch,
        name: "main".to_owned(),
        before: before.map(oid),
        after: after.map(oid),
        at: Some(at(second)),
    };
    let pushes = [
        push(None, Some('1'), 1),
        push(Some('1'), Some('2'), 2),
        push(Some('2'), Some('3'), 2),
        push(Some('3'), None, 4),
        push(None, Some('5'), 5),
        push(Some('5'), None, 6),
    ];
    let end = async |tx: &mut TenantTx| {
        let all =
            sqlx::query_scalar("SELECT to_jsonb(r)::text FROM refs r").fetch_all(tx.connection());
        let rows: Vec<String> = all.await.unwrap();
        rows
    };
    for one in &pushes {
        let applied = tracker::apply_push(&mut tx, repository, one).await.unwrap();
        assert_eq!(applied, Applied::Written, "{one:?}");
    }
    let told = end(&mut tx).await;

    for seed in 0..20 {
        let mut dice = Dice(seed);
        let mut shuffled = [pushes.clone(), pushes.clone()].concat();
        for place in (1..shuffled.len()).rev() {
            shuffled.swap(place, dice.roll(place + 1));
        }
        sqlx::query("DELETE FROM refs").execute(tx.connection()).await.unwrap();
        for one in &shuffled {
            tracker::apply_push(&mut tx, repository, one).await.unwrap();
        }
        assert_eq!(end(&mut tx).await, told, "seed {seed}");
    }
}

#[actix_web::test]
async fn asking_github_leaves_what_was_pushed_after_it() {
    let world = World::new().await;
    let repository = connected(&world, "api", 1).await;
    let mut tx = world.begin(world.acme).await;
    let push = |before: Option<char>, after: Option<char>, second| Push {
        kind: RefKind::Branch,
        name: "main".to_owned(),
        before: before.map(oid),
        after: after.map(oid),
        at: Some(at(second)),
    };
    let new = |name: &str, digit| NewRef {
        kind: RefKind::Branch,
        name: name.to_owned(),
        head: oid(digit),
    };
    let heads = async |tx: &mut TenantTx| {
        let all = sqlx::query_scalar(
            "SELECT name || ' ' || left(encode(head, 'hex'), 1) FROM refs WHERE head IS NOT NULL ORDER BY name",
        );
        let heads: Vec<String> = all.fetch_all(tx.connection()).await.unwrap();
        heads
    };
    let both = [new("main", '3'), new("next", '1')];
    tracker::apply_push(&mut tx, repository, &push(Some('3'), Some('4'), 9)).await.unwrap();

    tracker::replace_refs(&mut tx, repository, (RefKind::Branch, &both), at(8)).await.unwrap();
    assert_eq!(heads(&mut tx).await, ["main 4", "next 1"]);
    tracker::replace_refs(&mut tx, repository, (RefKind::Branch, &[]), at(8)).await.unwrap();
    assert_eq!(heads(&mut tx).await, ["main 4"]);
    tracker::put_refs(&mut tx, repository, &both, at(10)).await.unwrap();
    assert_eq!(heads(&mut tx).await, ["main 3", "next 1"]);
    // A push from before that was late.
    let late = tracker::apply_push(&mut tx, repository, &push(Some('2'), Some('3'), 8)).await;
    assert_eq!(late.unwrap(), Applied::Stale);
    tracker::remove_ref(&mut tx, repository, (RefKind::Branch, "main"), at(11)).await.unwrap();
    assert_eq!(heads(&mut tx).await, ["next 1"]);
    let late = tracker::apply_push(&mut tx, repository, &push(None, Some('3'), 10)).await;
    assert_eq!(late.unwrap(), Applied::Stale);
}
