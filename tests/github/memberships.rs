use chrono::Duration;
use quarterdeck::github::{Error, Membership, MembershipRole as Role, MembershipState as State};

use crate::support::{Scene, login, secret};

const MEMBERS: [(&str, &str); 1] = [("members", "read")];

fn member(state: State, role: Role) -> Membership {
    Membership { state, role }
}

async fn as_person(scene: &Scene, who: &str) -> Result<Membership, Error> {
    scene.client().membership_as_person(&scene.token(who), &login("acme")).await
}

fn not_member() -> Error {
    Error::NotMember { organization: login("acme") }
}

#[tokio::test]
async fn people_are_asked_about_themselves() {
    let scene = Scene::new().await;

    assert_eq!(as_person(&scene, "ada").await, Ok(member(State::Active, Role::Admin)));
    assert_eq!(as_person(&scene, "ben").await, Ok(member(State::Active, Role::Member)));
    assert_eq!(as_person(&scene, "cleo").await, Ok(member(State::Pending, Role::Member)));
    assert_eq!(as_person(&scene, "dora").await, Err(not_member()));
}

#[tokio::test]
async fn the_app_sees_private_members_and_invitations() {
    let scene = Scene::new().await;
    let (app, _) = scene.installed(&MEMBERS);
    let of = async |who: &str| app.membership(&login("acme"), &login(who)).await;

    assert_eq!(of("ada").await, Ok(member(State::Active, Role::Admin)));
    assert_eq!(of("ben").await, Ok(member(State::Active, Role::Member)));
    assert_eq!(of("cleo").await, Ok(member(State::Pending, Role::Member)));
    assert_eq!(of("dora").await, Err(not_member()));
    assert_eq!(of("nobody").await, Err(not_member()));
}

#[tokio::test]
async fn an_invitation_is_no_membership_and_says_where_to_accept_it() {
    let scene = Scene::new().await;
    let acme = login("acme");

    let refused = as_person(&scene, "cleo").await.unwrap().active(&acme, &scene.hosts).unwrap_err();
    let let_in = as_person(&scene, "ben").await.unwrap().active(&acme, &scene.hosts);

    let url = format!("{}orgs/acme/invitation", scene.world.web_url());
    assert_eq!(refused, Error::Pending { organization: acme, url: url.clone() });
    assert!(refused.to_string().contains(&url));
    assert!(let_in.is_ok());
}

#[tokio::test]
async fn who_only_pays_the_bills_is_not_let_in() {
    let scene = Scene::new().await;
    let pays = Membership { state: State::Active, role: Role::BillingManager };

    assert_eq!(pays.active(&login("acme"), &scene.hosts), Err(not_member()));
}

#[tokio::test]
async fn a_member_who_is_removed_is_no_member_any_more() {
    let scene = Scene::new().await;
    let (app, _) = scene.installed(&MEMBERS);
    assert!(app.membership(&login("acme"), &login("ben")).await.is_ok());

    scene.world.organization("acme").remove("ben");

    assert_eq!(app.membership(&login("acme"), &login("ben")).await, Err(not_member()));
    assert_eq!(as_person(&scene, "ben").await, Err(not_member()));
}

#[tokio::test]
async fn an_organisation_that_restricts_third_parties_is_named_with_where_to_approve() {
    let scene = Scene::new().await;
    scene.world.organization("acme").restrict_third_parties(true);

    let refused = as_person(&scene, "ben").await.unwrap_err();
    let (app, _) = scene.installed(&MEMBERS);
    let by_app = app.membership(&login("acme"), &login("ben")).await;
    scene.world.organization("acme").approve(&scene.oauth_app.client_id);
    let approved = as_person(&scene, "ben").await;

    let url =
        format!("{}organizations/acme/settings/oauth_application_policy", scene.world.web_url());
    assert_eq!(refused, Error::ThirdPartyRestricted { organization: login("acme"), url });
    assert!(by_app.is_ok(), "an App that is installed is not a third party");
    assert!(approved.is_ok());
}

#[tokio::test]
async fn strangers_do_not_learn_that_an_organisation_has_rules() {
    let scene = Scene::new().await;
    scene.world.organization("acme").restrict_third_parties(true);
    scene.world.organization("acme").enforce_sso(true);

    assert_eq!(as_person(&scene, "dora").await, Err(not_member()));
}

#[tokio::test]
async fn single_sign_on_is_asked_for_at_the_address_that_github_names() {
    let scene = Scene::new().await;
    scene.world.organization("acme").enforce_sso(true);

    let refused = as_person(&scene, "ben").await.unwrap_err();
    scene.world.organization("acme").sso_session("ben");
    let signed_on = as_person(&scene, "ben").await;

    let Error::SsoRequired { organization, url } = refused else { panic!("{refused:?}") };
    assert_eq!(organization, login("acme"));
    let named = format!("{}orgs/acme/sso?authorization_request=", scene.world.web_url());
    assert!(url.starts_with(&named), "{url}");
    assert!(signed_on.is_ok());
}

