//! Whose account belongs to whom at GitHub.

use super::{ask::Stop, store::known};
use crate::{
    accounts::sign_in::list_accounts_at_github, jobs::JobContext, tenancy::SystemReason, tracker,
};

/// Links the people at a GitHub who have signed in here by it; who has not stays without an account.
pub(super) async fn link(context: &JobContext, host: &str) -> Result<(), Stop> {
    let mut after = i64::MIN;
    loop {
        let mut tx = context.db.begin_granted(&context.grant).await?;
        let unlinked = known::list_unlinked_people(&mut tx, host, after).await?;
        drop(tx);
        let Some(last) = unlinked.last() else { return Ok(()) };
        after = *last;
        let mut tx = context.db.system(SystemReason::Login).await?;
        let accounts = list_accounts_at_github(&mut tx, host, &unlinked).await?;
        drop(tx);
        if accounts.is_empty() {
            continue;
        }
        let mut tx = context.db.begin_granted(&context.grant).await?;
        tracker::link_accounts(&mut tx, host, &accounts).await?;
        tx.commit().await?;
    }
}
