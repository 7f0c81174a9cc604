//! Deliveries brought to the program itself while something goes wrong: it is killed, its database stops, another
//! process shares it, its workers are busy.
//!
//! ```text
//! history   what happens at a made-up GitHub, as deliveries
//! sender    brings them as GitHub does, and again what was not taken
//! server    the program as a process
//! office    an organisation in a database of its own
//! picture   what the tables say, for two databases to be compared
//! kills, outage, sharing, live   the proofs
//! ```
//!
//! Each proof is there in a small size, and in its full size for `scripts/soak deliveries`.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::disallowed_methods,
    unreachable_pub,
    reason = "a test that cannot go on fails, and tells its figures"
)]

mod chance;
#[expect(dead_code, reason = "other tests need all of it")]
#[path = "../it/support/database.rs"]
mod database;
mod history;
mod kills;
mod live;
mod office;
mod outage;
mod picture;
mod postgres;
mod sender;
mod server;
mod sharing;
