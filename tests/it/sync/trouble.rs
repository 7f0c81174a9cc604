//! Limits, silence, refusals.

use chrono::Duration;
use github_world::Fault;

use super::{Scene, fill};

#[actix_web::test]
async fn a_limit_is_waited_out_and_costs_no_attempt() {
    let scene = Scene::new().await;
    fill(scene.shop());
    let reset = scene.github.now() + Duration::minutes(40);
    // Of five thousand, a fifth stays for people.
    scene.github.limit("ada", 1_004, reset);
    scene.request().await;
    scene.world.run_jobs().await;

    assert!(scene.states().await.iter().any(|state| state.contains(" quota ")));
    let asked = scene.github.take_requests().len();
    assert!(asked <= 5, "{asked}");
    scene.world.run_jobs().await;
    assert_eq!(scene.github.take_requests().len(), 0, "nobody asks while GitHub does not answer");

    scene.github.limit("ada", 5_000, reset + Duration::hours(1));
    scene.advance(Duration::minutes(41));
    scene.world.run_jobs().await;
    assert!(scene.states().await.iter().all(|state| state.contains(" done ")));
}

#[actix_web::test]
async fn a_secondary_limit_is_waited_out() {
    let scene = Scene::new().await;
    fill(scene.shop());
    scene.request().await;
    scene.github.next_answer(Fault::SecondaryLimit { retry_after: Some(120), status: 403 });
    scene.world.run_jobs().await;

    let until = scene
        .number("SELECT count(*) FROM imports WHERE resume_at > now() - interval '100 years'")
        .await;
    assert_eq!(until, 12);
    scene.advance(Duration::seconds(121));
    scene.world.run_jobs().await;
    assert!(scene.states().await.iter().all(|state| state.contains(" done ")));
}

#[actix_web::test]
async fn a_network_that_fails_is_tried_again_and_in_the_end_said() {
    let scene = Scene::new().await;
    fill(scene.shop());
    scene.request().await;
    scene.github.next_answer(Fault::Truncated);
    scene.world.run_jobs().await;
    assert_eq!(scene.number("SELECT count(*) FROM imports WHERE error IS NOT NULL").await, 12);
    scene.advance(Duration::seconds(6));
    scene.world.run_jobs().await;
    assert!(scene.states().await.iter().all(|state| state.contains(" done ")));
    assert_eq!(scene.number("SELECT count(*) FROM imports WHERE error IS NOT NULL").await, 0);

    scene.request().await;
    for _ in 0..8 {
        scene.github.next_answer(Fault::Status(502));
        scene.world.run_jobs().await;
        scene.advance(Duration::hours(1));
    }
    assert!(scene.states().await.iter().all(|state| state.contains(" failed ")));
    let issues = scene.number("SELECT count(*) FROM issues").await;
    assert_eq!(issues, 232, "what is known stays");
}

#[actix_web::test]
async fn a_repository_that_github_does_not_show_is_said_and_nothing_goes() {
    let scene = Scene::new().await;
    fill(scene.shop());
    scene.import().await;
    scene.shop().delete();
    scene.import().await;

    assert!(scene.states().await.iter().all(|state| state.contains(" failed ")));
    let error = scene.words("SELECT DISTINCT error FROM imports").await;
    assert!(error[0].starts_with("GitHub does not have the repository"), "{error:?}");
    assert_eq!(scene.number("SELECT count(*) FROM issues").await, 232);
}
