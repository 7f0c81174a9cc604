//! People on GitHub, and its bots.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::{apply::Home, error::Result, store, tasks};
use crate::tenancy::{AccountId, TenantTx};

/// Somebody as they stand inside other objects.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Person {
    pub github_id: i64,
    pub login: String,
    pub avatar_url: Option<String>,
    pub node_id: Option<String>,
    pub is_bot: bool,
}

/// A person, and GitHub's time of the word that names them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(super) struct Mention {
    github_id: i64,
    told_at: DateTime<Utc>,
    login: String,
    avatar_url: Option<String>,
    node_id: Option<String>,
    is_bot: bool,
}

impl Mention {
    fn of(person: &Person, told_at: DateTime<Utc>) -> Self {
        let Person { github_id, login, avatar_url, node_id, is_bot } = person.clone();
        let avatar_url = avatar_url.filter(|url| is_page(url));
        Self {
            github_id,
            told_at,
            login: login.replace('\0', "\u{fffd}"),
            avatar_url,
            node_id,
            is_bot,
        }
    }
}

/// Whether an address leads to a page, rather than to a script.
pub(super) fn is_page(url: &str) -> bool {
    (url.starts_with("https://") || url.starts_with("http://")) && !url.contains('\0')
}

/// Notes who is named in words, each with its time: of two words the later one counts, and of one moment the
/// greater, so that their order does not, but for names of the last hour. The repository's tasks follow where somebody has another name.
pub(super) async fn note<'a>(
    tx: &mut TenantTx,
    home: &Home,
    words: impl Iterator<Item = (Option<DateTime<Utc>>, &'a [Person])>,
) -> Result<()> {
    let mut newest = BTreeMap::<i64, Mention>::new();
    for (told_at, people) in words {
        // Where GitHub gives no time, any other word knows better.
        let told_at = told_at.unwrap_or(DateTime::UNIX_EPOCH);
        for person in people {
            let mention = Mention::of(person, told_at);
            let known = newest.entry(person.github_id).or_insert_with(|| mention.clone());
            if *known < mention {
                *known = mention;
            }
        }
    }
    if newest.is_empty() {
        return Ok(());
    }
    let mentions: Vec<Mention> = newest.into_values().collect();
    let renamed = store::upsert_contributors(tx, &home.host, &mentions).await?;
    if renamed.is_empty() {
        return Ok(());
    }
    let numbers = store::list_numbers_naming(tx, home, &renamed).await?;
    tasks::put(tx, home, &numbers).await
}

/// Says whose account has which identity on a GitHub; people who are not members here are passed over.
///
/// Identities are no tenant's, so whoever may read them calls this: when somebody signs in, and for
/// contributors that have come since.
pub async fn link_accounts(
    tx: &mut TenantTx,
    host: &str,
    accounts: &[(i64, AccountId)],
) -> Result<()> {
    Ok(store::link_accounts(tx, host, accounts).await?)
}
