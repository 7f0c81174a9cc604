//! The job that reads GitHub's log of one hook's deliveries, and brings back what was missed.

use actix_web::web::Bytes;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use tracing::info;

use super::{
    EVERY, OVERLAP, SOON, UNDER_WAY, gaps,
    missed::{Became, Found, MOST_ASKED, Missed, PATIENCE, Watched},
};
use crate::{
    connections::{Connections, Opened, Unusable},
    github::{
        Access, Api, ApiError, Cursor, Error, FullName, Urgency, api::HookPlace,
        model::HookDelivery,
    },
    jobs::{Failure, Job, JobContext, Registry},
    tenancy::TenantTx,
    webhooks::{
        inbox::{Inbox, NewDelivery},
        model::{Glance, HookId},
        store::recovery as store,
    },
};

/// How many that are out are looked after before it is seen whether there are more.
const MOST: i64 = 500;

/// After how many in a row that GitHub did not answer the others are left for the next time.
const MOST_SILENT: u32 = 2;

/// Reads the log of a hook, and brings back what the inbox lacks.
///
/// Idempotent: what is written down or stored already stays as it is.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct SweepDeliveries {
    pub(super) hook: HookId,
}

impl Job for SweepDeliveries {
    const KIND: &'static str = "sweep_deliveries";
    const ATTEMPTS: u16 = 3;

    fn lane(&self) -> String {
        format!("sweep:{}", self.hook)
    }
}

/// Names the function that brings back what was missed.
pub fn register_jobs(registry: Registry, connections: Connections, inbox: Inbox) -> Registry {
    registry.with(move |context, job: SweepDeliveries| {
        let (connections, inbox) = (connections.clone(), inbox.clone());
        async move { Sweep { context, connections, inbox }.run(job.hook).await }
    })
}

struct Sweep {
    context: JobContext,
    connections: Connections,
    inbox: Inbox,
}

/// Why a log was not read to its end.
enum Stopped {
    /// GitHub wants to be left alone until then.
    Wait(DateTime<Utc>),
    /// In words for people; it is tried again at the next time.
    Refused(String),
    /// GitHub does not answer, or not to us: in words for people.
    Silent(String),
    Broken(anyhow::Error),
}

impl From<sqlx::Error> for Stopped {
    fn from(error: sqlx::Error) -> Self {
        Self::Broken(error.into())
    }
}

impl From<ApiError> for Stopped {
    fn from(error: ApiError) -> Self {
        match error {
            ApiError::Wait { until } => Self::Wait(until),
            ApiError::NotFound | ApiError::Gone => {
                let words = "GitHub has no such hook any more, or does not let its log be read.";
                Self::Refused(words.to_owned())
            }
            ApiError::Refused { .. } | ApiError::GitHub(Error::Unexpected { .. }) => {
                Self::Refused(format!("{error}."))
            }
            ApiError::GitHub(_) => Self::Silent(format!("{error}.")),
        }
    }
}

impl From<Unusable> for Stopped {
    fn from(error: Unusable) -> Self {
        Self::Refused(format!("{error}."))
    }
}

/// A hook's log, ready to be read.
struct Log {
    watched: Watched,
    place: HookPlace,
    opened: Opened,
    access: Access,
}

impl Log {
    fn api(&self) -> Api<'_> {
        self.opened.client().by(&self.access)
    }
}

impl Sweep {
    async fn begin(&self) -> sqlx::Result<TenantTx> {
        self.context.db.begin_granted(&self.context.grant).await
    }

    fn now(&self) -> DateTime<Utc> {
        self.context.clock.now()
    }

    async fn run(self, hook: HookId) -> Result<(), Failure> {
        let swept = self.sweep(hook).await;
        let (error, due) = match swept {
            Ok(0) => (None, self.now() + EVERY),
            Ok(_) => (None, self.now() + SOON),
            Err(Stopped::Wait(until)) => (None, until),
            Err(Stopped::Refused(words) | Stopped::Silent(words)) => {
                (Some(words), self.now() + EVERY)
            }
            Err(Stopped::Broken(error)) => return Err(Failure::Retry(error)),
        };
        let ended = self.end(hook, error.as_deref(), due).await;
        ended.map_err(|error| Failure::Retry(error.into()))
    }

