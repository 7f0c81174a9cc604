//! Asks again, as sessions are renewed, whether GitHub still vouches for their people.
//!
//! Of issuers there is nothing to ask: they say who somebody is at the moment of signing in, and know no
//! membership that could be looked up later.

use chrono::{DateTime, Duration, Utc};
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;
use tokio::sync::mpsc::UnboundedReceiver;
use tracing::{info, warn};

use super::{
    Providers, gate,
    people::{self, Judged},
    providers::GitHub,
    refusal::Refusal,
    store::{self, DueIdentity, Successor, Voucher},
};
use crate::{
    accounts::reconnection,
    github::{Error, Login, OAuthRefusal, UserToken},
    organizations::audit::Event,
    platform::{clock::Clock, keyring::Keyring},
    tenancy::{AccountId, Db, Origin, SystemReason, SystemTx},
};

/// How long GitHub's last word counts.
pub const COUNTS: Duration = Duration::minutes(10);
/// Before its end a token is not used any more: what it is for takes time as well.
const SPARE: Duration = Duration::minutes(5);

/// What is needed to ask.
struct Watch {
    db: Db,
    clock: Clock,
    keyring: Keyring,
    providers: Providers,
}

/// Asks about each account whose session was renewed, until the server stops.
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

impl Watch {
    async fn check(&self, account: AccountId) -> anyhow::Result<()> {
        let now = self.clock.now();
        let mut tx = self.db.system(SystemReason::Login).await?;
        let Some(due) = store::find_due(&mut tx, account, now - COUNTS).await? else {
            return Ok(());
        };
        let Some(github) = self.providers.github(&mut tx).await? else { return Ok(()) };
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
        if is_withdrawn && self.is_lost(&due) {
            // GitHub refused what we had in the token's place: that is the server's doing, not theirs.
            reconnection::ask(&mut tx, account, now).await?;
        } else if is_withdrawn || store::list_tenants(&mut tx, account).await?.is_empty() {
            let why = if is_withdrawn { "GitHub takes their token no more" } else { "put out" };
            let event = Event::new("session.ended_by_provider", "account", account, now)
                .detail(json!({"why": why}))
                .by_unknown(Voucher::GitHub.name());
            end_sessions(&mut tx, account, &event).await?;
            for tenant in left {
                tx.record_in(tenant, &origin, &event);
            }
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
        let is_over = due.token_expires_at.is_some_and(|end| end <= now + SPARE);
        let Some(spent) = due.refresh_token.as_deref().filter(|_| is_over) else {
            return Ok(self.open(&people::token_place(&due.subject), due.token.as_deref()));
        };
        let refresh = self.open(&people::refresh_place(&due.subject), Some(spent));
        match github.oauth.refresh(&refresh).await {
            Ok(fresh) => {
                self.keep(due, &fresh).await?;
                Ok(fresh.access)
            }
            Err(Error::OAuth(OAuthRefusal::RefreshRejected)) => Ok(SecretString::default()),
            // It may answer the next time; until then nobody is put out.
            Err(error) => Err(error.into()),
        }
    }

    /// Whether there is a token, or what the next is got by, that cannot be opened any more; or none at all,
    /// because another GitHub was set up.
    fn is_lost(&self, due: &DueIdentity) -> bool {
        let cannot_open = |place: &str, sealed: Option<&str>| {
            sealed.is_some_and(|sealed| self.keyring.open_text(place, sealed).is_err())
        };
        due.token.is_none()
            || cannot_open(&people::token_place(&due.subject), due.token.as_deref())
            || cannot_open(&people::refresh_place(&due.subject), due.refresh_token.as_deref())
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
        let refresh = refresh.map(|refresh| seal(people::refresh_place(&due.subject), refresh));
        Ok(Successor {
            subject: &due.subject,
            spent_at: due.token_expires_at,
            token: seal(people::token_place(&due.subject), &fresh.access)?,
            refresh_token: refresh.transpose()?,
            token_expires_at: fresh.expires_at,
        })
    }
}

/// Ends all of somebody's sessions, which is written down wherever they still belong.
async fn end_sessions(
    tx: &mut SystemTx,
    account: AccountId,
    event: &Event<'_>,
) -> sqlx::Result<()> {
    if store::end_sessions(tx, account).await? > 0 {
        tx.record(Some(account), &Origin::default(), event).await?;
        info!(%account, "GitHub does not vouch for an account any longer; its sessions are ended");
    }
    Ok(())
}
