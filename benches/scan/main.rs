//! Scans against what git itself takes to read a repository, in the same run.
//!
//! ```text
//! scripts/bench scan                       # repositories that the benchmark makes
//! scripts/bench scan /path/to/repository   # the first part on a real one (a copy of it)
//! ```
//!
//! Scans are whole jobs with a database. A first scan stands against `git archive HEAD` to nowhere plus
//! `git log --numstat --no-renames`: git reads every blob and counts every changed line, and nothing
//! else. A rescan after a commit of one file is told without its fetch, and memory is that of a real
//! server that scans 100,000 files. Ratios are the figures; seconds depend on the machine, and where
//! other programs run, the seconds of processor time tell more.

#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]

mod database;
mod generated;
mod memory;
mod phases;
#[path = "../shared/throwaway.rs"]
mod throwaway;

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context, ensure};
use database::Database;
use phases::{Listener, Phases};
use tracing_subscriber::layer::SubscriberExt;

const FIRST_SCANS: usize = 3;
const RESCANS: usize = 7;
/// The most that a rescan may take beyond its fetch, and a scan's memory.
const RESCAN_LIMIT_MS: f64 = 150.0;
const MEMORY_LIMIT_MB: f64 = 300.0;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let listener = Listener::default();
    let log = tracing_subscriber::registry().with(listener.clone());
    tracing::subscriber::set_global_default(log)?;
    let given = std::env::args().skip(1).find(|argument| !argument.starts_with("--"));
    let kept = Path::new(env!("CARGO_TARGET_TMPDIR")).join("repositories");
    fs::create_dir_all(&kept)?;
    let work = tempfile::tempdir()?;
    let bench = Bench { listener, work: work.path() };

    let source = given.map_or_else(|| generated::with_history(&kept), |path| Ok(path.into()))?;
    println!("{:<46} {:>10} {:>10} {:>7}", source.display(), "measured", "reference", "ratio");
    bench.history(&source).await?;
    bench.many_files(&generated::with_many_files(&kept)?).await
}

struct Bench<'a> {
    listener: Listener,
    work: &'a Path,
}

/// Wall and processor seconds, those of children included.
#[derive(Clone, Copy, Default)]
struct Cost {
    wall: f64,
    processor: f64,
}

/// What one scan took.
#[derive(Clone, Copy, Default)]
struct Scanned {
    cost: Cost,
    phases: Phases,
}

impl Bench<'_> {
    /// First scans and rescans of a repository that has a history.
    async fn history(&self, source: &Path) -> anyhow::Result<()> {
        let copy = self.copy(source, "history.git")?;
        let (mut limits, mut scans, mut rescans) = (Vec::new(), Vec::new(), Vec::new());
        for run in 0..FIRST_SCANS {
            limits.push(measured(async || git(&copy)).await?.0);
            let database = Database::create(&self.work.join(format!("mirrors-{run}"))).await?;
            scans.push(self.scan(&database, &copy).await?);
            if run + 1 == FIRST_SCANS {
                rescans = self.rescans(&database, &copy).await?;
            }
            database.drop().await?;
        }
        let limit = |of: fn(Cost) -> f64| median(limits.iter().map(|cost| of(*cost)));
        let scan = |of: fn(Scanned) -> f64| median(scans.iter().map(|scan| of(*scan)));
        let (wall, processor) = (limit(|cost| cost.wall), limit(|cost| cost.processor));
        line("first scan, whole job with database (s)", scan(|scan| scan.cost.wall), wall);
        line("  its fetch (s)", scan(|scan| scan.phases.fetch.as_secs_f64()), wall);
        line("  history and files (s)", scan(|scan| scan.phases.read.as_secs_f64()), wall);
        line("  writing to the database (s)", scan(|scan| scan.phases.save.as_secs_f64()), wall);
        let beyond = |scan: Scanned| scan.cost.wall - scan.phases.fetch.as_secs_f64();
        line("first scan beyond its fetch (s)", scan(beyond), wall);
        line("  processor time of the job (s)", scan(|scan| scan.cost.processor), processor);
        report_rescans("rescan after one commit beyond fetch (ms)", &rescans);
        Ok(())
    }

    /// The memory of a server, and rescans of very many files.
    async fn many_files(&self, source: &Path) -> anyhow::Result<()> {
        let copy = self.copy(source, "files.git")?;
        let data = self.work.join("data");
        let database = Database::create(&data.join("mirrors")).await?;
        let server = memory::Server::start(&database.url(), &data)?;
        let idle = server.now()?;
        let scan = database.request(&copy).await?;
        let found = database.wait(scan).await?.found.context("the scan found nothing")?;
        let height = server.height()?;
        drop(server);
        line("memory of an idle server (MB)", idle, MEMORY_LIMIT_MB);
        line(&format!("memory at {} files (MB)", found.files), height, MEMORY_LIMIT_MB);
        let again = Database::create(&self.work.join("mirrors-files")).await?;
        self.scan(&again, &copy).await?;
        report_rescans(
            "rescan of 100,000 files beyond fetch (ms)",
            &self.rescans(&again, &copy).await?,
        );
        again.drop().await?;
        database.drop().await
    }

    async fn rescans(&self, database: &Database, copy: &Path) -> anyhow::Result<Vec<Scanned>> {
        let mut rescans = Vec::new();
        for number in 0..RESCANS {
            generated::commit_one_file(copy, number)?;
            rescans.push(self.scan(database, copy).await?);
        }
        Ok(rescans)
    }

    /// Scans as the server does: the job, from being taken to its end.
    async fn scan(&self, database: &Database, copy: &Path) -> anyhow::Result<Scanned> {
        let scan = database.request(copy).await?;
        let (cost, ()) = measured(async || database.run_jobs().await).await?;
        let scan = database.find(scan).await?;
        ensure!(scan.found.is_some(), "the scan failed: {:?}", scan.error);
        Ok(Scanned { cost, phases: self.listener.last() })
    }

    /// A copy, so that nobody's repository is written to.
    fn copy(&self, source: &Path, name: &str) -> anyhow::Result<PathBuf> {
        let copy = self.work.join(name);
        let (from, to) = (source.to_string_lossy(), copy.to_string_lossy());
        generated::git_says(self.work, &["clone", "--quiet", "--bare", &from, &to])?;
        Ok(copy)
    }
}

