use chrono::Duration;
use quarterdeck::github::{
    ApiError, Cursor, Event, FullName,
    api::{NewHook, Newest},
    model::{Issue, IssueComment, IssueState, Label, Milestone},
};
use serde_json::json;

use crate::{
    receiver::Receiver,
    support::{Scene, all, secret},
};

fn shop() -> FullName {
    FullName::parse("acme/shop").unwrap()
}

#[tokio::test]
async fn issues_come_with_what_belongs_to_them() {
    let scene = Scene::new().await;
    let repository = scene.world.repository("acme/shop").private();
    repository.label("bug", "d73a4a");
    let milestone = repository.milestone("1.0");
    let first = repository.open_issue("ada", "The till jams");
    let second = repository.open_issue("nobody-any-more", "It rains in");
    repository.label_issue(first, "bug");
    repository.assign_issue(first, "ben");
    let comment = repository.comment(first, "ben", "Again?");
    repository.close_issue(second);
    let (client, access) = (scene.client(), scene.access("ben", &["repo"]));
    let api = client.by(&access);

    let (issues, _) = all::<Issue>(api, Cursor::issues(&shop(), Newest::Made, None)).await;
    let (open, _) = all::<Issue>(api, Cursor::open_issues(&shop())).await;
    let (comments, _) =
        all::<IssueComment>(api, Cursor::comments(&shop(), Newest::Changed, None)).await;
    let (of_second, _) = all::<IssueComment>(api, Cursor::comments_of(&shop(), 2)).await;
    let (labels, _) = all::<Label>(api, Cursor::labels(&shop())).await;
    let (milestones, _) = all::<Milestone>(api, Cursor::milestones(&shop())).await;

    let numbers: Vec<i64> = issues.iter().map(|issue| issue.number).collect();
    assert_eq!(numbers, [2, 1]);
    assert_eq!(
        (issues[0].user.as_ref(), issues[0].state.as_ref()),
        (None, Some(&IssueState::Closed))
    );
    assert_eq!(issues[1].labels, labels);
    assert_eq!((issues[1].assignees[0].login.as_str(), issues[1].comments), ("ben", 1));
    assert_eq!(open, [issues[1].clone()]);
    assert_eq!(u64::try_from(comments[0].id), Ok(comment));
    assert_eq!((comments[0].issue_number(), of_second.len()), (Some(1), 0));
    assert_eq!(milestones[0].number, i64::try_from(milestone).unwrap());
    assert_eq!(api.issue(&shop(), 1).await.unwrap(), issues[1]);
}

#[tokio::test]
async fn what_has_changed_comes_first_and_nothing_older() {
    let scene = Scene::new().await;
    let repository = scene.world.repository("acme/shop");
    repository.generate_issues(150, 2);
    repository.open_issue("ada", "New");
    scene.advance(Duration::minutes(5));
    let since = scene.world.now();
    repository.edit_issue(3, json!({"title": "Not made up any more"}));
    let (client, access) = (scene.client(), scene.access("ben", &[]));
    let api = client.by(&access);

    let changed = Cursor::issues(&shop(), Newest::Changed, Some(since));
    let (changed, _) = all::<Issue>(api, changed).await;
    let (everything, pages) =
        all::<Issue>(api, Cursor::issues(&shop(), Newest::Changed, None)).await;
    let comments = Cursor::comments(&shop(), Newest::Changed, None);
    let (comments, _) = all::<IssueComment>(api, comments).await;

    assert_eq!(changed.iter().map(|issue| issue.number).collect::<Vec<_>>(), [3]);
    assert_eq!(changed[0].title, "Not made up any more");
    assert_eq!((everything.len(), pages, everything[0].number), (151, 2, 3));
    let mut ids: Vec<i64> = everything.iter().map(|issue| issue.id).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 151);
    assert_eq!(comments.len(), 300);
}

#[tokio::test]
async fn large_lists_end_at_no_page_number() {
    let scene = Scene::new().await;
    scene.world.repository("acme/shop").generate_issues(450, 0);
    scene.world.deep_pages_from(200);
    let (client, access) = (scene.client(), scene.access("ben", &[]));
    let api = client.by(&access);

    let (issues, pages) = all::<Issue>(api, Cursor::issues(&shop(), Newest::Made, None)).await;
    let counted = Cursor::<Issue>::resume("/repos/acme/shop/issues?per_page=100&page=3").unwrap();
    let refused = api.page(&counted).await.unwrap_err();

    assert_eq!((issues.len(), pages), (450, 5));
    assert!(matches!(refused, ApiError::Refused { .. }), "{refused:?}");
}

#[tokio::test]
async fn a_page_that_has_not_changed_costs_nothing() {
    let scene = Scene::new().await;
    let repository = scene.world.repository("acme/shop");
    repository.open_issue("ada", "One");
    scene.world.limit("ben", 100, scene.world.now() + Duration::hours(1));
    let (client, access) = (scene.client(), scene.access("ben", &[]));
    let api = client.by(&access);
    let cursor = Cursor::issues(&shop(), Newest::Changed, None);

    let etag = api.page(&cursor).await.unwrap().etag.unwrap();
    let same = api.page_unless(&cursor, &etag).await.unwrap();
    let left = access.budget().quota().unwrap().remaining;
    repository.open_issue("ada", "Two");
    let other = api.page_unless(&cursor, &etag).await.unwrap().unwrap();

    assert_eq!((same, left), (None, 99));
    assert_eq!(other.items.len(), 2);
    assert_eq!(access.budget().quota().unwrap().remaining, 98);
}

#[tokio::test]
async fn hooks_hear_what_happens_to_issues() {
    let scene = Scene::new().await;
    let repository = scene.world.repository("acme/shop");
    let (receiver, client) = (Receiver::start(), scene.client());
    let access = scene.access("ada", &["repo"]);
    let events = &["issues", "issue_comment", "label", "milestone"];
    let new = NewHook { url: &receiver.url, secret: &secret("s"), events };
    client.by(&access).create_hook(&shop(), &new).await.unwrap();

    repository.label("bug", "d73a4a");
    repository.milestone("1.0");
    let number = repository.open_issue("ada", "The till jams");
    repository.edit_issue(number, json!({"title": "The till is stuck"}));
    let comment = repository.comment(number, "dependabot[bot]", "Fixed?");
    repository.edit_comment(comment, "Fixed!");
    repository.delete_comment(comment);
    repository.close_issue(number);
    repository.delete_issue(number);
    scene.world.delivered().await;

    let came = receiver.take();
    let told: Vec<String> = scene
        .world
        .deliveries()
        .iter()
        .map(|one| format!("{} {}", one.event, one.action.as_deref().unwrap_or_default()))
        .collect();
    assert_eq!(came.len(), told.len());
    assert_eq!(
        told,
        [
            "ping ",
            "label created",
            "milestone created",
            "issues opened",
            "issues edited",
            "issue_comment created",
            "issue_comment edited",
            "issue_comment deleted",
            "issues closed",
            "issues deleted",
        ]
    );
    let Event::Issues(edited) = &came[4].event else { panic!("{:?}", came[4]) };
    let from = edited.changes.clone().unwrap().title.unwrap().from;
    assert_eq!(
        (from.as_str(), edited.issue.title.as_str()),
        ("The till jams", "The till is stuck")
    );
}
