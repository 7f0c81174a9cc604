use github_world::Role;
use quarterdeck::github::{
    Access, ApiError, Budget, Cursor, Error, Event, FullName, Urgency,
    event::{InstallationAction, MembershipAction, OrganizationAction},
    model::Repository,
};
use secrecy::ExposeSecret;

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

fn lines(scene: &Scene) -> Vec<String> {
    scene.world.take_requests().iter().map(github_world::Logged::line).collect()
}

#[tokio::test]
async fn a_token_of_an_installation_that_ended_early_is_followed_by_another_once() {
    let scene = Scene::new().await;
    scene.world.repository("acme/shop");
    let (app, id) = scene.installed(&[("metadata", "read"), ("pull_requests", "read")]);
    let (client, budget) = (scene.client(), Budget::new(scene.clock.clone()));
    let of = (i64::try_from(id).unwrap(), login("acme"));
    let access = app.access_of_installation(of, (&budget, Urgency::Person)).await.unwrap();
    let list = async || {
        client
            .by(&access)
            .page(&Cursor::<Repository>::of_installation())
            .await
            .map(|page| page.items)
    };
    let (refused, asked) =
        ("GET /installation/repositories 401", "GET /installation/repositories 200");
    let made = format!("POST /app/installations/{id}/access_tokens 201");

    scene.world.revoke_token(access.token().expose_secret());
    lines(&scene);
    assert_eq!(list().await.unwrap().len(), 1);
    assert_eq!(lines(&scene), [refused, &made, asked]);
    assert_eq!(list().await.unwrap().len(), 1);
    assert_eq!(lines(&scene), [asked], "the new one is said from then on");

    scene.world.revoke_token(access.token().expose_secret());
    let shop = FullName::parse("acme/shop").unwrap();
    assert!(client.by(&access).pull_details(&shop, None).await.is_ok());
    lines(&scene);

    scene.world.uninstall(id);
    assert_eq!(list().await, Err(Error::NotInstalled { organization: login("acme") }.into()));
    let none = format!("POST /app/installations/{id}/access_tokens 404");
    assert_eq!(lines(&scene), [refused, &none], "there is no other");
}

#[tokio::test]
async fn a_token_of_a_person_that_ended_has_no_other() {
    let scene = Scene::new().await;
    let access = scene.access("ada", &["repo"]);
    scene.world.revoke_token(access.token().expose_secret());

    assert_eq!(scene.client().by(&access).person().await, Err(Error::TokenRejected.into()));

    assert_eq!(lines(&scene), ["GET /user 401"]);
    assert_eq!(access.budget().quota(), None, "what is left to nobody in particular says nothing");
}
