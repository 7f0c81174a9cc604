use quarterdeck::github::{
    ApiError, Cursor, Event, FullName,
    api::{NewHook, Newest},
    model::{
        BranchHead, Commit, ComparisonStatus, PullRequest, Review, ReviewComment, ReviewState,
    },
};

use crate::{
    described::offences,
    receiver::Receiver,
    support::{Scene, all, secret},
};

fn shop() -> FullName {
    FullName::parse("acme/shop").unwrap()
}

#[tokio::test]
async fn pull_requests_come_with_reviews_and_commits() {
    let scene = Scene::new().await;
    scene.world.keep_bodies();
    let repository = scene.world.repository("acme/shop");
    let base = repository.push("main", "ada", &["Open the shop"]);
    let head = repository.push("till", "ben", &["Mend the till", "Oil the till"]);
    let issue = repository.open_issue("ada", "The till jams");
    let number = repository.open_pull_request("ben", "Mend the till", "till");
    let review = repository.review(number, "ada", ("APPROVED", "At last"));
    repository.review_comment(number, "ada", (review, "till.rs", "Oil?"));
    repository.merge_pull_request(number, "ada");
    let (client, access) = (scene.client(), scene.access("ben", &[]));
    let api = client.by(&access);
    let number = i64::try_from(number).unwrap();

    let listed = Cursor::pull_requests(&shop(), Newest::Changed);
    let (pulls, _) = all::<PullRequest>(api, listed).await;
    let (open, _) = all::<PullRequest>(api, Cursor::open_pull_requests(&shop())).await;
    let pull = api.pull_request(&shop(), number).await.unwrap();
    let (reviews, _) = all::<Review>(api, Cursor::reviews(&shop(), number)).await;
    let comments = Cursor::review_comments(&shop(), Newest::Changed, None);
    let (comments, _) = all::<ReviewComment>(api, comments).await;
    let (commits, _) = all::<Commit>(api, Cursor::commits_of(&shop(), number)).await;
    let (main, _) = all::<Commit>(api, Cursor::commits(&shop(), "main", None)).await;
    let (branches, _) = all::<BranchHead>(api, Cursor::branches(&shop())).await;
    let between = api.compare(&shop(), (&base, &head)).await.unwrap();
    let back = api.compare(&shop(), (&head, &base)).await.unwrap();
    let refused = api.compare(&shop(), ("main", "../..")).await.unwrap_err();

    assert_eq!((pulls[0].number, open.len()), (number, 0));
    assert!(pulls[0].is_merged() && pull.is_merged() && pulls[0].merged.is_none());
    assert_eq!(pull.merge_commit_sha.as_deref(), Some(main[0].sha.as_str()));
    assert_eq!(reviews[0].state, ReviewState::Approved);
    assert_eq!(comments[0].pull_request_review_id, Some(reviews[0].id));
    let messages: Vec<&str> = commits.iter().map(|one| one.commit.message.as_str()).collect();
    assert_eq!(messages, ["Mend the till", "Oil the till"]);
    assert_eq!(branches.len(), 2);
    assert_eq!((between.status, between.ahead_by), (ComparisonStatus::Ahead, 2));
    assert_eq!((back.status, back.behind_by), (ComparisonStatus::Behind, 2));
    assert_eq!(refused, ApiError::NotFound);
    assert!(!api.issue(&shop(), i64::try_from(issue).unwrap()).await.unwrap().is_pull_request());
    assert!(api.issue(&shop(), number).await.unwrap().is_pull_request());
    assert_eq!(offences(&scene.world), Vec::<String>::new());
}

#[tokio::test]
async fn hooks_hear_of_pushes_and_pull_requests() {
    let scene = Scene::new().await;
    scene.world.keep_bodies();
    let repository = scene.world.repository("acme/shop");
    let (receiver, client) = (Receiver::start(), scene.client());
    let access = scene.access("ada", &["repo"]);
    let new = NewHook { url: &receiver.url, secret: &secret("s"), events: &["*"] };
    client.by(&access).create_hook(&shop(), &new).await.unwrap();

    let base = repository.push("main", "ada", &["Open the shop"]);
    let first = repository.push("till", "ben", &["Mend the till"]);
    let number = repository.open_pull_request("ben", "Mend the till", "till");
    let forced = repository.force_push("till", "ben", &["Mend the till well"]);
    repository.edit_pull_request(number, serde_json::json!({"title": "Mend the till well"}));
    let review = repository.review(number, "ada", ("CHANGES_REQUESTED", "Almost"));
    repository.review_comment(number, "ada", (review, "till.rs", "Oil?"));
    repository.close_pull_request(number);
    repository.delete_branch("till", "ben");
    scene.world.delivered().await;

    let told: Vec<String> = scene
        .world
        .deliveries()
        .iter()
        .map(|one| format!("{} {}", one.event, one.action.as_deref().unwrap_or_default()))
        .collect();
    assert_eq!(
        told,
        [
            "ping ",
            "create ",
            "push ",
            "create ",
            "push ",
            "pull_request opened",
            "push ",
            "pull_request synchronize",
            "pull_request edited",
            "pull_request_review submitted",
            "pull_request_review_comment created",
            "pull_request closed",
            "push ",
            "delete ",
        ]
    );
    let pushes: Vec<_> = receiver
        .take()
        .into_iter()
        .filter_map(|one| if let Event::Push(push) = one.event { Some(push) } else { None })
        .collect();
    let [main, till, force, gone] = &pushes[..] else { panic!("{pushes:?}") };
    assert!(main.created && main.after == base && main.branch() == Some("main"));
    assert_eq!(
        (till.commits[0].id.as_str(), till.after.as_str()),
        (first.as_str(), first.as_str())
    );
    assert!(force.forced && force.before == first && force.after == forced);
    assert!(
        gone.deleted && gone.head_commit.is_none() && gone.after.chars().all(|zero| zero == '0')
    );
    assert_eq!(offences(&scene.world), Vec::<String>::new());
}
