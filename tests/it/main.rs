//! Everything over HTTP, against a real server and a database a test.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    unreachable_pub,
    reason = "a test that cannot go on fails"
)]

mod access;
mod account;
mod api;
mod audit;
mod authorization;
mod connecting;
mod defences;
mod details;
mod factors;
mod github_sign_in;
mod github_tokens;
mod hostile;
mod identities;
mod invitations;
mod isolation;
mod keys;
mod lists;
mod mail;
mod members;
mod migrations;
mod oidc;
mod outside_tasks;
mod queue;
mod recovery;
mod robustness;
mod scans;
mod scheduling;
mod second_process;
mod sessions;
mod settings;
mod sign_in;
mod sign_in_settings;
mod support;
mod sync;
mod task_life;
mod teams;
mod tenancy;
mod tokens;
mod tracker;
mod visibility;
mod webhooks;
