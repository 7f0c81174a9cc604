//! Whoever leaves the organisation at GitHub is out here, and nobody else is.

use std::time::Duration as Time;

use chrono::Duration;
use github_world::Role as GitHubRole;
use quarterdeck::{accounts::sign_in::AskAgain, jobs};

use super::Scene;

#[actix_web::test]
async fn whom_the_organisation_removes_is_out_at_the_next_renewal_and_back_when_it_has_them_again()
{
    let scene = Scene::new().await;
    let (ada, ben) = (scene.world.nobody(), scene.world.nobody());
    scene.sign_in(&ada, "ada").await.expect(303);
    scene.sign_in(&ben, "ben").await.expect(303);
    ben.get("/acme").await.expect(200);
    scene.github.organization("acme").remove("ben");

    scene.world.clock.advance(Duration::minutes(16));
    let mut status = ben.get("/acme").await.status.as_u16();
    for _ in 0..100 {
        if status != 200 {
            break;
        }
        tokio::time::sleep(Time::from_millis(50)).await;
        status = ben.get("/acme").await.status.as_u16();
    }

    assert_eq!(status, 303, "signed out");
    assert_eq!(scene.roles().await, ["ada owner", "ben member out"]);
    ada.get("/acme").await.expect(200);

    scene.github.organization("acme").private_member("ben", GitHubRole::Member);
    scene.sign_in(&ben, "ben").await.expect(303);
    assert_eq!(scene.roles().await, ["ada owner", "ben member"]);
}

#[actix_web::test]
async fn the_last_owner_stays_whatever_github_says_until_there_is_another() {
    let scene = Scene::new().await;
    scene.sign_in(&scene.world.nobody(), "ada").await.expect(303);
    scene.github.organization("acme").remove("ada");
    scene.sign_in(&scene.world.nobody(), "ada").await.expect(303);
    scene.sign_in(&scene.world.nobody(), "ben").await.expect(303);
    assert_eq!(scene.roles().await, ["ada owner", "ben member"]);

    scene.run("UPDATE memberships SET role = 'owner' WHERE login = 'ben'").await;
    scene.sign_in(&scene.world.nobody(), "ada").await.expect(403);

    assert_eq!(scene.roles().await, ["ada owner out", "ben owner"]);
    let log = crate::members::log(&scene.world).await;
    assert!(log.iter().any(|entry| entry.starts_with("member.put_out")), "{log:?}");
}

#[actix_web::test]
async fn where_the_last_owner_is_gone_nobody_becomes_one_by_coming_next() {
    let scene = Scene::new().await;
    scene.sign_in(&scene.world.nobody(), "ada").await.expect(303);
    scene.run("UPDATE memberships SET deactivated_at = now()").await;

    scene.sign_in(&scene.world.nobody(), "ben").await.expect(303);

    assert_eq!(scene.roles().await, ["ada owner out", "ben member"]);
}

#[actix_web::test]
async fn a_github_that_cannot_be_asked_puts_nobody_out() {
    let scene = Scene::new().await;
    let ada = scene.world.nobody();
    scene.sign_in(&ada, "ada").await.expect(303);
    ada.get("/acme").await.expect(200);
    let asked = scene.github.requests().len();
    scene.github.next_answer(github_world::Fault::Status(502));

    scene.world.clock.advance(Duration::minutes(16));
    ada.get("/acme").await.expect(200);
    for _ in 0..100 {
        if scene.github.requests().len() > asked {
            break;
        }
        tokio::time::sleep(Time::from_millis(20)).await;
    }
    tokio::time::sleep(Time::from_millis(100)).await;

    ada.get("/acme").await.expect(200);
    assert_eq!(scene.roles().await, ["ada owner"]);
}

#[actix_web::test]
async fn whoever_has_left_by_an_event_is_asked_about_at_once_and_only_github_puts_them_out() {
    let scene = Scene::new().await;
    let (ada, ben) = (scene.world.nobody(), scene.world.nobody());
    scene.sign_in(&ada, "ada").await.expect(303);
    scene.sign_in(&ben, "ben").await.expect(303);
    scene.world.clock.advance(Duration::seconds(31));
    scene.github.organization("acme").remove("ben");
    let web = scene.github.web_url();
    let host = format!("{}:{}", web.host_str().unwrap(), web.port().unwrap());

    let mut tx = scene.world.begin(scene.world.acme).await;
    for login in ["ada", "ben", "dora"] {
        let person = i64::try_from(scene.github.user(login).id()).unwrap();
        let job = AskAgain { host: host.clone(), person };
        jobs::enqueue(&mut tx, &job, scene.world.clock.now()).await.unwrap();
    }
    tx.commit().await.unwrap();
    scene.world.run_jobs().await;

    assert_eq!(scene.roles().await, ["ada owner", "ben member out"]);
    ada.get("/acme/tasks").await.expect(200);
    assert_ne!(ben.get("/acme/tasks").await.status, 200);
}
