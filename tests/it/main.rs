//! Everything over HTTP, against a real server and a database a test.

mod authorization;
mod isolation;
mod scans;
mod sign_in;
mod support;
mod tenancy;
