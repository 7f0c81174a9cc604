//! `scan`: read a repository, and print or store what is found.

use std::{io::Write, path::PathBuf, time::Duration};

use anyhow::Context;
use serde::Serialize;

use super::{organizations::operator, say};
use crate::{
    app::{
        cli::ScanArguments,
        database,
        parts::{open_keyring, reach},
    },
    connections::Connections,
    jobs::{Registry, Worker},
    platform::{
        clock::Clock,
        config::{Config, Environment},
    },
    repositories::{ScanReason, Source, source::SourceError},
    tenancy::{Db, Grant, SystemReason},
    work::{self, Reading, Scan, ScanId, ScanSettings, ScanState},
};

/// How often a waiting command looks at the scan.
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// Scans without any database and prints a summary, or everything as JSON.
pub(in crate::app) fn scan_only(config: &Config, arguments: &ScanArguments) -> anyhow::Result<()> {
    let settings = ScanSettings::from_config(config, PathBuf::new());
    let source = parse(&arguments.source, &settings)?;
    let directory = tempfile::tempdir().context("make a directory for the mirror")?;
    let reading = work::read_once(&directory.path().join("mirror.git"), &source, &settings)?;
    if arguments.json {
        let report = reading.report.with_commits(Commits::of(&reading));
        let mut out = std::io::stdout().lock();
        serde_json::to_writer_pretty(&mut out, &report).context("print the result")?;
        return writeln!(out).context("print the result");
    }
    summarize(&source.display_name(), &reading);
    Ok(())
}

/// A relative path of the command line is one of the directory it runs in.
fn parse(text: &str, settings: &ScanSettings) -> anyhow::Result<Source> {
    let policy = settings.any_path();
    match Source::parse(text, &policy) {
        Err(SourceError::RelativePath(path)) => {
            let path = std::fs::canonicalize(&path).with_context(|| format!("find `{path}`"))?;
            Ok(Source::parse(&path.to_string_lossy(), &policy)?)
        }
        parsed => Ok(parsed?),
    }
}

/// The history in `scan --json`.
#[derive(Serialize)]
struct Commits {
    branch: Option<String>,
    head: Option<String>,
    count: usize,
    /// Newest first.
    items: Vec<CommitItem>,
    warnings: Vec<String>,
}

#[derive(Serialize)]
struct CommitItem {
    oid: String,
    parents: Vec<String>,
    author: String,
    email: String,
    authored_at: String,
    committed_at: String,
    subject: String,
    files: u32,
    insertions: u64,
    deletions: u64,
}

impl Commits {
    fn of(reading: &Reading) -> Self {
        let items = reading.commits.iter().map(|commit| CommitItem {
            oid: commit.oid.to_string(),
            parents: commit.parents.iter().map(ToString::to_string).collect(),
            author: commit.author.name.clone(),
            email: commit.author.email.clone(),
            authored_at: commit.authored_at.at.to_rfc3339(),
            committed_at: commit.committed_at.at.to_rfc3339(),
            subject: commit.subject.clone(),
            files: commit.files_changed,
            insertions: commit.insertions,
            deletions: commit.deletions,
        });
        Self {
            branch: reading.branch.clone(),
            head: reading.head.map(|head| head.to_string()),
            count: reading.commits.len(),
            items: items.collect(),
            warnings: reading.history_warnings.clone(),
        }
    }
}

fn summarize(name: &str, reading: &Reading) {
    let report = &reading.report;
    let branch = reading.branch.as_deref().unwrap_or("no branch");
    say(&format!("{name} ({branch}): {} files, {} commits", reading.files, reading.commits.len()));
    for project in &report.projects {
        let version = project.version.as_deref().unwrap_or_default();
        say(&format!("  {:<8} {:<40} {} {version}", project.kind, project.path, project.name));
    }
    let open = report.tasks.iter().filter(|task| !task.done).count();
    say(&format!(
        "{} tasks ({open} open), {} notes in comments",
        report.tasks.len(),
        report.todos.len()
    ));
    for language in report.languages.iter().take(8) {
        say(&format!(
            "  {:<20} {:>9} lines in {} files",
            language.name, language.code, language.files
        ));
    }
    for warning in reading.warnings() {
        say(&format!(
            "warning: {}: {}",
            warning.path.as_deref().unwrap_or("the repository"),
            warning.message
        ));
    }
    say(&"Print everything with --json; keep it with --organization SLUG.");
}

/// Scans for an organisation, adding the repository where it is new, and waits for the end.
pub(in crate::app) async fn scan_and_store(
    config: &Config,
    environment: &Environment,
    arguments: &ScanArguments,
) -> anyhow::Result<()> {
    let slug =
        arguments.organization.as_deref().context("--organization is needed to store a scan")?;
    let settings = ScanSettings::from_config(config, database::mirrors_dir(config)?);
    let source = parse(&arguments.source, &settings)?;
    let opened = database::open(config, environment).await?;
    let grant = {
        let mut tx = opened.db.system(SystemReason::CommandLine).await?;
        operator(&mut tx, slug).await?
    };
    let clock = Clock::system();
    let scan = request(&opened.db, &grant, &source, &clock).await?;
    // A running server takes the job as well as this process does; whoever is first.
    let connections = Connections::new(&clock, &open_keyring(config)?, &reach(config))?;
    // Nothing else that waits: it is the server that asks GitHub.
    let registry = work::register_jobs(Registry::default(), settings, connections);
    let worker = Worker::new(opened.db.clone(), clock, registry);
    if opened.is_alone() {
        worker.take_over().await?;
    }
    let finished = wait(&opened.db, &grant, &worker, scan).await;
    opened.close().await;
    report(&finished?)
}

async fn request(db: &Db, grant: &Grant, source: &Source, clock: &Clock) -> anyhow::Result<ScanId> {
    let mut tx = db.begin_granted(grant).await?;
    let connected = work::connect(&mut tx, source, ScanReason::Command, clock.now()).await?;
    tx.commit().await?;
    Ok(connected.scan)
}

async fn wait(db: &Db, grant: &Grant, worker: &Worker, id: ScanId) -> anyhow::Result<Scan> {
    loop {
        worker.run_until_idle().await?;
        let mut tx = db.begin_granted(grant).await?;
        let scan =
            work::find_scan(&mut tx, id).await?.context("the repository was removed meanwhile")?;
        drop(tx);
        if scan.state.is_over() {
            return Ok(scan);
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

fn report(scan: &Scan) -> anyhow::Result<()> {
    if let Some(error) = scan.error.as_deref().filter(|_| scan.state != ScanState::Succeeded) {
        anyhow::bail!("{}: {error}", scan.repository);
    }
    let found = scan.found.context("the scan has no result")?;
    say(&format!(
        "Scanned `{}`: {} projects, {} tasks, {} notes in comments, {} files, {} new commits, {} warnings.",
        scan.repository,
        found.projects,
        found.tasks,
        found.todos,
        found.files,
        found.commits,
        scan.warnings
    ));
    Ok(())
}
