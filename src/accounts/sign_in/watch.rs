//! Asks again, as sessions are renewed and tokens used, whether GitHub still vouches for their people.
//!
//! Of issuers there is nothing to ask: they say who somebody is at the moment of signing in, and know no
//! membership that could be looked up later.

use chrono::{DateTime, Duration, Utc};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::sync::mpsc::UnboundedReceiver;
use tracing::{info, warn};

use super::{
    Providers,
    gate::{self, Answer},
    people::{self, Judged},
    providers::GitHub,
    refusal::Refusal,
    store::{self, DueIdentity, Successor, Voucher},
};
use crate::{
    accounts::reconnection,
    github::{Error, Login, OAuthRefusal, UserToken},
    jobs::{Failure, Job, JobContext, Registry},
    organizations::audit::Event,
    platform::{clock::Clock, keyring::Keyring},
    tenancy::{AccountId, Db, Origin, SystemReason, SystemTx, TenantId},
};

/// How long GitHub's last word counts.
pub const COUNTS: Duration = Duration::minutes(10);
/// Who was asked about so short ago may still be: what the next token is got by is good once.
const UNDER_WAY: Duration = Duration::seconds(30);
/// Who asked so short ago may not have stored yet what came of it: nobody is put out for that.
const SPENDING: Duration = Duration::minutes(2);
/// Before its end a token is not used any more: what it is for takes time as well.
const SPARE: Duration = Duration::minutes(5);

/// What is needed to ask.
struct Watch {
    db: Db,
    clock: Clock,
    keyring: Keyring,
    providers: Providers,
}

/// Asks about each account whose session was renewed or token used, until the server stops.
pub async fn watch(
    mut renewed: UnboundedReceiver<AccountId>,
    (db, clock, keyring): (Db, Clock, Keyring),
    providers: Providers,
) {
    let watch = Watch { db, clock, keyring, providers };
    while let Some(account) = renewed.recv().await {
        if let Err(error) = watch.check(account).await {
            warn!(%account, "Whether GitHub still vouches for an account could not be asked: {error:#}");
        }
    }
}

/// Asks GitHub about somebody who, by an event of it, does not belong any more. Idempotent: what counts is
/// what GitHub answers now.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct AskAgain {
    /// Of the GitHub, as repositories have it.
    pub host: String,
    /// GitHub's number of the person.
    pub person: i64,
}

impl Job for AskAgain {
    const KIND: &'static str = "ask_github_again";
    const ATTEMPTS: u16 = 8;

    fn lane(&self) -> String {
        format!("person:{}", self.person)
    }
}

/// Names the function that asks again.
pub(super) fn register_jobs(registry: Registry, providers: Providers) -> Registry {
    registry.with(move |context: JobContext, job: AskAgain| {
        let providers = providers.clone();
        async move {
            let (db, clock, keyring) = (context.db, context.clock, providers.keyring.clone());
            let watch = Watch { db, clock, keyring, providers };
            watch.ask_again(&job).await.map_err(Failure::Retry)
        }
    })
}

impl Watch {
    async fn ask_again(&self, job: &AskAgain) -> anyhow::Result<()> {
        let mut tx = self.db.system(SystemReason::Login).await?;
        let found = store::list_accounts_at_github(&mut tx, &job.host, &[job.person]).await?;
        drop(tx);
        for (_, account) in found {
            self.check_before(account, self.clock.now() - UNDER_WAY).await?;
        }
        Ok(())
    }

    async fn check(&self, account: AccountId) -> anyhow::Result<()> {
        self.check_before(account, self.clock.now() - COUNTS).await
    }

    /// Asks about an account about which was asked last before some time.
    async fn check_before(&self, account: AccountId, before: DateTime<Utc>) -> anyhow::Result<()> {
        let now = self.clock.now();
        let mut tx = self.db.system(SystemReason::Login).await?;
        let Some(github) = self.providers.github(&mut tx).await? else { return Ok(()) };
        let Some(due) = store::find_due(&mut tx, account, (&github.id, before)).await? else {
            return Ok(());
        };
        let doors = store::list_doors(&mut tx, &[]).await?;
        // Noted before GitHub is asked, so that two processes do not ask twice, and do not both spend what
        // the next token is got by.
        store::set_checked(&mut tx, account, now).await?;
        tx.commit().await?;

        let token = self.token(&github, &due, now).await?;
        let answers = gate::ask(&github, &doors, &Login::parse(&due.login)?, &token).await;

        let mut tx = self.db.system(SystemReason::Login).await?;
        let origin = Origin::default();
        let judged = Judged { account, voucher: Voucher::GitHub, origin: &origin };
        let mut left = Vec::new();
        for answer in &answers {
            if people::apply(&mut tx, &judged, answer, now).await? {
                left.push(answer.tenant);
            }
        }
        // Whoever has withdrawn their word from the application has to give it again.
        let is_withdrawn = answers.iter().any(|answer| {
            matches!(&answer.said, Err(Refusal::GitHub(error)) if *error == Error::TokenRejected)
        });
        if is_withdrawn && self.is_lost(&github, &due) {
            // GitHub refused what we had in the token's place: that is the server's doing, not theirs.
            reconnection::ask(&mut tx, account, now).await?;
        } else {
            if is_withdrawn {
                left.extend(withdraw(&mut tx, &judged, &answers, now).await?);
            }
            end_if_out(&mut tx, &judged, (is_withdrawn, &left), now).await?;
        }
        tx.wake_people().await?;
        tx.commit().await?;
        Ok(())
    }

