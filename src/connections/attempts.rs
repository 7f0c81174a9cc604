//! The way to GitHub and back of somebody who makes an App there, or lets an OAuth App in.
//!
//! A state is good once, for an hour, in the session of the person who set out; what they set out for is
//! stored sealed, and the state as its hash alone.

use chrono::{DateTime, Duration, Utc};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize, Serializer, de::DeserializeOwned};
use uuid::Uuid;

use super::{ConnectionId, store};
use crate::{
    platform::{
        crypto::{hash_secret, random_secret},
        ids,
        keyring::Keyring,
    },
    tenancy::{AccountId, SystemTx, TenantTx},
};

/// How long somebody may take at GitHub, whose code is good for as long.
pub const LIFETIME: Duration = Duration::hours(1);

/// What somebody may set out for. Each is stored with fields of its own, so that no way back takes up what was
/// begun for another one.
pub trait Errand: Serialize + DeserializeOwned {
    /// Who sets out, and in which session.
    fn traveller(&self) -> (AccountId, Uuid);
}

/// A GitHub App to be made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Purpose {
    /// What the connection is going to be.
    pub connection: ConnectionId,
    pub account: AccountId,
    pub session: Uuid,
    /// Of GitHub's pages.
    pub web_url: String,
    /// The GitHub organisation whose App it is going to be.
    pub owner: String,
    /// Whether people are to sign in by the App as well.
    pub signs_in: bool,
}

impl Errand for Purpose {
    fn traveller(&self) -> (AccountId, Uuid) {
        (self.account, self.session)
    }
}

/// An OAuth App to be let in.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct OAuthPurpose {
    /// What the connection is going to be.
    pub connection: ConnectionId,
    pub account: AccountId,
    pub session: Uuid,
    /// Of GitHub's pages.
    pub web_url: String,
    pub client_id: String,
    /// Needed on the way back alone: the token that it leads to has no end.
    #[serde(serialize_with = "exposed")]
    pub client_secret: SecretString,
    /// The answer to the challenge that the browser was sent with.
    #[serde(serialize_with = "exposed")]
    pub verifier: SecretString,
}

impl Errand for OAuthPurpose {
    fn traveller(&self) -> (AccountId, Uuid) {
        (self.account, self.session)
    }
}

/// For what is sealed right after.
fn exposed<S: Serializer>(secret: &SecretString, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(secret.expose_secret())
}

/// Why somebody who came back has to begin again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoReturn {
    #[error("This was not begun here, or has been used already. Begin again")]
    Unknown,
    #[error("This was begun by somebody else, or before you signed in the last time. Begin again")]
    OtherSession,
    #[error("This has taken longer than an hour. Begin again, and delete the App at GitHub")]
    Late,
}

/// Notes that somebody sets out; the answer is the state that has to come back.
pub async fn begin(
    tx: &mut TenantTx,
    keyring: &Keyring,
    purpose: &impl Errand,
    now: DateTime<Utc>,
) -> anyhow::Result<SecretString> {
    let (id, state) = (ids::new(), random_secret("")?);
    let sealed = keyring.seal(&place(id), &serde_json::to_vec(purpose)?)?;
    let hash = hash_secret(&state);
    store::insert_attempt(tx, (id, &hash, &sealed), (now, now + LIFETIME)).await?;
    Ok(state)
}

/// Takes up what somebody set out for; a second time there is nothing to take up. To be committed
/// whatever the answer is.
pub async fn take_up<P: Errand>(
    tx: &mut TenantTx,
    keyring: &Keyring,
    (state, account, session): (&SecretString, Option<AccountId>, Option<Uuid>),
    now: DateTime<Utc>,
) -> anyhow::Result<Result<P, NoReturn>> {
    let Some(found) = store::use_attempt(tx, &hash_secret(state)).await? else {
        return Ok(Err(NoReturn::Unknown));
    };
    let Ok(opened) = keyring.open(&place(found.id), &found.sealed) else {
        return Ok(Err(NoReturn::Unknown));
    };
    let Ok(purpose) = serde_json::from_slice::<P>(&opened) else {
        return Ok(Err(NoReturn::Unknown));
    };
    let (by, in_session) = purpose.traveller();
    if account != Some(by) || session != Some(in_session) {
        return Ok(Err(NoReturn::OtherSession));
    }
    if found.expires_at <= now {
        return Ok(Err(NoReturn::Late));
    }
    Ok(Ok(purpose))
}

/// Deletes the attempts that are too old.
pub async fn forget(tx: &mut SystemTx, now: DateTime<Utc>) -> sqlx::Result<u64> {
    store::delete_old_attempts(tx, now).await
}

fn place(id: Uuid) -> String {
    format!("connection_attempts.sealed {id}")
}