async fn measured<T>(work: impl AsyncFnOnce() -> anyhow::Result<T>) -> anyhow::Result<(Cost, T)> {
    let (begun, before) = (Instant::now(), processor()?);
    let result = work().await?;
    let wall = begun.elapsed().as_secs_f64();
    Ok((Cost { wall, processor: processor()? - before }, result))
}

/// Processor seconds of this process and of the children it has waited for.
fn processor() -> anyhow::Result<f64> {
    let stat = fs::read_to_string("/proc/self/stat")?;
    let (_, fields) = stat.rsplit_once(')').context("/proc/self/stat")?;
    // utime, stime, cutime and cstime, in hundredths of a second.
    let times = fields.split_whitespace().skip(11).take(4).map(str::parse::<f64>);
    Ok(times.sum::<Result<f64, _>>()? / 100.0)
}

fn git(path: &Path) -> anyhow::Result<()> {
    for arguments in [
        ["archive", "--format=tar", "HEAD"].as_slice(),
        &["log", "--numstat", "--no-renames", "HEAD"],
    ] {
        let mut git = Command::new("git");
        let status = git.args(arguments).current_dir(path).stdout(Stdio::null()).status();
        ensure!(status.context("run git")?.success(), "git {arguments:?} failed");
    }
    Ok(())
}

fn report_rescans(words: &str, rescans: &[Scanned]) {
    let part = |of: fn(Phases) -> Duration| {
        median(rescans.iter().map(|scan| of(scan.phases).as_secs_f64() * 1_000.0))
    };
    let beyond = |scan: &Scanned| (scan.cost.wall - scan.phases.fetch.as_secs_f64()) * 1_000.0;
    line(words, median(rescans.iter().map(beyond)), RESCAN_LIMIT_MS);
    let processor = median(rescans.iter().map(|scan| scan.cost.processor * 1_000.0));
    println!(
        "  fetch {:.0}, read {:.0}, save {:.0}; processor time with the fetch {processor:.0}",
        part(|phases| phases.fetch),
        part(|phases| phases.read),
        part(|phases| phases.save),
    );
}

fn line(words: &str, measured: f64, reference: f64) {
    println!("{words:<46} {measured:>10.3} {reference:>10.3} {:>7.2}", measured / reference);
}

fn median(runs: impl Iterator<Item = f64>) -> f64 {
    let mut runs: Vec<f64> = runs.collect();
    runs.sort_by(f64::total_cmp);
    runs.get(runs.len() / 2).copied().unwrap_or_default()
}
