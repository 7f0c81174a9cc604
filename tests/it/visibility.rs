//! A restricted repository is seen by those who were named, and by nobody else, wherever one looks.

use quarterdeck::tenancy::{Role, TenantId};
use reqwest::Method;

use crate::support::{
    Client, DatabaseLogin, World,
    routes::{Things, entries, fill, is_of_tenant, method},
};

const SECRET: &str = "marker-secret";

async fn run(world: &World, tenant: TenantId, sql: String) {
    let mut tx = world.begin(tenant).await;
    let changed = sqlx::query(sqlx::AssertSqlSafe(sql)).execute(tx.connection()).await.unwrap();
    assert_eq!(changed.rows_affected(), 1);
    tx.commit().await.unwrap();
}

/// An organisation with a repository for all, and another one for those who are named.
async fn restricted(login: DatabaseLogin) -> (World, Things) {
    let world = World::with_login(login).await;
    world.things(world.acme, "marker-open").await;
    let secret = world.things(world.acme, SECRET).await;
    let sql =
        format!("UPDATE repositories SET restricted = true WHERE id = '{}'", secret.repository);
    run(&world, world.acme, sql).await;
    (world, secret)
}

async fn grant(world: &World, secret: &Things, login: &str, level: &str) {
    let sql = format!(
        "INSERT INTO repository_people (tenant_id, repository_id, account_id, level, created_at)
         SELECT tenant_id, '{}', account_id, '{level}', now() FROM memberships WHERE login = '{login}'
         ON CONFLICT (tenant_id, repository_id, account_id) DO UPDATE SET level = excluded.level",
        secret.repository
    );
    run(world, world.acme, sql).await;
}

/// A team with one member, and its level on the repository.
async fn team(world: &World, secret: &Things, login: &str, level: &str) {
    let acme = world.acme;
    let team = uuid::Uuid::from_u128(7);
    run(world, acme, format!("INSERT INTO teams (tenant_id, id, slug, name, created_at) VALUES ('{acme}', '{team}', 'core', 'Core', now())")).await;
    run(world, acme, format!("INSERT INTO team_members (tenant_id, team_id, account_id, is_lead, created_at) SELECT tenant_id, '{team}', account_id, false, now() FROM memberships WHERE login = '{login}'")).await;
    run(world, acme, format!("INSERT INTO repository_teams (tenant_id, repository_id, team_id, level, created_at) VALUES ('{acme}', '{}', '{team}', '{level}', now())", secret.repository)).await;
}

async fn sees(client: &Client) -> bool {
    client.get("/acme/repositories").await.expect(200).text.contains(SECRET)
}

#[actix_web::test]
async fn no_page_or_endpoint_shows_a_restricted_repository() {
    show_nothing(DatabaseLogin::MayMakeRoles).await;
}

#[actix_web::test]
async fn no_page_or_endpoint_shows_a_restricted_repository_where_one_login_does_all() {
    show_nothing(DatabaseLogin::Plain).await;
}

async fn show_nothing(login: DatabaseLogin) {
    let (world, secret) = restricted(login).await;
    for role in [Role::Viewer, Role::Member, Role::Manager] {
        let (person, program) = (world.member(role).await, world.program(world.acme, role).await);
        for entry in entries().iter().filter(|entry| is_of_tenant(entry) && entry.method == "GET") {
            if entry.path.ends_with("/events") {
                continue;
            }
            let path = fill(entry.path, "acme", &secret);
            let client = if path.starts_with("/api/") { &program } else { &person };
            let answer = client.get(&path).await;
            // People and teams belong to no repository.
            let names_a_thing = ["{organization}", "{account}", "{team}"]
                .iter()
                .fold(entry.path.to_owned(), |path, name| path.replace(name, ""))
                .contains('{');
            let expected: &[u16] = if names_a_thing { &[403, 404] } else { &[200, 403] };
            assert!(expected.contains(&answer.status.as_u16()), "{role} {path}: {}", answer.status);
            assert!(
                !answer.text.contains(SECRET),
                "{role} sees {SECRET} at {path}: {}",
                answer.text
            );
        }
    }
    for role in [Role::Admin, Role::Owner] {
        assert!(sees(&world.member(role).await).await, "{role}");
    }
}

#[actix_web::test]
async fn no_write_reaches_a_restricted_repository() {
    let (world, secret) = restricted(DatabaseLogin::MayMakeRoles).await;
    let (person, program) =
        (world.member(Role::Member).await, world.program(world.acme, Role::Member).await);
    let before = world.look(world.acme, secret.scan).await;

    for entry in entries().iter().filter(|entry| is_of_tenant(entry) && entry.method != "GET") {
        let path = fill(entry.path, "acme", &secret);
        if !path.contains(&secret.repository_name) && !path.contains(&secret.repository.to_string())
        {
            continue;
        }
        let client = if path.starts_with("/api/") { &program } else { &person };
        let answer = if entry.path.ends_with("/access") {
            client.post(&path, &[("restricted", "no")]).await.status
        } else {
            client.status(method(entry), &path).await
        };
        let status = answer.as_u16();
        assert!([403, 404].contains(&status), "{} {path}: {status}", entry.method);
    }

    let after = world.look(world.acme, secret.scan).await;
    assert_eq!(before.tasks, after.tasks);
}

