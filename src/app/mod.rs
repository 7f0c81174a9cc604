//! The composition root: opens the database, wires the modules together, and runs the commands.
//!
//! Only `main` uses it. Invariant: nothing here decides who may see what, or talks SQL.

mod api_reference;
mod cli;
mod commands;
mod database;
mod defences;
mod health;
mod jobs;
mod metrics_page;
mod openapi;
mod parts;
mod privacy_page;
mod rail;
mod routes;
mod server;

pub use cli::{Cli, main};
pub use database::{Opened, open};
pub use jobs::{keep_house, registry};
pub use openapi::openapi_document;
pub use parts::Parts;
pub use routes::routes;
pub use server::{listen, watch_people};
