//! The first scan of a repository against what git itself takes to read it, in the same run.
//!
//! ```text
//! cargo bench --bench first_scan -- /path/to/repository
//! ```
//!
//! Prints the median of five runs of each: `git archive HEAD` to nowhere plus `git log --numstat`
//! (the limit: git reads every blob and counts every changed line, and nothing else), and Quarterdeck's
//! fetch, history and scan. The ratio is the figure; seconds depend on the machine.

#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]

use std::{
    path::Path,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context, ensure};
use quarterdeck::{
    platform::config::{self, Environment},
    repositories::Source,
    work::{Reading, ScanSettings, read_once},
};

const RUNS: usize = 5;

fn main() -> anyhow::Result<()> {
    let argument = std::env::args().skip(1).find(|argument| !argument.starts_with("--"));
    let path = argument.unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").to_owned());
    let config = config::load(None, &Environment::default())?;
    let settings = ScanSettings::from_config(&config, std::path::PathBuf::new());
    let source = Source::parse(&path, &settings.any_path())?;

    let mut limit = Vec::new();
    let mut ours = Vec::new();
    let mut last = Reading::default();
    for _ in 0..RUNS {
        limit.push(timed(|| git(Path::new(&path)))?.0);
        let (took, reading) = timed(|| {
            let directory = tempfile::tempdir()?;
            Ok(read_once(&directory.path().join("mirror.git"), &source, &settings)?)
        })?;
        ours.push(took);
        last = reading;
    }
    let (limit, ours) = (median(limit), median(ours));
    println!("{path}: {} files, {} commits", last.files, last.commits.len());
    println!("git archive + git log --numstat  {:>8.3} s", limit.as_secs_f64());
    println!("fetch, history and scan          {:>8.3} s", ours.as_secs_f64());
    println!("ratio                            {:>8.2}", ours.as_secs_f64() / limit.as_secs_f64());
    Ok(())
}

fn timed<T>(work: impl FnOnce() -> anyhow::Result<T>) -> anyhow::Result<(Duration, T)> {
    let begun = Instant::now();
    let result = work()?;
    Ok((begun.elapsed(), result))
}

fn git(path: &Path) -> anyhow::Result<()> {
    for arguments in [
        ["archive", "--format=tar", "HEAD"].as_slice(),
        &["log", "--numstat", "--no-renames", "HEAD"],
    ] {
        let mut git = Command::new("git");
        let status = git
            .args(arguments)
            .current_dir(path)
            .stdout(Stdio::null())
            .status()
            .context("run git")?;
        ensure!(status.success(), "git {arguments:?} failed in {}", path.display());
    }
    Ok(())
}

fn median(mut runs: Vec<Duration>) -> Duration {
    runs.sort();
    runs.get(runs.len() / 2).copied().unwrap_or_default()
}
