//! Members: who changes what about whom, and that it counts at once.

use std::time::Duration;

use quarterdeck::tenancy::{Role, TenantId};
use serde_json::json;

use crate::support::World;

/// The id of a member's account, by login.
pub async fn account(world: &World, tenant: TenantId, login: &str) -> String {
    let mut tx = world.begin(tenant).await;
    sqlx::query_scalar("SELECT account_id::text FROM memberships WHERE login = $1")
        .bind(login)
        .fetch_one(tx.connection())
        .await
        .unwrap()
}

/// The role of a member, with ` out` behind it where they are deactivated; empty where there is none.
async fn state(world: &World, login: &str) -> String {
    let mut tx = world.begin(world.acme).await;
    let found: Option<String> = sqlx::query_scalar(
        "SELECT role || CASE WHEN deactivated_at IS NULL THEN '' ELSE ' out' END FROM memberships WHERE login = $1",
    )
    .bind(login)
    .fetch_optional(tx.connection())
    .await
    .unwrap();
    found.unwrap_or_default()
}

/// The actions of the log, the latest first.
pub async fn log(world: &World) -> Vec<String> {
    let mut tx = world.begin(world.acme).await;
    let entries = quarterdeck::organizations::audit::list(&mut tx, 20).await.unwrap();
    entries.into_iter().map(|entry| format!("{} {}", entry.action, entry.actor_name)).collect()
}

#[actix_web::test]
async fn each_role_changes_those_below_it_and_nobody_else() {
    let world = World::new().await;
    for role in Role::ALL {
        world.member(role).await;
    }
    let viewer = account(&world, world.acme, "viewer").await;
    let admin_id = account(&world, world.acme, "admin").await;
    let owner_id = account(&world, world.acme, "owner").await;
    let set = |id: &str| format!("/acme/members/{id}");

    for role in [Role::Viewer, Role::Member, Role::Manager] {
        let person = world.member(role).await;
        assert_eq!(person.post(&set(&viewer), &[("role", "member")]).await.status, 403, "{role}");
        person.get("/acme/members").await.expect(200);
    }
    let admin = world.member(Role::Admin).await;
    admin.post(&set(&viewer), &[("role", "member")]).await.expect(303);
    assert_eq!(state(&world, "viewer").await, "member");
    for (id, role) in [(&viewer, "owner"), (&admin_id, "viewer"), (&owner_id, "viewer")] {
        assert_eq!(admin.post(&set(id), &[("role", role)]).await.status, 403, "{id} {role}");
    }
    let owner = world.owner().await;
    owner.post(&set(&admin_id), &[("role", "manager")]).await.expect(303);
    assert_eq!(admin.get("/acme/invitations").await.status, 403, "a demotion counts at once");
    assert!(log(&world).await.contains(&"member.role_changed The owner".to_owned()));

    assert_eq!(
        world.neighbour().await.post(&set(&viewer), &[("role", "member")]).await.status,
        404
    );
    let neighbour = account(&world, world.globex, "neighbour").await;
    assert_eq!(owner.post(&set(&neighbour), &[("role", "viewer")]).await.status, 404);
    assert_eq!(world.stranger().await.get("/acme/members").await.status, 404);
}

#[actix_web::test]
async fn whoever_is_put_out_is_out_at_once_with_page_and_stream_and_comes_back() {
    let world = World::new().await;
    let (owner, member) = (world.owner().await, world.member(Role::Member).await);
    let id = account(&world, world.acme, "member").await;
    let mut stream = member.events("/acme/events").await;

    owner.post(&format!("/acme/members/{id}/state"), &[("active", "no")]).await.expect(303);
    tokio::time::timeout(Duration::from_secs(1), stream.ended()).await.expect("the stream ends");
    assert_eq!(
        member.get("/acme").await.status,
        303,
        "the session ended with the last organisation"
    );
    assert_eq!(state(&world, "member").await, "member out");

    owner.post(&format!("/acme/members/{id}/state"), &[("active", "yes")]).await.expect(303);
    assert_eq!(state(&world, "member").await, "member");
    world.member(Role::Member).await.get("/acme").await.expect(200);

    let page = owner.get(&format!("/acme/members/{id}/removal")).await.expect(200);
    assert!(page.text.contains("stays: tasks, commits"), "{}", page.text);
    let removal = format!("/acme/members/{id}/removal");
    owner.post(&removal, &[("login", "somebody")]).await.expect(422);
    owner.post(&removal, &[("login", "member")]).await.expect(303);
    assert_eq!(state(&world, "member").await, "");
    assert_eq!(owner.post(&removal, &[("login", "member")]).await.status, 404, "a second tab");
}

