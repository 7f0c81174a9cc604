//! Mirrors, safe fetching and history, against real gits on this machine.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "helpers of tests may fail as tests do; clippy knows only functions marked #[test]"
)]

mod history;
mod http;
mod local;
mod packs;
mod refusals;
mod repository;
mod server;
mod updates;
