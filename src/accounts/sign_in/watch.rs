//! Asks again, as sessions are renewed, whether GitHub still vouches for their people.

use chrono::{DateTime, Duration, Utc};
use secrecy::SecretString;
use tokio::sync::mpsc::UnboundedReceiver;
use tracing::{info, warn};

use super::{
    Providers, gate, people,
    providers::GitHub,
    store::{self, DueIdentity},
};
use crate::{
    accounts::reconnection,
    github::{Error, Login},
    platform::{clock::Clock, keyring::Keyring},
    tenancy::{AccountId, Db, SystemReason},
};

/// How long GitHub's last word counts.
pub const COUNTS: Duration = Duration::minutes(10);

/// Asks about each account whose session was renewed, until the server stops.
pub async fn watch(
    mut renewed: UnboundedReceiver<AccountId>,
    (db, clock, keyring): (Db, Clock, Keyring),
    providers: Providers,
) {
    let Some(github) = providers.github else { return };
    while let Some(account) = renewed.recv().await {
        if let Err(error) = check(&db, &keyring, &github, account, clock.now()).await {
            warn!(%account, "Whether GitHub still vouches for an account could not be asked: {error:#}");
        }
    }
}

async fn check(
    db: &Db,
    keyring: &Keyring,
    github: &GitHub,
    account: AccountId,
    now: DateTime<Utc>,
) -> anyhow::Result<()> {
    let mut tx = db.system(SystemReason::Login).await?;
    let Some(due) = store::find_due(&mut tx, account, now - COUNTS).await? else { return Ok(()) };
    let doors = store::list_doors(&mut tx).await?;
    // Noted before GitHub is asked, so that two processes do not ask twice.
    store::set_checked(&mut tx, account, now).await?;
    tx.commit().await?;

    let answers =
        gate::ask(github, &doors, &Login::parse(&due.login)?, &token(keyring, &due)).await;

    let mut tx = db.system(SystemReason::Login).await?;
    for answer in &answers {
        people::apply(&mut tx, account, answer, now).await?;
    }
    // Whoever has withdrawn their word from the application has to give it again.
    let is_withdrawn = answers.iter().any(|answer| answer.said == Err(Error::TokenRejected));
    if is_withdrawn && is_lost(keyring, &due) {
        // GitHub refused what we had in the token's place: that is the server's doing, not theirs.
        reconnection::ask(&mut tx, account, now).await?;
    } else if is_withdrawn || store::list_tenants(&mut tx, account).await?.is_empty() {
        store::end_sessions(&mut tx, account).await?;
        info!(%account, "GitHub does not vouch for an account any longer; its sessions are ended");
    }
    tx.wake_people().await?;
    tx.commit().await?;
    Ok(())
}

/// Whether there is a token that cannot be opened any more.
fn is_lost(keyring: &Keyring, due: &DueIdentity) -> bool {
    let place = people::token_place(&due.subject);
    due.token.as_deref().is_some_and(|sealed| keyring.open_text(&place, sealed).is_err())
}

/// An empty one, which GitHub refuses, where it cannot be opened any more.
fn token(keyring: &Keyring, due: &DueIdentity) -> SecretString {
    let place = people::token_place(&due.subject);
    let opened = due.token.as_deref().and_then(|sealed| keyring.open_text(&place, sealed).ok());
    opened.unwrap_or_default()
}
