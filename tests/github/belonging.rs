use github_world::Role;
use quarterdeck::github::{
    Access, ApiError, Budget, Cursor, Event, FullName, Urgency,
    event::{InstallationAction, MembershipAction, OrganizationAction},
    model::Repository,
};

use crate::{
    described::offences,
    receiver::Receiver,
    support::{Scene, login},
};

#[tokio::test]
async fn an_app_hears_who_belongs_where() {
    let scene = Scene::new().await;
    scene.world.keep_bodies();
    let (receiver, acme) = (Receiver::start(), scene.world.organization("acme"));
    acme.team("Core Team", &["ada"]);
    scene.world.repository("acme/shop").private();
    scene.world.repository("acme/site").private();
    let (app, app_id) = scene.app();
    let events = ["organization", "membership", "team", "member"];
    scene.world.app_hook(app_id, receiver.url.as_str(), "s", &events);
    let installation = scene.world.install(app_id, "acme", &[("metadata", "read")]);
    let token = app.installation_token(&login("acme")).await.unwrap().token;

    acme.admit("dora", Role::Member);
    acme.add_to_team("core-team", "dora");
    acme.remove_from_team("core-team", "dora");
    acme.dismiss("dora");
    scene.world.select_repositories(installation, &["acme/shop"]);
    let (client, budget) = (scene.client(), Budget::new(scene.clock.clone()));
    let access = Access::new(token, &budget, Urgency::Background);
    let page = client.by(&access).page(&Cursor::<Repository>::of_installation()).await.unwrap();
    let site = FullName::parse("acme/site").unwrap();
    let unseen = client.by(&access).repository(&site).await.unwrap_err();
    scene.world.suspend_installation(installation);
    scene.world.unsuspend_installation(installation);
    scene.world.uninstall(installation);
    scene.world.delivered().await;

    assert_eq!((page.items.len(), unseen), (1, ApiError::NotFound));
    let came: Vec<String> = receiver.take().into_iter().map(|one| told(&one.event)).collect();
    assert_eq!(
        came,
        [
            "ping",
            InstallationAction::Created.as_str(),
            OrganizationAction::MemberAdded.as_str(),
            &format!("{} Core Team", MembershipAction::Added),
            &format!("{} Core Team", MembershipAction::Removed),
            OrganizationAction::MemberRemoved.as_str(),
            "added Some(\"acme/shop\")",
            InstallationAction::Suspend.as_str(),
            InstallationAction::Unsuspend.as_str(),
            InstallationAction::Deleted.as_str(),
        ]
    );
    assert_eq!(offences(&scene.world), Vec::<String>::new());
}

fn told(event: &Event) -> String {
    match event {
        Event::Ping(_) => "ping".to_owned(),
        Event::Installation(event) => event.action.to_string(),
        Event::InstallationRepositories(event) => {
            format!("{} {:?}", event.action.as_str(), event.repositories_added[0].full_name)
        }
        Event::Organization(event) => event.action.to_string(),
        Event::Membership(event) => format!("{} {}", event.action, event.team.name),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn an_app_hears_who_takes_its_leave_of_it() {
    let scene = Scene::new().await;
    let receiver = Receiver::start();
    let app = scene.world.github_app("Quarterdeck App", crate::support::CALLBACK);
    scene.world.app_hook(app.app_id, receiver.url.as_str(), "s", &[]);
    scene.world.token("ben", &app.client_id, &[]);

    scene.world.user("ben").revoke_app(&app.client_id);
    scene.world.delivered().await;

    let came = receiver.take();
    let Event::GitHubAppAuthorization(event) = &came[1].event else { panic!("{came:?}") };
    assert_eq!((event.action.as_str(), event.sender.login.as_str()), ("revoked", "ben"));
}
