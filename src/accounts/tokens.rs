//! API tokens: made at the command line, shown once, stored hashed.

use chrono::{DateTime, Utc};
use secrecy::SecretString;
use serde_json::json;

use super::store;
use crate::{
    organizations::audit,
    platform::crypto::{hash_secret, random_secret},
    tenancy::{Role, TenantTx},
};

/// Starts every token, so that secret scanners can know it.
pub const PREFIX: &str = "qdk_";

/// Makes a token for the organisation of the transaction.
pub async fn create(
    tx: &mut TenantTx,
    name: &str,
    role: Role,
    now: DateTime<Utc>,
) -> anyhow::Result<SecretString> {
    let secret = random_secret(PREFIX)?;
    let id = store::insert_token(tx, name, role, &hash_secret(&secret), now).await?;
    let event = audit::Event::new("token.created", "token", id, now)
        .detail(json!({"name": name, "role": role}));
    audit::record(tx, event).await?;
    Ok(secret)
}
