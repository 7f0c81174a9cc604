//! The keys that sign passes: the newest signs, the ones before it are good while their passes are.

use std::sync::{Arc, RwLock};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, Duration, Utc};
use ring::{
    digest::{SHA256, digest},
    rand::{SecureRandom, SystemRandom},
    signature::{Ed25519KeyPair, KeyPair},
};
use serde::Serialize;
use zeroize::Zeroizing;

use super::store;
use crate::{
    platform::keyring::Keyring,
    tenancy::{
        db::Db,
        tx::{SystemReason, SystemTx},
    },
};

/// How long a key signs.
const SIGNS: Duration = Duration::days(30);
/// How long one that no longer signs still counts: longer than a pass, and than any process takes to
/// hear of the new one.
const COUNTS: Duration = Duration::hours(1);
/// How long a process may not have heard of a key that another one made.
const HEARS_AFTER: Duration = Duration::seconds(5);

/// An Ed25519 key with its private part.
#[derive(Clone)]
pub(super) struct SigningKey {
    pub(super) id: String,
    seed: Zeroizing<[u8; 32]>,
    public: Vec<u8>,
}

/// What anybody may know of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicKey {
    pub id: String,
    pub bytes: Vec<u8>,
}

/// Since when a key signs, and until when it did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SigningKeyState {
    pub id: String,
    pub created_at: DateTime<Utc>,
    pub retired_at: Option<DateTime<Utc>>,
}

impl SigningKey {
    pub(super) fn of_seed(seed: [u8; 32]) -> anyhow::Result<Self> {
        let pair = Ed25519KeyPair::from_seed_unchecked(&seed)
            .or_else(|_| anyhow::bail!("a seed of 32 bytes is no Ed25519 key"))?;
        let public = pair.public_key().as_ref().to_vec();
        let id =
            URL_SAFE_NO_PAD.encode(digest(&SHA256, &public).as_ref().get(..12).unwrap_or_default());
        Ok(Self { id, seed: Zeroizing::new(seed), public })
    }

    fn random() -> anyhow::Result<Self> {
        let mut seed = [0; 32];
        SystemRandom::new()
            .fill(&mut seed)
            .or_else(|_| anyhow::bail!("the system gave no random bytes"))?;
        Self::of_seed(seed)
    }

    /// The private key as PKCS #8 (RFC 8410), which is a fixed head and the seed.
    pub(super) fn pkcs8(&self) -> Zeroizing<Vec<u8>> {
        const HEAD: [u8; 16] = [
            0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22,
            0x04, 0x20,
        ];
        Zeroizing::new([HEAD.as_slice(), self.seed.as_slice()].concat())
    }

    pub(super) fn public(&self) -> PublicKey {
        PublicKey { id: self.id.clone(), bytes: self.public.clone() }
    }
}

/// A line of a JSON Web Key Set (RFC 7517, RFC 8037).
#[derive(Debug, Serialize)]
pub struct Jwk {
    kty: &'static str,
    crv: &'static str,
    alg: &'static str,
    r#use: &'static str,
    kid: String,
    x: String,
}

impl PublicKey {
    pub fn jwk(&self) -> Jwk {
        Jwk {
            kty: "OKP",
            crv: "Ed25519",
            alg: "EdDSA",
            r#use: "sig",
            kid: self.id.clone(),
            x: URL_SAFE_NO_PAD.encode(&self.bytes),
        }
    }
}

/// The keys as this process has heard of them last.
#[derive(Clone, Default)]
pub struct SigningKeys {
    /// Where the configuration gives a key, it signs, and no other one is made.
    fixed: Option<SigningKey>,
    heard: Arc<RwLock<Heard>>,
}

#[derive(Clone, Default)]
struct Heard {
    at: Option<DateTime<Utc>>,
    current: Option<(SigningKey, DateTime<Utc>)>,
    public: Vec<PublicKey>,
}

impl std::fmt::Debug for SigningKeys {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_list().entries(self.heard().public).finish()
    }
}

impl SigningKeys {
    /// Signs with the one key of this seed.
    pub fn fixed(seed: [u8; 32]) -> anyhow::Result<Self> {
        Ok(Self { fixed: Some(SigningKey::of_seed(seed)?), heard: Arc::default() })
    }

    /// Whether the configuration gives the key.
    pub const fn is_fixed(&self) -> bool {
        self.fixed.is_some()
    }

    fn heard(&self) -> Heard {
        self.heard.read().map(|heard| heard.clone()).unwrap_or_default()
    }