#[actix_web::test]
async fn the_last_owner_stays_also_where_two_go_at_once() {
    let world = World::new().await;
    let owner = world.owner().await;
    let id = account(&world, world.acme, "owner").await;
    owner.post(&format!("/acme/members/{id}"), &[("role", "admin")]).await.expect(409);
    owner.post(&format!("/acme/members/{id}/state"), &[]).await.expect(409);
    owner.post(&format!("/acme/members/{id}/removal"), &[("login", "owner")]).await.expect(409);

    let admin = world.member(Role::Admin).await;
    let other = account(&world, world.acme, "admin").await;
    owner.post(&format!("/acme/members/{other}"), &[("role", "owner")]).await.expect(303);
    let (of_owner, of_admin) = (format!("/acme/members/{id}"), format!("/acme/members/{other}"));
    let form = [("role", "viewer")];
    let (one, two) = tokio::join!(owner.post(&of_owner, &form), admin.post(&of_admin, &form));
    let mut statuses = [one.status.as_u16(), two.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [303, 409]);
}

#[actix_web::test]
async fn a_program_lists_and_changes_members() {
    let world = World::new().await;
    for role in [Role::Member, Role::Viewer] {
        world.member(role).await;
    }
    let admin = world.program(world.acme, Role::Admin).await;
    let first = admin.get("/api/v2/members?limit=1").await.expect(200).json();
    assert_eq!(first["items"][0]["login"], "member");
    let next = format!("/api/v2/members?cursor={}", first["next"].as_str().unwrap());
    assert_eq!(admin.get(&next).await.expect(200).json()["items"][0]["login"], "viewer");
    let found = admin.get("/api/v2/members?q=VIEW&role=viewer&active=true").await.json();
    let place = format!("/api/v2/members/{}", found["items"][0]["account"].as_str().unwrap());

    let changed = admin.patch_json(&place, &json!({"role": "manager", "active": false})).await;
    let changed = changed.expect(200).json();
    assert_eq!((&changed["role"], &changed["active"]), (&json!("manager"), &json!(false)));
    assert_eq!(admin.patch_json(&place, &json!({"role": "owner"})).await.status, 403);
    let member = world.program(world.acme, Role::Member).await;
    assert_eq!(member.delete(&place).await.status, 403);
    admin.delete(&place).await.expect(204);
    assert_eq!(admin.delete(&place).await.status, 404);
}

#[actix_web::test]
async fn filters_find_members_and_the_page_says_what_roles_may_do() {
    let world = World::new().await;
    world.member(Role::Member).await;
    let owner = world.owner().await;
    let everybody = owner.get("/acme/members").await.expect(200);
    assert!(everybody.text.contains("Role of The owner"), "{}", everybody.text);
    let page = owner.get("/acme/members?q=MEMB&role=member&state=active").await.expect(200);
    assert!(page.text.contains("Role of The member") && !page.text.contains("Role of The owner"));
    assert!(page.text.contains("Connect and remove repositories"), "the table of roles");
    let none = owner.get("/acme/members?state=deactivated").await.expect(200);
    assert!(none.text.contains("Nobody matches"));
}

#[actix_web::test]
async fn an_owner_says_what_newcomers_become() {
    let world = World::new().await;
    let (owner, admin) = (world.owner().await, world.member(Role::Admin).await);
    let path = "/acme/organization/newcomers";
    let form = [("default_role", "viewer"), ("github_organizations", "acme, Globex")];
    assert_eq!(admin.post(path, &form).await.status, 403);
    owner.post(path, &form).await.expect(303);
    assert!(owner.get("/acme/organization").await.text.contains("acme, Globex"));
    let wrong = [("default_role", "owner"), ("github_organizations", "acme")];
    owner.post(path, &wrong).await.expect(422);
    let wrong = [("default_role", "viewer"), ("github_organizations", "https://x/y")];
    assert!(owner.post(path, &wrong).await.expect(422).text.contains("https://x/y"));
    assert!(log(&world).await.contains(&"organization.newcomers_set The owner".to_owned()));
}
