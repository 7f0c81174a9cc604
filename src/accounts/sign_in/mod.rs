//! Signing in by GitHub's word: the way there and back, who is let in, and what they become.
//!
//! [`pages`] hold the addresses, [`attempts`] the way there and back, [`providers`] who can be asked,
//! [`gate`] the rule of who comes in, [`people`] what is written about them. Invariants: a state is
//! good once, for ten minutes, in the browser that began; an account is found by the provider's
//! unchanging id and never by a name or address; nothing is asked of GitHub inside a transaction.

mod attempts;
mod gate;
mod oidc;
mod pages;
mod people;
mod providers;
mod store;
mod watch;

pub use attempts::forget as forget_attempts;
pub use pages::routes;
pub use oidc::{DomainClaim, OidcSettings, Rule};
pub use providers::{GitHubSettings, Providers};
pub use watch::watch;
