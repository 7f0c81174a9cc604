//! `ping`: GitHub says hello by a new hook.

use chrono::{DateTime, Utc};

use crate::{
    github::event::Ping,
    tenancy::TenantTx,
    webhooks::{
        dispatch::{Failure, Remark},
        model::HookId,
        store,
    },
};

/// Notes that the hook works.
pub(in crate::webhooks) async fn handle(
    tx: &mut TenantTx,
    hook: HookId,
    _: &Ping,
    now: DateTime<Utc>,
) -> Result<Remark, Failure> {
    store::hooks::set_pinged(tx, hook, now).await?;
    tx.announce("hooks");
    Ok(None)
}