    /// The key that signs now; a new one where there is none, or it has signed long enough.
    pub(super) async fn current(
        &self,
        db: &Db,
        keyring: &Keyring,
        now: DateTime<Utc>,
    ) -> anyhow::Result<SigningKey> {
        if let Some(fixed) = &self.fixed {
            return Ok(fixed.clone());
        }
        match self.heard().current {
            Some((key, made)) if made + SIGNS > now => Ok(key),
            _ => self.make_current(db, keyring, now, false).await,
        }
    }

    /// Makes a new key now, whatever the age of the old one, and gives its id; the configuration's stays.
    pub async fn rotate(
        &self,
        db: &Db,
        keyring: &Keyring,
        now: DateTime<Utc>,
    ) -> anyhow::Result<String> {
        match &self.fixed {
            Some(fixed) => Ok(fixed.id.clone()),
            None => Ok(self.make_current(db, keyring, now, true).await?.id),
        }
    }

    /// The keys that count, the one that signs first.
    pub async fn describe(
        &self,
        tx: &mut SystemTx,
        now: DateTime<Utc>,
    ) -> sqlx::Result<Vec<SigningKeyState>> {
        store::describe_keys(tx, now - COUNTS).await
    }

    async fn make_current(
        &self,
        db: &Db,
        keyring: &Keyring,
        now: DateTime<Utc>,
        anyway: bool,
    ) -> anyhow::Result<SigningKey> {
        let mut tx = db.system(SystemReason::Login).await?;
        store::lock_keys(&mut tx).await?;
        // Another process may have made one meanwhile.
        let kept = store::current_key(&mut tx)
            .await?
            .filter(|key| !anyway && key.created_at + SIGNS > now);
        let opened = kept.and_then(|key| Some((open(keyring, &key.sealed)?, key.created_at)));
        let (key, made) = match opened {
            Some(found) => found,
            None => (make(&mut tx, keyring, now).await?, now),
        };
        store::forget_keys(&mut tx, now - COUNTS).await?;
        self.hear(&mut tx, Some((key.clone(), made)), now).await?;
        tx.commit().await?;
        Ok(key)
    }

    /// The public part of a key; asks the database where this process has not heard of it.
    pub(super) async fn find(&self, db: &Db, id: String, now: DateTime<Utc>) -> Option<PublicKey> {
        if let Some(fixed) = &self.fixed {
            return (fixed.id == id).then(|| fixed.public());
        }
        let known = |heard: Heard| heard.public.into_iter().find(|key| key.id == id);
        let heard = self.heard();
        let is_late = heard.at.is_none_or(|at| at + HEARS_AFTER <= now);
        if let Some(key) = known(heard) {
            return Some(key);
        }
        if is_late {
            let mut tx = db.system(SystemReason::Login).await.ok()?;
            self.hear(&mut tx, None, now).await.ok()?;
        }
        known(self.heard())
    }

    /// All keys that count, for whoever checks passes elsewhere.
    pub async fn published(&self, db: &Db, now: DateTime<Utc>) -> sqlx::Result<Vec<PublicKey>> {
        if let Some(fixed) = &self.fixed {
            return Ok(vec![fixed.public()]);
        }
        let mut tx = db.system(SystemReason::Login).await?;
        self.hear(&mut tx, None, now).await?;
        Ok(self.heard().public)
    }

    async fn hear(
        &self,
        tx: &mut SystemTx,
        current: Option<(SigningKey, DateTime<Utc>)>,
        now: DateTime<Utc>,
    ) -> sqlx::Result<()> {
        let public = store::list_keys(tx, now - COUNTS).await?;
        if let Ok(mut heard) = self.heard.write() {
            let newest = public.first().map(|key| key.id.clone());
            // Another process' new key takes the place of ours at the next signature.
            let kept = heard.current.take().filter(|(key, _)| newest.as_ref() == Some(&key.id));
            *heard = Heard { at: Some(now), current: current.or(kept), public };
        }
        Ok(())
    }
}

/// None where the keyring has lost the key that it was sealed with: then another one is made.
fn open(keyring: &Keyring, sealed: &str) -> Option<SigningKey> {
    let opened = keyring.open(store::KEY_PLACE, sealed);
    if let Err(error) = &opened {
        tracing::warn!("The key that signs passes does not open: {error}. A new one is made");
    }
    SigningKey::of_seed(opened.ok()?.as_slice().try_into().ok()?).ok()
}

async fn make(
    tx: &mut SystemTx,
    keyring: &Keyring,
    now: DateTime<Utc>,
) -> anyhow::Result<SigningKey> {
    let key = SigningKey::random()?;
    let sealed = keyring.seal(store::KEY_PLACE, key.seed.as_slice())?;
    store::retire_keys(tx, now).await?;
    store::insert_key(tx, &key.public(), &sealed, now).await?;
    Ok(key)
}
