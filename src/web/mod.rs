//! Mechanisms of the web server: errors as pages, fragments and problem+json; middleware; forms;
//! keyset paging; embedded assets; server-sent events; the OpenAPI document's frame.
//!
//! Every module with routes uses it; it knows no product noun. Invariant: what leaves through it
//! carries the security headers and a request id, and never internal error text.

pub mod assets;
pub mod html;
pub mod icon;
pub mod time;
