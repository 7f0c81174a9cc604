//! Mechanisms of the web server: errors as pages, fragments and problem+json; middleware; keyset
//! paging; embedded assets; server-sent events.
//!
//! Every module with routes uses it; it knows no product noun. Invariant: what leaves through it
//! carries the security headers and a request id, and never internal error text.

pub mod agent;
pub mod assets;
pub mod chart;
pub mod error;
pub mod error_page;
pub mod events;
pub mod extract;
pub mod filters;
pub mod html;
pub mod icon;
pub mod middleware;
pub mod paging;
pub mod problems;
pub mod query;
pub mod time;

pub use error::{AppError, FieldError, Problem, Result};