    async fn end(&self, hook: HookId, error: Option<&str>, due: DateTime<Utc>) -> sqlx::Result<()> {
        let mut tx = self.begin().await?;
        store::set_due(&mut tx, hook, error, due).await?;
        gaps::settle(&mut tx, self.now()).await?;
        tx.commit().await.map(|_| ())
    }

    /// Reads and brings back; says how many are still out.
    async fn sweep(&self, hook: HookId) -> Result<usize, Stopped> {
        let Some(log) = self.open(hook).await? else { return Ok(0) };
        self.read(&log).await?;
        self.note_those_that_came(&log).await?;
        self.bring_back(log).await
    }

    async fn open(&self, hook: HookId) -> Result<Option<Log>, Stopped> {
        let mut tx = self.begin().await?;
        let Some(watched) = store::find_watched(&mut tx, hook).await? else { return Ok(None) };
        let opened = self.connections.open(&mut tx, watched.connection).await?;
        drop(tx);
        let opened = match opened {
            None | Some(Err(Unusable::Removed)) => return Ok(None),
            Some(opened) => opened?,
        };
        let name = watched.full_name.as_deref().and_then(FullName::parse);
        let place = match (watched.is_app, name.zip(watched.github_id)) {
            (true, _) => HookPlace::App,
            (false, Some((name, id))) => HookPlace::Repository(name, id),
            (false, None) => return Ok(None),
        };
        let access = if watched.is_app {
            let Some(access) = opened.app_access(Urgency::Background)? else { return Ok(None) };
            access
        } else {
            opened.access(Urgency::Background).await?
        };
        Ok(Some(Log { watched, place, opened, access }))
    }

    /// Reads the log back to where it was read before, and writes down what the inbox lacks.
    async fn read(&self, log: &Log) -> Result<(), Stopped> {
        let begun = self.now();
        let known = log.watched.swept_through.unwrap_or(log.watched.created_at);
        let mut next = Some(Cursor::<HookDelivery>::deliveries(&log.place));
        while let Some(cursor) = next {
            let page = log.api().page(&cursor).await?;
            let is_old = |delivery: &HookDelivery| delivery.delivered_at < known - OVERLAP;
            let is_last = page.items.iter().any(is_old);
            let fresh = page.items.iter().filter(|delivery| !is_old(delivery));
            let settled = fresh.filter(|one| one.delivered_at <= begun - UNDER_WAY);
            self.note(log, settled.filter_map(Found::of).collect()).await?;
            next = page.next.filter(|_| !is_last);
        }
        let mut tx = self.begin().await?;
        store::set_swept(&mut tx, log.watched.hook, (begun - UNDER_WAY, begun)).await?;
        tx.commit().await?;
        Ok(())
    }

    async fn note(&self, log: &Log, found: Vec<Found>) -> Result<(), Stopped> {
        if found.is_empty() {
            return Ok(());
        }
        let mut tx = self.begin().await?;
        let guids: Vec<String> = found.iter().map(|found| found.guid.clone()).collect();
        let stored = store::list_stored(&mut tx, log.watched.hook, &guids).await?;
        let missed: Vec<Found> =
            found.into_iter().filter(|found| !stored.contains(&found.guid)).collect();
        let new = gaps::note_missed(&mut tx, log.watched.hook, &missed).await?;
        tx.commit().await?;
        if new > 0 {
            info!(hook = %log.watched.hook, "{new} deliveries were missed and are brought back");
        }
        Ok(())
    }

