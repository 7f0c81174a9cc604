//! By whose token GitHub is asked, and who waits for it.

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use secrecy::SecretString;

use super::{Budget, Error, InstalledApp, Login, Urgency};

/// A token, what GitHub lets it ask, and who waits for the answers. `Debug` shows no token.
#[derive(Clone)]
pub struct Access {
    /// What is said next, by all that were cloned from one.
    token: Arc<Mutex<SecretString>>,
    pub(super) budget: Budget,
    pub(super) urgency: Urgency,
    /// Of what installation the token is: it can have another one.
    of: Option<Arc<Installed>>,
}

/// An App on one account.
struct Installed {
    app: InstalledApp,
    id: i64,
    account: Login,
}

impl Access {
    /// All that use the token share the budget.
    pub fn new(token: SecretString, budget: &Budget, urgency: Urgency) -> Self {
        Self { token: Arc::new(Mutex::new(token)), budget: budget.clone(), urgency, of: None }
    }

    /// The same by the token of an installation.
    pub(super) fn of_installation(
        token: SecretString,
        (app, id, account): (InstalledApp, i64, Login),
        (budget, urgency): (&Budget, Urgency),
    ) -> Self {
        let of = Some(Arc::new(Installed { app, id, account }));
        Self { of, ..Self::new(token, budget, urgency) }
    }

    /// What is said to GitHub; also for what is not the API: git over https.
    pub fn token(&self) -> SecretString {
        self.held().clone()
    }

    pub fn budget(&self) -> &Budget {
        &self.budget
    }

    /// Another token in the place of one that GitHub has refused: a token of an installation may end before
    /// its time. It is what is said from now on; none where there is no other.
    pub async fn instead_of(&self, refused: &SecretString) -> Result<Option<SecretString>, Error> {
        let Some(of) = &self.of else { return Ok(None) };
        of.app.forget_token_of(of.id, refused).await;
        let fresh = of.app.token_of_installation(of.id, &of.account).await?.token;
        self.held().clone_from(&fresh);
        Ok(Some(fresh))
    }

    fn held(&self) -> MutexGuard<'_, SecretString> {
        self.token.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Access {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Access")
            .field("budget", &self.budget)
            .field("urgency", &self.urgency)
            .finish_non_exhaustive()
    }
}
