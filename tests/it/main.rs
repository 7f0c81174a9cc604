//! Everything over HTTP, against a real server and a database a test.

mod scans;
mod support;
mod tenancy;