    /// The person's token; its successor where it has ended. An empty one, which GitHub refuses, where it
    /// cannot be opened any more or has no successor.
    async fn token(
        &self,
        github: &GitHub,
        due: &DueIdentity,
        now: DateTime<Utc>,
    ) -> anyhow::Result<SecretString> {
        // Another GitHub's token is nothing that this one may be told.
        if due.provider != github.id {
            return Ok(SecretString::default());
        }
        let is_over = due.token_expires_at.is_some_and(|end| end <= now + SPARE);
        let Some(spent) = due.refresh_token.as_deref().filter(|_| is_over) else {
            return Ok(
                self.open(&people::token_place(&due.provider, &due.subject), due.token.as_deref())
            );
        };
        let refresh = self.open(&people::refresh_place(&due.provider, &due.subject), Some(spent));
        match github.oauth.refresh(&refresh).await {
            Ok(fresh) => {
                self.keep(due, &fresh).await?;
                Ok(fresh.access)
            }
            Err(Error::OAuth(OAuthRefusal::RefreshRejected)) => self.stored_since(due, now).await,
            // It may answer the next time; until then nobody is put out.
            Err(error) => Err(error.into()),
        }
    }

    /// The token that came of what was refused because another process had spent it; an empty one where nobody
    /// has stored another.
    async fn stored_since(
        &self,
        due: &DueIdentity,
        now: DateTime<Utc>,
    ) -> anyhow::Result<SecretString> {
        let mut tx = self.db.system(SystemReason::Login).await?;
        let stored = store::find_tokens(&mut tx, &due.provider, &due.subject).await?;
        drop(tx);
        if let Some(stored) = stored.filter(|stored| stored.refresh_token != due.refresh_token) {
            let place = people::token_place(&due.provider, &due.subject);
            return Ok(self.open(&place, stored.token.as_deref()));
        }
        anyhow::ensure!(
            due.checked_at <= now - SPENDING,
            "somebody else may have spent what the next token is got by, and not stored that token yet"
        );
        Ok(SecretString::default())
    }

    /// Whether there is a token, or what the next is got by, that cannot be opened any more; or none at all
    /// for this GitHub, because another one was set up.
    fn is_lost(&self, github: &GitHub, due: &DueIdentity) -> bool {
        let cannot_open = |place: &str, sealed: Option<&str>| {
            sealed.is_some_and(|sealed| self.keyring.open_text(place, sealed).is_err())
        };
        due.provider != github.id
            || due.token.is_none()
            || cannot_open(&people::token_place(&due.provider, &due.subject), due.token.as_deref())
            || cannot_open(
                &people::refresh_place(&due.provider, &due.subject),
                due.refresh_token.as_deref(),
            )
    }

    fn open(&self, place: &str, sealed: Option<&str>) -> SecretString {
        let opened = sealed.and_then(|sealed| self.keyring.open_text(place, sealed).ok());
        opened.unwrap_or_default()
    }

    async fn keep(&self, due: &DueIdentity, fresh: &UserToken) -> anyhow::Result<()> {
        let successor = self.successor(due, fresh)?;
        let mut tx = self.db.system(SystemReason::Login).await?;
        store::replace_token(&mut tx, successor).await?;
        tx.commit().await?;
        Ok(())
    }

    fn successor<'a>(
        &self,
        due: &'a DueIdentity,
        fresh: &UserToken,
    ) -> anyhow::Result<Successor<'a>> {
        let seal = |place: String, secret: &SecretString| {
            self.keyring.seal(&place, secret.expose_secret().as_bytes())
        };
        let refresh = fresh.refresh.as_ref();
        let refresh = refresh
            .map(|refresh| seal(people::refresh_place(&due.provider, &due.subject), refresh));
        Ok(Successor {
            provider: &due.provider,
            subject: &due.subject,
            spent_at: due.token_expires_at,
            token: seal(people::token_place(&due.provider, &due.subject), &fresh.access)?,
            refresh_token: refresh.transpose()?,
            token_expires_at: fresh.expires_at,
        })
    }
}

/// Puts somebody out whose word GitHub takes no more, for their API tokens would go on; but not from where
/// it vouches for them without it. The organisations that they are put out of.
async fn withdraw(
    tx: &mut SystemTx,
    judged: &Judged<'_>,
    answers: &[Answer],
    now: DateTime<Utc>,
) -> sqlx::Result<Vec<TenantId>> {
    let mut left = Vec::new();
    for tenant in store::list_vouched_for(tx, judged.account, judged.voucher).await? {
        let is_in = answers.iter().any(|answer| answer.tenant == tenant && answer.said.is_ok());
        let answer = Answer { tenant, said: Err(Refusal::GitHub(Error::TokenRejected)) };
        if !is_in && people::put_out(tx, judged, &answer, now).await? {
            left.push(tenant);
        }
    }
    Ok(left)
}

/// Ends all sessions of somebody who has withdrawn their word, or is in nowhere any longer; written down
/// wherever they still belong, and where they have just been put out.
async fn end_if_out(
    tx: &mut SystemTx,
    judged: &Judged<'_>,
    (is_withdrawn, left): (bool, &[TenantId]),
    now: DateTime<Utc>,
) -> sqlx::Result<()> {
    let Judged { account, voucher, origin } = *judged;
    if !is_withdrawn && !store::list_tenants(tx, account).await?.is_empty() {
        return Ok(());
    }
    if store::end_sessions(tx, account).await? == 0 {
        return Ok(());
    }
    let why = if is_withdrawn { "GitHub takes their token no more" } else { "put out" };
    let event = Event::new("session.ended_by_provider", "account", account, now)
        .detail(json!({"why": why}))
        .by_unknown(voucher.name());
    tx.record(Some(account), origin, &event).await?;
    for tenant in left {
        tx.record_in(*tenant, origin, &event);
    }
    info!(%account, "GitHub does not vouch for an account any longer; its sessions are ended");
    Ok(())
}