    /// What was asked for and is in the inbox now has come.
    async fn note_those_that_came(&self, log: &Log) -> Result<(), Stopped> {
        let mut tx = self.begin().await?;
        store::set_came_by_themselves(&mut tx, log.watched.hook, self.now()).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Has a few delivered again, and reads the others, for as long as GitHub answers; says how many are still
    /// out.
    async fn bring_back(&self, mut log: Log) -> Result<usize, Stopped> {
        let (mut left, mut refused, mut silent) = (0, None, 0);
        let mut out = self.list_out(&log, None).await?;
        // A hook that was never heard cannot be reached from GitHub, and many are too many to ask for.
        let asks = log.watched.heard_at.is_some() && out.len() <= MOST_ASKED;
        while let Some(last) = out.last() {
            for missed in &out {
                if self.context.cancel.is_cancelled() {
                    return Err(Stopped::Broken(anyhow::anyhow!("the server stops")));
                }
                match self.bring_one(&log, missed, asks).await {
                    Ok(count) => (left, silent) = (left + count, 0),
                    // One that cannot be read keeps none behind it from coming back.
                    Err(Stopped::Refused(words)) => refused = refused.or(Some(words)),
                    Err(Stopped::Silent(words)) if silent < MOST_SILENT => {
                        (refused, silent) = (refused.or(Some(words)), silent + 1);
                    }
                    Err(other) => return Err(other),
                }
            }
            out = self.list_out(&log, Some(last)).await?;
            if out.is_empty() {
                break;
            }
            // What an App shows that it is itself is good for minutes.
            let Some(again) = self.open(log.watched.hook).await? else { break };
            log = again;
        }
        refused.map_or(Ok(left), |words| Err(Stopped::Refused(words)))
    }

    async fn list_out(&self, log: &Log, behind: Option<&Missed>) -> sqlx::Result<Vec<Missed>> {
        let mut tx = self.begin().await?;
        store::list_out(&mut tx, log.watched.hook, behind, MOST).await
    }

    async fn bring_one(&self, log: &Log, missed: &Missed, asks: bool) -> Result<usize, Stopped> {
        match missed.asked_at {
            None if asks => self.ask(log, missed).await,
            Some(at) if asks && self.now() < at + PATIENCE => Ok(1),
            Some(_) | None => self.take(log, missed).await,
        }
    }

    /// Asks GitHub to deliver one again.
    async fn ask(&self, log: &Log, missed: &Missed) -> Result<usize, Stopped> {
        match log.api().redeliver(&log.place, missed.attempt).await {
            Ok(()) => self.note_became(log, missed, Became::Asked).await.map(|()| 1),
            Err(error @ (ApiError::Wait { .. } | ApiError::GitHub(_))) => Err(error.into()),
            // What GitHub does not deliver again may be read all the same.
            Err(ApiError::NotFound | ApiError::Gone | ApiError::Refused { .. }) => {
                self.take(log, missed).await
            }
        }
    }

    /// Reads one from the log into the inbox.
    async fn take(&self, log: &Log, missed: &Missed) -> Result<usize, Stopped> {
        let detail = match log.api().delivery(&log.place, missed.attempt).await {
            Ok(detail) => detail,
            Err(ApiError::NotFound | ApiError::Gone) => {
                let lost = Became::Lost("GitHub has it in its log no longer.");
                return self.note_became(log, missed, lost).await.map(|()| 0);
            }
            Err(error) => return Err(error.into()),
        };
        let payload = serde_json::to_vec(&detail.request.payload);
        let payload = Bytes::from(payload.map_err(|error| Stopped::Broken(error.into()))?);
        let delivery = NewDelivery {
            tenant: self.context.grant.organization().id,
            hook: log.watched.hook,
            guid: missed.guid.clone(),
            event: missed.event.clone(),
            glance: Glance::of(&payload),
            payload,
        };
        let stored = self.inbox.accept(delivery, self.now()).await;
        stored.map_err(|error| Stopped::Broken(error.into()))?;
        self.note_became(log, missed, Became::Read).await.map(|()| 0)
    }

    async fn note_became(&self, log: &Log, missed: &Missed, became: Became) -> Result<(), Stopped> {
        let mut tx = self.begin().await?;
        let guid = (log.watched.hook, missed.guid.as_str());
        store::set_became(&mut tx, guid, became, self.now()).await?;
        tx.commit().await?;
        Ok(())
    }
}
