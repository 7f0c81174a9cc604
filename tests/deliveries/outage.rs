//! Postgres goes away in the middle: deliveries are refused, never lost, and redeliveries make up for it.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use crate::{
    history::History,
    kills::{compare, undisturbed},
    office::Office,
    postgres::Cluster,
    sender::{Pace, Sender},
    server::Site,
};

/// When the database went and when it was back, and what the health said meanwhile and afterwards.
struct Outage {
    gone: Instant,
    back: Instant,
    health: Vec<Option<u16>>,
}

async fn health(site: &Site) -> Option<u16> {
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let answer = http.get(format!("{}/api/webhooks/health", site.base())).send().await.ok();
    answer.map(|answer| answer.status().as_u16())
}

async fn interrupt(
    cluster: &mut Cluster,
    site: &Site,
    (after, long): (Duration, Duration),
) -> Outage {
    tokio::time::sleep(after).await;
    assert_eq!(health(site).await, Some(200));
    tokio::task::block_in_place(|| cluster.stop_at_once());
    let (gone, mut said) = (Instant::now(), Vec::new());
    while gone.elapsed() < long {
        said.push(health(site).await);
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    tokio::task::block_in_place(|| cluster.start_again());
    Outage { gone, back: Instant::now(), health: said }
}

async fn prove(seed: u64, (deliveries, repositories): (usize, usize), pace: Pace, long: Duration) {
    let history = History::generate(seed, deliveries, repositories).await;
    let expected = undisturbed(&history).await;
    let mut cluster = tokio::task::block_in_place(Cluster::start);
    let office = Office::found_in(cluster.options(), &history.places).await;
    let site = Site::new(&office.url(), "interrupted");
    let hook = site.make_hook();
    let _server = site.serve().await;
    let (told, plan) = (Arc::new(history.told.clone()), history.bad_day(seed));
    let third =
        Duration::from_secs_f64(f64::from(u32::try_from(plan.len()).unwrap()) / pace.rate / 3.0);
    let sender = Sender::new(&hook, &[site.base()]);
    let (tally, outage) =
        tokio::join!(sender.send(&told, plan, pace), interrupt(&mut cluster, &site, (third, long)));
    let after = office.wait_until_idle().await;

    // An answer may have been on its way when the server went, or begun when it was back.
    let within = tally
        .answers
        .iter()
        .filter(|answer| answer.sent > outage.gone && answer.answered < outage.back);
    let within: Vec<_> = within.collect();
    let statuses = tally.statuses();
    println!(
        "outage: all answers by their status: {statuses:?}; health meanwhile: {:?}",
        outage.health
    );
    assert!(!within.is_empty(), "nothing was sent meanwhile");
    for answer in &within {
        assert_eq!((answer.status, answer.has_retry_after), (Some(503), true), "{answer:?}");
    }
    assert!(statuses.keys().all(|status| [202, 503].contains(status)), "{statuses:?}");
    assert!(!outage.health.is_empty() && outage.health.iter().all(|status| *status == Some(503)));
    assert_eq!(health(&site).await, Some(200));
    office.check_inbox(history.told.len()).await;
    let (tables, rows) = compare(&office, &expected).await;
    let undone = site.check_log();
    let taken = tally
        .answers
        .iter()
        .filter(|answer| answer.status == Some(202) && answer.answered > outage.back);
    let first = taken.map(|answer| answer.answered - outage.back).min().unwrap();
    println!(
        "outage: gone for {:.1} s, {} answered 503 meanwhile, {} in all, first 202 {first:.1?} after it was back, {} sent \
         again, {:.1} s until nothing waited, {undone} times begun and undone, {tables} tables with {rows} rows equal",
        (outage.back - outage.gone).as_secs_f64(),
        within.len(),
        statuses.get(&503).unwrap_or(&0),
        tally.resent,
        after.as_secs_f64(),
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn while_the_database_is_gone_deliveries_are_refused_and_none_is_missing_afterwards() {
    prove(6, (300, 5), Pace { rate: 60.0, at_once: 4 }, Duration::from_secs(2)).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "scripts/soak deliveries runs it"]
async fn in_full_while_the_database_is_gone_deliveries_are_refused_and_none_is_missing_afterwards()
{
    prove(7, (3_000, 12), Pace { rate: 60.0, at_once: 16 }, Duration::from_secs(30)).await;
}
