//! The ledger: which times stand in it, under which cause, whatever ends in the middle, and for how long.

use chrono::Duration;
use quarterdeck::{app, webhooks::recovery::Presence};

use super::Scene;

impl Scene {
    async fn run(&self, sql: &'static str) {
        let mut owner = self.world.connect().await;
        sqlx::raw_sql(sql).execute(&mut owner).await.unwrap();
    }

    /// Lets whatever writes to a table fail, as where the server ends before it.
    async fn break_writing(&self, to: &'static str) {
        self.run(
            "CREATE OR REPLACE FUNCTION break_writing() RETURNS trigger LANGUAGE plpgsql AS $$
             BEGIN RAISE EXCEPTION 'the server has ended'; END $$",
        )
        .await;
        self.run(to).await;
    }

    /// How the server's own gaps stand, as `down 20 min`.
    async fn absences(&self) -> Vec<String> {
        self.texts(
            "SELECT reason || ' ' || round(extract(epoch FROM ended_at - began_at) / 60) || ' min'
             FROM gaps WHERE hook_id IS NULL ORDER BY id",
        )
        .await
    }

    /// A process that begins now.
    fn begun(&self) -> Presence {
        Presence::begun(self.world.clock.now())
    }
}

/// A scene whose server was there a moment ago.
async fn there() -> Scene {
    let scene = Scene::new().await;
    scene.deliver_to(true);
    scene.github.delivered().await;
    scene.look().await;
    scene
}

#[actix_web::test]
async fn a_server_that_ends_before_the_gap_is_written_leaves_it_to_be_found() {
    let scene = there().await;
    scene
        .break_writing(
            "CREATE TRIGGER break_writing BEFORE INSERT ON gaps FOR EACH ROW EXECUTE FUNCTION break_writing()",
        )
        .await;
    scene.skip(Duration::minutes(20));
    scene.look_as(scene.begun()).await.unwrap_err();
    scene.run("DROP TRIGGER break_writing ON gaps").await;
    assert!(scene.absences().await.is_empty());

    scene.skip(Duration::minutes(1));
    scene.look_as(scene.begun()).await.unwrap();

    assert_eq!(scene.absences().await, ["down 21 min"]);
}

#[actix_web::test]
async fn a_server_that_ends_after_the_gap_is_written_does_not_write_it_twice() {
    let scene = there().await;
    scene
        .break_writing(
            "CREATE TRIGGER break_writing BEFORE UPDATE ON receiver_beats
             FOR EACH ROW EXECUTE FUNCTION break_writing()",
        )
        .await;
    scene.skip(Duration::minutes(20));
    scene.look_as(scene.begun()).await.unwrap_err();
    scene.run("DROP TRIGGER break_writing ON receiver_beats").await;
    assert_eq!(scene.absences().await, ["down 20 min"]);

    scene.skip(Duration::minutes(5));
    let (one, two) =
        futures_util::join!(scene.look_as(scene.begun()), scene.look_as(scene.begun()));
    one.unwrap();
    two.unwrap();

    assert_eq!(scene.absences().await, ["down 25 min"]);
}

#[actix_web::test]
async fn two_processes_that_come_back_at_once_write_the_time_down_once() {
    let scene = there().await;
    scene.skip(Duration::minutes(20));

    let looks = (0..4).map(|_| scene.look_as(scene.begun()));
    for looked in futures_util::future::join_all(looks).await {
        looked.unwrap();
    }

    assert_eq!(scene.absences().await, ["down 20 min"]);
}

#[actix_web::test]
async fn a_time_without_the_database_is_not_one_without_the_server() {
    let scene = there().await;
    let mut presence = scene.begun();
    for _ in 0..10 {
        scene.skip(Duration::minutes(1));
        presence.note(scene.world.clock.now());
    }

    scene.look_as(presence.looked()).await.unwrap();
    scene.advance(6).await;

    assert_eq!(scene.absences().await, ["database 10 min"]);
    assert_eq!(scene.gaps().await, ["database whole"]);
    let page = scene.page().await;
    assert!(page.contains("The database was not reached"), "{page}");
    assert!(!page.contains("The server was down"), "{page}");
}

#[actix_web::test]
async fn more_than_a_handful_come_back_without_a_pause() {
    let scene = there().await;
    scene.deliver_to(false);
    scene.open_issues(520).await;

    scene.advance(6).await;

    // With the ping of the address where nobody was.
    assert_eq!(scene.missed().await, ["read 521"]);
    assert_eq!(scene.gaps().await, ["missed whole"]);
}

#[actix_web::test]
async fn gaps_are_forgotten_with_what_was_missed_in_them() {
    let scene = Scene::new().await;
    let now = scene.world.clock.now();
    let mut tx = scene.world.begin(scene.world.acme).await;
    for (name, days, is_whole, lost) in [
        ("whole for long", 31, true, None),
        ("whole of late", 29, true, None),
        ("lost of late", 179, true, Some("It is gone.")),
        ("lost for long", 181, true, Some("It is gone.")),
        ("out of late", 179, false, None),
        ("out for long", 181, false, None),
    ] {
        let at = now - Duration::days(days);
        sqlx::query(
            "WITH gap AS (
                 INSERT INTO gaps (tenant_id, id, hook_id, reason, began_at, ended_at, whole_at)
                 SELECT tenant_id, gen_random_uuid(), id, 'missed', $1, $1, CASE WHEN $2 THEN $1 END FROM hooks
                 RETURNING tenant_id, hook_id, id
             )
             INSERT INTO missed_deliveries (tenant_id, hook_id, guid, attempt, event, delivered_at, gap_id, lost)
             SELECT tenant_id, hook_id, $3, 1, 'issues', $1, id, $4 FROM gap",
        )
        .bind(at)
        .bind(is_whole)
        .bind(name)
        .bind(lost)
        .execute(tx.connection())
        .await
        .unwrap();
    }
    tx.commit().await.unwrap();

    let world = &scene.world;
    app::keep_house(&world.db, &world.clock, &world.scans).await.unwrap();

    let kept = scene.texts("SELECT guid FROM missed_deliveries ORDER BY guid").await;
    assert_eq!(kept, ["lost of late", "out of late", "whole of late"]);
    assert_eq!(scene.gaps().await.len(), 3);
}
