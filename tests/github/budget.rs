use chrono::Duration;
use github_world::Fault;
use quarterdeck::github::{Access, ApiError, Budget, FullName, Urgency};

use crate::support::{Scene, secret, start_of_time};

fn shop() -> FullName {
    FullName::parse("acme/shop").unwrap()
}

async fn scene() -> Scene {
    let scene = Scene::new().await;
    scene.world.repository("acme/shop");
    scene
}

fn wait(time: Duration) -> ApiError {
    ApiError::Wait { until: start_of_time() + time }
}

#[tokio::test]
async fn nobody_asks_in_vain_when_the_hour_is_used_up() {
    let scene = scene().await;
    scene.world.limit("ada", 2, start_of_time() + Duration::minutes(20));
    let (client, access) = (scene.client(), scene.access("ada", &[]));
    let api = client.by(&access);

    assert!(api.repository(&shop()).await.is_ok());
    assert!(api.repository(&shop()).await.is_ok());
    let refused = api.repository(&shop()).await.unwrap_err();
    let asked = scene.world.requests().len();
    scene.advance(Duration::minutes(20));

    assert_eq!((refused, asked), (wait(Duration::minutes(20)), 2));
    assert!(api.repository(&shop()).await.is_ok());
}

#[tokio::test]
async fn a_fifth_of_the_hour_is_left_to_people() {
    let scene = scene().await;
    scene.world.limit("ada", 1_002, start_of_time() + Duration::minutes(20));
    let client = scene.client();
    let budget = Budget::new(scene.clock.clone());
    let token = scene.token("ada");
    let nobody = Access::new(token.clone(), &budget, Urgency::Background);
    let somebody = Access::new(token, &budget, Urgency::Person);

    for _ in 0..2 {
        assert!(client.by(&nobody).repository(&shop()).await.is_ok());
    }
    let refused = client.by(&nobody).repository(&shop()).await.unwrap_err();

    assert_eq!(refused, wait(Duration::minutes(20)));
    assert_eq!(budget.quota().unwrap().remaining, 1_000);
    assert!(client.by(&somebody).repository(&shop()).await.is_ok());
}

#[tokio::test]
async fn too_much_at_once_is_waited_for_by_all_who_share_the_token() {
    let scene = scene().await;
    let (client, access) = (scene.client(), scene.access("ada", &[]));
    let api = client.by(&access);
    let mut passed = Duration::zero();

    // Without a time: a minute, then two, then four.
    for (retry_after, seconds) in [(Some(90), 90), (None, 60), (None, 120), (None, 240)] {
        scene.world.next_answer(Fault::SecondaryLimit { retry_after, status: 403 });
        let refused = api.repository(&shop()).await.unwrap_err();
        let asked = scene.world.requests().len();
        let unasked = client.by(&access.clone()).repository(&shop()).await.unwrap_err();

        assert!(matches!(refused, ApiError::Wait { .. }), "{refused:?}");
        assert_eq!(unasked, wait(passed + Duration::seconds(seconds)), "{retry_after:?}");
        assert_eq!(scene.world.requests().len(), asked);
        scene.advance(Duration::seconds(seconds));
        passed += Duration::seconds(seconds);
    }
    assert!(api.repository(&shop()).await.is_ok());
}

#[tokio::test]
async fn what_writes_pauses_for_a_second() {
    let scene = scene().await;
    let client = scene.client();
    let budget = Budget::new(scene.clock.clone());
    let access = Access::new(scene.token("ada"), &budget, Urgency::Background);
    let api = client.by(&access);

    let first = api.delete_hook(&shop(), 1).await.unwrap_err();
    let second = api.delete_hook(&shop(), 1).await.unwrap_err();
    let read = api.repository(&shop()).await;

    assert_eq!((first, second), (ApiError::NotFound, wait(Duration::seconds(1))));
    assert!(read.is_ok());
}

#[tokio::test]
async fn no_more_than_github_takes_in_a_minute_is_asked() {
    let scene = scene().await;
    let (client, access) = (scene.client(), scene.access("ada", &[]));
    let api = client.by(&access);

    for _ in 0..900 {
        api.repository(&shop()).await.unwrap();
    }
    let refused = api.repository(&shop()).await.unwrap_err();
    scene.advance(Duration::minutes(1));

    assert_eq!(refused, wait(Duration::minutes(1)));
    assert!(api.repository(&shop()).await.is_ok());
}

#[tokio::test]
async fn who_asks_too_often_waits_as_long_as_github_says() {
    let scene = scene().await;
    scene.world.limit_a_minute(3);
    let (client, access) = (scene.client(), scene.access("ada", &[]));
    let api = client.by(&access);

    for _ in 0..3 {
        api.repository(&shop()).await.unwrap();
    }
    scene.advance(Duration::seconds(20));
    let refused = api.repository(&shop()).await.unwrap_err();
    scene.advance(Duration::seconds(40));

    assert_eq!(refused, wait(Duration::minutes(1)));
    assert!(api.repository(&shop()).await.is_ok());
}

#[tokio::test]
async fn an_enterprise_server_without_limits_has_no_budget() {
    let scene = scene().await.on_enterprise();
    let (client, access) = (scene.client(), scene.access("ada", &[]));

    assert!(client.by(&access).repository(&shop()).await.is_ok());

    assert_eq!(access.budget().quota(), None);
    assert_eq!(access.budget().wait(Urgency::Background), None);
}

#[test]
fn a_token_is_not_shown() {
    let clock = quarterdeck::platform::clock::Clock::fixed(start_of_time());
    let access = Access::new(secret("ghp_abc"), &Budget::new(clock), Urgency::Person);

    assert!(!format!("{access:?}").contains("ghp_abc"));
}
