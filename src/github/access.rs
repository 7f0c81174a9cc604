//! By whose token GitHub is asked, and who waits for it.

use secrecy::SecretString;

use super::{Budget, Urgency};

/// A token, what GitHub lets it ask, and who waits for the answers. `Debug` shows no token.
#[derive(Clone, Debug)]
pub struct Access {
    pub(super) token: SecretString,
    pub(super) budget: Budget,
    pub(super) urgency: Urgency,
}

impl Access {
    /// All that use the token share the budget.
    pub fn new(token: SecretString, budget: &Budget, urgency: Urgency) -> Self {
        Self { token, budget: budget.clone(), urgency }
    }

    /// For what is not the API: git over https.
    pub fn token(&self) -> &SecretString {
        &self.token
    }

    pub fn budget(&self) -> &Budget {
        &self.budget
    }
}
