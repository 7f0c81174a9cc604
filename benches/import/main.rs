//! Readings of a repository from a GitHub on loopback: how long they take, and how much memory.
//!
//! ```text
//! scripts/bench import                # 1,000 issues with comments; the memory of 10,000 and of 100,000
//! scripts/bench import 200 1000       # other numbers: of the timed part, and of each measured server
//! ```
//!
//! The timed part is the whole reading with its database, in this process. Memory is that of a real server
//! of its own, at its height, pages of mapped files included: it must not grow with the issues.

#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]

mod bench;
#[path = "../scan/memory.rs"]
mod memory;
#[path = "../shared/throwaway.rs"]
mod throwaway;

use std::time::{Duration, Instant};

use bench::Bench;

const TIMED: u64 = 1_000;
const TIMED_COMMENTS: u64 = 3;
const TIMED_LIMIT_SECONDS: f64 = 10.0;
const MEASURED: [u64; 2] = [10_000, 100_000];
const MEMORY_LIMIT_MB: f64 = 300.0;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    quarterdeck::platform::jwt::install();
    let numbers = std::env::args().skip(1).filter_map(|argument| argument.parse().ok());
    let numbers: Vec<u64> = numbers.collect();
    let timed = numbers.first().copied().unwrap_or(TIMED);
    let measured = if numbers.len() > 1 { numbers.get(1..).unwrap_or_default() } else { &MEASURED };
    println!("{:<46} {:>10} {:>10} {:>7}", "reading from GitHub", "measured", "limit", "ratio");
    time(timed).await?;
    for issues in measured {
        measure(*issues).await?;
    }
    Ok(())
}

async fn time(issues: u64) -> anyhow::Result<()> {
    let bench = Bench::create((issues, TIMED_COMMENTS)).await?;
    bench.request().await?;
    let begun = Instant::now();
    bench.run_jobs().await?;
    let took = begun.elapsed().as_secs_f64();
    bench.check().await?;
    let words = format!("{issues} issues, {} comments (s)", issues * TIMED_COMMENTS);
    line(&words, took, TIMED_LIMIT_SECONDS);
    bench.drop().await
}

async fn measure(issues: u64) -> anyhow::Result<()> {
    let bench = Bench::create((issues, 1)).await?;
    let data = tempfile::tempdir()?;
    let server = memory::Server::start(&bench.url(), data.path())?;
    let (idle, begun) = (server.now()?, Instant::now());
    bench.request().await?;
    while !bench.is_over().await? {
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    let took = begun.elapsed().as_secs_f64();
    bench.check().await?;
    line(&format!("memory at {issues} issues (MB)"), server.height()?, MEMORY_LIMIT_MB);
    println!("  idle {idle:.1} MB; read in {took:.1} s");
    drop(server);
    bench.drop().await
}

fn line(words: &str, measured: f64, limit: f64) {
    println!("{words:<46} {measured:>10.3} {limit:>10.3} {:>7.2}", measured / limit);
}
