//! Somebody has taken back at GitHub what they had allowed the App that people sign in by.

use anyhow::Context;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::json;
use tracing::info;
use url::Url;

use super::{
    Providers,
    store::{self, Voucher},
};
use crate::{
    jobs::{Failure, Job, JobContext, Registry},
    organizations::audit::Event,
    tenancy::{Origin, SystemReason, SystemTx},
};

/// Drops the tokens that somebody's identity is kept with, and ends their sessions, where people sign in by
/// this App. Idempotent: what is gone stays gone.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ForgetAuthorization {
    /// Of the GitHub whose App it is.
    pub web_url: String,
    pub app_id: i64,
    /// GitHub's number of the person.
    pub person: i64,
}

impl Job for ForgetAuthorization {
    const KIND: &'static str = "forget_authorization";
    const ATTEMPTS: u16 = 8;

    fn lane(&self) -> String {
        format!("person:{}", self.person)
    }
}

/// Names the functions that do what GitHub's events say of people.
pub fn register_jobs(registry: Registry, providers: Providers) -> Registry {
    let registry = super::watch::register_jobs(registry, providers.clone());
    registry.with(move |context: JobContext, job: ForgetAuthorization| {
        let providers = providers.clone();
        async move {
            let now = context.clock.now();
            let tx = context.db.system(SystemReason::Login).await;
            let tx = tx.map_err(|error| Failure::Retry(error.into()))?;
            forget(tx, &providers, &job, now).await.map_err(Failure::Retry)
        }
    })
}

async fn forget(
    mut tx: SystemTx,
    providers: &Providers,
    job: &ForgetAuthorization,
    now: DateTime<Utc>,
) -> anyhow::Result<()> {
    let Some((signs_in, app_id)) = providers.github_app(&mut tx).await? else { return Ok(()) };
    let told = Url::parse(&job.web_url).context("the address of GitHub")?;
    // An App of the same number at another GitHub says nothing of these people.
    if app_id != job.app_id || store::github_at(&told) != signs_in {
        return Ok(());
    }
    let subject = job.person.to_string();
    let Some(account) = store::find_identity(&mut tx, &signs_in, &subject).await? else {
        return Ok(());
    };
    store::forget_tokens_of(&mut tx, &signs_in, &subject).await?;
    if store::end_sessions(&mut tx, account).await? > 0 {
        let event = Event::new("session.ended_by_provider", "account", account, now)
            .detail(json!({"why": "they took the App's authorization back at GitHub"}))
            .by_unknown(Voucher::GitHub.name());
        tx.record(Some(account), &Origin::default(), &event).await?;
        info!(%account, "A person took the App's authorization back; their sessions are ended");
    }
    tx.wake_people().await?;
    tx.commit().await?;
    Ok(())
}
