//! Whether a session has given its person's second factor.

use chrono::{DateTime, Duration, Utc};

use crate::web::{AppError, Result};

/// How long a code counts for what is dangerous.
const FRESH: Duration = Duration::minutes(10);

/// What a session has to show for its person.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Confirmation {
    /// Whether the organisation lets nobody in without a second factor.
    pub(super) is_required: bool,
    /// Whether the person has one.
    pub(super) has_factor: bool,
    /// When this session gave it last.
    pub(super) at: Option<DateTime<Utc>>,
    /// Whether the person has to sign in with GitHub again, which cannot be asked about them without.
    pub(super) must_reconnect: bool,
}

impl Confirmation {
    /// A factor where one is required, and a code where there is a factor.
    pub(super) const fn require(self) -> Result<()> {
        if self.must_reconnect {
            return Err(AppError::NeedsReconnection);
        }
        match (self.has_factor, self.is_required, self.at) {
            (false, true, _) => Err(AppError::NeedsFactor),
            (true, _, None) => Err(AppError::Unconfirmed),
            (false, false, _) | (true, _, Some(_)) => Ok(()),
        }
    }

    /// The same, and not long ago.
    pub(super) fn require_fresh(self, now: DateTime<Utc>) -> Result<()> {
        self.require()?;
        if self.has_factor && self.at.is_none_or(|at| at + FRESH <= now) {
            return Err(AppError::Unconfirmed);
        }
        Ok(())
    }
}
