//! Who reads the log, by page, API and export.

use quarterdeck::{
    organizations::audit::{self, AuditFilter, Event},
    tenancy::Role,
    web::paging::PageRequest,
};

use super::{add, newest};
use crate::support::World;

#[actix_web::test]
async fn an_export_holds_what_the_filter_leaves_and_is_written_down() {
    let world = World::new().await;
    let admin = world.member(Role::Admin).await;
    add(&world, world.acme, 600).await;
    add(&world, world.globex, 1).await;
    let mut tx = world.begin(world.acme).await;
    let event =
        Event::new("repository.added", "repository", "=1+1", world.clock.now()).by_unknown("@eve");
    audit::record(&mut tx, event).await.unwrap();
    tx.commit().await.unwrap();

    let all = admin.get("/acme/audit/export.json").await.expect(200);
    assert!(all.header("content-disposition").contains("acme-audit-2026-03-01.json"));
    let ordinals: Vec<_> = all
        .json()
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| entry["ordinal"].as_i64().unwrap())
        .collect();
    assert_eq!(ordinals, (1..=601).rev().collect::<Vec<_>>());
    let table = admin.get("/acme/audit/export.csv?action=repository.added").await.expect(200);
    let lines: Vec<_> = table.text.lines().collect();
    assert_eq!(lines.len(), 2, "{}", table.text);
    assert!(lines[1].contains("'@eve") && lines[1].contains("'=1+1"), "{}", lines[1]);
    let none = admin.get("/acme/audit/export.json?q=nothing-is-like-this").await.expect(200);
    assert_eq!(none.json(), serde_json::json!([]));

    let told = newest(&world, world.acme, 3).await;
    assert!(told.iter().all(|entry| entry.action == "audit.exported"));
    assert_eq!(told[1].detail["filters"]["action"], "repository.added");
    world.member(Role::Manager).await.get("/acme/audit/export.csv").await.expect(403);
}

#[actix_web::test]
async fn the_log_is_read_to_its_end_and_by_filters() {
    let world = World::new().await;
    let program = world.program(world.acme, Role::Admin).await;
    add(&world, world.acme, 7).await;

    let (mut path, mut seen) =
        ("/api/v2/audit?limit=3&action=scan.requested".to_owned(), Vec::new());
    loop {
        let page = program.get(&path).await.expect(200).json();
        seen.extend(
            page["items"]
                .as_array()
                .unwrap()
                .iter()
                .map(|entry| entry["subject_id"].as_str().unwrap().to_owned()),
        );
        let Some(next) = page["next"].as_str() else { break };
        path = format!("/api/v2/audit?limit=3&action=scan.requested&cursor={next}");
    }
    assert_eq!(seen, ["6", "5", "4", "3", "2", "1", "0"]);

    let count = async |query: &str| {
        let page = program.get(&format!("/api/v2/audit?{query}")).await.expect(200).json();
        page["items"].as_array().unwrap().len()
    };
    assert_eq!(count("actor_kind=command").await, 8, "and the token that was made");
    assert_eq!(count("subject_kind=token").await, 2, "made and used");
    assert_eq!(count("until=2026-03-01").await, 0);
    assert_eq!(count("from=2026-03-01&q=TOKEN.Made").await, 0);
    assert_eq!(count("q=COMMAND%20line").await, 8);
    for wrong in ["actor=me", "from=soon", "nope=1", "cursor="] {
        program.get(&format!("/api/v2/audit?{wrong}")).await.expect(400);
    }
    world.program(world.acme, Role::Manager).await.get("/api/v2/audit").await.expect(403);
}

#[actix_web::test]
async fn the_page_goes_on_filters_and_says_when_nothing_matches() {
    let world = World::new().await;
    let admin = world.member(Role::Admin).await;
    let empty = admin.get("/acme/audit").await.expect(200).text;
    assert!(empty.contains("Nothing yet"), "{empty}");
    add(&world, world.acme, 3).await;

    let first = admin.get("/acme/audit?limit=2").await.expect(200).text;
    let next = first.split("rel=\"next\"").next().unwrap().rsplit("href=\"").next().unwrap();
    let next = next.split('"').next().unwrap().replace("&#38;", "&").replace("&amp;", "&");
    let second = admin.get(&next).await.expect(200).text;

    assert_eq!(first.matches("<details><summary>").count(), 2);
    assert_eq!(second.matches("<details><summary>").count(), 1);
    let none = admin.get("/acme/audit?from=2026-03-02").await.expect(200).text;
    assert!(none.contains("Nothing matches"), "{none}");
    let some =
        admin.get("/acme/audit?actor=command&kind=repository&to=2026-03-01").await.expect(200).text;
    assert_eq!(some.matches("<details><summary>").count(), 3);
}

#[actix_web::test]
async fn two_organisations_never_see_each_others_log() {
    let world = World::new().await;
    add(&world, world.acme, 2).await;
    let (neighbour, program) =
        (world.neighbour().await, world.program(world.globex, Role::Owner).await);

    neighbour.get("/acme/audit").await.expect(404);
    neighbour.get("/acme/audit/export.csv").await.expect(404);
    neighbour.post("/acme/audit/retention", &[("days", "90")]).await.expect(404);
    assert!(neighbour.get("/globex/audit").await.expect(200).text.contains("Made an API token"));
    let page = program.get("/api/v2/audit?action=scan.requested").await.expect(200).json();
    assert_eq!(page["items"].as_array().unwrap().len(), 0);
    let mut tx = world.begin(world.globex).await;
    let first = PageRequest::first(10);
    let filter =
        AuditFilter { action: Some("scan.requested".to_owned()), ..AuditFilter::default() };
    assert!(audit::list_page(&mut tx, &filter, &first).await.unwrap().is_empty());
}
