//! One organisation's people and programs see and change nothing of another's.

use quarterdeck::tenancy::Role;

use crate::support::{
    Answer, DatabaseLogin, World,
    routes::{Things, entries, fill, is_of_tenant, method},
};

const MARKER: &str = "marker-acme";

/// The words that name things and people of the one organisation.
const MARKS: [&str; 3] = [MARKER, "person-acme", "team-acme"];

struct Both {
    world: World,
    acme: Things,
}

async fn both() -> Both {
    both_on(DatabaseLogin::MayMakeRoles).await
}

async fn both_on(login: DatabaseLogin) -> Both {
    let world = World::with_login(login).await;
    let acme = world.things(world.acme, MARKER).await;
    world.things(world.globex, "marker-globex").await;
    Both { world, acme }
}

#[actix_web::test]
async fn no_page_or_endpoint_shows_another_organisation() {
    show_nothing(both().await).await;
}

#[actix_web::test]
async fn no_page_or_endpoint_shows_another_organisation_where_one_login_does_all() {
    show_nothing(both_on(DatabaseLogin::Plain).await).await;
}

async fn show_nothing(both: Both) {
    let Both { world, acme } = both;
    let (person, program) =
        (world.neighbour().await, world.program(world.globex, Role::Owner).await);

    for entry in entries().iter().filter(|entry| is_of_tenant(entry) && entry.method == "GET") {
        if entry.path.ends_with("/events") {
            assert_eq!(person.status(method(entry), "/acme/events").await, 404);
            continue;
        }
        let own = fill(entry.path, "globex", &acme);
        let asked = if entry.path.starts_with("/api/") {
            program.get(&own).await
        } else {
            person.get(&own).await
        };
        let names_a_thing = entry.path.replace("{organization}", "").contains('{');
        // Nobody has set out for GitHub.
        let usual = if entry.path.ends_with("/callback") { 422 } else { 200 };
        assert_eq!(
            asked.status.as_u16(),
            if names_a_thing { 404 } else { usual },
            "{own}: {}",
            asked.text
        );
        for mark in MARKS {
            assert!(!asked.text.contains(mark), "{own} shows {mark}: {}", asked.text);
        }

        if entry.path.contains("{organization}") {
            let foreign = person.get(&fill(entry.path, "acme", &acme)).await;
            assert_eq!(foreign.status, 404, "{}", entry.path);
            for mark in MARKS {
                assert!(!foreign.text.contains(mark), "{} shows {mark}", entry.path);
            }
        }
    }
}

#[actix_web::test]
async fn filters_and_cursors_do_not_reach_into_another_organisation() {
    let Both { world, acme } = both().await;
    let program = world.program(world.globex, Role::Owner).await;
    let acme_program = world.program(world.acme, Role::Viewer).await;
    let cursor =
        acme_program.get("/api/v2/tasks?limit=1").await.json()["next"].as_str().unwrap().to_owned();

    for list in ["repositories", "projects", "tasks", "commits", "scans"] {
        for query in [
            format!("?q={MARKER}"),
            format!("?repository={}", acme.repository),
            format!("?repository={}", acme.repository_name),
            format!("?project={}", acme.project),
            format!("?cursor={cursor}"),
        ] {
            let answer = program.get(&format!("/api/v2/{list}{query}")).await;

            assert!(
                !answer.text.contains(MARKER) || answer.status == 400,
                "{list}{query}: {}",
                answer.text
            );
            assert!(
                !answer.text.contains(&acme.task.to_string()),
                "{list}{query}: {}",
                answer.text
            );
        }
    }
}

#[actix_web::test]
async fn no_write_reaches_another_organisation() {
    write_nothing(both().await).await;
}

#[actix_web::test]
async fn no_write_reaches_another_organisation_where_one_login_does_all() {
    write_nothing(both_on(DatabaseLogin::Plain).await).await;
}

async fn write_nothing(both: Both) {
    let Both { world, acme } = both;
    let before = world.look(world.acme, acme.scan).await;
    let (person, program) =
        (world.neighbour().await, world.program(world.globex, Role::Owner).await);

    for entry in entries().iter().filter(|entry| is_of_tenant(entry) && entry.method != "GET") {
        let names_a_thing = entry.path.replace("{organization}", "").contains('{');
        // What the forms ask for, so that nothing is refused before the row is looked for.
        let form = [
            ("name", MARKER),
            ("source", "/nowhere"),
            ("role", "viewer"),
            ("what", "remove"),
            ("login", "person-acme"),
        ];
        // It ends the token that asks, which the routes after it are asked with.
        if entry.path == "/api/v2/token" {
            continue;
        }
        if entry.path.starts_with("/api/") {
            let path = fill(entry.path, "globex", &acme);
            let request = program.request(method(entry), &path);
            let request = request.header("content-type", "application/json").body("{}");
            let status = Answer::of(request).await.status;
            assert!(!names_a_thing || status == 404, "{} {path}: {status}", entry.method);
            continue;
        }
        assert_eq!(entry.method, "POST", "{}: a page's form can only post", entry.path);
        if names_a_thing {
            let path = fill(entry.path, "globex", &acme);
            assert_eq!(person.post(&path, &form).await.status, 404, "{path}");
        }
        let path = fill(entry.path, "acme", &acme);
        assert_eq!(person.post(&path, &form).await.status, 404, "{path}");
    }

    world.run_jobs().await;
    let after = world.look(world.acme, acme.scan).await;
    assert_eq!(after.task_ids, before.task_ids);
    assert_eq!(after.commits, before.commits);
    assert_eq!(after.projects, before.projects);
    assert_eq!(people(&world, &acme).await, ("member".to_owned(), 1, 1));
}

/// The role of the organisation's member, and how many teams with one of them and open invitations
/// there are.
async fn people(world: &World, acme: &Things) -> (String, i64, i64) {
    let mut tx = world.begin(world.acme).await;
    sqlx::query_as(
        "SELECT role,
                (SELECT count(*) FROM team_members WHERE NOT is_lead AND account_id = m.account_id),
                (SELECT count(*) FROM invitations WHERE revoked_at IS NULL AND secret_hash = uuid_send(id))
         FROM memberships m WHERE m.account_id = $1 AND m.deactivated_at IS NULL",
    )
    .bind(acme.account)
    .fetch_one(tx.connection())
    .await
    .unwrap()
}

#[actix_web::test]
async fn the_owner_of_the_rows_does_see_them() {
    let Both { world, acme } = both().await;
    let (person, program) = (world.owner().await, world.program(world.acme, Role::Viewer).await);

    for list in ["repositories", "projects", "tasks", "commits", "scans"] {
        let page = person.get(&format!("/{}/{list}", acme.slug)).await.expect(200);
        assert!(page.text.contains(MARKER), "/{list} shows nothing");
        let answer = program.get(&format!("/api/v2/{list}")).await.expect(200);
        assert!(answer.text.contains(MARKER), "/api/v2/{list} shows nothing: {}", answer.text);
    }
}

#[actix_web::test]
async fn a_token_of_one_organisation_opens_no_page_of_another() {
    let Both { world, .. } = both().await;
    let program = world.program(world.globex, Role::Owner).await;

    assert_eq!(program.get("/acme/tasks").await.status, 404);
    assert_eq!(program.get("/globex/tasks").await.status, 200);
}
