//! Two processes on one database: each does its share, one of them is killed, nothing is doubled.

use std::{sync::Arc, time::Duration};

use crate::{
    history::History,
    kills::{compare, undisturbed},
    office::Office,
    sender::{Pace, Sender},
    server::{Server, Site},
};

async fn kill_one(site: &Site, server: Server, after: Duration) -> Server {
    tokio::time::sleep(after).await;
    drop(server);
    tokio::time::sleep(Duration::from_millis(500)).await;
    site.serve().await
}

async fn prove(
    seed: u64,
    (deliveries, repositories): (usize, usize),
    pace: Pace,
    waits_for_leases: bool,
) {
    let history = History::generate(seed, deliveries, repositories).await;
    let expected = undisturbed(&history).await;
    let office = Office::found(&history).await;
    let first = Site::new(&office.url(), "first");
    let hook = first.make_hook();
    let second = first.beside("second");
    let (one, _two) = (first.serve().await, second.serve().await);
    let (told, plan) = (Arc::new(history.told.clone()), history.bad_day(seed));
    let half =
        Duration::from_secs_f64(f64::from(u32::try_from(plan.len()).unwrap()) / pace.rate / 2.0);
    let sender = Sender::new(&hook, &[first.base(), second.base()]);
    let (tally, _one) = tokio::join!(sender.send(&told, plan, pace), kill_one(&first, one, half));
    if !waits_for_leases {
        office.end_leases().await;
    }
    let after = office.wait_until_idle().await;

    let statuses = tally.statuses();
    assert!(statuses.keys().all(|status| [0, 202, 503].contains(status)), "{statuses:?}");
    office.check_inbox(history.told.len()).await;
    let (tables, rows) = compare(&office, &expected).await;
    let undone = first.check_log() + second.check_log();
    let shares = office.shares().await;
    assert_eq!(
        shares.iter().map(|(process, _)| process.as_str()).collect::<Vec<_>>(),
        ["first", "second"]
    );
    let least = i64::try_from(history.told.len() / 10).unwrap();
    assert!(shares.iter().all(|(_, count)| *count >= least), "{shares:?}");
    println!(
        "sharing: {} deliveries to two processes, of which one was killed; ended by {shares:?}, {} sent again, {:.1} s \
         until nothing waited, {undone} times begun and undone, {tables} tables with {rows} rows equal",
        told.len(),
        tally.resent,
        after.as_secs_f64(),
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn two_processes_share_the_work_and_double_nothing() {
    prove(4, (300, 5), Pace { rate: 100.0, at_once: 4 }, false).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "scripts/soak deliveries runs it"]
async fn in_full_two_processes_share_the_work_and_double_nothing() {
    prove(5, (3_000, 12), Pace { rate: 120.0, at_once: 8 }, true).await;
}
