//! The server is killed at random moments: what was answered 202 has its effect exactly once.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use crate::{
    chance::Chance,
    history::History,
    office::Office,
    picture::Picture,
    sender::{Pace, Sender, Tally},
    server::{Server, Site},
};

struct Size {
    deliveries: usize,
    repositories: usize,
    kills: usize,
    /// The longest time between two kills.
    apart: Duration,
    pace: Pace,
    /// Whether the minute is waited for after which a delivery that a killed server had is taken again.
    waits_for_leases: bool,
}

/// What became of it all in order, without an accident.
pub async fn undisturbed(history: &History) -> Picture {
    let office = Office::found(history).await;
    let site = Site::new(&office.url(), "undisturbed");
    let hook = site.make_hook();
    let _server = site.serve().await;
    let told = Arc::new(history.told.clone());
    let (plan, begun) = ((0..told.len()).collect(), Instant::now());
    let sender = Sender::new(&hook, &[site.base()]);
    let tally = sender.send(&told, plan, Pace { rate: 10_000.0, at_once: 1 }).await;
    assert_eq!(tally.statuses().keys().copied().collect::<Vec<_>>(), [202]);
    let after = office.wait_until_idle().await;
    println!(
        "undisturbed: {} deliveries one by one in {:.1} s, {:.1} s until nothing waited, {} times begun and undone",
        history.told.len(),
        begun.elapsed().saturating_sub(after).as_secs_f64(),
        after.as_secs_f64(),
        site.check_log(),
    );
    office.check_inbox(history.told.len()).await;
    office.picture().await
}

/// Compares what an office says with the undisturbed run; how many tables and rows that are.
pub async fn compare(office: &Office, undisturbed: &Picture) -> (usize, usize) {
    let picture = office.picture().await;
    let differences = undisturbed.differences(&picture);
    assert!(
        differences.is_empty(),
        "{} differences:\n{}",
        differences.len(),
        differences.join("\n")
    );
    picture.size()
}

/// Kills the server so often, each time after a while by chance from its start on.
async fn kill_again_and_again(site: &Site, run: &Size, mut chance: Chance) -> Server {
    let mut server = site.start();
    for _ in 0..run.kills {
        tokio::time::sleep(chance.between(Duration::from_millis(100), run.apart)).await;
        drop(server);
        server = site.start();
    }
    site.wait_until_ready().await;
    server
}

async fn prove(seed: u64, run: Size) {
    let history = History::generate(seed, run.deliveries, run.repositories).await;
    let expected = undisturbed(&history).await;
    let office = Office::found(&history).await;
    let site = Site::new(&office.url(), "killed");
    let hook = site.make_hook();
    let (told, plan) = (Arc::new(history.told.clone()), history.bad_day(seed));
    let planned = plan.len();
    let sender = Sender::new(&hook, &[site.base()]);
    let begun = Instant::now();
    let (tally, _server): (Tally, Server) = tokio::join!(
        sender.send(&told, plan, run.pace),
        kill_again_and_again(&site, &run, Chance::new(seed)),
    );
    if !run.waits_for_leases {
        office.end_leases().await;
    }
    let after = office.wait_until_idle().await;

    let statuses = tally.statuses();
    assert!(statuses.keys().all(|status| [0, 202, 503].contains(status)), "{statuses:?}");
    assert_eq!(tally.accepted.len(), history.told.len());
    office.check_inbox(tally.accepted.len()).await;
    let (tables, rows) = compare(&office, &expected).await;
    let undone = site.check_log();
    println!(
        "kills, seed {seed}: {} kills, {} deliveries sent as {planned} and {} more after failures, {} answered 202, {} otherwise or not, \
         {:.0} s and {:.1} s until nothing waited, {undone} times begun and undone, {tables} tables with {rows} rows equal",
        run.kills,
        told.len(),
        tally.resent,
        statuses.get(&202).unwrap_or(&0),
        tally.answers.len() - statuses.get(&202).unwrap_or(&0),
        begun.elapsed().as_secs_f64(),
        after.as_secs_f64(),
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_killed_loses_and_doubles_nothing() {
    let run = Size {
        deliveries: 400,
        repositories: 5,
        kills: 3,
        apart: Duration::from_secs(2),
        pace: Pace { rate: 100.0, at_once: 4 },
        waits_for_leases: false,
    };
    prove(1, run).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "scripts/soak deliveries runs it"]
async fn in_full_a_server_that_is_killed_loses_and_doubles_nothing() {
    let run = Size {
        deliveries: 10_000,
        repositories: 12,
        kills: 40,
        apart: Duration::from_secs(5),
        pace: Pace { rate: 120.0, at_once: 8 },
        waits_for_leases: true,
    };
    prove(2, run).await;
}

/// The comparison itself can fail: of one row that is another one, and of one delivery that is missing.
#[tokio::test(flavor = "multi_thread")]
async fn a_changed_row_and_a_missing_delivery_are_noticed() {
    let history = History::generate(3, 60, 2).await;
    let expected = undisturbed(&history).await;
    let office = Office::found(&history).await;
    let site = Site::new(&office.url(), "harness");
    let hook = site.make_hook();
    let _server = site.serve().await;
    let (last, told) = (history.told.len() - 1, Arc::new(history.told.clone()));
    let sender = Sender::new(&hook, &[site.base()]);
    let pace = Pace { rate: 1_000.0, at_once: 1 };
    sender.send(&told, (0..last).collect(), pace).await;
    office.wait_until_idle().await;

    let missing = expected.differences(&office.picture().await);
    sender.send(&told, vec![last], pace).await;
    office.wait_until_idle().await;
    compare(&office, &expected).await;
    office.run("UPDATE labels SET name = 'bugs' WHERE name = 'bug'").await;
    let changed = expected.differences(&office.picture().await);

    assert!(missing.iter().any(|line| line.starts_with("deliveries, 1 only here")), "{missing:?}");
    assert!(changed.iter().all(|line| line.starts_with("labels, 2 only")), "{changed:?}");
    assert_eq!(changed.len(), 4, "{changed:?}");
}
