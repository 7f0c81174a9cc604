//! Teams: who makes them, and who says who is in them.

use quarterdeck::tenancy::Role;

use crate::{
    members::{account, log},
    support::World,
};

#[actix_web::test]
async fn managers_make_teams_and_leads_say_who_is_in_theirs() {
    let world = World::new().await;
    let (manager, member) = (world.member(Role::Manager).await, world.member(Role::Member).await);
    let viewer = world.viewer().await;
    let form = [("name", "Core Team"), ("description", "Keeps it running")];
    for person in [&member, &viewer] {
        assert_eq!(person.post("/acme/teams", &form).await.status, 403);
    }
    let made = manager.post("/acme/teams", &form).await.expect(303);
    let place = made.header("location").to_owned();
    assert_eq!(place, "/acme/teams/core-team");
    let again = manager.post("/acme/teams", &[("name", "core team")]).await.expect(422);
    assert!(again.text.contains("Another team is called so."));
    let api = manager.post("/acme/teams", &[("name", "API")]).await.expect(303);
    assert_eq!(api.header("location"), "/acme/teams/api");

    let members = format!("{place}/members");
    assert_eq!(member.post(&members, &[("login", "viewer")]).await.status, 403);
    manager.post(&members, &[("login", "nobody-here")]).await.expect(422);
    manager.post(&members, &[("login", "member"), ("lead", "yes")]).await.expect(303);
    member.post(&members, &[("login", "viewer")]).await.expect(303);
    assert_eq!(viewer.post(&members, &[("login", "manager")]).await.status, 403);
    assert_eq!(
        member.post(&place, &[("name", "Mine")]).await.status,
        403,
        "a lead renames nothing"
    );
    assert_eq!(member.post("/acme/teams/api/members", &[("login", "viewer")]).await.status, 403);

    let page = viewer.get(&place).await.expect(200);
    assert!(page.text.contains("The viewer") && page.text.contains("lead"), "{}", page.text);
    let id = account(&world, world.acme, "viewer").await;
    member.post(&format!("{members}/{id}"), &[("what", "remove")]).await.expect(303);
    assert_eq!(member.post(&format!("{members}/{id}"), &[("what", "remove")]).await.status, 404);
    let own = account(&world, world.acme, "member").await;
    manager.post(&format!("{members}/{own}"), &[("what", "member")]).await.expect(303);
    assert_eq!(member.post(&members, &[("login", "viewer")]).await.status, 403, "no lead any more");
    let log = log(&world).await;
    for entry in
        ["team.created The manager", "team.member_put The member", "team.member_taken The member"]
    {
        assert!(log.contains(&entry.to_owned()), "{entry}: {log:?}");
    }
}

#[actix_web::test]
async fn a_team_is_renamed_listed_and_deleted_and_stays_in_its_organisation() {
    let world = World::new().await;
    let manager = world.member(Role::Manager).await;
    manager.post("/acme/teams", &[("name", "Core")]).await.expect(303);
    manager.post("/acme/teams/core", &[("name", "Platform")]).await.expect(303);
    manager.post("/acme/teams/core", &[("name", "")]).await.expect(422);
    let program = world.program(world.acme, Role::Viewer).await;
    let listed = program.get("/api/v2/teams").await.expect(200).json();
    assert_eq!(
        (&listed["items"][0]["slug"], &listed["items"][0]["name"]),
        (&"core".into(), &"Platform".into())
    );

    let neighbour = world.neighbour().await;
    for path in ["/acme/teams/core", "/globex/teams/core"] {
        assert_eq!(neighbour.get(path).await.status, 404, "{path}");
    }
    assert!(!neighbour.get("/globex/teams").await.expect(200).text.contains("Platform"));
    let other = world.program(world.globex, Role::Owner).await;
    assert_eq!(other.get("/api/v2/teams").await.json()["items"], serde_json::json!([]));

    manager.get("/acme/teams/core/removal").await.expect(200);
    manager.post("/acme/teams/core/removal", &[]).await.expect(303);
    assert_eq!(manager.get("/acme/teams/core").await.status, 404);
    assert_eq!(manager.post("/acme/teams/core/removal", &[]).await.status, 404, "a second tab");
}

#[actix_web::test]
async fn nobody_gives_by_a_team_what_they_have_not() {
    let world = World::new().await;
    let things = world.things(world.acme, "secret").await;
    let (manager, admin) = (world.member(Role::Manager).await, world.member(Role::Admin).await);
    world.member(Role::Member).await;
    manager.post("/acme/teams", &[("name", "Core")]).await.expect(303);
    let repository = format!("/acme/repositories/{}", things.repository_name);
    let access = format!("{repository}/access");
    admin.post(&access, &[("restricted", "yes")]).await.expect(303);
    admin.post(&access, &[("team", "core"), ("level", "read")]).await.expect(303);

    for login in ["manager", "member"] {
        let refused = manager.post("/acme/teams/core/members", &[("login", login)]).await;
        assert!(refused.expect(409).text.contains("more in a repository than you have"));
    }
    manager.get(&repository).await.expect(404);

    admin.post("/acme/teams/core/members", &[("login", "manager")]).await.expect(303);
    manager.get(&repository).await.expect(200);
    manager.post("/acme/teams/core/members", &[("login", "member")]).await.expect(303);
    admin.post(&access, &[("team", "core"), ("level", "write")]).await.expect(303);
    admin.post(&access, &[("person", "manager"), ("level", "read")]).await.expect(303);
    manager.post("/acme/teams/core/members", &[("login", "admin")]).await.expect(409);
}

#[actix_web::test]
async fn nobody_lifts_by_a_team_what_it_keeps_them_from() {
    let world = World::new().await;
    let things = world.things(world.acme, "payments").await;
    let (manager, admin) = (world.member(Role::Manager).await, world.member(Role::Admin).await);
    let repository = format!("/acme/repositories/{}", things.repository_name);
    manager.post("/acme/teams", &[("name", "Contractors")]).await.expect(303);
    let members = "/acme/teams/contractors/members";
    manager.post(members, &[("login", "manager"), ("lead", "yes")]).await.expect(303);
    let denial = [("team", "contractors"), ("level", "none")];
    admin.post(&format!("{repository}/access"), &denial).await.expect(303);
    manager.get(&repository).await.expect(404);

    let own = account(&world, world.acme, "manager").await;
    let removal = format!("{members}/{own}");
    manager.post(&removal, &[("what", "remove")]).await.expect(409);
    manager.post("/acme/teams/contractors/removal", &[]).await.expect(409);
    manager.post(members, &[("login", "admin")]).await.expect(409);
    manager.get(&repository).await.expect(404);

    admin.post(&removal, &[("what", "remove")]).await.expect(303);
    manager.get(&repository).await.expect(200);
}
