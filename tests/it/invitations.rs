//! Invitations: a link lets one person in, once, in time, and the right one.

use chrono::Duration;
use quarterdeck::tenancy::Role;

use crate::{
    members::log,
    support::{Answer, Client, World},
};

/// The path of the link that a page shows.
pub fn link(answer: &Answer) -> String {
    let secret = answer
        .text
        .split("/invitations/")
        .skip(1)
        .map(|rest| rest.split(['"', '/', '#']).next().unwrap())
        .find(|secret| secret.len() > 40)
        .expect("a link");
    format!("/invitations/{secret}")
}

async fn invite(client: &Client, form: &[(&str, &str)]) -> String {
    link(&client.post("/acme/invitations", form).await.expect(200))
}

/// Says that GitHub knows an account by a login.
async fn identify(world: &World, login: &str, github: &str) {
    let mut connection = world.connect().await;
    let sql = format!(
        "SELECT set_config('app.system', 'on', false);
         INSERT INTO identities (provider, subject, account_id, login, created_at, used_at, checked_at)
         SELECT 'github', '{github}', id, '{github}', now(), now(), now() FROM accounts WHERE login = '{login}'"
    );
    sqlx::raw_sql(sqlx::AssertSqlSafe(sql)).execute(&mut connection).await.unwrap();
}

#[actix_web::test]
async fn a_link_lets_one_person_in_once() {
    let world = World::new().await;
    let admin = world.member(Role::Admin).await;
    let path = invite(&admin, &[("role", "manager"), ("days", "7")]).await;
    assert!(!admin.get("/acme/invitations").await.expect(200).text.contains(&path), "shown once");

    let outside = world.nobody().get(&path).await.expect(200);
    assert!(outside.text.contains("The admin invites you to acme, as manager"), "{}", outside.text);
    assert!(outside.text.contains("/sign-in?next=%2Finvitations%2F"), "{}", outside.text);
    assert_eq!(world.nobody().post(&path, &[]).await.status, 303, "to the sign-in page");

    let stranger = world.stranger().await;
    assert!(stranger.get(&path).await.expect(200).text.contains("Accept as The stranger"));
    assert_eq!(stranger.post(&path, &[]).await.expect(303).header("location"), "/acme");
    stranger.post("/acme/teams", &[("name", "Core")]).await.expect(303);

    let neighbour = world.neighbour().await;
    neighbour.get(&path).await.expect(410);
    assert!(neighbour.post(&path, &[]).await.expect(410).text.contains("used already"));
    assert_eq!(neighbour.get("/acme").await.status, 404);
    let log = log(&world).await;
    assert!(log.contains(&"invitation.accepted The stranger".to_owned()), "{log:?}");
    assert!(log.contains(&"invitation.refused The neighbour".to_owned()), "{log:?}");
    neighbour.get("/invitations/no-such-secret").await.expect(410);
}

#[actix_web::test]
async fn two_at_once_are_not_both_let_in() {
    let world = World::new().await;
    let path = invite(&world.owner().await, &[("role", "member")]).await;
    let (one, two) = (world.stranger().await, world.neighbour().await);
    let (one, two) = tokio::join!(one.post(&path, &[]), two.post(&path, &[]));
    let mut statuses = [one.status.as_u16(), two.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [303, 410]);
}

#[actix_web::test]
async fn an_invitation_by_login_is_for_whom_github_calls_so() {
    let world = World::new().await;
    let owner = world.owner().await;
    let stranger = world.stranger().await;
    let path = invite(&owner, &[("login", "Octo-Cat"), ("role", "viewer")]).await;
    assert!(stranger.post(&path, &[]).await.expect(409).text.contains("Octo-Cat"));
    identify(&world, "stranger", "octo-cat").await;
    stranger.post(&path, &[]).await.expect(303);
    stranger.get("/acme").await.expect(200);
}

#[actix_web::test]
async fn what_is_taken_back_renewed_or_too_old_lets_nobody_in() {
    let world = World::new().await;
    let owner = world.owner().await;
    let first = invite(&owner, &[("role", "member"), ("days", "1")]).await;
    let listed = owner.get("/acme/invitations").await.text;
    let (before, _) = listed.split_once("/renew").unwrap();
    let id = before.rsplit('/').next().unwrap().to_owned();

    let renewed = owner.post(&format!("/acme/invitations/{id}/renew"), &[]).await.expect(200);
    let second = link(&renewed);
    world.nobody().get(&first).await.expect(410);
    world.nobody().get(&second).await.expect(200);

    world.clock.advance(Duration::days(1));
    assert!(world.nobody().get(&second).await.expect(410).text.contains("too old"));
    let third = link(&owner.post(&format!("/acme/invitations/{id}/renew"), &[]).await.expect(200));
    owner.post(&format!("/acme/invitations/{id}/revoke"), &[]).await.expect(303);
    assert!(world.nobody().get(&third).await.expect(410).text.contains("taken back"));
    owner.post(&format!("/acme/invitations/{id}/revoke"), &[]).await.expect(409);
    owner.post(&format!("/acme/invitations/{id}/renew"), &[]).await.expect(409);
}

