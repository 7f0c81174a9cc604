//! Access to repositories: what can be said, by whom, and that the reasons given are the database's.

use quarterdeck::{
    repositories::access::explain,
    tenancy::{Level, Role},
};
use sqlx::PgConnection;

use crate::{
    members::log,
    support::{Client, World},
};

const PAGE: &str = "/acme/repositories/secret/access";

async fn world() -> World {
    let world = World::new().await;
    world.things(world.acme, "secret").await;
    world
}

async fn level(client: &Client) -> u16 {
    client.get("/acme/repositories/secret").await.status.as_u16()
}

#[actix_web::test]
async fn whoever_administers_a_repository_says_who_sees_it() {
    let world = world().await;
    let (owner, member) = (world.owner().await, world.member(Role::Member).await);
    let (viewer, manager) = (world.viewer().await, world.member(Role::Manager).await);
    for person in [&member, &viewer, &manager] {
        assert_eq!(person.get(PAGE).await.status, 403);
        assert_eq!(person.post(PAGE, &[("restricted", "yes")]).await.status, 403);
    }
    assert_eq!(world.neighbour().await.get(PAGE).await.status, 404);

    owner.post(PAGE, &[("restricted", "yes")]).await.expect(303);
    assert_eq!(level(&member).await, 404);
    assert_eq!(member.get(PAGE).await.status, 404, "hidden rather than forbidden");
    owner.post(PAGE, &[("person", "member"), ("level", "read")]).await.expect(303);
    assert_eq!(level(&member).await, 200);
    assert_eq!(member.get(PAGE).await.status, 403);

    owner.post("/acme/teams", &[("name", "Core")]).await.expect(303);
    owner.post("/acme/teams/core/members", &[("login", "viewer")]).await.expect(303);
    assert_eq!(level(&viewer).await, 404);
    owner.post(PAGE, &[("team", "core"), ("level", "admin")]).await.expect(303);
    assert_eq!(level(&viewer).await, 200);
    let page = owner.get(PAGE).await.expect(200);
    for words in [
        "By the team Core. As viewer, never more than read.",
        "By a grant of their own.",
        "As owner of the organisation.",
    ] {
        assert!(page.text.contains(words), "{words}: {}", page.text);
    }
    assert!(viewer.get("/acme/teams/core").await.text.contains("secret"));
    assert!(
        !manager.get("/acme/teams/core").await.text.contains("secret"),
        "hidden in the team too"
    );

    owner.post(PAGE, &[("person", "nobody"), ("level", "read")]).await.expect(404);
    owner.post(PAGE, &[("person", "member"), ("level", "all")]).await.expect(400);
    owner.post(PAGE, &[("restricted", "no")]).await.expect(303);
    assert_eq!(level(&manager).await, 200);
    assert!(log(&world).await.contains(&"repository.access_changed The owner".to_owned()));
}

#[actix_web::test]
async fn whoever_would_lose_sight_of_it_is_told_first() {
    let world = world().await;
    let (owner, member) = (world.owner().await, world.member(Role::Member).await);
    owner.post(PAGE, &[("restricted", "yes")]).await.expect(303);
    owner.post(PAGE, &[("person", "member"), ("level", "admin")]).await.expect(303);
    member.get(PAGE).await.expect(200);

    let told = member.post(PAGE, &[("person", "member"), ("level", "")]).await.expect(422);
    assert!(told.text.contains("you do not see this repository any longer"), "{}", told.text);
    assert_eq!(level(&member).await, 200, "nothing was changed yet");
    let lowered = member.post(PAGE, &[("person", "member"), ("level", "write")]).await.expect(422);
    assert!(lowered.text.contains("no longer say who has access"));

    let form = [("person", "member"), ("level", ""), ("confirmed", "yes")];
    assert_eq!(member.post(PAGE, &form).await.expect(303).header("location"), "/acme/repositories");
    assert_eq!(level(&member).await, 404);
    assert_eq!(member.post(PAGE, &form).await.status, 404, "a second tab");
}

/// All that can be said: nothing, or a level.
fn said() -> impl Iterator<Item = Option<Level>> + Clone {
    std::iter::once(None).chain(Level::ALL.into_iter().map(Some))
}

async fn say(
    connection: &mut PgConnection,
    table: &str,
    column: &str,
    id: &str,
    said: Option<Level>,
) {
    let said = said.map_or("NULL".to_owned(), |level| format!("'{level}'"));
    let sql = format!(
        "DELETE FROM {table} WHERE {column} = '{id}';
         INSERT INTO {table} (tenant_id, repository_id, {column}, level, created_at)
         SELECT tenant_id, id, '{id}', {said}, now() FROM repositories WHERE {said}::text IS NOT NULL"
    );
    sqlx::raw_sql(sqlx::AssertSqlSafe(sql)).execute(connection).await.unwrap();
}

#[actix_web::test]
async fn the_reasons_are_those_of_the_database_for_all_that_can_be_said() {
    let world = world().await;
    world.member(Role::Member).await;
    let person = crate::members::account(&world, world.acme, "member").await;
    let (one, two) = (uuid::Uuid::from_u128(1).to_string(), uuid::Uuid::from_u128(2).to_string());
    let mut tx = world.begin(world.acme).await;
    for (team, slug) in [(&one, "one"), (&two, "two")] {
        let sql = format!(
            "INSERT INTO teams (tenant_id, id, slug, name, created_at) VALUES ('{acme}', '{team}', '{slug}', '{slug}', now());
             INSERT INTO team_members (tenant_id, team_id, account_id, is_lead, created_at) VALUES ('{acme}', '{team}', '{person}', false, now())",
            acme = world.acme
        );
        sqlx::raw_sql(sqlx::AssertSqlSafe(sql)).execute(tx.connection()).await.unwrap();
    }
    let mut compared = 0;
    for of_one in said() {
        say(tx.connection(), "repository_teams", "team_id", &one, of_one).await;
        for of_two in said() {
            say(tx.connection(), "repository_teams", "team_id", &two, of_two).await;
            for named in said() {
                say(tx.connection(), "repository_people", "account_id", &person, named).await;
                let teams: Vec<_> = [("one", of_one), ("two", of_two)]
                    .into_iter()
                    .filter_map(|(name, level)| level.map(|level| (name, level)))
                    .collect();
                let rows: Vec<(String, bool, Level)> = sqlx::query_as(
                    "SELECT role, is_restricted, app_level_of($1::uuid, role, r.id, is_restricted)
                     FROM repositories r, unnest(ARRAY[true, false]) AS is_restricted,
                          unnest(ARRAY['viewer', 'member', 'manager', 'admin', 'owner']) AS role",
                )
                .bind(&person)
                .fetch_all(tx.connection())
                .await
                .unwrap();
                for (role, restricted, level) in rows {
                    let explained = explain(role.parse().unwrap(), named, &teams, restricted);
                    assert_eq!(explained.level, level, "{role} {named:?} {teams:?} {restricted}");
                    compared += 1;
                }
            }
        }
    }
    assert_eq!(compared, 5 * 5 * 5 * 2 * 5);
}
