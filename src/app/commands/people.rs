//! Commands about people.

use anyhow::{Context, ensure};

use super::say;
use crate::{
    accounts,
    app::database,
    platform::{
        clock::Clock,
        config::{Config, Environment},
    },
    tenancy::SystemReason,
};

/// Takes somebody's second factor away, who has lost it together with the recovery codes.
pub(in crate::app) async fn remove_factor(
    config: &Config,
    environment: &Environment,
    login: &str,
) -> anyhow::Result<()> {
    let opened = database::open(config, environment).await?;
    let mut tx = opened.db.system(SystemReason::CommandLine).await?;
    let account = accounts::find_account_id(&mut tx, login).await?;
    let account = account.with_context(|| format!("there is nobody with the login `{login}`"))?;
    let removed = accounts::remove_factor(&mut tx, account, Clock::system().now()).await?;
    tx.commit().await?;
    opened.close().await;
    ensure!(removed, "`{login}` has no second factor");
    say(&format!("Took the second factor of `{login}` away. The next sign-in asks for none."));
    Ok(())
}