#[actix_web::test]
async fn nobody_invites_above_the_own_role_or_without_leave() {
    let world = World::new().await;
    let admin = world.member(Role::Admin).await;
    assert_eq!(admin.post("/acme/invitations", &[("role", "owner")]).await.status, 403);
    for role in [Role::Viewer, Role::Member, Role::Manager] {
        let person = world.member(role).await;
        assert_eq!(person.post("/acme/invitations", &[("role", "viewer")]).await.status, 403);
        assert_eq!(person.get("/acme/invitations").await.status, 403);
    }
    for form in [[("role", "member"), ("login", "a b")], [("role", "member"), ("email", "nobody")]]
    {
        admin.post("/acme/invitations", &form).await.expect(422);
    }
}

#[actix_web::test]
async fn a_deactivated_member_is_not_let_in_by_a_link() {
    let world = World::new().await;
    let (owner, stranger) = (world.owner().await, world.stranger().await);
    stranger.post(&invite(&owner, &[("role", "member")]).await, &[]).await.expect(303);
    let mut tx = world.begin(world.acme).await;
    sqlx::query("UPDATE memberships SET deactivated_at = now() WHERE login = 'stranger'")
        .execute(tx.connection())
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let path = invite(&owner, &[("role", "admin")]).await;
    assert!(stranger.post(&path, &[]).await.expect(409).text.contains("deactivated"));
    assert_eq!(stranger.get("/acme").await.status, 404);
}

#[actix_web::test]
async fn an_invitation_ends_with_its_makers_right_to_invite() {
    let world = World::new().await;
    let (owner, admin) = (world.owner().await, world.member(Role::Admin).await);
    let path = invite(&admin, &[("role", "admin"), ("days", "30")]).await;
    let maker = crate::members::account(&world, world.acme, "admin").await;

    owner.post(&format!("/acme/members/{maker}"), &[("role", "viewer")]).await.expect(303);
    let stranger = world.stranger().await;
    assert!(stranger.get(&path).await.expect(410).text.contains("may not invite people"));
    stranger.post(&path, &[]).await.expect(410);
    assert!(owner.get("/acme/invitations").await.expect(200).text.contains("void"));

    owner.post(&format!("/acme/members/{maker}"), &[("role", "admin")]).await.expect(303);
    stranger.post(&path, &[]).await.expect(303);
}

#[actix_web::test]
async fn whoever_is_removed_does_not_come_back_by_another_invitation() {
    let world = World::new().await;
    let owner = world.owner().await;
    let path = invite(&owner, &[("login", "viewer"), ("role", "admin")]).await;
    let viewer = world.viewer().await;
    identify(&world, "viewer", "viewer").await;
    let id = crate::members::account(&world, world.acme, "viewer").await;
    let removal = format!("/acme/members/{id}/removal");

    owner.post(&removal, &[("login", "viewer")]).await.expect(303);

    world.sign_in_again("viewer").await.post(&path, &[]).await.expect(410);
    assert_eq!(viewer.get("/acme").await.status, 303);
}

#[actix_web::test]
async fn a_form_that_was_refused_keeps_what_was_chosen() {
    let world = World::new().await;
    let owner = world.owner().await;
    let form = [("login", "not a login"), ("role", "viewer"), ("days", "1")];
    let page = owner.post("/acme/invitations", &form).await.expect(422);
    for chosen in [r#"<option value="viewer" selected>"#, r#"<option value="1" selected>"#] {
        assert!(page.text.contains(chosen), "{chosen}: {}", page.text);
    }
}

#[actix_web::test]
async fn no_token_makes_somebody_who_could_make_tokens() {
    let world = World::new().await;
    let program = world.program(world.acme, Role::Owner).await;
    world.viewer().await;
    let id = crate::members::account(&world, world.acme, "viewer").await;
    let change = async |role: &str| {
        let request = program.request(reqwest::Method::PATCH, &format!("/api/v2/members/{id}"));
        let body = serde_json::json!({"role": role}).to_string();
        Answer::of(request.header("content-type", "application/json").body(body)).await.status
    };
    assert_eq!(change("admin").await, 403);
    assert_eq!(change("owner").await, 403);
    assert_eq!(change("manager").await, 200);
    let link = [("role", "owner"), ("days", "7")];
    assert_eq!(program.post("/acme/invitations", &link).await.status, 403);
}
