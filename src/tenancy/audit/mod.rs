//! The kernel's part of the audit log: entries that wait for their transaction's commit, and the chain.
//!
//! Modules write through `organizations::audit`. An entry is written right before the commit, when all
//! else is: the chain's lock is then always taken last, so that no two transactions wait for each
//! other. The database numbers and hashes it (`migrations/0020_audit.sql`); [`verify`] computes the same
//! hashes on its own.

mod chain;
mod store;

use std::future::{Ready, ready};

use chrono::{DateTime, Utc};
use serde_json::Value;

pub use chain::{Break, Verified, verify};
pub(super) use store::forget;
use store::{find_members, find_only};

use super::{
    changes,
    db::Isolation,
    grant::{AccountId, Actor, Origin, TenantId},
    tx::{SystemReason, SystemTx, TenantTx},
};

/// What was done to what.
#[derive(Clone, Debug)]
pub struct Event<'a> {
    /// Noun and verb: `repository.added`.
    pub action: &'static str,
    pub subject_kind: &'static str,
    pub subject_id: String,
    pub detail: Value,
    /// What a change left behind, and what it made of it: objects with the same keys.
    pub before: Option<Value>,
    pub after: Option<Value>,
    pub at: DateTime<Utc>,
    /// In whose name, where it is not the transaction's actor: somebody who is not known.
    pub actor_name: Option<&'a str>,
}

impl<'a> Event<'a> {
    #[expect(clippy::needless_pass_by_value, reason = "an id, whatever its type")]
    pub fn new(
        action: &'static str,
        subject_kind: &'static str,
        subject_id: impl ToString,
        at: DateTime<Utc>,
    ) -> Self {
        Self {
            action,
            subject_kind,
            subject_id: subject_id.to_string(),
            detail: Value::Object(serde_json::Map::new()),
            before: None,
            after: None,
            at,
            actor_name: None,
        }
    }

    #[must_use]
    pub fn detail(self, detail: Value) -> Self {
        Self { detail, ..self }
    }

    /// What the change was from, and to.
    #[must_use]
    pub fn changed(self, before: Value, after: Value) -> Self {
        Self { before: Some(before), after: Some(after), ..self }
    }

    /// Done by somebody who is not known, called so.
    #[must_use]
    pub fn by_unknown(self, name: &'a str) -> Self {
        Self { actor_name: Some(name), ..self }
    }
}

/// Whoever is not known at all.
const SOMEBODY: &str = "somebody unknown";

/// In whose name an entry is.
#[derive(Clone, Debug)]
struct By {
    kind: &'static str,
    id: Option<uuid::Uuid>,
    name: String,
    /// The person, also behind a token.
    person: Option<(uuid::Uuid, String)>,
}

impl By {
    fn unknown(name: &str) -> Self {
        Self { kind: "unknown", id: None, name: name.to_owned(), person: None }
    }

    fn person(account: AccountId, name: String) -> Self {
        let id = account.as_uuid();
        Self { kind: "account", id: Some(id), person: Some((id, name.clone())), name }
    }

    fn actor(actor: &Actor, person: Option<(uuid::Uuid, String)>) -> Self {
        Self { kind: actor.kind(), id: actor.id(), name: actor.name().to_owned(), person }
    }
}

/// An entry that waits for the commit.
#[derive(Clone, Debug)]
pub(super) struct Draft {
    tenant: TenantId,
    by: By,
    origin: Origin,
    action: &'static str,
    subject_kind: &'static str,
    subject_id: String,
    detail: Value,
    before: Option<Value>,
    after: Option<Value>,
    at: DateTime<Utc>,
}

impl Draft {
    fn new(tenant: TenantId, by: By, origin: &Origin, event: Event<'_>) -> Self {
        Self {
            tenant,
            by: event.actor_name.map_or(by, By::unknown),
            origin: origin.clone(),
            action: event.action,
            subject_kind: event.subject_kind,
            subject_id: event.subject_id,
            detail: event.detail,
            before: event.before,
            after: event.after,
            at: event.at,
        }
    }
}

impl TenantTx {
    /// Has the commit write an entry into the organisation's log, in the name of whoever acts.
    pub fn record(&mut self, event: Event<'_>) {
        // The name of a token's person is looked up at the commit.
        let person = self.person().map(AccountId::as_uuid).map(|id| match self.actor() {
            Actor::Account { name, .. } => (id, name.clone()),
            Actor::Token { .. } | Actor::Command | Actor::Job { .. } => (id, String::new()),
        });
        let by = By::actor(self.actor(), person);
        let draft = Draft::new(self.tenant(), by, self.origin(), event);
        self.drafts.push(draft);
    }
}

