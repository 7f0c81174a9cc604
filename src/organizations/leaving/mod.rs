//! Leaving an organisation by one's own wish.
//!
//! What the person did stays; their places in teams, what was said of them about repositories, and
//! their tokens go with the membership. Invariant: the last active owner stays.

mod page;
mod store;

use chrono::{DateTime, Utc};
use serde_json::json;

pub(super) use page::routes;

use super::{audit, store::members};
use crate::{
    tenancy::{AccountId, TenantTx},
    web::{AppError, Result},
};

/// Ends the membership of whoever acts.
async fn leave(tx: &mut TenantTx, person: AccountId, now: DateTime<Utc>) -> Result<()> {
    // Two owners who leave at once must not both find that the other one stays.
    members::lock(tx).await?;
    let leaving = store::find(tx, person).await?.ok_or(AppError::NotFound)?;
    if leaving.is_last_owner {
        return Err(AppError::Conflict(
            "You are the last owner. Make somebody else an owner first.".to_owned(),
        ));
    }
    // Written in the person's name, which is looked up before the membership goes.
    let event = audit::Event::new("member.left", "account", person, now)
        .detail(json!({"login": leaving.login, "role": leaving.role}));
    audit::record(tx, event).await?;
    members::delete(tx, person).await?;
    tx.announce("members");
    Ok(())
}
