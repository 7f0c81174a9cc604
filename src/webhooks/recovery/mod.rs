//! Recovery: what was missed of what GitHub has told is found in GitHub's log, and comes back.
//!
//! GitHub never tries again by itself. So its log of each hook's deliveries is read at the start and every
//! five minutes; what is in the log and not in the inbox was missed, whatever it was answered. A few are
//! asked for again; many, and those that do not come because GitHub cannot reach the server, are read from
//! the log itself ("pull") and go into the same inbox. A hook can be asked about where a connection made
//! it or has its App; of others only the times are known in which the server was down, or did not reach its
//! database.
//!
//! Invariants: a time in which the server took nothing is written down before it is noted that the server is
//! there again; what was missed is written down before it is brought back, and is `came` only once the inbox
//! has it; no transaction is open while GitHub is asked; a log that cannot be read is read again from where
//! it was whole.

mod gaps;
pub(super) mod gaps_page;
pub(super) mod missed;
mod presence;
mod sweep;
mod watch;

pub(super) use gaps_page::routes;
pub use presence::Presence;
pub use sweep::register_jobs;
pub use watch::{look, watch};

crate::id! {
    /// A time in which deliveries were missed.
    GapId
}

use chrono::TimeDelta;

/// How often the log of a hook is read.
const EVERY: TimeDelta = TimeDelta::minutes(5);

/// The same while something is on its way back.
const SOON: TimeDelta = TimeDelta::minutes(1);

/// What was delivered so short ago may still be on its way into the inbox.
const UNDER_WAY: TimeDelta = TimeDelta::seconds(30);

/// So much of the log before the place that it was read to is read again: its entries are not in order.
const OVERLAP: TimeDelta = TimeDelta::hours(1);
