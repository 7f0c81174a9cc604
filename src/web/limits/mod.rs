//! How much anybody may ask for in a minute, and how long somebody who guesses has to wait.
//!
//! A budget is a bucket of so many requests, which fills up again within a minute. Whoever is not
//! signed in draws on that of the own address; a credential that has been shown to be good has one of
//! its own. In memory for one process; where several serve one site, through [`SharedBudgets`] too.
//! Invariant: what is kept is bounded, however many addresses and credentials come.

mod failures;
mod key;
mod memory;
mod middleware;
mod proven;

use std::{net::IpAddr, sync::Arc, time::Duration};

use futures_util::future::BoxFuture;
use tokio_util::sync::CancellationToken;

use self::{failures::Failures, memory::Buckets, proven::Proven};
use crate::platform::{clock::Clock, config::LimitSettings};

pub use key::LimitKey;
pub(in crate::web) use middleware::bearer;
pub use middleware::{Callers, RouteKind, failed, limit_requests, succeeded};

/// How often what is no longer needed is dropped.
const TIDY_EVERY: Duration = Duration::from_mins(1);

/// What a request draws on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Budget {
    /// Requests of an address, without a good credential.
    Address,
    /// Requests with a credential.
    Credential,
    /// Requests of an address to the routes that sign in.
    SignIn,
    /// What other systems send to an address of their own.
    Webhook,
}

impl Budget {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Address => "address",
            Self::Credential => "credential",
            Self::SignIn => "sign_in",
            Self::Webhook => "webhook",
        }
    }

    const fn per_minute(self, settings: &LimitSettings) -> u32 {
        match self {
            Self::Address => settings.address_requests,
            Self::Credential => settings.credential_requests,
            Self::SignIn => settings.sign_ins,
            Self::Webhook => settings.webhooks,
        }
    }
}

/// Budgets that several processes draw on.
pub trait SharedBudgets: Send + Sync {
    /// Takes one of so many a minute; how long to wait where none is left.
    fn take(
        &self,
        key: LimitKey,
        per_minute: u32,
    ) -> BoxFuture<'_, anyhow::Result<Option<Duration>>>;

    /// Deletes the budgets that are whole again.
    fn forget_whole(&self) -> BoxFuture<'_, anyhow::Result<()>>;
}

/// All that is limited, for the whole process.
#[derive(Clone)]
pub struct Limits(Arc<Inner>);

struct Inner {
    settings: LimitSettings,
    clock: Clock,
    address: Buckets,
    credential: Buckets,
    sign_in: Buckets,
    webhook: Buckets,
    failures: Failures,
    proven: Proven,
    /// One line of the log for each caller in a minute.
    lines: Buckets,
    shared: Option<Arc<dyn SharedBudgets>>,
}

impl Limits {
    pub fn new(
        settings: &LimitSettings,
        clock: &Clock,
        shared: Option<Arc<dyn SharedBudgets>>,
    ) -> Self {
        let buckets = |budget: Budget| Buckets::new(budget.per_minute(settings), clock);
        Self(Arc::new(Inner {
            settings: settings.clone(),
            clock: clock.clone(),
            address: buckets(Budget::Address),
            credential: buckets(Budget::Credential),
            sign_in: buckets(Budget::SignIn),
            webhook: buckets(Budget::Webhook),
            failures: Failures::new(settings.failed_sign_ins),
            proven: Proven::default(),
            lines: Buckets::new(1, clock),
            shared,
        }))
    }

    /// Takes one request of a budget; how long to wait where nothing is left of it.
    pub async fn take(&self, budget: Budget, key: LimitKey) -> Result<(), Duration> {
        let inner = &self.0;
        let per_minute = budget.per_minute(&inner.settings);
        if per_minute == 0 {
            return Ok(());
        }
        // The own memory first: a flood that it stops does not reach the database.
        inner.buckets(budget).take(key)?;
        let Some(shared) = &inner.shared else { return Ok(()) };
        match shared.take(key.of_budget(budget), per_minute).await {
            Ok(None) => Ok(()),
            Ok(Some(wait)) => Err(wait),
            Err(error) => {
                // The own memory still limits; a database that is away is told of elsewhere.
                tracing::debug!("The shared limits could not be asked: {error:#}");
                Ok(())
            }
        }
    }

    /// Notes that somebody at this address gave a secret that is none.
    pub fn failed(&self, address: IpAddr) {
        self.0.failures.note(LimitKey::of_address(address), self.0.clock.running());
    }

    /// Notes that somebody at this address has signed in: what failed before is forgotten.
    pub fn succeeded(&self, address: IpAddr) {
        self.0.failures.forget(LimitKey::of_address(address));
    }

    /// How long an address that has guessed has to wait.
    pub fn wait(&self, address: IpAddr) -> Option<Duration> {
        self.0.failures.wait(LimitKey::of_address(address), self.0.clock.running())
    }

    fn is_proven(&self, credential: LimitKey) -> bool {
        self.0.proven.has(credential, self.0.clock.running())
    }

    fn prove(&self, credential: LimitKey) {
        self.0.proven.note(credential, self.0.clock.running());
    }

    /// Whether a refusal of this caller is to be logged: the first of a minute is.
    fn is_worth_a_line(&self, key: LimitKey) -> bool {
        self.0.lines.take(key).is_ok()
    }

    /// Drops what is no longer needed, each minute until the process stops.
    pub async fn keep_up(&self, stop: CancellationToken) {
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(TIDY_EVERY) => self.tidy().await,
            }
        }
    }

    async fn tidy(&self) {
        let (inner, now) = (&self.0, self.0.clock.running());
        for buckets in
            [&inner.address, &inner.credential, &inner.sign_in, &inner.webhook, &inner.lines]
        {
            buckets.tidy();
        }
        inner.failures.tidy(now);
        inner.proven.tidy(now);
        if let Some(shared) = &inner.shared
            && let Err(error) = shared.forget_whole().await
        {
            tracing::warn!("The shared limits could not be tidied: {error:#}");
        }
    }
}

impl Inner {
    const fn buckets(&self, budget: Budget) -> &Buckets {
        match budget {
            Budget::Address => &self.address,
            Budget::Credential => &self.credential,
            Budget::SignIn => &self.sign_in,
            Budget::Webhook => &self.webhook,
        }
    }
}

impl std::fmt::Debug for Limits {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_tuple("Limits").field(&self.0.settings).finish()
    }
}
