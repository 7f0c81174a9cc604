//! Mirrors, safe fetching and history, against real gits on this machine.

mod history;
mod http;
mod local;
mod refusals;
mod repository;
mod server;
mod updates;
