//! Commands about the audit log, which need no server.

use anyhow::ensure;
use serde::Serialize;

use super::{organizations::operator, say};
use crate::{
    app::{cli::AuditListArguments, database},
    organizations::{
        self,
        audit::{self, Entry, Event, Verified},
    },
    platform::{
        clock::Clock,
        config::{Config, Environment},
    },
    tenancy::{Db, Grant, SystemReason},
};

/// Walks the chains and says what was found; an error where one is broken.
pub(in crate::app) async fn verify_audit(
    config: &Config,
    environment: &Environment,
    organization: Option<&str>,
) -> anyhow::Result<()> {
    let opened = database::open(config, environment).await?;
    let mut broken = 0;
    for grant in grants(&opened.db, organization).await? {
        let mut tx = opened.db.begin_granted(&grant).await?;
        let verified = audit::verify(&mut tx).await?;
        broken += usize::from(verified.broken.is_some());
        say(&verdict(&grant.organization().slug, &verified));
    }
    opened.close().await;
    ensure!(broken == 0, "an audit log is not what was written");
    Ok(())
}

fn verdict(slug: &str, verified: &Verified) -> String {
    let Verified { entries, forgotten, ordinal, hash, broken } = verified;
    match broken {
        Some(found) => format!(
            "{slug}: broken at entry {}: {}; {entries} entries before it are whole",
            found.ordinal, found.what
        ),
        None if *forgotten > 0 => format!(
            "{slug}: {entries} entries are whole, up to {ordinal} {hash}; those up to {forgotten} were deleted by age"
        ),
        None => format!("{slug}: {entries} entries are whole, up to {ordinal} {hash}"),
    }
}

/// An entry with the organisation it is of.
#[derive(Serialize)]
struct Line<'a> {
    organization: &'a str,
    #[serde(flatten)]
    entry: &'a Entry,
}

/// Prints the newest entries, and writes down that it did.
pub(in crate::app) async fn list_audit(
    config: &Config,
    environment: &Environment,
    arguments: &AuditListArguments,
) -> anyhow::Result<()> {
    let opened = database::open(config, environment).await?;
    for grant in grants(&opened.db, arguments.organization.as_deref()).await? {
        let mut tx = opened.db.begin_granted(&grant).await?;
        let entries = audit::list(&mut tx, arguments.limit).await?;
        let now = Clock::system().now();
        let event = Event::new("audit.exported", "audit", tx.tenant(), now)
            .detail(serde_json::json!({"format": if arguments.json { "json" } else { "text" }}));
        tx.record(event);
        tx.commit().await?;
        let slug = grant.organization().slug.as_str();
        for entry in &entries {
            say(&if arguments.json {
                serde_json::to_string(&Line { organization: slug, entry })?
            } else {
                line(slug, entry)
            });
        }
    }
    opened.close().await;
    Ok(())
}

fn line(slug: &str, entry: &Entry) -> String {
    let at = entry.at.to_rfc3339();
    let (who, what) = (&entry.actor_name, audit::in_words(&entry.action));
    format!("{slug}\t{}\t{at}\t{who}\t{what}\t{}", entry.ordinal, entry.subject_id)
}

/// The operator's grants: of one organisation, or of all.
async fn grants(db: &Db, organization: Option<&str>) -> anyhow::Result<Vec<Grant>> {
    let mut tx = db.system(SystemReason::CommandLine).await?;
    let slugs = match organization {
        Some(slug) => vec![slug.to_owned()],
        None => organizations::list_all(&mut tx).await?.into_iter().map(|(slug, _)| slug).collect(),
    };
    let mut grants = Vec::new();
    for slug in &slugs {
        grants.push(operator(&mut tx, slug).await?);
    }
    Ok(grants)
}
