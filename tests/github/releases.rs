use chrono::Duration;
use quarterdeck::github::{
    Cursor, Event, FullName,
    api::NewHook,
    model::{
        Actor, Deployment, DeploymentState, DeploymentStatus, Installation, Release, Repository,
        RunConclusion, Team, WorkflowRun,
    },
};

use crate::{
    described::offences,
    receiver::Receiver,
    support::{Scene, all, login, secret},
};

fn shop() -> FullName {
    FullName::parse("acme/shop").unwrap()
}

#[tokio::test]
async fn what_comes_after_the_code_is_listed_newest_first() {
    let scene = Scene::new().await;
    scene.world.keep_bodies();
    let repository = scene.world.repository("acme/shop");
    let (receiver, client) = (Receiver::start(), scene.client());
    let access = scene.access("ada", &["repo"]);
    let api = client.by(&access);
    let new = NewHook { url: &receiver.url, secret: &secret("s"), events: &["*"] };
    api.create_hook(&shop(), &new).await.unwrap();
    repository.push("main", "ada", &["Open the shop"]);
    let first = repository.release("ada", "v1");
    let run = repository.request_run("ada");
    repository.finish_run(run, "failure");
    scene.advance(Duration::minutes(1));
    let since = scene.world.now();
    repository.release("ada", "v2");
    let deployment = repository.deploy("ben", "production");
    repository.deployment_status(deployment, "ben", "in_progress");
    scene.advance(Duration::minutes(1));
    repository.deployment_status(deployment, "ben", "success");
    repository.delete_release(first);
    repository.request_run("ben");
    scene.world.delivered().await;

    let (releases, _) = all::<Release>(api, Cursor::releases(&shop())).await;
    let (deployments, _) = all::<Deployment>(api, Cursor::deployments(&shop())).await;
    let statuses = Cursor::deployment_statuses(&shop(), deployments[0].id);
    let (statuses, _) = all::<DeploymentStatus>(api, statuses).await;
    let (runs, _) = all::<WorkflowRun>(api, Cursor::workflow_runs(&shop(), None)).await;
    let (late, _) = all::<WorkflowRun>(api, Cursor::workflow_runs(&shop(), Some(since))).await;

    assert_eq!(releases.iter().map(|one| one.tag_name.as_str()).collect::<Vec<_>>(), ["v2"]);
    assert_eq!(deployments[0].environment, "production");
    assert_eq!(statuses[0].state, DeploymentState::Success);
    assert_eq!(statuses.len(), 2);
    assert_eq!((runs.len(), late.len(), late[0].id), (2, 1, runs[0].id));
    assert_eq!(runs[1].conclusion, Some(RunConclusion::Failure));
    let came = receiver.take();
    assert!(came.iter().all(|one| !matches!(one.event, Event::Other { .. })));
    assert_eq!(came.len(), scene.world.deliveries().len());
    assert_eq!(offences(&scene.world), Vec::<String>::new());
}

#[tokio::test]
async fn an_organisation_has_repositories_teams_and_installations() {
    let scene = Scene::new().await;
    scene.world.keep_bodies();
    scene.world.repository("acme/shop").private();
    scene.world.repository("acme/site");
    scene.world.repository("globex/secret").private();
    scene.world.organization("acme").team("Core Team", &["ada", "ben"]);
    let client = scene.client();
    let permissions = [("metadata", "read"), ("members", "read")];
    let (app, _) = scene.installed(&permissions);
    let token = app.installation_token(&login("acme")).await.unwrap().token;
    let budget = quarterdeck::github::Budget::new(scene.clock.clone());
    let access =
        quarterdeck::github::Access::new(token, &budget, quarterdeck::github::Urgency::Background);
    let (api, by_dora) = (client.by(&access), scene.access("dora", &["repo"]));

    let (installed, _) = all::<Repository>(api, Cursor::of_installation()).await;
    let theirs = Cursor::of_organization(&login("acme"));
    let (theirs, _) = all::<Repository>(api, theirs).await;
    let public = Cursor::of_organization(&login("acme"));
    let (public, _) = all::<Repository>(client.by(&by_dora), public).await;
    let by_ben = scene.access("ben", &["repo"]);
    let (bens, _) = all::<Repository>(client.by(&by_ben), Cursor::of_person()).await;
    let (teams, _) = all::<Team>(api, Cursor::teams(&login("acme"))).await;
    let members = Cursor::members_of_team(&login("acme"), &teams[0].slug).unwrap();
    let (members, _) = all::<Actor>(api, members).await;
    let by_app = scene.app_access(&app);
    let (installations, _) = all::<Installation>(client.by(&by_app), Cursor::installations()).await;

    assert_eq!((installed.len(), theirs.len(), public.len(), bens.len()), (2, 2, 1, 2));
    assert_eq!(public[0].full_name, "acme/site");
    assert_eq!(members.iter().map(|one| one.login.as_str()).collect::<Vec<_>>(), ["ada", "ben"]);
    assert_eq!(installations[0].account.as_ref().unwrap().name(), Some("acme"));
    assert!(Cursor::members_of_team(&login("acme"), "../../user").is_none());
    assert_eq!(offences(&scene.world), Vec::<String>::new());
}