impl SystemTx {
    /// Has the commit write what happened outside of any organisation into the log of each one that the
    /// person belongs to; of somebody unknown, into that of the server's only organisation.
    pub async fn record(
        &mut self,
        account: Option<AccountId>,
        origin: &Origin,
        event: &Event<'_>,
    ) -> sqlx::Result<()> {
        tell_operator(account, origin, event);
        let found = match account {
            Some(account) => find_members(&mut self.inner, account).await?,
            None => find_only(&mut self.inner).await?.map(|id| (id, None)).into_iter().collect(),
        };
        for (tenant, name) in found {
            let by = match (account, name) {
                (Some(id), Some(name)) => By::person(id, name),
                _ => self.by_reason(),
            };
            self.drafts.push(Draft::new(tenant, by, origin, event.clone()));
        }
        Ok(())
    }

    /// The same for the log of one organisation, done by somebody who need not belong to it.
    pub async fn record_by(
        &mut self,
        account: AccountId,
        tenant: TenantId,
        origin: &Origin,
        event: &Event<'_>,
    ) -> sqlx::Result<()> {
        tell_operator(Some(account), origin, event);
        let name = store::find_name(&mut self.inner, account).await?.unwrap_or_default();
        self.drafts.push(Draft::new(tenant, By::person(account, name), origin, event.clone()));
        Ok(())
    }

    /// The same for the log of one organisation, of which nobody is known to have done it.
    pub fn record_in(&mut self, tenant: TenantId, origin: &Origin, event: &Event<'_>) {
        tell_operator(None, origin, event);
        self.drafts.push(Draft::new(tenant, self.by_reason(), origin, event.clone()));
    }

    fn by_reason(&self) -> By {
        match self.reason {
            SystemReason::CommandLine => By::actor(&Actor::Command, None),
            SystemReason::Login
            | SystemReason::ClaimJob
            | SystemReason::StoreDelivery
            | SystemReason::TakeDelivery
            | SystemReason::Retention
            | SystemReason::Schedule
            | SystemReason::Limits
            | SystemReason::Site
            | SystemReason::Health => By::unknown(SOMEBODY),
        }
    }
}

/// One line of the server's own log: an account without any organisation has no other.
fn tell_operator(account: Option<AccountId>, origin: &Origin, event: &Event<'_>) {
    tracing::info!(
        target: "audit",
        action = event.action,
        subject_kind = event.subject_kind,
        subject_id = event.subject_id,
        account = account.map(tracing::field::display),
        address = origin.address,
        request_id = origin.request_id,
        "{}", event.action
    );
}

/// Adds an entry, in the name of the transaction's actor. Ready at once: the commit writes it.
pub fn record(tx: &mut TenantTx, event: Event<'_>) -> Ready<sqlx::Result<()>> {
    tx.record(event);
    ready(Ok(()))
}

/// Writes the entries that wait, organisation by organisation, always in the order of their locks.
///
/// `home` is the organisation that the transaction is in, where it is in one.
pub(super) async fn write(
    connection: &mut sqlx::PgConnection,
    isolation: Isolation,
    home: Option<TenantId>,
    drafts: &mut [Draft],
) -> sqlx::Result<()> {
    if drafts.is_empty() {
        return Ok(());
    }
    let is_elsewhere = drafts.iter().any(|draft| Some(draft.tenant) != home);
    if !is_elsewhere {
        return store::insert(connection, drafts).await;
    }
    let tenants: Vec<uuid::Uuid> = drafts.iter().map(|draft| draft.tenant.as_uuid()).collect();
    for tenant in store::in_lock_order(connection, &tenants).await? {
        let mut own: Vec<Draft> =
            drafts.iter().filter(|draft| draft.tenant == tenant).cloned().collect();
        store::visit(connection, isolation, tenant).await?;
        store::insert(connection, &mut own).await?;
    }
    match home {
        Some(home) => store::visit(connection, isolation, home).await,
        None => super::store::enter_system(connection, isolation, "auto").await,
    }
}

/// Writes what waits for a tenant's commit: first the log, then what open pages are told.
pub(super) async fn write_and_tell(tx: &mut TenantTx) -> sqlx::Result<()> {
    let home = tx.tenant();
    let mut drafts = std::mem::take(&mut tx.drafts);
    write(&mut tx.inner, tx.isolation, Some(home), &mut drafts).await?;
    changes::record(&mut tx.inner, home, &tx.topics).await
}