#[tokio::test]
async fn memberships_take_a_scope() {
    let scene = Scene::new().await;
    let token = scene.world.token("ben", &scene.oauth_app.client_id, &["user:email"]);

    let refused = scene.client().membership_as_person(&secret(&token), &login("acme")).await;

    assert_eq!(refused, Err(Error::MissingPermission { needed: "the scope read:org" }));
}

#[tokio::test]
async fn an_app_without_the_permission_is_told_which_it_needs() {
    let scene = Scene::new().await;
    let (app, _) = scene.installed(&[("metadata", "read")]);

    let refused = app.membership(&login("acme"), &login("ben")).await.unwrap_err();

    assert!(matches!(refused, Error::MissingPermission { .. }), "{refused:?}");
    assert!(refused.to_string().contains("Members: read"));
}

#[tokio::test]
async fn the_token_of_a_person_by_an_app_needs_the_app_installed() {
    let scene = Scene::new().await;
    let registered = scene.world.github_app("Quarterdeck App", crate::support::CALLBACK);
    let token = secret(&scene.world.token("ben", &registered.client_id, &[]));
    let ask = async || scene.client().membership_as_person(&token, &login("acme")).await;

    let before = ask().await;
    scene.world.install(registered.app_id, "acme", &MEMBERS);
    let after = ask().await;

    assert!(matches!(before, Err(Error::MissingPermission { .. })), "{before:?}");
    assert_eq!(after, Ok(member(State::Active, Role::Member)));
}

#[tokio::test]
async fn an_app_that_is_not_installed_says_so() {
    let scene = Scene::new().await;
    let (app, installation) = scene.installed(&MEMBERS);
    scene.world.uninstall(installation);

    let refused = app.membership(&login("acme"), &login("ben")).await;

    assert_eq!(refused, Err(Error::NotInstalled { organization: login("acme") }));
}

#[tokio::test]
async fn an_app_describes_itself_with_the_right_key_alone() {
    let scene = Scene::new().await;
    let app = scene.world.github_app("Quarterdeck App", crate::support::CALLBACK);
    let strangers_key = include_str!("../data/keys/other-rsa.pem");

    let described = scene.app_with(app.app_id, app.private_key).describe().await.unwrap();
    let forged = scene.app_with(app.app_id, strangers_key).describe().await;
    let unknown = scene.app_with(app.app_id + 1, app.private_key).describe().await;

    assert_eq!(described.slug, "quarterdeck-app");
    assert_eq!(forged.unwrap_err(), Error::AppRejected);
    assert_eq!(unknown.unwrap_err(), Error::AppRejected);
}

#[tokio::test]
async fn a_clock_that_is_wrong_is_refused_by_github() {
    let scene = Scene::new().await;
    let (app, _) = scene.installed(&MEMBERS);
    scene.world.advance(Duration::minutes(15));

    assert_eq!(app.describe().await.unwrap_err(), Error::ClockWrong);
}

#[tokio::test]
async fn an_installation_token_is_used_until_five_minutes_before_its_end() {
    let scene = Scene::new().await;
    let (app, _) = scene.installed(&MEMBERS);
    let ask = async || app.membership(&login("ACME"), &login("ben")).await.unwrap();
    let made = || {
        let requests = scene.world.take_requests();
        requests.iter().filter(|request| request.path.ends_with("/access_tokens")).count()
    };

    ask().await;
    ask().await;
    assert_eq!(made(), 1);
    scene.advance(Duration::minutes(54));
    ask().await;
    assert_eq!(made(), 0);
    scene.advance(Duration::minutes(1));
    ask().await;
    assert_eq!(made(), 1);
}

#[tokio::test]
async fn a_token_that_ended_early_is_made_anew() {
    let scene = Scene::new().await;
    let (app, _) = scene.installed(&MEMBERS);
    let token = app.installation_token(&login("acme")).await.unwrap();
    scene.world.revoke_token(secrecy::ExposeSecret::expose_secret(&token.token));

    assert!(app.membership(&login("acme"), &login("ben")).await.is_ok());
}

#[tokio::test]
async fn a_suspended_installation_is_refused_in_githubs_words() {
    let scene = Scene::new().await;
    let (app, installation) = scene.installed(&MEMBERS);
    scene.world.suspend_installation(installation);

    let refused = app.membership(&login("acme"), &login("ben")).await.unwrap_err();

    assert!(refused.to_string().contains("suspended"), "{refused}");
}
