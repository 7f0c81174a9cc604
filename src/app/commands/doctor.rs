//! `doctor` and `health`: is this installation well?

use std::{path::Path, process::Command, time::Duration};

use anyhow::Context;

use super::say;
use crate::{
    app::database::{self, Opened},
    platform::config::{Config, Environment},
};

/// Goes through everything that an installation needs; fails where something is wrong.
pub(in crate::app) async fn doctor(
    config: &Config,
    environment: &Environment,
) -> anyhow::Result<()> {
    let mut sick = 0;
    let mut tell = |what: &str, found: anyhow::Result<String>| match found {
        Ok(detail) => say(&format!("ok      {what}: {detail}")),
        Err(error) => {
            sick += 1;
            say(&format!("wrong   {what}: {error:#}"));
        }
    };
    tell("configuration", Ok(format!("read; the address is {}", config.public_url())));
    tell("data directory", data_directory(config));
    tell("git", git());
    match database::open(config, environment).await {
        Ok(opened) => {
            tell("database", Ok("reachable, tables up to date, pgvector there".to_owned()));
            tell("isolation", isolation(&opened).await);
            opened.close().await;
        }
        Err(error) => tell("database", Err(error)),
    }
    anyhow::ensure!(sick == 0, "{sick} of the checks failed");
    Ok(())
}

fn data_directory(config: &Config) -> anyhow::Result<String> {
    let directory: &Path = config.data_dir.as_deref().context("not set")?;
    std::fs::create_dir_all(directory).with_context(|| format!("make {}", directory.display()))?;
    let probe = directory.join(".doctor");
    std::fs::write(&probe, b"").with_context(|| format!("write in {}", directory.display()))?;
    std::fs::remove_file(&probe).with_context(|| format!("write in {}", directory.display()))?;
    Ok(directory.display().to_string())
}

fn git() -> anyhow::Result<String> {
    let output = Command::new("git").arg("--version").output();
    let output = output.context(
        "not found; it is needed to scan repositories by path: install the package `git`",
    )?;
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

async fn isolation(opened: &Opened) -> anyhow::Result<String> {
    let report = opened.db.check_isolation().await?;
    let findings: Vec<String> = report
        .tables
        .iter()
        .flat_map(|table| {
            report.findings(&table.table).map(move |finding| format!("`{}` {finding}", table.table))
        })
        .collect();
    anyhow::ensure!(findings.is_empty(), "{}", findings.join("; "));
    let roles = if report.two_roles { "two roles" } else { "one login, forced policies" };
    Ok(format!("{} tables tried with two organisations ({roles})", report.tables.len()))
}

/// Asks the server of this configuration whether it is ready.
pub(in crate::app) async fn health(config: &Config) -> anyhow::Result<()> {
    let mut address = config.server.listen;
    if address.ip().is_unspecified() {
        address.set_ip(if address.is_ipv4() {
            [127, 0, 0, 1].into()
        } else {
            std::net::Ipv6Addr::LOCALHOST.into()
        });
    }
    let url = format!("http://{address}/api/health/ready");
    let client = reqwest::Client::builder().timeout(Duration::from_secs(5)).no_proxy().build()?;
    let response =
        client.get(&url).send().await.with_context(|| format!("nothing answers at {url}"))?;
    let status = response.status();
    let body = response.text().await.unwrap_or_default();
    anyhow::ensure!(status.is_success(), "not ready: {body}");
    say(&body);
    Ok(())
}
