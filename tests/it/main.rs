//! Everything over HTTP, against a real server and a database a test.

mod api;
mod scans;
mod support;
mod tenancy;
