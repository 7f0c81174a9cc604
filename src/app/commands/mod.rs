//! What each command does.

mod audit;
mod doctor;
mod documents;
mod hooks;
mod keys;
mod organizations;
mod people;
mod scan;

use std::{fmt::Display, io::Write};

use anyhow::Context;
use clap::CommandFactory;
use clap_complete::Shell;

pub(super) use audit::{list_audit, verify_audit};
pub(super) use doctor::{doctor, health};
pub(super) use documents::{openapi, schema};
pub(super) use hooks::create_hook;
pub(super) use keys::{add_key, list_keys, reseal, retire_key};
pub(super) use organizations::{create_organization, create_token, list_organizations, setup_link};
pub(super) use people::remove_factor;
pub(super) use scan::{scan_and_store, scan_only};

use super::{cli::Cli, database};
use crate::platform::config::{Config, Environment};

/// Prints a line of a command's result; a reader that has gone away is no error.
pub(super) fn say(line: &impl Display) {
    drop(writeln!(std::io::stdout().lock(), "{line}"));
}

/// Prints an error and what it came from.
pub(super) fn complain(error: &anyhow::Error) {
    drop(writeln!(std::io::stderr().lock(), "quarterdeck: {error:#}"));
}

pub(super) fn check_config(config: &Config) -> anyhow::Result<()> {
    let data_dir = config.data_dir.as_deref().context("the configuration has no data directory")?;
    say(&format!(
        "The configuration is valid. Data directory: {}. Address: {}.",
        data_dir.display(),
        config.public_url()
    ));
    Ok(())
}

pub(super) fn completions(shell: Shell) -> anyhow::Result<()> {
    let mut out = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "quarterdeck", &mut out);
    print(&out)
}

pub(super) fn man() -> anyhow::Result<()> {
    let mut out = Vec::new();
    clap_mangen::Man::new(Cli::command()).render(&mut out)?;
    print(&out)
}

/// Prints a text as it is; a reader that has gone away is no error.
fn print(text: &[u8]) -> anyhow::Result<()> {
    match std::io::stdout().write_all(text) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(error).context("print"),
        Ok(()) | Err(_) => Ok(()),
    }
}

pub(super) async fn migrate(config: &Config, environment: &Environment) -> anyhow::Result<()> {
    let opened = database::open(config, environment).await?;
    say(&"The tables are up to date.");
    opened.close().await;
    Ok(())
}
