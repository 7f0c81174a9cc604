//! Whose account belongs to whom at GitHub.

use super::ask::Stop;
use crate::{
    accounts::sign_in::list_members_at_github, jobs::JobContext, tenancy::SystemReason, tracker,
};

/// Links the people at a GitHub who have signed in here by it; who has not stays without an account.
///
/// Begins with the members, who are few: of the people at GitHub only theirs are looked up, each by its id.
pub(super) async fn link(context: &JobContext, host: &str) -> Result<(), Stop> {
    let mut tx = context.db.system(SystemReason::Login).await?;
    let tenant = context.grant.organization().id;
    let accounts = list_members_at_github(&mut tx, tenant, host).await?;
    drop(tx);
    if accounts.is_empty() {
        return Ok(());
    }
    let mut tx = context.db.begin_granted(&context.grant).await?;
    tracker::link_accounts(&mut tx, host, &accounts).await?;
    tx.commit().await?;
    Ok(())
}
