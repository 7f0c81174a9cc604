//! The keys that secrets are sealed with: which of them are in use, and sealing anew under the first.
//!
//! For the operator's commands, and for the page of keys. Invariant: a secret is replaced only where it
//! still is what was read, so that one that changes meanwhile is not lost.

mod page;
mod store;

pub(super) use page::routes;
pub use store::KeyUse;

use crate::{
    platform::keyring::Keyring,
    tenancy::{Db, SystemReason, SystemTx},
};

/// How many secrets are sealed anew in one transaction.
const BATCH: i64 = 500;

/// What became of sealing anew.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Resealed {
    /// Now sealed with the first key.
    pub anew: u64,
    /// Still closed: their keys are lost, or they were changed.
    pub closed: u64,
}

/// Counts what is sealed, by key and by place.
pub async fn count(tx: &mut SystemTx) -> sqlx::Result<Vec<KeyUse>> {
    store::count(tx).await
}

/// Seals everything anew that was sealed with another key than the first, a batch at a time.
pub async fn reseal(db: &Db, keyring: &Keyring) -> anyhow::Result<Resealed> {
    let current = keyring.ids().next().unwrap_or_default().to_owned();
    let (mut done, mut after) = (Resealed::default(), String::new());
    loop {
        let mut tx = db.system(SystemReason::CommandLine).await?;
        let batch = store::list(&mut tx, &current, &after, BATCH).await?;
        let Some(last) = batch.last() else { return Ok(done) };
        after.clone_from(&last.sealed);
        let (mut old, mut new) = (Vec::new(), Vec::new());
        for found in &batch {
            match keyring.open(&found.place, &found.sealed) {
                Ok(secret) => {
                    new.push(keyring.seal(&found.place, &secret)?);
                    old.push(found.sealed.clone());
                }
                Err(error) => {
                    done.closed += 1;
                    tracing::warn!("`{}` does not open: {error}", found.place);
                }
            }
        }
        done.anew += store::replace(&mut tx, &old, &new).await?;
        tx.commit().await?;
    }
}
