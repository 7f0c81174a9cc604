//! Signing in by GitHub and asking it about people, against the world of the tests over HTTP.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on fails")]

#[path = "github/support.rs"]
mod support;

#[path = "github/memberships.rs"]
mod memberships;
#[path = "github/network.rs"]
mod network;
#[path = "github/sign_in.rs"]
mod sign_in;
