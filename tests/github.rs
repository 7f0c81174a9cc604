//! Speaking to GitHub, against the world of the tests over HTTP and against what GitHub publishes.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on fails"
)]

#[path = "github/support.rs"]
mod support;

#[path = "github/belonging.rs"]
mod belonging;
#[path = "github/budget.rs"]
mod budget;
#[path = "github/described.rs"]
mod described;
#[path = "github/description.rs"]
mod description;
#[path = "github/examples.rs"]
mod examples;
#[path = "github/hooks.rs"]
mod hooks;
#[path = "github/issues.rs"]
mod issues;
#[path = "github/memberships.rs"]
mod memberships;
#[path = "github/network.rs"]
mod network;
#[path = "github/pulls.rs"]
mod pulls;
#[path = "github/receiver.rs"]
mod receiver;
#[path = "github/releases.rs"]
mod releases;
#[path = "github/sign_in.rs"]
mod sign_in;
