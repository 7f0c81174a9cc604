//! Mechanisms of the web server: errors as pages, fragments and problem+json; middleware; keyset
//! paging; limits of what is asked and read; embedded assets; server-sent events.
//!
//! Every module with routes uses it; it knows no product noun. Invariant: what leaves through it
//! carries the security headers and a request id, and never internal error text.

mod address;
pub mod assets;
pub mod chart;
pub mod error;
pub mod error_page;
pub mod events;
pub mod extract;
pub mod filters;
pub mod headers;
pub mod html;
pub mod icon;
pub mod limits;
pub mod middleware;
mod next;
pub mod paging;
pub mod problems;
pub mod reading;
pub mod time;

pub use address::{TrustedProxies, client_address};
pub use error::{AppError, FieldError, Problem, Result};
pub use next::Next;