#[actix_web::test]
async fn lists_and_their_filters_count_without_it() {
    let (world, secret) = restricted(DatabaseLogin::MayMakeRoles).await;
    let program = world.program(world.acme, Role::Member).await;

    for list in ["repositories", "projects", "tasks", "commits", "scans"] {
        let queries =
            [String::new(), format!("?repository={}", secret.repository), format!("?q={SECRET}")];
        for query in queries {
            let answer = program.get(&format!("/api/v2/{list}{query}")).await;
            assert!(
                !answer.text.contains(SECRET) || answer.status == 400,
                "{list}{query}: {}",
                answer.text
            );
        }
    }
    let overview = world.member(Role::Member).await.get("/acme").await.expect(200);
    assert!(!overview.text.contains(SECRET), "{}", overview.text);
}

#[actix_web::test]
async fn the_own_grant_goes_before_the_teams_and_both_before_the_repositorys() {
    let (world, secret) = restricted(DatabaseLogin::MayMakeRoles).await;
    let member = world.member(Role::Member).await;
    assert!(!sees(&member).await);

    team(&world, &secret, "member", "read").await;
    assert!(sees(&member).await, "by the team");

    grant(&world, &secret, "member", "none").await;
    assert!(!sees(&member).await, "kept out by name");

    grant(&world, &secret, "member", "write").await;
    assert!(sees(&member).await, "let in by name");
}

#[actix_web::test]
async fn a_repository_for_all_can_be_kept_from_one() {
    let world = World::new().await;
    let open = world.things(world.acme, SECRET).await;
    let (member, viewer) = (world.member(Role::Member).await, world.viewer().await);
    assert!(sees(&member).await);

    grant(&world, &open, "member", "none").await;

    assert!(!sees(&member).await);
    assert!(sees(&viewer).await);
}

#[actix_web::test]
async fn scans_are_asked_for_by_those_who_may_write() {
    let (world, secret) = restricted(DatabaseLogin::MayMakeRoles).await;
    let member = world.member(Role::Member).await;
    let path = format!("/acme/repositories/{}/scans", secret.repository_name);

    assert_eq!(member.post(&path, &[]).await.status, 404, "hidden");
    grant(&world, &secret, "member", "read").await;
    assert_eq!(member.post(&path, &[]).await.status, 403, "may only read");
    grant(&world, &secret, "member", "write").await;
    assert_eq!(member.post(&path, &[]).await.status, 303);
}

#[actix_web::test]
async fn open_pages_do_not_hear_of_it() {
    let (world, secret) = restricted(DatabaseLogin::MayMakeRoles).await;
    let (member, owner) = (world.member(Role::Member).await, world.owner().await);
    let (mut members, mut owners) =
        (member.events("/acme/events").await, owner.events("/acme/events").await);
    assert_eq!(members.next_event().await, "ready");
    assert_eq!(owners.next_event().await, "ready");

    world.rescan(world.acme, &secret.repository_name).await;

    assert_eq!(owners.next_event().await, "scans");
    assert!(members.is_silent().await);
}

#[actix_web::test]
async fn an_open_page_of_somebody_who_was_removed_ends_within_a_second() {
    let world = World::new().await;
    let member = world.member(Role::Member).await;
    let mut events = member.events("/acme/events").await;
    assert_eq!(events.next_event().await, "ready");

    let mut tx = world.begin(world.acme).await;
    sqlx::query("DELETE FROM memberships WHERE login = 'member'")
        .execute(tx.connection())
        .await
        .unwrap();
    tx.announce("members");
    tx.commit().await.unwrap();

    let ended = tokio::time::timeout(std::time::Duration::from_secs(1), events.ended()).await;
    assert!(ended.is_ok(), "the stream goes on");
    assert_eq!(member.status(Method::GET, "/acme").await, 404);
}

#[actix_web::test]
async fn an_open_page_ends_with_its_session() {
    let world = World::new().await;
    let (here, there) = (world.member(Role::Member).await, world.member(Role::Member).await);
    let mut events = there.events("/acme/events").await;
    assert_eq!(events.next_event().await, "ready");

    here.post("/account/sessions/end-others", &[]).await.expect(303);

    let ended = tokio::time::timeout(std::time::Duration::from_secs(1), events.ended()).await;
    assert!(ended.is_ok(), "the stream goes on");
}
