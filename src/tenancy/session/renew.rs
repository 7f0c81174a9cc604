//! Renewing a session's secret.

use chrono::{DateTime, Duration, Utc};
use ring::hmac;
use secrecy::{ExposeSecret, SecretString};

use super::{SessionId, Sessions, store};
use crate::{
    platform::crypto::{SecretHash, hash_secret, random_secret},
    tenancy::{grant::AccountId, tx::SystemTx},
};

/// How long the last secret is answered with the same successor: two tabs, or an answer that was lost.
const OVERLAP: Duration = Duration::seconds(30);

/// How long sessions last on this server.
#[derive(Clone, Debug)]
pub struct SessionRules {
    /// Days without a visit after which a session ends.
    pub days: u32,
    /// Days after which it ends in any case.
    pub most_days: u32,
    /// Goes into what is stored of each secret; another one ends all sessions.
    pub pepper: Option<SecretString>,
}

impl SessionRules {
    pub(super) fn hash(&self, secret: &SecretString) -> SecretHash {
        let Some(pepper) = &self.pepper else { return hash_secret(secret) };
        let key = hmac::Key::new(hmac::HMAC_SHA256, pepper.expose_secret().as_bytes());
        hmac::sign(&key, secret.expose_secret().as_bytes()).as_ref().to_vec()
    }

    /// When a session that began then and was renewed now ends.
    pub fn end(&self, began: DateTime<Utc>, now: DateTime<Utc>) -> DateTime<Utc> {
        let (days, most) =
            (Duration::days(self.days.into()), Duration::days(self.most_days.into()));
        (now + days).min(began + most)
    }
}

/// What became of a secret that was shown.
#[derive(Debug)]
pub(super) enum Renewal {
    Renewed {
        session: SessionId,
        account: AccountId,
        secret: SecretString,
    },
    /// It had been renewed before, longer ago than a tab waits: somebody else has it. The session is ended.
    Stolen {
        session: SessionId,
        account: AccountId,
    },
    Unknown,
}

pub(super) async fn renew(
    tx: &mut SystemTx,
    sessions: &Sessions,
    secret: &SecretString,
    now: DateTime<Utc>,
) -> anyhow::Result<Renewal> {
    let hash = sessions.hash(secret);
    if let Some(found) = store::lock_session(tx, &hash, now).await? {
        let successor = random_secret("")?;
        let sealed =
            sessions.keyring.seal(&place(found.id), successor.expose_secret().as_bytes())?;
        let ends = sessions.rules.end(found.created_at, now);
        let change = store::Rotation {
            id: found.id,
            spent: hash,
            new: sessions.hash(&successor),
            sealed,
            now,
            ends,
        };
        store::rotate_session(tx, change).await?;
        return Ok(Renewal::Renewed {
            session: found.id,
            account: found.account,
            secret: successor,
        });
    }
    let Some(spent) = store::find_spent(tx, &hash, now).await? else { return Ok(Renewal::Unknown) };
    let successor =
        spent.successor.as_deref().filter(|_| spent.is_last && spent.rotated_at + OVERLAP > now);
    let opened =
        successor.and_then(|sealed| sessions.keyring.open_text(&place(spent.id), sealed).ok());
    if let Some(secret) = opened {
        return Ok(Renewal::Renewed { session: spent.id, account: spent.account, secret });
    }
    store::end_session(tx, spent.id).await?;
    Ok(Renewal::Stolen { session: spent.id, account: spent.account })
}

fn place(session: SessionId) -> String {
    format!("sessions.successor {session}")
}
