//! The queue: what is added to it, and what that costs.

use quarterdeck::{
    jobs::{self, Job},
    tenancy::{SystemReason, TenantTx},
};
use serde::{Deserialize, Serialize};

use crate::{lists::rows_read, support::World};

/// One of many of a lane.
#[derive(Clone, Serialize, Deserialize)]
struct Look {
    number: usize,
}

impl Job for Look {
    const KIND: &'static str = "look";
    const ATTEMPTS: u16 = 1;

    fn lane(&self) -> String {
        "look".to_owned()
    }
}

fn looks(numbers: impl IntoIterator<Item = usize>) -> Vec<Look> {
    numbers.into_iter().map(|number| Look { number }).collect()
}

/// The numbers that wait, in the order in which they will be taken.
async fn waiting(tx: &mut TenantTx) -> Vec<i64> {
    let sql =
        "SELECT (payload->>'number')::bigint FROM jobs WHERE kind = 'look' ORDER BY run_at, id";
    sqlx::query_scalar(sql).fetch_all(tx.connection()).await.unwrap()
}

#[actix_web::test]
async fn jobs_that_are_alike_wait_once_however_they_are_added() {
    let world = World::new().await;
    let now = world.clock.now();
    let mut tx = world.begin(world.acme).await;

    jobs::enqueue(&mut tx, &Look { number: 3 }, now).await.unwrap();
    jobs::enqueue_all(&mut tx, &looks([5, 3, 5, 2]), now).await.unwrap();
    jobs::enqueue_all(&mut tx, &looks([2, 9]), now).await.unwrap();
    jobs::enqueue(&mut tx, &Look { number: 9 }, now).await.unwrap();
    jobs::enqueue_all::<Look>(&mut tx, &[], now).await.unwrap();

    assert_eq!(waiting(&mut tx).await, [3, 5, 2, 9]);
    tx.commit().await.unwrap();
    // One that does not wait keeps none from waiting, and neither does another organisation's.
    let mut system = world.db.system(SystemReason::ClaimJob).await.unwrap();
    sqlx::query("UPDATE jobs SET state = 'dead' WHERE payload->>'number' = '5'")
        .execute(system.connection())
        .await
        .unwrap();
    system.commit().await.unwrap();
    let mut tx = world.begin(world.acme).await;
    jobs::enqueue_all(&mut tx, &looks([5, 2]), now).await.unwrap();
    assert_eq!(waiting(&mut tx).await, [3, 5, 2, 9, 5]);
    let mut other = world.begin(world.globex).await;
    jobs::enqueue_all(&mut other, &looks([3, 5]), now).await.unwrap();
    assert_eq!(waiting(&mut other).await, [3, 5]);
}

#[actix_web::test]
async fn adding_one_looks_at_none_of_the_thousands_that_wait() {
    let world = World::new().await;
    let now = world.clock.now();
    let mut tx = world.begin(world.acme).await;
    jobs::enqueue_all(&mut tx, &looks(0..3_000), now).await.unwrap();

    let before = rows_read(&mut tx).await;
    jobs::enqueue(&mut tx, &Look { number: 3_000 }, now).await.unwrap();
    jobs::enqueue(&mut tx, &Look { number: 1_500 }, now).await.unwrap();
    let read = rows_read(&mut tx).await - before;

    assert_eq!(waiting(&mut tx).await.len(), 3_001);
    assert!(read < 20, "{read} rows were read");
}
